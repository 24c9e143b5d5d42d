//! Uninstalling (R12): what goes and what stays.

/// An object by kind and place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Known {
    /// Its kind.
    pub kind: String,
    /// Its namespace; empty for a cluster-wide kind.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
}

impl Known {
    /// Kind and name, with the namespace where there is one.
    pub fn in_words(&self) -> String {
        let Self { kind, namespace, name, .. } = self;
        if namespace.is_empty() { format!("{kind} {name}") } else { format!("{kind} {namespace}/{name}") }
    }
}

/// What becomes of the gateways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// They and all that runs for them stay, and are nobody's.
    Kept,
    /// They are deleted with all that runs for them.
    Deleted,
}

/// What uninstalling would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// The namespace of the controller and of the gateways.
    pub namespace: String,
    /// What becomes of the gateways.
    pub fate: Fate,
    /// The gateways of the namespace, by name.
    pub gateways: Vec<Known>,
    /// The controller's own objects, in the order in which they go.
    pub objects: Vec<Known>,
    /// The CRD, where it goes too.
    pub crd: Option<Known>,
    /// What whoever uninstalls should know.
    pub notes: Vec<String>,
}

impl Removal {
    /// In lines, for whoever is to decide.
    pub fn in_words(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for gateway in &self.gateways {
            lines.push(match self.fate {
                Fate::Kept => format!(
                    "{}: stays with all that runs for it; egret's finalizer and owner references come off",
                    gateway.in_words()
                ),
                Fate::Deleted => format!("{}: deleted, and ALL THAT RUNS FOR IT", gateway.in_words()),
            });
        }
        let going = self.objects.iter().chain(&self.crd);
        lines.extend(going.map(|object| format!("{}: removed", object.in_words())));
        lines
    }

    /// Whether there is nothing to do.
    pub fn is_done(&self) -> bool {
        self.gateways.is_empty() && self.objects.is_empty() && self.crd.is_none()
    }
}
