//! Fields that nobody owns, and those that one way of writing leaves to another.

use std::sync::LazyLock;

use super::diff::Change;
use super::fields::{Fields, Node, Step};
use crate::demo::schema::Schema;

/// Fields that the server writes, or that say which object it is.
static NOBODYS: LazyLock<Fields> = LazyLock::new(|| {
    Fields::of(&[
        &["apiVersion"],
        &["kind"],
        &["metadata"],
        &["metadata", "name"],
        &["metadata", "namespace"],
        &["metadata", "creationTimestamp"],
        &["metadata", "selfLink"],
        &["metadata", "uid"],
        &["metadata", "clusterName"],
        &["metadata", "generation"],
        &["metadata", "managedFields"],
        &["metadata", "resourceVersion"],
    ])
});

static STATUS: LazyLock<Fields> = LazyLock::new(|| Fields::of(&[&["status"]]));
static SPEC: LazyLock<Fields> = LazyLock::new(|| Fields::of(&[&["spec"]]));
/// What `/status` of a kind leaves alone, where that is not the spec alone.
static ODD: LazyLock<[(&str, Fields); 2]> = LazyLock::new(|| {
    let pod: &[&[&str]] = &[&["spec"], &["metadata", "deletionTimestamp"], &["metadata", "ownerReferences"]];
    [("Pod", Fields::of(pod)), ("Deployment", Fields::of(&[&["spec"], &["metadata", "labels"]]))]
});

/// What a manager may own.
pub(super) fn ownable(fields: Fields) -> Fields {
    fields.without(&NOBODYS)
}

/// What a way of writing reaches.
pub(super) fn reached(schema: &Schema, subresource: &str, mut fields: Fields) -> Fields {
    match subresource {
        "status" if schema.custom => {
            let step = Step::field("status");
            let mut only = Fields::default();
            if let Some(Node { member, below }) = fields.0.remove(&step) {
                only.put(step, member, below);
            }
            only
        }
        "status" => {
            let odd = ODD.iter().find(|(kind, _)| schema.kind.as_deref() == Some(*kind));
            fields.outside(odd.map_or(&*SPEC, |(_, fields)| fields))
        }
        "" if schema.status_apart => fields.outside(&STATUS),
        _ => fields,
    }
}

/// The changes that a way of writing can make.
pub(super) fn reached_change(schema: &Schema, subresource: &str, change: Change) -> Change {
    if change.is_empty() { change } else { change.map(|fields| reached(schema, subresource, fields)) }
}
