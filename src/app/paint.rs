//! Lines ready to be painted: text with meanings. What a meaning looks like is the theme's.

use std::borrow::Cow;

use crate::model::table::Tone;
use crate::model::yaml::Token;

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// A state.
    Tone(Tone),
    /// A heading.
    Title,
    /// The name of a value.
    Label,
    /// A token of YAML.
    Token(Token),
    /// The source of a log line.
    Source,
    /// A match of the search.
    Match,
    /// The match the cursor is on.
    CurrentMatch,
    /// What is selected.
    Selected,
}

/// A piece of a line. Holds no control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The text.
    pub text: Cow<'static, str>,
    /// What it is.
    pub look: Look,
}

/// One line of the screen.
pub type Line = Vec<Piece>;

/// A piece of plain text.
pub fn plain(text: impl Into<Cow<'static, str>>) -> Piece {
    piece(text, Look::Tone(Tone::Plain))
}

/// A piece with a look.
pub fn piece(text: impl Into<Cow<'static, str>>, look: Look) -> Piece {
    Piece { text: text.into(), look }
}

/// Width of a line in cells.
pub fn width(line: &Line) -> usize {
    line.iter().map(|p| usize::from(crate::model::layout::text_width(&p.text))).sum()
}

/// The part of a line between two columns. A wide character that straddles an edge becomes spaces.
pub fn slice(line: &Line, from: usize, columns: usize) -> Line {
    let mut out = Line::new();
    let mut at = 0;
    let to = from + columns;
    for p in line {
        let mut text = String::new();
        for cluster in unicode_segmentation::UnicodeSegmentation::graphemes(&*p.text, true) {
            let w = usize::from(crate::model::layout::text_width(cluster));
            let (start, end) = (at, at + w);
            at = end;
            if start >= from && end <= to {
                text.push_str(cluster);
            } else if start < to && end > from {
                text.extend(std::iter::repeat_n(' ', end.min(to) - start.max(from)));
            }
        }
        if !text.is_empty() {
            out.push(Piece { text: text.into(), look: p.look });
        }
        if at >= to {
            break;
        }
    }
    out
}

/// Gives the bytes of `ranges` (sorted, of the line's whole text) another look.
pub fn mark(line: &Line, ranges: &[std::ops::Range<usize>], look: Look) -> Line {
    let mut out = Line::new();
    let mut at = 0;
    for p in line {
        let mut cuts = vec![0, p.text.len()];
        for r in ranges {
            for edge in [r.start, r.end] {
                if edge > at && edge < at + p.text.len() && p.text.is_char_boundary(edge - at) {
                    cuts.push(edge - at);
                }
            }
        }
        cuts.sort_unstable();
        cuts.dedup();
        for pair in cuts.windows(2) {
            let inside = ranges.iter().any(|r| r.start <= at + pair[0] && at + pair[1] <= r.end);
            let text = p.text[pair[0]..pair[1]].to_owned();
            out.push(Piece { text: text.into(), look: if inside { look } else { p.look } });
        }
        at += p.text.len();
    }
    out
}

/// The text of a line.
pub fn text(line: &Line) -> String {
    line.iter().map(|p| &*p.text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_keeps_looks_and_replaces_half_of_a_wide_character_by_a_space() {
        let line = vec![piece("ab", Look::Label), plain("c漢d")];
        assert_eq!(text(&slice(&line, 1, 3)), "bc ");
        assert_eq!(text(&slice(&line, 4, 5)), " d");
        assert_eq!(slice(&line, 1, 1)[0].look, Look::Label);
    }

    #[test]
    fn a_mark_may_span_pieces_and_loses_no_text() {
        let line = vec![plain("hello "), piece("world", Look::Label)];
        let marked = mark(&line, &[4..8], Look::Match);
        assert_eq!(text(&marked), "hello world");
        let hits: String = marked.iter().filter(|p| p.look == Look::Match).map(|p| &*p.text).collect();
        assert_eq!(hits, "o wo");
    }
}
