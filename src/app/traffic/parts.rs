//! Where the parts of the Traffic tab are.

/// Lines of each part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Lines of the plot itself, without its title and its axis; 0: there is no chart.
    pub chart: u16,
    /// Rows of the table, without its heading.
    pub rows: u16,
}

/// Lines above the chart: windows, titles of the numbers, numbers.
pub const ABOVE: u16 = 3;

/// Lines of a chart beside its plot: title and axis.
pub const AROUND: u16 = 2;

/// Cells before the plot: its labels and its axis.
pub const AXIS: u16 = 7;

/// Least lines of a plot that tell something.
const LEAST: u16 = 3;

/// Most lines of a plot that are of use.
const MOST: u16 = 17;

/// Divides so many lines for so many rows. Where little fits, the table goes before the chart: it tells who fails.
pub(super) fn parts(height: u16, rows: usize, has_note: bool) -> Parts {
    let left = height.saturating_sub(ABOVE + 1 + u16::from(has_note));
    let wanted = u16::try_from(rows).unwrap_or(u16::MAX).max(1);
    let Some(room) = left.checked_sub(AROUND).filter(|room| *room >= LEAST + 3) else {
        return Parts { chart: 0, rows: left };
    };
    let rows = wanted.min((room / 2).max(3)).max(room.saturating_sub(MOST).min(wanted));
    let chart = (room - rows).min(MOST);
    Parts { chart, rows: room - chart }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_never_need_more_than_there_is_and_the_table_goes_before_the_chart() {
        for height in 0..60 {
            for rows in [0, 1, 3, 10, 100] {
                for note in [false, true] {
                    let parts = parts(height, rows, note);
                    let around = if parts.chart > 0 { AROUND } else { 0 };
                    let used = ABOVE + 1 + u16::from(note) + around + parts.chart + parts.rows;
                    assert!(used <= height.max(ABOVE + 2), "{height} {rows}: {parts:?}");
                    assert!(parts.chart == 0 || (parts.chart >= LEAST && parts.rows >= 1), "{height} {rows}");
                }
            }
        }
        assert_eq!(parts(18, 6, false), Parts { chart: 6, rows: 6 }, "80×24");
        assert_eq!(parts(8, 6, false), Parts { chart: 0, rows: 4 }, "60×14");
    }
}
