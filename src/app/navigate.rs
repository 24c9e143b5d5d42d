//! Going from one thing to another: open, owner, parts, tabs, logs, back.

use std::sync::Arc;

use super::command::Command;
use super::effect::{Effect, LogQuery};
use super::model::App;
use super::open::{key, tickets};
use super::screen::{Details, DetailsOf, Logs, Screen, Tab};
use crate::model::gateway::GatewayRow;
use crate::model::name::{ClusterName, Kind, ObjectKey};
use crate::model::row::PodRow;
use crate::model::table::{Item, Subject, TableKind, Tone};

/// Lines that a log begins with, per container.
const TAIL: u32 = 1_000;

/// Cluster, namespace and pods of a log, and its title.
type LogSubject = (ClusterName, Arc<str>, Vec<Arc<PodRow>>, String);

impl App {
    /// Leaves what is in front: clears a filter or search first.
    pub(super) fn back(&mut self) -> Vec<Effect> {
        if let Some(table) = self.active_table_mut().filter(|t| t.is_filtered()) {
            table.filter_by("");
            return Vec::new();
        }
        if self.traffic_back() {
            return Vec::new();
        }
        match self.screen_mut() {
            Screen::Details(d) if d.text.picked.is_some() => d.text.picked = None,
            Screen::Details(d) if d.text.find.search.is_some() => d.text.find = Default::default(),
            Screen::Logs(l) if l.find.search.is_some() => l.find = Default::default(),
            _ => return self.pop(),
        }
        Vec::new()
    }

    /// Leaves the screen in front.
    pub(super) fn pop(&mut self) -> Vec<Effect> {
        if self.stack.len() < 2 {
            return Vec::new();
        }
        let closed = self.stack.pop();
        self.refresh();
        closed.map(|s| tickets(&s).into_iter().map(Effect::Close).collect()).unwrap_or_default()
    }

    pub(super) fn push(&mut self, screen: Screen) -> Vec<Effect> {
        self.stack.push(screen);
        self.refresh();
        self.open_what_is_needed()
    }

    /// Goes to one of the four top tables; `@context`, `@group` and a filter may follow.
    pub(super) fn show_table(&mut self, kind: TableKind, argument: &str) -> Vec<Effect> {
        let closing = self.stack.iter().skip(1).flat_map(tickets).map(Effect::Close).collect();
        self.stack.truncate(1);
        let same = self.root_kind() == kind && matches!(self.screen(), Screen::Table(_));
        if !same {
            let table = self.table(kind);
            self.stack = vec![Screen::Table(table)];
        }
        let filter: Vec<String> = argument
            .split_whitespace()
            .map(|word| match word.strip_prefix('@') {
                Some(context) => self.cluster_filter(context),
                None => word.to_owned(),
            })
            .collect();
        self.refresh();
        if let Screen::Table(table) = self.screen_mut()
            && !filter.is_empty()
        {
            table.filter_by(&filter.join(" "));
        }
        closing
    }

    /// Opens what the cursor is on.
    pub(super) fn open_selected(&mut self) -> Vec<Effect> {
        if matches!(self.screen(), Screen::Fleet(_)) {
            return self.open_tile();
        }
        let Some(item) = self.active_table().and_then(|t| t.item()).cloned() else { return Vec::new() };
        match &item.subject {
            Subject::Cluster(s) => {
                let cluster = s.cluster.to_string();
                self.show_table(TableKind::Gateways, &format!("@{cluster}"))
            }
            Subject::Gateway(row) => self.push(gateway(row, Tab::Overview)),
            Subject::Service(row) => {
                let of = DetailsOf::Service(key(&item.cluster, Kind::Service, &row.meta));
                self.push(Screen::Details(Details::new(of, Tab::Overview)))
            }
            Subject::Pod(row) => {
                let of = DetailsOf::Pod(key(&item.cluster, Kind::Pod, &row.meta));
                self.push(Screen::Details(Details::new(of, Tab::Overview)))
            }
        }
    }

    /// YAML of what the cursor is on, or of the open object.
    pub(super) fn open_yaml(&mut self) -> Vec<Effect> {
        if self.active_table().is_none()
            && let Screen::Details(details) = self.screen_mut()
        {
            details.show(Tab::Yaml);
            return self.open_what_is_needed();
        }
        let Some(item) = self.active_table().and_then(|t| t.item()).cloned() else { return Vec::new() };
        match (&item.subject, item.object()) {
            (Subject::Gateway(row), _) => self.push(gateway(row, Tab::Yaml)),
            (Subject::Pod(_), Some(key)) => {
                self.push(Screen::Details(Details::new(DetailsOf::Pod(key), Tab::Yaml)))
            }
            (Subject::Service(_), Some(key)) => {
                self.push(Screen::Details(Details::new(DetailsOf::Service(key), Tab::Yaml)))
            }
            _ => {
                self.say(Tone::Muted, "yaml: a cluster is not an object");
                Vec::new()
            }
        }
    }

    /// From a cluster, a gateway or a Service to its pods.
    pub(super) fn open_pods(&mut self) -> Vec<Effect> {
        let Some(item) = self.active_table().and_then(|t| t.item()).cloned() else { return Vec::new() };
        match &item.subject {
            Subject::Cluster(s) => self.show_table(TableKind::Pods, &format!("@{}", s.cluster)),
            Subject::Gateway(row) => self.push(gateway(row, Tab::Pods)),
            Subject::Service(row) => {
                let labels: Vec<String> =
                    row.selector.iter().map(|(k, v)| format!("label:{k}={v}")).collect();
                if labels.is_empty() {
                    self.say(Tone::Muted, "pods: this Service selects none");
                    return Vec::new();
                }
                let filter =
                    format!("cluster:{} namespace:{} {}", item.cluster, row.meta.namespace, labels.join(" "));
                self.show_table(TableKind::Pods, &filter)
            }
            Subject::Pod(_) => Vec::new(),
        }
    }

    /// From a cluster to its Services, from a gateway to its Service.
    pub(super) fn open_service(&mut self) -> Vec<Effect> {
        if let Screen::Details(details) = self.screen_mut() {
            details.show(Tab::Service);
            return self.open_what_is_needed();
        }
        let Some(item) = self.active_table().and_then(|t| t.item()).cloned() else { return Vec::new() };
        match &item.subject {
            Subject::Cluster(s) => self.show_table(TableKind::Services, &format!("@{}", s.cluster)),
            Subject::Gateway(row) => self.push(gateway(row, Tab::Service)),
            _ => Vec::new(),
        }
    }

    /// From a gateway to one of its tabs.
    pub(super) fn open_tab(&mut self, tab: Tab) -> Vec<Effect> {
        if let Screen::Details(details) = self.screen_mut() {
            details.show(tab);
            self.refresh();
            return self.open_what_is_needed();
        }
        match self.gateway_here() {
            Some(row) => self.push(gateway(&row, tab)),
            None => Vec::new(),
        }
    }

    /// Up to the gateway that a pod or Service belongs to, else to the object that controls it.
    pub(super) fn open_owner(&mut self) -> Vec<Effect> {
        let object = match self.screen() {
            Screen::Details(details) if details.tab != Tab::Pods => match &details.of {
                DetailsOf::Pod(key) | DetailsOf::Service(key) => Some(key.clone()),
                _ => None,
            },
            _ => self.active_table().and_then(|t| t.item()).and_then(Item::object),
        };
        let Some(object) = object else { return Vec::new() };
        let belongs = |g: &Arc<GatewayRow>| {
            g.id.cluster == object.cluster
                && match object.kind {
                    Kind::Pod => g
                        .pods
                        .iter()
                        .any(|p| p.meta.name == object.name && p.meta.namespace == object.namespace),
                    _ => g
                        .service
                        .as_ref()
                        .is_some_and(|s| s.meta.name == object.name && s.meta.namespace == object.namespace),
                }
        };
        if let Some(row) = self.fleet().iter().find(|g| belongs(g)) {
            let already =
                matches!(self.screen(), Screen::Details(d) if d.of == DetailsOf::Gateway(row.id.clone()));
            if !already {
                return self.push(gateway(row, Tab::Overview));
            }
        }
        match self.controller(&object) {
            Some(owner) => self.push(Screen::Details(Details::new(DetailsOf::Other(owner), Tab::Yaml))),
            None => {
                self.say(Tone::Muted, format!("owner: nothing that egret knows controls {object}"));
                Vec::new()
            }
        }
    }

    /// The object that controls a pod: its Deployment, else what its owner reference names.
    fn controller(&self, object: &ObjectKey) -> Option<ObjectKey> {
        let s = self.cluster(&object.cluster)?;
        let pod =
            s.pods.iter().find(|p| p.meta.name == object.name && p.meta.namespace == object.namespace)?;
        let owner = pod.meta.owner.as_ref()?;
        let make = |kind, name: &str| {
            Some(ObjectKey {
                cluster: object.cluster.clone(),
                kind,
                namespace: object.namespace.clone(),
                name: name.into(),
            })
        };
        match &*owner.kind {
            "ReplicaSet" => {
                let set = s
                    .replica_sets
                    .iter()
                    .find(|r| *r.meta.name == *owner.name && r.meta.namespace == object.namespace);
                match set.and_then(|r| r.meta.owner.as_ref()) {
                    Some(o) if &*o.kind == "Deployment" => make(Kind::Deployment, &o.name),
                    _ => make(Kind::ReplicaSet, &owner.name),
                }
            }
            "DaemonSet" => make(Kind::DaemonSet, &owner.name),
            _ => None,
        }
    }

    /// Logs of a pod, or of all pods of a gateway.
    pub(super) fn open_logs(&mut self, previous: bool) -> Vec<Effect> {
        let (cluster, namespace, pods, title) = match self.log_subject() {
            Some(found) => found,
            None => {
                self.say(Tone::Muted, "logs: there is no pod");
                return Vec::new();
            }
        };
        let query = LogQuery {
            cluster,
            namespace,
            pods: pods.iter().map(|p| (p.meta.name.clone(), p.containers.to_vec())).collect(),
            previous,
            tail: TAIL,
        };
        let ticket = self.ticket();
        self.stack.push(Screen::Logs(Logs::new(title, query.clone(), ticket)));
        vec![Effect::OpenLogs(ticket, query)]
    }

    fn log_subject(&self) -> Option<LogSubject> {
        if let Some(item) = self.active_table().and_then(|t| t.item())
            && let Subject::Pod(row) = &item.subject
        {
            return Some((
                item.cluster.clone(),
                row.meta.namespace.clone(),
                vec![row.clone()],
                row.meta.name.to_string(),
            ));
        }
        if let Screen::Details(Details { of: DetailsOf::Pod(key), .. }) = self.screen() {
            let s = self.cluster(&key.cluster)?;
            let row = s.pods.iter().find(|p| p.meta.name == key.name && p.meta.namespace == key.namespace)?;
            return Some((
                key.cluster.clone(),
                key.namespace.clone(),
                vec![row.clone()],
                key.name.to_string(),
            ));
        }
        let row = self.gateway_here()?;
        let namespace = row.pods.first()?.meta.namespace.clone();
        Some((row.id.cluster.clone(), namespace, row.pods.clone(), row.id.name.to_string()))
    }

    /// What the log screen does with its keys.
    pub(super) fn logs_command(&mut self, command: Command) -> Vec<Effect> {
        let fresh = self.ticket();
        let Screen::Logs(logs) = self.screen_mut() else { return Vec::new() };
        match command {
            Command::Follow => {
                if logs.follow {
                    logs.hold()
                } else {
                    logs.jump(true)
                }
                return Vec::new();
            }
            Command::Timestamps => {
                logs.timestamps = !logs.timestamps;
                return Vec::new();
            }
            Command::NextContainer => logs.next_container(),
            _ => logs.query.previous = !logs.query.previous,
        }
        let before = logs.ticket;
        logs.restart(fresh);
        vec![Effect::Close(before), Effect::OpenLogs(fresh, logs.query.clone())]
    }

    /// Goes to a tab.
    pub(super) fn tab_command(&mut self, command: Command) -> Vec<Effect> {
        use Command as C;
        let Screen::Details(details) = self.screen_mut() else { return Vec::new() };
        let tabs = details.of.tabs();
        let at = tabs.iter().position(|t| *t == details.tab).unwrap_or(0);
        let to = match command {
            C::NextTab => (at + 1) % tabs.len(),
            C::PreviousTab => (at + tabs.len() - 1) % tabs.len(),
            C::Tab1 => 0,
            C::Tab2 => 1,
            C::Tab3 => 2,
            C::Tab4 => 3,
            C::Tab5 => 4,
            C::Tab6 => 5,
            C::Tab7 => 6,
            C::Tab8 => 7,
            C::Tab9 => 8,
            _ => 9,
        };
        if let Some(tab) = tabs.get(to) {
            details.show(*tab);
        }
        self.refresh();
        self.open_what_is_needed()
    }
}

fn gateway(row: &GatewayRow, tab: Tab) -> Screen {
    Screen::Details(Details::new(DetailsOf::Gateway(row.id.clone()), tab))
}
