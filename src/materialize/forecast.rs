//! What the next pass would do to a gateway, in lines: shown before a controller first takes the lease (R4).

use super::Part;
use super::compare::Difference;
use super::fields::FieldPath;
use super::report::{PartReport, PartState, Place, Report};

/// What a pass would do, from a look that wrote nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    /// Objects that would be made.
    pub created: usize,
    /// Objects that would be changed, or taken over.
    pub changed: usize,
    /// Objects that would be taken away.
    pub removed: usize,
    /// Whether its pods would be replaced.
    pub restarts: bool,
    /// Each of these in words, and what stands in the way.
    pub lines: Vec<String>,
}

impl Forecast {
    /// Of one gateway.
    pub fn of(report: &Report) -> Self {
        let mut forecast = Self::default();
        let says = |what: &str| Self { lines: vec![what.to_owned()], ..Self::default() };
        match (report.gone, report.deleting, report.paused) {
            (true, _, _) => return says("it is gone"),
            (_, true, _) => return says("it is on its way out: what it has in other clusters is cleaned up"),
            (_, _, true) => return says("it is paused: left as it is"),
            _ => {}
        }
        let wrong = report.problems.iter().filter(|problem| problem.is_error());
        forecast.lines.extend(wrong.map(|problem| format!("wrong: {problem}")));
        for place in &report.places {
            forecast.add(place);
        }
        forecast.lines.extend(report.faults.iter().map(|fault| fault.summary.clone()));
        forecast
    }

    /// Whether nothing would be done and nothing stands in the way.
    pub fn is_quiet(&self) -> bool {
        self.lines.is_empty()
    }

    /// In a few words: `creates 6, changes 1, restarts its pods`.
    pub fn in_words(&self) -> String {
        let counted = [("creates", self.created), ("changes", self.changed), ("removes", self.removed)];
        let mut words: Vec<String> =
            counted.iter().filter(|(_, n)| *n > 0).map(|(verb, n)| format!("{verb} {n}")).collect();
        if self.restarts {
            words.push("restarts its pods".to_owned());
        }
        if words.is_empty() { "writes nothing".to_owned() } else { words.join(", ") }
    }

    fn add(&mut self, place: &Place) {
        let cluster = place.cluster_id.as_ref().map(|id| format!("cluster {id}: ")).unwrap_or_default();
        for part in &place.parts {
            let lines = self.part(part);
            self.lines.extend(
                lines.into_iter().map(|line| format!("{cluster}{} {}: {line}", part.part, part.name)),
            );
        }
        if !place.pending.is_empty() {
            let fields = place.pending.len();
            self.lines.push(format!(
                "{cluster}{fields} fields of the pod template stay pending until it is rolled"
            ));
        }
        self.lines.extend(place.faults.iter().map(|fault| fault.summary.clone()));
    }

    fn part(&mut self, part: &PartReport) -> Vec<String> {
        match &part.state {
            PartState::InSync | PartState::Created | PartState::Changed(_) | PartState::Removed => Vec::new(),
            PartState::Held => {
                self.created += 1;
                vec!["created".to_owned()]
            }
            PartState::Drifted(fields) if fields.is_empty() => {
                self.removed += 1;
                vec!["removed".to_owned()]
            }
            PartState::Drifted(fields) => {
                self.changed += 1;
                self.restarts |= part.part == Part::Deployment && fields.iter().any(is_in_template);
                fields.iter().map(Difference::in_words).collect()
            }
            PartState::ToTake => {
                self.changed += 1;
                vec!["taken over".to_owned()]
            }
            PartState::Contested(fields) => {
                fields.iter().map(|f| format!("contested: {}", f.in_words())).collect()
            }
            PartState::Conflict(who) => vec![format!("belongs to {who}: nothing is written")],
            PartState::Failed(fault) => vec![fault.summary.clone()],
        }
    }
}

/// Whether a field is of the pods: another value means other pods.
fn is_in_template(difference: &Difference) -> bool {
    difference.path.is_below(&FieldPath::of_fields("spec.template"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn differs(path: &str) -> Difference {
        Difference {
            path: FieldPath::of_fields(path),
            desired: Some(json!(2)),
            live: Some(json!(5)),
            managers: Vec::new(),
        }
    }

    fn part(part: Part, state: PartState) -> PartReport {
        PartReport { part, name: "istio-out".into(), state, live: None }
    }

    #[test]
    fn what_would_be_made_changed_taken_away_and_restarted_is_counted_and_told() {
        let parts = vec![
            part(Part::Service, PartState::Held),
            part(Part::Deployment, PartState::Drifted(vec![differs("spec.replicas")])),
            part(Part::EnvoyFilter, PartState::Drifted(Vec::new())),
            part(Part::Role, PartState::InSync),
            part(Part::RoleBinding, PartState::Conflict("Helm".into())),
        ];
        let place = Place { cluster_id: Some("c1".into()), parts, ..Place::default() };
        let mut report = Report { places: vec![place], ..Report::default() };
        let forecast = Forecast::of(&report);
        assert_eq!(forecast.in_words(), "creates 1, changes 1, removes 1");
        assert_eq!(
            forecast.lines,
            [
                "cluster c1: Service istio-out: created",
                "cluster c1: Deployment istio-out: spec.replicas: 5, should be 2",
                "cluster c1: EnvoyFilter istio-out: removed",
                "cluster c1: RoleBinding istio-out: belongs to Helm: nothing is written",
            ]
        );
        report.places[0].parts[1].state = PartState::Drifted(vec![differs("spec.template.spec.dnsPolicy")]);
        assert!(Forecast::of(&report).restarts);
        report.paused = true;
        assert_eq!(Forecast::of(&report).in_words(), "writes nothing");
        assert!(Forecast::of(&Report::default()).is_quiet());
    }
}
