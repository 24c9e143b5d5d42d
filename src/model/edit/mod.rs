//! A change of one object by a person: what is wished, field by field, and what becomes of it when somebody else
//! changes the object meanwhile.
//!
//! Pure. Whoever carries a change out (`changing`) reads, asks and writes; here is what of it can be thought through
//! without a cluster.

pub mod diff;
mod hidden;
mod keyed;
pub mod merge;
pub mod patch;
pub mod path;
#[cfg(test)]
mod testing;
mod unified;

use std::fmt;

use serde_json::Value;

use super::name::ClusterName;

pub use path::Path;

/// An object of any kind, as a document names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// The cluster it is, or is to be, in.
    pub cluster: ClusterName,
    /// `apps/v1`.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// Its namespace; empty when the kind is cluster-wide.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Target {
    /// The object that a document describes; a missing field is an empty text.
    pub fn of(cluster: &ClusterName, object: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            cluster: cluster.clone(),
            api_version: text(&object["apiVersion"]),
            kind: text(&object["kind"]),
            namespace: text(&object["metadata"]["namespace"]),
            name: text(&object["metadata"]["name"]),
        }
    }

    /// Kind and name, without the cluster: `IstioGateway istio-system/out`.
    pub fn short(&self) -> String {
        match self.namespace.as_str() {
            "" => format!("{} {}", self.kind, self.name),
            namespace => format!("{} {namespace}/{}", self.kind, self.name),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.short(), self.cluster)
    }
}

/// What is wished of an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// It is to be made.
    Create {
        /// As it was written.
        object: Value,
    },
    /// It is to be changed.
    Edit {
        /// As it was when the change was begun: whole, with `resourceVersion`, `uid`, `managedFields`.
        before: Value,
        /// As it is to be. What was hidden from the person is as in `before`.
        after: Value,
    },
    /// Some of its fields are to be changed, whatever the others are: nobody opened it before.
    Set {
        /// Which one is meant.
        uid: String,
        /// Where, and what is to stand there; `None`: nothing.
        fields: Vec<(Path, Option<Value>)>,
    },
    /// It is to go.
    Delete {
        /// As it was last seen, of which only `metadata.uid` need be there: it says which one is meant.
        object: Value,
    },
}
