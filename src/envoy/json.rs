//! JSON of the admin interface, read without insisting: what a field cannot take is as if it were not there.

use std::fmt;

use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};

use crate::model::clean::clean;

/// Longest reason that is shown, characters: it can quote the text it fails at.
const LONGEST: usize = 200;

/// Reads an answer of this address.
///
/// # Errors
/// What is wrong with it, in words: it is no JSON, or not what Envoy answers there.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8], address: &str) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|why| {
        let why = why.to_string();
        let why: String = clean(&why).chars().take(LONGEST).collect();
        format!("the answer to {address} is not Envoy's: {why}")
    })
}

/// What it means that an answer has none of what was asked for: Envoy leaves an empty list out, and then nothing is left.
///
/// # Errors
/// There is something else: it is not Envoy's answer.
pub(super) fn nothing(bytes: &[u8], address: &str) -> Result<(), String> {
    let fields: std::collections::BTreeMap<Text, Option<IgnoredAny>> = read(bytes, address)?;
    match fields.into_iter().find(|(_, value)| value.is_some()) {
        None => Ok(()),
        Some((field, _)) => {
            let field: String = field.0.chars().take(LONGEST).collect();
            Err(format!("the answer to {address} is not Envoy's: it has {field}, which is not there"))
        }
    }
}

/// A whole number: Envoy leaves zeros out, and writes those of 64 bits as texts. What is no number counts as missing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Number(pub(super) Option<u64>);

impl Number {
    /// The number; missing is zero, as in the encoding.
    pub(super) fn or_zero(self) -> u64 {
        self.0.unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Numbers).map(Self)
    }
}

struct Numbers;

impl<'de> Visitor<'de> for Numbers {
    type Value = Option<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_u64<E>(self, n: u64) -> Result<Self::Value, E> {
        Ok(Some(n))
    }

    fn visit_i64<E>(self, n: i64) -> Result<Self::Value, E> {
        Ok(u64::try_from(n).ok())
    }

    fn visit_f64<E>(self, n: f64) -> Result<Self::Value, E> {
        // A number beyond what fits is the greatest that does.
        Ok((n.is_finite() && n >= 0.0).then_some(n as u64))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        match text.trim().parse() {
            Ok(n) => Ok(Some(n)),
            Err(_) => text.trim().parse().map_or(Ok(None), |n| self.visit_f64(n)),
        }
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// A text, without what a terminal obeys. What is no text counts as missing, which is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Text(pub(super) Box<str>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Any<'a> {
            #[serde(borrow)]
            Text(std::borrow::Cow<'a, str>),
            Other(IgnoredAny),
        }
        Ok(match Any::deserialize(from)? {
            Any::Text(text) => Self(clean(&text).into()),
            Any::Other(_) => Self::default(),
        })
    }
}

/// `null` where Envoy means nothing is as if it were not there.
pub(super) fn or_default<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_from_whatever_stands_for_it() {
        let cases = [
            ("7", Some(7)),
            ("\"7\"", Some(7)),
            ("\"18446744073709551615\"", Some(u64::MAX)),
            ("\"1e3\"", Some(1000)),
            ("2.9", Some(2)),
            ("-1", None),
            ("\"-1\"", None),
            ("\"many\"", None),
            ("\"NaN\"", None),
            ("null", None),
            ("true", None),
            ("[1, [2]]", None),
            ("{\"a\": {\"b\": 1}}", None),
        ];
        for (json, wanted) in cases {
            assert_eq!(serde_json::from_str::<Number>(json).unwrap(), Number(wanted), "{json}");
        }
    }

    #[test]
    fn a_text_is_cleaned_and_what_is_none_is_empty() {
        let cases = [
            (r#""api.example.com""#, "api.example.com"),
            (r#""a\u001b[2Jb""#, "a\u{b7}[2Jb"),
            ("7", ""),
            ("null", ""),
            (r#"{"inline_string": "x"}"#, ""),
        ];
        for (json, wanted) in cases {
            assert_eq!(&*serde_json::from_str::<Text>(json).unwrap().0, wanted, "{json}");
        }
    }

    #[test]
    fn a_failure_says_which_answer_in_one_short_clean_line() {
        let hostile = format!("\"{}\x1b[2J\"", "x".repeat(5000));
        let why = read::<Vec<u8>>(hostile.as_bytes(), "/clusters").unwrap_err();
        assert!(why.starts_with("the answer to /clusters is not Envoy's: "), "{why}");
        assert!(why.chars().count() <= 250 && !why.contains('\x1b'), "{why}");
    }
}
