//! Columns of a person's own: of a label, or of a JSON path.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::cells::{none, number, word};
use super::columns;
use crate::model::name::Kind;
use crate::model::path::{Path, Paths};
use crate::model::row::RowMeta;
use crate::model::table::{Align, Cell, Column, Item, Subject, TableKind, Told, Tone};

/// A column that is chosen for a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Name of the column.
    pub id: String,
    /// Its width in cells; none: what its cells need.
    pub width: Option<u16>,
    /// What it is made of; none: one of egret's.
    pub own: Option<Own>,
}

/// A column of a person's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// Its heading; none: its id in capitals.
    pub title: Option<String>,
    /// What its cells say.
    pub of: Of,
}

/// What the cells of a column of a person's own say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// The value of a label.
    Label(String),
    /// What a path finds in the object.
    Path(Path),
}

/// The widths that a column can be given.
pub const WIDTHS: std::ops::RangeInclusive<u16> = 1..=200;

impl Choice {
    /// One of egret's columns, as wide as it needs.
    pub fn known(id: impl Into<String>) -> Self {
        Self { id: id.into(), width: None, own: None }
    }
}

impl Of {
    /// In a line.
    pub fn in_words(&self) -> String {
        match self {
            Self::Label(key) => format!("Label {key}"),
            Self::Path(path) => format!("JSON path {}", path.text()),
        }
    }
}

/// Whether a text can be the id of a column.
pub fn is_id(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.len() <= 40 && text.chars().all(allowed)
}

/// The kinds of objects that the lines of a table are about: paths are evaluated on these.
fn kinds(table: TableKind) -> &'static [Kind] {
    match table {
        TableKind::Clusters => &[],
        TableKind::Gateways => &[Kind::IstioGateway, Kind::Gateway, Kind::Deployment, Kind::DaemonSet],
        TableKind::Services => &[Kind::Service],
        TableKind::Pods => &[Kind::Pod],
    }
}

/// Whether a table can have columns of a person's own: its lines are objects.
pub fn takes_own(table: TableKind) -> bool {
    !kinds(table).is_empty()
}

/// The paths that these columns need.
pub fn paths<'a>(chosen: impl IntoIterator<Item = (TableKind, &'a Choice)>) -> Paths {
    let mut all = Paths::new();
    for (table, choice) in chosen {
        let Some(Own { of: Of::Path(path), .. }) = &choice.own else { continue };
        for kind in kinds(table) {
            let of_kind = all.entry(*kind).or_default();
            if !of_kind.contains(path) {
                of_kind.push(path.clone());
            }
        }
    }
    // In which order they were chosen is no reason to list anything again.
    all.values_mut().for_each(|paths| paths.sort_by_key(Path::text));
    all
}

/// Texts and columns of a person's own live as long as the program: filters, sorting and cells hold columns as those of
/// egret, which are constants. Each different one is kept once, so what a person can think up bounds it.
static TEXTS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

type Made = BTreeMap<(TableKind, Vec<Key>), &'static [Column]>;

/// What makes a column: id, title, and its label or path.
type Key = (&'static str, &'static str, bool, &'static str);

static COLUMNS: Mutex<Made> = Mutex::new(BTreeMap::new());

fn locked<T>(what: &'static Mutex<T>) -> MutexGuard<'static, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The one copy of a text.
pub fn intern(text: &str) -> &'static str {
    let mut texts = locked(&TEXTS);
    if let Some(known) = texts.get(text) {
        return known;
    }
    let kept: &'static str = Box::leak(text.into());
    texts.insert(kept);
    kept
}

/// The columns of a table, those of a person's own behind egret's.
pub fn with_own<'a>(table: TableKind, chosen: impl IntoIterator<Item = &'a Choice>) -> &'static [Column] {
    let mut keys: Vec<Key> =
        chosen.into_iter().filter_map(|choice| key(choice, choice.own.as_ref()?)).collect();
    keys.sort_unstable();
    keys.dedup_by_key(|key| key.0);
    keys.retain(|key| takes_own(table) && columns(table).iter().all(|known| known.id != key.0));
    if keys.is_empty() {
        return columns(table);
    }
    let mut made = locked(&COLUMNS);
    if let Some(known) = made.get(&(table, keys.clone())) {
        return known;
    }
    let all: Vec<Column> = columns(table).iter().copied().chain(keys.iter().map(column)).collect();
    let kept: &'static [Column] = Box::leak(all.into());
    made.insert((table, keys), kept);
    kept
}

fn key(choice: &Choice, own: &Own) -> Option<Key> {
    let title = own.title.clone().unwrap_or_else(|| choice.id.to_uppercase());
    let (is_path, what) = match &own.of {
        Of::Label(key) => (false, intern(key)),
        Of::Path(path) => (true, path.text()),
    };
    is_id(&choice.id).then(|| (intern(&choice.id), intern(&title), is_path, what))
}

fn column(key: &Key) -> Column {
    let (id, title, is_path, what) = *key;
    let about = if is_path { format!("JSON path {what}") } else { format!("Label {what}") };
    Column {
        id,
        title,
        about: intern(&about),
        align: Align::Left,
        min: 10,
        max: 60,
        // Somebody asked for it: it is cut before it goes.
        keep: 205,
        wide: false,
        live: false,
        cell: if is_path { Told::Path(what) } else { Told::Label(what) },
    }
}

/// The cell of a label.
pub(crate) fn label(item: &Item, key: &str) -> Cell {
    item.labels().and_then(|labels| labels.get(key)).map_or_else(none, told)
}

/// The cell of a path: evaluated on the object that the line is about.
pub(crate) fn path(item: &Item, path: &str) -> Cell {
    meta(item).and_then(|meta| meta.found.get(path)).map_or_else(none, told)
}

fn told(text: &str) -> Cell {
    match text.parse::<f64>() {
        Ok(by) if by.is_finite() => number(crate::model::clean::clean(text).into_owned(), by, Tone::Plain),
        _ => word(text),
    }
}

/// Of the object that [`Item::object`] names.
fn meta(item: &Item) -> Option<&RowMeta> {
    Some(match &item.subject {
        Subject::Cluster(_) => return None,
        Subject::Gateway(g) => match (&g.cr, &g.api) {
            (Some(cr), _) => &cr.meta,
            (None, Some(api)) => &api.meta,
            (None, None) => &g.workload.as_deref()?.meta,
        },
        Subject::Service(s) => &s.meta,
        Subject::Pod(p) => &p.meta,
    })
}

#[cfg(test)]
mod tests;
