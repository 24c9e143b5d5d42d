//! The pictures of the documents are what the demo shows.

use std::path::Path;
use std::{env, fs};

use crate::support::pictures::pictures;

#[test]
fn the_pictures_are_what_the_demo_draws() {
    for (path, drawn) in pictures() {
        if env::var_os("EGRET_BLESS").is_some_and(|v| v == "1") {
            fs::write(&path, &drawn).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == drawn, "{} is another: run this test again with EGRET_BLESS=1", path.display());
        assert!(
            drawn.len() < 150_000,
            "{} is too large for a document: {} bytes",
            path.display(),
            drawn.len()
        );
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
