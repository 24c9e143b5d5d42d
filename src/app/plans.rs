//! What a deed would do, in words: the question shows them before anything is written.

use serde_json::Value;

use super::standing::told;
use crate::materialize::adopt;
use crate::materialize::change::rolling;
use crate::materialize::compare::Difference;
use crate::materialize::fields::FieldPath;
use crate::materialize::forgetting::Forgetting;
use crate::materialize::install;
use crate::materialize::report::{PartState, Place};
use crate::materialize::{Part, Problem, Report, statistics};
use crate::model::facts::{Fact, Section};
use crate::model::fault::{Fault, Reason};
use crate::model::table::Tone;
use crate::model::yaml;

/// Gateways that are told one by one; more are counted.
const GATEWAYS: usize = 200;

fn line(text: impl Into<String>) -> Fact {
    Fact::new("", text)
}

/// Whether a pass over these would write nothing.
pub fn is_idle(all: &[(String, Report)]) -> bool {
    all.iter().all(|(_, report)| work(report).is_empty())
}

/// Keeping the gateways of a cluster: what would be done first.
pub fn keep(namespace: &str, all: &[(String, Report)]) -> Vec<Section> {
    let changed = all.iter().filter(|(_, report)| !work(report).is_empty()).count();
    let restarts = all.iter().filter(|(_, report)| report.places.iter().any(restarts)).count();
    let pods = match restarts {
        0 => "no pods are replaced".to_owned(),
        1 => "the pods of 1 are replaced".to_owned(),
        more => format!("the pods of {more} are replaced"),
    };
    let mut facts = vec![line(match (all.len(), changed) {
        (0, _) => format!("There is no IstioGateway in {namespace} yet."),
        (all, 0) => format!("Of {all} gateways in {namespace} none would be changed."),
        (all, changed) => {
            format!("Of {all} gateways in {namespace} {changed} would be made or changed; {pods}.")
        }
    })];
    if restarts > 0 {
        facts[0].tone = Tone::Warn;
    }
    facts.push(line(
        "This screen takes the lease, keeps the gateways until you stop it or quit, and gives the lease back then. While \
         another egret has the lease it waits.",
    ));
    let mut sections = vec![Section::new("What it would do", facts)];
    let worth = all.iter().filter(|(_, report)| !work(report).is_empty() || !trouble(report).is_empty());
    for (name, report) in worth.clone().take(GATEWAYS) {
        let mut facts = trouble(report);
        facts.extend(work(report));
        sections.push(Section::new(name.clone(), facts));
    }
    let more = worth.count().saturating_sub(GATEWAYS);
    if more > 0 {
        sections.push(Section::new("", vec![line(format!("and {more} more"))]));
    }
    sections
}

/// Ending that.
pub fn stop(cluster: &crate::model::name::ClusterName) -> Vec<Section> {
    vec![Section::new(
        "What it means",
        vec![
            line(format!(
                "The lease of {cluster} is given back. Gateways and their objects stay as they are."
            )),
            line(
                "From then on changes of an IstioGateway are not acted on, unless another egret takes the lease.",
            ),
        ],
    )]
}

/// Pausing.
pub fn pause(report: &Report) -> Vec<Section> {
    let mut facts = vec![
        line("Its objects are left as they are, whoever edits them and whatever the IstioGateway asks for."),
        line("Nothing restarts. The status tells what is not as it should be."),
    ];
    let now = all_work(report);
    if !now.is_empty() {
        facts.push(line("Already not as it should be:"));
        facts.extend(now);
    }
    vec![Section::new("What it means", facts)]
}

/// Going on.
pub fn resume(report: &Report) -> Vec<Section> {
    let now = all_work(report);
    if now.is_empty() {
        return vec![Section::new(
            "What it means",
            vec![line("All is as it should be: nothing is changed.")],
        )];
    }
    vec![Section::new("What is put back", now)]
}

/// Rolling.
///
/// # Errors
/// When nothing is pending.
pub fn roll(report: &Report) -> Result<Vec<Section>, Fault> {
    let pending = report.places.iter().filter(|place| !place.pending.is_empty());
    let sections: Vec<Section> = pending
        .map(|place| {
            let mut facts = told("", &place.pending, Tone::Plain);
            facts.extend(
                place.live(Part::Deployment).map(|deployment| line(rolling(deployment)).tone(Tone::Warn)),
            );
            Section::new(format!("What the pods become{}", in_cluster(place)), facts)
        })
        .collect();
    if sections.is_empty() {
        let hint = "`kubectl rollout restart` restarts them as they are.";
        return Err(Fault::new(
            Reason::Invalid,
            "nothing is pending: its pods are what egret would build",
            hint,
        ));
    }
    Ok(sections)
}

/// Asking for statistics.
pub fn statistics(value: &str, keeper: &str, deployment: Option<&Value>) -> Vec<Section> {
    let mut facts = vec![
        line(
            "spec.podAnnotations gets the annotation below: patterns that are asked for already, by the gateway or by the mesh, are kept.",
        ),
        line(format!("{keeper} acts on it: the pod template changes.")),
    ];
    facts.extend(deployment.map(|deployment| line(rolling(deployment)).tone(Tone::Warn)));
    let patterns = value.split(',').map(|pattern| line(pattern.to_owned())).collect();
    vec![Section::new("What it means", facts), Section::new(statistics::ANNOTATION, patterns)]
}

/// Releasing.
pub fn release(report: &Report) -> Vec<Section> {
    let mut sections = vec![Section::new(
        "What it means",
        vec![
            line(
                "The IstioGateway goes, and with it egret's hold on these objects. They stay, and so do pods and addresses.",
            ),
            line("Nobody brings them about any more. `adopt` takes them back."),
        ],
    )];
    for place in &report.places {
        let objects = place.parts.iter().filter(|part| part.live.is_some());
        let facts = objects.map(|part| line(format!("{} {}", part.part, part.name))).collect();
        sections.push(Section::new(format!("What stays{}", in_cluster(place)), facts));
    }
    sections
}

/// Adopting.
pub fn adopt(plan: &adopt::Plan) -> Vec<Section> {
    let restart = if plan.restarts {
        line("They are REPLACED: their template would be another.").tone(Tone::Bad)
    } else {
        line("They stay: the server would keep their template as it is (dry run).").tone(Tone::Good)
    };
    let mut pods = vec![restart];
    if !plan.pending.is_empty() {
        pods.push(line("egret would build them differently. That waits until you roll the gateway:"));
        pods.extend(told("", &plan.pending, Tone::Plain));
    }
    let mut sections = vec![Section::new("Its pods", pods)];
    if !plan.draft.notes.is_empty() {
        let notes = plan.draft.notes.iter().map(|note| line(note.clone()).tone(Tone::Warn)).collect();
        sections.push(Section::new("First", notes));
    }
    let mut objects = Vec::new();
    for (part, name, changes) in &plan.changes {
        match changes {
            None => objects.push(line(format!("{part} {name}: is made"))),
            Some(fields) if fields.is_empty() => objects.push(line(format!("{part} {name}: stays as it is"))),
            Some(fields) => {
                objects.push(line(format!("{part} {name}: changes")).tone(Tone::Warn));
                objects.extend(told("", fields, Tone::Warn));
            }
        }
        if let Some(managers) = plan.managers.get(part).filter(|managers| !managers.is_empty()) {
            objects.push(line(format!("  its fields are of {} now", managers.join(", "))).tone(Tone::Muted));
        }
    }
    sections.push(Section::new("Its objects", objects));
    let spec = yaml::to_yaml(&plan.draft.gateway["spec"], false).unwrap_or_default();
    let name = plan.draft.gateway["metadata"]["name"].as_str().unwrap_or_default();
    sections.push(Section::new(format!("IstioGateway {name} would say"), spec.lines().map(line).collect()));
    sections
}

/// Installing.
pub fn install(plan: &install::Plan) -> Vec<Section> {
    let objects = plan
        .objects
        .iter()
        .map(|object| line(format!("{}: {}", object.in_words(), object.what.word())))
        .collect();
    let mut sections = vec![Section::new("What it would do", objects)];
    let mut notes: Vec<Fact> = plan.notes.iter().map(|note| line(note.clone())).collect();
    notes.push(line("Then `keep` has this screen keep the gateways, or `egret install --image …` a controller in the cluster."));
    sections.push(Section::new("To know", notes));
    sections
}

/// Forgetting a cluster.
pub fn forget(forgetting: &Forgetting) -> Vec<Section> {
    vec![Section::new("What it means", forgetting.in_words().into_iter().map(line).collect())]
}

fn in_cluster(place: &Place) -> String {
    place.cluster_id.as_ref().map(|id| format!(" in cluster {id}")).unwrap_or_default()
}

/// What stands in the way of a gateway.
fn trouble(report: &Report) -> Vec<Fact> {
    let mut facts: Vec<Fact> = report
        .problems
        .iter()
        .filter(|problem| problem.is_error())
        .map(|problem: &Problem| line(format!("wrong, so it is left alone: {problem}")).tone(Tone::Bad))
        .collect();
    facts.extend(report.all_faults().iter().map(|fault| line(fault.summary.clone()).tone(Tone::Warn)));
    for part in report.places.iter().flat_map(|place| &place.parts) {
        if let PartState::Conflict(who) = &part.state {
            facts.push(line(format!("{} {} belongs to {who}", part.part, part.name)).tone(Tone::Bad));
        }
    }
    facts
}

/// What a pass would do, if the gateway is not paused.
fn work(report: &Report) -> Vec<Fact> {
    if report.paused { Vec::new() } else { all_work(report) }
}

fn all_work(report: &Report) -> Vec<Fact> {
    if report.deleting {
        return vec![line("it is on its way out: what it left is taken away").tone(Tone::Warn)];
    }
    let conflicts =
        |place: &Place| place.parts.iter().any(|part| matches!(part.state, PartState::Conflict(_)));
    let places = report.places.iter().filter(|place| !conflicts(place));
    places.flat_map(place_work).collect()
}

fn place_work(place: &Place) -> Vec<Fact> {
    let mut facts = Vec::new();
    let which = in_cluster(place);
    for part in &place.parts {
        let object = format!("{} {}{which}", part.part, part.name);
        match &part.state {
            PartState::Held => facts.push(line(format!("{object}: is made"))),
            PartState::ToTake => facts.push(line(format!("{object}: is taken over")).tone(Tone::Warn)),
            PartState::Drifted(fields) if fields.is_empty() => {
                facts.push(line(format!("{object}: is taken away")).tone(Tone::Warn));
            }
            PartState::Drifted(fields) => {
                facts.push(line(format!("{object}: is changed")).tone(Tone::Warn));
                facts.extend(told("", fields, Tone::Warn));
            }
            _ => {}
        }
    }
    if restarts(place)
        && let Some(deployment) = place.live(Part::Deployment)
    {
        facts.push(line(rolling(deployment)).tone(Tone::Bad));
    }
    facts
}

/// Whether a pass would replace the pods.
fn restarts(place: &Place) -> bool {
    let template = FieldPath::of_fields("spec.template");
    place.parts.iter().any(|part| match &part.state {
        PartState::Drifted(fields) if part.part == Part::Deployment => {
            fields.iter().any(|field: &Difference| field.path.is_below(&template))
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roll_of_what_is_not_pending_is_refused_with_what_to_do_instead() {
        let fault = roll(&Report { places: vec![Place::default()], ..Report::default() }).unwrap_err();
        assert!(fault.summary.contains("nothing is pending") && fault.hint.contains("rollout restart"));
    }
}
