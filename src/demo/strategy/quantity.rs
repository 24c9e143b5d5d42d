//! Quantities in the one way in which the server writes them.

use serde_json::Value;

use crate::model::amount::Amount;

const BINARY: [&str; 6] = ["Ei", "Pi", "Ti", "Gi", "Mi", "Ki"];
/// Powers of a thousand, from 10^18 down to 10^-3.
const DECIMAL: [&str; 8] = ["E", "P", "T", "G", "M", "k", "", "m"];

/// Rewrites the quantities of a map.
pub(super) fn all(map: &mut Value) {
    for value in map.as_object_mut().into_iter().flat_map(serde_json::Map::values_mut) {
        one(value);
    }
}

/// Rewrites a quantity; what is none stays as it is.
pub(super) fn one(value: &mut Value) {
    let text = match &*value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return,
    };
    if let Some(written) = canonical(&text) {
        *value = written.into();
    }
}

fn canonical(text: &str) -> Option<String> {
    let amount: Amount = text.parse().ok()?;
    let suffix = text.trim_start_matches(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    if amount.is_zero() {
        return Some("0".to_owned());
    }
    if suffix.len() > 1 && suffix.starts_with(['e', 'E']) {
        return Some(exponent(text, &amount));
    }
    // Less than a thousandth counts as one.
    let millis = amount.millis();
    if suffix.ends_with('i') && millis % 1000 == 0 && millis.abs() >= 1_024_000 {
        let units = millis / 1000;
        let fits = |n: usize| units % (1_i128 << (10 * (6 - n))) == 0;
        return match (0..6).find(|n| fits(*n)) {
            Some(n) => Some(format!("{}{}", units >> (10 * (6 - n)), BINARY[n])),
            None => Some(units.to_string()),
        };
    }
    let place = (0..8).find(|n| millis % 1000_i128.pow(7 - n) == 0)?;
    Some(format!("{}{}", millis / 1000_i128.pow(7 - place), DECIMAL[place as usize]))
}

/// With an exponent that is a multiple of three.
fn exponent(text: &str, amount: &Amount) -> String {
    let at = text.find(['e', 'E']).unwrap_or(text.len());
    let power: i32 = text[at + 1..].parse().unwrap_or_default();
    if power % 3 == 0 && !text[..at].contains('.') {
        return text.to_owned();
    }
    let millis = amount.millis();
    let place = (0..8_u32).find(|n| millis % 1000_i128.pow(7 - n) == 0).unwrap_or(7);
    let power = 18 - 3 * i64::from(place);
    let mantissa = millis / 1000_i128.pow(7 - place);
    if power == 0 { mantissa.to_string() } else { format!("{mantissa}e{power}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_written_as_the_server_writes_them() {
        for (sent, stored) in [
            ("0.5", "500m"),
            ("500m", "500m"),
            ("1000m", "1"),
            ("1.5", "1500m"),
            ("0.0001", "1m"),
            ("1e3", "1e3"),
            ("1E3", "1E3"),
            ("1024Mi", "1Gi"),
            ("1536Mi", "1536Mi"),
            ("1.5Gi", "1536Mi"),
            ("1000000", "1M"),
            ("1k", "1k"),
            ("0", "0"),
            ("128974848", "128974848"),
            ("5e-1", "500e-3"),
            ("100n", "1m"),
            ("4096Mi", "4Gi"),
            ("100000", "100k"),
            ("512Ki", "512Ki"),
        ] {
            assert_eq!(canonical(sent).as_deref(), Some(stored), "{sent}");
        }
        assert_eq!(canonical("much"), None);
    }
}
