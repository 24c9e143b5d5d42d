//! Where the fields of a text are, found by indentation alone: also while the text is being written and does not parse.
//!
//! Lines and columns count from 0, columns in characters.

mod build;
mod flow;

use std::ops::Range;

use crate::model::edit::path::{Path, Step};

/// The fields of a text and where they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline {
    entries: Vec<Entry>,
    lines: Vec<Line>,
}

/// A field, or an item of a list.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    document: usize,
    parent: Option<usize>,
    step: Step,
    line: usize,
    /// Column of the key, or of the dash.
    indent: usize,
    key: Range<usize>,
    /// What of the value stands on the line of the key.
    value: Range<usize>,
    /// Last line with anything of it.
    last: usize,
    /// In flow style: where it ends.
    flow_end: Option<(usize, usize)>,
    in_flow: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Line {
    document: usize,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    /// Nothing, or a comment.
    Blank,
    /// It belongs to what began before: a block scalar, a quoted text, a value over several lines.
    Within(usize),
    /// It begins an entry or several; the first of them.
    Begins(usize),
    /// A text that is no entry, at this column: maybe a key that is being typed.
    Loose(usize),
    /// `---` or `...`.
    Marker,
}

/// Lines that can be folded into the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The line that stays.
    pub first: usize,
    /// The last line that goes.
    pub last: usize,
    /// How deep it is, from 0.
    pub depth: usize,
}

/// Where an entry is: its line, its key (of an item: the dash), and what of its value is on that line.
pub type Span = (usize, Range<usize>, Range<usize>);

impl Outline {
    /// The outline of a text.
    pub fn of(text: &str) -> Self {
        build::outline(text)
    }

    /// The document that a line belongs to, from 0: as [`read_documents`](super::read::read_documents) counts them.
    pub fn document_at(&self, line: usize) -> usize {
        self.lines.get(line).or(self.lines.last()).map_or(0, |line| line.document)
    }

    /// The document and the path that a place is in: of a key, of its value, and on a fresh line of what a key there
    /// would be put into.
    pub fn path_at(&self, line: usize, column: usize) -> (usize, Path) {
        let document = self.document_at(line);
        let entry = match self.lines.get(line).map(|line| line.what) {
            None | Some(What::Marker) => None,
            Some(What::Blank) => self.around(line, column),
            Some(What::Loose(indent)) => self.around(line, indent),
            Some(What::Within(owner)) => self.deepest(line, column, Some(owner)),
            Some(What::Begins(first)) => self.deepest(line, column, Some(first)),
        };
        (document, self.path(entry))
    }

    /// The line of a path, or of what is nearest above it.
    pub fn line_of(&self, document: usize, path: &Path) -> Option<usize> {
        self.span_of(document, path).map(|(line, ..)| line)
    }

    /// Where a path is, or what is nearest above it; of the whole document, its first entry.
    pub fn span_of(&self, document: usize, path: &Path) -> Option<Span> {
        let first = self.entries.iter().position(|e| e.document == document)?;
        let mut found = None;
        for step in &path.0 {
            let from = found.map_or(first, |at| at + 1);
            let next = self.entries[from..].iter().take_while(|e| e.document == document);
            match next.enumerate().find(|(_, e)| e.parent == found && e.step == *step) {
                Some((at, _)) => found = Some(from + at),
                None => break,
            }
        }
        let entry = &self.entries[found.unwrap_or(first)];
        Some((entry.line, entry.key.clone(), entry.value.clone()))
    }

    /// Whether a path is there itself.
    pub fn has(&self, document: usize, path: &Path) -> bool {
        self.entries.iter().enumerate().any(|(at, e)| e.document == document && self.path(Some(at)) == *path)
    }

    /// What can be folded: mappings, lists and texts of more than one line, outer before inner.
    pub fn blocks(&self) -> Vec<Block> {
        let mut depths: Vec<usize> = Vec::with_capacity(self.entries.len());
        let mut blocks = Vec::new();
        for entry in &self.entries {
            let depth = entry.parent.map_or(0, |parent| depths[parent] + 1);
            depths.push(depth);
            if entry.last > entry.line {
                blocks.push(Block { first: entry.line, last: entry.last, depth });
            }
        }
        blocks
    }

    fn path(&self, entry: Option<usize>) -> Path {
        let mut steps = Vec::new();
        let mut at = entry;
        while let Some(entry) = at.map(|at| &self.entries[at]) {
            steps.push(entry.step.clone());
            at = entry.parent;
        }
        steps.reverse();
        Path(steps)
    }

    /// The innermost entry of a line that a column is in, else `other`.
    fn deepest(&self, line: usize, column: usize, other: Option<usize>) -> Option<usize> {
        let begin = self.entries.partition_point(|e| e.line < line);
        let on_line = self.entries[begin..].iter().take_while(|e| e.line == line).enumerate();
        let holds = |e: &Entry| e.key.start <= column && e.flow_end.is_none_or(|end| (line, column) <= end);
        let deepest = on_line.filter(|(_, e)| holds(e)).last().map(|(at, _)| begin + at);
        let mut within = deepest.or(other);
        // A line in the middle of a flow: up to what is still open there.
        while let Some(at) = within
            && let entry = &self.entries[at]
            && entry.in_flow
            && entry.flow_end.is_some_and(|end| (line, column) > end)
        {
            within = entry.parent;
        }
        within
    }

    /// The entry that a key at that column of a line would be put into.
    fn around(&self, line: usize, column: usize) -> Option<usize> {
        let document = self.document_at(line);
        let before = self.entries.partition_point(|e| e.line < line);
        let mut at = before.checked_sub(1).filter(|at| self.entries[*at].document == document);
        // What is in flow style has no lines below it.
        let takes = |at: usize| {
            let entry = &self.entries[at];
            let is_leaf =
                !entry.value.is_empty() && entry.last <= line && matches!(entry.step, Step::Field(_));
            entry.indent < column && !entry.in_flow && !is_leaf
        };
        while let Some(entry) = at.filter(|at| !takes(*at)) {
            at = self.entries[entry].parent;
        }
        at
    }
}

#[cfg(test)]
mod tests;
