//! The pictures of the documents are what the demo shows.

use std::fs;
use std::path::Path;

use crate::support::pictures::pictures;

#[test]
fn the_pictures_are_what_the_demo_draws() {
    for (path, drawn) in pictures() {
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == drawn, "{} is another: `cargo run --example pictures` draws it anew", path.display());
    }
}

#[test]
fn the_readme_shows_pictures_that_are_there_and_none_is_left_over() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let drawn: Vec<_> = pictures().into_iter().map(|(path, _)| path).collect();
    let shown = drawn.iter().filter(|path| {
        readme.contains(&format!("(assets/pictures/{})", path.file_name().unwrap().to_str().unwrap()))
    });
    assert!(shown.count() >= 2);
    for file in fs::read_dir(root.join("assets/pictures")).unwrap() {
        let path = file.unwrap().path();
        assert!(drawn.contains(&path), "{} is drawn by nobody", path.display());
    }
}
