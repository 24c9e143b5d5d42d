//! Verbs about egret itself.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `man`.
#[derive(Args, Clone, Debug)]
pub struct Manual {
    /// Verb to print the manual of, instead of that of egret.
    #[arg(value_name = "VERB")]
    pub verb: Option<String>,

    /// Directory to write egret.1 and a page for each verb into.
    #[arg(long, value_name = "DIR", conflicts_with = "verb")]
    pub dir: Option<PathBuf>,
}

/// Arguments of `doctor`.
#[derive(Args, Clone, Copy, Debug)]
pub struct Doctor {
    /// What egret sees of itself, its terminal, its files and its clusters: the one page there is, for a report of a bug.
    #[arg(long = "self")]
    pub of_self: bool,

    /// Letters in the place of names of contexts, servers, users and directories.
    #[arg(long)]
    pub anonymous: bool,
}
