//! Reads the lines of a text into an [`Outline`].

use super::super::lines::{closing, comment_at, key_end};
use super::flow::Flow;
use super::{Entry, Line, Outline, What};
use crate::model::edit::path::Step;

pub(super) fn outline(text: &str) -> Outline {
    let mut builder = Builder::default();
    for line in text.split('\n') {
        builder.line(line.strip_suffix('\r').unwrap_or(line));
    }
    builder.finish()
}

/// A mapping or a list in block style that may go on.
struct Container {
    indent: usize,
    list: bool,
    /// The entry that it is the value of.
    of: Option<usize>,
    /// How many items it has.
    items: usize,
    /// Its last entry.
    last: Option<usize>,
}

/// What goes on over lines, whatever they look like.
enum Open {
    /// A block scalar: until something stands no further in than this.
    Block(usize),
    /// A text in quotes.
    Quote(u8),
    /// Flow style.
    Flow(Flow),
}

#[derive(Default)]
struct Builder {
    out: Outline,
    document: usize,
    /// Whether the document has begun.
    begun: bool,
    /// Whether it was ended by `...`.
    ended: bool,
    stack: Vec<Container>,
    open: Option<(usize, Open)>,
}

impl Builder {
    fn line(&mut self, line: &str) {
        let what = self.what(line);
        self.out.lines.push(Line { document: self.document, what });
    }

    fn number(&self) -> usize {
        self.out.lines.len()
    }

    fn what(&mut self, line: &str) -> What {
        if let Some(rest) = marker(line, "---") {
            if self.begun || self.ended {
                self.document += 1;
            }
            self.start(true);
            if rest.is_empty() || rest.starts_with('#') {
                return What::Marker;
            }
            return self.content(line, line.len() - rest.len());
        }
        if marker(line, "...").is_some() {
            self.ended |= self.begun;
            self.start(false);
            return What::Marker;
        }
        if let Some((owner, open)) = self.open.take()
            && let Some(what) = self.go_on(line, owner, open)
        {
            return what;
        }
        let start = line.len() - line.trim_start_matches([' ', '\t']).len();
        if line[start..].is_empty() || line[start..].starts_with('#') {
            return What::Blank;
        }
        if line.starts_with('%') && !self.begun {
            return What::Marker;
        }
        if !self.begun && self.ended {
            self.document += 1;
        }
        (self.begun, self.ended) = (true, false);
        self.content(line, start)
    }

    fn start(&mut self, begun: bool) {
        self.begun = begun;
        self.ended &= !begun;
        self.stack.clear();
        self.open = None;
    }

    /// A line inside of what is open; `None`: that ended before it.
    fn go_on(&mut self, line: &str, owner: usize, open: Open) -> Option<What> {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let is_blank = line.trim().is_empty();
        match open {
            Open::Block(parent) if !is_blank && indent <= parent => return None,
            Open::Block(parent) => self.open = Some((owner, Open::Block(parent))),
            Open::Quote(quote) => {
                if closing(line.as_bytes(), quote).is_none() {
                    self.open = Some((owner, Open::Quote(quote)));
                }
            }
            Open::Flow(flow) => self.flow(line, 0, owner, flow),
        }
        if !is_blank {
            self.out.entries[owner].last = self.number();
        }
        Some(What::Within(owner))
    }

    fn flow(&mut self, line: &str, from: usize, owner: usize, mut flow: Flow) {
        let number = self.number();
        let end = flow.line(line, from, number, &mut self.out.entries);
        if end.is_none() {
            self.open = Some((owner, Open::Flow(flow)));
        }
    }

    /// Dashes, a key, and a value.
    fn content(&mut self, line: &str, start: usize) -> What {
        let first = self.out.entries.len();
        let mut at = start;
        while line[at..].starts_with("- ") || &line[at..] == "-" {
            self.item(line, at);
            at += 1;
            at += line[at..].len() - line[at..].trim_start_matches(' ').len();
        }
        let text = &line[at..];
        if let Some(colon) = key_end(text) {
            self.field(line, at, colon);
            self.value(line, at + colon + 1, columns(line, at));
        } else if first < self.out.entries.len() {
            let dash = self.out.entries[self.out.entries.len() - 1].indent;
            self.value(line, at, dash);
        } else {
            return self.loose(line, at);
        }
        What::Begins(first)
    }

    /// A text that begins nothing: a value that goes on, or stands below its key; or a key that is being typed.
    fn loose(&mut self, line: &str, at: usize) -> What {
        let indent = columns(line, at);
        let number = self.number();
        let Some(last) = self.out.entries.len().checked_sub(1).filter(|_| !self.stack.is_empty()) else {
            return What::Loose(indent);
        };
        let entry = &mut self.out.entries[last];
        if entry.in_flow || entry.indent >= indent {
            return What::Loose(indent);
        }
        entry.last = number;
        if line[at..].starts_with(['"', '\'', '{', '[']) {
            self.value(line, at, indent);
            return What::Within(last);
        }
        if entry.value.is_empty() { What::Loose(indent) } else { What::Within(last) }
    }

    /// Ends what is further in than a column.
    fn close(&mut self, indent: usize) {
        while self.stack.last().is_some_and(|container| container.indent > indent) {
            self.stack.pop();
        }
    }

    /// Enters a container whose entries stand at a column.
    fn enter(&mut self, indent: usize, list: bool) {
        let of = self.stack.last().and_then(|container| container.last);
        self.stack.push(Container { indent, list, of, items: 0, last: None });
    }

    fn item(&mut self, line: &str, at: usize) {
        let indent = columns(line, at);
        self.close(indent);
        // A list may stand as far in as the key whose value it is.
        if !self.stack.last().is_some_and(|top| top.list && top.indent == indent) {
            self.enter(indent, true);
        }
        let place = self.stack.last().map_or(0, |top| top.items);
        self.add(Step::Index(place), indent, indent..indent + 1);
    }

    fn field(&mut self, line: &str, at: usize, colon: usize) {
        let indent = columns(line, at);
        self.close(indent);
        while self.stack.last().is_some_and(|top| top.list && top.indent == indent) {
            self.stack.pop();
        }
        if self.stack.last().is_none_or(|top| top.indent != indent) {
            self.enter(indent, false);
        }
        let text = &line[at..at + colon];
        let key = indent..indent + text.chars().count();
        self.add(Step::Field(unquoted(properties(text).trim_end())), indent, key);
    }

    fn add(&mut self, step: Step, indent: usize, key: std::ops::Range<usize>) {
        let (line, document, index) = (self.number(), self.document, self.out.entries.len());
        let end = key.end;
        let Some(top) = self.stack.last_mut() else { return };
        top.items += 1;
        top.last = Some(index);
        let (parent, value, last) = (top.of, end..end, line);
        let entry =
            Entry { document, parent, step, line, indent, key, value, last, flow_end: None, in_flow: false };
        self.out.entries.push(entry);
    }

    /// The value of the last entry, from a place of the line.
    fn value(&mut self, line: &str, from: usize, parent: usize) {
        let Some(owner) = self.out.entries.len().checked_sub(1) else { return };
        let text = properties(line[from..].trim_start_matches([' ', '\t']));
        let from = line.len() - text.len();
        let bytes = text.as_bytes();
        let mut end = comment_at(text).unwrap_or(text.len());
        match bytes.first() {
            Some(b'|' | b'>') => self.open = Some((owner, Open::Block(parent))),
            Some(quote @ (b'"' | b'\'')) if closing(&bytes[1..], *quote).is_none() => {
                end = text.len();
                self.open = Some((owner, Open::Quote(*quote)));
            }
            Some(b'{' | b'[') => {
                let flow = Flow::new(owner, self.document);
                self.flow(line, from, owner, flow);
            }
            _ => {}
        }
        let text = text[..end].trim_end_matches([' ', '\t']);
        let start = columns(line, from);
        self.out.entries[owner].value = start..start + text.chars().count();
    }

    fn finish(mut self) -> Outline {
        let entries = &mut self.out.entries;
        for at in (0..entries.len()).rev() {
            if let Some(parent) = entries[at].parent {
                entries[parent].last = entries[parent].last.max(entries[at].last);
            }
        }
        self.out
    }
}

/// What is behind a marker of documents.
fn marker<'a>(line: &'a str, marker: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(marker)?;
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then(|| rest.trim_start_matches([' ', '\t']))
}

/// The column of a place in a line.
pub(super) fn columns(line: &str, at: usize) -> usize {
    line[..at].chars().count()
}

/// What is behind an anchor and a tag.
fn properties(text: &str) -> &str {
    let mut rest = text;
    while rest.starts_with(['&', '!']) {
        let end = rest.find([' ', '\t']).unwrap_or(rest.len());
        rest = rest[end..].trim_start_matches([' ', '\t']);
    }
    rest
}

/// A key without its quotes.
pub(super) fn unquoted(key: &str) -> String {
    let inner = |quote| key.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    if let Some(single) = inner('\'') {
        return single.replace("''", "'");
    }
    match inner('"') {
        Some(double) => serde_json::from_str(key).unwrap_or_else(|_| double.to_owned()),
        None => key.to_owned(),
    }
}
