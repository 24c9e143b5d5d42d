//! What a scalar means: as the API server reads it, which is YAML 1.1 in the way of Go's library, and then JSON.

use serde_json::{Number, Value};

const TRUE: &[&str] = &["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"];
const FALSE: &[&str] = &["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"];
const NULL: &[&str] = &["", "~", "null", "Null", "NULL"];
/// Numbers of YAML that JSON has none for.
const NO_NUMBER: &[&str] =
    &[".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"];

/// The meaning of a scalar without quotes and without a tag.
pub(super) fn plain(text: &str) -> Result<Value, String> {
    if NULL.contains(&text) {
        return Ok(Value::Null);
    }
    if TRUE.contains(&text) || FALSE.contains(&text) {
        return Ok(Value::Bool(TRUE.contains(&text)));
    }
    if NO_NUMBER.contains(&text) {
        return Err(format!("`{text}` is no number in Kubernetes"));
    }
    Ok(number(text).map_or_else(|| Value::from(text), Value::Number))
}

/// The meaning of a scalar with a tag of YAML's own, in quotes or not; what a tag does not fit is refused.
pub(super) fn tagged(tag: &str, text: &str) -> Result<Value, String> {
    let value = if tag == "str" { Value::from(text) } else { plain(text)? };
    let fits = match tag {
        "str" => true,
        "null" => value.is_null(),
        "bool" => value.is_boolean(),
        "int" => value.is_number() && integer(&digits(text)).is_some(),
        "float" => value.is_number(),
        "timestamp" => {
            return Err(
                "a tag `!!timestamp` has no meaning in Kubernetes: write the time in quotes".to_owned()
            );
        }
        _ => return Err(format!("a tag `!!{tag}` has no meaning in Kubernetes")),
    };
    if fits { Ok(value) } else { Err(format!("`{text}` is no `!!{tag}`")) }
}

/// The number that a text is, if it is one. Integers as Go reads them: signs, `0x`, `0o`, `0b`, `0` for octal, and
/// underscores anywhere; a whole number with a point or an exponent becomes an integer on the way through JSON.
fn number(text: &str) -> Option<Number> {
    match text.bytes().next()? {
        b'.' => float(text),
        b'+' | b'-' | b'0'..=b'9' => {
            let text = digits(text);
            integer(&text).or_else(|| float(&text))
        }
        _ => None,
    }
}

fn digits(text: &str) -> String {
    text.replace('_', "")
}

const RADIXES: &[(&str, u32)] =
    &[("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2), ("0", 8)];

fn integer(text: &str) -> Option<Number> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let radix = RADIXES.iter().filter(|_| rest != "0");
    let (rest, radix) =
        radix.filter_map(|(p, r)| Some((rest.strip_prefix(p)?, *r))).next().unwrap_or((rest, 10));
    if !rest.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let value = sign * i128::from(u64::from_str_radix(rest, radix).ok()?);
    // Above what the API server keeps as an integer, it keeps a float.
    match i64::try_from(value) {
        Ok(value) => Some(value.into()),
        Err(_) if value > 0 && !text.starts_with('+') => whole(value as f64),
        Err(_) => None,
    }
}

/// Digits with a point, an exponent, or both: `1.5`, `.5`, `1.`, `1e3`. What is too large is a text.
fn float(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = unsigned.splitn(2, ['e', 'E']);
    let (mantissa, exponent) = (parts.next()?, parts.next());
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_mantissa = all_digits(before) && all_digits(after) && !(before.is_empty() && after.is_empty());
    let is_exponent = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && all_digits(exponent)
    });
    if !(is_mantissa && is_exponent) {
        return None;
    }
    whole(text.parse().ok()?)
}

/// A number as it comes out of JSON, which writes whole ones without a point: an integer when it is one that fits.
fn whole(value: f64) -> Option<Number> {
    /// Above, JSON in Go has an exponent.
    const LARGEST: f64 = 1e21;
    let written = (value.trunc() == value && value.abs() < LARGEST).then(|| value.to_string());
    match written.and_then(|text| text.parse::<i64>().ok()) {
        Some(integer) => Some(integer.into()),
        None => Number::from_f64(value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn plain_scalars_mean_what_the_api_server_makes_of_them() {
        let cases = [
            ("yes", json!(true)),
            ("n", json!(false)),
            ("Off", json!(false)),
            ("~", Value::Null),
            ("", Value::Null),
            ("0o17", json!(15)),
            ("017", json!(15)),
            ("08", json!(8)),
            ("0x1F", json!(31)),
            ("-0b11", json!(-3)),
            ("+5", json!(5)),
            ("1_000", json!(1000)),
            ("1e3", json!(1000)),
            ("1.0", json!(1)),
            ("-0.0", json!(0)),
            ("0", json!(0)),
            (".5", json!(0.5)),
            ("1e999", json!("1e999")),
            ("1.2.3", json!("1.2.3")),
            ("100m", json!("100m")),
            ("2001-01-01", json!("2001-01-01")),
            ("12:30:45", json!("12:30:45")),
            ("9007199254740993", json!(9_007_199_254_740_993_i64)),
            ("18446744073709551615", json!(18_446_744_073_709_551_615_f64)),
            ("18446744073709551616", json!(18_446_744_073_709_551_616_f64)),
            ("1234567890123456789.0", json!(1_234_567_890_123_456_800_i64)),
            ("-9223372036854775809", json!(-9_223_372_036_854_775_808_f64)),
            ("-", json!("-")),
            ("0x", json!("0x")),
            ("nan", json!("nan")),
            ("_1", json!("_1")),
            (".", json!(".")),
        ];
        for (text, expected) in cases {
            assert_eq!(plain(text), Ok(expected), "{text}");
        }
        assert!(plain(".NaN").is_err() && plain("-.inf").is_err());
    }

    #[test]
    fn a_tag_is_obeyed_or_refused() {
        assert_eq!(tagged("str", "5"), Ok(json!("5")));
        assert_eq!(tagged("int", "0x10"), Ok(json!(16)));
        assert_eq!(tagged("float", "5"), Ok(json!(5)));
        assert_eq!(tagged("bool", "yes"), Ok(json!(true)));
        for (tag, text) in [("int", "5.5"), ("null", "x"), ("bool", "1"), ("binary", "aGk="), ("set", "")] {
            assert!(tagged(tag, text).is_err(), "{tag} {text}");
        }
    }
}
