//! What a table shows: items, columns as data, cells. The same columns serve the screen and `egret get`.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;

use super::beside::Beside;
use super::brief::Brief;
use super::gateway::GatewayRow;
use super::name::{ClusterName, Kind, ObjectKey};
use super::row::{Pairs, PodRow, ServiceRow};
use super::snapshot::Snapshot;

/// The tables of egret.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::Display,
    strum::EnumString,
    strum::EnumIter,
)]
#[strum(serialize_all = "kebab-case")]
pub enum TableKind {
    /// Clusters.
    Clusters,
    /// Gateways of all connected clusters.
    Gateways,
    /// Services of the watched namespaces.
    Services,
    /// Pods of the watched namespaces.
    Pods,
}

/// One line of a table.
#[derive(Clone, Debug)]
pub struct Item {
    /// The cluster it was seen in.
    pub cluster: ClusterName,
    /// The cluster no longer answers: the line is shown as it was, dimmed, with the word.
    pub stale: bool,
    /// What the line is about.
    pub subject: Subject,
    /// Its traffic, where it is read.
    pub live: Option<Arc<Brief>>,
    /// Of a pod: whose it is and what it uses, where a column of that is shown.
    pub beside: Option<Arc<Beside>>,
}

/// What a line of a table is about.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A cluster.
    Cluster(Arc<Snapshot>),
    /// A gateway.
    Gateway(Arc<GatewayRow>),
    /// A Service.
    Service(Arc<ServiceRow>),
    /// A pod.
    Pod(Arc<PodRow>),
}

/// What a line stays while rows come and go: selection, marks and changes hang on it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemId {
    /// Cluster.
    pub cluster: ClusterName,
    /// Namespace; empty for a cluster.
    pub namespace: Arc<str>,
    /// Name; the cluster's for a cluster.
    pub name: Arc<str>,
}

impl Item {
    /// Identity of the line within its table.
    pub fn id(&self) -> ItemId {
        let (namespace, name) = match &self.subject {
            Subject::Cluster(s) => (Arc::default(), s.cluster.0.clone()),
            Subject::Gateway(g) => (g.id.namespace.clone(), g.id.name.clone()),
            Subject::Service(s) => (s.meta.namespace.clone(), s.meta.name.clone()),
            Subject::Pod(p) => (p.meta.namespace.clone(), p.meta.name.clone()),
        };
        ItemId { cluster: self.cluster.clone(), namespace, name }
    }

    /// Whether this is the line that `id` names.
    pub fn is(&self, id: &ItemId) -> bool {
        let (namespace, name): (&str, &str) = match &self.subject {
            Subject::Cluster(s) => ("", &s.cluster.0),
            Subject::Gateway(g) => (&g.id.namespace, &g.id.name),
            Subject::Service(s) => (&s.meta.namespace, &s.meta.name),
            Subject::Pod(p) => (&p.meta.namespace, &p.meta.name),
        };
        *id.name == *name && *id.namespace == *namespace && id.cluster == self.cluster
    }

    /// Labels that `label:k=v` looks at: those of the object, for a gateway those of its pods.
    pub fn labels(&self) -> Option<&Pairs> {
        match &self.subject {
            Subject::Cluster(_) => None,
            Subject::Gateway(g) => g.workload.as_deref().map(|w| &w.pod_labels),
            Subject::Service(s) => Some(&s.meta.labels),
            Subject::Pod(p) => Some(&p.meta.labels),
        }
    }

    /// The object behind the line, when it is one object; a gateway's is its CR, else its workload.
    pub fn object(&self) -> Option<ObjectKey> {
        let (kind, namespace, name) = match &self.subject {
            Subject::Cluster(_) => return None,
            Subject::Gateway(g) => {
                if let Some(cr) = &g.cr {
                    (Kind::IstioGateway, cr.meta.namespace.clone(), cr.meta.name.clone())
                } else if let Some(api) = &g.api {
                    (Kind::Gateway, api.meta.namespace.clone(), api.meta.name.clone())
                } else {
                    let w = g.workload.as_deref()?;
                    (w.kind, w.meta.namespace.clone(), w.meta.name.clone())
                }
            }
            Subject::Service(s) => (Kind::Service, s.meta.namespace.clone(), s.meta.name.clone()),
            Subject::Pod(p) => (Kind::Pod, p.meta.namespace.clone(), p.meta.name.clone()),
        };
        Some(ObjectKey { cluster: self.cluster.clone(), kind, namespace, name })
    }
}

/// A column, as data.
#[derive(Clone, Copy)]
pub struct Column {
    /// Name in filters, `[columns]` of the config and `:sort`; lower case, no spaces.
    pub id: &'static str,
    /// Heading.
    pub title: &'static str,
    /// One line for the help.
    pub about: &'static str,
    /// Side that text leans to: numbers right.
    pub align: Align,
    /// Least width that still tells something, in cells.
    pub min: u16,
    /// Greatest useful width, in cells.
    pub max: u16,
    /// Drop order on narrow screens: the lowest goes first. 255 never goes.
    pub keep: u8,
    /// Shown only when wide is asked for.
    pub wide: bool,
    /// Of [`Item::live`]: nothing is known of it where proxies are not read, and it changes all the time.
    pub live: bool,
    /// Text, tone and sort key of an item: see [`Column::cell`]. Must not allocate more than it shows.
    pub cell: Told,
}

/// Where the cells of a column come from.
#[derive(Clone, Copy)]
pub enum Told {
    /// One of egret's columns.
    Known(fn(&Item, Timestamp) -> Cell),
    /// The value of a label.
    Label(&'static str),
    /// What a JSON path found in the object.
    Path(&'static str),
}

impl Column {
    /// Text, tone and sort key of an item.
    pub fn cell(&self, item: &Item, now: Timestamp) -> Cell {
        match self.cell {
            Told::Known(cell) => cell(item, now),
            Told::Label(key) => super::columns::own::label(item, key),
            Told::Path(path) => super::columns::own::path(item, path),
        }
    }

    /// Whether it is one of a person's own.
    pub fn is_own(&self) -> bool {
        !matches!(self.cell, Told::Known(_))
    }
}

impl std::fmt::Debug for Column {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Column").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The side text leans to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers and ages.
    Right,
}

/// One cell. The text holds no control characters.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// What is shown.
    pub text: Cow<'static, str>,
    /// What it means.
    pub tone: Tone,
    /// What it is sorted by.
    pub sort: SortKey,
}

/// Meaning of a text; the theme gives it a look, and a word or symbol always says it too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::EnumIter)]
pub enum Tone {
    /// Nothing special.
    #[default]
    Plain,
    /// Less important: unknown, absent, stale.
    Muted,
    /// As it should be.
    Good,
    /// On its way.
    Busy,
    /// Look at it.
    Warn,
    /// Broken.
    Bad,
}

/// What a cell is sorted by. Different variants sort in this order; missing values last.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub enum SortKey {
    /// A number.
    Number(f64),
    /// A moment.
    Time(Timestamp),
    /// Words, compared without regard to case, digits by value.
    Text(Cow<'static, str>),
    /// Nothing to sort by: always last, whichever way the table is sorted.
    Missing,
}
