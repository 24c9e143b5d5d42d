//! Cluster data is hostile text: what a terminal would obey is taken out of it, visibly.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Stands where something was taken out, so that two names that differ only in that stay tellable.
pub const MARK: char = '\u{b7}';

/// Most characters of one grapheme: more combining marks than any script needs are a prank.
const MOST: usize = 8;

/// Whether a character may reach the screen as it is.
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| (0x20..0x7f).contains(&b))
}

/// One line without anything that a terminal obeys. Tabs and line ends become spaces; the rest that is taken out
/// leaves a [`MARK`]. Allocates only when something changes.
pub fn clean(text: &str) -> Cow<'_, str> {
    if is_plain(text) || is_harmless(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for cluster in text.graphemes(true) {
        push(&mut out, cluster, |c| if matches!(c, '\t' | '\n' | '\r') { Some(' ') } else { None });
    }
    Cow::Owned(out)
}

fn is_harmless(text: &str) -> bool {
    !text.chars().any(is_hostile) && text.graphemes(true).all(|g| g.chars().count() <= MOST)
}

fn push(out: &mut String, cluster: &str, replace: impl Fn(char) -> Option<char>) {
    let mut marked = false;
    for (n, c) in cluster.chars().enumerate() {
        if let Some(other) = replace(c) {
            out.push(other);
        } else if is_hostile(c) || n >= MOST {
            if !marked {
                out.push(MARK);
                marked = true;
            }
        } else {
            out.push(c);
        }
    }
}

/// Several lines without anything that a terminal obeys. Line ends stay; a tab goes on to the next multiple of
/// `tab` columns.
pub fn clean_text(text: &str, tab: usize) -> Cow<'_, str> {
    if text.bytes().all(|b| b == b'\n' || (0x20..0x7f).contains(&b)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut column = 0;
    for cluster in text.graphemes(true) {
        match cluster {
            "\n" | "\r\n" => {
                out.push('\n');
                column = 0;
            }
            "\t" => {
                let spaces = tab - column % tab;
                out.extend(std::iter::repeat_n(' ', spaces));
                column += spaces;
            }
            _ => {
                push(&mut out, cluster, |_| None);
                column += cluster.width();
            }
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &[&str] = &[
        "name\x1b]52;c;aGk=\x07",
        "label\x1b[2J\x1b[H",
        "event\x1bP$q\"p\x1b\\",
        "log\u{9b}31mred",
        "nul\0bell\x07back\x08del\x7f",
        "right\u{202e}tfel",
        "zero\u{200b}width\u{feff}",
        "sep\u{2028}line\u{2029}",
        "tag\u{e0041}",
        "a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    ];

    #[test]
    fn nothing_that_a_terminal_obeys_gets_through() {
        for text in HOSTILE {
            for cleaned in [clean(text), clean_text(text, 4)] {
                assert!(!cleaned.chars().any(is_hostile), "{text:?} became {cleaned:?}");
                assert!(cleaned.graphemes(true).all(|g| g.chars().count() <= MOST + 1), "{cleaned:?}");
                assert_ne!(cleaned, *text);
            }
        }
    }

    #[test]
    fn a_name_with_something_taken_out_is_not_the_name_without_it() {
        assert_ne!(clean("egress\u{200b}"), clean("egress"));
        assert_eq!(clean("egress\x1b[31m"), "egress\u{b7}[31m");
    }

    #[test]
    fn ordinary_text_of_any_script_is_left_alone() {
        for text in ["istio-egress", "naïve – “quotes”", "日本語", "👩‍💻"] {
            assert!(text == "👩‍💻" || matches!(clean(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn lines_stay_lines_and_tabs_become_spaces() {
        assert_eq!(clean_text("a\tb\r\n\x1bc\n", 4), "a   b\n\u{b7}c\n");
        assert_eq!(clean("a\tb\nc"), "a b c");
    }
}
