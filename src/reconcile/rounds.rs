//! When many gateways wait at once they are judged together ([`super::round`]): most are as they should be.

use std::time::Duration;

use tokio::time::Instant;

/// When so many gateways wait they are judged together, from one list of each kind.
pub(super) const MANY: usize = 48;

/// So long nothing new must have come before they are: lists come in one after the other.
const QUIET: Duration = Duration::from_millis(150);

/// But no longer than this, and not more often.
const GATHERED: Duration = Duration::from_secs(5);

/// When many gateways are judged together.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    /// When something was last heard of any gateway.
    heard: Option<Instant>,
    /// Since when many wait.
    many: Option<Instant>,
    /// When the last round began.
    last: Option<Instant>,
}

impl Rounds {
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard = Some(now);
    }

    pub(super) fn begun(&mut self, now: Instant) {
        (self.many, self.last) = (None, Some(now));
    }

    /// When those that wait are to be judged together, `now` at the earliest; `None`: each by itself.
    pub(super) fn look(&mut self, waiting: usize, now: Instant) -> Option<Instant> {
        if waiting < MANY || self.last.is_some_and(|last| now < last + GATHERED) {
            self.many = None;
            return None;
        }
        let since = *self.many.get_or_insert(now);
        let quiet = self.heard.map_or(now, |heard| heard + QUIET);
        Some(quiet.min(since + GATHERED).max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_are_judged_together_when_no_more_come_and_not_too_often() {
        let begin = Instant::now();
        let at = |ms: u64| begin + Duration::from_millis(ms);
        let mut rounds = Rounds::default();
        rounds.heard(at(0));
        assert_eq!(rounds.look(MANY - 1, at(0)), None, "a few are passed over one by one");
        assert_eq!(rounds.look(MANY, at(0)), Some(at(150)));
        rounds.heard(at(100));
        assert_eq!(rounds.look(MANY + 9, at(100)), Some(at(250)), "more may come");
        rounds.heard(at(4990));
        assert_eq!(rounds.look(MANY, at(4990)), Some(at(5000)), "but that has an end");
        assert_eq!(rounds.look(MANY, at(5001)), Some(at(5001)));
        rounds.begun(at(5001));
        assert_eq!(rounds.look(MANY, at(9000)), None, "not again at once");
        rounds.heard(at(10_000));
        assert_eq!(rounds.look(MANY, at(10_001)), Some(at(10_150)));
    }
}
