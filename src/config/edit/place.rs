//! Where in the text of the file a change is written, best first.

use std::ops::Range;

use toml_edit::{Array, Document, Item, TableLike, Value};

use super::super::show::bare;
use super::{At, Change, New, find};

/// Texts that may mean the change. Whether they do is looked at by whoever asks.
pub(super) fn candidates(text: &str, change: &Change) -> impl Iterator<Item = String> {
    let found = Document::parse(text).ok().and_then(|doc| spans(doc.as_table(), change));
    let mut all = vec![text.to_owned()];
    match (found, &change.value) {
        (Some((_, value)), Some(new)) => {
            all.push(with(text, value.clone(), &in_the_style_of(&text[value], new)));
        }
        (Some((key, value)), None) => {
            all.push(with(text, line_start(text, key.start)..line_end(text, value.end), ""))
        }
        (None, Some(new)) => all.extend(inserted(text, change, new)),
        (None, None) => {}
    }
    all.into_iter()
}

/// Where key and value of what is changed stand.
fn spans(root: &dyn TableLike, change: &Change) -> Option<(Range<usize>, Range<usize>)> {
    let of = |table: &dyn TableLike, key: &str| {
        let (key, item) = table.get_key_value(key)?;
        Some((key.span()?, item.span()?))
    };
    match &change.at {
        At::Key(key) => of(root, key),
        At::Entry(table, key) => of(root.get(table)?.as_table_like()?, key),
        At::Context(pattern, key) => {
            let all = root.get("context")?.as_array_of_tables()?;
            let at = find(all.iter().map(|t| t as &dyn TableLike), pattern, key)?;
            of(all.get(at)?, key)
        }
    }
}

/// The text with something that is not there yet.
fn inserted(text: &str, change: &Change, new: &New) -> Vec<String> {
    let end = end_of_lines(text);
    let line = format!("{} = {}{end}", bare(change.key()), new.toml());
    let mut all = Vec::new();
    // Where the sample says it, commented out.
    let commented = |what: &str, from: usize| {
        let is_it = |line: &str| line.strip_prefix('#').is_some_and(|l| l.trim_start().starts_with(what));
        lines(text).find(|(at, line)| *at >= from && is_it(line)).map(|(at, line)| at + line.len())
    };
    let setting = format!("{} =", bare(change.key()));
    match &change.at {
        At::Key(_) => {
            all.extend(commented(&setting, 0).map(|at| at_line(text, at, &line)));
            all.extend(in_root(text, &line));
        }
        At::Entry(table, _) => {
            all.extend(inline_end(text, table).map(|at| {
                let entry = format!(", {} = {}", bare(change.key()), new.toml());
                with(text, at..at, &entry)
            }));
            let header = format!("[{table}]");
            let start = lines(text).find(|(_, l)| l.trim_end() == header).map(|(at, _)| at);
            let found = start.and_then(|start| commented(&setting, start));
            all.extend(found.map(|at| at_line(text, at, &line)));
            if start.is_none() {
                let table = format!("{header}{end}{line}");
                all.extend(commented(&header, 0).map(|at| at_line(text, at, &table)));
                all.push(at_end(text, &table));
            }
        }
        At::Context(pattern, _) => {
            let pattern = New::from(pattern.as_str()).toml();
            all.push(at_end(text, &format!("[[context]]{end}match = {pattern}{end}{line}")));
        }
    }
    all
}

/// Behind the last value of a table that is written on one line.
fn inline_end(text: &str, table: &str) -> Option<usize> {
    let doc = Document::parse(text).ok()?;
    let table = doc.get(table)?.as_inline_table()?;
    table.iter().filter_map(|(_, value)| Some(value.span()?.end)).max()
}

/// The text with lines among the plain settings: below the last of them, else below what the file begins with.
pub(in crate::config) fn in_root(text: &str, block: &str) -> Vec<String> {
    let Ok(doc) = Document::parse(text) else { return Vec::new() };
    let ends = doc.iter().filter(|(_, item)| item.is_value()).filter_map(|(_, item)| item.span());
    let last = ends.map(|span| line_end(text, span.end)).max();
    let mut all: Vec<String> = last.map(|at| at_line(text, at, block)).into_iter().collect();
    all.extend(on_top(text, block));
    all
}

/// The text with lines before all else but the comment that it begins with.
pub(in crate::config) fn on_top(text: &str, block: &str) -> Vec<String> {
    let intro = lines(text).take_while(|(_, line)| line.starts_with('#')).last();
    let below = intro.map(|(at, line)| at + line.len()).and_then(|at| {
        let blank = lines(&text[at..]).next().filter(|(_, line)| line.trim().is_empty())?;
        Some(at + blank.1.len())
    });
    let end = end_of_lines(text);
    below
        .map(|at| with(text, at..at, &format!("{block}{end}")))
        .into_iter()
        .chain([format!("{block}{text}")])
        .collect()
}

/// The lines of a setting: comments right above it, and itself.
pub(in crate::config) fn block(text: &str, key: usize, value: usize) -> Range<usize> {
    let mut start = line_start(text, key);
    while start > 0 {
        let above = line_start(text, start - 1);
        if !text[above..start].trim_start().starts_with('#') {
            break;
        }
        start = above;
    }
    start..line_end(text, value)
}

/// What the lines of a text end with.
pub(in crate::config) fn end_of_lines(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// Each line with where it begins; its end belongs to it.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    })
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |n| n + 1)
}

/// Behind the end of the line.
fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |n| at + n + 1)
}

pub(in crate::config) fn with(text: &str, range: Range<usize>, new: &str) -> String {
    format!("{}{new}{}", &text[..range.start], &text[range.end..])
}

/// Lines put between two lines.
fn at_line(text: &str, at: usize, block: &str) -> String {
    let missing = if at > 0 && !text[..at].ends_with('\n') { end_of_lines(text) } else { "" };
    with(text, at..at, &format!("{missing}{block}"))
}

fn at_end(text: &str, block: &str) -> String {
    let air = if text.is_empty() { "" } else { end_of_lines(text) };
    at_line(
        text,
        text.len(),
        &if text.is_empty() || text.ends_with('\n') {
            format!("{air}{block}")
        } else {
            format!("{}{block}", end_of_lines(text))
        },
    )
}

/// A new value, written as the old one was: in its quotes, and on lines of their own where a list was.
fn in_the_style_of(old: &str, new: &New) -> String {
    match new {
        New::Word(word)
            if old.starts_with('\'')
                && !word.contains(['\'', '\n', '\r', '\t'])
                && !word.chars().any(char::is_control) =>
        {
            format!("'{word}'")
        }
        New::List(items) if old.contains('\n') => {
            on_lines(old, items).unwrap_or_else(|| new.toml().to_string())
        }
        _ => new.toml().to_string(),
    }
}

/// A list with an item on each line; those that were there take their comments with them.
fn on_lines(old: &str, items: &[New]) -> Option<String> {
    let Ok(Value::Array(mut array)) = old.parse::<Value>() else { return None };
    let plain = |value: &Value| value.clone().decorated("", "").to_string();
    let before: Vec<Value> = array.iter().cloned().collect();
    let indents = before.iter().rev().filter_map(|old| old.decor().prefix()?.as_str()?.rsplit_once('\n'));
    let indent = indents.map(|(_, indent)| indent.to_owned()).next()?;
    let all: Vec<Value> = items
        .iter()
        .map(|item| {
            let new = item.toml();
            let same = before.iter().find(|old| plain(old) == plain(&new)).cloned();
            same.unwrap_or_else(|| new.decorated(format!("\n{indent}"), ""))
        })
        .collect();
    fill(&mut array, all);
    Some(Item::Value(Value::Array(array)).to_string())
}

fn fill(array: &mut Array, all: Vec<Value>) {
    array.clear();
    all.into_iter().for_each(|value| array.push_formatted(value));
}
