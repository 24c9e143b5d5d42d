//! Ages as kubectl writes them.
//!
//! The rule is that of Kubernetes' `duration.HumanDuration` (apimachinery `pkg/util/duration`): two or three
//! significant figures. As a table, it also tells when the text changes next.

use jiff::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// How ages below `until` seconds are written.
struct Form {
    until: i64,
    unit: (i64, char),
    /// The finer unit that follows; left out when it is zero.
    rest: Option<(i64, char)>,
}

const FORMS: [Form; 9] = [
    Form { until: 2 * MINUTE, unit: (1, 's'), rest: None },
    Form { until: 10 * MINUTE, unit: (MINUTE, 'm'), rest: Some((1, 's')) },
    Form { until: 3 * HOUR, unit: (MINUTE, 'm'), rest: None },
    Form { until: 8 * HOUR, unit: (HOUR, 'h'), rest: Some((MINUTE, 'm')) },
    Form { until: 2 * DAY, unit: (HOUR, 'h'), rest: None },
    Form { until: 8 * DAY, unit: (DAY, 'd'), rest: Some((HOUR, 'h')) },
    Form { until: 2 * YEAR, unit: (DAY, 'd'), rest: None },
    Form { until: 8 * YEAR, unit: (YEAR, 'y'), rest: Some((DAY, 'd')) },
    Form { until: i64::MAX, unit: (YEAR, 'y'), rest: None },
];

impl Form {
    fn of(seconds: i64) -> &'static Self {
        FORMS.iter().find(|form| seconds < form.until).unwrap_or(&FORMS[FORMS.len() - 1])
    }

    /// The smallest step that shows, in seconds.
    fn step(&self) -> i64 {
        self.rest.map_or(self.unit.0, |(length, _)| length)
    }
}

/// Whole seconds from `then` to `now`, cut towards zero as Go cuts them.
fn seconds(then: Timestamp, now: Timestamp) -> i64 {
    now.duration_since(then).as_secs()
}

/// The age of something made at `then`, seen at `now`: `45s`, `5m30s`, `3h5m`, `2d3h`, `14d`, `2y3d`.
///
/// A second in the future is a clock that runs ahead and reads `0s`; more is `<invalid>`.
pub fn age(then: Timestamp, now: Timestamp) -> String {
    match seconds(then, now) {
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        seconds => {
            let Form { unit: (length, letter), rest, .. } = Form::of(seconds);
            let (whole, left) = (seconds / length, seconds % length);
            match rest.map(|(finer, letter)| (left / finer, letter)) {
                Some((count, finer)) if count > 0 => format!("{whole}{letter}{count}{finer}"),
                _ => format!("{whole}{letter}"),
            }
        }
    }
}

/// The age, or `<unknown>` where the server gave no time.
pub fn age_or_unknown(then: Option<Timestamp>, now: Timestamp) -> String {
    then.map_or_else(|| "<unknown>".to_owned(), |then| age(then, now))
}

/// The first instant after `now` at which [`age`] of `then` reads differently.
///
/// The screen rounds it up to its next minute: ages tick only there.
pub fn next_change(then: Timestamp, now: Timestamp) -> Timestamp {
    let seconds = seconds(then, now);
    let next = match seconds {
        // From `<invalid>` to `0s` while a whole second is still missing; then on to `1s`.
        ..-1 => -1,
        -1..1 => 1,
        _ => (seconds / Form::of(seconds).step() + 1) * Form::of(seconds).step(),
    };
    // Cut towards zero: the text for -1 begins just after the instant two seconds ahead.
    let at = jiff::SignedDuration::from_secs(next);
    let ahead = if next < 0 {
        at - jiff::SignedDuration::from_secs(1) + jiff::SignedDuration::from_nanos(1)
    } else {
        at
    };
    then.checked_add(ahead).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn base() -> Timestamp {
        "2026-05-01T10:00:00Z".parse().expect("a time")
    }

    fn after(seconds: i64) -> Timestamp {
        base() + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn ages_read_as_kubectl_writes_them() {
        let cases = [
            (-3, "<invalid>"),
            (-2, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (45, "45s"),
            (119, "119s"),
            (120, "2m"),
            (121, "2m1s"),
            (330, "5m30s"),
            (599, "9m59s"),
            (600, "10m"),
            (3 * HOUR - 1, "179m"),
            (3 * HOUR, "3h"),
            (3 * HOUR + 5 * MINUTE + 59, "3h5m"),
            (8 * HOUR - 1, "7h59m"),
            (8 * HOUR, "8h"),
            (48 * HOUR - 1, "47h"),
            (48 * HOUR, "2d"),
            (51 * HOUR, "2d3h"),
            (8 * DAY - 1, "7d23h"),
            (8 * DAY, "8d"),
            (14 * DAY, "14d"),
            (2 * YEAR - 1, "729d"),
            (2 * YEAR, "2y"),
            (2 * YEAR + 3 * DAY, "2y3d"),
            (8 * YEAR - 1, "7y364d"),
            (8 * YEAR + 5 * DAY, "8y"),
            (100 * YEAR, "100y"),
        ];
        for (seconds, wanted) in cases {
            assert_eq!(age(base(), after(seconds)), wanted, "{seconds} s");
        }
        assert_eq!(age(base(), after(2) + SignedDuration::from_millis(-1)), "1s", "seconds are whole");
        assert_eq!(age(base(), after(-2) + SignedDuration::from_millis(1)), "0s", "and cut towards zero");
        assert_eq!(age_or_unknown(None, base()), "<unknown>");
    }

    #[test]
    fn the_text_changes_at_the_next_change_and_not_before() {
        let offsets =
            [-9, -2, -1, 0, 1, 59, 119, 120, 121, 599, 600, 10_799, 10_800, 28_799, 28_800, 172_799, 172_801];
        let long = [8 * DAY - 1, 8 * DAY, 2 * YEAR - 1, 2 * YEAR + 5, 8 * YEAR - 1, 8 * YEAR];
        for seconds in offsets.into_iter().chain(long) {
            for now in [after(seconds), after(seconds) + SignedDuration::from_millis(300)] {
                let next = next_change(base(), now);
                assert!(next > now, "{seconds} s");
                let (text, before) = (age(base(), now), next - SignedDuration::from_nanos(1));
                assert_eq!(age(base(), before), text, "{seconds} s, just before");
                assert_ne!(age(base(), next), text, "{seconds} s, at");
            }
        }
    }
}
