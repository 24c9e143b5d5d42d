//! A field read from the manifest, and written into it. What is not of the field's kind is refused, with why, and the
//! manifest stays as it was.

use serde_json::{Map, Value};

use super::field::{Field, Kind};
use super::spread;
use super::table::FIELDS;
use crate::model::edit::Path;
use crate::model::yaml;

/// A place of the form that the cursor may be at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot {
    /// Which field, by its place in the table.
    pub field: usize,
    /// Of a list: which row; the row behind the last adds one.
    pub item: usize,
    /// Of a list: which column.
    pub column: usize,
}

impl Spot {
    /// The first place of a field.
    pub fn of(field: usize) -> Self {
        Self { field, ..Self::default() }
    }

    /// The field.
    pub fn row(self) -> &'static Field {
        FIELDS.get(self.field).unwrap_or(&FIELDS[0])
    }

    /// What may be typed here.
    pub fn kind(self) -> Kind {
        let kind = self.row().kind;
        kind.columns().get(self.column).map_or(kind, |column| column.kind)
    }

    /// Whether it adds a row.
    pub fn adds(self, object: &Value) -> bool {
        self.row().kind.is_list() && self.item >= count(self.row(), object)
    }

    /// The field of the object that is written here; of the key of a pair, its value's.
    pub fn path(self, object: &Value) -> Path {
        let path = self.row().path();
        match self.row().kind {
            Kind::Pairs => match key(&path, object, self.item) {
                Some(key) => path.field(&key),
                None => path,
            },
            Kind::Items(columns) => {
                let item = path.index(self.item);
                columns.get(self.column).map_or_else(|| item.clone(), |column| item.field(column.field))
            }
            _ => path,
        }
    }
}

/// Rows of a list.
pub(super) fn count(field: &Field, object: &Value) -> usize {
    match (field.kind, field.path().get(object)) {
        (Kind::Items(_), Some(Value::Array(items))) => items.len(),
        (Kind::Pairs, Some(Value::Object(pairs))) => pairs.len(),
        _ => 0,
    }
}

fn key(path: &Path, object: &Value, at: usize) -> Option<String> {
    path.get(object)?.as_object()?.keys().nth(at).cloned()
}

/// What stands at a place, as it is typed. Of a switch or choice, the word.
pub(super) fn read(spot: Spot, object: &Value) -> String {
    let field = spot.row();
    if matches!(field.kind, Kind::Pairs) && spot.column == 0 {
        return key(&field.path(), object, spot.item).unwrap_or_default();
    }
    if matches!(field.kind, Kind::Spread) {
        return if spread::is_on(object) { "on" } else { "off" }.to_owned();
    }
    if matches!(field.kind, Kind::Home) || spot.adds(object) {
        return String::new();
    }
    let value = spot.path(object);
    let value = value.get(object);
    match (spot.kind(), value) {
        (Kind::Mark(on), value) => {
            if value.and_then(Value::as_str) == Some(on) { "on" } else { "off" }.to_owned()
        }
        (_, None | Some(Value::Null)) => String::new(),
        (Kind::Switch(words), Some(Value::Bool(on))) => words[usize::from(!on)].to_owned(),
        (Kind::TextSwitch(words), Some(value)) if value == "true" => words[0].to_owned(),
        (Kind::TextSwitch(words), Some(value)) if value == "false" => words[1].to_owned(),
        (Kind::Words, Some(Value::Array(all))) => all.iter().map(plain).collect::<Vec<_>>().join(", "),
        (Kind::Yaml, Some(value)) => yaml::text(value).unwrap_or_default().trim_end().to_owned(),
        (_, Some(value)) => plain(value),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Why what stands at a place cannot be typed over: it is more than its field holds.
pub(super) fn fixed(spot: Spot, object: &Value) -> Option<&'static str> {
    let field = spot.row();
    if matches!(field.kind, Kind::Items(columns) if columns.get(spot.column).is_some_and(|c| c.field == "value"))
        && let Some(item) = field.path().index(spot.item).get(object)
        && item.get("valueFrom").is_some()
    {
        return Some("it comes from elsewhere (valueFrom)");
    }
    if matches!(spot.kind(), Kind::Yaml | Kind::Spread | Kind::Home) || spot.adds(object) {
        return None;
    }
    let path = spot.path(object);
    match path.get(object) {
        Some(Value::String(text)) if text.chars().any(char::is_control) => Some("it has several lines"),
        Some(Value::Object(_)) => Some("it is no single value"),
        Some(Value::Array(items)) => {
            let whole =
                |v: &Value| v.as_str().is_some_and(|t| !t.contains(',') && !t.chars().any(char::is_control));
            let fits = matches!(spot.kind(), Kind::Words) && items.iter().all(whole);
            (!fits).then_some("it is no list of words")
        }
        _ => None,
    }
}

/// Writes what was typed.
///
/// # Errors
/// Why it is not of the field's kind: nothing is written then.
pub(super) fn write(spot: Spot, object: &mut Value, text: &str) -> Result<(), String> {
    let field = spot.row();
    if spot.adds(object) || matches!(field.kind, Kind::Home) {
        return Ok(());
    }
    if matches!(field.kind, Kind::Spread) {
        spread::set(object, text == "on");
        return Ok(());
    }
    if matches!(field.kind, Kind::Pairs) && spot.column == 0 {
        return rename(&field.path(), object, spot.item, text);
    }
    let is_name = field.path_text() == "metadata.name";
    // The term that spreads replicas selects pods by the gateway's name.
    let spreads = is_name && spread::is_on(object);
    if spreads {
        spread::set(object, false);
    }
    // Within a list a blank may be meant: in the value of a variable, say.
    let written = match spot.kind() {
        Kind::Text if field.kind.is_list() => Ok((!text.is_empty()).then(|| text.into())),
        kind => parsed(kind, text),
    };
    if let Ok(value) = &written {
        let pair_or_text = matches!(field.kind, Kind::Pairs) && value.is_none();
        let value = if pair_or_text { Some(Value::from("")) } else { value.clone() };
        spot.path(object).set(object, value);
    }
    if spreads {
        spread::set(object, true);
    }
    written.map(drop)
}

/// What a text is as a value; `None`: the field is not there.
fn parsed(kind: Kind, text: &str) -> Result<Option<Value>, String> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Ok(None);
    }
    match kind {
        Kind::Number => match trimmed.parse::<u32>() {
            Ok(number) => Ok(Some(number.into())),
            Err(_) => Err(format!("{trimmed:?} is no whole number")),
        },
        Kind::NumberOrName => Ok(Some(trimmed.parse::<u32>().map_or_else(|_| trimmed.into(), Value::from))),
        Kind::Words => {
            let words = trimmed.split(',').map(str::trim).filter(|word| !word.is_empty());
            let words: Vec<Value> = words.map(Value::from).collect();
            Ok((!words.is_empty()).then_some(Value::Array(words)))
        }
        Kind::Switch(words) => Ok(place(&words, trimmed).map(|at| Value::Bool(at == 0))),
        Kind::TextSwitch(words) => Ok(place(&words, trimmed).map(|at| (at == 0).to_string().into())),
        Kind::Mark(on) => Ok((trimmed == "on").then(|| on.into())),
        Kind::Yaml => match serde_yaml::from_str::<Value>(text) {
            Ok(Value::Null) => Ok(None),
            Ok(value) => Ok(Some(value)),
            Err(error) => {
                let why = error.to_string();
                Err(format!("this is no YAML: {}", why.lines().next().unwrap_or_default()))
            }
        },
        _ => Ok(Some(trimmed.into())),
    }
}

fn place(words: &[&str], text: &str) -> Option<usize> {
    words.iter().position(|word| *word == text)
}

/// Gives the pair at a place another key, and leaves it where it stands.
fn rename(path: &Path, object: &mut Value, at: usize, to: &str) -> Result<(), String> {
    let to = to.trim();
    let Some(Value::Object(pairs)) = path.get(object) else { return Ok(()) };
    let taken = pairs.keys().enumerate().any(|(n, key)| n != at && key == to);
    if taken {
        return Err(if to.is_empty() {
            "it needs a key".to_owned()
        } else {
            format!("{to} is there already")
        });
    }
    let renamed: Map<String, Value> = pairs
        .iter()
        .enumerate()
        .map(|(n, (key, value))| (if n == at { to.to_owned() } else { key.clone() }, value.clone()))
        .collect();
    path.set(object, Some(Value::Object(renamed)));
    Ok(())
}

/// Turns a switch or choice to the next word; `by` is 1 or -1.
pub(super) fn turn(spot: Spot, object: &mut Value, by: isize) {
    if matches!(spot.row().kind, Kind::Spread) {
        let on = spread::is_on(object);
        return spread::set(object, !on);
    }
    let words = words(spot.kind());
    let at = words.iter().position(|word| *word == read(spot, object)).unwrap_or(0);
    let count = words.len().max(1);
    let to = (at as isize + by).rem_euclid(count as isize) as usize;
    if let Some(word) = words.get(to) {
        // Words of a switch are always of its kind.
        let _ = write(spot, object, word);
    }
}

/// The words that a switch or choice turns through; the empty one: not said.
pub(super) fn words(kind: Kind) -> Vec<&'static str> {
    match kind {
        Kind::Switch(words) | Kind::TextSwitch(words) => vec!["", words[0], words[1]],
        Kind::Choice(words) => [""].iter().chain(words).copied().collect(),
        Kind::Mark(_) | Kind::Spread => vec!["off", "on"],
        _ => Vec::new(),
    }
}

/// Adds a row; tells which one it is.
pub(super) fn add(field: &Field, object: &mut Value) -> usize {
    let (path, at) = (field.path(), count(field, object));
    match field.kind {
        Kind::Pairs => {
            let before = path.get(object).and_then(Value::as_object);
            // One that has no key yet is the new one.
            if let Some(empty) = before.and_then(|pairs| pairs.keys().position(String::is_empty)) {
                return empty;
            }
            let mut pairs = before.cloned().unwrap_or_default();
            pairs.insert(String::new(), Value::from(""));
            path.set(object, Some(Value::Object(pairs)));
        }
        Kind::Items(_) => {
            if !path.get(object).is_some_and(Value::is_array) {
                path.set(object, Some(Value::Array(Vec::new())));
            }
            path.index(at).set(object, Some(Value::Object(Map::new())));
        }
        _ => {}
    }
    at
}

/// Takes a row away, and the field with the last one.
pub(super) fn remove(field: &Field, object: &mut Value, at: usize) {
    let path = field.path();
    match path.get(object) {
        Some(Value::Object(pairs)) => {
            let kept = pairs.iter().enumerate().filter(|(n, _)| *n != at);
            let kept: Map<String, Value> = kept.map(|(_, (k, v))| (k.clone(), v.clone())).collect();
            path.set(object, (!kept.is_empty()).then_some(Value::Object(kept)));
        }
        Some(Value::Array(items)) if items.len() > 1 => path.index(at).set(object, None),
        Some(Value::Array(_)) => path.set(object, None),
        _ => {}
    }
}

/// Moves a row; tells where it is then.
pub(super) fn shift(field: &Field, object: &mut Value, at: usize, by: isize) -> usize {
    let (path, all) = (field.path(), count(field, object));
    let Some(to) = at.checked_add_signed(by).filter(|to| *to < all && at < all) else { return at };
    match path.get(object).cloned() {
        Some(Value::Array(mut items)) => {
            items.swap(at, to);
            path.set(object, Some(Value::Array(items)));
        }
        Some(Value::Object(pairs)) => {
            let mut pairs: Vec<(String, Value)> = pairs.into_iter().collect();
            pairs.swap(at, to);
            path.set(object, Some(Value::Object(pairs.into_iter().collect())));
        }
        _ => return at,
    }
    to
}
