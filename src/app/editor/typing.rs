//! What is typed: letters, lines, indentation, comments. Each of these is one step.

use super::Editor;
use super::folds::depth;
use super::motion::{word_left, word_right};
use crate::app::text::buffer::{Place, Run, before, behind, byte, length};

/// Spaces of one level.
const LEVEL: usize = 2;

/// Spaces that a line begins with.
fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

impl Editor {
    /// Puts a text in the place of what is selected.
    pub(super) fn put(&mut self, text: &str, run: Run) {
        if !self.buffer.insert(text, run) {
            self.too_long();
        }
    }

    /// A letter.
    pub(super) fn type_letter(&mut self, c: char) {
        let run = if c == ' ' { Run::Space } else { Run::Word };
        let run = if self.buffer.selection().is_some() { Run::Alone } else { run };
        self.put(c.encode_utf8(&mut [0; 4]), run);
        if run == Run::Alone {
            // What is typed over a selection goes on as a word.
            self.buffer.go_on(Run::Word);
        }
    }

    /// A new line, as far in as what is written goes on.
    pub(super) fn new_line(&mut self) {
        let at = self.buffer.selected().0;
        let line = self.buffer.line(at.line).to_owned();
        let head = &line[..byte(&line, at.column)];
        if self.lexer.before(self.buffer.lines(), at.line).is_block() {
            return self.put(&format!("\n{}", " ".repeat(indentation(head))), Run::Alone);
        }
        let text = head.trim();
        let dashes = dashes(head);
        if text == "-" && at.column >= length(&line) && self.buffer.selection().is_none() {
            // An item without anything ends the list.
            let start = Place::new(at.line, 0);
            self.buffer.replace((start, at), "", Run::Alone);
            return;
        }
        let text = text.find(" #").map_or(text, |hash| &text[..hash]).trim_end();
        let opens = !text.starts_with('#') && (text.ends_with(':') || is_block_scalar(text));
        let is_scalar_item = dashes > indentation(head) && !text.contains(": ") && !opens;
        let next = match (opens, is_scalar_item) {
            (true, _) => " ".repeat(dashes + LEVEL),
            (false, true) if at.column >= length(&line) => format!("{}- ", " ".repeat(indentation(head))),
            _ => " ".repeat(dashes),
        };
        self.put(&format!("\n{next}"), Run::Alone);
    }

    /// Takes what is selected away, else the character before the cursor; of indentation, a level.
    pub(super) fn erase(&mut self) {
        let at = self.buffer.cursor();
        if self.buffer.selection().is_some() {
            return self.put("", Run::Alone);
        }
        let line = self.buffer.line(at.line);
        let start = match at.column {
            0 if at.line == 0 => return,
            0 => Place::new(at.line - 1, length(self.buffer.line(at.line - 1))),
            column if column <= indentation(line) => Place::new(at.line, (column - 1) / LEVEL * LEVEL),
            column => Place::new(at.line, before(line, column)),
        };
        self.folds.reveal(start.line);
        self.buffer.replace((start, at), "", Run::Erase);
    }

    /// Takes what is selected away, else the character behind the cursor.
    pub(super) fn delete(&mut self) {
        let at = self.buffer.cursor();
        if self.buffer.selection().is_some() {
            return self.put("", Run::Alone);
        }
        let line = self.buffer.line(at.line);
        let end = match at.column >= length(line) {
            true => Place::new(at.line + 1, 0),
            false => Place::new(at.line, behind(line, at.column)),
        };
        if end.line <= self.buffer.last() {
            self.buffer.replace((at, end), "", Run::Delete);
        }
    }

    /// Takes the word before the cursor away, or behind it.
    pub(super) fn delete_word(&mut self, backwards: bool) {
        let at = self.buffer.cursor();
        let line = self.buffer.line(at.line);
        let to = if backwards { word_left(line, at.column) } else { word_right(line, at.column) };
        match (self.buffer.selection(), to == at.column) {
            (None, false) => drop(self.buffer.replace((Place::new(at.line, to), at), "", Run::Alone)),
            _ if backwards => self.erase(),
            _ => self.delete(),
        }
    }

    /// The lines that what is selected touches. One of which nothing is selected is not.
    pub(super) fn selected_lines(&self) -> (usize, usize) {
        let (start, end) = self.buffer.selected();
        let last = if end.column == 0 && end.line > start.line { end.line - 1 } else { end.line };
        (start.line, last)
    }

    /// Spaces up to the next level; of what is selected, one level more.
    pub(super) fn indent(&mut self) {
        if self.buffer.selection().is_none() {
            let column = self.buffer.cursor().column;
            return self.put(&" ".repeat(LEVEL - column % LEVEL), Run::Space);
        }
        self.each_line(
            |line| if line.trim().is_empty() { line.to_owned() } else { format!("{:LEVEL$}{line}", "") },
        );
    }

    /// One level less, of what is selected or of the line.
    pub(super) fn unindent(&mut self) {
        self.each_line(|line| line[indentation(line).min(LEVEL)..].to_owned());
    }

    /// Makes comments of the lines, or text again when all are.
    pub(super) fn comment(&mut self) {
        let (first, last) = self.selected_lines();
        let lines = &self.buffer.lines()[first..=last];
        let written = || lines.iter().filter(|line| !line.trim().is_empty());
        let is_comment = |line: &&String| line.trim_start().starts_with('#');
        let all = written().count() > 0 && written().all(|line| is_comment(&line));
        let column = written().map(|line| indentation(line)).min().unwrap_or(0);
        self.each_line(|line| match line.split_once('#').filter(|_| all) {
            Some((head, tail)) => format!("{head}{}", tail.strip_prefix(' ').unwrap_or(tail)),
            None if line.trim().is_empty() => line.to_owned(),
            None => format!("{}# {}", &line[..column], &line[column..]),
        });
    }

    /// Changes each of the selected lines in one step; they stay selected.
    fn each_line(&mut self, change: impl Fn(&str) -> String) {
        let (first, last) = self.selected_lines();
        let lines: Vec<String> = self.buffer.lines()[first..=last].iter().map(|line| change(line)).collect();
        let (anchor, cursor) = (self.buffer.selection(), self.buffer.cursor());
        let grown = |at: Place| {
            let Some(new) = at.line.checked_sub(first).and_then(|n| lines.get(n)) else { return at };
            let (was, is) = (length(self.buffer.line(at.line)), length(new));
            Place::new(at.line, (at.column + is).saturating_sub(was))
        };
        let (cursor, anchor) =
            (grown(cursor), anchor.map(|(a, b)| if b == cursor { grown(a) } else { grown(b) }));
        let end = Place::new(last, usize::MAX);
        if lines == self.buffer.lines()[first..=last] {
            return;
        }
        if !self.buffer.replace((Place::new(first, 0), end), &lines.join("\n"), Run::Alone) {
            return self.too_long();
        }
        self.buffer.select_after(anchor.unwrap_or(cursor), cursor);
    }

    /// Moves the lines one up or down.
    pub(super) fn move_lines(&mut self, down: bool) {
        let (first, last) = self.selected_lines();
        let (from, to) = match down {
            true if last < self.buffer.last() => (first, last + 1),
            false if first > 0 => (first - 1, last),
            _ => return,
        };
        let mut lines: Vec<&str> = self.buffer.lines()[from..=to].iter().map(String::as_str).collect();
        if down {
            lines.rotate_right(1)
        } else {
            lines.rotate_left(1)
        }
        let text = lines.join("\n");
        let moved = |at: Place| Place::new(if down { at.line + 1 } else { at.line - 1 }, at.column);
        let (selection, cursor) = (self.buffer.selection(), self.buffer.cursor());
        let anchor = selection.map(|(a, b)| if b == cursor { a } else { b }).unwrap_or(cursor);
        self.buffer.replace((Place::new(from, 0), Place::new(to, usize::MAX)), &text, Run::Alone);
        self.buffer.select_after(moved(anchor), moved(cursor));
    }

    /// Takes the lines away, and gives them to be put elsewhere.
    pub(super) fn delete_lines(&mut self) {
        let (first, last) = self.selected_lines();
        let last = last + self.folds.behind(last);
        let (start, end) = match (first, last == self.buffer.last()) {
            (_, false) => (Place::new(first, 0), Place::new(last + 1, 0)),
            (0, true) => (Place::default(), Place::new(last, usize::MAX)),
            (_, true) => (Place::new(first - 1, usize::MAX), Place::new(last, usize::MAX)),
        };
        let text: Vec<&str> = self.buffer.lines()[first..=last].iter().map(String::as_str).collect();
        self.register = text.join("\n") + "\n";
        self.buffer.replace((start, end), "", Run::Alone);
    }
}

/// The column behind indentation and dashes.
pub(super) fn dashes(head: &str) -> usize {
    let mut at = indentation(head);
    while head[at..].starts_with("- ") {
        at += 1 + indentation(&head[at + 1..]);
    }
    at
}

/// Whether lines of a text follow.
fn is_block_scalar(text: &str) -> bool {
    let value = text.rsplit_once(": ").map_or(text, |(_, value)| value);
    let value = value.strip_prefix("- ").unwrap_or(value);
    value.starts_with(['|', '>']) && value.len() <= 3
}

/// Whether a line has nothing but the beginning of a key before the cursor, and that not empty.
pub(super) fn is_beginning_of_key(line: &str, column: usize) -> bool {
    let head = &line[..byte(line, column)];
    let word = &head[dashes(head).min(head.len())..];
    let is_letter = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    column >= length(line.trim_end())
        && !word.is_empty()
        && word.chars().all(is_letter)
        && depth(line).is_some()
}
