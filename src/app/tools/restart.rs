//! Restarting a pod: it is deleted, and whoever owns it makes another.

use std::sync::Arc;

use crate::app::effect::Effect;
use crate::app::model::App;
use crate::app::review::Item;
use crate::app::screen::Screen;
use crate::materialize::change::Checked;
use crate::model::clean::clean;
use crate::model::edit::{Change, Target};
use crate::model::facts::{Fact, Section};
use crate::model::gateway::GatewayRow;
use crate::model::name::{ClusterName, Kind, ObjectKey};
use crate::model::row::PodRow;
use crate::model::table::{Subject, Tone};

impl App {
    /// The pods that a restart is about: those that are marked, else the one here.
    fn pods_meant(&self) -> Vec<(ClusterName, Arc<PodRow>)> {
        let marked: Vec<_> = self
            .marked()
            .into_iter()
            .filter_map(|item| match item.subject {
                Subject::Pod(row) => Some((item.cluster, row)),
                _ => None,
            })
            .collect();
        if marked.is_empty() {
            self.pod_here().map(|(key, row)| (key.cluster, row)).into_iter().collect()
        } else {
            marked
        }
    }

    /// Whether a restart can do something here, and if not, why.
    pub(super) fn restart_applies(&self) -> Result<(), String> {
        let meant = self.pods_meant();
        if meant.is_empty() {
            return Err("no pod is selected".to_owned());
        }
        for (cluster, row) in meant {
            self.writable(&cluster)?;
            let name = clean(&row.meta.name);
            if row.meta.owner.is_none() {
                return Err(format!("nothing owns {name}: nobody would make it again"));
            }
            if row.meta.deleting.is_some() {
                return Err(format!("{name} is being deleted already"));
            }
        }
        Ok(())
    }

    /// Reviews the restart: nothing is deleted before a yes.
    pub(super) fn restart_pods(&mut self) -> Vec<Effect> {
        let wishes = self.deletions_meant();
        let hidden = self.hidden_marks();
        let effects = self.review(wishes, None);
        if let Screen::Review(review) = self.screen_mut()
            && !effects.is_empty()
        {
            review.restarts = true;
        }
        self.tell_of_hidden(&hidden);
        effects
    }

    fn restarted(&self, target: &Target) -> Option<Arc<PodRow>> {
        let key = ObjectKey {
            cluster: target.cluster.clone(),
            kind: Kind::Pod,
            namespace: target.namespace.as_str().into(),
            name: target.name.as_str().into(),
        };
        self.pod(&key).cloned()
    }

    /// The gateway of a pod that is restarted, and how many others of it serve; none: it is no gateway's.
    fn serving_meanwhile(&self, target: &Target) -> Option<(Arc<GatewayRow>, usize)> {
        let is_it =
            |pod: &Arc<PodRow>| *pod.meta.name == *target.name && *pod.meta.namespace == *target.namespace;
        let row =
            self.fleet().iter().find(|row| row.id.cluster == target.cluster && row.pods.iter().any(is_it))?;
        // What is restarted by the same yes does not serve either.
        let also = match self.screen() {
            Screen::Review(review) if review.restarts => review.wishes(),
            _ => Vec::new(),
        };
        let goes = |pod: &PodRow| {
            also.iter().any(|wish| {
                wish.target.cluster == target.cluster
                    && *wish.target.name == *pod.meta.name
                    && *wish.target.namespace == *pod.meta.namespace
            })
        };
        let others = row.pods.iter().filter(|pod| !is_it(pod) && !goes(pod));
        let ready = others.filter(|pod| pod.is_ready && pod.meta.deleting.is_none()).count();
        Some((row.clone(), ready))
    }

    /// Why a restart is not to be made by a mere `y`.
    pub(in crate::app) fn restart_is_grave(&self, target: &Target) -> bool {
        let ready = self.restarted(target).is_some_and(|row| row.is_ready);
        self.serving_meanwhile(target).is_some_and(|(row, others)| {
            ready && (others == 0 || row.budget.as_ref().is_some_and(|budget| budget.allowed == 0))
        })
    }

    /// What was found out of a deletion, read as a restart: that somebody makes another is what is wished, and only what
    /// does not serve meanwhile is to be feared.
    pub(in crate::app) fn as_restart(&self, mut checked: Checked) -> Checked {
        checked.kept = None;
        checked.grave.clear();
        if self.restart_is_grave(&checked.target) {
            checked.grave.push("too few serve meanwhile".to_owned());
        }
        checked
    }

    /// What a restart does: who makes another, how many serve meanwhile.
    pub(in crate::app) fn restart_facts(&self, item: &Item) -> Option<Section> {
        let target = &item.wish.target;
        if !matches!(item.wish.change, Change::Delete { .. }) {
            return None;
        }
        let row = self.restarted(target)?;
        let mut facts = vec![Fact::new("", again(&row))];
        if let Some((gateway, others)) = self.serving_meanwhile(target) {
            let name = clean(&gateway.id.name);
            let pods = |n: usize| if n == 1 { "1 other pod".to_owned() } else { format!("{n} other pods") };
            facts.push(match (row.is_ready, others) {
                (true, 0) => Fact::new(
                    "",
                    format!("It is the last ready pod of gateway {name}: until the new one is ready nothing goes through."),
                )
                .tone(Tone::Bad),
                (true, n) => Fact::new("", format!("{} of gateway {name} {} meanwhile.", pods(n), if n == 1 { "serves" } else { "serve" })),
                (false, n) => Fact::new(
                    "",
                    format!("It does not serve now; of gateway {name} {n} others do."),
                ),
            });
            if let Some(budget) = &gateway.budget {
                let name = clean(&budget.meta.name);
                facts.push(match budget.allowed {
                    0 => Fact::new("", format!("PodDisruptionBudget {name} allows no disruption now; a deletion is not held back by it, as an eviction would be."))
                        .tone(Tone::Bad),
                    n => Fact::new("", format!("PodDisruptionBudget {name} allows {n} now.")),
                });
            }
        }
        facts.push(Fact::new(
            "",
            "Its connections are drained for as long as its grace period lasts, then cut.",
        ));
        Some(Section::new("What a restart does", facts))
    }
}

/// Who makes another.
fn again(row: &PodRow) -> String {
    let Some(owner) = &row.meta.owner else { return "Nobody makes another one.".to_owned() };
    let (kind, name) = (clean(&owner.kind), clean(&owner.name));
    match &*owner.kind {
        "DaemonSet" => format!("{kind} {name} makes another one on the same node, once this one has ended."),
        "StatefulSet" => {
            format!("{kind} {name} makes another one of the same name, once this one has ended.")
        }
        "Job" => format!("{kind} {name} makes another one only if its work is not done."),
        _ => format!("{kind} {name} makes another one at once, maybe on another node."),
    }
}
