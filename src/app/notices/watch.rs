//! What is noticed by itself: clusters that go and come back, gateways that turn bad and well again, certificates that
//! are about to end. What was so already when a cluster told of itself for the first time is no news.

use std::sync::Arc;

use super::About;
use crate::app::effect::Ticket;
use crate::app::model::App;
use crate::app::screen::{DetailsOf, Screen, Tab};
use crate::app::traffic::chains;
use crate::envoy::{Answer, Seen};
use crate::materialize::change::Made;
use crate::model::clean::clean;
use crate::model::fault::{Fault, Reason};
use crate::model::gateway::{Direction, GatewayId, GatewayRow};
use crate::model::health::HealthState;
use crate::model::name::ClusterName;
use crate::model::snapshot::{Link, Snapshot};
use crate::model::table::Tone;

fn is_bad(state: HealthState) -> bool {
    matches!(state, HealthState::Degraded | HealthState::Error)
}

impl App {
    /// A cluster told how it is; before it was so.
    pub(in crate::app) fn notice_cluster(&mut self, name: &ClusterName, before: Option<&Arc<Snapshot>>) {
        if self.is_settling() {
            // Another moment of a recording is gone to: nothing of that happened.
            self.notices.health.clear();
            return;
        }
        let Some(now) = self.cluster(name).cloned() else { return };
        if let Some(before) = before {
            self.notice_link(&before.link, &now.link, name);
        }
        self.notice_health();
    }

    fn notice_link(&mut self, before: &Link, now: &Link, name: &ClusterName) {
        let is_down = |link: &Link| link.fault().is_some();
        match (before, now) {
            (
                Link::Ready,
                Link::Stale { fault, .. } | Link::Unreachable { fault, .. } | Link::Denied { fault, .. },
            ) => {
                let why = fault.summary.strip_prefix(&format!("{name}: ")).unwrap_or(&fault.summary);
                let text = format!("{name} no longer answers: {why}.");
                self.note(Tone::Bad, &text, About::cluster(name));
            }
            (before, Link::Ready) if is_down(before) => {
                self.note(Tone::Good, &format!("{name} answers again."), About::cluster(name));
            }
            _ => {}
        }
    }

    fn notice_health(&mut self) {
        let fleet: Vec<Arc<GatewayRow>> = self.fleet().to_vec();
        let told = |cluster: &ClusterName| self.cluster(cluster).is_some_and(|s| !s.fills());
        let whole: Vec<bool> =
            fleet.iter().map(|row| told(&row.id.cluster) && row.home.as_ref().is_none_or(told)).collect();
        self.notices.health.retain(|id, _| fleet.iter().any(|row| row.id == *id));
        for (row, whole) in fleet.iter().zip(whole) {
            if !whole {
                // Its parts are still coming: how it is then is where news begins.
                self.notices.health.remove(&row.id);
                continue;
            }
            let state = row.health.state;
            if state == HealthState::Unknown {
                continue;
            }
            // Well again is what runs, not what is on its way there.
            let before = self.notices.health.get(&row.id).copied();
            match before {
                Some(before) if is_bad(before) && !is_bad(state) && state != HealthState::Running => continue,
                _ => {}
            }
            self.notices.health.insert(row.id.clone(), state);
            let Some(before) = before.filter(|_| self.is_told_of(row)) else { continue };
            let (id, reason) = (&row.id, clean(&row.health.reason));
            if is_bad(state) && state > before || is_bad(state) && !is_bad(before) {
                let text = format!("{} in {} is {state}: {reason}.", id.name, id.cluster);
                self.note(Tone::Bad, &text, About::gateway(id));
            } else if is_bad(before) && !is_bad(state) {
                let text = format!("{} in {} is {state} again.", id.name, id.cluster);
                self.note(Tone::Good, &text, About::gateway(id));
            }
        }
    }

    /// Ingress gateways are told of where they are shown.
    fn is_told_of(&self, row: &GatewayRow) -> bool {
        self.settings.ingress || row.direction != Direction::Ingress
    }

    /// How many gateways are bad, by their pods or their traffic.
    pub(super) fn gateways_in_trouble(&self) -> usize {
        let bad = |row: &&Arc<GatewayRow>| {
            let traffic = self.traffic.brief(&row.id).is_some_and(|brief| brief.verdict.tone == Tone::Bad);
            is_bad(row.health.state) || traffic
        };
        self.fleet().iter().filter(|row| self.is_told_of(row)).filter(bad).count()
    }

    /// The traffic of a gateway was judged; before it was judged so, if it was.
    pub(in crate::app) fn notice_traffic(&mut self, id: &GatewayId, before: Option<Tone>) {
        let Some(brief) = self.traffic.brief(id) else { return };
        let verdict = &brief.verdict;
        match verdict.tone {
            Tone::Bad if self.notices.failing.insert(id.clone()) && before.is_some() => {
                let text = format!("{} in {}: {}.", id.name, id.cluster, clean(&verdict.words));
                self.note(Tone::Bad, &text, About::gateway(id));
            }
            Tone::Plain if self.notices.failing.remove(id) => {
                let text = format!("{} in {}: its traffic is as it should be again.", id.name, id.cluster);
                self.note(Tone::Good, &text, About::gateway(id));
            }
            _ => {}
        }
    }

    /// A change was made, or not. What is said of it is about its object; a failure that only its review would tell is kept.
    pub(in crate::app) fn notice_made(&mut self, ticket: Ticket, made: &Result<Made, Fault>) {
        let has_it = |screen: &&Screen| matches!(screen, Screen::Review(review) if review.items.iter().any(|item| item.ticket == ticket));
        let review = self.stack.iter().rev().find(has_it);
        let item = match review {
            Some(Screen::Review(review)) => review.items.iter().find(|item| item.ticket == ticket),
            _ => None,
        };
        let target = made.as_ref().ok().map(|made| &made.target).or(item.map(|item| &item.wish.target));
        let Some(target) = target.cloned() else { return };
        let is_told = item.is_none();
        let looks = self.stack.last().is_some_and(|screen| has_it(&screen));
        let id = GatewayId {
            cluster: target.cluster.clone(),
            namespace: target.namespace.as_str().into(),
            name: target.name.as_str().into(),
        };
        self.notices.about =
            if self.gateway(&id).is_some() { About::gateway(&id) } else { About::cluster(&id.cluster) };
        self.notices.answers |= looks;
        match made {
            // It is checked and made once more.
            Err(fault) if !is_told && fault.reason != Reason::Conflict => {
                let about = self.notices.about.clone();
                self.note(Tone::Bad, &format!("{}. {}", fault.summary, fault.hint), about);
            }
            _ => {}
        }
    }

    /// A proxy told of its certificates.
    pub(in crate::app) fn notice_certificates(&mut self, seen: &Seen) {
        let Ok(Answer::Certs(all)) = &seen.answer else { return };
        let Some(id) = self.traffic.owner(&seen.pod).cloned() else { return };
        let (pod, of) = (seen.pod.name.clone(), DetailsOf::Gateway(id.clone()));
        // Whoever has its list before them has seen it.
        let looks = matches!(self.screen(), Screen::Details(d) if d.tab == Tab::Certs && d.of == of);
        self.notices.answers |= looks;
        for chain in chains::chains([(&pod, all.as_slice())]) {
            for issue in &chain.issues {
                let term = chains::term(issue, &self.settings.thresholds, self.now);
                let key = (id.cluster.clone(), issue.serial.clone());
                if !matches!(term.tone, Tone::Warn | Tone::Bad) || !self.notices.ending.insert(key) {
                    continue;
                }
                let of = chain.names.first().map_or(&chain.source, |name| name);
                let text = format!(
                    "The certificate for {} of {} in {} {}.",
                    clean(of),
                    id.name,
                    id.cluster,
                    term.words
                );
                // It is told of days before: no reason for a bell.
                self.note(Tone::Warn, &text, About::gateway(&id));
            }
        }
    }
}
