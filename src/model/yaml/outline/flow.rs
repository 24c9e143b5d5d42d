//! Mappings and lists in flow style: `{cpu: 2, ports: [80, 443]}`, on one line or over several.

use super::super::lines::closing;
use super::Entry;
use super::build::{columns, unquoted};
use crate::model::edit::path::Step;

/// A mapping or a list in flow style.
struct Frame {
    list: bool,
    /// The entry that it is the value of.
    of: usize,
    items: usize,
    /// Its entry that is under way.
    current: Option<usize>,
}

/// Flow style that has not ended.
pub(super) struct Flow {
    document: usize,
    of: usize,
    frames: Vec<Frame>,
    quote: Option<u8>,
}

impl Flow {
    pub(super) fn new(of: usize, document: usize) -> Self {
        Self { document, of, frames: Vec::new(), quote: None }
    }

    /// Reads a line from a place; where it ended, if it did.
    pub(super) fn line(
        &mut self,
        line: &str,
        from: usize,
        number: usize,
        entries: &mut Vec<Entry>,
    ) -> Option<usize> {
        let bytes = line.as_bytes();
        let mut at = from;
        if let Some(quote) = self.quote.take() {
            match closing(&bytes[at..], quote) {
                Some(end) => at += end + 1,
                None => {
                    self.quote = Some(quote);
                    return None;
                }
            }
        }
        while at < bytes.len() {
            match bytes[at] {
                b' ' | b'\t' | b':' => at += 1,
                b'#' if at == 0 || bytes[at - 1] == b' ' => return None,
                open @ (b'{' | b'[') => {
                    let of = self.begin(line, at, number, entries);
                    self.frames.push(Frame { list: open == b'[', of, items: 0, current: None });
                    at += 1;
                }
                b'}' | b']' => {
                    self.end(line, at, number, entries);
                    self.frames.pop();
                    at += 1;
                    if self.frames.is_empty() {
                        return Some(at);
                    }
                    self.reach(line, at, number, entries);
                }
                b',' => {
                    self.end(line, at, number, entries);
                    at += 1;
                }
                _ => at = self.token(line, at, number, entries)?,
            }
        }
        None
    }

    /// A key or a scalar; `None` when it is a text in quotes that goes on.
    fn token(&mut self, line: &str, at: usize, number: usize, entries: &mut Vec<Entry>) -> Option<usize> {
        let bytes = line.as_bytes();
        let end = match bytes[at] {
            quote @ (b'"' | b'\'') => match closing(&bytes[at + 1..], quote) {
                Some(end) => (at + 1 + end + 1).min(bytes.len()),
                None => {
                    self.begin(line, at, number, entries);
                    self.quote = Some(quote);
                    return None;
                }
            },
            _ => plain_end(bytes, at),
        };
        let text = line[at..end].trim_end();
        let after = line[end..].trim_start_matches([' ', '\t']);
        let is_map = self.frames.last().is_some_and(|frame| !frame.list && frame.current.is_none());
        if is_map {
            // A key whose colon is yet to come is a key, too.
            let key = columns(line, at)..columns(line, at) + text.chars().count();
            self.add(Step::Field(unquoted(text)), key, number, entries);
            let colon = usize::from(after.starts_with(':'));
            return Some(line.len() - after.len() + colon);
        }
        self.begin(line, at, number, entries);
        self.reach(line, at + text.len(), number, entries);
        Some(end)
    }

    /// A value begins: the entry that it is of, made when it is an item.
    fn begin(&mut self, line: &str, at: usize, number: usize, entries: &mut Vec<Entry>) -> usize {
        let start = columns(line, at);
        let Some(frame) = self.frames.last() else { return self.of };
        let (list, current) = (frame.list, frame.current);
        match current {
            None if list => self.add(Step::Index(frame.items), start..start, number, entries),
            None => frame.of,
            Some(current) => {
                let entry = &mut entries[current];
                if entry.line == number && entry.value.is_empty() {
                    entry.value = start..start;
                }
                current
            }
        }
    }

    fn add(
        &mut self,
        step: Step,
        key: std::ops::Range<usize>,
        line: usize,
        entries: &mut Vec<Entry>,
    ) -> usize {
        let Some(frame) = self.frames.last_mut() else { return self.of };
        let index = entries.len();
        frame.items += 1;
        frame.current = Some(index);
        entries.push(Entry {
            document: self.document,
            parent: Some(frame.of),
            step,
            line,
            indent: key.start,
            value: key.end..key.end,
            key,
            last: line,
            flow_end: None,
            in_flow: true,
        });
        index
    }

    /// The value under way goes to here.
    fn reach(&self, line: &str, at: usize, number: usize, entries: &mut [Entry]) {
        if let Some(current) = self.frames.last().and_then(|frame| frame.current) {
            let entry = &mut entries[current];
            entry.last = number;
            if entry.line == number {
                entry.value.end = columns(line, at);
            }
        }
    }

    /// The entry under way ends before here.
    fn end(&mut self, line: &str, at: usize, number: usize, entries: &mut [Entry]) {
        if let Some(current) = self.frames.last_mut().and_then(|frame| frame.current.take()) {
            entries[current].flow_end = Some((number, columns(line, at)));
        }
    }
}

/// Where a plain scalar of flow style ends.
fn plain_end(bytes: &[u8], from: usize) -> usize {
    let ends = |at: usize| match bytes[at] {
        b',' | b'{' | b'}' | b'[' | b']' => true,
        b':' => matches!(bytes.get(at + 1), None | Some(b' ' | b'\t' | b',' | b'}' | b']')),
        b'#' => bytes[at - 1] == b' ',
        _ => false,
    };
    (from + 1..bytes.len()).find(|at| ends(*at)).unwrap_or(bytes.len())
}
