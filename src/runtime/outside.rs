//! A text in the person's own editor: given to it in a file that nobody else can read, and taken back.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::model::fault::{Fault, Reason};

/// What is run where nobody says what.
const DEFAULT: &str = "vi";

/// The person's editor: `$VISUAL`, else `$EDITOR`, else `vi`.
pub fn of_person() -> String {
    let set = |name| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    set("VISUAL").or_else(|| set("EDITOR")).unwrap_or_else(|| DEFAULT.to_owned())
}

/// Has `editor`, a line for the shell, edit the text in this terminal, for as long as it takes.
///
/// # Errors
/// When it cannot be run or fails, or what it wrote cannot be read: where that is then is told.
pub async fn edit(editor: &str, text: &str) -> Result<String, Fault> {
    let file = write(text).map_err(|e| fault(format!("no file could be made for `{editor}`: {e}"), ""))?;
    // The shell splits what is quoted in it, as it does for git and kubectl.
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{editor} \"$@\"")).arg(editor).arg(&file).kill_on_drop(true);
    let ended = match command.spawn() {
        Ok(mut child) => child.wait().await,
        Err(error) => Err(error),
    };
    let why = match ended {
        Ok(status) if status.success() => match fs::read_to_string(&file) {
            Ok(edited) => {
                // It is of no use any more; who cleans up temporary files will see to it else.
                let _ = fs::remove_file(&file);
                return Ok(edited);
            }
            Err(error) => format!("what `{editor}` wrote cannot be read: {error}"),
        },
        Ok(status) => format!("`{editor}` failed ({status})"),
        Err(error) => format!("`{editor}` could not be run: {error}"),
    };
    Err(fault(why, &left(&file, text)))
}

fn fault(summary: String, hint: &str) -> Fault {
    let kept = format!("The text here is as it was. {hint}");
    Fault::new(Reason::Invalid, summary, kept.trim_end())
}

/// Where it is what an editor wrote that failed; a file that it left as it was is taken away.
fn left(file: &Path, text: &str) -> String {
    if fs::read(file).is_ok_and(|bytes| bytes != text.as_bytes()) {
        return format!("What was written is in {}", file.display());
    }
    let _ = fs::remove_file(file);
    String::new()
}

/// A new file with the text, for this user alone.
fn write(text: &str) -> io::Result<PathBuf> {
    let folder = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|folder| folder.is_dir());
    let folder = folder.unwrap_or_else(std::env::temp_dir);
    let name: String = std::iter::repeat_with(fastrand::alphanumeric).take(12).collect();
    let path = folder.join(format!("egret-{name}.yaml"));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_the_editor_writes_comes_back_and_the_file_is_gone() {
        let edited = edit("sed -i -e 's/a b/c/'", "x: a b\n日本\n").await;
        assert_eq!(edited.as_deref(), Ok("x: c\n日本\n"));
    }

    #[tokio::test]
    async fn nobody_else_can_read_the_file() {
        let mode = edit("f() { stat -c %a \"$1\" > \"$1.mode\"; mv \"$1.mode\" \"$1\"; }; f", "secret").await;
        assert_eq!(mode.as_deref().map(str::trim), Ok("600"));
    }

    #[tokio::test]
    async fn an_editor_that_fails_says_so_and_what_it_wrote_is_kept() {
        let fault = edit("false", "a: 1").await.unwrap_err();
        assert!(fault.summary.contains("`false` failed"), "{fault:?}");
        assert_eq!(fault.hint, "The text here is as it was.");
        let fault = edit("f() { echo b > \"$1\"; exit 3; }; f", "a: 1").await.unwrap_err();
        let path = fault.hint.split_once("is in ").unwrap().1;
        assert_eq!(fs::read_to_string(path).unwrap(), "b\n");
        fs::remove_file(path).unwrap();
    }

    #[tokio::test]
    async fn what_is_no_text_is_not_taken() {
        let fault = edit("f() { printf '\\377' > \"$1\"; }; f", "a: 1").await.unwrap_err();
        assert!(fault.summary.contains("cannot be read"), "{fault:?}");
        fs::remove_file(fault.hint.split_once("is in ").unwrap().1).unwrap();
    }
}
