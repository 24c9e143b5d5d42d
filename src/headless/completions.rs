//! `egret completions SHELL`.

use std::io::{self, Write};

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::Outcome;
use crate::cli::Cli;

/// Prints the completion script of a shell.
pub fn print(shell: Shell, out: &mut dyn Write) -> io::Result<Outcome> {
    // The generator panics when its writer fails, as a closed pipe does: it writes to memory first.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "egret", &mut script);
    out.write_all(&script)?;
    Ok(Outcome::Done)
}
