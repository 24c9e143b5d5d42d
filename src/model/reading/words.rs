//! The words of readings: what stands in a cell, and what a sentence says.

use std::borrow::Cow;

use super::{Reading, Unit};

/// Letters of powers of a thousand.
const POWERS: [&str; 7] = ["", "k", "M", "G", "T", "P", "E"];

/// Lengths of time in milliseconds, the longest first: from where each is used, what one of it is, its letter.
const TIMES: [(f64, f64, &str); 3] =
    [(3_600_000.0, 3_600_000.0, "h"), (300_000.0, 60_000.0, "m"), (999.5, 1_000.0, "s")];

impl Reading {
    /// The text of a cell, at most six cells wide: `412`, `1.2k`, `99.97`, `38ms`, `>10s`, `~38ms`; `n/c` where the proxy
    /// does not collect it, `–` where nothing happened, `…` where nothing is known yet.
    pub fn text(self, unit: Unit) -> Cow<'static, str> {
        match self {
            Self::Unknown => "…".into(),
            Self::NotCollected => "n/c".into(),
            Self::Nothing => "–".into(),
            Self::Value(n) => unit.text(n),
            Self::Rough(n) => format!("~{}", unit.text(n)).into(),
            Self::Above(n) => format!(">{}", unit.text(n)).into(),
        }
    }

    /// The same in words, for a sentence or a card: `99.97 %`, `412 /s`, `above 10 s`, `about 38 ms`, `not collected`.
    pub fn words(self, unit: Unit) -> Cow<'static, str> {
        match self {
            Self::Unknown => "not read yet".into(),
            Self::NotCollected => "not collected".into(),
            Self::Nothing => "none".into(),
            Self::Value(n) => unit.words(n).into(),
            Self::Rough(n) => format!("about {}", unit.words(n)).into(),
            Self::Above(n) => format!("above {}", unit.words(n)).into(),
        }
    }
}

impl Unit {
    /// The text of a number in this unit, at most five cells wide: for cells and for the axis of a chart. What is no number
    /// is `–`.
    pub fn text(self, n: f64) -> Cow<'static, str> {
        if n.is_nan() {
            return "–".into();
        }
        let n = n.max(0.0);
        match self {
            Self::Percent => percent(n),
            Self::Milliseconds => milliseconds(n),
            Self::Cores => cores(n),
            Self::PerSecond | Self::Bytes | Self::BytesPerSecond | Self::Count => thousands(n),
        }
    }

    /// The number with its unit, as a sentence says it: `99.97 %`, `38 ms`, `1.2 MB/s`.
    pub fn words(self, n: f64) -> String {
        let text = self.text(n);
        let end = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
        let (number, letter) = text.split_at(end);
        match self {
            Self::PerSecond => format!("{text} /s"),
            Self::Percent => format!("{text} %"),
            Self::Bytes => format!("{number} {letter}B"),
            Self::BytesPerSecond => format!("{number} {letter}B/s"),
            Self::Milliseconds => {
                format!("{number} {}", if letter == "m" { "min" } else { letter })
            }
            Self::Count | Self::Cores => text.into_owned(),
        }
    }
}

/// A number from 0 with at most three digits: `0`, `0.04`, `4.2`, `12`, `412`. More than nothing never reads as nothing.
fn digits(n: f64) -> Cow<'static, str> {
    // Below the first it is shown with so many decimals; the bounds are where rounding leads to the next.
    let decimals = match n {
        0.0 => return "0".into(),
        n if n < 0.005 => return "<0.01".into(),
        n if n < 0.095 => 2,
        n if n < 9.95 => 1,
        _ => 0,
    };
    let text = format!("{n:.decimals$}");
    match text.strip_suffix(".0") {
        Some(whole) => whole.to_owned().into(),
        None => text.into(),
    }
}

fn thousands(n: f64) -> Cow<'static, str> {
    let mut n = n;
    for power in POWERS {
        if n < 999.5 {
            return if power.is_empty() { digits(n) } else { format!("{}{power}", digits(n)).into() };
        }
        n /= 1_000.0;
    }
    "∞".into()
}

/// A share of one as a percentage. It is cut, not rounded: what is not all never reads `100`, and 94.96 does not pass for 95.
fn percent(share: f64) -> Cow<'static, str> {
    // What a binary fraction lacks is given back first: 0.9997 is 99.97.
    let hundredths = (share.min(1.0) * 10_000.0 + 1e-6).floor();
    match hundredths {
        h if h >= 10_000.0 => "100".into(),
        h if h >= 9_900.0 => format!("{:.2}", h / 100.0).into(),
        h if h >= 10.0 => {
            let text = format!("{:.1}", (h / 10.0).floor() / 10.0);
            text.strip_suffix(".0").map(str::to_owned).unwrap_or(text).into()
        }
        _ if share > 0.0 => "<0.1".into(),
        _ => "0".into(),
    }
}

fn milliseconds(n: f64) -> Cow<'static, str> {
    if n.is_infinite() {
        return "∞".into();
    }
    match TIMES.iter().find(|(from, _, _)| n >= *from) {
        Some((_, one, letter)) => format!("{}{letter}", thousands(n / one)).into(),
        None if n > 0.0 && n < 0.05 => "<.1ms".into(),
        // `~` stands before it: no more than one decimal.
        None if n < 9.95 => format!("{}ms", digits((n * 10.0).round() / 10.0)).into(),
        None => format!("{n:.0}ms").into(),
    }
}

fn cores(n: f64) -> Cow<'static, str> {
    match n * 1_000.0 {
        0.0 => "0".into(),
        m if m < 0.5 => "<1m".into(),
        m if m < 999.5 => format!("{m:.0}m").into(),
        _ => thousands(n),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::*;
    use Reading::{Above, NotCollected, Nothing, Rough, Unknown, Value};

    const UNITS: [Unit; 7] = [
        Unit::PerSecond,
        Unit::Percent,
        Unit::Milliseconds,
        Unit::Bytes,
        Unit::BytesPerSecond,
        Unit::Count,
        Unit::Cores,
    ];

    #[test]
    fn a_reading_is_short_in_a_cell_and_whole_in_a_sentence() {
        for (reading, unit, text, words) in [
            (Unknown, Unit::PerSecond, "…", "not read yet"),
            (NotCollected, Unit::PerSecond, "n/c", "not collected"),
            (Nothing, Unit::Percent, "–", "none"),
            (Value(f64::NAN), Unit::Percent, "–", "– %"),
            (Value(0.0), Unit::PerSecond, "0", "0 /s"),
            (Value(0.001), Unit::PerSecond, "<0.01", "<0.01 /s"),
            (Value(0.04), Unit::PerSecond, "0.04", "0.04 /s"),
            (Value(0.2), Unit::PerSecond, "0.2", "0.2 /s"),
            (Value(4.23), Unit::PerSecond, "4.2", "4.2 /s"),
            (Value(9.97), Unit::PerSecond, "10", "10 /s"),
            (Value(412.4), Unit::PerSecond, "412", "412 /s"),
            (Value(999.6), Unit::PerSecond, "1k", "1k /s"),
            (Value(1_234.0), Unit::PerSecond, "1.2k", "1.2k /s"),
            (Value(12_345_678.0), Unit::Count, "12M", "12M"),
            (Value(1.0), Unit::Percent, "100", "100 %"),
            (Value(0.999_999), Unit::Percent, "99.99", "99.99 %"),
            (Value(0.9997), Unit::Percent, "99.97", "99.97 %"),
            (Value(0.99), Unit::Percent, "99.00", "99.00 %"),
            (Value(0.9896), Unit::Percent, "98.9", "98.9 %"),
            (Value(0.872), Unit::Percent, "87.2", "87.2 %"),
            (Value(0.5), Unit::Percent, "50", "50 %"),
            (Value(0.000_1), Unit::Percent, "<0.1", "<0.1 %"),
            (Value(0.0), Unit::Percent, "0", "0 %"),
            (Value(0.0), Unit::Milliseconds, "0ms", "0 ms"),
            (Value(0.01), Unit::Milliseconds, "<.1ms", "<.1 ms"),
            (Value(0.44), Unit::Milliseconds, "0.4ms", "0.4 ms"),
            (Value(38.2), Unit::Milliseconds, "38ms", "38 ms"),
            (Rough(38.2), Unit::Milliseconds, "~38ms", "about 38 ms"),
            (Value(999.7), Unit::Milliseconds, "1s", "1 s"),
            (Value(2_130.0), Unit::Milliseconds, "2.1s", "2.1 s"),
            (Above(10_000.0), Unit::Milliseconds, ">10s", "above 10 s"),
            (Above(300_000.0), Unit::Milliseconds, ">5m", "above 5 min"),
            (Above(3_600_000.0), Unit::Milliseconds, ">1h", "above 1 h"),
            (Value(512.0), Unit::Bytes, "512", "512 B"),
            (Value(1_200_000.0), Unit::BytesPerSecond, "1.2M", "1.2 MB/s"),
            (Value(0.25), Unit::Cores, "250m", "250m"),
            (Value(0.000_1), Unit::Cores, "<1m", "<1m"),
            (Value(1.5), Unit::Cores, "1.5", "1.5"),
        ] {
            assert_eq!((&*reading.text(unit), &*reading.words(unit)), (text, words), "{reading:?}");
        }
    }

    proptest! {
        #[test]
        fn a_reading_never_takes_more_than_six_cells(n in prop_oneof![0.0..2.0, 0.0..2e4, 0.0..1e21, any::<f64>()]) {
            for unit in UNITS {
                for reading in [Value(n), Rough(n), Above(n)] {
                    let text = reading.text(unit);
                    prop_assert!((1..=6).contains(&text.width()), "{n} in {unit:?}: {text}");
                }
            }
        }

        #[test]
        fn what_is_not_all_is_never_shown_as_all_and_something_never_as_nothing(bad in 1_u32..1_000_000) {
            let all = f64::from(1_000_000_u32);
            let good = (all - f64::from(bad)) / all;
            prop_assert_ne!(Value(good).text(Unit::Percent), "100");
            prop_assert_ne!(Value(f64::from(bad) / all).text(Unit::Percent), "0");
            prop_assert_ne!(Value(f64::from(bad) / all).text(Unit::PerSecond), "0");
        }
    }
}
