//! The config file: TOML text in, settings or every problem out.
//!
//! The text is walked by hand rather than through serde: that way each problem knows its line and its key,
//! all problems are told at once, and a value remembers the line it stands on.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::key::{KEYS, Raw, Shape};
use super::migrate::{MOVES, Move, VERSION};
use super::problem::{list, unknown};
use super::thresholds::PAIRS;
use super::{ContextRule, Glob, Problem, Settings, Source, Value};
use crate::model::gateway::Direction;
use crate::model::table::TableKind;

/// The words a config file may use that the rest of the program defines. They are handed in, so that the
/// config depends on neither the command table nor the columns.
#[derive(Clone, Copy)]
pub struct Vocabulary {
    /// Names of the commands that keys may be given to; `None` accepts any.
    pub commands: Option<fn() -> Vec<String>>,
    /// Whether a text is a key; the error says what one looks like.
    pub key: fn(&str) -> Result<(), String>,
    /// Column ids of a table; `None` accepts any.
    pub columns: Option<fn(TableKind) -> Vec<&'static str>>,
}

impl Vocabulary {
    /// Accepts every command, key and column.
    pub const ANY: Self = Self { commands: None, key: |_| Ok(()), columns: None };
}

pub(super) type Node<'i> = Spanned<DeValue<'i>>;

/// Reads the text of a config file over `settings`.
pub fn parse(text: &str, known: &Vocabulary, settings: Settings) -> Result<Settings, Vec<Problem>> {
    let mut reader = Reader { text, known, settings, problems: Vec::new() };
    match DeTable::parse(text) {
        Ok(root) => reader.root(root.get_ref()),
        Err(e) => {
            let line = e.span().map_or(1, |s| reader.line(s.start));
            reader.problems.push(Problem::at(line, format!("not TOML: {}", e.message())));
        }
    }
    // Tables come sorted by key; a person reads a file from the top.
    reader.problems.sort_by_key(|p| p.line);
    if reader.problems.is_empty() { Ok(reader.settings) } else { Err(reader.problems) }
}

/// A table of the file, and what reads it.
type Section = (&'static str, for<'a, 'i> fn(&mut Reader<'a>, &Node<'i>));

/// The tables of the file. Plain settings are in [`KEYS`].
const SECTIONS: &[Section] = &[
    ("columns", |r, node| r.columns(node)),
    ("context", |r, node| r.contexts(node)),
    ("directions", |r, node| r.directions(node)),
    ("group", |r, node| r.groups(node)),
    ("keys", |r, node| r.keys(node)),
    ("thresholds", |r, node| r.thresholds(node)),
];

/// The keys of a `[[context]]`.
const CONTEXT_KEYS: &[&str] = &["match", "read-only", "production", "cluster-id", "columns"];

/// Those of them that are `true` or `false`.
const CONTEXT_SWITCHES: &[&str] = &["read-only", "production"];

pub(super) struct Reader<'a> {
    text: &'a str,
    known: &'a Vocabulary,
    pub(super) settings: Settings,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    pub(super) fn problem_count(&self) -> usize {
        self.problems.len()
    }

    /// The columns that a table has; none: any may be named.
    pub(super) fn known_columns(&self, table: TableKind) -> Option<Vec<&'static str>> {
        self.known.columns.map(|of| of(table))
    }

    fn line(&self, offset: usize) -> usize {
        self.text[..offset.min(self.text.len())].matches('\n').count() + 1
    }

    pub(super) fn at(&self, node: &Node<'_>) -> Source {
        Source::File { line: self.line(node.span().start) }
    }

    pub(super) fn refuse(&mut self, offset: usize, message: String) {
        self.problems.push(Problem::at(self.line(offset), message));
    }

    fn root(&mut self, table: &DeTable<'_>) {
        if !self.version(table) {
            return;
        }
        for (name, node) in table {
            let text: &str = name.get_ref();
            if text == "version" {
                continue;
            }
            if let Some(key) = KEYS.iter().find(|k| k.name == text) {
                let Some(raw) = self.raw(text, key.shape, node) else { continue };
                let source = self.at(node);
                if let Err(why) = (key.set)(&mut self.settings, raw, source) {
                    self.refuse(node.span().start, format!("`{text}`: {why}"));
                }
            } else if let Some((_, read)) = SECTIONS.iter().find(|(n, _)| *n == text) {
                read(self, node);
            } else {
                let names =
                    KEYS.iter().map(|k| k.name).chain(SECTIONS.iter().map(|(n, _)| *n)).chain(["version"]);
                self.refuse(name.span().start, unknown("key", text, names));
            }
        }
    }

    /// Reads the version; `false`: nobody here knows what the rest of the file means.
    fn version(&mut self, table: &DeTable<'_>) -> bool {
        let Some(node) = table.get("version") else { return true };
        let number = node.get_ref().as_integer().and_then(|n| n.to_string().parse::<i64>().ok());
        let Some(number) = number else {
            self.misshapen("version", "a whole number", node);
            return true;
        };
        let start = node.span().start;
        match number {
            1..=VERSION => self.settings.version = Value::new(Some(number), self.at(node)),
            ..1 => self.refuse(
                start,
                format!("`version`: there is no version {number}; this egret writes {VERSION}"),
            ),
            _ => {
                let why = "a newer egret wrote it, use that one, or name another file with --config";
                self.refuse(
                    start,
                    format!(
                        "`version`: this file is of version {number}, this egret knows up to {VERSION}: {why}"
                    ),
                );
            }
        }
        number <= VERSION
    }

    /// A setting where older files have it.
    fn moved(&mut self, entry: &Move, name: usize, node: &Node<'_>) {
        let path = format!("{}.{}", entry.from.0, entry.from.1);
        let Some(key) = KEYS.iter().find(|key| key.name == entry.to) else { return };
        let Some(raw) = self.raw(&path, key.shape, node) else { return };
        let (now, since, source) = (entry.to, entry.since, self.at(node));
        if self.settings.version.value.is_some_and(|version| version >= since) {
            let way = "move it there, before the first table";
            self.refuse(name, format!("`{path}`: it is `{now}` since version {since}: {way}"));
        } else if self.has_root_key(now) {
            self.refuse(name, format!("`{path}`: `{now}` says it already; remove this one"));
        } else if let Err(why) = (key.set)(&mut self.settings, raw, source) {
            self.refuse(node.span().start, format!("`{path}`: {why}"));
        }
    }

    fn has_root_key(&self, key: &str) -> bool {
        DeTable::parse(self.text).is_ok_and(|root| root.get_ref().get(key).is_some())
    }

    /// A value of the right shape, else a problem that says which shape is right.
    pub(super) fn raw(&mut self, key: &str, shape: Shape, node: &Node<'_>) -> Option<Raw> {
        match (shape, node.get_ref()) {
            (Shape::Switch, DeValue::Boolean(value)) => Some(Raw::Switch(*value)),
            (Shape::Word, DeValue::String(value)) => Some(Raw::Word(value.to_string())),
            (Shape::Words, DeValue::Array(_)) => self.words(key, node).map(Raw::Words),
            _ => {
                self.misshapen(key, shape.expected(), node);
                None
            }
        }
    }

    pub(super) fn misshapen(&mut self, key: &str, expected: &str, node: &Node<'_>) {
        let found = article(node.get_ref().type_str());
        self.refuse(node.span().start, format!("`{key}`: expected {expected}, found {found}"));
    }

    pub(super) fn words(&mut self, key: &str, node: &Node<'_>) -> Option<Vec<String>> {
        let Some(items) = node.get_ref().as_array() else {
            self.misshapen(key, Shape::Words.expected(), node);
            return None;
        };
        let mut words = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::String(word) => words.push(word.to_string()),
                _ => self.misshapen(key, "strings only", item),
            }
        }
        (words.len() == items.len()).then_some(words)
    }

    /// The entries of a table, else a problem.
    pub(super) fn table<'n, 'i>(
        &mut self,
        key: &str,
        node: &'n Node<'i>,
    ) -> Vec<(&'n Spanned<Text<'i>>, &'n Node<'i>)> {
        match node.get_ref() {
            DeValue::Table(table) => table.iter().collect(),
            _ => {
                self.misshapen(key, "a table", node);
                Vec::new()
            }
        }
    }

    fn keys(&mut self, node: &Node<'_>) {
        let commands = self.known.commands.map(|names| names());
        for (name, node) in self.table("keys", node) {
            let command: &str = name.get_ref();
            if let Some(all) = commands.as_ref().filter(|all| !all.iter().any(|c| c == command)) {
                self.refuse(name.span().start, unknown("command", command, all.iter().map(String::as_str)));
                continue;
            }
            let path = format!("keys.{command}");
            let keys = match node.get_ref() {
                DeValue::String(one) => vec![one.to_string()],
                DeValue::Array(_) => self.words(&path, node).unwrap_or_default(),
                _ => {
                    self.misshapen(&path, "a key or a list of keys", node);
                    continue;
                }
            };
            for key in &keys {
                if let Err(why) = (self.known.key)(key) {
                    self.refuse(node.span().start, format!("`{path}`: {why}"));
                }
            }
            self.settings.keys.insert(command.into(), Value::new(keys, self.at(node)));
        }
    }

    fn directions(&mut self, node: &Node<'_>) {
        const ALLOWED: [(&str, Direction); 2] =
            [("egress", Direction::Egress), ("ingress", Direction::Ingress)];
        for (name, node) in self.table("directions", node) {
            let gateway: &str = name.get_ref();
            let path = format!("directions.{gateway}");
            let Some(Raw::Word(text)) = self.raw(&path, Shape::Word, node) else { continue };
            match ALLOWED.iter().find(|(word, _)| *word == text) {
                Some((_, direction)) => {
                    let value = Value::new(*direction, self.at(node));
                    self.settings.directions.insert(gateway.into(), value);
                }
                None => {
                    let allowed = list(ALLOWED.map(|(word, _)| word));
                    let why = format!("`{path}`: unknown direction `{text}`; allowed: {allowed}");
                    self.refuse(node.span().start, why);
                }
            }
        }
    }

    fn thresholds(&mut self, node: &Node<'_>) {
        for (name, node) in self.table("thresholds", node) {
            let key: &str = name.get_ref();
            let path = format!("thresholds.{key}");
            let source = self.at(node);
            if let Some(entry) = MOVES.iter().find(|entry| entry.from == ("thresholds", key)) {
                self.moved(entry, name.span().start, node);
                continue;
            }
            let Some(threshold) = PAIRS.iter().find(|threshold| threshold.name == key) else {
                let names = PAIRS.iter().map(|threshold| threshold.name);
                self.refuse(name.span().start, unknown("key of `[thresholds]`", key, names));
                continue;
            };
            let Some(numbers) = numbers(node) else {
                self.misshapen(&path, &threshold.expected(), node);
                continue;
            };
            match threshold.judge(&numbers) {
                Ok(pair) => *(threshold.of_mut)(&mut self.settings.thresholds) = Value::new(pair, source),
                Err(why) => self.refuse(node.span().start, format!("`{path}`: {why}")),
            }
        }
    }

    fn contexts(&mut self, node: &Node<'_>) {
        let Some(items) = node.get_ref().as_array() else {
            return self.misshapen("context", "tables, each under `[[context]]`", node);
        };
        for item in items {
            self.context(item);
        }
    }

    fn context(&mut self, item: &Node<'_>) {
        let (mut pattern, mut read_only, mut production, mut cluster_id) = (None, None, None, None);
        let mut columns = Vec::new();
        for (name, node) in self.table("context", item) {
            let key: &str = name.get_ref();
            let path = format!("context.{key}");
            let shape = if CONTEXT_SWITCHES.contains(&key) { Shape::Switch } else { Shape::Word };
            if !CONTEXT_KEYS.contains(&key) {
                self.refuse(
                    name.span().start,
                    unknown("key of `[[context]]`", key, CONTEXT_KEYS.iter().copied()),
                );
                continue;
            }
            if key == "columns" {
                columns = self.column_table(&path, node);
                continue;
            }
            match self.raw(&path, shape, node) {
                Some(Raw::Switch(value)) if key == "production" => production = Some(value),
                Some(Raw::Switch(value)) => read_only = Some(value),
                Some(Raw::Word(text)) if text.is_empty() => {
                    self.refuse(node.span().start, format!("`{path}`: an empty name names nothing"));
                }
                Some(Raw::Word(text)) if key == "match" => pattern = Some(Glob::new(text)),
                Some(Raw::Word(text)) => cluster_id = Some(text),
                Some(Raw::Words(_)) | None => {}
            }
        }
        let start = item.span().start;
        let missing = item.get_ref().get("match").is_none();
        if missing && item.get_ref().is_table() {
            self.refuse(start, "`[[context]]` needs `match`, the name of a context or a pattern".into());
        }
        let Some(pattern) = pattern else { return };
        if let Some(id) = &cluster_id {
            self.check_cluster_id(start, id, &pattern);
        }
        let source = self.at(item);
        let columns = columns.into_iter().map(|(table, chosen, _)| (table, chosen)).collect();
        self.settings.rules.push(ContextRule { pattern, read_only, production, cluster_id, columns, source });
    }

    /// A cluster id stands for exactly one context: anything else could lead a write to the wrong cluster.
    fn check_cluster_id(&mut self, start: usize, id: &str, pattern: &Glob) {
        if !pattern.is_plain() {
            let why =
                format!("`context.cluster-id`: `match` must name one context, not a pattern (`{pattern}`)");
            self.refuse(start, why);
        }
        let other = self.settings.rules.iter().find(|r| r.cluster_id.as_deref() == Some(id));
        if let Some(other) = other {
            let why = format!("`context.cluster-id`: `{id}` already stands for context `{}`", other.pattern);
            self.refuse(start, why);
        }
    }
}

/// The numbers of a list; none: it is something else.
fn numbers(node: &Node<'_>) -> Option<Vec<f64>> {
    let number = |item: &Node<'_>| match item.get_ref() {
        DeValue::Integer(number) => number.to_string().parse().ok(),
        DeValue::Float(number) => number.to_string().parse::<f64>().ok().filter(|n| n.is_finite()),
        _ => None,
    };
    node.get_ref().as_array()?.iter().map(number).collect()
}

type Text<'i> = std::borrow::Cow<'i, str>;

pub(super) fn tables() -> Vec<String> {
    use strum::IntoEnumIterator as _;
    TableKind::iter().map(|t| t.to_string()).collect()
}

/// The name of a TOML type with its article.
fn article(name: &str) -> String {
    let an = name.starts_with(['a', 'i']);
    format!("{} {name}", if an { "an" } else { "a" })
}
