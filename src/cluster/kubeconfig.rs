//! The kubeconfig, read as kubectl reads it.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use kube::client::Body;
use kube::config::{Kubeconfig, KubeconfigError};
use tower::BoxError;
use tower::util::BoxCloneSyncService;

use super::clock::Clock;
use super::journal::Journal;

use crate::model::fault::{Fault, Reason};
use crate::model::name::ClusterName;

/// The contexts there are.
#[derive(Clone, Debug)]
pub struct Contexts {
    /// Where they come from.
    pub source: Source,
    /// The file that was named to read them from.
    pub(super) chosen: Option<PathBuf>,
    /// All of them, in the order of the files.
    pub names: Vec<ClusterName>,
    /// `current-context`, when it names one.
    pub current: Option<ClusterName>,
    /// Where writes to their clusters are told.
    pub(super) journal: Journal,
}

/// Where contexts come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// Files, merged as kubectl merges them: the first to set a value wins.
    Files(Box<Kubeconfig>),
    /// The pod that egret runs in.
    InCluster,
    /// No file: whoever began this program hands clusters to it.
    Handed(Handed),
}

/// A way to a cluster: what carries requests to it.
pub type Transport = BoxCloneSyncService<Request<Body>, Response<UnsyncBoxBody<Bytes, BoxError>>, BoxError>;

/// Opens a way to a cluster, if it is one that was handed over.
type Open = dyn Fn(&ClusterName) -> Option<Transport> + Send + Sync;

/// Clusters that are handed to the program.
#[derive(Clone)]
pub struct Handed {
    open: Arc<Open>,
    clock: Clock,
}

impl Handed {
    /// The way to a cluster, if it is one of them.
    pub fn open(&self, cluster: &ClusterName) -> Option<Transport> {
        (self.open)(cluster)
    }
}

impl std::fmt::Debug for Handed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handed").field("clock", &self.clock).finish_non_exhaustive()
    }
}

/// The name that the cluster egret runs in goes by.
pub const IN_CLUSTER: &str = "in-cluster";

/// Reads `chosen`, else the files that `KUBECONFIG` lists, else `~/.kube/config`, else the pod's own account.
/// Blocks on files: call it off the UI task.
///
/// # Errors
/// A file that cannot be read or parsed, by name; or that there is none, with every place that was looked at.
pub fn read(chosen: Option<&Path>) -> Result<Contexts, Fault> {
    let (paths, must_exist) = places(chosen);
    let mut merged: Option<Kubeconfig> = None;
    for path in &paths {
        if !must_exist && !path.exists() {
            continue;
        }
        let next = file(path)?;
        merged = Some(match merged {
            Some(first) => first.merge(next).map_err(|e| broken(path, &e))?,
            None => next,
        });
    }
    match merged {
        Some(config) if !config.contexts.is_empty() => Ok(of_files(config, chosen)),
        Some(_) => {
            let looked = list(&paths);
            Err(Fault::new(
                Reason::Invalid,
                format!("the kubeconfig has no context ({looked})"),
                "`kubectl config set-context` makes one.",
            ))
        }
        None if env::var_os("KUBERNETES_SERVICE_HOST").is_some() => {
            let name = ClusterName::from(IN_CLUSTER);
            let (names, current) = (vec![name.clone()], Some(name));
            let journal = Journal::default();
            Ok(Contexts { source: Source::InCluster, chosen: None, names, current, journal })
        }
        None => {
            let summary = format!(
                "there is no kubeconfig; looked at {}, and egret does not run in a cluster",
                list(&paths)
            );
            Err(Fault::new(
                Reason::Missing,
                summary,
                "Name one with --kubeconfig or KUBECONFIG. `egret demo` needs none.",
            ))
        }
    }
}

/// One file, in which paths are relative to itself.
fn file(path: &Path) -> Result<Kubeconfig, Fault> {
    let mut config = Kubeconfig::read_from(path).map_err(|e| broken(path, &e))?;
    // What is empty is not set: the next file may set it. Kind and version say nothing that kubectl asks for.
    config.current_context = config.current_context.filter(|name| !name.is_empty());
    (config.kind, config.api_version) = (None, None);
    Ok(config)
}

pub(super) fn of_files(config: Kubeconfig, chosen: Option<&Path>) -> Contexts {
    let names: Vec<ClusterName> =
        config.contexts.iter().map(|c| ClusterName::from(c.name.as_str())).collect();
    let current = config.current_context.as_deref().map(ClusterName::from).filter(|c| names.contains(c));
    let (source, chosen) = (Source::Files(Box::new(config)), chosen.map(Path::to_owned));
    Contexts { source, chosen, names, current, journal: Journal::default() }
}

/// Files to read, and whether each must be there. kubectl passes over files of `KUBECONFIG` that are not.
pub(super) fn places(chosen: Option<&Path>) -> (Vec<PathBuf>, bool) {
    if let Some(path) = chosen {
        return (vec![path.to_owned()], true);
    }
    if let Some(list) = env::var_os("KUBECONFIG").filter(|l| !l.is_empty()) {
        return (env::split_paths(&list).filter(|p| !p.as_os_str().is_empty()).collect(), false);
    }
    let home = etcetera::home_dir().map(|h| vec![h.join(".kube").join("config")]).unwrap_or_default();
    (home, false)
}

fn list(paths: &[PathBuf]) -> String {
    let all: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
    if all.is_empty() { "no place at all: there is no home directory".to_owned() } else { all.join(", ") }
}

fn broken(path: &Path, error: &KubeconfigError) -> Fault {
    let why = match error {
        KubeconfigError::ReadConfig(io, _) => io.to_string(),
        KubeconfigError::Parse(yaml) => yaml.to_string(),
        other => other.to_string(),
    };
    let first = why.lines().next().unwrap_or_default().to_owned();
    Fault::new(
        Reason::Invalid,
        format!("kubeconfig {}: {first}", path.display()),
        "Mend the file, or name another with --kubeconfig.",
    )
}

impl Contexts {
    /// Reads the same places again: someone may have logged in, or mended them. Blocks on files.
    ///
    /// # Errors
    /// As [`read`].
    pub fn read_again(&self) -> Result<Self, Fault> {
        match self.source {
            Source::Files(_) => Ok(read(self.chosen.as_deref())?.with_journal(self.journal.clone())),
            Source::InCluster | Source::Handed(_) => Ok(self.clone()),
        }
    }

    /// Clusters that are not of a kubeconfig, all of which are opened unless others are named, with the clock that
    /// they go by.
    pub fn handed(
        names: Vec<ClusterName>,
        clock: Clock,
        open: impl Fn(&ClusterName) -> Option<Transport> + Send + Sync + 'static,
    ) -> Self {
        let source = Source::Handed(Handed { open: Arc::new(open), clock });
        Self { source, chosen: None, names, current: None, journal: Journal::default() }
    }

    /// The same, whose clusters tell what is written to them.
    #[must_use]
    pub fn with_journal(self, journal: Journal) -> Self {
        Self { journal, ..self }
    }

    /// The same, whose clusters are written to by another part of egret.
    #[must_use]
    pub fn by(self, by: &'static str) -> Self {
        let journal = self.journal.by(by);
        self.with_journal(journal)
    }

    /// The user of a context, by its name; empty: there is none.
    pub(super) fn account(&self, cluster: &ClusterName) -> String {
        let Source::Files(config) = &self.source else { return String::new() };
        let context = config.contexts.iter().find(|c| c.name == cluster.as_str());
        context.and_then(|c| c.context.as_ref()?.user.clone()).unwrap_or_default()
    }

    /// The clock that the clusters go by.
    pub fn clock(&self) -> Clock {
        match &self.source {
            Source::Handed(handed) => handed.clock.clone(),
            Source::Files(_) | Source::InCluster => Clock::default(),
        }
    }

    /// The contexts to open: the named ones, all, or the current one. A name may be a glob.
    ///
    /// # Errors
    /// A name that fits none, with those there are.
    pub fn choose(&self, wanted: &[String], all: bool) -> Result<Vec<ClusterName>, Fault> {
        if all {
            return Ok(self.names.clone());
        }
        if wanted.is_empty() && matches!(self.source, Source::Handed(_)) {
            return Ok(self.names.clone());
        }
        if wanted.is_empty() {
            return match (&self.current, self.names.as_slice()) {
                (Some(current), _) => Ok(vec![current.clone()]),
                (None, [only]) => Ok(vec![only.clone()]),
                (None, _) => Err(Fault::new(
                    Reason::Invalid,
                    format!("the kubeconfig has no current context; there are {}", self.listed()),
                    "Name one with --context, or open all with --all-contexts.",
                )),
            };
        }
        let mut chosen: Vec<ClusterName> = Vec::new();
        for pattern in wanted {
            let glob = crate::config::Glob::new(pattern.as_str());
            let fits: Vec<&ClusterName> =
                self.names.iter().filter(|n| n.as_str() == pattern || glob.matches(n.as_str())).collect();
            if fits.is_empty() {
                let summary =
                    format!("the kubeconfig has no context `{pattern}`; there are {}", self.listed());
                return Err(Fault::new(
                    Reason::Invalid,
                    summary,
                    "`kubectl config get-contexts` lists them too.",
                ));
            }
            for name in fits {
                if !chosen.contains(name) {
                    chosen.push(name.clone());
                }
            }
        }
        Ok(chosen)
    }

    fn listed(&self) -> String {
        let names: Vec<&str> = self.names.iter().map(ClusterName::as_str).collect();
        names.join(", ")
    }
}
