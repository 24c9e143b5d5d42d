//! Sections of facts as lines of a given width: labels in one column, long values wrapped under themselves.

use unicode_segmentation::UnicodeSegmentation;

use crate::app::paint::{Line, Look, piece};
use crate::model::clean::clean;
use crate::model::facts::{Fact, Section};
use crate::model::layout::text_width;
use crate::model::table::Tone;

/// Widest column of labels.
const LABELS: usize = 22;

/// The sections as lines of at most `width` cells.
pub fn lines(sections: &[Section], width: u16) -> Vec<Line> {
    let width = usize::from(width).max(20);
    let longest = sections.iter().flat_map(|s| &s.facts).map(|f| usize::from(text_width(&f.label))).max();
    let labels = longest.unwrap_or(0).min(LABELS);
    let mut out = Vec::new();
    for section in sections {
        if !out.is_empty() {
            out.push(Line::new());
        }
        if !section.title.is_empty() {
            out.push(vec![piece(clean(&section.title).into_owned(), Look::Title)]);
        }
        out.extend(section.facts.iter().flat_map(|f| fact(f, labels, width)));
    }
    out
}

fn fact(fact: &Fact, labels: usize, width: usize) -> Vec<Line> {
    let indent = if fact.label.is_empty() { 1 } else { labels + 3 };
    let room = width.saturating_sub(indent).max(10);
    let label = clean(&fact.label);
    let value =
        fact.value.lines().flat_map(|l| wrap(&clean(l), room)).map(|row| (row, Look::Tone(fact.tone)));
    let mut rows: Vec<Line> = value.map(|(row, look)| vec![piece(row, look)]).collect();
    if rows.is_empty() {
        rows.push(Line::new());
    }
    if !fact.note.is_empty() {
        note(&mut rows, &clean(&fact.note), room);
    }
    // A label that the column cannot hold (an IPv6 address, a volume) stands above its value, whole.
    let above = usize::from(text_width(&label)) > labels;
    for (n, row) in rows.iter_mut().enumerate() {
        let beside = n == 0 && !above && !label.is_empty();
        let head = if beside { format!(" {label:<labels$}  ") } else { " ".repeat(indent) };
        row.insert(0, piece(head, Look::Label));
    }
    if above {
        let label =
            wrap(&label, width - 1).into_iter().map(|row| vec![piece(format!(" {row}"), Look::Label)]);
        rows.splice(0..0, label);
    }
    rows
}

/// The note goes behind the value where there is room, else below it.
fn note(rows: &mut Vec<Line>, note: &str, room: usize) {
    let muted = Look::Tone(Tone::Muted);
    let Some(last) = rows.last_mut() else { return };
    if crate::app::paint::width(last) + 2 + usize::from(text_width(note)) <= room {
        last.push(piece(format!("  {note}"), muted));
    } else {
        rows.extend(wrap(note, room).into_iter().map(|row| vec![piece(row, muted)]));
    }
}

/// What ends a word, and never begins a line.
const ENDS: &str = ".,;:!?)]}=/\"'";

/// Words and what is between them, each mark with the word that it ends.
fn words(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    let mut start = 0;
    for (at, word) in text.split_word_bound_indices() {
        let ends = word.chars().all(|c| ENDS.contains(c));
        match found.last_mut() {
            Some(last) if ends && !last.ends_with(char::is_whitespace) => {
                *last = &text[start..at + word.len()]
            }
            _ => {
                start = at;
                found.push(word);
            }
        }
    }
    found
}

/// Wraps at spaces; a word longer than the line is cut.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut rows = vec![String::new()];
    let mut used = 0;
    for word in words(text) {
        let w = usize::from(text_width(word));
        if used + w > width && used > 0 {
            rows.push(String::new());
            used = 0;
            if word.trim().is_empty() {
                continue;
            }
        }
        for cluster in word.graphemes(true) {
            let w = usize::from(text_width(cluster));
            if used + w > width {
                rows.push(String::new());
                used = 0;
            }
            if let Some(row) = rows.last_mut() {
                row.push_str(cluster);
            }
            used += w;
        }
    }
    for row in &mut rows {
        row.truncate(row.trim_end().len());
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::paint;

    #[test]
    fn a_long_value_is_wrapped_under_itself_and_loses_nothing() {
        let section =
            Section::new("Node", vec![Fact::new("name", "one two three four five six").note("default")]);
        let shown: Vec<String> = lines(&[section], 24).iter().map(paint::text).collect();
        assert_eq!(shown, ["Node", " name  one two three", "       four five six", "       default"]);
    }

    #[test]
    fn a_mark_stays_with_the_word_that_it_ends() {
        assert_eq!(wrap("Made 21d ago. Fine", 12), ["Made 21d", "ago. Fine"]);
        assert_eq!(wrap("used: requests.cpu=40, limited", 14), ["used:", "requests.cpu=", "40, limited"]);
        assert_eq!(wrap("...", 2), ["..", "."]);
    }

    #[test]
    fn a_label_wider_than_its_column_stands_above_its_value() {
        let facts =
            vec![Fact::new("short", "a"), Fact::new("kube-api-access-of-the-gateway", "token").note("b")];
        let shown: Vec<String> = lines(&[Section::new("", facts)], 40).iter().map(paint::text).collect();
        let indent = " ".repeat(LABELS + 3);
        let expected = [
            format!(" {:<LABELS$}  a", "short"),
            " kube-api-access-of-the-gateway".to_owned(),
            format!("{indent}token  b"),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_word_longer_than_the_line_is_cut() {
        assert_eq!(wrap("abcdefgh ij", 4), ["abcd", "efgh", "ij"]);
    }

    #[test]
    fn control_characters_of_a_fact_never_get_through() {
        let section = Section::new("\x1b[2J", vec![Fact::new("a\x07", "b\x1b]52;c;x\x07").note("\u{9b}2J")]);
        let all: String = lines(&[section], 80).iter().map(paint::text).collect();
        assert!(!all.chars().any(char::is_control), "{all:?}");
    }
}
