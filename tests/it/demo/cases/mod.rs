//! The cases, by topic.

mod access;
mod apply;
mod crd;
mod create;
mod defaults;
mod delete;
mod discovery;
mod list;
mod objects;
mod patch;
mod streams;
mod structure;
mod update;
mod validation;
mod watch;
mod workload;

use super::table::Case;

/// Each topic, what it is about, and its cases.
pub(super) const TOPICS: &[(&str, &str, &[Case])] = &[
    ("access", "who may do what: reviews, refusals", access::CASES),
    ("apply", "server-side apply: owners, conflicts, force, giving up fields", apply::CASES),
    ("crd", "custom kinds: schemas, defaults, pruning, versions, CEL", crd::CASES),
    ("create", "making objects, and what is refused", create::CASES),
    ("defaults", "what is filled in", defaults::CASES),
    ("delete", "preconditions, finalizers, orphans, cascades", delete::CASES),
    ("discovery", "groups, versions, resources", discovery::CASES),
    ("list", "selectors, pages, versions, other forms", list::CASES),
    ("patch", "merge and JSON patches", patch::CASES),
    ("streams", "logs, proxy, port-forward", streams::CASES),
    ("structure", "checks of custom objects, and of definitions", structure::CASES),
    ("update", "replacing: conflicts, status and scale apart, what never changes", update::CASES),
    ("validation", "wrong objects and how they are told", validation::CASES),
    ("watch", "events, bookmarks, resuming, 410", watch::CASES),
    ("workload", "rollouts, scheduling, services, events", workload::CASES),
];
