//! The one way by which text reaches a cell: cut to its room, as wide as it is shown, and harmless.

use ratatui::buffer::Buffer;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::glyphs::Glyphs;
use super::theme::{Role, Theme};
use crate::app::geometry::Area;

/// What is left of a text that has too little room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// Its beginning: a sentence.
    End,
    /// Beginning and end: a name, and names of pods differ at their end.
    Middle,
}

/// The cells of a frame, and what they are painted with.
pub(super) struct Canvas<'a> {
    buffer: &'a mut Buffer,
    theme: &'a Theme,
    /// The set of glyphs.
    pub(super) glyphs: Glyphs,
}

impl<'a> Canvas<'a> {
    /// A canvas on these cells.
    pub(super) fn new(buffer: &'a mut Buffer, theme: &'a Theme, glyphs: Glyphs) -> Self {
        Self { buffer, theme, glyphs }
    }

    /// What a role looks like.
    pub(super) fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// Gives cells a style and leaves their text.
    pub(super) fn tint(&mut self, area: Area, style: Style) {
        self.each(area, |cell| {
            cell.set_style(style);
        });
    }

    /// Empties cells.
    pub(super) fn clear(&mut self, area: Area, style: Style) {
        self.each(area, |cell| {
            cell.reset();
            cell.set_style(style);
        });
    }

    fn each(&mut self, area: Area, change: impl Fn(&mut ratatui::buffer::Cell)) {
        for y in area.y..area.y.saturating_add(area.height) {
            for x in area.x..area.x.saturating_add(area.width) {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    change(cell);
                }
            }
        }
    }

    /// Paints one character; tells the column behind it.
    pub(super) fn char(&mut self, x: u16, y: u16, c: char, style: Style) -> u16 {
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.set_char(c).set_style(style);
        }
        x.saturating_add(1)
    }

    /// Paints a text into at most `room` cells and cuts what does not fit; tells the column behind it.
    pub(super) fn text(&mut self, x: u16, y: u16, room: u16, text: &str, style: Style, cut: Cut) -> u16 {
        self.marked(x, y, room, text, style, cut, &[], style)
    }

    /// A text as it stands in so much room.
    pub(super) fn shortened(&self, text: &str, room: u16, cut: Cut) -> String {
        match gap(text, room, cut) {
            None => text.to_owned(),
            Some(gap) => format!("{}{}{}", &text[..gap.start], self.glyphs.ellipsis(), &text[gap.end..]),
        }
    }

    /// As [`Self::text`]; the bytes of `marks` (sorted) are painted in another style.
    #[allow(
        clippy::too_many_arguments,
        reason = "place, text and two looks: a struct for one call would only rename them"
    )]
    pub(super) fn marked(
        &mut self,
        x: u16,
        y: u16,
        room: u16,
        text: &str,
        style: Style,
        cut: Cut,
        marks: &[std::ops::Range<usize>],
        mark: Style,
    ) -> u16 {
        let look = |at: usize| if marks.iter().any(|m| m.contains(&at)) { mark } else { style };
        let Some(gap) = gap(text, room, cut) else {
            return self.run(x, y, text, 0, look);
        };
        if room == 0 {
            return x;
        }
        let x = self.run(x, y, &text[..gap.start], 0, look);
        let x = self.char(x, y, self.glyphs.ellipsis(), style);
        self.run(x, y, &text[gap.end..], gap.end, look)
    }

    fn run(&mut self, mut x: u16, y: u16, text: &str, from: usize, look: impl Fn(usize) -> Style) -> u16 {
        if is_plain(text) {
            for (at, byte) in text.bytes().enumerate() {
                x = self.char(x, y, char::from(byte), look(from + at));
            }
            return x;
        }
        for (at, cluster) in text.grapheme_indices(true) {
            let wide = cells(cluster);
            if wide == 0 {
                continue;
            }
            let style = look(from + at);
            if let Some(cell) = self.buffer.cell_mut((x, y)) {
                match cluster.chars().next() {
                    // An unseen rest of a cluster must not reach the terminal where only ASCII may.
                    Some(first) if self.glyphs.is_ascii() => cell.set_char(self.glyphs.shown(first)),
                    _ => cell.set_symbol(cluster),
                };
                cell.set_style(style);
            }
            for hidden in 1..wide {
                if let Some(cell) = self.buffer.cell_mut((x.saturating_add(hidden), y)) {
                    // The terminal draws the wide character over it.
                    cell.reset();
                    cell.set_style(style);
                    if self.glyphs.is_ascii() {
                        cell.set_char('?');
                    }
                }
            }
            x = x.saturating_add(wide);
        }
        x
    }
}

/// Cells that a text needs, without what is never painted.
pub(super) fn width(text: &str) -> u16 {
    if is_plain(text) {
        return u16::try_from(text.len()).unwrap_or(u16::MAX);
    }
    text.graphemes(true).fold(0, |sum, cluster| sum.saturating_add(cells(cluster)))
}

/// Whether each byte is a character of one cell: most texts, and quick to paint.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' '..=b'~'))
}

/// Cells that a character needs. None for control characters, and for those that turn the direction of writing:
/// text was cleaned of them long before, but what is never painted can do no harm.
fn cells(cluster: &str) -> u16 {
    if cluster.chars().any(|c| c.is_control() || is_invisible(c)) {
        return 0;
    }
    u16::try_from(cluster.width()).unwrap_or(0)
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The bytes that give way to an ellipsis; `None`: all fits.
fn gap(text: &str, room: u16, cut: Cut) -> Option<std::ops::Range<usize>> {
    if width(text) <= room {
        return None;
    }
    let kept = room.saturating_sub(1);
    let (head, tail) = match cut {
        Cut::End => (kept, 0),
        Cut::Middle => (kept - kept / 2, kept / 2),
    };
    let start = bytes_within(text.grapheme_indices(true).map(|(at, c)| (at + c.len(), c)), head).unwrap_or(0);
    let end = bytes_within(text.grapheme_indices(true).rev(), tail).unwrap_or(text.len());
    Some(start..end.max(start))
}

/// The last edge that is reached with no more than `room` cells.
fn bytes_within<'t>(clusters: impl Iterator<Item = (usize, &'t str)>, room: u16) -> Option<usize> {
    let mut used = 0;
    clusters
        .take_while(|(_, cluster)| {
            used += cells(cluster);
            used <= room
        })
        .map(|(edge, _)| edge)
        .last()
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;

    use super::*;

    fn painted(text: &str, room: u16, cut: Cut, glyphs: Glyphs) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        let theme = Theme::default();
        Canvas::new(&mut buffer, &theme, glyphs).text(0, 0, room, text, Style::new(), cut);
        buffer.content.iter().map(|c| c.symbol()).collect::<String>().trim_end().to_owned()
    }

    #[test]
    fn a_name_is_cut_in_its_middle_and_a_sentence_at_its_end() {
        let name = "egress-7c9f-x2x4q";
        let cases = [
            (name, 10, Cut::Middle, "egres…2x4q"),
            (name, 2, Cut::Middle, "e…"),
            (name, 1, Cut::Middle, "…"),
            (name, 0, Cut::Middle, ""),
            ("all is well", 6, Cut::End, "all i…"),
            ("all is well", 11, Cut::End, "all is well"),
            ("日本語日本語", 6, Cut::End, "日 本 …"),
            ("日本語日本語", 6, Cut::Middle, "日 …語"),
        ];
        for (text, room, cut, wanted) in cases {
            assert_eq!(painted(text, room, cut, Glyphs::Unicode), wanted, "{text} in {room}");
        }
    }

    #[test]
    fn control_characters_never_become_cells_even_if_a_caller_forgot() {
        assert_eq!(painted("a\x1b[2Jb\x07\u{9b}c\u{202e}d", 12, Cut::End, Glyphs::Unicode), "a[2Jbcd");
        assert_eq!(painted("a\r\nb\tc", 12, Cut::End, Glyphs::Unicode), "abc");
    }

    #[test]
    fn the_ascii_set_paints_ascii_only() {
        assert_eq!(painted("é–日x", 12, Cut::End, Glyphs::Ascii), "?-??x");
        assert_eq!(painted("egress-7c9f", 6, Cut::Middle, Glyphs::Ascii), "egr~9f");
    }
}
