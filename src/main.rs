//! The program: read the command line, do what it says, end with its code.

use std::process::ExitCode;

use egret::cli::Cli;

fn main() -> ExitCode {
    let _cli = Cli::read();
    ExitCode::SUCCESS
}
