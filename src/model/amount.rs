//! Kubernetes quantities: `2`, `200m`, `4G`, `256Mi`, `1e3`.
//!
//! The grammar is apimachinery's (`pkg/api/resource`): a signed decimal number and a suffix, binary, decimal or
//! an exponent of ten. Values are kept in exact billionths, so `1` equals `1000m` and `1Gi` equals `1024Mi`.
//! (A quantity as a custom resource *writes* it, number or text, is another type: here is what it *means*.)

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// An amount, compared by value and shown as it was written.
#[derive(Clone, Debug, Eq)]
pub struct Amount {
    /// Billionths of one.
    nanos: i128,
    written: Box<str>,
}

/// Why a text is no quantity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// It is not a number.
    #[error("{0:?} is not a quantity: it must begin with a number, such as 2, 200m or 256Mi")]
    NoNumber(Box<str>),
    /// What follows the number is no suffix.
    #[error(
        "{0:?} is not a quantity: the suffix {1:?} is none of n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei, or an exponent"
    )]
    NoSuffix(Box<str>, Box<str>),
    /// It does not fit.
    #[error("{0:?} is too large a quantity")]
    TooLarge(Box<str>),
}

const NANO: i128 = 1_000_000_000;

/// Suffixes and what they multiply by, in billionths.
const SUFFIXES: [(&str, i128); 16] = [
    ("", NANO),
    ("n", 1),
    ("u", 1_000),
    ("m", 1_000_000),
    ("k", NANO * 1_000),
    ("M", NANO * 1_000_000),
    ("G", NANO * 1_000_000_000),
    ("T", NANO * 1_000_000_000_000),
    ("P", NANO * 1_000_000_000_000_000),
    ("E", NANO * 1_000_000_000_000_000_000),
    ("Ki", NANO << 10),
    ("Mi", NANO << 20),
    ("Gi", NANO << 30),
    ("Ti", NANO << 40),
    ("Pi", NANO << 50),
    ("Ei", NANO << 60),
];

impl Amount {
    /// The amount as a number, for charts and ratios; beyond 2^53 it is rounded.
    pub fn as_f64(&self) -> f64 {
        self.nanos as f64 / NANO as f64
    }

    /// The amount in thousandths (millicores), rounded up as Kubernetes rounds.
    pub fn millis(&self) -> i128 {
        let per = NANO / 1_000;
        self.nanos.div_euclid(per) + i128::from(self.nanos.rem_euclid(per) > 0)
    }

    /// The amount in whole units (bytes, cores), rounded up as Kubernetes rounds.
    pub fn units(&self) -> i128 {
        self.nanos.div_euclid(NANO) + i128::from(self.nanos.rem_euclid(NANO) > 0)
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.nanos == 0
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.nanos < 0
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(end);
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && part.is_empty()) || part.contains('.') {
            return Err(AmountError::NoNumber(text.into()));
        }
        let (scale, power) =
            scale(suffix).ok_or_else(|| AmountError::NoSuffix(text.into(), suffix.into()))?;
        let nanos = nanos(whole, part, scale, power).ok_or_else(|| AmountError::TooLarge(text.into()))?;
        Ok(Self { nanos: if text.starts_with('-') { -nanos } else { nanos }, written: text.into() })
    }
}

/// The multiplier of a suffix in billionths, and a power of ten beside it.
fn scale(suffix: &str) -> Option<(i128, i32)> {
    if let Some((_, scale)) = SUFFIXES.iter().find(|(name, _)| *name == suffix) {
        return Some((*scale, 0));
    }
    let power = suffix.strip_prefix(['e', 'E'])?;
    power.parse().ok().map(|power| (NANO, power))
}

/// `whole.part * scale * 10^power`; what is finer than a billionth is rounded up. `None`: does not fit.
fn nanos(whole: &str, part: &str, scale: i128, power: i32) -> Option<i128> {
    let digits = format!("{whole}{part}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some(0);
    }
    let power = power.checked_sub(i32::try_from(part.len()).ok()?)?;
    let scaled = digits.parse::<i128>().ok()?.checked_mul(scale)?;
    let factor = 10_i128.checked_pow(power.unsigned_abs());
    match factor {
        Some(factor) if power >= 0 => scaled.checked_mul(factor),
        Some(factor) => Some(scaled / factor + i128::from(scaled % factor > 0)),
        None if power >= 0 => None,
        // Far below a billionth, and still more than nothing.
        None => Some(1),
    }
}

impl PartialEq for Amount {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Amount {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Amount {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn equal_amounts_are_equal_however_they_are_written() {
        for (a, b) in [
            ("1", "1000m"),
            ("4Gi", "4096Mi"),
            ("4G", "4000M"),
            ("1e3", "1k"),
            ("1E3", "1k"),
            ("1.5", "1500m"),
            (".5", "500m"),
            ("5.", "5"),
            ("+2", "2"),
            ("0", "0Mi"),
            ("-0", "0"),
            ("100e-3", "100m"),
            ("0.5Ki", "512"),
            ("007", "7"),
            ("1E", "1000P"),
            ("0.00000000001", "1n"),
        ] {
            assert_eq!(parsed(a), parsed(b), "{a} = {b}");
        }
    }

    #[test]
    fn amounts_are_ordered_by_value() {
        let ordered =
            ["-1Ki", "-5", "0", "1n", "1u", "1m", "200m", "2", "2k", "2Ki", "4G", "4Gi", "1T", "8Ei"];
        for pair in ordered.windows(2) {
            assert!(parsed(pair[0]) < parsed(pair[1]), "{} < {}", pair[0], pair[1]);
        }
    }

    #[test]
    fn amounts_read_as_they_were_written() {
        for text in ["4G", "0.50", "+2", "1e3"] {
            assert_eq!(parsed(text).to_string(), text);
        }
        assert_eq!((parsed("1.5Gi").units(), parsed("2001u").millis()), (1_610_612_736, 3));
        assert_eq!((parsed("-1500m").units(), parsed("200m").as_f64()), (-1, 0.2));
        assert!(parsed("0").is_zero() && parsed("-1").is_negative());
    }

    #[test]
    fn nonsense_is_an_error_that_says_why() {
        let no_number = ["", "-", "Mi", "abc", ".", "1.2.3", " 1", "++1"];
        let no_suffix = ["1 Gi", "1gb", "4KB", "1K", "2mi", "1e", "1e1.5", "1Gi ", "1_000", "1,5"];
        for text in no_number {
            assert_eq!(text.parse::<Amount>(), Err(AmountError::NoNumber(text.into())), "{text:?}");
        }
        for text in no_suffix {
            assert!(matches!(text.parse::<Amount>(), Err(AmountError::NoSuffix(..))), "{text:?}");
        }
        for text in ["1e99", "99999999999999999999999999999999999999999", "999999999999Ei"] {
            assert!(matches!(text.parse::<Amount>(), Err(AmountError::TooLarge(..))), "{text:?}");
        }
        let said = "4KB".parse::<Amount>().expect_err("no suffix").to_string();
        assert!(said.starts_with("\"4KB\" is not a quantity: the suffix \"KB\""), "{said}");
    }
}
