//! The pictures of the documents: chosen screens of the demo.

use std::path::{Path, PathBuf};

use egret::ui::svg::svg;

use super::demo::{Session, run};

/// Name of the file, size, and how to come there from the gateways: keys, or texts to type.
const PICTURES: &[(&str, (u16, u16), &[&str])] = &[
    ("gateways", (116, 26), &["down down down down down down"]),
    ("gateway", (100, 30), &["/", "=egress-chargebacks", "enter", "enter"]),
    ("pods", (116, 24), &["4", "/", "=!running", "enter"]),
    ("clusters", (110, 16), &["1 down down"]),
    ("tour", (80, 24), &["T", "down down down"]),
];

/// The path of each picture, and what is drawn now.
pub fn pictures() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/pictures");
    let drawn = |(name, size, keys): &(&str, (u16, u16), &[&str])| {
        let picture = run(async {
            let mut session = Session::open(1, *size, &[]).await;
            for keys in *keys {
                match keys.strip_prefix('=') {
                    Some(text) => session.type_in(text).await,
                    None => session.keys(keys).await,
                };
            }
            svg(&session.buffer())
        });
        (folder.join(format!("{name}.svg")), picture)
    };
    PICTURES.iter().map(drawn).collect()
}
