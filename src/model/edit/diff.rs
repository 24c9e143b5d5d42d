//! What is different between two states of an object: field by field for people, line by line as text.

use serde_json::{Map, Value};

use super::keyed::{Key, label, same_order};
use super::path::{Path, Step};
use crate::model::clean::clean;

pub use super::hidden::{is_server_made, restore, visible};
pub use super::unified::{DiffLine, LineKind, unified};

/// A field that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// Where it is in the state after, or would be; of an item of a list that is gone: where it was before.
    pub path: Path,
    /// What it was; `None`: it was not there.
    pub before: Option<Value>,
    /// What it is; `None`: it is gone.
    pub after: Option<Value>,
}

/// The fields that differ, in the order of the document before, what is new behind. The order of keys does not
/// count; that of items does: where it alone changed, the list is named.
pub fn changes(before: &Value, after: &Value) -> Vec<Changed> {
    let mut out = Vec::new();
    compare(&Path::default(), before, after, &mut out);
    out
}

fn compare(path: &Path, before: &Value, after: &Value, out: &mut Vec<Changed>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Value::Object(before), Value::Object(after)) if !(before.is_empty() || after.is_empty()) => {
            fields(path, before, after, out);
        }
        (Value::Array(before), Value::Array(after)) => items(path, before, after, out),
        _ => out.push(Changed::new(path, Some(before), Some(after))),
    }
}

fn fields(path: &Path, before: &Map<String, Value>, after: &Map<String, Value>, out: &mut Vec<Changed>) {
    for (name, was) in before {
        match after.get(name) {
            Some(is) => compare(&path.field(name), was, is, out),
            None => out.push(Changed::new(&path.field(name), Some(was), None)),
        }
    }
    for (name, is) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
        out.push(Changed::new(&path.field(name), None, Some(is)));
    }
}

fn items(path: &Path, before: &[Value], after: &[Value], out: &mut Vec<Changed>) {
    if let Some(key) = Key::of(&[before, after]) {
        return keyed(path, key, before, after, out);
    }
    if before.len() == after.len() {
        for (at, (was, is)) in before.iter().zip(after).enumerate() {
            compare(&path.index(at), was, is, out);
        }
        return;
    }
    // Items put in, or taken out, in one place: anything else is told as one list and another.
    let start = before.iter().zip(after).take_while(|(was, is)| was == is).count();
    let most = before.len().min(after.len()) - start;
    let end =
        before.iter().rev().zip(after.iter().rev()).take(most).take_while(|(was, is)| was == is).count();
    if start + end < before.len().min(after.len()) {
        let whole = |list: &[Value]| Value::Array(list.to_vec());
        out.push(Changed::new(path, Some(&whole(before)), Some(&whole(after))));
        return;
    }
    let between = |list: &[Value]| start..list.len() - end;
    out.extend(between(before).map(|at| Changed::new(&path.index(at), Some(&before[at]), None)));
    out.extend(between(after).map(|at| Changed::new(&path.index(at), None, Some(&after[at]))));
}

fn keyed(path: &Path, key: Key, before: &[Value], after: &[Value], out: &mut Vec<Changed>) {
    let (was, is) = (key.names(before), key.names(after));
    let (then, now) = (key.places(before), key.places(after));
    for (at, name) in was.iter().enumerate() {
        match now.get(name) {
            Some(to) => compare(&path.index(*to), &before[at], &after[*to], out),
            None => out.push(Changed::new(&path.index(at), Some(&before[at]), None)),
        }
    }
    for (at, _) in is.iter().enumerate().filter(|(_, name)| !then.contains_key(*name)) {
        out.push(Changed::new(&path.index(at), None, Some(&after[at])));
    }
    if !same_order(&was, &is) {
        let whole = |list: &[Value]| Value::Array(list.to_vec());
        out.push(Changed::new(path, Some(&whole(before)), Some(&whole(after))));
    }
}

/// Longest text of a value in a sentence, in characters.
const LONGEST: usize = 60;

impl Changed {
    /// A change of one field.
    pub fn new(path: &Path, before: Option<&Value>, after: Option<&Value>) -> Self {
        Self { path: path.clone(), before: before.cloned(), after: after.cloned() }
    }

    /// The change as a person reads it, on one line, without anything that a terminal obeys:
    /// `spec.resources.limits.memory: 2G → 4G`, `spec.ports[2] (tls-2): added {port: 4000, …}`.
    pub fn in_words(&self) -> String {
        let place = place(&self.path, self.after.as_ref().or(self.before.as_ref()));
        match (&self.before, &self.after) {
            (None, Some(after)) => format!("{place}: added {}", short(after)),
            (Some(before), None) => format!("{place}: removed {}", short(before)),
            (Some(before), Some(after)) => match moved(before, after) {
                Some((before, after)) => format!("{place}: in another order, {before} → {after}"),
                None => format!("{place}: {} → {}", short(before), short(after)),
            },
            (None, None) => place,
        }
    }
}

/// A path as a person reads it: an item of a list with its name behind.
pub(super) fn place(path: &Path, value: Option<&Value>) -> String {
    let text =
        if path.0.is_empty() { "the object".to_owned() } else { clean(&path.to_string()).into_owned() };
    let item = matches!(path.0.last(), Some(Step::Index(_))).then(|| value.and_then(label)).flatten();
    match item {
        Some(name) => format!("{text} ({})", cut(&clean(&name))),
        None => text,
    }
}

/// The names of the items of two lists, when these are in another order.
fn moved(before: &Value, after: &Value) -> Option<(String, String)> {
    let (before, after) = (before.as_array()?, after.as_array()?);
    let key = Key::of(&[before, after])?;
    let (was, is) = (key.names(before), key.names(after));
    let words = |names: &[String]| cut(&clean(&names.join(", ")));
    (!same_order(&was, &is)).then(|| (words(&was), words(&is)))
}

/// A value on one line, cut.
pub fn short(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    cut(&clean(&text))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some(_) => text.chars().take(LONGEST - 1).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

/// As flow style writes it, texts without quotes; no more than is shown.
fn write(value: &Value, out: &mut String) {
    if out.len() > LONGEST * 4 {
        return;
    }
    match value {
        Value::String(text) if text.is_empty() => out.push_str("\"\""),
        // A long text is not cleaned whole to show its beginning.
        Value::String(text) => out.extend(text.trim_end_matches('\n').chars().take(LONGEST * 2)),
        Value::Array(items) => list(items.iter().map(|item| (None, item)), ['[', ']'], out),
        Value::Object(fields) => list(fields.iter().map(|(n, f)| (Some(n), f)), ['{', '}'], out),
        other => out.push_str(&other.to_string()),
    }
}

fn list<'a>(
    items: impl Iterator<Item = (Option<&'a String>, &'a Value)>,
    [open, close]: [char; 2],
    out: &mut String,
) {
    out.push(open);
    for (at, (name, item)) in items.enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        if out.len() > LONGEST {
            out.push('…');
            break;
        }
        if let Some(name) = name {
            out.push_str(name);
            out.push_str(": ");
        }
        write(item, out);
    }
    out.push(close);
}

#[cfg(test)]
mod tests;
