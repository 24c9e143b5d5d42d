//! `egret get`: clusters, gateways, services and pods of all chosen clusters in one list.
//!
//! [`Plan`] is what was asked for, checked before any cluster is; [`Plan::print`] is pure. A cluster that
//! cannot be read is told on the error stream and costs the exit code, never the lines of the others.

use std::cmp::Ordering;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::output::{self, Lines};
use super::{Outcome, Streams};
use crate::cli::{Get, Globals, Output};
use crate::cluster::kubeconfig::{self, Contexts};
use crate::config::{Settings, closest};
use crate::model::clean::clean;
use crate::model::columns::{compare, with_own};
use crate::model::fault::{Fault, Reason};
use crate::model::filter::Filter;
use crate::model::fleet::{ClusterIds, fleet};
use crate::model::gateway::Direction;
use crate::model::name::{ClusterName, Kind};
use crate::model::snapshot::{KindState, Link, Snapshot};
use crate::model::table::{Column, Item, Subject, TableKind};
use crate::{setup, sources};

/// The kinds a table is made from: those that its lines come from, and those that only complete them.
const KINDS: &[(TableKind, &[Kind], &[Kind])] = &[
    (TableKind::Clusters, &[], &[]),
    (
        TableKind::Gateways,
        &[Kind::IstioGateway, Kind::Gateway, Kind::Deployment, Kind::DaemonSet],
        &[
            Kind::GatewayClass,
            Kind::ReplicaSet,
            Kind::Pod,
            Kind::Service,
            Kind::EndpointSlice,
            Kind::HorizontalPodAutoscaler,
            Kind::PodDisruptionBudget,
        ],
    ),
    (TableKind::Services, &[Kind::Service], &[]),
    (TableKind::Pods, &[Kind::Pod], &[]),
];

/// What `get` was asked for, checked.
#[derive(Debug)]
pub struct Plan<'a> {
    get: &'a Get,
    all: &'static [Column],
    shown: Vec<&'static Column>,
    filter: Option<Filter>,
    sort: Option<(&'static Column, bool)>,
    show_ingress: bool,
    cluster_ids: ClusterIds,
}

/// Reads the clusters and prints what was asked for.
pub fn run(
    get: &Get,
    settings: &Settings,
    globals: &Globals,
    streams: &mut Streams<'_>,
) -> io::Result<Outcome> {
    let contexts = kubeconfig::read(globals.kubeconfig.as_deref());
    let chosen = contexts.as_ref().ok().and_then(|contexts| setup::chosen(contexts, settings).ok());
    let plan = match Plan::new(get, settings, &chosen.unwrap_or_default()) {
        Ok(plan) => plan,
        Err(wrong) => {
            streams.complain(wrong)?;
            return Ok(Outcome::Usage);
        }
    };
    let contexts = match contexts {
        Ok(contexts) => contexts,
        Err(fault) => {
            streams.complain(in_words(&fault))?;
            return Ok(Outcome::Failed);
        }
    };
    let clock = contexts.clock();
    match read(settings, contexts, LIMIT) {
        Ok(snapshots) => plan.print(&snapshots, clock.now(), streams),
        Err(fault) => {
            streams.complain(in_words(&fault))?;
            Ok(Outcome::Failed)
        }
    }
}

/// Longest that `get` waits for a cluster that does not answer.
const LIMIT: Duration = Duration::from_secs(30);

/// Every chosen cluster once; one that does not answer in time is told as such.
pub(super) fn read(
    settings: &Settings,
    contexts: Contexts,
    limit: Duration,
) -> Result<Vec<Arc<Snapshot>>, Fault> {
    let chosen = setup::chosen(&contexts, settings)?;
    let guarded = setup::guarded(&contexts, settings);
    let options = setup::options(settings);
    let failed = |e: std::io::Error| Fault::new(Reason::Invalid, format!("no runtime: {e}"), "");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(failed)?;
    Ok(runtime.block_on(sources::once(contexts, &chosen, options, guarded, limit)))
}

impl<'a> Plan<'a> {
    /// Checks the filter and the names of columns, which are those that hold for these contexts. The error says what is
    /// wrong and what is allowed.
    pub fn new(get: &'a Get, settings: &Settings, contexts: &[ClusterName]) -> Result<Self, String> {
        let choices = settings.column_choices();
        let contexts: Vec<&str> = contexts.iter().map(ClusterName::as_str).collect();
        let (chosen, _) = choices.of(get.what, &contexts);
        let all = with_own(get.what, chosen.into_iter().flatten());
        let filter = get.filter.as_deref().map(|text| Filter::parse(text, all)).transpose();
        let sort = get.sort.as_deref().map(|text| sort(text, all)).transpose();
        let chosen = chosen.filter(|_| get.output != Output::Wide);
        let shown = match chosen {
            Some(chosen) => chosen.iter().filter_map(|one| all.iter().find(|c| c.id == one.id)).collect(),
            // No proxy is read here.
            None => all.iter().filter(|c| !c.live && (get.output == Output::Wide || !c.wide)).collect(),
        };
        Ok(Self {
            get,
            all,
            shown,
            filter: filter.map_err(|why| format!("--filter: {why}"))?,
            sort: sort.map_err(|why| format!("--sort: {why}"))?,
            // Who asks for one by its name wants it whatever it is.
            show_ingress: settings.show_ingress.value || get.name.is_some(),
            cluster_ids: settings.cluster_ids(),
        })
    }

    /// Prints what the clusters hold.
    pub fn print(
        &self,
        snapshots: &[Arc<Snapshot>],
        now: Timestamp,
        streams: &mut Streams<'_>,
    ) -> io::Result<Outcome> {
        let mut outcome = Outcome::Done;
        for snapshot in snapshots {
            for (fault, missing) in faults(self.get.what, snapshot) {
                streams.complain(format!("cluster {}: {}", snapshot.cluster, in_words(&fault)))?;
                if missing {
                    outcome = Outcome::Failed;
                }
            }
        }
        let items = self.items(snapshots, now);
        if items.is_empty() && self.get.name.is_some() {
            streams.complain(self.nothing(snapshots))?;
            outcome = Outcome::Failed;
        } else if items.is_empty() && matches!(self.get.output, Output::Table | Output::Wide) {
            // A person reads this form, and an empty screen would leave them wondering.
            streams.complain(self.nothing(snapshots))?;
        }
        let lines = Lines { table: self.get.what, items: &items, columns: &self.shown, now };
        output::print(self.get.output, &lines, streams.out)?;
        Ok(outcome)
    }

    fn items(&self, snapshots: &[Arc<Snapshot>], now: Timestamp) -> Vec<Item> {
        let all = self.all;
        let mut items = self.all(snapshots);
        items.retain(|item| {
            let hidden = matches!(&item.subject, Subject::Gateway(g) if g.direction == Direction::Ingress);
            (self.show_ingress || !hidden)
                && self.get.name.as_deref().is_none_or(|name| *item.id().name == *name)
                && self.filter.as_ref().is_none_or(|f| f.matches(item, all, now))
        });
        items.sort_by(|a, b| {
            let by_column = self.sort.map_or(Ordering::Equal, |(column, reverse)| {
                compare(&column.cell(a, now).sort, &column.cell(b, now).sort, reverse)
            });
            by_column.then_with(|| a.id().cmp(&b.id()))
        });
        items
    }

    /// The lines of a table, of all clusters.
    fn all(&self, snapshots: &[Arc<Snapshot>]) -> Vec<Item> {
        let of = |s: &Arc<Snapshot>, subject| Item {
            cluster: s.cluster.clone(),
            stale: matches!(s.link, Link::Stale { .. }),
            subject,
            live: None,
            beside: None,
        };
        match self.get.what {
            TableKind::Clusters => snapshots.iter().map(|s| of(s, Subject::Cluster(s.clone()))).collect(),
            TableKind::Gateways => fleet(snapshots, &self.cluster_ids)
                .into_iter()
                .map(|g| Item {
                    cluster: g.id.cluster.clone(),
                    stale: false,
                    subject: Subject::Gateway(g),
                    live: None,
                    beside: None,
                })
                .collect(),
            TableKind::Services => {
                let rows = snapshots.iter().flat_map(|s| s.services.iter().map(move |row| (s, row)));
                rows.map(|(s, row)| of(s, Subject::Service(row.clone()))).collect()
            }
            TableKind::Pods => {
                let rows = snapshots.iter().flat_map(|s| s.pods.iter().map(move |row| (s, row)));
                rows.map(|(s, row)| of(s, Subject::Pod(row.clone()))).collect()
            }
        }
    }

    /// What there is to say when there is no line.
    fn nothing(&self, snapshots: &[Arc<Snapshot>]) -> String {
        let what = self.get.what.to_string();
        let names: Vec<&str> = snapshots.iter().map(|s| s.cluster.as_str()).collect();
        let clusters = match names.as_slice() {
            [] => return format!("no {what}: no cluster was chosen"),
            [one] => format!("cluster {one}"),
            several => format!("clusters {}", several.join(", ")),
        };
        let one = what.trim_end_matches('s');
        let wanted = match (&self.get.name, &self.get.filter) {
            (Some(name), _) => format!("no {one} named {name}"),
            (None, Some(filter)) => format!("no {one} matches {filter}"),
            (None, None) => format!("no {what}"),
        };
        if self.get.what == TableKind::Clusters {
            return format!("{wanted} among {clusters}");
        }
        let mut namespaces: Vec<&str> =
            snapshots.iter().flat_map(|s| s.facts.namespaces.iter()).map(|n| &**n).collect();
        namespaces.sort_unstable();
        namespaces.dedup();
        match namespaces.as_slice() {
            [] => format!("{wanted} in {clusters}"),
            [one] => format!("{wanted} in namespace {one} of {clusters}"),
            several => format!("{wanted} in namespaces {} of {clusters}", several.join(", ")),
        }
    }
}

/// `COLUMN` or `COLUMN:desc`.
fn sort(text: &str, all: &'static [Column]) -> Result<(&'static Column, bool), String> {
    let (id, reverse) = match text.split_once(':') {
        None | Some((_, "asc")) => (text.trim_end_matches(":asc"), false),
        Some((id, "desc")) => (id, true),
        Some((_, order)) => return Err(format!("unknown order `{order}`; allowed: asc, desc")),
    };
    let found = all.iter().find(|c| c.id == id).ok_or_else(|| {
        let ids = || all.iter().map(|c| c.id);
        match closest(id, ids()) {
            Some(meant) => format!("unknown column `{id}`; did you mean `{meant}`?"),
            None => format!("unknown column `{id}`; allowed: {}", ids().collect::<Vec<_>>().join(", ")),
        }
    })?;
    Ok((found, reverse))
}

/// What could not be read of a cluster, and whether lines may be missing for it.
fn faults(table: TableKind, snapshot: &Snapshot) -> Vec<(Fault, bool)> {
    if let Some(fault) = snapshot.link.fault() {
        return vec![(fault.clone(), true)];
    }
    let Some((_, lines, details)) = KINDS.iter().find(|(t, ..)| *t == table) else { return Vec::new() };
    let fault = |kind: &Kind| match snapshot.kinds.get(kind) {
        Some(KindState::Denied(fault) | KindState::Failed(fault)) => Some(fault.clone()),
        _ => None,
    };
    let missing = lines.iter().filter_map(fault).map(|f| (f, true));
    let incomplete = details.iter().filter_map(fault).map(|f| (f, false));
    missing.chain(incomplete).collect()
}

/// A fault as two lines at most: what happened, and what to do.
fn in_words(fault: &Fault) -> String {
    let hint = if fault.hint.is_empty() { String::new() } else { format!("\n  {}", clean(&fault.hint)) };
    format!("{}{hint}", clean(&fault.summary))
}

#[cfg(test)]
mod tests;
