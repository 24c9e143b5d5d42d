//! Pod templates that egret would build differently now, though nobody asked for another (R5).
//!
//! The Deployment records what its template was built from and what came of it. While the gateway asks for the same, the
//! recorded template stays, whatever a newer egret or mesh would make of it: the difference is *pending* until somebody
//! rolls it. A change of the gateway's own means new pods anyway, and takes what is pending along.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::compare::{Difference, differences};
use super::names::TEMPLATE;
use super::objects::Desired;
use crate::model::digest::digest;

/// What the annotation [`TEMPLATE`] holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Record {
    /// What of the gateway the template was built from, as a short text.
    input: String,
    /// The template as it was built.
    template: Value,
    /// The revision that egret chose for it, where the gateway named none and the mesh's default was not meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
}

/// Puts the template that is to be applied into a Deployment, with its record. Returns how the one that would be built
/// now differs from it.
pub fn settle(
    deployment: &mut Desired,
    input: &Value,
    revision: Option<&str>,
    live: Option<&Value>,
    hold: bool,
) -> Vec<Difference> {
    let input = digest(&input.to_string());
    let recorded = live.and_then(record).filter(|record| hold || record.input == input);
    let built = deployment.0["spec"]["template"].clone();
    let (record, pending) = match recorded {
        Some(record) => {
            let pending = differences(&built, &record.template);
            let gone = differences(&record.template, &built);
            let gone = gone.into_iter().filter(|d| d.live.is_none()).map(|d| Difference {
                desired: None,
                live: d.desired,
                ..d
            });
            (record, pending.into_iter().chain(gone).collect())
        }
        None => (Record { input, template: built, revision: revision.map(str::to_owned) }, Vec::new()),
    };
    deployment.0["spec"]["template"] = record.template.clone();
    if let Ok(text) = serde_json::to_string(&record) {
        deployment.0["metadata"]["annotations"][TEMPLATE] = text.into();
    }
    pending
}

/// The record for a Deployment that is taken over: its own template stays, whatever would be built for it (R11).
pub fn as_it_is(template: Value, input: &Value, revision: Option<&str>) -> Option<String> {
    let record =
        Record { input: digest(&input.to_string()), template, revision: revision.map(str::to_owned) };
    serde_json::to_string(&record).ok()
}

/// The revision that was chosen for a live Deployment; `None` for one that egret did not make, whose pods have theirs.
pub fn chosen_revision(live: &Value) -> Option<Option<String>> {
    record(live).map(|record| record.revision)
}

/// Whether a live Deployment says what its template was built from.
pub fn has_record(live: &Value) -> bool {
    live["metadata"]["annotations"].get(TEMPLATE).is_some()
}

/// The record of a live Deployment; `None` for one that has none, or none that can be used.
fn record(live: &Value) -> Option<Record> {
    let text = live["metadata"]["annotations"][TEMPLATE].as_str()?;
    let record: Record = serde_json::from_str(text).ok()?;
    // Whatever somebody wrote there, the template must have the labels that select its pods.
    let labels = &record.template["metadata"]["labels"];
    let mut selected = live["spec"]["selector"]["matchLabels"].as_object()?.iter();
    selected.all(|(key, value)| labels.get(key) == Some(value)).then_some(record)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn built(image: &str) -> Desired {
        Desired(json!({"metadata": {"name": "d"}, "spec": {
            "selector": {"matchLabels": {"app": "a"}},
            "template": {"metadata": {"labels": {"app": "a"}}, "spec": {"image": image}},
        }}))
    }

    fn image(deployment: &Desired) -> &str {
        deployment.0["spec"]["template"]["spec"]["image"].as_str().unwrap()
    }

    #[test]
    fn a_template_that_only_egret_would_change_stays_and_is_pending() {
        let input = json!({"podLabels": null});
        let mut first = built("old");
        assert_eq!(settle(&mut first, &input, None, None, false), []);
        let mut second = built("new");
        let pending = settle(&mut second, &input, None, Some(&first.0), false);
        assert_eq!(
            pending.iter().map(Difference::in_words).collect::<Vec<_>>(),
            ["spec.image: old, should be new"]
        );
        assert_eq!((image(&second), &second.0), ("old", &first.0), "what is there is desired as it is");
    }

    #[test]
    fn a_change_of_the_gateway_takes_what_is_pending_along() {
        let mut first = built("old");
        settle(&mut first, &json!({"roll": null}), None, None, false);
        let mut second = built("new");
        assert_eq!(settle(&mut second, &json!({"roll": "1"}), None, Some(&first.0), false), []);
        assert_eq!(image(&second), "new");
    }

    #[test]
    fn what_is_held_keeps_its_template_whatever_the_gateway_asks_for() {
        let mut first = built("old");
        settle(&mut first, &json!(1), None, None, true);
        assert_eq!(image(&first), "old", "nothing to hold to");
        let mut second = built("new");
        assert_eq!(settle(&mut second, &json!(2), None, Some(&first.0), true).len(), 1);
        assert_eq!(image(&second), "old");
    }

    #[test]
    fn a_record_that_would_select_other_pods_is_not_used() {
        let input = json!(1);
        let mut live = built("old");
        settle(&mut live, &input, None, None, false);
        let text = live.0["metadata"]["annotations"][TEMPLATE].as_str().unwrap().replace("\"a\"", "\"b\"");
        live.0["metadata"]["annotations"][TEMPLATE] = text.into();
        let mut second = built("new");
        assert_eq!(settle(&mut second, &input, None, Some(&live.0), false), []);
        assert_eq!(image(&second), "new");
    }
}
