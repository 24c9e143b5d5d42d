//! The config file changed as a person would change it: what is not asked for stays as it was written, byte for byte.
//!
//! What a change means is worked out on the structure of the file. How it is written is tried on the text first (the value
//! in its place, a line below the one that is commented out), and taken where it means the same.

pub(super) mod place;

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::{Problem, Settings, Vocabulary, migrate, parse};

/// One change of the config file.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub(super) at: At,
    /// What is to stand there; `None`: nothing.
    pub(super) value: Option<New>,
}

/// Where something stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// A plain setting.
    Key(String),
    /// An entry of a table.
    Entry(String, String),
    /// A key of the `[[context]]` of this `match`.
    Context(String, String),
}

/// A value as it is written.
#[derive(Clone, Debug, PartialEq)]
pub enum New {
    /// `true` or `false`.
    Switch(bool),
    /// A whole number.
    Number(i64),
    /// A string.
    Word(String),
    /// A list.
    List(Vec<New>),
    /// A table on one line.
    Table(Vec<(String, New)>),
}

impl From<bool> for New {
    fn from(on: bool) -> Self {
        Self::Switch(on)
    }
}

impl From<i64> for New {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for New {
    fn from(word: &str) -> Self {
        Self::Word(word.to_owned())
    }
}

impl From<String> for New {
    fn from(word: String) -> Self {
        Self::Word(word)
    }
}

impl<T: Into<New>> From<Vec<T>> for New {
    fn from(list: Vec<T>) -> Self {
        Self::List(list.into_iter().map(Into::into).collect())
    }
}

impl New {
    pub(super) fn toml(&self) -> Value {
        match self {
            Self::Switch(on) => (*on).into(),
            Self::Number(number) => (*number).into(),
            Self::Word(word) => word.as_str().into(),
            Self::List(list) => list.iter().map(Self::toml).collect::<Array>().into(),
            Self::Table(entries) => {
                let entries = entries.iter().map(|(name, value)| (name.as_str(), value.toml()));
                entries.collect::<InlineTable>().into()
            }
        }
    }
}

impl New {
    /// The same as a plain value.
    pub(super) fn plain(&self) -> toml::Value {
        match self {
            Self::Switch(on) => (*on).into(),
            Self::Number(number) => (*number).into(),
            Self::Word(word) => word.as_str().into(),
            Self::List(list) => list.iter().map(Self::plain).collect::<Vec<_>>().into(),
            Self::Table(entries) => {
                let entries = entries.iter().map(|(name, value)| (name.clone(), value.plain()));
                toml::Value::Table(entries.collect())
            }
        }
    }
}

impl Change {
    /// A plain setting: `theme`, `mouse`.
    pub fn set(key: &str, value: impl Into<New>) -> Self {
        Self { at: At::Key(key.to_owned()), value: Some(value.into()) }
    }

    /// An entry of a table: `columns` and `pods`, `keys` and `quit`.
    pub fn set_in(table: &str, key: &str, value: impl Into<New>) -> Self {
        Self { at: At::Entry(table.to_owned(), key.to_owned()), value: Some(value.into()) }
    }

    /// A key of the `[[context]]` whose `match` this is; it is made where there is none.
    pub fn set_for_context(pattern: &str, key: &str, value: impl Into<New>) -> Self {
        Self { at: At::Context(pattern.to_owned(), key.to_owned()), value: Some(value.into()) }
    }

    /// A plain setting is at its default again.
    pub fn reset(key: &str) -> Self {
        Self { at: At::Key(key.to_owned()), value: None }
    }

    /// An entry of a table is at its default again.
    pub fn reset_in(table: &str, key: &str) -> Self {
        Self { at: At::Entry(table.to_owned(), key.to_owned()), value: None }
    }

    /// A key of the `[[context]]` whose `match` this is says nothing any more.
    pub fn reset_for_context(pattern: &str, key: &str) -> Self {
        Self { at: At::Context(pattern.to_owned(), key.to_owned()), value: None }
    }

    /// What it changes, as messages name it: `theme`, `columns.pods`.
    pub fn name(&self) -> String {
        match &self.at {
            At::Key(key) => key.clone(),
            At::Entry(table, key) => format!("{table}.{key}"),
            At::Context(pattern, key) => format!("{key} of context {pattern}"),
        }
    }

    pub(super) fn key(&self) -> &str {
        match &self.at {
            At::Key(key) | At::Entry(_, key) | At::Context(_, key) => key,
        }
    }
}

/// The text of a config file with these changes.
///
/// # Errors
/// What is wrong with the file as it is, which is then left alone; else what is wrong with the changes.
pub fn edit(text: &str, changes: &[Change], known: &Vocabulary) -> Result<String, Vec<Problem>> {
    let check = |text: &str| parse(text, known, Settings::default()).map(drop);
    check(text)?;
    let mut edited = text.to_owned();
    for change in changes {
        if let At::Key(key) = &change.at {
            // Else it would be said in two places.
            edited = migrate::moved_to(key, &edited).unwrap_or(edited);
        }
        edited = one(&edited, change).ok_or_else(|| {
            let why = format!("`{}`: the file says it in a way that cannot be changed here", change.name());
            vec![Problem::at(1, why)]
        })?;
    }
    check(&edited)?;
    Ok(edited)
}

/// One change made; `None`: there is no place for it.
pub(super) fn one(text: &str, change: &Change) -> Option<String> {
    let plain = structural(text, change)?;
    Some(first_that_means(&plain, place::candidates(text, change), text))
}

/// The first of these texts that means what `plain` means, else `plain` itself, its lines ended as those of `text`.
pub(super) fn first_that_means(
    plain: &str,
    mut candidates: impl Iterator<Item = String>,
    text: &str,
) -> String {
    let meaning = |text: &str| toml::from_str::<toml::Table>(text).ok();
    let wanted = meaning(plain);
    candidates.find(|c| wanted.is_some() && meaning(c) == wanted).unwrap_or_else(|| {
        if text.contains("\r\n") {
            plain.replace("\r\n", "\n").replace('\n', "\r\n")
        } else {
            plain.to_owned()
        }
    })
}

/// The change made in the structure of the file.
fn structural(text: &str, change: &Change) -> Option<String> {
    let mut doc: DocumentMut = text.parse().ok()?;
    match &change.at {
        At::Key(key) => put(doc.as_table_mut(), key, change.value.as_ref()),
        At::Entry(table, key) => {
            if change.value.is_some() || doc.contains_key(table) {
                let item = doc.entry(table).or_insert_with(toml_edit::table);
                put(item.as_table_like_mut()?, key, change.value.as_ref());
            }
        }
        At::Context(pattern, key) => {
            let item = doc.entry("context").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
            put(of_context(item, pattern, key)?, key, change.value.as_ref());
        }
    }
    Some(doc.to_string())
}

fn put(table: &mut dyn TableLike, key: &str, value: Option<&New>) {
    let Some(value) = value else { return drop(table.remove(key)) };
    let mut value = value.toml();
    match table.get_mut(key) {
        Some(old) => {
            if let Some(old) = old.as_value() {
                *value.decor_mut() = old.decor().clone();
            }
            *old = Item::Value(value);
        }
        None => drop(table.insert(key, Item::Value(value))),
    }
}

/// The last `[[context]]` of this pattern that says the key, else the last of the pattern, else a new one.
fn of_context<'a>(item: &'a mut Item, pattern: &str, key: &str) -> Option<&'a mut dyn TableLike> {
    match item {
        Item::ArrayOfTables(all) => {
            let at = find(all.iter().map(|t| t as &dyn TableLike), pattern, key).unwrap_or_else(|| {
                let mut table = Table::new();
                table.insert("match", toml_edit::value(pattern));
                all.push(table);
                all.len() - 1
            });
            all.get_mut(at).map(|t| t as &mut dyn TableLike)
        }
        Item::Value(Value::Array(all)) => {
            let tables = all.iter().filter_map(Value::as_inline_table);
            let at = find(tables.map(|t| t as &dyn TableLike), pattern, key).unwrap_or_else(|| {
                let table: InlineTable = [("match", pattern)].into_iter().collect();
                all.push(table);
                all.len() - 1
            });
            all.get_mut(at)?.as_inline_table_mut().map(|t| t as &mut dyn TableLike)
        }
        _ => None,
    }
}

/// Which of these tables is meant.
pub(super) fn find<'a>(
    tables: impl Iterator<Item = &'a dyn TableLike>,
    pattern: &str,
    key: &str,
) -> Option<usize> {
    let is_of = |t: &&dyn TableLike| t.get("match").and_then(Item::as_str) == Some(pattern);
    let of_pattern: Vec<_> = tables.enumerate().filter(|(_, t)| is_of(t)).collect();
    let says = of_pattern.iter().rev().find(|(_, t)| t.contains_key(key));
    says.or(of_pattern.last()).map(|(at, _)| *at)
}

#[cfg(test)]
mod tests;
