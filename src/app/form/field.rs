//! What a field of the form is. The fields themselves are the table in `table.rs`.

use std::str::FromStr;

use strum::IntoEnumIterator;

use crate::model::edit::Path;
use crate::model::parameters;

/// The steps of the wizard, in their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, strum::Display, strum::EnumIter)]
#[strum(serialize_all = "lowercase")]
pub enum Step {
    /// What every gateway has.
    #[default]
    Basics,
    /// What it listens on.
    Ports,
    /// How many pods, and how they are replaced.
    Capacity,
    /// Which nodes run them.
    Placement,
    /// How it is reached, and by whom.
    Service,
    /// What the pods have beyond the proxy's own.
    Pods,
    /// What would be made.
    Review,
}

impl Step {
    /// The step so many further, at most the last or first.
    pub fn moved(self, by: isize) -> Self {
        let all: Vec<Self> = Self::iter().collect();
        let at = all.iter().position(|step| *step == self).unwrap_or(0);
        let to = at.saturating_add_signed(by).min(all.len() - 1);
        all[to]
    }
}

/// What may be typed into a field, and how it stands in the manifest.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Any text.
    Text,
    /// A whole number.
    Number,
    /// A number, or the name of one.
    NumberOrName,
    /// Texts, with commas between them.
    Words,
    /// On, off, or not said: what `true` and `false` mean.
    Switch([&'static str; 2]),
    /// The same of an annotation: its values are texts.
    TextSwitch([&'static str; 2]),
    /// On is this text, off is no text.
    Mark(&'static str),
    /// One of these, or not said.
    Choice(&'static [&'static str]),
    /// Replicas prefer nodes of their own (R26).
    Spread,
    /// The cluster that holds the object: no field of it.
    Home,
    /// Texts by key.
    Pairs,
    /// A list of objects of these columns.
    Items(&'static [Column]),
    /// Anything, as YAML.
    Yaml,
}

impl Kind {
    /// Whether letters are typed into it.
    pub fn is_typed(self) -> bool {
        matches!(
            self,
            Self::Text | Self::Number | Self::NumberOrName | Self::Words | Self::Pairs | Self::Yaml
        )
    }

    /// Whether it is a list of rows, to which one may be added.
    pub fn is_list(self) -> bool {
        matches!(self, Self::Pairs | Self::Items(_))
    }

    /// The columns of its rows.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::Pairs => PAIR,
            Self::Items(columns) => columns,
            _ => &[],
        }
    }
}

/// A column of a list.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its heading.
    pub title: &'static str,
    /// The field of an item.
    pub field: &'static str,
    /// What may be typed.
    pub kind: Kind,
    /// Cells it wants.
    pub width: u16,
    /// What is offered.
    pub offers: Offers,
    /// What holds where it is empty.
    pub empty: &'static str,
}

/// A column of text.
pub(super) const fn column(title: &'static str, field: &'static str, kind: Kind, width: u16) -> Column {
    Column { title, field, kind, width, offers: Offers::Nothing, empty: "" }
}

const PAIR: &[Column] = &[column("KEY", "", Kind::Text, 40), column("VALUE", "", Kind::Text, 28)];

/// Where what a field offers comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offers {
    /// From nowhere: it is typed.
    Nothing,
    /// Namespaces of the cluster.
    Namespaces,
    /// Ids of clusters.
    ClusterIds,
    /// Names of Secrets.
    Secrets,
    /// Names of ConfigMaps.
    ConfigMaps,
    /// Labels of nodes: keys, and the values of a key.
    NodeLabels,
    /// Keys of taints.
    TaintKeys,
    /// Values of the taint of the same row.
    TaintValues,
    /// Kernel parameters that a gateway may set.
    Kernel,
    /// These.
    Words(&'static [&'static str]),
}

/// One field.
#[derive(Debug)]
pub struct Field {
    /// The step it is in.
    pub step: Step,
    /// The parameter it sets, by its name in the table of parameters; empty: none that is told there.
    pub parameter: &'static str,
    /// Its name on the form; empty: the parameter's.
    pub named: &'static str,
    /// Where it is; empty: where the parameter is.
    pub at: &'static str,
    /// What may be typed.
    pub kind: Kind,
    /// What it is for, in a sentence or two.
    pub help: &'static str,
    /// What is offered.
    pub offers: Offers,
    /// What holds where it is empty; empty: what the table of parameters says.
    pub empty: &'static str,
}

impl Field {
    /// Its name on the form.
    pub fn label(&self) -> &'static str {
        if self.named.is_empty() { self.parameter } else { self.named }
    }

    /// Where it is in the object, as text.
    pub fn path_text(&self) -> &'static str {
        match self.at {
            "" => parameters::path_of(self.parameter).unwrap_or_default(),
            at => at,
        }
    }

    /// Where it is in the object. What is no field of it has the empty path.
    pub fn path(&self) -> Path {
        // A test reads the path of every row.
        Path::from_str(self.path_text()).unwrap_or_default()
    }
}
