//! What goes through a gateway that is to be deleted, as it was read last.

use std::sync::Arc;

use super::Item;
use crate::app::model::App;
use crate::metrics::view::{By, Of, Row, Totals, Window};
use crate::model::edit::Change;
use crate::model::facts::Fact;
use crate::model::gateway::GatewayRow;
use crate::model::name::ObjectKey;
use crate::model::reading::Unit;
use crate::model::table::Tone;

/// Hosts that are named.
const NAMED: usize = 3;

impl App {
    /// The gateways that end, or lose their address, with a deletion: one a cluster.
    pub(in crate::app) fn ending(&self, item: &Item) -> Vec<Arc<GatewayRow>> {
        let target = &item.wish.target;
        if !matches!(item.wish.change, Change::Delete { .. }) {
            return Vec::new();
        }
        if target.kind == "IstioGateway" {
            return self.made_rows(target);
        }
        let is_it = |row: &&Arc<GatewayRow>| {
            let named = |meta: Option<&crate::model::row::RowMeta>| {
                meta.is_some_and(|meta| *meta.namespace == *target.namespace && *meta.name == *target.name)
            };
            row.id.cluster == target.cluster
                && match target.kind.as_str() {
                    "Gateway" => named(row.api.as_ref().map(|api| &api.meta)),
                    "Service" => named(row.service.as_ref().map(|service| &service.meta)),
                    _ => row
                        .workload
                        .as_ref()
                        .is_some_and(|w| w.kind.to_string() == target.kind && named(Some(&w.meta))),
                }
        };
        self.fleet().iter().filter(is_it).cloned().collect()
    }

    /// What goes through it now, of each of its clusters.
    pub(super) fn goes_through(&self, item: &Item) -> Vec<Fact> {
        let rows = self.ending(item);
        let several = rows.len() > 1;
        let one = |row: &Arc<GatewayRow>| {
            let fact = self.through(row);
            if several {
                Fact::new(row.id.cluster.to_string(), fact.value.to_string()).tone(fact.tone)
            } else {
                fact
            }
        };
        rows.iter().map(one).collect()
    }

    /// What goes through a gateway now, and whether that is to be feared for.
    pub(in crate::app) fn through(&self, row: &GatewayRow) -> Fact {
        let (pods, store) = (row.pod_keys(), &self.traffic.store);
        let totals = store.totals(&pods, &Of::All, Window::Minute, self.now);
        let requests = totals.requests.number();
        let connections = totals.connections.number();
        let (count, what) = match (requests, connections) {
            (Some(requests), Some(connections)) if requests == 0.0 && connections > 0.0 => {
                (connections, "connections are opened")
            }
            (Some(requests), _) => (requests, "requests go"),
            (None, Some(connections)) => (connections, "connections are opened"),
            (None, None) => {
                let text = "How much goes through it now is not known: its proxies were not read";
                return Fact::new("", text).tone(Tone::Warn);
            }
        };
        if count <= 0.0 {
            return self.still(&pods, &totals);
        }
        let hosts = store.rows(&pods, By::Host, Window::Minute, self.now);
        let named = named(hosts);
        Fact::new("", format!("{} {what} through it each second now{named}", rounded(count))).tone(Tone::Bad)
    }

    /// What there is of a gateway through which nothing new goes: connections that are open carry traffic too.
    fn still(&self, pods: &[ObjectKey], totals: &Totals) -> Fact {
        let open = format!("{} open connections", totals.active.text(Unit::Count));
        if totals.bytes_out.is_positive() || totals.bytes_in.is_positive() {
            return Fact::new("", format!("No new request, but data goes through {open}")).tone(Tone::Bad);
        }
        if totals.active.is_positive() {
            let text = format!("No request in the last minute, and {open}");
            return Fact::new("", text).tone(Tone::Warn);
        }
        let readings = self.traffic.store.readings(pods);
        let read = readings.iter().filter(|r| r.last.is_some() && r.fault.is_none()).count();
        if read < pods.len() {
            let unread = pods.len() - read;
            let text = format!(
                "Nothing goes through {read} of its {} pods; of the other {unread} it is not known: their proxies were not read",
                pods.len()
            );
            return Fact::new("", text).tone(Tone::Warn);
        }
        Fact::new("", "Nothing went through it in the last minute").tone(Tone::Plain)
    }
}

/// The hosts that most goes to.
fn named(mut hosts: Vec<Row>) -> String {
    let rate = |row: &Row| {
        let totals = &row.totals;
        totals.requests.number().or(totals.connections.number()).unwrap_or_default()
    };
    hosts.retain(|row| rate(row) > 0.0);
    hosts.sort_by(|a, b| rate(b).total_cmp(&rate(a)));
    let more = hosts.len().saturating_sub(NAMED);
    let mut words: Vec<String> =
        hosts.iter().take(NAMED).map(|row| format!("{} {}", row.key, rounded(rate(row)))).collect();
    if more > 0 {
        words.push(format!("{more} more hosts"));
    }
    if words.is_empty() { String::new() } else { format!(": {}", words.join(", ")) }
}

/// A rate as a person says it: what is below ten with one digit more.
fn rounded(rate: f64) -> String {
    if rate < 9.95 { format!("{rate:.1}") } else { format!("{rate:.0}") }
}
