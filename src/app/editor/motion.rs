//! Where the cursor goes: by what a person sees as characters, by words, by lines in sight.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::Editor;
use super::folds::depth;
use super::glyph;
use crate::app::text::buffer::{Place, before, behind, byte, column, length};

/// A way that the cursor can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Motion {
    Left,
    Right,
    WordLeft,
    WordRight,
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    Top,
    Bottom,
}

/// Keys that move the cursor in any text; shift selects.
pub(super) fn of(key: KeyEvent) -> Option<Motion> {
    use Motion as M;
    let by_word = key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    Some(match (key.code, by_word) {
        (KeyCode::Left, false) => M::Left,
        (KeyCode::Left, true) => M::WordLeft,
        (KeyCode::Right, false) => M::Right,
        (KeyCode::Right, true) => M::WordRight,
        (KeyCode::Up, _) => M::Up,
        (KeyCode::Down, _) => M::Down,
        (KeyCode::PageUp, _) => M::PageUp,
        (KeyCode::PageDown, _) => M::PageDown,
        (KeyCode::Home, false) => M::Home,
        (KeyCode::Home, true) => M::Top,
        (KeyCode::End, false) => M::End,
        (KeyCode::End, true) => M::Bottom,
        _ => return None,
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

impl Editor {
    /// Moves the cursor; `selecting`: the selection goes with it.
    pub(super) fn go(&mut self, motion: Motion, selecting: bool) {
        use Motion as M;
        let at = self.buffer.cursor();
        let to = match (motion, self.buffer.selection().filter(|_| !selecting)) {
            // One of the ends is where one wants to be.
            (M::Left, Some((start, _))) => start,
            (M::Right, Some((_, end))) => end,
            _ => self.reach(motion, at),
        };
        if !matches!(motion, M::Up | M::Down | M::PageUp | M::PageDown) {
            self.wanted = None;
        }
        self.buffer.move_to(to, selecting);
        if matches!(motion, M::Left | M::Right | M::WordLeft | M::WordRight | M::Bottom) {
            self.folds.reveal(to.line);
        }
        self.buffer.seal();
    }

    fn reach(&mut self, motion: Motion, at: Place) -> Place {
        use Motion as M;
        let line = self.buffer.line(at.line);
        let page = self.view.rows.saturating_sub(2).max(1);
        match motion {
            M::Left if at.column > 0 => Place::new(at.line, before(line, at.column)),
            M::Right if at.column < length(line) => Place::new(at.line, behind(line, at.column)),
            M::Left | M::WordLeft if at.column == 0 => self.end_before(at),
            M::Right | M::WordRight if at.column >= length(line) => self.start_behind(at),
            M::WordLeft => Place::new(at.line, word_left(line, at.column)),
            M::WordRight => Place::new(at.line, word_right(line, at.column)),
            M::Up => self.rows_away(at, 1, false),
            M::Down => self.rows_away(at, 1, true),
            M::PageUp => self.rows_away(at, page, false),
            M::PageDown => self.rows_away(at, page, true),
            M::Home => {
                let text = depth(line).unwrap_or_else(|| line.len() - line.trim_start_matches(' ').len());
                Place::new(at.line, if at.column == text { 0 } else { text })
            }
            M::End => Place::new(at.line, usize::MAX),
            M::Top => Place::default(),
            M::Bottom => Place::new(self.buffer.last(), usize::MAX),
            M::Left | M::Right => at,
        }
    }

    fn end_before(&self, at: Place) -> Place {
        at.line.checked_sub(1).map_or(at, |line| Place::new(line, usize::MAX))
    }

    fn start_behind(&self, at: Place) -> Place {
        if at.line < self.buffer.last() { Place::new(at.line + 1, 0) } else { at }
    }

    /// So many lines in sight away, at the cell where it was before it went over shorter ones.
    fn rows_away(&mut self, at: Place, rows: usize, down: bool) -> Place {
        let last = self.buffer.last();
        let step = |line: usize| if down { self.folds.next(line, last) } else { self.folds.previous(line) };
        let ways = std::iter::successors(Some(self.folds.shown(at.line)), |line| step(*line));
        let line = ways.take(rows + 1).last().unwrap_or(at.line);
        if line == at.line {
            // There is no line there: its end is as far as one can go.
            return Place::new(line, if down { usize::MAX } else { 0 });
        }
        let cell = *self.wanted.get_or_insert_with(|| glyph::cell(self.buffer.line(at.line), at.column));
        Place::new(line, glyph::column(self.buffer.line(line), cell))
    }
}

/// Where the word before a column begins.
pub(super) fn word_left(line: &str, at: usize) -> usize {
    let head = line[..byte(line, at)].trim_end_matches(|c| !is_word(c));
    column(line, head.trim_end_matches(is_word).len())
}

/// Where the word behind a column ends.
pub(super) fn word_right(line: &str, at: usize) -> usize {
    let tail = &line[byte(line, at)..];
    let word = tail.trim_start_matches(|c| !is_word(c));
    column(line, line.len() - word.trim_start_matches(is_word).len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_left_at_their_beginning_and_right_at_their_end() {
        let line = "  - name: é-x.y";
        assert_eq!([15, 13, 10, 4].map(|at| word_left(line, at)), [14, 10, 4, 2]);
        assert_eq!([0, 8, 13].map(|at| word_right(line, at)), [3, 13, 15]);
    }
}
