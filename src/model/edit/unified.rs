//! Two texts, line by line.

use std::collections::HashMap;

use similar::{ChangeTag, TextDiff};

/// What a line of a difference is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineKind {
    /// In both.
    Same,
    /// Only in the text before.
    Removed,
    /// Only in the text after.
    Added,
    /// Lines that are in both, left out.
    Gap,
}

/// A line of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// What it is.
    pub kind: LineKind,
    /// The line, without its end and not cleaned; of a gap: how many lines it stands for.
    pub text: String,
}

/// The lines that differ, with so many around them. Nothing when nothing differs.
pub fn unified(before_yaml: &str, after_yaml: &str, context: usize) -> Vec<DiffLine> {
    if apart(before_yaml, after_yaml) > MOST_APART {
        let all = |kind, text: &str| text.lines().map(|l| line(kind, l)).collect::<Vec<_>>();
        return [all(LineKind::Removed, before_yaml), all(LineKind::Added, after_yaml)].concat();
    }
    let diff = TextDiff::from_lines(before_yaml, after_yaml);
    let mut out = Vec::new();
    let mut shown = 0;
    for group in diff.grouped_ops(context) {
        if let Some(first) = group.first() {
            gap(first.old_range().start - shown, &mut out);
        }
        for op in &group {
            shown = op.old_range().end;
            out.extend(diff.iter_changes(op).map(|change| line(kind(change.tag()), change.value())));
        }
    }
    if !out.is_empty() {
        gap(diff.old_slices().len() - shown, &mut out);
    }
    out
}

/// Texts that have so many lines of their own take long to compare, and nobody reads that line by line.
const MOST_APART: usize = 4_000;

/// How many lines are in one of two texts only.
fn apart(before: &str, after: &str) -> usize {
    let mut counts: HashMap<&str, isize> = HashMap::new();
    before.lines().for_each(|line| *counts.entry(line).or_default() -= 1);
    after.lines().for_each(|line| *counts.entry(line).or_default() += 1);
    counts.values().map(|count| count.unsigned_abs()).sum()
}

fn line(kind: LineKind, text: &str) -> DiffLine {
    DiffLine { kind, text: text.trim_end_matches(['\n', '\r']).to_owned() }
}

fn kind(tag: ChangeTag) -> LineKind {
    match tag {
        ChangeTag::Equal => LineKind::Same,
        ChangeTag::Delete => LineKind::Removed,
        ChangeTag::Insert => LineKind::Added,
    }
}

fn gap(lines: usize, out: &mut Vec<DiffLine>) {
    let text = match lines {
        0 => return,
        1 => "1 line the same".to_owned(),
        n => format!("{n} lines the same"),
    };
    out.push(DiffLine { kind: LineKind::Gap, text });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: &str, after: &str, context: usize) -> Vec<String> {
        let mark = |kind| match kind {
            LineKind::Same => ' ',
            LineKind::Removed => '-',
            LineKind::Added => '+',
            LineKind::Gap => '@',
        };
        unified(before, after, context).iter().map(|l| format!("{}{}", mark(l.kind), l.text)).collect()
    }

    #[test]
    fn lines_that_differ_are_told_with_those_around_them_and_the_rest_is_counted() {
        let before = "a\nb\nc\nd\ne\nf\ng\nh\n";
        let after = "a\nb\nc\nd\nE\nf\ng\nh\n";
        assert_eq!(
            told(before, after, 1),
            ["@3 lines the same", " d", "-e", "+E", " f", "@2 lines the same"]
        );
        assert_eq!(told(before, before, 3), [""; 0]);
        assert_eq!(told("", "a: 1\n", 3), ["+a: 1"]);
        assert_eq!(told("a\r\nb", "a\r\nc", 0), ["@1 line the same", "-b", "+c"]);
    }

    #[test]
    fn texts_that_have_little_in_common_are_told_one_after_the_other() {
        let text = |of: &str| (0..9_000).map(|n| format!("{of}{n}\n")).collect::<String>();
        let lines = unified(&text("a"), &text("b"), 3);
        assert_eq!(lines.len(), 18_000);
        assert_eq!((lines[8_999].kind, lines[9_000].kind), (LineKind::Removed, LineKind::Added));
        let few = text("a").replace("a5\n", "b5\n").replace("a8000\n", "");
        assert_eq!(unified(&text("a"), &few, 0).iter().filter(|l| l.kind != LineKind::Gap).count(), 3);
    }
}
