//! What a change would do, found out before anything is written.

use serde_json::Value;

use super::Kept;
use crate::model::edit::diff::{Changed, changes, visible};
use crate::model::edit::merge::Merged;
use crate::model::edit::{Change, Path, Target};
use crate::model::fault::Fault;
use crate::model::table::Tone;

/// Something to know of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// How much it matters.
    pub tone: Tone,
    /// A sentence, without a stop where it is one of a list.
    pub text: String,
}

impl Note {
    /// A note.
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { tone, text: text.into() }
    }
}

/// What a change would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// The object.
    pub target: Target,
    /// What would be carried out: for an edit, `before` is the object as it is now, and `after` has what others changed
    /// meanwhile too.
    pub change: Change,
    /// What differs between the object as it is and what the server would store, defaults included.
    pub changed: Vec<Changed>,
    /// What others changed since the edit was begun, and what is kept of it.
    pub meanwhile: Vec<Changed>,
    /// What both changed, to be chosen: nothing was asked of the server then. `after` has the own side of it.
    pub clashing: Option<Box<Merged>>,
    /// What the server would store; `None` for a deletion, and where it was not asked.
    pub stored: Option<Value>,
    /// Who keeps the object.
    pub kept: Option<Kept>,
    /// What comes of it.
    pub notes: Vec<Note>,
    /// Why the server did not check it, where it did not.
    pub unchecked: Option<String>,
    /// Why a name has to be typed for it: each a sentence.
    pub grave: Vec<String>,
}

impl Checked {
    /// Nothing is known yet of this change.
    pub fn new(target: Target, change: Change) -> Self {
        Self {
            target,
            change,
            changed: Vec::new(),
            meanwhile: Vec::new(),
            clashing: None,
            stored: None,
            kept: None,
            notes: Vec::new(),
            unchecked: None,
            grave: Vec::new(),
        }
    }

    /// Whether carrying it out would change nothing.
    pub fn is_idle(&self) -> bool {
        matches!(self.change, Change::Edit { .. }) && self.changed.is_empty() && self.clashing.is_none()
    }
}

/// Why a change cannot be made as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// What happened, and what to do.
    pub fault: Fault,
    /// The fields it is about, each with why.
    pub fields: Vec<(Path, String)>,
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        let field = |(path, why): &(String, String)| Some((path.parse().ok()?, why.clone()));
        let fields = fault.causes.iter().filter_map(field).collect();
        Self { fault, fields }
    }
}

/// A change that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// The object.
    pub target: Target,
    /// As it was before; `None`: it was not there.
    pub before: Option<Value>,
    /// As it is after; `None`: it is gone, or going.
    pub after: Option<Value>,
    /// What there is to say, in a sentence.
    pub said: String,
}

impl Made {
    /// Whether it makes sense to take it back. A pod that was deleted has been replaced by its owner: one more of it would be
    /// one too many, and be deleted in turn.
    pub fn can_be_undone(&self) -> bool {
        let owners = self.before.as_ref().and_then(|pod| pod["metadata"]["ownerReferences"].as_array());
        let is_kept = owners.is_some_and(|all| all.iter().any(|owner| owner["controller"] == true));
        !(self.target.kind == "Pod" && self.after.is_none() && is_kept)
    }

    /// The change as one to choose from: with what it changed, or one cannot be told from the next of the same object.
    pub fn in_words(&self) -> String {
        let (Some(before), Some(after)) = (&self.before, &self.after) else { return self.said.clone() };
        let fields = changes(&visible(before), &visible(after));
        let Some(first) = fields.first() else { return self.said.clone() };
        let rest = if fields.len() > 1 { format!(", {} more", fields.len() - 1) } else { String::new() };
        format!("{} in {}: {}{rest}", self.target.name, self.target.cluster, first.in_words())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn two_changes_of_one_object_can_be_told_apart() {
        let target = Target {
            cluster: "prod".into(),
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            namespace: "ns".into(),
            name: "out".into(),
        };
        let made = |before: Option<Value>, after: Option<Value>| Made {
            target: target.clone(),
            before,
            after,
            said: "prod: it is gone.".into(),
        };
        let of = |n: i32, version: &str| json!({"metadata": {"resourceVersion": version}, "spec": {"replicas": n}});
        let scaled = made(Some(of(2, "1")), Some(of(5, "2")));
        assert_eq!(scaled.in_words(), "out in prod: spec.replicas: 2 → 5");
        let mut more = of(3, "3");
        more["spec"]["paused"] = json!(true);
        assert_eq!(
            made(Some(of(5, "2")), Some(more)).in_words(),
            "out in prod: spec.replicas: 5 → 3, 1 more"
        );
        assert_eq!(made(Some(of(5, "2")), None).in_words(), "prod: it is gone.");
    }

    #[test]
    fn a_pod_that_its_owner_has_replaced_is_not_made_again() {
        let owned = json!({"metadata": {"ownerReferences": [{"kind": "ReplicaSet", "controller": true}]}});
        let bare = json!({"metadata": {}});
        for (kind, before, after, wanted) in [
            ("Pod", Some(owned.clone()), None, false),
            ("Pod", Some(bare.clone()), None, true),
            ("Pod", Some(owned.clone()), Some(owned.clone()), true),
            ("Service", Some(owned), None, true),
            ("Pod", None, Some(bare), true),
        ] {
            let target = Target {
                cluster: "prod".into(),
                api_version: "v1".into(),
                kind: kind.into(),
                namespace: "ns".into(),
                name: "out".into(),
            };
            let made = Made { target, before, after, said: String::new() };
            assert_eq!(made.can_be_undone(), wanted, "{made:?}");
        }
    }
}
