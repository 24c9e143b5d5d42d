//! What differs from run to run is taken out of a transcript.

use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::Value;

use super::run::Step;

/// What always stands for the same thing, whatever it is.
static PLAIN: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", "MICROTIME"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
        (r"127\.0\.0\.1:\d+", "SERVER"),
        // `too old resource version: 1 (420)`
        (r"resource version: (\d+) \(\d+\)", "resource version: $1 (RV)"),
        (r"Too large resource version: (\d+), current: \d+", "Too large resource version: $1, current: RV"),
        // An object quoted in a message.
        (r#"(resourceVersion\\*":\\*")\d+"#, "${1}RV"),
        // Names of events.
        (r"\.[0-9a-f]{16}$", ".EVENT"),
    ]
    .into_iter()
    .map(|(pattern, stands)| (Regex::new(pattern).unwrap(), stands))
    .collect()
});

static ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(10|100|172|192)\.\d+\.\d+\.\d+\b").unwrap());

/// What has been seen in a transcript.
#[derive(Default)]
struct Seen {
    addresses: Vec<String>,
    ports: Vec<Value>,
    /// Names and hashes that the server made up, and what they become; the longest first.
    made_up: Vec<(String, String)>,
}

/// The transcript of a run in `ns`, without what differs from run to run.
pub(super) fn normal(steps: &[Step], ns: &str) -> Vec<Step> {
    let mut seen = Seen::default();
    steps.iter().for_each(|step| seen.find_made_up(&step.answered));
    seen.made_up.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then(a.cmp(b)));
    seen.made_up.dedup();
    let normal = |step: &Step| {
        let mut answered = step.answered.clone();
        seen.value(&mut answered, "", ns);
        Step { asked: step.asked.clone(), answered }
    };
    steps.iter().map(normal).collect()
}

impl Seen {
    fn find_made_up(&mut self, value: &Value) {
        if let Value::Object(map) = value {
            if let Some(Value::String(hash)) = map.get("pod-template-hash") {
                self.made_up.push((hash.clone(), "HASH".to_owned()));
            }
            if let (Some(Value::String(start)), Some(Value::String(name))) =
                (map.get("generateName"), map.get("name"))
                && let Some(end) = name.strip_prefix(start.as_str()).filter(|end| end.len() == 5)
            {
                self.made_up.push((end.to_owned(), "SUFFIX".to_owned()));
            }
        }
        match value {
            Value::Object(map) => map.values().for_each(|v| self.find_made_up(v)),
            Value::Array(list) => list.iter().for_each(|v| self.find_made_up(v)),
            _ => {}
        }
    }

    fn value(&mut self, value: &mut Value, key: &str, ns: &str) {
        match value {
            Value::Object(map) => {
                // The order of keys does not matter, so it must not matter for what is seen first.
                let mut keys: Vec<String> = map.keys().cloned().collect();
                keys.sort();
                for key in keys {
                    let mut inner = map.shift_remove(&key).unwrap();
                    self.value(&mut inner, &key, ns);
                    map.insert(self.text(&key, ns), inner);
                }
            }
            Value::Array(list) => list.iter_mut().for_each(|item| self.value(item, key, ns)),
            Value::Number(_) if key == "nodePort" || key == "healthCheckNodePort" => {
                let number = place(&mut self.ports, value);
                *value = format!("PORT-{number}").into();
            }
            Value::String(text) => {
                *text = match key {
                    "resourceVersion" if !text.is_empty() => "RV".to_owned(),
                    "continue" if !text.is_empty() => "TOKEN".to_owned(),
                    _ => self.text(text, ns),
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str, ns: &str) -> String {
        let mut text = text.replace(ns, "NS");
        for (found, stands) in &self.made_up {
            text = text.replace(found.as_str(), stands);
        }
        for (pattern, stands) in PLAIN.iter() {
            text = pattern.replace_all(&text, *stands).into_owned();
        }
        let number =
            |found: &Captures<'_>| format!("IP-{}", place(&mut self.addresses, &found[0].to_owned()));
        ADDRESS.replace_all(&text, number).into_owned()
    }
}

/// The place in a list, counted from 1; what is not in it comes last.
fn place<T: Clone + PartialEq>(list: &mut Vec<T>, item: &T) -> usize {
    match list.iter().position(|seen| seen == item) {
        Some(index) => index + 1,
        None => {
            list.push(item.clone());
            list.len()
        }
    }
}
