//! The Reconcile tab: who keeps a gateway, and how each of its objects stands.

use jiff::Timestamp;
use serde_json::Value;

use super::command::Command;
use super::keeping::State;
use super::model::App;
use crate::materialize::Report;
use crate::materialize::compare::Difference;
use crate::materialize::fields;
use crate::materialize::names::{PAUSED, TEMPLATE};
use crate::materialize::report::{PartReport, PartState, Place};
use crate::model::clock;
use crate::model::facts::{Fact, Section};
use crate::model::fault::Fault;
use crate::model::gateway::{GatewayRow, Origin};
use crate::model::holder::{Holder, kept_by};
use crate::model::name::ClusterName;
use crate::model::snapshot::{Keeper, Snapshot};
use crate::model::table::Tone;
use crate::routing::ServerMtls;

/// How a gateway stands in one of its clusters.
#[derive(Clone, Debug)]
pub struct Standing {
    /// What a pass would find.
    pub report: Report,
    /// How clients get along with each server (R13); `None`: not known yet.
    pub servers: Option<Result<Vec<ServerMtls>, Fault>>,
    /// When it was looked at.
    pub at: Timestamp,
}

/// Where gateways are kept unless somebody watches another namespace.
const DEFAULT_NAMESPACE: &str = "istio-system";

/// Fields of one object that are told; more are counted.
const FIELDS: usize = 12;

/// Characters of a value that are told.
const LONGEST: usize = 60;

impl App {
    /// The cluster that holds the CR of a gateway.
    pub(super) fn home_of(&self, row: &GatewayRow) -> ClusterName {
        row.home.clone().unwrap_or_else(|| row.id.cluster.clone())
    }

    /// Who keeps the gateways of a cluster.
    pub(super) fn keeper_of(&self, cluster: &ClusterName) -> Keeper {
        self.cluster(cluster).map(|s| s.facts.keeper).unwrap_or_default()
    }

    /// The text of the tab.
    pub(super) fn standing_sections(&self, row: &GatewayRow, standing: Option<&Standing>) -> Vec<Section> {
        let home = self.home_of(row);
        let mut sections = vec![self.keeper_section(row, &home)];
        if row.origin != Origin::IstioGateway || self.keeper_of(&home) != Keeper::Egret {
            return sections;
        }
        let Some(standing) = standing else {
            sections.push(Section::new("", vec![Fact::new("", "Comparing its objects …").tone(Tone::Busy)]));
            return sections;
        };
        let Standing { report, servers, .. } = standing;
        sections.extend(wrong(report));
        for place in &report.places {
            sections.push(objects(place, &row.id.cluster));
            sections.extend(self.pending(place));
        }
        sections.extend(servers_section(servers.as_ref()));
        sections
    }

    fn keeper_section(&self, row: &GatewayRow, home: &ClusterName) -> Section {
        let mut facts = vec![self.keeper_fact(home)];
        let kept = self.settings.namespaces.first().map_or(DEFAULT_NAMESPACE, String::as_str);
        if *row.id.namespace != *kept && self.keeper_of(home) == Keeper::Egret {
            let told = format!("that is of {kept}: who keeps {} has a lease there", row.id.namespace);
            facts
                .push(Fact::new("", told).tone(Tone::Warn).note(format!("-n {} shows it", row.id.namespace)));
        }
        if row.origin != Origin::IstioGateway {
            facts.push(Fact::new("made by", format!("{}: no IstioGateway asks for it", row.origin)));
            if self.keeper_of(home) == Keeper::Egret {
                let key = self.key_of(Command::Adopt);
                facts.push(Fact::new("next", format!("{key} adopts it: shows first what that would change")));
            }
            return Section::new("Keeper", facts);
        }
        if self.annotated(row, PAUSED) {
            let key = self.key_of(Command::Pause);
            let paused = Fact::new("paused", "yes: nothing is written until it goes on").tone(Tone::Warn);
            facts.push(paused.note(format!("{key} goes on")));
        }
        facts.extend(self.last_pass(row, home));
        facts.extend(status_facts(row));
        Section::new("Keeper", facts)
    }

    fn annotated(&self, row: &GatewayRow, key: &str) -> bool {
        row.cr.as_ref().is_some_and(|cr| cr.gateway.annotation(key) == Some("true"))
    }

    fn keeper_fact(&self, home: &ClusterName) -> Fact {
        let snapshot = self.cluster(home);
        let keeper = self.keeper_of(home);
        if let Some(keeping) = self.keeping.get(home) {
            return match &keeping.state {
                State::Starting => {
                    Fact::new("keeper", "this screen, which asks for the lease").tone(Tone::Busy)
                }
                State::Leading(since) => Fact::new("keeper", "this screen").tone(Tone::Good).note(format!(
                    "egret {}, since {}",
                    env!("CARGO_PKG_VERSION"),
                    at(*since)
                )),
                State::Waiting(who) => Fact::new("keeper", who.clone()),
                State::Failed(fault) => {
                    Fact::new("keeper", fault.summary.clone()).tone(Tone::Bad).note(fault.hint.clone())
                }
            };
        }
        let words = match keeper {
            Keeper::Egret => return self.holder_fact(snapshot.map(AsRef::as_ref)),
            Keeper::Asm => "Alibaba Cloud ASM: egret edits the IstioGateway and touches nothing else",
            Keeper::Other => "somebody else: egret edits the IstioGateway and touches nothing else",
            Keeper::Nobody => "nobody: the cluster does not serve IstioGateway",
            Keeper::Unknown => "not known: the CRD cannot be read, so egret touches nothing",
        };
        Fact::new("keeper", words)
    }

    /// Who of the egrets holds the lease.
    fn holder_fact(&self, snapshot: Option<&Snapshot>) -> Fact {
        let Some(facts) = snapshot.map(|s| &s.facts) else { return Fact::new("keeper", "egret") };
        let fact = Fact::new("keeper", kept_by(facts));
        match &facts.holder {
            Holder::Nobody => fact.tone(Tone::Bad).note(format!(
                "changes are not acted on: {} in the clusters table keeps them from this screen, or `egret install` a controller",
                self.key_of(Command::Keep)
            )),
            Holder::Silent { .. } => fact.tone(Tone::Bad).note("its process is gone, or cannot reach the API server"),
            Holder::Unknown(fault) => fact.tone(Tone::Warn).note(fault.summary.clone()),
            Holder::Held(by) => match by.since {
                Some(since) => fact.tone(Tone::Good).note(format!("holds the lease since {}", at(since))),
                None => fact.tone(Tone::Good),
            },
            Holder::Unread => fact,
        }
    }

    fn last_pass(&self, row: &GatewayRow, home: &ClusterName) -> Vec<Fact> {
        let Some(cr) = &row.cr else { return Vec::new() };
        let named = super::deed::Named { namespace: cr.meta.namespace.clone(), name: cr.meta.name.clone() };
        let Some(passed) = self.keeping.get(home).and_then(|keeping| keeping.passes.get(&named)) else {
            return Vec::new();
        };
        let writes = match passed.writes {
            0 => "nothing to write".to_owned(),
            1 => "1 write".to_owned(),
            n => format!("{n} writes"),
        };
        let told = format!("{}, {writes}, {} ms", at(passed.at), passed.took.as_millis());
        let mut facts = vec![Fact::new("last pass", told)];
        let wrote = self.keeping.get(home).and_then(|keeping| keeping.writes.get(&named));
        if let Some((time, count)) = wrote.filter(|_| passed.writes == 0) {
            let writes = if *count == 1 { "1 write".to_owned() } else { format!("{count} writes") };
            facts.push(Fact::new("last change", format!("{}, {writes}", at(*time))));
        }
        if let Some(fault) = &passed.fault {
            facts.push(
                Fact::new("last error", fault.summary.clone()).tone(Tone::Bad).note(fault.hint.clone()),
            );
        }
        if let Some(next) = passed.next_try {
            facts.push(Fact::new("next try", at(next)));
        }
        facts
    }

    fn pending(&self, place: &Place) -> Option<Section> {
        if place.pending.is_empty() {
            return None;
        }
        let mut facts = told("", &place.pending, Tone::Plain);
        let key = self.key_of(Command::Roll);
        facts.push(Fact::new(
            "",
            format!("{key} rolls it: the pods are replaced, as the gateway's rolling upgrade says"),
        ));
        Some(Section::new("Pending: what egret would build differently now", facts))
    }
}

/// What the status says of passes that this process did not make.
fn status_facts(row: &GatewayRow) -> Vec<Fact> {
    let Some(cr) = &row.cr else { return Vec::new() };
    let status = &cr.object["status"];
    let mut facts = Vec::new();
    if let Some(error) = status["ErrorMessage"].as_str().filter(|error| !error.is_empty()) {
        facts.push(Fact::new("error", error).tone(Tone::Bad));
    }
    for condition in status["conditions"].as_array().into_iter().flatten() {
        let text = |field: &str| condition[field].as_str().unwrap_or_default().to_owned();
        let tone = if condition["status"] == "True" { Tone::Good } else { Tone::Warn };
        let since = text("lastTransitionTime")
            .parse()
            .map(|since| format!("since {}", at(since)))
            .unwrap_or_default();
        let words = [text("status"), text("reason")].join(" ");
        let message = text("message");
        let value = if message.is_empty() { words } else { format!("{words}: {message}") };
        facts.push(Fact::new(text("type").to_lowercase(), value).tone(tone).note(since));
    }
    facts
}

fn wrong(report: &Report) -> Vec<Section> {
    let mut facts = Vec::new();
    if report.gone {
        facts.push(Fact::new("", "The IstioGateway is gone.").tone(Tone::Warn));
    }
    if report.deleting {
        facts.push(Fact::new("", "It is on its way out.").tone(Tone::Warn));
    }
    for problem in &report.problems {
        let tone = if problem.is_error() { Tone::Bad } else { Tone::Warn };
        facts.push(Fact::new("", problem.to_string()).tone(tone));
    }
    facts.extend(report.faults.iter().map(failed));
    if facts.is_empty() { Vec::new() } else { vec![Section::new("What stands in the way", facts)] }
}

fn failed(fault: &Fault) -> Fact {
    Fact::new("", fault.summary.clone()).tone(Tone::Bad).note(fault.hint.clone())
}

fn objects(place: &Place, cluster: &ClusterName) -> Section {
    let title = match &place.cluster_id {
        Some(id) => format!("Objects in {cluster} (cluster {id})"),
        None => format!("Objects in {cluster}"),
    };
    let mut facts: Vec<Fact> = place.faults.iter().map(failed).collect();
    let width = place.parts.iter().map(|part| part.part.to_string().len()).max().unwrap_or(0);
    facts.extend(place.parts.iter().flat_map(|part| object(part, width, !place.pending.is_empty())));
    Section::new(title, facts)
}

/// A line for the object, and one for each field that is not as it should be.
fn object(part: &PartReport, width: usize, pending: bool) -> Vec<Fact> {
    let name = |state: &str| format!("{:<width$}  {}: {state}", part.part.to_string(), part.name);
    let waits = pending && part.part == crate::materialize::Part::Deployment;
    let (tone, state, fields): (Tone, String, &[Difference]) = match &part.state {
        PartState::InSync if waits => (Tone::Good, "in sync, and something is pending".to_owned(), &[]),
        PartState::InSync => (Tone::Good, "in sync".to_owned(), &[]),
        PartState::Created => (Tone::Good, "made".to_owned(), &[]),
        PartState::Changed(fields) => (Tone::Good, "put back".to_owned(), fields),
        PartState::Drifted(fields) if fields.is_empty() => {
            (Tone::Warn, "there, and not wanted".to_owned(), &[])
        }
        PartState::Drifted(fields) => (Tone::Warn, "drifts".to_owned(), fields),
        PartState::Contested(fields) => {
            (Tone::Bad, "contested: it is changed back each time, so egret leaves it".to_owned(), fields)
        }
        PartState::ToTake => (Tone::Warn, "is to be taken over".to_owned(), &[]),
        PartState::Removed => (Tone::Muted, "taken away".to_owned(), &[]),
        PartState::Held => (Tone::Warn, "not there".to_owned(), &[]),
        PartState::Conflict(who) => {
            (Tone::Bad, format!("belongs to {who}, so nothing of the gateway is written"), &[])
        }
        PartState::Failed(fault) => (Tone::Bad, format!("{}. {}", fault.summary, fault.hint), &[]),
    };
    let mut facts = vec![Fact::new("", name(&state)).tone(tone)];
    facts.extend(told("", fields, tone));
    facts
}

/// A line for each field; what is long is cut, and egret's own record is not repeated.
pub(super) fn told(label: &'static str, fields: &[Difference], tone: Tone) -> Vec<Fact> {
    let mut facts: Vec<Fact> = fields
        .iter()
        .take(FIELDS)
        .map(|field| Fact::new(label, format!("  {}", words(field))).tone(tone))
        .collect();
    if fields.len() > FIELDS {
        facts.push(Fact::new(label, format!("  and {} more", fields.len() - FIELDS)).tone(Tone::Muted));
    }
    facts
}

/// A field that differs, in a line or two.
fn words(field: &Difference) -> String {
    if field.path.field_names().last() == Some(TEMPLATE) {
        return format!("{}: egret's record of the pod template", field.path);
    }
    let value = |value: &Option<Value>, absent: &str| match value {
        None => absent.to_owned(),
        Some(value) => {
            let text = fields::plain(value);
            let cut: String = text.chars().take(LONGEST).collect();
            if cut.len() < text.len() { format!("{cut}…") } else { cut }
        }
    };
    let who = if field.managers.is_empty() {
        String::new()
    } else {
        format!(" (by {})", field.managers.join(", "))
    };
    format!(
        "{}: {}, should be {}{who}",
        field.path,
        value(&field.live, "not there"),
        value(&field.desired, "gone")
    )
}

fn servers_section(servers: Option<&Result<Vec<ServerMtls>, Fault>>) -> Option<Section> {
    let facts = match servers? {
        Err(fault) => vec![Fact::new("", fault.summary.clone()).tone(Tone::Warn).note(fault.hint.clone())],
        Ok(servers) if servers.is_empty() => {
            vec![
                Fact::new("", "No Gateway of Istio selects these pods, so they listen on no port.")
                    .tone(Tone::Muted),
            ]
        }
        Ok(servers) => servers.iter().flat_map(server).collect(),
    };
    Some(Section::new("Servers, and mesh mTLS of their clients", facts))
}

fn server(server: &ServerMtls) -> Vec<Fact> {
    let label = format!("{} {}", server.port, server.protocol);
    let mut facts = Vec::new();
    for case in server.cases() {
        let tone = if case.state.is_broken() { Tone::Bad } else { Tone::Good };
        let hosts = server.hosts.join(", ");
        let value = format!("{} for {}: {}", case.state, case.clients, case.why);
        facts.push(Fact::new(label.clone(), value).tone(tone).note(format!("{} · {hosts}", server.gateway)));
        facts.extend(case.remedy.iter().map(|remedy| Fact::new("", remedy.clone()).tone(Tone::Warn)));
        facts.extend(case.cautions.iter().map(|caution| Fact::new("", caution.clone()).tone(Tone::Warn)));
    }
    facts
}

/// A clock time.
pub(super) fn at(time: Timestamp) -> String {
    time.to_zoned(clock::zone()).strftime("%H:%M:%S").to_string()
}
