//! Where things are, in plain numbers: the state machine needs to know how many rows a window shows,
//! and the drawing needs the same answer.

/// A rectangle of cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Area {
    /// First column.
    pub x: u16,
    /// First row.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// The parts of a screen, from top to bottom. A part of height 0 is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Areas {
    /// Breadcrumb, clusters, rights.
    pub header: Area,
    /// Tabs of a details screen.
    pub tabs: Area,
    /// Table with its heading, text, logs.
    pub body: Area,
    /// What is being typed: filter, search.
    pub prompt: Area,
    /// Lines that explain what is above: the selected row, the log.
    pub explain: Area,
    /// Keys that apply.
    pub hints: Area,
}

/// Below this a screen is a sentence.
pub const SMALLEST: (u16, u16) = (60, 14);

/// Whether the terminal is too small for more than a sentence.
pub fn too_small((width, height): (u16, u16)) -> bool {
    width < SMALLEST.0 || height < SMALLEST.1
}

/// Divides the terminal for a screen that has (or has not) tabs and a prompt, and `explain` lines of explanation.
pub fn areas((width, height): (u16, u16), tabs: bool, prompt: bool, explain: u16) -> Areas {
    let mut y = 0;
    let mut take = |rows: u16| {
        let rows = rows.min(height - y);
        let area = Area { x: 0, y, width, height: rows };
        y += rows;
        area
    };
    let below = u16::from(prompt) + explain + 1;
    let header = take(1);
    let tabs = take(u16::from(tabs));
    let body = take(height.saturating_sub(header.height + tabs.height + below));
    let prompt = take(u16::from(prompt));
    let explain = take(explain);
    let hints = take(1);
    Areas { header, tabs, body, prompt, explain, hints }
}

/// What is left of an area below its first rows.
pub fn below(area: Area, rows: u16) -> Area {
    let rows = rows.min(area.height);
    Area { y: area.y + rows, height: area.height - rows, ..area }
}

/// What is within the frame of a box, a column of air on each side left out.
pub fn inside(area: Area) -> Area {
    if area.width < 4 || area.height < 2 {
        return Area { width: 0, height: 0, ..area };
    }
    Area { x: area.x + 2, y: area.y + 1, width: area.width - 4, height: area.height - 2 }
}

/// A box of at most `wanted` cells in the middle of the terminal, its frame included, that leaves an edge of the
/// screen behind it in sight.
pub fn centred((width, height): (u16, u16), wanted: (u16, u16)) -> Area {
    let size = (wanted.0.min(width.saturating_sub(2)), wanted.1.min(height.saturating_sub(2)));
    Area { x: (width - size.0) / 2, y: (height - size.1) / 2, width: size.0, height: size.1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_fill_the_terminal_without_a_gap_or_an_overlap() {
        for size in [(80, 24), (120, 40), (200, 60), (60, 14), (10, 2)] {
            for bits in 0..12u8 {
                let a = areas(size, bits & 1 > 0, bits & 2 > 0, u16::from(bits >> 2));
                let mut y = 0;
                for part in [a.header, a.tabs, a.body, a.prompt, a.explain, a.hints] {
                    assert_eq!((part.x, part.y, part.width), (0, y, size.0));
                    y += part.height;
                }
                assert!(y <= size.1);
                assert!(size.1 < 6 || y == size.1, "{size:?} {bits:b}: {y} rows used");
            }
        }
    }
}
