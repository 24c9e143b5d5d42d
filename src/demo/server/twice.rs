//! Keys that a JSON text has twice: a reader keeps the last value, and the server tells of them.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The paths of keys that are there more than once, each told once, as the server words it; none of what is no JSON.
pub(super) fn keys(text: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut reader = serde_json::Deserializer::from_slice(text);
    let _ = Walk { path: String::new(), found: &mut found }.deserialize(&mut reader);
    found
}

struct Walk<'a> {
    path: String,
    found: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Values that hold nothing are passed over.
macro_rules! nothing_in {
    ($($visit:ident: $of:ty),*) => {
        $(fn $visit<E>(self, _: $of) -> Result<(), E> { Ok(()) })*
    };
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    nothing_in!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut at = 0;
        let path = |at: usize| format!("{}[{at}]", self.path);
        while list.next_element_seed(Walk { path: path(at), found: self.found })?.is_some() {
            at += 1;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            let path = if self.path.is_empty() { key.clone() } else { format!("{}.{key}", self.path) };
            if seen.insert(key) {
                map.next_value_seed(Walk { path, found: self.found })?;
                continue;
            }
            let told = format!("duplicate field \"{path}\"");
            if !self.found.contains(&told) {
                self.found.push(told);
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[test]
fn keys_that_are_there_twice_are_found_wherever_they_are() {
    let text = br#"{"a": 1, "b": [{"c": 1, "c": 2.5, "c": null}, {"c": "x"}], "a": {"d": true}}"#;
    assert_eq!(keys(text), ["duplicate field \"b[0].c\"", "duplicate field \"a\""]);
    assert_eq!(keys(b"{\"a\": 1, \"a\""), ["duplicate field \"a\""]);
    assert!(keys(b"{\"a\": {\"b\": 1}, \"b\": {\"a\": 1}}").is_empty());
}
