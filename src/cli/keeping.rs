//! Verbs that keep gateways, and that make egret their keeper.

use clap::{Args, ValueEnum};

/// Arguments of `controller`.
#[derive(Args, Clone, Debug)]
pub struct Controller {
    /// Id by which gateways name the cluster that holds them; else what its istiod calls it.
    #[arg(long, value_name = "ID")]
    pub cluster_id: Option<String>,

    /// Address to answer /healthz, /readyz and /metrics on.
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8080")]
    pub listen: std::net::SocketAddr,

    /// Form of the log.
    #[arg(long, value_name = "FORM", default_value = "json")]
    pub log: LogForm,

    /// Print what it would do to each gateway, and end: no lease is taken, nothing is written.
    #[arg(long)]
    pub dry_run: bool,
}

/// Arguments of `install`.
#[derive(Args, Clone, Debug)]
pub struct Install {
    /// Image of the controller: one that you built from assets/controller/Containerfile.
    #[arg(long, value_name = "IMAGE")]
    pub image: String,

    /// Id by which gateways name the cluster that holds them; else what its istiod calls it.
    #[arg(long, value_name = "ID")]
    pub cluster_id: Option<String>,

    /// Print what would be installed and what the controller would then do, and write nothing.
    #[arg(long)]
    pub dry_run: bool,

    /// Form of what --dry-run prints: the plan, or manifests.
    #[arg(short, long, value_name = "FORM", requires = "dry_run")]
    pub output: Option<Manifests>,

    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
}

/// Forms of manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Manifests {
    /// YAML documents, as kubectl apply takes them
    Yaml,
}

/// Arguments of `uninstall`.
#[derive(Args, Clone, Debug)]
pub struct Uninstall {
    /// Id by which gateways name the cluster that holds them; else what its istiod calls it.
    #[arg(long, value_name = "ID")]
    pub cluster_id: Option<String>,

    /// Print what would be removed and what stays, and write nothing.
    #[arg(long)]
    pub dry_run: bool,

    /// Do not ask. Deleting gateways is asked for all the same.
    #[arg(long)]
    pub yes: bool,

    /// Delete the gateways, all that runs for them and the CRD too: their traffic ends.
    #[arg(long)]
    pub delete_gateways: bool,

    /// Name of the context whose gateways are deleted, where there is no terminal to type it on.
    #[arg(long, value_name = "CONTEXT", requires = "delete_gateways")]
    pub confirm: Option<String>,
}

/// Forms of the controller's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogForm {
    /// An object a line
    Json,
    /// Text
    Text,
}

/// Forms of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// YAML documents
    Yaml,
    /// A JSON list
    Json,
}
