//! What is on the terminal, so that only what changed is written.

use std::io;

use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use crossterm::{cursor, queue, terminal};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};

use super::cells;

/// The terminal as it is, and as it is to be.
#[derive(Debug)]
pub struct Painter {
    shown: Buffer,
    next: Buffer,
    /// What the last frame was to show, where not all of it was written.
    wanted: Option<Buffer>,
    cursor: Option<Position>,
    clear: bool,
}

/// Bytes for the terminal.
#[derive(Debug, PartialEq, Eq)]
pub struct Painted {
    /// One synchronized update.
    pub bytes: Vec<u8>,
    /// More of the frame is to come: the next one brings it, or what is newer by then.
    pub is_part: bool,
}

impl Painter {
    /// An empty terminal of this many columns and rows.
    pub fn new((width, height): (u16, u16)) -> Self {
        let area = Rect::new(0, 0, width, height);
        let empty = Buffer::empty(area);
        Self { shown: empty.clone(), next: empty, wanted: None, cursor: None, clear: true }
    }

    /// The terminal has another size, or shows something else: draw every cell again.
    pub fn reset(&mut self, (width, height): (u16, u16)) {
        *self = Self::new((width, height));
    }

    /// What is on the terminal, or on its way there.
    pub fn wanted(&self) -> &Buffer {
        self.wanted.as_ref().unwrap_or(&self.shown)
    }

    /// Draws a frame and returns the bytes that bring the terminal there; `None` when no cell changed. Where there is room
    /// for so many bytes only, whole rows are written until it is full: those first that were not to change a frame ago,
    /// for that is what somebody waits for.
    ///
    /// # Errors
    /// Never in practice: bytes are written to memory.
    pub fn frame(
        &mut self,
        room: Option<usize>,
        draw: impl FnOnce(&mut Buffer) -> Option<Position>,
    ) -> io::Result<Option<Painted>> {
        self.next.reset();
        let cursor = draw(&mut self.next);
        let changes = self.shown.diff(&self.next);
        let full = std::mem::take(&mut self.clear);
        if changes.is_empty() && cursor == self.cursor && !full {
            self.wanted = None;
            return Ok(None);
        }
        let mut bytes = Vec::with_capacity(256 + changes.len() * 8);
        queue!(bytes, BeginSynchronizedUpdate)?;
        if full {
            queue!(bytes, terminal::Clear(terminal::ClearType::All))?;
        }
        if self.cursor.is_some() {
            queue!(bytes, cursor::Hide)?;
        }
        let rows = match room {
            Some(_) => by_row(changes, self.wanted.as_ref(), &self.next),
            None => vec![changes],
        };
        let mut written = Vec::new();
        let all = rows.len();
        for row in rows {
            let y = row.first().map(|change| change.1);
            cells::write(&mut bytes, row.into_iter())?;
            written.extend(y);
            if room.is_some_and(|room| bytes.len() >= room) {
                break;
            }
        }
        let is_part = written.len() < all;
        if let Some(at) = cursor {
            queue!(bytes, cursor::MoveTo(at.x, at.y), cursor::Show)?;
        }
        queue!(bytes, EndSynchronizedUpdate)?;
        self.cursor = cursor;
        if is_part {
            let width = usize::from(self.next.area.width);
            for y in written {
                let row = usize::from(y) * width..(usize::from(y) + 1) * width;
                self.shown.content[row.clone()].clone_from_slice(&self.next.content[row]);
            }
            let area = self.next.area;
            self.wanted = Some(std::mem::replace(&mut self.next, Buffer::empty(area)));
        } else {
            self.wanted = None;
            std::mem::swap(&mut self.shown, &mut self.next);
        }
        Ok(Some(Painted { bytes, is_part }))
    }
}

type Change<'a> = (u16, u16, &'a Cell);

/// The changes row by row: the rows first that differ from what was wanted before.
fn by_row<'a>(changes: Vec<Change<'a>>, wanted: Option<&Buffer>, next: &Buffer) -> Vec<Vec<Change<'a>>> {
    let mut rows: Vec<Vec<Change<'a>>> = Vec::new();
    for change in changes {
        match rows.last_mut() {
            Some(row) if row[0].1 == change.1 => row.push(change),
            _ => rows.push(vec![change]),
        }
    }
    if let Some(wanted) = wanted {
        let width = usize::from(next.area.width);
        let is_old = |row: &Vec<Change<'_>>| {
            let cells = usize::from(row[0].1) * width..(usize::from(row[0].1) + 1) * width;
            wanted.content[cells.clone()] == next.content[cells]
        };
        // A stable sort: from top to bottom within each.
        rows.sort_by_key(is_old);
    }
    rows
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    fn hello(text: &str) -> impl FnOnce(&mut Buffer) -> Option<Position> + '_ {
        move |b| {
            b.set_string(0, 0, text, Style::new());
            None
        }
    }

    #[test]
    fn a_frame_in_which_no_cell_changed_is_no_bytes() {
        let mut painter = Painter::new((10, 2));
        assert!(painter.frame(None, hello("hi")).unwrap().is_some());
        assert_eq!(painter.frame(None, hello("hi")).unwrap(), None);
    }

    #[test]
    fn only_changed_cells_are_written_inside_one_synchronized_update() {
        let mut painter = Painter::new((10, 2));
        painter.frame(None, hello("hello")).unwrap();
        let bytes = painter.frame(None, hello("hellO")).unwrap().unwrap().bytes;
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with("\x1b[?2026h") && text.ends_with("\x1b[?2026l"), "{text:?}");
        assert!(text.contains('O') && !text.contains('h') || !text.contains("hell"), "{text:?}");
        assert!(!text.contains("\x1b[2J"), "{text:?}");
    }

    #[test]
    fn a_cursor_that_only_moves_is_written() {
        let mut painter = Painter::new((10, 2));
        painter.frame(None, |_| Some(Position::new(1, 0))).unwrap();
        assert_eq!(painter.frame(None, |_| Some(Position::new(1, 0))).unwrap(), None);
        let bytes = painter.frame(None, |_| Some(Position::new(2, 0))).unwrap().unwrap().bytes;
        assert!(String::from_utf8(bytes).unwrap().contains("\x1b[1;3H"));
    }

    fn rows<'a>(rows: &'a [&'a str]) -> impl FnOnce(&mut Buffer) -> Option<Position> + 'a {
        move |b| {
            for (y, text) in rows.iter().enumerate() {
                b.set_string(0, y as u16, text, Style::new());
            }
            None
        }
    }

    #[test]
    fn what_finds_no_room_comes_with_the_next_frame_and_what_is_new_comes_first() {
        let mut painter = Painter::new((10, 4));
        let first = painter.frame(Some(1), rows(&["one", "two", "three", "four"])).unwrap().unwrap();
        let text = String::from_utf8(first.bytes).unwrap();
        assert!(first.is_part && text.contains("one") && !text.contains("two"), "{text:?}");
        // Somebody pressed a key meanwhile: its answer goes before the rest.
        let second = painter.frame(Some(1), rows(&["one", "two", "three", "FOUR"])).unwrap().unwrap();
        let text = String::from_utf8(second.bytes).unwrap();
        assert!(second.is_part && text.contains("FOUR") && !text.contains("two"), "{text:?}");
        let rest = painter.frame(None, rows(&["one", "two", "three", "FOUR"])).unwrap().unwrap();
        let text = String::from_utf8(rest.bytes).unwrap();
        assert!(!rest.is_part && text.contains("two") && text.contains("three"), "{text:?}");
        assert!(!text.contains("FOUR") && !text.contains("one"), "{text:?}");
        assert_eq!(painter.frame(Some(1), rows(&["one", "two", "three", "FOUR"])).unwrap(), None);
    }

    #[test]
    fn what_was_not_written_yet_and_is_not_wanted_any_more_is_never_written() {
        let mut painter = Painter::new((10, 2));
        assert!(painter.frame(Some(1), rows(&["one", "two"])).unwrap().unwrap().is_part);
        let last = painter.frame(Some(1), rows(&["one", "2"])).unwrap().unwrap();
        let text = String::from_utf8(last.bytes).unwrap();
        assert!(!last.is_part && text.contains('2') && !text.contains("two"), "{text:?}");
    }
}
