//! `[thresholds]`: from where on the traffic of a gateway is told as wrong.

use super::{Source, Value};
use crate::model::brief::Thresholds;

/// A number from where on one looks, and one from where on it is bad.
pub(super) type Pair = (f64, f64);

/// The thresholds as the file writes them: parts in percent, durations in milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Requests that succeed, in percent: below.
    pub success: Value<Pair>,
    /// 99th percentile, milliseconds: above.
    pub p99: Value<Pair>,
    /// Part of a limit that is used, in percent: above.
    pub saturation: Value<Pair>,
    /// Days until a certificate ends: below.
    pub certificate_days: Value<Pair>,
}

impl Default for Limits {
    fn default() -> Self {
        let usual = Thresholds::default();
        let percent = |(warn, bad): Pair| Value::preset((warn * 100.0, bad * 100.0));
        let (warn, bad) = usual.certificate_days;
        Self {
            success: percent(usual.success),
            p99: Value::preset(usual.p99),
            saturation: percent(usual.saturation),
            certificate_days: Value::preset((warn.into(), bad.into())),
        }
    }
}

impl Limits {
    /// The thresholds as the screens go by them; whether the bell rings is a setting of its own.
    pub fn thresholds(&self, bell: bool) -> Thresholds {
        let part = |value: &Value<Pair>| (value.value.0 / 100.0, value.value.1 / 100.0);
        let (warn, bad) = self.certificate_days.value;
        Thresholds {
            success: part(&self.success),
            p99: self.p99.value,
            saturation: part(&self.saturation),
            // Judged when they were read: whole and not below zero.
            certificate_days: (warn as u32, bad as u32),
            bell,
        }
    }

    /// The values without their sources.
    pub(super) fn forget_sources(&mut self) {
        for threshold in PAIRS {
            (threshold.of_mut)(self).source = Source::Default;
        }
    }
}

/// One threshold.
pub(super) struct Threshold {
    /// Name in the file.
    pub(super) name: &'static str,
    /// What it counts, and up to how many.
    unit: (&'static str, f64),
    /// Whether less is worse.
    falls: bool,
    /// Whether it counts whole things only.
    whole: bool,
    /// Where it is.
    pub(super) of: fn(&Limits) -> &Value<Pair>,
    /// Where it is kept.
    pub(super) of_mut: fn(&mut Limits) -> &mut Value<Pair>,
}

/// All thresholds, in the order in which they are shown.
pub(super) const PAIRS: &[Threshold] = &[
    Threshold {
        name: "success",
        unit: ("percent", 100.0),
        falls: true,
        whole: false,
        of: |limits| &limits.success,
        of_mut: |limits| &mut limits.success,
    },
    Threshold {
        name: "p99",
        unit: ("milliseconds", 3_600_000.0),
        falls: false,
        whole: false,
        of: |limits| &limits.p99,
        of_mut: |limits| &mut limits.p99,
    },
    Threshold {
        name: "saturation",
        unit: ("percent", 100.0),
        falls: false,
        whole: false,
        of: |limits| &limits.saturation,
        of_mut: |limits| &mut limits.saturation,
    },
    Threshold {
        name: "certificate-days",
        unit: ("days", 36_500.0),
        falls: true,
        whole: true,
        of: |limits| &limits.certificate_days,
        of_mut: |limits| &mut limits.certificate_days,
    },
];

impl Threshold {
    /// What may be written, in words.
    pub(super) fn expected(&self) -> String {
        format!("two numbers of {}: from where on one looks, and from where on it is bad", self.unit.0)
    }

    /// Judges two numbers; the error says what is allowed.
    pub(super) fn judge(&self, numbers: &[f64]) -> Result<Pair, String> {
        let [warn, bad] = numbers else { return Err(format!("expected {}", self.expected())) };
        let allowed = |n: &f64| (0.0..=self.unit.1).contains(n) && (!self.whole || n.fract() == 0.0);
        if !numbers.iter().all(allowed) {
            let whole = if self.whole { "whole numbers" } else { "numbers" };
            return Err(format!("expected {whole} from 0 to {} ({})", self.unit.1, self.unit.0));
        }
        match (self.falls, warn >= bad, warn <= bad) {
            (true, false, _) => {
                Err("less is worse: the second must not be greater than the first".to_owned())
            }
            (false, _, false) => Err("more is worse: the second must not be less than the first".to_owned()),
            _ => Ok((*warn, *bad)),
        }
    }
}

/// A pair as TOML: whole numbers without a point.
pub(super) fn to_toml((warn, bad): Pair) -> toml::Value {
    let number = |n: f64| match n.fract() == 0.0 {
        true => toml::Value::Integer(n as i64),
        false => toml::Value::Float(n),
    };
    toml::Value::Array(vec![number(warn), number(bad)])
}

#[cfg(test)]
mod tests {
    use super::super::{Settings, Vocabulary, parse};
    use super::*;

    #[test]
    fn what_is_written_in_percent_and_milliseconds_is_what_screens_go_by() {
        let text = "[thresholds]\nsuccess = [99.9, 99]\np99 = [250, 1000]\ncertificate-days = [14, 3]\nbell = true\n";
        let settings = parse(text, &Vocabulary::ANY, Settings::default()).unwrap();
        let thresholds = settings.thresholds.thresholds(settings.bell.value);
        assert!((thresholds.success.0 - 0.999).abs() < 1e-9 && (thresholds.success.1 - 0.99).abs() < 1e-9);
        assert_eq!(thresholds.p99, (250.0, 1_000.0));
        assert_eq!(thresholds.saturation, Thresholds::default().saturation);
        assert_eq!(thresholds.certificate_days, (14, 3));
        assert!(thresholds.bell);
    }

    #[test]
    fn the_defaults_are_those_of_the_screens() {
        assert_eq!(Limits::default().thresholds(false), Thresholds::default());
    }
}
