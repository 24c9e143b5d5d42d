//! Two transcripts, compared.

use serde_json::Value;

use super::exceptions::excepted;
use super::run::Step;

/// How much of a value is shown.
const SHOWN: usize = 400;

/// How many differences are shown.
const MOST: usize = 12;

/// Where two transcripts of a case differ, in words; none: nowhere.
pub(super) fn differences(case: &str, real: &[Step], simulated: &[Step]) -> Option<String> {
    let mut text = String::new();
    for (number, (a, b)) in real.iter().zip(simulated).enumerate() {
        let mut found = Vec::new();
        walk(case, "", &a.answered, &b.answered, &mut found);
        if found.is_empty() {
            continue;
        }
        text.push_str(&format!("step {number}: {}\n", cut(&a.asked)));
        for (path, real, simulated) in found.iter().take(MOST) {
            text.push_str(&format!("  {path}\n    real:      {real}\n    simulated: {simulated}\n"));
        }
        if found.len() > MOST {
            text.push_str(&format!("  … and {} more\n", found.len() - MOST));
        }
    }
    if real.len() != simulated.len() {
        text.push_str(&format!("{} steps, simulated {}\n", real.len(), simulated.len()));
    }
    (!text.is_empty()).then_some(text)
}

type Found = (String, String, String);

fn walk(case: &str, path: &str, real: &Value, simulated: &Value, found: &mut Vec<Found>) {
    match (real, simulated) {
        (Value::Object(a), Value::Object(b)) => {
            let more = b.keys().filter(|key| !a.contains_key(*key));
            for key in a.keys().chain(more) {
                let path = format!("{path}/{key}");
                if excepted(case, &path) {
                    continue;
                }
                match (a.get(key), b.get(key)) {
                    (Some(a), Some(b)) => walk(case, &path, a, b, found),
                    (a, b) => found.push((path, shown(a), shown(b))),
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                walk(case, &format!("{path}/{index}"), a, b, found);
            }
        }
        (a, b) if a == b || excepted(case, path) => {}
        (a, b) => found.push((path.to_owned(), shown(Some(a)), shown(Some(b)))),
    }
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "(nothing)".to_owned(), |v| cut(&v.to_string()))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
