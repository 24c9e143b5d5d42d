//! Which pods of a gateway were ready when: what shares its traffic.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::rate::seconds;

/// Most turns of one gateway that are kept. Of what is forgotten nothing is counted any more.
const KEPT: usize = 4_096;

/// A pod became ready, or stopped being so.
#[derive(Clone, Debug)]
struct Turn {
    at: Timestamp,
    uid: Arc<str>,
    ready: bool,
}

/// The pods of all gateways over time, by namespace and workload.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    gateways: BTreeMap<(Arc<str>, Arc<str>), Vec<Turn>>,
}

/// A time in which a pod had a part of its gateway's traffic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shift {
    /// Seconds.
    pub(super) from: f64,
    /// Seconds.
    pub(super) to: f64,
    /// One of how many.
    pub(super) share: f64,
}

impl Roster {
    /// Notes how a pod is now. Nothing is noted when that was known.
    pub(in crate::demo) fn note(&mut self, gateway: (&str, &str), uid: &str, ready: bool, at: Timestamp) {
        let turns = self.gateways.entry((gateway.0.into(), gateway.1.into())).or_default();
        let was = turns.iter().rev().find(|t| &*t.uid == uid).is_some_and(|t| t.ready);
        if was == ready {
            return;
        }
        if turns.len() >= KEPT {
            turns.drain(..KEPT / 2);
        }
        turns.push(Turn { at, uid: uid.into(), ready });
    }

    /// When a pod had part of the traffic between two moments, oldest first.
    pub(super) fn shifts(
        &self,
        gateway: (&str, &str),
        uid: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Vec<Shift> {
        let turns = self.gateways.get(&(gateway.0.into(), gateway.1.into()));
        let (mut shifts, mut here, mut others, mut last) = (Vec::new(), false, 0_u32, from);
        let mut close = |last: Timestamp, at: Timestamp, here: bool, others: u32| {
            let (from, to) = (last.max(from), at.min(to));
            if here && to > from {
                shifts.push(Shift {
                    from: seconds(from),
                    to: seconds(to),
                    share: 1.0 / f64::from(others + 1),
                });
            }
        };
        for turn in turns.into_iter().flatten().take_while(|t| t.at <= to) {
            close(last, turn.at, here, others);
            last = turn.at;
            match (&*turn.uid == uid, turn.ready) {
                (true, ready) => here = ready,
                (false, true) => others += 1,
                (false, false) => others = others.saturating_sub(1),
            }
        }
        close(last, to, here, others);
        shifts
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_shares_of_all_pods_are_one_whenever_one_is_ready() {
        let at = |s: u64| Timestamp::UNIX_EPOCH + Duration::from_secs(s);
        let mut roster = Roster::default();
        let gateway = ("istio-system", "egress");
        let turns = [(10, "a", true), (20, "b", true), (50, "a", false), (60, "a", true), (70, "b", false)];
        turns.iter().for_each(|(s, uid, ready)| roster.note(gateway, uid, *ready, at(*s)));
        roster.note(gateway, "b", false, at(75));
        let of = |uid: &str, from, to| -> f64 {
            let shifts = roster.shifts(gateway, uid, at(from), at(to));
            shifts.iter().map(|s| (s.to - s.from) * s.share).sum()
        };
        assert_eq!(of("a", 10, 80) + of("b", 10, 80), 70.0);
        assert_eq!((of("a", 0, 30), of("b", 0, 30)), (15.0, 5.0));
        assert_eq!((of("b", 50, 60), of("b", 71, 80), of("c", 0, 80)), (10.0, 0.0, 0.0));
        assert_eq!(roster.shifts(gateway, "a", at(30), at(40)).len(), 1);
    }
}
