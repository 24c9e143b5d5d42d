//! The commands that change objects: what each applies to, and the changes that it wishes.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::command::Command;
use super::effect::Effect;
use super::model::App;
use super::overlay::{Choose, Overlay, Palette};
use super::review::Wish;
use super::screen::{Details, DetailsOf, Screen, Tab};
use super::text::Input;
use crate::materialize::change::{Made, RESTARTED};
use crate::model::edit::diff::{restore, visible};
use crate::model::edit::{Change, Path, Target};
use crate::model::gateway::GatewayRow;
use crate::model::name::{ClusterName, Kind, Resource};
use crate::model::row::RowMeta;
use crate::model::snapshot::{Keeper, Snapshot};
use crate::model::table::{Item, Subject, Tone};

/// An object by what a row or a screen tells of it.
struct Meant {
    target: Target,
    uid: String,
}

impl Meant {
    fn new(cluster: &ClusterName, kind: Kind, version: Option<&str>, meta: &RowMeta) -> Self {
        let Resource { group, version: usual, .. } = kind.resource();
        let version = version.unwrap_or(usual);
        let target = Target {
            cluster: cluster.clone(),
            api_version: if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") },
            kind: kind.to_string(),
            namespace: meta.namespace.to_string(),
            name: meta.name.to_string(),
        };
        Self { target, uid: meta.uid.to_string() }
    }

    fn set(self, fields: Vec<(Path, Option<Value>)>) -> Wish {
        Wish { target: self.target, change: Change::Set { uid: self.uid, fields } }
    }

    fn delete(self) -> Wish {
        let object = json!({"metadata": {"uid": self.uid}});
        Wish { target: self.target, change: Change::Delete { object } }
    }
}

fn path(text: &str) -> Path {
    text.parse().unwrap_or_default()
}

impl App {
    /// The version in which a cluster serves `IstioGateway`.
    fn gateway_version(&self, cluster: &ClusterName) -> Option<String> {
        let served = &self.cluster(cluster)?.facts.served_versions;
        let usual = Kind::IstioGateway.resource().version;
        let best = served.iter().find(|version| &***version == usual).or_else(|| served.first())?;
        Some(best.to_string())
    }

    /// The `IstioGateway` of a row.
    fn cr_of(&self, row: &GatewayRow) -> Option<Meant> {
        let home = self.home_of(row);
        let version = self.gateway_version(&home);
        Some(Meant::new(&home, Kind::IstioGateway, version.as_deref(), &row.cr.as_ref()?.meta))
    }

    /// The object that says what a gateway is: the CR, the Gateway of the Gateway API, else its workload (R22).
    fn leading(&self, row: &GatewayRow) -> Option<Meant> {
        let cluster = &row.id.cluster;
        self.cr_of(row)
            .or_else(|| row.api.as_ref().map(|api| Meant::new(cluster, Kind::Gateway, None, &api.meta)))
            .or_else(|| row.workload.as_ref().map(|w| Meant::new(cluster, w.kind, None, &w.meta)))
    }

    /// The gateways that a command is about: those that are marked, else the one here.
    pub(super) fn gateways_meant(&self) -> Vec<Arc<GatewayRow>> {
        let marked = self.marked();
        let of_item = |item: &Item| match &item.subject {
            Subject::Gateway(row) => Some(row.clone()),
            _ => None,
        };
        if marked.is_empty() {
            self.gateway_here().into_iter().collect()
        } else {
            marked.iter().filter_map(of_item).collect()
        }
    }

    /// The marked rows of the table in front, those that a filter hides too.
    pub fn marked(&self) -> Vec<Item> {
        // Asked for in each frame: without marks it must not cost all rows.
        let Some(table) = self.active_table().filter(|table| !table.marked.is_empty()) else {
            return Vec::new();
        };
        table.items.iter().filter(|item| table.marked.contains(&item.id())).cloned().collect()
    }

    /// Whether a command that changes objects can do something here, and if not, why.
    pub(super) fn writing_applies(&self, command: Command) -> Result<(), String> {
        use Command as C;
        let gateways = self.gateways_meant();
        match command {
            C::Undo if self.past.is_empty() => return Err("nothing was changed in this run".to_owned()),
            C::Undo => return Ok(()),
            C::Drafts if self.drafts.is_empty() => return Err("there is no draft".to_owned()),
            C::Drafts => return Ok(()),
            C::New | C::NewFromYaml => {
                let cluster = self.cluster_here().ok_or("no cluster is open")?;
                return self.writable(&cluster);
            }
            C::Scale | C::Restart | C::Set | C::Clone if gateways.is_empty() => {
                return Err("no gateway is selected".to_owned());
            }
            _ => {}
        }
        for row in &gateways {
            self.writable(&self.home_of(row))?;
            match command {
                C::Restart if row.workload.as_ref().is_none_or(|w| w.kind != Kind::Deployment) => {
                    return Err(format!("{} has no Deployment yet", row.id.name));
                }
                C::Set | C::Clone | C::EditForm if row.cr.is_none() => {
                    return Err(format!("{} is no IstioGateway", row.id.name));
                }
                C::Scale
                    if row.cr.is_none()
                        && row.workload.as_ref().is_none_or(|w| w.kind != Kind::Deployment) =>
                {
                    return Err(format!("{} has no Deployment yet", row.id.name));
                }
                _ => {}
            }
        }
        match command {
            C::Edit | C::EditYaml | C::Delete if gateways.is_empty() => {
                let meant = self.objects_meant();
                let first = meant.first().ok_or("no object is selected")?;
                self.writable(&first.target.cluster)
            }
            C::EditForm if gateways.is_empty() => Err("no gateway is selected".to_owned()),
            _ => Ok(()),
        }
    }

    pub(super) fn writable(&self, cluster: &ClusterName) -> Result<(), String> {
        if self.is_read_only(cluster) { Err(format!("{cluster} is read-only here")) } else { Ok(()) }
    }

    /// The cluster that something new would be made in.
    pub(super) fn cluster_here(&self) -> Option<ClusterName> {
        let here = self.acting_on().map(|s| s.cluster.clone());
        // Of several, one in which something would come of it; the form tells which, and lets another be chosen.
        let acts = |s: &&Arc<Snapshot>| s.facts.keeper == Keeper::Egret && !self.is_read_only(&s.cluster);
        let likely = self.clusters.iter().find(acts).or(self.clusters.first());
        here.or_else(|| likely.map(|s| s.cluster.clone()))
    }

    /// The `IstioGateway` of a row.
    pub(super) fn cr_target(&self, row: &GatewayRow) -> Option<Target> {
        self.cr_of(row).map(|meant| meant.target)
    }

    /// The same, without which of their name they are.
    pub(super) fn targets_meant(&self) -> Vec<Target> {
        self.objects_meant().into_iter().map(|meant| meant.target).collect()
    }

    /// The objects that a command is about: those of the marked rows, else the one here.
    fn objects_meant(&self) -> Vec<Meant> {
        if let Screen::Details(details) = self.screen()
            && details.tab != Tab::Pods
        {
            return self.open_one(details).into_iter().collect();
        }
        let marked = self.marked();
        let here = self.active_table().and_then(|table| table.item()).cloned();
        let items = if marked.is_empty() { here.into_iter().collect() } else { marked };
        items.iter().filter_map(|item| self.meant(item)).collect()
    }

    fn meant(&self, item: &Item) -> Option<Meant> {
        match &item.subject {
            Subject::Cluster(_) => None,
            Subject::Gateway(row) => self.leading(row),
            Subject::Service(row) => Some(Meant::new(&item.cluster, Kind::Service, None, &row.meta)),
            Subject::Pod(row) => Some(Meant::new(&item.cluster, Kind::Pod, None, &row.meta)),
        }
    }

    /// The object of a details screen: of its YAML the one that is shown, else the leading one.
    fn open_one(&self, details: &Details) -> Option<Meant> {
        let at = if details.tab == Tab::Yaml { details.document } else { 0 };
        if let Some(open) = details.objects.get(at)
            && let Some(object) = open.state.value()
        {
            let target = Target::of(&open.key.cluster, object);
            return Some(Meant { target, uid: object["metadata"]["uid"].as_str()?.to_owned() });
        }
        match &details.of {
            DetailsOf::Gateway(id) => self.gateway(id).and_then(|row| self.leading(&row)),
            DetailsOf::Pod(key) => Some(Meant::new(&key.cluster, Kind::Pod, None, &self.pod(key)?.meta)),
            DetailsOf::Service(key) => {
                Some(Meant::new(&key.cluster, Kind::Service, None, &self.service(key)?.meta))
            }
            DetailsOf::Other(_) => None,
        }
    }

    /// Deletions of what is meant.
    pub(super) fn deletions_meant(&self) -> Vec<Wish> {
        self.objects_meant().into_iter().map(Meant::delete).collect()
    }

    /// Carries out a command that changes objects: nothing is written before its review.
    pub(super) fn write_command(&mut self, command: Command, argument: &str) -> Vec<Effect> {
        use Command as C;
        let wishes = match command {
            C::Scale if argument.trim().is_empty() => return self.ask_for_scale(),
            C::Set if argument.trim().is_empty() => return self.prefill("set spec."),
            C::Scale => self.scale(argument.trim()),
            C::Restart => Ok(self.restart()),
            C::Set => self.set_fields(argument.trim()),
            C::Delete => Ok(self.objects_meant().into_iter().map(Meant::delete).collect()),
            C::Undo => return self.undo(argument.trim()),
            C::Drafts => return self.choose_draft(argument.trim()),
            _ => return self.open_writing(command, argument.trim()),
        };
        match wishes {
            Ok(wishes) => {
                let hidden = self.hidden_marks();
                let effects = self.review(wishes, None);
                self.tell_of_hidden(&hidden);
                effects
            }
            Err(why) => {
                self.say(Tone::Warn, format!("{command}: {why}"));
                Vec::new()
            }
        }
    }

    /// Says which of what is reviewed nobody sees in the table.
    pub(super) fn tell_of_hidden(&mut self, hidden: &[String]) {
        if !hidden.is_empty() {
            let text = format!("{} of these are hidden by the filter: {}", hidden.len(), hidden.join(", "));
            self.say(Tone::Warn, text);
        }
    }

    /// Names of marked rows that the filter hides.
    pub fn hidden_marks(&self) -> Vec<String> {
        let Some(table) = self.active_table().filter(|table| !table.marked.is_empty()) else {
            return Vec::new();
        };
        let shown: BTreeSet<_> = table.visible.iter().map(|at| table.items[*at as usize].id()).collect();
        let hidden = self.marked().into_iter().map(|item| item.id()).filter(|id| !shown.contains(id));
        hidden.map(|id| id.name.to_string()).collect()
    }

    /// The name of a draft that is begun now: no other process, and no other draft of this one, has it.
    pub(super) fn draft_id(&mut self) -> String {
        let number = self.ticket().0;
        format!("{}-{number}", self.settings.run)
    }

    fn prefill(&mut self, line: &str) -> Vec<Effect> {
        let palette = Palette { input: Input::with(line), ..Palette::default() };
        self.overlay = Some(Overlay::Palette(palette));
        self.refill_palette();
        Vec::new()
    }

    /// Asks for a number, beginning with the one there is.
    fn ask_for_scale(&mut self) -> Vec<Effect> {
        let now = self.gateways_meant().first().map(|row| match &row.autoscaler {
            Some(scaler) => format!("{}-{}", scaler.min, scaler.max),
            None => row.ready.map(|(_, wanted)| wanted.to_string()).unwrap_or_default(),
        });
        self.prefill(&format!("scale {}", now.unwrap_or_default()))
    }

    fn scale(&self, argument: &str) -> Result<Vec<Wish>, String> {
        let wrong =
            || format!("`{argument}` is neither a number of pods, as 3, nor bounds of an autoscaler, as 2-9");
        let number = |text: &str| text.trim().parse::<u32>().map_err(|_| wrong());
        let bounds = match argument.split_once('-') {
            Some((min, max)) => Some((number(min)?, number(max)?)),
            None => None,
        };
        let count = if bounds.is_none() { number(argument)? } else { 0 };
        let one = |row: &Arc<GatewayRow>| -> Result<Wish, String> {
            let name = &row.id.name;
            let scales = match &row.cr {
                Some(cr) => cr.gateway.spec.effective(row.cluster_id.as_deref()).autoscales(),
                None => row.autoscaler.is_some(),
            };
            match (scales, bounds) {
                (true, None) => Err(format!("an autoscaler decides over {name}: give its bounds, as 2-9")),
                (false, Some(_)) => Err(format!("{name} has no autoscaler: give a number of pods")),
                (true, Some((min, max))) => {
                    let fields = vec![
                        (path("spec.minReplicas"), Some(json!(min))),
                        (path("spec.maxReplicas"), Some(json!(max))),
                    ];
                    let hpa = || {
                        let meta = &row.autoscaler.as_ref()?.meta;
                        Some(Meant::new(&row.id.cluster, Kind::HorizontalPodAutoscaler, None, meta))
                    };
                    let meant = self.cr_of(row).or_else(hpa).ok_or("nothing to scale")?;
                    Ok(meant.set(fields))
                }
                (false, None) => {
                    let meant = self.leading(row).ok_or("nothing to scale")?;
                    let field = if row.cr.is_some() { "spec.replicaCount" } else { "spec.replicas" };
                    Ok(meant.set(vec![(path(field), Some(json!(count)))]))
                }
            }
        };
        self.gateways_meant().iter().map(one).collect()
    }

    /// New pods of the same template: the annotation that `kubectl rollout restart` changes.
    fn restart(&self) -> Vec<Wish> {
        let now = self.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let at = path("spec.template.metadata.annotations").field(RESTARTED);
        let one = |row: Arc<GatewayRow>| {
            let meta = &row.workload.as_ref()?.meta;
            let meant = Meant::new(&row.id.cluster, Kind::Deployment, None, meta);
            Some(meant.set(vec![(at.clone(), Some(json!(now)))]))
        };
        self.gateways_meant().into_iter().filter_map(one).collect()
    }

    /// `PATH=VALUE`: the value as YAML, an empty one takes the field away.
    fn set_fields(&self, argument: &str) -> Result<Vec<Wish>, String> {
        let (place, value) = argument.split_once('=').ok_or("write PATH=VALUE, as spec.replicaCount=3")?;
        let at: Path = place.trim().parse()?;
        let value = match value.trim() {
            "" => None,
            text => Some(
                serde_yaml::from_str::<Value>(text).map_err(|_| format!("`{text}` is no value of YAML"))?,
            ),
        };
        let is_spec = at.0.first() == path("spec").0.first() || at.is_below(&path("metadata.annotations"));
        if !is_spec || at.0.len() < 2 {
            return Err(format!("`{place}` is not a field below spec"));
        }
        let wish = |row: &Arc<GatewayRow>| {
            let meant = self.cr_of(row).ok_or_else(|| format!("{} is no IstioGateway", row.id.name))?;
            Ok(meant.set(vec![(at.clone(), value.clone())]))
        };
        // A gateway has a row for each of its clusters, and is changed once.
        let mut wishes: Vec<Wish> = self.gateways_meant().iter().map(wish).collect::<Result<_, String>>()?;
        let mut seen = Vec::new();
        wishes.retain(|wish| {
            let is_new = !seen.contains(&wish.target);
            seen.push(wish.target.clone());
            is_new
        });
        Ok(wishes)
    }

    /// The changes of this run to choose from, the last first; with a number: that one is undone.
    fn undo(&mut self, argument: &str) -> Vec<Effect> {
        if let Ok(number) = argument.parse::<usize>() {
            let past = self.past.len().checked_sub(number).and_then(|at| self.past.get(at)).cloned();
            return match past {
                Some(made) => self.review(vec![inverse(&made)], None),
                None => {
                    self.say(Tone::Bad, format!("undo: there is no change {number}"));
                    Vec::new()
                }
            };
        }
        let options = self.past.iter().rev().enumerate();
        let options = options.map(|(n, made)| ((n + 1).to_string(), made.in_words())).collect();
        self.overlay = Some(Overlay::Choose(Choose {
            title: "undo which",
            command: Command::Undo,
            options,
            cursor: 0,
            meant: None,
        }));
        Vec::new()
    }
}

/// What undoes a change: shown and applied as any other (R22).
fn inverse(made: &Made) -> Wish {
    let target = made.target.clone();
    let change = match (&made.before, &made.after) {
        (Some(before), Some(after)) => {
            Change::Edit { before: after.clone(), after: restore(after, &visible(before)) }
        }
        (Some(before), None) => Change::Create { object: anew(before) },
        (None, after) => Change::Delete { object: after.clone().unwrap_or_default() },
    };
    Wish { target, change }
}

/// A deleted object as it can be made again: without what belonged to that one alone.
pub(super) fn anew(object: &Value) -> Value {
    let mut object = visible(object);
    for field in ["metadata.finalizers", "spec.clusterIP", "spec.clusterIPs", "spec.healthCheckNodePort"] {
        path(field).set(&mut object, None);
    }
    for mark in ["egret/clusters", "egret/release", "egret/reconcile", "egret/roll"] {
        path("metadata.annotations").field(mark).set(&mut object, None);
    }
    if object["kind"] == "Service" {
        let ports = object["spec"]["ports"].as_array_mut().into_iter().flatten();
        ports.filter_map(Value::as_object_mut).for_each(|port| {
            port.shift_remove("nodePort");
        });
    }
    object
}
