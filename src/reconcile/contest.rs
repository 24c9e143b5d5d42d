//! Fields that somebody else changes back after every write of ours (R9): egret stops, and says who.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::materialize::Part;
use crate::materialize::compare::Difference;
use crate::materialize::fields::{FieldPath, Step};

/// After so many times that a field was changed back it is left alone.
const ENOUGH: u32 = 2;

/// What egret wrote to one gateway in one cluster, and what became of it. Forgotten when the gateway changes, and with
/// the process: a new leader tries again.
#[derive(Clone, Debug, Default)]
pub struct Contest {
    wish: String,
    fields: BTreeMap<(Part, String), Field>,
}

#[derive(Clone, Debug)]
struct Field {
    written: Value,
    /// It was written since it was last found changed.
    is_fresh: bool,
    reverted: u32,
}

impl Contest {
    /// Begins anew when the gateway has changed, or somebody asks for it to be looked at now.
    pub fn at(&mut self, generation: i64, asked: Option<&str>) {
        let wish = format!("{generation} {}", asked.unwrap_or_default());
        if self.wish != wish {
            *self = Self { wish, fields: BTreeMap::new() };
        }
    }

    /// Parts the fields that differ in those to write and those that are contested. A field that egret wrote, and that
    /// somebody else has changed, was changed back.
    pub fn judge(&mut self, part: Part, differences: Vec<Difference>) -> (Vec<Difference>, Vec<Difference>) {
        let mut contested = |difference: &Difference| {
            let Some(desired) = &difference.desired else { return false };
            let Some(field) = self.fields.get_mut(&(part, difference.path.to_string())) else { return false };
            if field.is_fresh && field.written == *desired && !difference.managers.is_empty() {
                field.reverted += 1;
                field.is_fresh = false;
            }
            field.reverted >= ENOUGH
        };
        differences.into_iter().partition(|difference| !contested(difference))
    }

    /// Remembers what was written.
    pub fn wrote(&mut self, part: Part, differences: &[Difference]) {
        for difference in differences {
            let Some(desired) = &difference.desired else { continue };
            let field = self.fields.entry((part, difference.path.to_string()));
            let field = field.or_insert_with(|| Field { written: Value::Null, is_fresh: false, reverted: 0 });
            (field.written, field.is_fresh) = (desired.clone(), true);
        }
    }
}

/// Takes a field out of an object, so that an apply leaves it to whoever owns it.
pub fn leave_out(object: &mut Value, path: &FieldPath) {
    let Some((last, way)) = path.0.split_last() else { return };
    let parent = way.iter().try_fold(object, |value, step| match step {
        Step::Field(name) => value.get_mut(name),
        Step::Item(keys) => {
            let items = value.as_array_mut()?;
            items.iter_mut().find(|item| keys.iter().all(|(k, v)| item.get(k) == Some(v)))
        }
        Step::Value(_) => None,
    });
    if let (Some(Value::Object(parent)), Step::Field(name)) = (parent, last) {
        parent.shift_remove(name);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn differs(by: &[&str]) -> Difference {
        Difference {
            path: FieldPath::of_fields("spec.type"),
            desired: Some(json!("ClusterIP")),
            live: Some(json!("NodePort")),
            managers: by.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn a_field_that_is_changed_back_twice_is_contested_until_the_gateway_changes() {
        let mut contest = Contest::default();
        contest.at(1, None);
        for round in 0..2 {
            let (write, left) = contest.judge(Part::Service, vec![differs(&["argocd"])]);
            assert_eq!((write.len(), left.len()), (1, 0), "round {round}");
            contest.wrote(Part::Service, &write);
        }
        let (write, left) = contest.judge(Part::Service, vec![differs(&["argocd"])]);
        assert_eq!((write.len(), left), (0, vec![differs(&["argocd"])]));
        contest.at(1, Some("now"));
        let (write, left) = contest.judge(Part::Service, vec![differs(&["argocd"])]);
        assert_eq!((write.len(), left.len()), (1, 0), "somebody asked for another try");
        contest.at(2, Some("now"));
        let (write, left) = contest.judge(Part::Service, vec![differs(&["argocd"])]);
        assert_eq!((write.len(), left.len()), (1, 0));
    }

    #[test]
    fn a_write_of_ours_that_failed_is_nobodys_doing() {
        let mut contest = Contest::default();
        for _ in 0..5 {
            let (write, left) = contest.judge(Part::Service, vec![differs(&[])]);
            assert_eq!((write.len(), left.len()), (1, 0));
            contest.wrote(Part::Service, &write);
        }
    }

    #[test]
    fn what_is_left_out_is_that_field_alone() {
        let mut object =
            json!({"spec": {"ports": [{"port": 80, "protocol": "TCP", "name": "a"}], "type": "x"}});
        let item = json!({"port": 80, "protocol": "TCP"}).as_object().unwrap().clone();
        let path = FieldPath::of_fields("spec.ports").then(Step::Item(item)).then(Step::Field("name".into()));
        leave_out(&mut object, &path);
        leave_out(&mut object, &FieldPath::of_fields("spec.type"));
        leave_out(&mut object, &FieldPath::of_fields("no.such"));
        assert_eq!(object, json!({"spec": {"ports": [{"port": 80, "protocol": "TCP"}]}}));
    }
}
