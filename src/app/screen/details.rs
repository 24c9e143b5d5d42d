//! One gateway, Service or pod, with tabs.

use std::sync::Arc;

use super::pane::Pane;
use super::table::Table;
use super::text::TextView;
use crate::app::effect::{StandingOf, Ticket};
use crate::app::standing::Standing;
use crate::app::traffic::View;
use crate::model::fault::Fault;
use crate::model::gateway::{GatewayId, GatewayRow};
use crate::model::name::{Kind, ObjectKey};
use crate::model::row::EventRow;
use crate::model::table::TableKind;

/// Whose details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DetailsOf {
    /// A gateway.
    Gateway(GatewayId),
    /// A Service.
    Service(ObjectKey),
    /// A pod.
    Pod(ObjectKey),
    /// Any other object: only its YAML and events.
    Other(ObjectKey),
}

/// A tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::Display, strum::EnumIter)]
#[strum(serialize_all = "lowercase")]
pub enum Tab {
    /// What it is and how it does.
    Overview,
    /// Pods of a gateway.
    Pods,
    /// Service of a gateway: ports, endpoints, address.
    Service,
    /// Autoscaler of a gateway.
    Scaling,
    /// Who keeps a gateway, and how its objects stand.
    Reconcile,
    /// Events.
    Events,
    /// YAML of its objects.
    Yaml,
    /// What goes through a gateway now.
    Traffic,
    /// The hosts and endpoints behind a gateway.
    Upstreams,
    /// The certificates of its proxies.
    Certs,
}

impl DetailsOf {
    /// The tabs, in order.
    pub fn tabs(&self) -> &'static [Tab] {
        match self {
            Self::Gateway(_) => &[
                Tab::Overview,
                Tab::Pods,
                Tab::Service,
                Tab::Scaling,
                Tab::Reconcile,
                Tab::Events,
                Tab::Yaml,
                Tab::Traffic,
                Tab::Upstreams,
                Tab::Certs,
            ],
            Self::Service(_) | Self::Pod(_) => &[Tab::Overview, Tab::Events, Tab::Yaml],
            Self::Other(_) => &[Tab::Yaml, Tab::Events],
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Gateway(id) => &id.name,
            Self::Service(key) | Self::Pod(key) | Self::Other(key) => &key.name,
        }
    }

    /// Its cluster.
    pub fn cluster(&self) -> &crate::model::name::ClusterName {
        match self {
            Self::Gateway(id) => &id.cluster,
            Self::Service(key) | Self::Pod(key) | Self::Other(key) => &key.cluster,
        }
    }
}

/// Why something is no longer there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// It was deleted.
    Deleted,
    /// Its cluster was closed.
    Closed,
}

/// State of a details screen.
#[derive(Debug)]
pub struct Details {
    /// Whose.
    pub of: DetailsOf,
    /// The open tab.
    pub tab: Tab,
    /// Pods of a gateway.
    pub pods: Table,
    /// The text of the open tab.
    pub text: TextView,
    /// What the tabs of upstreams and certificates list.
    pub pane: Pane,
    /// The lines of the overview that tell parameters: which line, and the field that sets it.
    pub picks: Vec<(usize, &'static str)>,
    /// Objects opened so far.
    pub objects: Vec<OpenObject>,
    /// Which of them the YAML tab shows.
    pub document: usize,
    /// YAML shows `managedFields`.
    pub managed_fields: bool,
    /// Events, once opened.
    pub events: Option<OpenEvents>,
    /// How the gateway stands, once it was asked for.
    pub standing: Option<OpenStanding>,
    /// The gateway as it was last seen.
    pub last: Option<Arc<GatewayRow>>,
    /// Why it is shown as it was last seen, once it is no longer there.
    pub gone: Option<Gone>,
    /// The text must be made anew.
    pub stale_text: bool,
    /// Width that the text was made for.
    pub text_width: u16,
    /// How the traffic of a gateway is looked at.
    pub traffic: View,
}

/// An object that a details screen keeps open.
#[derive(Debug)]
pub struct OpenObject {
    /// Which.
    pub key: ObjectKey,
    /// What keeps it coming.
    pub ticket: Ticket,
    /// What came.
    pub state: Loaded<Arc<serde_json::Value>>,
}

/// The events that a details screen keeps open.
#[derive(Debug)]
pub struct OpenEvents {
    /// What keeps them coming.
    pub ticket: Ticket,
    /// Of which objects.
    pub of: Vec<ObjectKey>,
    /// What came.
    pub state: Loaded<Arc<[EventRow]>>,
}

/// How a gateway stands, as long as a screen tells it.
#[derive(Debug)]
pub struct OpenStanding {
    /// What keeps it coming.
    pub ticket: Ticket,
    /// Of which gateway.
    pub of: StandingOf,
    /// What came last.
    pub state: Option<Standing>,
}

/// Something that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Loaded<T> {
    /// Not here yet.
    Loading,
    /// Here.
    Here(T),
    /// Deleted; the last that was seen.
    Gone(Option<T>),
    /// Not to be had.
    Failed(Fault),
}

impl<T> Loaded<T> {
    /// The last that was seen.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Here(value) | Self::Gone(Some(value)) => Some(value),
            _ => None,
        }
    }
}

impl Details {
    /// A screen on its first tab.
    pub fn new(of: DetailsOf, tab: Tab) -> Self {
        Self {
            of,
            tab,
            pods: Table::new(TableKind::Pods),
            text: TextView::default(),
            pane: Pane::default(),
            picks: Vec::new(),
            objects: Vec::new(),
            document: 0,
            managed_fields: false,
            events: None,
            standing: None,
            last: None,
            gone: None,
            stale_text: true,
            text_width: 0,
            traffic: View::default(),
        }
    }

    /// The open object of a kind.
    pub fn object(&self, kind: Kind) -> Option<&Arc<serde_json::Value>> {
        self.objects.iter().find(|o| o.key.kind == kind).and_then(|o| o.state.value())
    }

    /// Opens a tab, at its top.
    pub fn show(&mut self, tab: Tab) {
        if self.tab != tab {
            self.tab = tab;
            let wrap = self.text.wrap;
            self.text = TextView::default();
            self.text.wrap = wrap;
            self.pane = Pane::default();
            self.stale_text = true;
        }
    }
}
