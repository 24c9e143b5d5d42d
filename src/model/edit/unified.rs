//! Two texts, line by line.

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
    let diff = TextDiff::from_lines(before_yaml, after_yaml);
    let mut out = Vec::new();
    let mut shown = 0;
    for group in diff.grouped_ops(context) {
        if let Some(first) = group.first() {
            gap(first.old_range().start - shown, &mut out);
        }
        for op in &group {
            shown = op.old_range().end;
            out.extend(diff.iter_changes(op).map(|change| DiffLine {
                kind: kind(change.tag()),
                text: change.value().trim_end_matches(['\n', '\r']).to_owned(),
            }));
        }
    }
    if !out.is_empty() {
        gap(diff.old_slices().len() - shown, &mut out);
    }
    out
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
}
