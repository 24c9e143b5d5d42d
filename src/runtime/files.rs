//! A text from a file that a person names.

use std::io::Read as _;
use std::path::PathBuf;

use crate::model::fault::{Fault, Reason};

/// Longest text that is read: more than any manifest.
const LONGEST: u64 = 10 * 1024 * 1024;

/// Reads a text; `~/` is the person's home.
///
/// # Errors
/// When it cannot be read, is too long, or is no text.
pub(super) async fn read(name: &str) -> Result<String, Fault> {
    let wrong = |why: String| {
        let hint = "Nothing was changed: look at the name, and try again.";
        Fault::new(Reason::Invalid, format!("{name} cannot be read: {why}"), hint)
    };
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let path = match (name.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(name),
    };
    let reading = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        let file = std::fs::File::open(&path)?;
        file.take(LONGEST + 1).read_to_string(&mut text).map(|_| text)
    });
    let text = match reading.await {
        Ok(text) => text.map_err(|e| wrong(e.to_string()))?,
        Err(e) => return Err(wrong(e.to_string())),
    };
    if text.len() as u64 > LONGEST {
        return Err(wrong("it is longer than 10 MiB".to_owned()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_text_is_read_and_what_is_none_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.yaml");
        std::fs::write(&file, "a: 1\n").unwrap();
        assert_eq!(read(file.to_str().unwrap()).await, Ok("a: 1\n".to_owned()));
        std::fs::write(&file, [0xff, 0xfe]).unwrap();
        for name in [file.to_str().unwrap(), "/nowhere/at/all", dir.path().to_str().unwrap()] {
            let fault = read(name).await.unwrap_err();
            assert!(fault.summary.starts_with(&format!("{name} cannot be read: ")), "{fault:?}");
        }
    }
}
