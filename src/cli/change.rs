//! The command lines of the verbs that change objects, and of the one that tells what was changed.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Arguments of `apply`.
#[derive(Args, Clone, Debug)]
#[command(after_help = APPLIED)]
pub struct Apply {
    /// File with objects as YAML; - reads standard input.
    #[arg(short, long, value_name = "FILE")]
    pub file: PathBuf,

    /// Print what it would do, with all that comes of it, and write nothing.
    #[arg(long)]
    pub dry_run: bool,

    /// Print how what the server would store differs from what is there, and write nothing.
    #[arg(long, conflicts_with = "dry_run")]
    pub diff: bool,

    /// How it is agreed to.
    #[command(flatten)]
    pub agreement: Agreement,
}

/// What the help of `apply` ends with.
const APPLIED: &str = "\
Fields that a file does not name stay as they are; one that is null goes; a list is as the file has it.

Exit codes of --diff, as those of kubectl diff:
  0  nothing differs
  1  something does
  2  that could not be found out";

/// How a change is agreed to beforehand.
#[derive(Args, Clone, Debug)]
pub struct Agreement {
    /// Do not ask. Where a name has to be typed it is asked for all the same.
    #[arg(long)]
    pub yes: bool,

    /// The name that has to be typed for production and for what carries traffic, where there is no terminal to type
    /// it on.
    #[arg(long, value_name = "NAME")]
    pub confirm: Option<String>,
}

/// Arguments of `delete`.
#[derive(Args, Clone, Debug)]
pub struct Delete {
    /// What to delete.
    #[arg(value_name = "WHAT")]
    pub what: Deletable,

    /// Its name.
    pub name: String,

    /// How it is agreed to.
    #[command(flatten)]
    pub agreement: Agreement,

    /// Wait until it is gone, and say what holds it up.
    #[arg(long)]
    pub wait: bool,
}

/// What can be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Deletable {
    /// An IstioGateway, or a Gateway of the Gateway API
    #[value(aliases = ["gateways", "gw"])]
    Gateway,
}

/// Arguments of `journal`.
#[derive(Args, Clone, Debug)]
pub struct Journal {
    /// Only what is younger: 1h, 30m, 2d.
    #[arg(long, value_name = "TIME", value_parser = past)]
    pub since: Option<jiff::Span>,

    /// Only the newest N.
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,

    /// Form of the output.
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Report,
}

fn past(text: &str) -> Result<jiff::Span, String> {
    match text.parse::<jiff::Span>() {
        Ok(span) if span.is_positive() => Ok(span),
        _ => Err("a time such as 1h, 30m or 2d".to_owned()),
    }
}

/// Forms of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Report {
    /// Aligned columns
    Table,
    /// A JSON list of objects, with all there is
    Json,
}
