//! What changed, and when: a mark on every chart of the gateways that it concerns, so that one sees what broke them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::model::clean::clean;
use crate::model::edit::diff::{changes, short};
use crate::model::gateway::{GatewayId, GatewayRow};
use crate::model::row::IstioGatewayRow;

/// Marks that are kept of one gateway.
const MOST: usize = 50;

/// A person's or controller's change, by its managed fields, is one of now if it is at most this old.
const RECENT: SignedDuration = SignedDuration::from_mins(2);

/// What follows a change of the gateway within this time is its consequence, and no mark of its own.
const CONSEQUENCE: SignedDuration = SignedDuration::from_secs(20);

/// A change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// When.
    pub at: Timestamp,
    /// What changed, and by whom: `limits.memory 256Mi (kubectl-edit)`.
    pub text: Box<str>,
    /// Whether it is a change of the gateway's own resource: what follows shortly comes of it.
    pub of_resource: bool,
}

/// The changes of all gateways, each the newest last.
#[derive(Clone, Debug, Default)]
pub struct Markers(BTreeMap<GatewayId, Vec<Marker>>);

impl Markers {
    /// Puts a mark on the charts of a gateway. What is no longer of any use goes.
    pub fn add(&mut self, id: &GatewayId, at: Timestamp, text: impl AsRef<str>) {
        self.put(id, at, text.as_ref(), false);
    }

    fn put(&mut self, id: &GatewayId, at: Timestamp, text: &str, of_resource: bool) {
        let text: Box<str> = clean(text).into();
        let marks = self.0.entry(id.clone()).or_default();
        if marks.iter().any(|mark| mark.at == at && mark.text == text) {
            return;
        }
        let place = marks.partition_point(|mark| mark.at <= at);
        marks.insert(place, Marker { at, text, of_resource });
        let over = marks.len().saturating_sub(MOST);
        marks.drain(..over);
    }

    /// The changes of a gateway, the newest last.
    pub fn of(&self, id: &GatewayId) -> &[Marker] {
        self.0.get(id).map_or(&[], Vec::as_slice)
    }

    /// Marks what differs between the gateways before and now. What is new to egret is no change.
    pub(in crate::app) fn compare(
        &mut self,
        before: &[Arc<GatewayRow>],
        now_there: &[Arc<GatewayRow>],
        now: Timestamp,
    ) {
        self.0.retain(|id, _| now_there.iter().any(|row| row.id == *id));
        let old: BTreeMap<&GatewayId, &Arc<GatewayRow>> = before.iter().map(|row| (&row.id, row)).collect();
        for row in now_there {
            let Some(old) = old.get(&row.id) else { continue };
            if Arc::ptr_eq(old, row) {
                continue;
            }
            if let Some((at, text)) = of_resource(old, row, now) {
                self.put(&row.id, at, &text, true);
            } else if let Some(text) = of_workload(old, row)
                && !self.follows(&row.id, now)
            {
                self.add(&row.id, now, text);
            }
        }
    }

    /// Whether its resource was changed so shortly before that this comes of it. What else happened then does not matter: of
    /// a route and an image that are changed at once either may be what broke it.
    fn follows(&self, id: &GatewayId, now: Timestamp) -> bool {
        let cause = |mark: &Marker| mark.of_resource && now.duration_since(mark.at) < CONSEQUENCE;
        self.of(id).iter().any(cause)
    }
}

/// What changed of the `IstioGateway`, and who did it.
fn of_resource(old: &GatewayRow, new: &GatewayRow, now: Timestamp) -> Option<(Timestamp, String)> {
    let (old, new) = (old.cr.as_ref()?, new.cr.as_ref()?);
    if old.meta.uid != new.meta.uid {
        return Some((now, "IstioGateway made anew".to_owned()));
    }
    if old.meta.generation == new.meta.generation {
        return None;
    }
    let (at, by) = author(old, new, now);
    let fields = changes(&old.object, &new.object);
    let mut fields = fields.iter().filter(|field| field.path.to_string().starts_with("spec"));
    let what = match fields.next() {
        Some(field) => {
            let path = field.path.to_string();
            let name = path.strip_prefix("spec.").unwrap_or(&path);
            let name = name.strip_prefix("resources.").unwrap_or(name);
            let value = field.after.as_ref().map_or_else(|| "removed".to_owned(), short);
            let more = fields.count();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{name} {value}{more}")
        }
        None => "IstioGateway changed".to_owned(),
    };
    Some((at, format!("{what}{by}")))
}

/// Who wrote it last, and when: an entry of its managed fields that is new or newer.
fn author(old: &IstioGatewayRow, new: &IstioGatewayRow, now: Timestamp) -> (Timestamp, String) {
    // Who wrote a status at the same time changed nothing of what is asked for.
    let changed = new.managers.iter().filter(|m| m.subresource.is_empty() && !old.managers.contains(m));
    match changed.max_by_key(|m| m.time) {
        Some(manager) => {
            let recent = |at: &Timestamp| *at <= now && now.duration_since(*at) < RECENT;
            (manager.time.filter(recent).unwrap_or(now), format!(" ({})", manager.manager))
        }
        None => (now, String::new()),
    }
}

/// What changed of the Deployment or DaemonSet: it rolls out, or is scaled.
fn of_workload(old: &GatewayRow, new: &GatewayRow) -> Option<String> {
    let (was, is) = (old.workload.as_ref()?, new.workload.as_ref()?);
    if was.meta.uid != is.meta.uid {
        return Some(format!("{} made anew", is.kind));
    }
    let newest = |row: &GatewayRow| row.replica_sets.first().map(|set| set.meta.uid.clone());
    let rolls = newest(new).is_some() && newest(old).is_some() && newest(old) != newest(new);
    // A template that was asked for before comes back as the ReplicaSet that it had: its revision tells.
    let revision = |row: &crate::model::row::WorkloadRow| {
        row.meta.annotations.get("deployment.kubernetes.io/revision").map(str::to_owned)
    };
    if rolls || (revision(was).is_some() && revision(was) != revision(is)) {
        return Some(rollout(was, is));
    }
    (was.meta.generation != is.meta.generation && was.wanted != is.wanted)
        .then(|| format!("scaled {} → {}", was.wanted, is.wanted))
}

fn rollout(was: &crate::model::row::WorkloadRow, is: &crate::model::row::WorkloadRow) -> String {
    let differs = [
        (&was.limits.1, &is.limits.1, "limits.memory"),
        (&was.limits.0, &is.limits.0, "limits.cpu"),
        (&was.proxy_image, &is.proxy_image, "image"),
    ];
    match differs.iter().find(|(was, is, _)| was != is) {
        Some((_, value, name)) => format!("rollout: {name} {value}"),
        None => "rollout".to_owned(),
    }
}
