//! The journal of the verbs that write.

use std::io::{self, Write as _};

use crate::cluster::journal::{self, Journal};
use crate::cluster::kubeconfig::{Contexts, Source};
use crate::model::clean::clean;
use crate::setup;

/// The same contexts, whose clusters tell what this verb writes. In a pod nobody would read it, and it goes with the pod:
/// there the cluster's own audit log is the journal.
pub(super) fn recorded(contexts: Contexts, verb: &'static str) -> Contexts {
    let journal = match (&contexts.source, setup::state_dir()) {
        (Source::InCluster, _) | (_, None) => Journal::default(),
        (_, Some(dir)) => journal::start(dir, &journal::user(), verb, |fault| {
            // Nobody is left to tell when the error stream is closed.
            let _ = writeln!(io::stderr(), "egret: {}", clean(&fault.summary));
        }),
    };
    contexts.with_journal(journal)
}
