//! Draws the pictures of the documents anew: `cargo run --example pictures`.
#![allow(clippy::print_stdout, reason = "it says what it drew")]

/// What it needs of the tests' support.
#[path = "../it/support"]
mod support {
    #![allow(dead_code, reason = "the tests use more of it")]
    #![allow(unreachable_pub, clippy::unwrap_used, clippy::disallowed_methods, reason = "as in the tests")]
    pub mod demo;
    pub mod pictures;
}

fn main() -> std::io::Result<()> {
    for (path, picture) in support::pictures::pictures() {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&path, picture)?;
        println!("{}", path.display());
    }
    Ok(())
}
