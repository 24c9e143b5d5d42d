//! Texts that stand for something else: quantities, times, bytes.

use serde_json::Value;

const QUANTITY: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const SUFFIXES: &[&str] =
    &["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const TIME: &str = "2006-01-02T15:04:05Z07:00";
const MICRO_TIME: &str = "2006-01-02T15:04:05.000000Z07:00";

/// Why a value is not a quantity.
pub(super) fn quantity(value: &Value) -> Option<&'static str> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return Some(QUANTITY),
    };
    let text = text.trim();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(digits);
    if number.chars().all(|c| c == '.') || number.matches('.').count() > 1 {
        return Some(QUANTITY);
    }
    let exponent = suffix.strip_prefix(['e', 'E']).filter(|e| !e.is_empty());
    let is_exponent = exponent.is_some_and(|e| {
        let digits = e.strip_prefix(['+', '-']).unwrap_or(e);
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    });
    if is_exponent || SUFFIXES.contains(&suffix) {
        return None;
    }
    let letters = suffix.trim_start_matches(|c: char| "eEinumkKMGTP".contains(c));
    let rest = letters.strip_prefix(['+', '-']).unwrap_or(letters);
    let fits = rest.bytes().all(|b| b.is_ascii_digit());
    Some(if fits { "unable to parse quantity's suffix" } else { QUANTITY })
}

/// Why a text is not a time, in Go's words.
pub(super) fn time(text: &str, micro: bool) -> Option<String> {
    let layout = if micro { MICRO_TIME } else { TIME };
    let parts: &[(&str, usize)] = &[
        ("2006", 4),
        ("-", 0),
        ("01", 2),
        ("-", 0),
        ("02", 2),
        ("T", 0),
        ("15", 2),
        (":", 0),
        ("04", 2),
        (":", 0),
        ("05", 2),
    ];
    let mut rest = text;
    let wrong = |rest: &str, part: &str| {
        Some(format!("parsing time {text:?} as {layout:?}: cannot parse {rest:?} as {part:?}"))
    };
    for (part, digits) in parts {
        let fits = match digits {
            0 => rest.starts_with(part),
            n => rest.len() >= *n && rest.as_bytes()[..*n].iter().all(u8::is_ascii_digit),
        };
        if !fits {
            return wrong(rest, part);
        }
        rest = &rest[part.len()..];
    }
    let fraction =
        rest.strip_prefix('.').map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    if micro && fraction < 6 {
        return wrong(rest, ".000000");
    }
    let zone = if fraction == 0 { rest } else { &rest[fraction + 1..] };
    if !is_zone(zone) {
        return wrong(zone, "Z07:00");
    }
    out_of_range(text).map(|what| format!("parsing time {text:?}: {what} out of range"))
}

/// `Z`, or `+07:00`.
fn is_zone(zone: &str) -> bool {
    let digits = |at: std::ops::Range<usize>| zone.as_bytes()[at].iter().all(u8::is_ascii_digit);
    zone == "Z"
        || zone.len() == 6
            && zone.starts_with(['+', '-'])
            && digits(1..3)
            && &zone[3..4] == ":"
            && digits(4..6)
}

/// The part of a moment that no calendar or clock has.
fn out_of_range(text: &str) -> Option<&'static str> {
    let number = |at: std::ops::Range<usize>| text[at].parse::<u8>().unwrap_or_default();
    match (number(5..7), number(8..10), number(11..13), number(14..16), number(17..19)) {
        (0 | 13.., ..) => Some("month"),
        (_, 0 | 32.., ..) => Some("day"),
        (_, _, 24.., ..) => Some("hour"),
        (_, _, _, 60.., _) => Some("minute"),
        (_, _, _, _, 60..) => Some("second"),
        _ if text[..10].parse::<jiff::civil::Date>().is_err() => Some("day"),
        _ => None,
    }
}

/// Why a text is not bytes in base 64, in Go's words.
pub(super) fn bytes(text: &str) -> Option<String> {
    use base64::Engine as _;
    let text: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    base64::engine::general_purpose::STANDARD.decode(&text).err().map(|why| {
        let at = match why {
            base64::DecodeError::InvalidByte(at, _) | base64::DecodeError::InvalidLastSymbol(at, _) => at,
            base64::DecodeError::InvalidLength(_) | base64::DecodeError::InvalidPadding => text.len(),
        };
        format!("illegal base64 data at input byte {at}")
    })
}
