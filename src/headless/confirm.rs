//! Asking before something is written, on a terminal.

use std::io::{self, BufRead as _, IsTerminal as _};

use super::Streams;

/// What came of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The word was typed.
    Given,
    /// Something else was.
    Refused,
    /// There is nobody to ask.
    Nobody,
}

/// Asks for a word to be typed. Only a terminal can answer: a `yes` that comes down a pipe was not read by anybody.
pub(super) fn ask(question: &str, word: &str, streams: &mut Streams<'_>) -> io::Result<Answer> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return Ok(Answer::Nobody);
    }
    streams.out.flush()?;
    write!(streams.err, "{question} Type {word} to go on: ")?;
    streams.err.flush()?;
    let mut line = String::new();
    stdin.lock().read_line(&mut line)?;
    Ok(if line.trim() == word { Answer::Given } else { Answer::Refused })
}
