//! Copying: OSC 52 to the terminal; inside tmux through tmux itself, whose defaults ignore OSC 52.

use std::process::Stdio;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::AsyncWriteExt;

use crate::model::fault::{Fault, Reason};

/// Encoded bytes that terminals are known to take.
const MOST: usize = 74_994;

/// How a text was copied: a sentence for the person, and bytes for the terminal when it is the terminal's to take.
pub struct Copy {
    /// The sentence.
    pub said: String,
    /// Bytes for the terminal.
    pub bytes: Option<Vec<u8>>,
}

/// Copies `text`.
///
/// # Errors
/// When it is too long for the way there is, or tmux refuses.
pub async fn copy(text: &str, in_tmux: bool) -> Result<Copy, Fault> {
    let what = match text.lines().count() {
        0 | 1 => format!("`{}`", text.trim_end()),
        n => format!("{n} lines"),
    };
    if in_tmux {
        load_buffer(text).await?;
        return Ok(Copy {
            said: format!("Copied {what} to tmux's buffer and, through tmux, to the clipboard."),
            bytes: None,
        });
    }
    let encoded = STANDARD.encode(text);
    if encoded.len() > MOST {
        let summary =
            format!("{what} are too long for the terminal's clipboard ({} of {MOST} bytes)", encoded.len());
        return Err(Fault::new(Reason::Invalid, summary, "`egret get … -o yaml` writes them to a file."));
    }
    let bytes = format!("\x1b]52;c;{encoded}\x07").into_bytes();
    Ok(Copy { said: format!("Sent {what} to the terminal's clipboard (OSC 52)."), bytes: Some(bytes) })
}

async fn load_buffer(text: &str) -> Result<(), Fault> {
    let failed = |why: String| Fault::new(Reason::Invalid, format!("tmux did not take the text: {why}"), "");
    let mut child = tokio::process::Command::new("tmux")
        .args(["load-buffer", "-w", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| failed(e.to_string()))?;
    let mut written = Ok(());
    if let Some(mut stdin) = child.stdin.take() {
        written = stdin.write_all(text.as_bytes()).await;
    }
    let output = child.wait_with_output().await.map_err(|e| failed(e.to_string()))?;
    if output.status.success() {
        return written.map_err(|e| failed(e.to_string()));
    }
    // A tmux that refuses does not read to the end; what it says tells more than that.
    Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn outside_tmux_the_terminal_gets_the_text_by_osc_52() {
        let copy = copy("egress", false).await.unwrap();
        assert_eq!(copy.bytes.unwrap(), b"\x1b]52;c;ZWdyZXNz\x07");
        assert!(copy.said.contains("OSC 52"), "{}", copy.said);
    }

    #[tokio::test]
    async fn a_text_that_terminals_do_not_take_is_refused_with_its_size() {
        let fault = copy(&"x".repeat(100_000), false).await.err().unwrap();
        assert!(fault.summary.contains("too long"), "{}", fault.summary);
    }
}
