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
        (r"ResourceVersion in record \(\d+\)", "ResourceVersion in record (RV)"),
        // An object quoted in a message.
        (r#"(resourceVersion\\*":\\*")\d+"#, "${1}RV"),
        // Replica sets and pods of the deployments `a`, `b`, … where no label says what the hash is.
        (r"\b([a-z])-[bcdfghjklmnpqrstvwxz2456789]{8,10}\b", "$1-HASH"),
        (r"\bHASH-[bcdfghjklmnpqrstvwxz2456789]{5}\b", "HASH-SUFFIX"),
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
        sort_causes(&mut answered);
        sort_managers(&mut answered);
        Step { asked: step.asked.clone(), answered }
    };
    steps.iter().map(normal).collect()
}

/// What is wrong the real server may tell several times, for it looks several times; of a custom object, and of
/// conflicts, it tells in the order of a Go map: by chance.
fn sort_causes(answered: &mut Value) {
    let Some(status) = answered.get_mut("body").and_then(Value::as_object_mut) else { return };
    let Some(details) = status.get_mut("details").and_then(Value::as_object_mut) else { return };
    let custom = details.get("group").and_then(Value::as_str).is_some_and(|g| g.ends_with("example.com"));
    let Some(causes) = details.get_mut("causes").and_then(Value::as_array_mut) else { return };
    let mut told = Vec::new();
    causes.retain(|cause| {
        !told.contains(cause) && {
            told.push(cause.clone());
            true
        }
    });
    let conflicts = causes.iter().all(|cause| cause["reason"] == "FieldManagerConflict");
    if causes.len() < 2 || !(custom || conflicts) {
        return;
    }
    causes.sort_by_key(Value::to_string);
    let message = status.get("message").and_then(Value::as_str).and_then(|m| m.split_once("is invalid: "));
    if let Some((start, list)) = message {
        let message = format!("{start}is invalid: {} bytes of causes", list.len());
        status.insert("message".to_owned(), message.into());
    }
}

/// Managers are in the order of the seconds in which they wrote last.
fn sort_managers(value: &mut Value) {
    if let Some(Value::Array(managers)) = value.get_mut("managedFields") {
        let key = |m: &Value| {
            ["operation", "manager", "subresource", "apiVersion"]
                .map(|key| m[key].as_str().map(str::to_owned))
        };
        managers.sort_by_cached_key(key);
    }
    match value {
        Value::Object(map) => map.values_mut().for_each(sort_managers),
        Value::Array(list) => list.iter_mut().for_each(sort_managers),
        _ => {}
    }
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

#[test]
fn two_runs_of_one_thing_become_the_same() {
    let of = |ns: &str, uid: &str, version: &str, ip: &str, end: &str| {
        let name = format!("made-{end}");
        let metadata = serde_json::json!({"name": name, "generateName": "made-", "namespace": ns, "uid": uid,
            "resourceVersion": version, "creationTimestamp": "2026-01-01T00:00:00Z"});
        let answered = serde_json::json!({"body": {"metadata": metadata, "spec": {"clusterIP": ip, "clusterIPs": [ip]},
            "message": format!("{name} in {ns} at {ip}")}});
        normal(&[Step { asked: String::new(), answered }], ns).remove(0).answered
    };
    let one = of("conf-1", "7de6710f-ee2b-4a85-a9e3-75ffed27ccb4", "7", "10.96.0.7", "abcde");
    let other = of("conf-2", "8de6710f-ee2b-4a85-a9e3-75ffed27ccb4", "9", "10.96.1.1", "xyzzy");
    assert_eq!(one, other);
    assert_eq!(one["body"]["message"], "made-SUFFIX in NS at IP-1");
    assert_eq!(one["body"]["metadata"]["creationTimestamp"], "TIME");
}
