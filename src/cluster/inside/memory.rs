//! Which ways into pods lead nowhere: known for a while, so that each scrape does not find out anew.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::Prefer;
use super::trouble::Wrong;
use crate::model::name::ObjectKey;

/// How long a way that leads nowhere is not tried again, where another does.
const AWAY: Duration = Duration::from_secs(600);

/// How long a port that nothing listened on is not tried again: a proxy may have just begun.
const PORT_AWAY: Duration = Duration::from_secs(60);

/// How long an admin interface that did not answer is not tried again: each try costs a connection and a look at the pod.
const ADMIN_AWAY: Duration = Duration::from_secs(15);

/// One way to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Step {
    /// The pod proxy, to a port.
    PodProxy(u16),
    /// A port-forward.
    PortForward,
}

impl Step {
    pub(super) fn is_proxy(self) -> bool {
        matches!(self, Self::PodProxy(_))
    }
}

/// All ways, in the order in which they are tried.
const STEPS: [Step; 3] = [Step::PodProxy(15090), Step::PodProxy(15020), Step::PortForward];

/// Where something holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Scope {
    Cluster,
    Namespace(Arc<str>),
    Pod(ObjectKey),
}

/// What leads nowhere: a way as a whole, or one of its ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum What {
    PodProxy,
    PodProxyPort(u16),
    PortForward,
    /// The admin interface behind a port-forward.
    Admin,
}

impl What {
    fn of(step: Step) -> Self {
        if step.is_proxy() { Self::PodProxy } else { Self::PortForward }
    }

    /// The way, and its port.
    fn all_of(step: Step) -> impl Iterator<Item = Self> {
        let port = match step {
            Step::PodProxy(port) => Some(Self::PodProxyPort(port)),
            Step::PortForward => None,
        };
        std::iter::once(Self::of(step)).chain(port)
    }
}

#[derive(Debug)]
struct Avoided {
    until: Timestamp,
    /// For how long again, once someone has begun to try.
    again: Duration,
    wrong: Wrong,
}

/// What is known of the ways of one cluster.
#[derive(Debug, Default)]
pub(super) struct Memory {
    avoided: HashMap<(Scope, What), Avoided>,
    /// When the pod proxy last led into some pod: that it does not lead into another is that pod's own then.
    proxy_worked: Option<Timestamp>,
    /// The pod that a port-forward last led into, and when: that none leads into another is that pod's own then.
    forward_worked: Option<(ObjectKey, Timestamp)>,
    /// The port that answers over a port-forward, where one does.
    ports: HashMap<ObjectKey, u16>,
}

impl Memory {
    /// The ways to try, in their order, and what is wrong with those that are not.
    pub(super) fn plan(
        &mut self,
        pod: &ObjectKey,
        prefer: Prefer,
        now: Timestamp,
    ) -> (Vec<Step>, Vec<(Step, Wrong)>) {
        let mut order = STEPS;
        if prefer == Prefer::PortForward {
            order.rotate_right(1);
        }
        let (mut steps, mut wrong) = (Vec::new(), Vec::new());
        for step in order {
            match What::all_of(step).find_map(|what| self.known(pod, what, now)) {
                Some(known) => wrong.push((step, known)),
                None => steps.push(step),
            }
        }
        // The others may never be come to.
        if let Some(first) = steps.first() {
            self.begin(pod, *first, now);
        }
        (steps, wrong)
    }

    /// Why the admin interface is not tried. Whoever hears of nothing tries it.
    pub(super) fn no_admin(&mut self, pod: &ObjectKey, now: Timestamp) -> Option<Wrong> {
        let known = [What::PortForward, What::Admin].into_iter().find_map(|what| self.known(pod, what, now));
        if known.is_none() {
            [What::PortForward, What::Admin].into_iter().for_each(|what| self.again(pod, what, now));
        }
        known
    }

    /// A way is tried now. If its time was over, the others wait for what comes of it.
    pub(super) fn begin(&mut self, pod: &ObjectKey, step: Step, now: Timestamp) {
        What::all_of(step).for_each(|what| self.again(pod, what, now));
    }

    fn again(&mut self, pod: &ObjectKey, what: What, now: Timestamp) {
        for scope in scopes(pod) {
            if let Some(avoided) = self.avoided.get_mut(&(scope, what)).filter(|avoided| now >= avoided.until)
            {
                avoided.until = later(now, avoided.again);
            }
        }
    }

    /// Why something is not tried.
    fn known(&self, pod: &ObjectKey, what: What, now: Timestamp) -> Option<Wrong> {
        scopes(pod).into_iter().find_map(|scope| {
            let avoided = self.avoided.get(&(scope, what))?;
            (now < avoided.until).then(|| avoided.wrong.clone())
        })
    }

    /// A way led into a pod, after these did not.
    pub(super) fn worked(&mut self, pod: &ObjectKey, step: Step, wrong: &[(Step, Wrong)], now: Timestamp) {
        for scope in scopes(pod) {
            What::all_of(step).for_each(|what| drop(self.avoided.remove(&(scope.clone(), what))));
        }
        match step {
            Step::PodProxy(_) => self.proxy_worked = Some(now),
            Step::PortForward => self.forward_worked = Some((pod.clone(), now)),
        }
        for (step, wrong) in wrong {
            self.note(pod, *step, wrong, now);
        }
    }

    /// No way led into a pod. What was chosen may be wrong: all are tried next time but those that are forbidden.
    pub(super) fn lost(&mut self, pod: &ObjectKey, wrong: &[(Step, Wrong)], now: Timestamp) {
        let scopes = scopes(pod);
        // Where others are reached, what is known of the cluster is right, and this pod is the odd one.
        let recent = |at: Timestamp| now < later(at, PORT_AWAY);
        let others = self.forward_worked.as_ref().is_some_and(|(of, at)| of != pod && recent(*at));
        self.avoided.retain(|(scope, _), known| {
            matches!(known.wrong, Wrong::Denied(_))
                || !scopes.contains(scope)
                || (others && *scope == Scope::Cluster)
        });
        for (step, wrong) in wrong.iter().filter(|(_, wrong)| matches!(wrong, Wrong::Denied(_))) {
            self.note(pod, *step, wrong, now);
        }
    }

    /// The admin interface answered, or did not.
    pub(super) fn admin(&mut self, pod: &ObjectKey, wrong: Option<&Wrong>, now: Timestamp) {
        let own = (Scope::Pod(pod.clone()), What::Admin);
        match wrong {
            None => {
                self.avoided.remove(&own);
                self.worked(pod, Step::PortForward, &[], now);
            }
            Some(wrong @ Wrong::Denied(_)) => self.note(pod, Step::PortForward, wrong, now),
            Some(wrong) => {
                let (until, wrong) = (later(now, ADMIN_AWAY), wrong.clone());
                self.avoided.insert(own, Avoided { until, again: ADMIN_AWAY, wrong });
            }
        }
    }

    fn note(&mut self, pod: &ObjectKey, step: Step, wrong: &Wrong, now: Timestamp) {
        let own = || Scope::Pod(pod.clone());
        let (scope, what, again) = match (step, wrong) {
            (_, Wrong::Denied(_)) => (Scope::Namespace(pod.namespace.clone()), What::of(step), AWAY),
            (Step::PodProxy(port), Wrong::Refused(_) | Wrong::Odd(..)) => {
                (own(), What::PodProxyPort(port), PORT_AWAY)
            }
            (Step::PodProxy(_), _) if self.proxy_worked.is_some_and(|at| now < later(at, AWAY)) => {
                (own(), What::PodProxy, AWAY)
            }
            (Step::PodProxy(_), _) => (Scope::Cluster, What::PodProxy, AWAY),
            // The pod proxy was the second choice: the first is tried again soon.
            (Step::PortForward, _) => (own(), What::PortForward, PORT_AWAY),
        };
        // The address of one pod is nothing to tell of another.
        let wrong = if scope == Scope::Cluster { wrong.without_words() } else { wrong.clone() };
        // What is known already keeps its time.
        self.avoided.entry((scope, what)).or_insert_with(|| Avoided {
            until: later(now, again),
            again,
            wrong,
        });
    }

    /// The port that answers over a port-forward.
    pub(super) fn port(&self, pod: &ObjectKey) -> Option<u16> {
        self.ports.get(pod).copied()
    }

    /// A port answered over a port-forward.
    pub(super) fn answers(&mut self, pod: &ObjectKey, port: u16) {
        if self.ports.get(pod) != Some(&port) {
            self.ports.insert(pod.clone(), port);
        }
    }

    /// A pod is of no interest any more.
    pub(super) fn forget(&mut self, pod: &ObjectKey) {
        self.avoided.retain(|(scope, _), _| !matches!(scope, Scope::Pod(of) if of == pod));
        self.ports.remove(pod);
    }
}

/// Where something may be known that holds for a pod.
fn scopes(pod: &ObjectKey) -> [Scope; 3] {
    [Scope::Pod(pod.clone()), Scope::Namespace(pod.namespace.clone()), Scope::Cluster]
}

fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::name::Kind;

    const PROXY: [Step; 2] = [Step::PodProxy(15090), Step::PodProxy(15020)];

    fn pod(name: &str) -> ObjectKey {
        ObjectKey { cluster: "prod".into(), kind: Kind::Pod, namespace: "egress".into(), name: name.into() }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn silent() -> Wrong {
        Wrong::Silent(Duration::from_secs(2))
    }

    fn steps(memory: &mut Memory, name: &str, second: i64) -> Vec<Step> {
        memory.plan(&pod(name), Prefer::PodProxy, at(second)).0
    }

    #[test]
    fn what_leads_nowhere_is_tried_again_by_one_after_ten_minutes() {
        let mut memory = Memory::default();
        assert_eq!(steps(&mut memory, "a", 0), STEPS);
        memory.worked(&pod("a"), Step::PortForward, &[(PROXY[0], silent())], at(0));
        for name in ["a", "b"] {
            assert_eq!(steps(&mut memory, name, 599), [Step::PortForward], "it holds for the cluster");
        }
        assert_eq!(steps(&mut memory, "a", 600), STEPS);
        assert_eq!(steps(&mut memory, "b", 600), [Step::PortForward], "one tries for all");
        memory.worked(&pod("a"), PROXY[0], &[], at(601));
        assert_eq!(steps(&mut memory, "b", 601), STEPS, "and all know");
    }

    #[test]
    fn a_pod_that_cannot_be_reached_where_others_are_says_nothing_of_the_cluster() {
        let mut memory = Memory::default();
        memory.worked(&pod("a"), PROXY[0], &[], at(0));
        memory.worked(&pod("b"), Step::PortForward, &[(PROXY[0], silent())], at(1));
        assert_eq!(steps(&mut memory, "b", 2), [Step::PortForward]);
        assert_eq!(steps(&mut memory, "a", 2), STEPS);
        memory.forget(&pod("b"));
        assert_eq!(steps(&mut memory, "b", 2), STEPS);
    }

    #[test]
    fn a_port_that_is_closed_is_that_pods_own_and_for_a_minute() {
        let mut memory = Memory::default();
        memory.worked(&pod("a"), PROXY[1], &[(PROXY[0], Wrong::Refused(15090))], at(0));
        assert_eq!(steps(&mut memory, "a", 1), [PROXY[1], Step::PortForward]);
        assert_eq!(steps(&mut memory, "b", 1), STEPS);
        assert_eq!(steps(&mut memory, "a", 60), STEPS);
    }

    #[test]
    fn a_refusal_holds_in_its_namespace_and_is_told_without_asking() {
        let mut memory = Memory::default();
        let denied = Wrong::Denied(vec!["get pods/proxy"]);
        memory.lost(&pod("a"), &[(PROXY[0], denied.clone()), (Step::PortForward, silent())], at(0));
        let (steps_b, wrong) = memory.plan(&pod("b"), Prefer::PodProxy, at(1));
        assert_eq!(steps_b, [Step::PortForward], "what was silent is tried again");
        assert_eq!(wrong, PROXY.map(|step| (step, denied.clone())));
        let other = ObjectKey { namespace: "other".into(), ..pod("c") };
        assert_eq!(memory.plan(&other, Prefer::PodProxy, at(1)).0, STEPS);
    }

    #[test]
    fn when_the_way_that_was_chosen_fails_the_others_are_tried_again() {
        let mut memory = Memory::default();
        memory.worked(&pod("a"), Step::PortForward, &[(PROXY[0], silent())], at(0));
        memory.lost(&pod("a"), &[(Step::PortForward, Wrong::Broken("cut".to_owned()))], at(5));
        assert_eq!(steps(&mut memory, "a", 6), STEPS);
    }

    #[test]
    fn what_is_not_come_to_is_not_taken_for_tried() {
        let mut memory = Memory::default();
        let denied = Wrong::Denied(vec!["create pods/portforward"]);
        memory.admin(&pod("a"), Some(&denied), at(0));
        assert_eq!(memory.no_admin(&pod("a"), at(599)), Some(denied.clone()));
        // The pod proxy answers each time, so that no port-forward is come to.
        for second in [600, 605] {
            assert_eq!(steps(&mut memory, "a", second), STEPS);
            memory.worked(&pod("a"), PROXY[0], &[], at(second));
        }
        assert_eq!(memory.no_admin(&pod("a"), at(606)), None, "it is tried");
        assert_eq!(memory.no_admin(&pod("b"), at(607)), Some(denied), "by one for all");
    }

    #[test]
    fn one_pod_that_cannot_be_reached_makes_the_others_try_nothing_anew() {
        let mut memory = Memory::default();
        memory.worked(&pod("a"), Step::PortForward, &[(PROXY[0], silent())], at(0));
        memory.lost(&pod("bad"), &[(Step::PortForward, Wrong::Broken("refused".to_owned()))], at(5));
        assert_eq!(steps(&mut memory, "a", 6), [Step::PortForward]);
        memory.lost(&pod("bad"), &[(Step::PortForward, Wrong::Broken("refused".to_owned()))], at(70));
        assert_eq!(steps(&mut memory, "a", 71), STEPS, "nobody was reached for a minute");
    }

    #[test]
    fn an_admin_interface_that_does_not_answer_is_left_alone_for_a_while_and_nothing_else_is() {
        let mut memory = Memory::default();
        memory.admin(&pod("a"), Some(&Wrong::Refused(15000)), at(0));
        assert_eq!(memory.no_admin(&pod("a"), at(14)), Some(Wrong::Refused(15000)));
        assert_eq!(steps(&mut memory, "a", 14), STEPS);
        assert_eq!(memory.no_admin(&pod("b"), at(14)), None);
        assert_eq!(memory.no_admin(&pod("a"), at(15)), None);
        memory.admin(&pod("a"), None, at(16));
        assert_eq!(memory.no_admin(&pod("a"), at(16)), None);
    }

    #[test]
    fn of_the_cluster_no_address_of_a_pod_is_remembered() {
        let mut memory = Memory::default();
        let wrong = Wrong::Unreachable("dial tcp 10.1.2.3:15090: i/o timeout".to_owned());
        memory.worked(&pod("a"), Step::PortForward, &[(PROXY[0], wrong)], at(0));
        let (_, wrong) = memory.plan(&pod("b"), Prefer::PodProxy, at(1));
        assert_eq!(wrong, PROXY.map(|step| (step, Wrong::Unreachable(String::new()))));
    }

    #[test]
    fn a_port_forward_comes_first_where_it_is_preferred() {
        let mut memory = Memory::default();
        let (steps, _) = memory.plan(&pod("a"), Prefer::PortForward, at(0));
        assert_eq!(steps, [Step::PortForward, PROXY[0], PROXY[1]]);
    }
}
