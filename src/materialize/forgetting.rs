//! Forgetting a cluster that is gone for good (R2): what is known to be left there.

use super::Part;

/// What forgetting a cluster of a gateway would leave behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forgetting {
    /// Namespace of the gateway.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Uid of the gateway: another one of that name forgets nothing.
    pub uid: String,
    /// The id of the cluster.
    pub id: String,
    /// What the cluster was when objects were written to it: uid of its `kube-system`.
    pub cluster_uid: String,
    /// Whether it answers now.
    pub answers: Answers,
    /// Objects that are left there: those that were found, or, where nobody could look, those that the gateway says.
    pub left: Vec<(Part, String)>,
    /// Whether it is the last of the record: then the finalizer goes, and with it a gateway that is being deleted.
    pub is_last: bool,
}

/// Whether a cluster answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answers {
    /// It does, and is the one of the record: egret could clean it up instead.
    Yes,
    /// Another cluster does.
    Another {
        /// What that one is: uid of its `kube-system`.
        uid: String,
    },
    /// Nobody does, or nobody knows the way: why.
    No(String),
}

impl Forgetting {
    /// In lines, for whoever is to decide.
    pub fn in_words(&self) -> Vec<String> {
        let Self { id, namespace, .. } = self;
        let mut lines = vec![match &self.answers {
            Answers::Yes => format!(
                "Cluster {id} answers. Taking it out of spec.clusterIds cleans it up; forgetting leaves everything in it."
            ),
            Answers::Another { uid } => {
                format!(
                    "Another cluster answers as {id} (kube-system {uid}); on record is {}.",
                    self.cluster_uid
                )
            }
            Answers::No(why) => {
                format!("Cluster {id} (kube-system {}) does not answer: {why}", self.cluster_uid)
            }
        }];
        let verb = if self.answers == Answers::Yes { "Left in it" } else { "Left in it, as far as known" };
        lines.extend(self.left.iter().map(|(part, name)| format!("{verb}: {part} {namespace}/{name}")));
        if self.left.is_empty() {
            lines.push("Nothing is known to be left in it.".to_owned());
        }
        lines
    }
}
