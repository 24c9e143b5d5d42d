//! What pods use and whose they are, for the columns and facts that tell it.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use crate::app::model::App;
use crate::app::open::key;
use crate::app::screen::{Details, DetailsOf, Screen, Tab, Table};
use crate::app::traffic::resources::bar;
use crate::model::amount::Amount;
use crate::model::beside::{Beside, Used};
use crate::model::clean::clean;
use crate::model::columns::clock;
use crate::model::facts::{Fact, Section};
use crate::model::fault::Reason;
use crate::model::name::{ClusterName, Kind, ObjectKey};
use crate::model::reading::Unit;
use crate::model::table::{Subject, TableKind, Tone};
use crate::model::usage::PodUsage;

/// The columns that tell what pods use.
pub const USE_COLUMNS: &[&str] = &["cpu", "cpu-pct", "mem", "mem-pct"];

/// Namespaces whose use is read at once.
const MOST: usize = 20;

impl App {
    /// Gives pods what is known beside them, where a column tells it; and the box of a command its rows.
    pub(in crate::app) fn make_beside(&mut self) {
        self.make_output();
        let table = match self.active_table() {
            Some(table) if table.wants_beside() => table,
            _ => return,
        };
        let mut usage: HashMap<(&str, &str, &str), (f64, f64)> = HashMap::new();
        for (cluster, told) in &self.traffic.usage {
            for of in told.iter().flat_map(|all| all.iter()) {
                usage.insert((cluster.as_str(), &of.namespace, &of.name), (of.cores(), of.memory()));
            }
        }
        let one = |item: &crate::model::table::Item| {
            let Subject::Pod(row) = &item.subject else { return None };
            let of = key(&item.cluster, Kind::Pod, &row.meta);
            let measured = usage.get(&(item.cluster.as_str(), &*of.namespace, &*of.name));
            let used = match measured {
                Some((cores, bytes)) => Used::Measured(*cores, *bytes),
                None if self.tells_no_use(&item.cluster) => Used::Absent,
                None => Used::Unread,
            };
            Some(Arc::new(Beside { gateway: self.gateway_of(&of).unwrap_or_default(), used }))
        };
        let all: Vec<_> = table.items.iter().map(one).collect();
        if let Some(table) = self.active_table_mut() {
            table.set_beside(all);
        }
    }

    /// Whether a cluster serves no metrics API.
    fn tells_no_use(&self, cluster: &ClusterName) -> bool {
        matches!(self.traffic.usage.get(cluster), Some(Err(fault)) if fault.reason == Reason::Missing)
    }

    /// The namespaces of the pods on the screen, where columns tell what they use.
    pub(in crate::app) fn uses_in_table(&self, table: &Table) -> Vec<(ClusterName, String)> {
        let shown = table.window.columns.iter().any(|(at, _)| USE_COLUMNS.contains(&table.columns()[*at].id));
        if table.kind != TableKind::Pods || !shown || !table.shows_beside() {
            return Vec::new();
        }
        let answers = |cluster: &ClusterName| self.cluster(cluster).is_some_and(|s| s.link.is_ready());
        let rows = table.window.rows.iter().filter(|row| answers(&row.id.cluster));
        let mut all: Vec<(ClusterName, String)> =
            rows.map(|row| (row.id.cluster.clone(), row.id.namespace.to_string())).collect();
        all.sort();
        all.dedup();
        all.truncate(MOST);
        all
    }

    /// Whether the table in front shows what pods use, or would once it is drawn.
    pub(in crate::app) fn may_show_use(&self) -> bool {
        self.active_table().is_some_and(|table| table.kind == TableKind::Pods && table.shows_beside())
    }

    /// The pod whose use is told on the screen.
    pub(in crate::app) fn pod_in_use(&self) -> Option<&ObjectKey> {
        match self.screen() {
            Screen::Details(Details { of: DetailsOf::Pod(key), tab: Tab::Overview, .. }) => Some(key),
            _ => None,
        }
    }

    /// What the containers of a pod use of what they ask for and may use.
    pub(in crate::app) fn pod_use(&self, of: &ObjectKey, pod: &Value) -> Section {
        let usage = self.traffic.usage.get(&of.cluster);
        let its = |usage: &&PodUsage| *usage.name == *of.name && *usage.namespace == *of.namespace;
        let measured = usage.and_then(|told| told.as_ref().ok()).and_then(|all| all.iter().find(its));
        let mut facts = Vec::new();
        let said = match (measured, usage) {
            (Some(measured), _) => format!("measured at {} (metrics API)", clock(measured.at)),
            (None, Some(Err(fault))) if fault.reason == Reason::Missing => {
                format!(
                    "n/a: {} serves no metrics API: a metrics server would tell what is used.",
                    of.cluster
                )
            }
            (None, Some(Err(fault))) => format!("n/a: {}. {}", clean(&fault.summary), clean(&fault.hint)),
            (None, Some(Ok(_))) => "The metrics API tells nothing of this pod yet.".to_owned(),
            (None, None) => "Reading …".to_owned(),
        };
        let of_spec = |at: &str| pod["spec"][at].as_array().cloned().unwrap_or_default();
        let sidecars =
            of_spec("initContainers").into_iter().filter(|container| container["restartPolicy"] == "Always");
        for container in sidecars.chain(of_spec("containers")) {
            let name = container["name"].as_str().unwrap_or_default();
            let used = measured.and_then(|m| m.containers.iter().find(|(of, ..)| **of == *name));
            let lines = [
                self.used_line("CPU", Unit::Cores, used.map(|(_, cores, _)| *cores), &container, "cpu"),
                self.used_line("memory", Unit::Bytes, used.map(|(.., bytes)| *bytes), &container, "memory"),
            ];
            let tone = if lines.iter().any(|(_, tone)| *tone == Tone::Bad) {
                Tone::Bad
            } else if lines.iter().any(|(_, tone)| *tone == Tone::Warn) {
                Tone::Warn
            } else {
                Tone::Plain
            };
            let text = lines.map(|(text, _)| text).join("\n");
            facts.push(Fact::new(clean(name).into_owned(), text).tone(tone));
        }
        facts.push(Fact::new("", said).tone(Tone::Muted));
        Section::new("CPU and memory", facts)
    }

    /// `CPU    ████░░░░ 50 %  250m of 500m; request 100m (250 %)`.
    fn used_line(
        &self,
        name: &str,
        unit: Unit,
        used: Option<f64>,
        container: &Value,
        resource: &str,
    ) -> (String, Tone) {
        let read = |which: &str| {
            let value = &container["resources"][which][resource];
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text.parse::<Amount>().ok().map(|amount| amount.as_f64()).filter(|n| *n > 0.0)
        };
        let (request, limit) = (read("requests"), read("limits"));
        let amount = |n: f64| unit.text(n).into_owned();
        let limits = limit.map_or_else(|| "no limit".to_owned(), |limit| format!("limit {}", amount(limit)));
        let Some(used) = used else {
            let asks = request
                .map_or_else(|| "no request".to_owned(), |request| format!("request {}", amount(request)));
            return (format!("{name:<6} n/a; {asks}, {limits}"), Tone::Plain);
        };
        let asks = match request {
            Some(request) => {
                format!("request {} ({:.0} % of it)", amount(request), used / request * 100.0)
            }
            None => "no request".to_owned(),
        };
        match limit {
            Some(limit) => {
                let (bar, tone) = bar(used / limit, &self.thresholds());
                (format!("{name:<6} {bar}  {} of {}; {asks}", amount(used), amount(limit)), tone)
            }
            None => (format!("{name:<6} {}; {asks}, no limit", amount(used)), Tone::Plain),
        }
    }
}

impl App {
    /// What pods use was read: tables and pods tell it.
    pub(in crate::app) fn used_anew(&mut self) {
        if let Some(table) = self.active_table_mut() {
            table.forget_beside();
        }
        for details in self.all_details() {
            details.stale_text |= matches!(details.of, DetailsOf::Pod(_));
        }
    }
}
