//! What of the text is on the screen: lines with their looks, marks and numbers. Drawing takes it as it is.

use std::ops::Range;

use super::Editor;
use super::glyph::{self, glyphs};
use crate::app::paint::{self, Line, Look};
use crate::app::text::buffer::{Place, byte};
use crate::model::table::Tone;
use crate::model::yaml::lines::spans;

/// Lines that stay in sight above and below the cursor.
const MARGIN: usize = 3;

/// Cells that stay in sight on both sides of the cursor.
const SIDE: usize = 4;

/// One line of the text on the screen.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number, from 1.
    pub number: usize,
    /// How bad what is wrong with it is.
    pub mark: Option<Tone>,
    /// Lines that it stands for beside itself.
    pub folded: usize,
    /// Whether the cursor is on it.
    pub is_current: bool,
    /// What is seen of it.
    pub text: Line,
}

/// What is on the screen.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The lines.
    pub rows: Vec<Row>,
    /// Cells of the line numbers.
    pub digits: u16,
    /// Cells before the text.
    pub gutter: u16,
    /// Row, and cell of the text, that the cursor is at.
    pub cursor: (u16, u16),
    /// The last line: place, state, and what is wrong.
    pub status: Vec<(Tone, String)>,
}

/// Which part of the text is seen.
#[derive(Debug, Default)]
pub(super) struct View {
    /// The first line.
    top: usize,
    /// The first cell.
    x: usize,
    /// Lines that find room.
    pub(super) rows: usize,
}

impl Editor {
    /// Makes the window of `width` by `height` cells, the last of which is the status.
    pub(super) fn make_window(&mut self, width: u16, height: u16) {
        let rows = usize::from(height.saturating_sub(1)).max(1);
        let digits = self.buffer.lines().len().to_string().len().max(2);
        let gutter = digits + 3;
        let room = usize::from(width).saturating_sub(gutter).max(1);
        self.view.rows = rows;
        self.follow(rows, room);
        let mut window = Window {
            digits: u16::try_from(digits).unwrap_or(u16::MAX),
            gutter: u16::try_from(gutter).unwrap_or(u16::MAX),
            ..Window::default()
        };
        let mut next = Some(self.view.top);
        while let Some(line) = next.filter(|_| window.rows.len() < rows) {
            window.rows.push(self.row(line, room));
            next = self.folds.next(line, self.buffer.last());
        }
        let cursor = self.buffer.cursor();
        let row = window.rows.iter().position(|row| row.is_current).unwrap_or(0);
        let cell = glyph::cell(self.buffer.line(cursor.line), cursor.column).saturating_sub(self.view.x);
        let short = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        window.cursor = (short(row), short(cell.min(room - 1)));
        window.status = self.status();
        self.window = window;
    }

    /// Brings the cursor into sight.
    fn follow(&mut self, rows: usize, room: usize) {
        let cursor = self.buffer.cursor();
        let line = cursor.line;
        let margin = MARGIN.min(rows.saturating_sub(1) / 2);
        let up = |from: usize, by: usize| (0..by).fold(from, |at, _| self.folds.previous(at).unwrap_or(at));
        let top = self.folds.shown(self.view.top.min(self.buffer.last()));
        let (least, most) = (up(line, rows.saturating_sub(1 + margin)), up(line, margin));
        // A leap puts the cursor where one looks; a step moves the text by a line.
        let is_far = top < up(least, rows) || top > most + rows;
        let top = if is_far { up(line, rows / 3) } else { top.clamp(least, most.max(least)) };
        // Nothing is left empty below while there is text above.
        self.view.top = top.min(up(self.folds.shown(self.buffer.last()), rows.saturating_sub(1)));
        let cell = glyph::cell(self.buffer.line(line), cursor.column);
        let side = SIDE.min(room.saturating_sub(1) / 2);
        let right = (cell + side + 1).saturating_sub(room);
        self.view.x = self.view.x.clamp(right, right.max(cell.saturating_sub(side)));
        if cell + 1 < room {
            // What fits from its beginning is seen from its beginning.
            self.view.x = 0;
        }
    }

    fn row(&mut self, line: usize, room: usize) -> Row {
        let mut state = self.lexer.before(self.buffer.lines(), line);
        let text = self.buffer.line(line);
        let tokens: Vec<(Range<usize>, Look)> =
            spans(text, &mut state).into_iter().map(|(range, token)| (range, Look::Token(token))).collect();
        let over = self.marks(line);
        let mut pieces = pieces(text, &tokens, &over, (self.view.x, self.view.x + room));
        let folded = self.folds.behind(line);
        let ends_selected = self.buffer.selection().is_some_and(|(a, b)| a.line <= line && line < b.line);
        let used = paint::width(&pieces);
        if ends_selected && used < room {
            pieces.push(paint::piece(" ", Look::Selected));
        }
        if folded > 0 {
            let words = format!(" … {folded} {}", if folded == 1 { "line" } else { "lines" });
            pieces.push(paint::piece(words, Look::Tone(Tone::Muted)));
            pieces = paint::slice(&pieces, 0, room);
        }
        Row {
            number: line + 1,
            mark: self.worst(line, line + folded),
            folded,
            is_current: self.buffer.cursor().line == line,
            text: pieces,
        }
    }

    /// What lies over the tokens of a line, the strongest last.
    fn marks(&self, line: usize) -> Vec<(Range<usize>, Look)> {
        let text = self.buffer.line(line);
        let mut out: Vec<(Range<usize>, Look)> = Vec::new();
        if let Some(search) = &self.find.search {
            let at = self.find.at.filter(|at| at.line == line).map(|at| byte(text, at.column));
            out.extend(search.matches(text).into_iter().map(|range| {
                let look = if at == Some(range.start) { Look::CurrentMatch } else { Look::Match };
                (range, look)
            }));
        }
        if let Some((start, end)) = self.buffer.selection().filter(|(a, b)| a.line <= line && line <= b.line)
        {
            let edge = |at: Place, other: usize| if at.line == line { byte(text, at.column) } else { other };
            // The match that was found is selected; it must look found.
            let is_match = out.iter().any(|(_, look)| *look == Look::CurrentMatch);
            if !is_match {
                out.push((edge(start, 0)..edge(end, text.len()), Look::Selected));
            }
        }
        out
    }
}

/// The part of a line between two cells. A wide character that straddles an edge becomes spaces.
fn pieces(
    line: &str,
    tokens: &[(Range<usize>, Look)],
    over: &[(Range<usize>, Look)],
    (from, to): (usize, usize),
) -> Line {
    let mut out: Line = Vec::new();
    let mut cell = 0;
    let mut token = 0;
    for (at, glyph) in glyphs(line) {
        let (start, end) = (cell, cell + glyph.width);
        cell = end;
        if start >= to {
            break;
        }
        if end <= from {
            continue;
        }
        while tokens.get(token).is_some_and(|(range, _)| range.end <= at) {
            token += 1;
        }
        let plain = tokens.get(token).map_or(Look::Tone(Tone::Plain), |(_, look)| *look);
        let plain = if glyph.stands_for { Look::Tone(Tone::Warn) } else { plain };
        let look = over.iter().rev().find(|(range, _)| range.contains(&at)).map_or(plain, |(_, look)| *look);
        let fits = start >= from && end <= to;
        let spaces = end.min(to) - start.max(from);
        let text = if fits { glyph.text.into_owned() } else { " ".repeat(spaces) };
        match out.last_mut() {
            Some(last) if last.look == look => last.text.to_mut().push_str(&text),
            _ => out.push(paint::piece(text, look)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(line: &str, from: usize, to: usize) -> String {
        paint::text(&pieces(line, &[], &[], (from, to)))
    }

    #[test]
    fn a_part_of_a_line_shows_half_of_a_wide_character_as_a_space() {
        assert_eq!(cut("a日b", 0, 9), "a日b");
        assert_eq!((cut("a日b", 2, 9), cut("a日b", 0, 2)), (" b".to_owned(), "a ".to_owned()));
    }

    #[test]
    fn what_lies_over_a_token_is_cut_out_of_it() {
        let tokens = [(0..1, Look::Label), (1..4, Look::Title)];
        let line = pieces("abcd", &tokens, &[(1..3, Look::Selected)], (0, 9));
        let seen: Vec<_> = line.iter().map(|p| (&*p.text, p.look)).collect();
        assert_eq!(seen, [("a", Look::Label), ("bc", Look::Selected), ("d", Look::Title)]);
    }
}
