//! Which columns fit a width, and how wide each is.

use unicode_width::UnicodeWidthStr;

use super::columns::Choice;
use super::table::Column;

/// Spaces between two columns.
pub const GAP: u16 = 1;

/// Width at which a column is comfortable to read, when its content is wider.
const COMFORT: u16 = 28;

/// Columns kept this much are cut before they go.
const NEEDED: u8 = 200;

/// Columns kept this much stay where they are while the others move.
const FIXED: u8 = 250;

/// The columns that fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fitted {
    /// Index into the table's columns, and width in cells.
    pub shown: Vec<(usize, u16)>,
    /// How many found no room.
    pub hidden: usize,
}

/// Width of a text in cells.
pub fn text_width(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

/// Chooses columns for `width` cells. `natural` is the width that each column's widest cell has been seen to need.
///
/// The least needed go first, until the rest fits at its least width; what is left over goes to those that are cut,
/// first to those that lack the fewest cells: a long name must not cut every state.
pub fn fit(columns: &[Column], wide: bool, chosen: Option<&[Choice]>, width: u16, natural: &[u16]) -> Fitted {
    place(columns, eligible(columns, wide, chosen), width, natural, chosen)
}

/// The columns that tell whose row it is and how that does stay, and behind them stand as many of the others as fit,
/// beginning with number `from`: so each can be seen on a terminal that is too narrow for all. Tells also the number
/// they do begin with, which is at most the first from which on all fit.
pub fn pan(
    columns: &[Column],
    wide: bool,
    chosen: Option<&[Choice]>,
    width: u16,
    natural: &[u16],
    from: usize,
) -> (Fitted, usize) {
    let all = eligible(columns, wide, chosen);
    let others: Vec<usize> = all.iter().copied().filter(|at| columns[*at].keep < FIXED).collect();
    let part = |from: usize, count: usize| {
        let seen = &others[from..from + count];
        let shown = all.iter().copied().filter(|at| columns[*at].keep >= FIXED || seen.contains(at));
        place(columns, shown.collect(), width, natural, chosen)
    };
    let whole = |from: usize, count: usize| part(from, count).hidden == 0;
    let last = others.len().saturating_sub(1);
    let last = (0..last).find(|at| whole(*at, others.len() - at)).unwrap_or(last);
    let from = from.min(last);
    let count = (1..=others.len() - from).rev().find(|n| whole(from, *n)).unwrap_or(0);
    let mut fitted = part(from, count);
    fitted.hidden = all.len() - fitted.shown.len();
    (fitted, from)
}

/// The columns that may be shown, in their order.
fn eligible(columns: &[Column], wide: bool, chosen: Option<&[Choice]>) -> Vec<usize> {
    match chosen {
        Some(all) if !wide => {
            all.iter().filter_map(|one| columns.iter().position(|c| c.id == one.id)).collect()
        }
        _ => (0..columns.len()).filter(|at| wide || !(columns[*at].wide || columns[*at].is_own())).collect(),
    }
}

fn place(
    columns: &[Column],
    mut shown: Vec<usize>,
    width: u16,
    natural: &[u16],
    chosen: Option<&[Choice]>,
) -> Fitted {
    let fixed = |at: usize| chosen.into_iter().flatten().find(|one| one.id == columns[at].id)?.width;
    let wanted = |at: usize| {
        if let Some(cells) = fixed(at) {
            return cells;
        }
        let room = natural.get(at).copied().unwrap_or(0).max(text_width(columns[at].title));
        room.clamp(columns[at].min, columns[at].max.max(columns[at].min))
    };
    let all = shown.len();
    // The least width that still tells something: a column that needs less takes less.
    // So does one of a given width, before it goes.
    let least = |at: usize| wanted(at).min(columns[at].min.max(text_width(columns[at].title)));
    let total = |shown: &[usize], each: &dyn Fn(usize) -> u16| -> u32 {
        let gaps = (shown.len().saturating_sub(1)) as u32 * u32::from(GAP);
        shown.iter().map(|at| u32::from(each(*at))).sum::<u32>() + gaps
    };
    // Columns are read, not counted: rather fewer of them, each wide enough, than all of them cut.
    let comfort = |at: usize| fixed(at).unwrap_or_else(|| wanted(at).min(COMFORT.max(columns[at].min)));
    drop_least(&mut shown, columns, NEEDED, |shown| total(shown, &comfort) > u32::from(width));
    let comfortable = total(&shown, &comfort) <= u32::from(width);
    drop_least(&mut shown, columns, u8::MAX, |shown| !comfortable && total(shown, &least) > u32::from(width));
    let start = |at: usize| if comfortable { comfort(at) } else { least(at) };
    let mut widths: Vec<u16> = shown.iter().map(|at| start(*at)).collect();
    let mut left = u32::from(width).saturating_sub(total(&shown, &start));
    let mut order: Vec<usize> = (0..shown.len()).collect();
    order.sort_by_key(|n| (wanted(shown[*n]) - widths[*n], std::cmp::Reverse(columns[shown[*n]].keep)));
    for n in order {
        let more = u32::from(wanted(shown[n]).saturating_sub(widths[n])).min(left);
        widths[n] += more as u16;
        left -= more;
    }
    Fitted { hidden: all - shown.len(), shown: shown.into_iter().zip(widths).collect() }
}

/// Takes the least needed column away, the last of equals first, while there are `too_many` and one is below `keep`.
fn drop_least(shown: &mut Vec<usize>, columns: &[Column], keep: u8, too_many: impl Fn(&[usize]) -> bool) {
    while shown.len() > 1 && too_many(shown) {
        let least = (0..shown.len()).min_by_key(|n| (columns[shown[*n]].keep, std::cmp::Reverse(*n)));
        match least.filter(|n| columns[shown[*n]].keep < keep) {
            Some(n) => shown.remove(n),
            None => return,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::columns::columns;
    use crate::model::table::TableKind;
    use strum::IntoEnumIterator;

    #[test]
    fn columns_never_need_more_than_the_width_and_the_most_needed_stay() {
        for kind in TableKind::iter() {
            let columns = columns(kind);
            for width in [40, 60, 80, 120, 200] {
                for natural in [5, 20, 60] {
                    let naturals = vec![natural; columns.len()];
                    let fitted = fit(columns, true, None, width, &naturals);
                    let used: u16 = fitted.shown.iter().map(|(_, w)| w + GAP).sum::<u16>() - GAP;
                    assert!(used <= width, "{kind} at {width}: {used}");
                    assert_eq!(fitted.hidden + fitted.shown.len(), columns.len());
                    let dropped = (0..columns.len()).filter(|at| !fitted.shown.iter().any(|(s, _)| s == at));
                    let least_kept = fitted.shown.iter().map(|(at, _)| columns[*at].keep).min().unwrap();
                    for at in dropped {
                        assert!(
                            columns[at].keep <= least_kept,
                            "{kind} at {width}: {} went first",
                            columns[at].id
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn moving_sideways_brings_every_column_into_sight() {
        for kind in TableKind::iter() {
            let columns = columns(kind);
            let naturals = vec![12; columns.len()];
            let mut seen = std::collections::BTreeSet::new();
            for from in 0..columns.len() {
                let (fitted, at) = pan(columns, true, None, 60, &naturals, from);
                assert!(at <= from && fitted.shown.iter().any(|(n, _)| columns[*n].keep == 255), "{kind}");
                seen.extend(fitted.shown.iter().map(|(n, _)| *n));
            }
            assert_eq!(seen.len(), columns.len(), "{kind}");
            let (end, at) = pan(columns, true, None, 60, &naturals, usize::MAX);
            assert_eq!(end.shown.last().map(|(n, _)| *n), Some(columns.len() - 1), "{kind}");
            assert!(at < columns.len());
        }
    }

    #[test]
    fn chosen_columns_stand_in_the_order_they_are_named() {
        let columns = columns(TableKind::Pods);
        let chosen = ["status", "name"].map(Choice::known);
        let fitted = fit(columns, false, Some(&chosen), 200, &vec![10; columns.len()]);
        let ids: Vec<&str> = fitted.shown.iter().map(|(at, _)| columns[*at].id).collect();
        assert_eq!(ids, ["status", "name"]);
    }

    #[test]
    fn a_given_width_holds_as_long_as_there_is_room() {
        let columns = columns(TableKind::Pods);
        let wide = |id: &str, width| Choice { width: Some(width), ..Choice::known(id) };
        let cells = |chosen: &[Choice], width, natural| {
            let fitted = fit(columns, false, Some(chosen), width, &vec![natural; columns.len()]);
            fitted.shown.iter().map(|(at, cells)| (columns[*at].id, *cells)).collect::<Vec<_>>()
        };
        let chosen = [wide("name", 50), wide("status", 3), Choice::known("node")];
        for natural in [2, 10, 90] {
            let shown = cells(&chosen, 200, natural);
            assert_eq!(&shown[..2], [("name", 50), ("status", 3)], "{natural}");
        }
        // With less room than that the widest is cut before anything that is needed goes, and nothing is wider than all.
        let shown = cells(&[wide("name", 200), Choice::known("status")], 60, 10);
        assert_eq!(shown.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ["name", "status"]);
        assert!(shown.iter().map(|(_, cells)| cells + GAP).sum::<u16>() - GAP <= 60, "{shown:?}");
    }
}
