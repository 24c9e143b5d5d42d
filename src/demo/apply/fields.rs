//! Sets of fields, as managed fields hold them.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

/// One step of a path.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// A field of an object.
    Field(String),
    /// An item of a list, by its keys in the order of their names.
    Key(Vec<(String, Value)>),
    /// An item of a set, by itself.
    Value(Value),
}

impl Step {
    pub(super) fn field(name: &str) -> Self {
        Self::Field(name.to_owned())
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Field(_) => 0,
            Self::Key(_) => 1,
            Self::Value(_) => 2,
        }
    }
}

impl Ord for Step {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Field(a), Self::Field(b)) => a.cmp(b),
            (Self::Value(a), Self::Value(b)) => compare(a, b),
            (Self::Key(a), Self::Key(b)) => {
                let each = a.iter().zip(b).map(|(a, b)| a.0.cmp(&b.0).then_with(|| compare(&a.1, &b.1)));
                each.fold(Ordering::Equal, Ordering::then).then(a.len().cmp(&b.len()))
            }
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

impl PartialOrd for Step {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Step {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Step {}

/// As conflicts name it: `.name`, `[name="c"]`, `[="a"]`.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Value(value) => write!(f, "[={value}]"),
            Self::Key(keys) => {
                let keys: Vec<String> = keys.iter().map(|(name, value)| format!("{name}={value}")).collect();
                write!(f, "[{}]", keys.join(","))
            }
        }
    }
}

/// Numbers, texts, booleans, and then all that no key is made of.
fn compare(a: &Value, b: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Number(_) => 0,
        Value::String(_) => 1,
        Value::Bool(_) => 2,
        _ => 3,
    };
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => a.as_f64().unwrap_or_default().total_cmp(&b.as_f64().unwrap_or_default()),
        },
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (a, b) => rank(a).cmp(&rank(b)).then_with(|| match rank(a) {
            3 => a.to_string().cmp(&b.to_string()),
            _ => Ordering::Equal,
        }),
    }
}

/// A set of paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(pub(super) BTreeMap<Step, Node>);

/// Whether a path is in the set itself, and what is below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) member: bool,
    pub(super) below: Fields,
}

impl Node {
    fn is_empty(&self) -> bool {
        !self.member && self.below.is_empty()
    }
}

impl Fields {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds what is known of a step, if it is anything.
    pub(super) fn put(&mut self, step: Step, member: bool, below: Self) {
        let node = Node { member, below };
        if !node.is_empty() {
            self.0.insert(step, node);
        }
    }

    pub(super) fn has(&self, step: &Step) -> bool {
        self.0.get(step).is_some_and(|node| node.member)
    }

    pub(super) fn below(&self, step: &Step) -> Option<&Self> {
        self.0.get(step).map(|node| &node.below).filter(|below| !below.is_empty())
    }

    /// The paths that are in this or in the other set.
    pub(super) fn union(mut self, other: &Self) -> Self {
        if self.is_empty() {
            return other.clone();
        }
        for (step, theirs) in &other.0 {
            let ours = self.0.entry(step.clone()).or_default();
            ours.member |= theirs.member;
            ours.below = std::mem::take(&mut ours.below).union(&theirs.below);
        }
        self
    }

    /// The paths of this set that are not in the other; what is below those stays.
    pub(super) fn without(mut self, other: &Self) -> Self {
        self.strike(other, false);
        self
    }

    /// The paths of this set that are neither in the other nor below one that is.
    pub(super) fn outside(mut self, other: &Self) -> Self {
        self.strike(other, true);
        self
    }

    fn strike(&mut self, other: &Self, with_all_below: bool) {
        for (step, theirs) in &other.0 {
            let Some(ours) = self.0.get_mut(step) else { continue };
            if theirs.member {
                ours.member = false;
                if with_all_below {
                    ours.below.0.clear();
                }
            }
            ours.below.strike(&theirs.below, with_all_below);
            if ours.is_empty() {
                self.0.remove(step);
            }
        }
    }

    /// The paths that are in both sets.
    pub(super) fn common(&self, other: &Self) -> Self {
        let mut both = Self::default();
        for (step, ours) in &self.0 {
            if let Some(theirs) = other.0.get(step) {
                both.put(step.clone(), ours.member && theirs.member, ours.below.common(&theirs.below));
            }
        }
        both
    }

    /// The set of some paths of field names.
    pub(super) fn of(paths: &[&[&str]]) -> Self {
        let mut all = Self::default();
        for path in paths {
            let one = path.iter().rev().fold((true, Self::default()), |(member, below), name| {
                let mut outer = Self::default();
                outer.put(Step::field(name), member, below);
                (false, outer)
            });
            all = all.union(&one.1);
        }
        all
    }

    /// All paths, as conflicts name them.
    pub(super) fn paths(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.walk("", &mut found);
        found
    }

    /// What is below a path comes after the path and all its neighbours: that is how the server lists them.
    fn walk(&self, prefix: &str, found: &mut Vec<String>) {
        let members = self.0.iter().filter(|(_, node)| node.member);
        found.extend(members.map(|(step, _)| format!("{prefix}{step}")));
        for (step, node) in &self.0 {
            node.below.walk(&format!("{prefix}{step}"), found);
        }
    }
}
