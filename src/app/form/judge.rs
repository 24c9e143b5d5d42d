//! What is wrong with what is filled in, each at the place of the form that it speaks of.

use std::str::FromStr;

use serde_json::Value;

use super::field::{Kind, Step};
use super::table::FIELDS;
use super::value::{self, Spot};
use super::{Form, Purpose};
use crate::materialize::validate;
use crate::materialize::validate::{Problem, Severity};
use crate::model::edit::Path;
use crate::model::istio_gateway::IstioGateway;
use crate::model::knowledge::{Knowledge, Sort};

/// Problems that are told: who has so many does not read on.
const MOST: usize = 100;

/// Longest name of a port that a container can have too.
const PORT_NAME: usize = 15;

/// A problem and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The place of the form; `None`: no field of it, only the YAML.
    pub spot: Option<Spot>,
    /// What is wrong.
    pub problem: Problem,
}

impl Placed {
    /// What is wrong and what would be right, in a sentence.
    pub fn sentence(&self) -> String {
        let Problem { why, example, .. } = &self.problem;
        if example.is_empty() { format!("{why}.") } else { format!("{why} (try: {example}).") }
    }
}

impl Form {
    /// Finds out again what is wrong.
    pub(in crate::app) fn judge(&mut self) {
        self.gateway = IstioGateway::read(&self.object).ok();
        let pending = self.pending.iter().map(|(spot, pending)| Placed {
            spot: Some(*spot),
            problem: Problem::error(spot.path(&self.object).to_string(), pending.why.clone(), ""),
        });
        let mut problems: Vec<Placed> = pending.collect();
        let refused: Vec<Problem> = self
            .refused
            .iter()
            .filter(|(path, value, _)| path.get(&self.object) == value.as_ref())
            .map(|(path, _, why)| note(&path.to_string(), format!("the server refused it: {why}"), ""))
            .collect();
        let found = found(&self.object).into_iter().chain(self.own()).chain(refused).take(MOST);
        problems.extend(found.map(|problem| Placed { spot: place(&self.object, &problem.path), problem }));
        if let Purpose::Single(fields) = &self.purpose {
            problems.retain(|p| p.spot.is_some_and(|spot| fields.contains(&spot.field)));
        }
        problems.sort_by_key(|placed| placed.problem.severity);
        self.problems = problems;
    }

    /// What is wrong.
    pub fn problems(&self) -> &[Placed] {
        &self.problems
    }

    /// What is wrong at one place, the worst first.
    pub(super) fn problem_at(&self, spot: Spot) -> Option<&Placed> {
        self.problems.iter().find(|placed| placed.spot == Some(spot))
    }

    /// What keeps this from being written: what an existing object had already does not.
    pub(super) fn blocks(&self) -> Vec<&Placed> {
        let before = self.draft.before.as_ref().map(found).unwrap_or_default();
        let is_new = |placed: &&Placed| placed.problem.is_error() && !before.contains(&placed.problem);
        self.problems.iter().filter(is_new).collect()
    }

    /// What no look at the object alone can tell.
    fn own(&self) -> Vec<Problem> {
        let text = |path: &str| self.at(path).and_then(Value::as_str).unwrap_or_default();
        let (name, namespace) = (text("metadata.name"), text("metadata.namespace"));
        let mut found = Vec::new();
        let holding = self.known.of(&self.cluster);
        let key = (namespace.to_owned(), name.to_owned());
        if self.draft.before.is_none() && holding.is_some_and(|h| h.taken.contains(&key)) {
            let why = format!("{} has a gateway {name} in {namespace} already", self.cluster);
            found.push(Problem::error("metadata.name", why, format!("{name}-2")));
        }
        if namespace.is_empty() {
            found.push(Problem::error("metadata.namespace", "a gateway is in a namespace", "istio-system"));
        }
        let ids = self.at("spec.clusterIds").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if ids.is_empty() && holding.is_some_and(|h| h.is_asm) {
            let why = "ASM makes it in the clusters that are named here, and none is";
            found.push(note("spec.clusterIds", why, "the id of a cluster of the mesh"));
        }
        let is_unknown = |id: &&str| !self.cluster_ids().iter().any(|known| known == id);
        if let Some(id) = ids.iter().filter_map(Value::as_str).find(is_unknown) {
            found.push(note(
                "spec.clusterIds",
                format!("no open or configured cluster has the id {id:?}"),
                "",
            ));
        }
        for list in ["ports", "meshExpansionPorts"] {
            let ports = self.at(&format!("spec.{list}")).and_then(Value::as_array);
            for (at, port) in ports.into_iter().flatten().enumerate() {
                if port["name"].as_str().is_some_and(|name| name.len() > PORT_NAME) {
                    let why = "more than 15 characters: no port of a container can be called so";
                    found.push(note(&format!("spec.{list}[{at}].name"), why, ""));
                }
            }
        }
        if let Some(knowledge) = &self.knowledge {
            self.missing(knowledge, namespace, &mut found);
        }
        found
    }

    /// What is named and is not there.
    fn missing(&self, known: &Knowledge, namespace: &str, found: &mut Vec<Problem>) {
        let reads = |sort| known.fault(sort).is_none();
        if reads(Sort::Namespaces)
            && !namespace.is_empty()
            && !known.namespaces.iter().any(|n| n == namespace)
        {
            let why = format!("{} has no namespace {namespace}", self.cluster);
            found.push(note("metadata.namespace", why, ""));
        }
        // Of another cluster's Secrets nothing is known here.
        let elsewhere =
            self.at("spec.clusterIds").and_then(Value::as_array).is_some_and(|ids| !ids.is_empty());
        if elsewhere {
            return;
        }
        let volumes = [
            ("secretVolumes", "secretName", Sort::Secrets, "Secret", &known.secrets),
            ("configVolumes", "configMapName", Sort::ConfigMaps, "ConfigMap", &known.config_maps),
        ];
        for (list, field, sort, kind, names) in volumes {
            let items = self.at(&format!("spec.{list}")).and_then(Value::as_array);
            for (at, item) in items.into_iter().flatten().enumerate().filter(|_| reads(sort)) {
                let name = item[field].as_str().unwrap_or_default();
                let is_there = names.iter().any(|(ns, n)| ns == namespace && n == name);
                if !name.is_empty() && !is_there {
                    let why = format!("{namespace} has no {kind} {name} now");
                    found.push(note(&format!("spec.{list}[{at}].{field}"), why, ""));
                }
            }
        }
    }

    /// The value at a path.
    pub(super) fn at(&self, path: &str) -> Option<&Value> {
        Path::from_str(path).ok()?.get(&self.object)
    }
}

fn note(path: &str, why: impl Into<String>, example: &str) -> Problem {
    Problem { severity: Severity::Note, ..Problem::error(path, why, example) }
}

fn found(object: &Value) -> Vec<Problem> {
    match IstioGateway::read(object) {
        Ok(gateway) => validate(&gateway),
        Err(error) => {
            vec![Problem::error("metadata", format!("this is no metadata of an object: {error}"), "")]
        }
    }
}

/// The place that a problem speaks of: the one whose path leads furthest towards it.
fn place(object: &Value, path: &str) -> Option<Spot> {
    let wanted = Path::from_str(path).ok()?;
    let mut best: Option<(usize, Spot)> = None;
    for (at, field) in FIELDS.iter().enumerate() {
        let own = field.path();
        if own.0.is_empty() || !(wanted.is_below(&own) || own.is_below(&wanted)) {
            continue;
        }
        for spot in spots_of(at, object) {
            let there = spot.path(object);
            let fits = wanted.is_below(&there) || there.is_below(&wanted);
            // A key that is wrong is said of the key; a whole pair is said at it too.
            if fits && best.is_none_or(|(length, _)| there.0.len() > length) {
                best = Some((there.0.len(), spot));
            }
        }
    }
    best.map(|(_, spot)| spot)
}

/// The places of a field, in their order.
pub(super) fn spots_of(field: usize, object: &Value) -> Vec<Spot> {
    let Some(row) = FIELDS.get(field) else { return Vec::new() };
    let columns = row.kind.columns().len();
    if columns == 0 {
        return vec![Spot::of(field)];
    }
    let items = value::count(row, object);
    let cells = (0..items).flat_map(|item| (0..columns).map(move |column| Spot { field, item, column }));
    cells.chain([Spot { field, item: items, column: 0 }]).collect()
}

/// The step that a place is in.
pub(super) fn step_of(spot: Option<Spot>) -> Step {
    spot.map_or(Step::Review, |spot| spot.row().step)
}

/// Whether a place is a switch or a choice: it is turned, not typed.
pub(super) fn is_turned(spot: Spot) -> bool {
    !spot.kind().is_typed() || matches!(spot.kind(), Kind::Home)
}
