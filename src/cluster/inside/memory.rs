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
}

impl What {
    fn of(step: Step) -> Self {
        if step.is_proxy() { Self::PodProxy } else { Self::PortForward }
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
        // Each is looked up once: who looks when its time is over is the one that tries it.
        let whole = [What::PodProxy, What::PortForward].map(|what| (what, self.known(pod, what, now)));
        let (mut steps, mut wrong) = (Vec::new(), Vec::new());
        for step in order {
            let of_way =
                whole.iter().find(|(what, _)| *what == What::of(step)).and_then(|(_, known)| known.clone());
            let of_port = || match step {
                Step::PodProxy(port) => self.known(pod, What::PodProxyPort(port), now),
                Step::PortForward => None,
            };
            match of_way.or_else(of_port) {
                Some(known) => wrong.push((step, known)),
                None => steps.push(step),
            }
        }
        (steps, wrong)
    }

    /// Why no port-forward is tried.
    pub(super) fn no_forward(&mut self, pod: &ObjectKey, now: Timestamp) -> Option<Wrong> {
        self.known(pod, What::PortForward, now)
    }

    /// Why something is not tried. When its time is over, whoever asks first tries it, and the others wait for what comes
    /// of it.
    fn known(&mut self, pod: &ObjectKey, what: What, now: Timestamp) -> Option<Wrong> {
        for scope in scopes(pod) {
            let Some(avoided) = self.avoided.get_mut(&(scope, what)) else { continue };
            if now < avoided.until {
                return Some(avoided.wrong.clone());
            }
            avoided.until = later(now, avoided.again);
        }
        None
    }

    /// A way led into a pod, after these did not.
    pub(super) fn worked(&mut self, pod: &ObjectKey, step: Step, wrong: &[(Step, Wrong)], now: Timestamp) {
        for scope in scopes(pod) {
            self.avoided.remove(&(scope.clone(), What::of(step)));
            if let Step::PodProxy(port) = step {
                self.avoided.remove(&(scope, What::PodProxyPort(port)));
            }
        }
        if step.is_proxy() {
            self.proxy_worked = Some(now);
        }
        for (step, wrong) in wrong {
            self.note(pod, *step, wrong, now);
        }
    }

    /// No way led into a pod. What was chosen may be wrong: all are tried next time but those that are forbidden.
    pub(super) fn lost(&mut self, pod: &ObjectKey, wrong: &[(Step, Wrong)], now: Timestamp) {
        let scopes = scopes(pod);
        self.avoided
            .retain(|(scope, _), known| matches!(known.wrong, Wrong::Denied(_)) || !scopes.contains(scope));
        for (step, wrong) in wrong.iter().filter(|(_, wrong)| matches!(wrong, Wrong::Denied(_))) {
            self.note(pod, *step, wrong, now);
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
        // What is known already keeps its time.
        self.avoided.entry((scope, what)).or_insert_with(|| Avoided {
            until: later(now, again),
            again,
            wrong: wrong.clone(),
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
    fn a_port_forward_comes_first_where_it_is_preferred() {
        let mut memory = Memory::default();
        let (steps, _) = memory.plan(&pod("a"), Prefer::PortForward, at(0));
        assert_eq!(steps, [Step::PortForward, PROXY[0], PROXY[1]]);
    }
}
