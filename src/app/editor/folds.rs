//! Blocks that are folded: their first line stands for all of them. What a block is, indentation tells, so that a text
//! that does not parse folds too.

use std::collections::BTreeMap;

use crate::app::text::buffer::Touched;

/// Spaces before the text of a line; none: it is empty or a comment, which go with what is around them.
pub(super) fn depth(line: &str) -> Option<usize> {
    let text = line.trim_start_matches(' ');
    (!text.trim().is_empty() && !text.starts_with('#')).then_some(line.len() - text.len())
}

fn is_item(line: &str) -> bool {
    let text = line.trim_start_matches(' ');
    text == "-" || text.starts_with("- ")
}

fn is_separator(line: &str) -> bool {
    line.starts_with("---") || line.starts_with("...")
}

/// The last line of the block that a line begins; none when it begins none.
pub(super) fn block(lines: &[String], at: usize) -> Option<usize> {
    let head = lines.get(at).filter(|line| !is_separator(line))?;
    let own = depth(head)?;
    let mut end = at;
    for (n, line) in lines.iter().enumerate().skip(at + 1) {
        if is_separator(line) {
            break;
        }
        let Some(inner) = depth(line) else { continue };
        // The items of a list may stand as far out as its key.
        let belongs = inner > own || (inner == own && is_item(line) && !is_item(head));
        if !belongs {
            break;
        }
        end = n;
    }
    (end > at).then_some(end)
}

/// Which blocks are folded.
#[derive(Debug, Default)]
pub(super) struct Folds {
    /// The last line of each folded block by its first.
    folded: BTreeMap<usize, usize>,
    /// The lines that are out of sight, in order, none within another.
    hidden: Vec<(usize, usize)>,
    /// To which depth all was folded last; 0: it was not.
    depth: usize,
}

impl Folds {
    fn changed(&mut self) {
        self.hidden.clear();
        for (head, end) in &self.folded {
            match self.hidden.last_mut() {
                Some((_, last)) if *head <= *last => *last = (*last).max(*end),
                _ => self.hidden.push((head + 1, *end)),
            }
        }
    }

    /// The lines out of sight that a line is one of.
    fn around(&self, line: usize) -> Option<(usize, usize)> {
        let at = self.hidden.partition_point(|(first, _)| *first <= line).checked_sub(1)?;
        self.hidden.get(at).copied().filter(|(_, last)| line <= *last)
    }

    /// The line that stands for one that is out of sight; itself when it is not.
    pub(super) fn shown(&self, line: usize) -> usize {
        self.around(line).map_or(line, |(first, _)| first - 1)
    }

    /// How many lines a line stands for beside itself.
    pub(super) fn behind(&self, line: usize) -> usize {
        self.around(line + 1)
            .filter(|(first, _)| *first == line + 1)
            .map_or(0, |(first, last)| last - first + 1)
    }

    /// The next line in sight.
    pub(super) fn next(&self, line: usize, last: usize) -> Option<usize> {
        let next = line + 1 + self.behind(line);
        (next <= last).then_some(next)
    }

    /// The line in sight before.
    pub(super) fn previous(&self, line: usize) -> Option<usize> {
        Some(self.shown(line.checked_sub(1)?))
    }

    /// Folds the block that a line begins, or unfolds it; else the block it is in. Tells its first line.
    pub(super) fn toggle(&mut self, lines: &[String], line: usize) -> Option<usize> {
        if self.folded.remove(&line).is_some() {
            self.changed();
            return Some(line);
        }
        let around = |head: &usize| block(lines, *head).is_some_and(|end| end >= line);
        let head = (0..=line).rev().find(around)?;
        self.folded.insert(head, block(lines, head)?);
        self.changed();
        Some(head)
    }

    /// Folds all blocks that are so deep; the next time, those one deeper; in the end nothing is folded. Tells the depth;
    /// 0: all is open.
    pub(super) fn all(&mut self, lines: &[String]) -> usize {
        self.depth += 1;
        self.folded.clear();
        let mut around: Vec<usize> = Vec::new();
        for line in 0..lines.len() {
            let Some(end) = block(lines, line) else { continue };
            while around.last().is_some_and(|outer| *outer < line) {
                around.pop();
            }
            around.push(end);
            if around.len() == self.depth {
                self.folded.insert(line, end);
            }
        }
        if self.folded.is_empty() {
            self.depth = 0;
        }
        self.changed();
        self.depth
    }

    /// Opens all.
    pub(super) fn open_all(&mut self) {
        *self = Self::default();
    }

    /// Opens what hides a line.
    pub(super) fn reveal(&mut self, line: usize) {
        if self.around(line).is_some() {
            self.folded.retain(|head, end| !(*head < line && line <= *end));
            self.changed();
        }
    }

    /// Lines were edited: the blocks they are of open, those behind move along.
    pub(super) fn touched(&mut self, touched: Touched) {
        if self.folded.is_empty() {
            return;
        }
        let Touched { line, gone, come } = touched;
        let after = line + gone;
        let moved = |at: usize| if at >= after { at + come - gone } else { at };
        self.folded = std::mem::take(&mut self.folded)
            .into_iter()
            .filter(|(head, end)| *end < line || *head >= after)
            .map(|(head, end)| (moved(head), moved(end)))
            .collect();
        self.changed();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "kind: X\nmetadata:\n  name: a\n\nspec:\n  ports:\n  - name: p\n    port: 1\n  # c\n  - name: q\n  x: 1\n---\nkind: Y\nspec:\n  a: 1";

    fn lines() -> Vec<String> {
        TEXT.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_block_is_what_is_further_in_and_a_list_may_stand_as_far_out_as_its_key() {
        let lines = lines();
        let blocks: Vec<_> = (0..lines.len()).filter_map(|at| Some((at, block(&lines, at)?))).collect();
        assert_eq!(blocks, [(1, 2), (4, 10), (5, 9), (6, 7), (13, 14)]);
    }

    #[test]
    fn what_is_folded_is_stepped_over_in_both_directions() {
        let lines = lines();
        let mut folds = Folds::default();
        assert_eq!(folds.toggle(&lines, 7), Some(6));
        assert_eq!(folds.toggle(&lines, 5), Some(5));
        assert_eq!((folds.behind(5), folds.shown(8), folds.shown(10)), (4, 5, 10));
        assert_eq!((folds.next(5, 14), folds.previous(10), folds.next(14, 14)), (Some(10), Some(5), None));
        assert_eq!(folds.toggle(&lines, 5), Some(5));
        assert_eq!((folds.behind(5), folds.behind(6)), (0, 1));
        folds.reveal(7);
        assert_eq!(folds.behind(6), 0);
    }

    #[test]
    fn all_blocks_fold_one_depth_after_the_other_and_then_open() {
        let lines = lines();
        let mut folds = Folds::default();
        let seen =
            |folds: &Folds| std::iter::successors(Some(0), |at| folds.next(*at, 14)).collect::<Vec<_>>();
        assert_eq!(folds.all(&lines), 1);
        assert_eq!(seen(&folds), [0, 1, 3, 4, 11, 12, 13]);
        assert_eq!(folds.all(&lines), 2);
        assert_eq!(seen(&folds), [0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14]);
        assert_eq!((folds.all(&lines), folds.all(&lines)), (3, 0));
        assert_eq!(seen(&folds).len(), 15);
    }

    #[test]
    fn an_edit_opens_the_block_it_is_in_and_moves_those_behind() {
        let lines = lines();
        let mut folds = Folds::default();
        folds.all(&lines);
        folds.touched(Touched { line: 2, gone: 1, come: 3 });
        assert_eq!((folds.behind(1), folds.behind(6), folds.behind(15)), (0, 6, 1));
    }
}
