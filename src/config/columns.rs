//! Columns of tables: how they are written, and which of them hold where.

use std::collections::BTreeMap;

use toml::de::DeValue;

use super::edit::New;
use super::key::Shape;
use super::parse::{Node, Reader, tables};
use super::problem::unknown;
use super::{Glob, Settings, Source, Value};
use crate::model::columns::Choice;
use crate::model::columns::own::{Of, Own, WIDTHS, is_id, paths, takes_own};
use crate::model::path::{Path, Paths};
use crate::model::table::TableKind;

/// The columns that are asked for, by table.
pub type Chosen = BTreeMap<TableKind, Vec<Choice>>;

/// The columns that are asked for: everywhere, and for some contexts only.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// `[columns]`.
    pub everywhere: Chosen,
    /// Those of each `[[context]]`, in the order of the file.
    pub rules: Vec<(Glob, Chosen)>,
}

/// What says which columns a table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said<'a> {
    /// Nobody: it has its usual ones.
    Nowhere,
    /// `[columns]`.
    Everywhere,
    /// The `[[context]]` of this pattern.
    Context(&'a str),
}

impl Columns {
    /// The columns of a table that shows rows of these contexts, and what says so: the last rule that matches all of them
    /// and names the table, else `[columns]`. `None`: the usual ones.
    pub fn of(&self, table: TableKind, contexts: &[&str]) -> (Option<&[Choice]>, Said<'_>) {
        let holds =
            |pattern: &Glob| !contexts.is_empty() && contexts.iter().all(|name| pattern.matches(name));
        let rule = self.rules.iter().rev().filter(|(pattern, _)| holds(pattern));
        let of_rule = rule.filter_map(|(pattern, chosen)| Some((chosen.get(&table)?, pattern))).next();
        match (of_rule, self.everywhere.get(&table)) {
            (Some((chosen, pattern)), _) => (Some(chosen), Said::Context(pattern.as_str())),
            (None, Some(chosen)) => (Some(chosen), Said::Everywhere),
            (None, None) => (None, Said::Nowhere),
        }
    }

    /// Every column that is asked for somewhere.
    pub fn all(&self) -> impl Iterator<Item = (TableKind, &Choice)> {
        [&self.everywhere].into_iter().chain(self.rules.iter().map(|(_, chosen)| chosen)).flat_map(|chosen| {
            chosen.iter().flat_map(|(table, all)| all.iter().map(|choice| (*table, choice)))
        })
    }

    /// What is said for a pattern, by all rules of it.
    pub fn of_pattern(&self, pattern: &str) -> Chosen {
        let rules = self.rules.iter().filter(|(glob, _)| glob.as_str() == pattern);
        rules.flat_map(|(_, chosen)| chosen.clone()).collect()
    }
}

impl Settings {
    /// The columns that are asked for.
    pub fn column_choices(&self) -> Columns {
        let rules = self.rules.iter().filter(|rule| !rule.columns.is_empty());
        Columns {
            everywhere: self.columns.iter().map(|(table, chosen)| (*table, chosen.value.clone())).collect(),
            rules: rules.map(|rule| (rule.pattern.clone(), rule.columns.clone())).collect(),
        }
    }

    /// The JSON paths of all columns that are asked for.
    pub fn paths(&self) -> Paths {
        paths(self.column_choices().all())
    }
}

/// A column as the file says it.
fn written(choice: &Choice) -> Vec<(&'static str, New)> {
    let mut entries = vec![("id", New::from(choice.id.as_str()))];
    if let Some(Own { title, of }) = &choice.own {
        entries.push(match of {
            Of::Label(key) => ("label", key.as_str().into()),
            Of::Path(path) => ("path", path.text().into()),
        });
        entries.extend(title.as_deref().map(|title| ("title", title.into())));
    }
    entries.extend(choice.width.map(|width| ("width", i64::from(width).into())));
    entries
}

impl From<&Choice> for New {
    fn from(choice: &Choice) -> Self {
        match written(choice).as_slice() {
            [(_, id)] => id.clone(),
            entries => {
                Self::Table(entries.iter().map(|(key, new)| ((*key).to_owned(), new.clone())).collect())
            }
        }
    }
}

/// Columns as the file says them.
pub fn list(chosen: &[Choice]) -> New {
    New::List(chosen.iter().map(New::from).collect())
}

/// The columns of a `[[context]]` as the file says them.
pub fn table(chosen: &Chosen) -> New {
    New::Table(chosen.iter().map(|(table, all)| (table.to_string(), list(all))).collect())
}

/// The keys of a column.
const KEYS: &[&str] = &["id", "label", "path", "title", "width"];

impl Reader<'_> {
    /// Reads `[columns]`.
    pub(super) fn columns(&mut self, node: &Node<'_>) {
        for (table, chosen, source) in self.column_table("columns", node) {
            self.settings.columns.insert(table, Value::new(chosen, source));
        }
    }

    /// Reads a table of columns by table.
    pub(super) fn column_table(
        &mut self,
        key: &str,
        node: &Node<'_>,
    ) -> Vec<(TableKind, Vec<Choice>, Source)> {
        let mut all = Vec::new();
        for (name, node) in self.table(key, node) {
            let text: &str = name.get_ref();
            let Ok(table) = text.parse::<TableKind>() else {
                self.refuse(name.span().start, unknown("table", text, tables().iter().map(String::as_str)));
                continue;
            };
            let path = format!("{key}.{text}");
            let Some(items) = node.get_ref().as_array() else {
                self.misshapen(&path, Shape::Words.expected(), node);
                continue;
            };
            if items.is_empty() {
                self.refuse(node.span().start, format!("`{path}`: at least one column is needed"));
            }
            let mut chosen: Vec<Choice> = Vec::new();
            for item in items {
                let Some(choice) = self.choice(table, &path, item) else { continue };
                if chosen.iter().any(|c| c.id == choice.id) {
                    self.refuse(
                        item.span().start,
                        format!("`{path}`: column `{}` is there twice", choice.id),
                    );
                }
                chosen.push(choice);
            }
            all.push((table, chosen, self.at(node)));
        }
        all
    }

    fn choice(&mut self, table: TableKind, path: &str, item: &Node<'_>) -> Option<Choice> {
        let start = item.span().start;
        let choice = match item.get_ref() {
            DeValue::String(id) => Choice::known(id.to_string()),
            DeValue::Table(_) => self.choice_in_full(path, item)?,
            _ => {
                self.misshapen(path, "ids of columns, or tables such as { id = \"name\", width = 30 }", item);
                return None;
            }
        };
        let known = self.known_columns(table);
        let is_known = known.as_ref().is_some_and(|all| all.contains(&choice.id.as_str()));
        let why = match (&choice.own, known) {
            (None, Some(all)) if !is_known => unknown("column", &choice.id, all.iter().copied()),
            (Some(_), _) if !takes_own(table) => {
                format!(
                    "`{}`: a line of {table} is no object, so `label` and `path` find nothing there",
                    choice.id
                )
            }
            (Some(_), _) if is_known => {
                format!("`{}` is a column of egret: give your own another id", choice.id)
            }
            (Some(_), _) if !is_id(&choice.id) => {
                format!("`{}` is no id; allowed: up to 40 lower case letters, digits and `-`", choice.id)
            }
            _ => return Some(choice),
        };
        self.refuse(start, format!("`{path}`: {why}"));
        None
    }

    /// `{ id = "zone", label = "topology.kubernetes.io/zone", title = "ZONE", width = 12 }`.
    fn choice_in_full(&mut self, path: &str, item: &Node<'_>) -> Option<Choice> {
        let before = self.problem_count();
        let (mut id, mut title, mut width, mut of) = (None, None, None, None);
        let mut twice = false;
        for (name, node) in self.table(path, item) {
            let key: &str = name.get_ref();
            let at = node.span().start;
            let inner = format!("{path}.{key}");
            if !KEYS.contains(&key) {
                self.refuse(name.span().start, unknown("key of a column", key, KEYS.iter().copied()));
                continue;
            }
            if key == "width" {
                let number = node.get_ref().as_integer().and_then(|n| n.to_string().parse::<u16>().ok());
                width = number.filter(|n| WIDTHS.contains(n));
                if width.is_none() {
                    self.refuse(at, format!("`{inner}`: expected a number of cells from 1 to 200"));
                }
                continue;
            }
            let Some(super::key::Raw::Word(text)) = self.raw(&inner, Shape::Word, node) else { continue };
            if text.trim().is_empty() {
                self.refuse(at, format!("`{inner}`: an empty text says nothing"));
                continue;
            }
            match key {
                "id" => id = Some(text),
                "title" => title = Some(text),
                "label" => twice |= of.replace(Of::Label(text)).is_some(),
                _ => match Path::parse(&text) {
                    Ok(read) => twice |= of.replace(Of::Path(read)).is_some(),
                    Err(why) => self.refuse(at, format!("`{inner}`: {why}")),
                },
            }
        }
        let start = item.span().start;
        if twice {
            self.refuse(start, format!("`{path}`: a column is of a `label` or of a `path`, not of both"));
        }
        if item.get_ref().get("id").is_none() {
            self.refuse(start, format!("`{path}`: a column needs `id`"));
        }
        if title.is_some() && of.is_none() && self.problem_count() == before {
            self.refuse(start, format!("`{path}`: `title` is for columns of a `label` or a `path`"));
        }
        let own = of.map(|of| Own { title, of });
        id.filter(|_| self.problem_count() == before).map(|id| Choice { id, width, own })
    }
}

#[cfg(test)]
mod tests;
