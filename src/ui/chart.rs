//! A chart in cells: braille, blocks or ASCII. What was not read stays empty, and its axis is broken there.

use super::canvas::{Canvas, Cut, width};
use super::glyphs::Glyphs;
use super::theme::Role;
use crate::app::geometry::Area;
use crate::app::traffic::parts::AXIS;
use crate::app::traffic::plot::{LETTERS, Picture};
use crate::model::reading::Reading;

/// Dots of a braille cell, by column and row.
const DOTS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// Rows of dots in a braille cell.
const TALL: usize = 4;

/// Blocks of growing height.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// What the lines of a chart are drawn with beside the first one.
const SECOND: char = 'o';

/// Draws a chart: a line of title, the plot, the axis.
pub(super) fn draw(picture: &Picture, canvas: &mut Canvas<'_>, area: Area) {
    if area.height < 3 || area.width <= AXIS + 1 {
        return;
    }
    title(picture, canvas, Area { height: 1, ..area });
    let plot =
        Area { x: area.x + AXIS, y: area.y + 1, width: area.width - AXIS - 1, height: area.height - 2 };
    scale(picture, canvas, plot);
    let mut cells = Cells::new(plot);
    for (n, (_, values)) in picture.lines.iter().enumerate() {
        let levels = levels(values, picture.scale);
        match (n, canvas.glyphs) {
            (0, Glyphs::Unicode) => cells.braille(&levels),
            (0, Glyphs::Block) => cells.blocks(&levels),
            (0, Glyphs::Ascii) => cells.points(&levels, '*', n),
            _ => cells.points(&levels, SECOND, n),
        }
    }
    cells.marks(picture, canvas.glyphs.change());
    cells.paint(canvas);
    labels(picture, &cells, canvas);
    if let Some(at) = picture.cursor {
        let x = plot.x + (at / 2).min(usize::from(plot.width) - 1) as u16;
        let style = canvas.style(Role::TableRowSelected);
        canvas.tint(Area { x, width: 1, ..plot }, style);
    }
}

fn title(picture: &Picture, canvas: &mut Canvas<'_>, area: Area) {
    let (plain, muted) = (canvas.style(Role::TextTitle), canvas.style(Role::ToneMuted));
    let said = canvas.style(if picture.cursor.is_some() { Role::Text } else { Role::ToneMuted });
    let needed = width(&picture.said);
    let at = (area.x + area.width).saturating_sub(needed + 1);
    canvas.text(at, area.y, needed, &picture.said, said, Cut::End);
    let end = at.saturating_sub(2);
    let mut x =
        canvas.text(area.x + 1, area.y, end.saturating_sub(area.x + 1), &picture.title, plain, Cut::End);
    if picture.lines.len() < 2 {
        return;
    }
    for (n, (name, _)) in picture.lines.iter().enumerate() {
        let sign = if n == 0 { canvas.glyphs.line() } else { SECOND };
        let letter = LETTERS.get(n).copied().unwrap_or(' ');
        let style = canvas.style(role(n));
        if x + 6 >= end {
            break;
        }
        x = canvas.char(x + 2, area.y, sign, style);
        x = canvas.char(x + 1, area.y, letter, style);
        x = canvas.text(x + 1, area.y, end.saturating_sub(x + 1), name, muted, Cut::Middle);
    }
}

/// What a line looks like; its sign tells it from the other one too.
fn role(line: usize) -> Role {
    if line == 0 { Role::TextLabel } else { Role::ToneBusy }
}

/// The labels at the left, and the axis with its times.
fn scale(picture: &Picture, canvas: &mut Canvas<'_>, plot: Area) {
    let style = canvas.style(Role::ToneMuted);
    let [_, _, _, _, horizontal, vertical] = canvas.glyphs.frame();
    let label = |canvas: &mut Canvas<'_>, y: u16, value: f64| {
        let text = Reading::Value(value).text(picture.unit);
        let room = AXIS - 1;
        let lead = room.saturating_sub(width(&text));
        canvas.text(plot.x - AXIS + lead, y, room, &text, style, Cut::End);
    };
    for y in plot.y..plot.y + plot.height {
        canvas.char(plot.x - 1, y, vertical, style);
    }
    let (low, high) = picture.scale;
    label(canvas, plot.y, high);
    // Only where a row stands for the middle of the scale.
    if plot.height >= 5 && plot.height % 2 == 1 {
        label(canvas, plot.y + plot.height / 2, f64::midpoint(low, high));
    }
    let axis = plot.y + plot.height;
    label(canvas, axis, low);
    canvas.char(plot.x - 1, axis, canvas.glyphs.corner(), style);
    for cell in 0..plot.width {
        if picture.lines.iter().any(|(_, values)| is_read(values, usize::from(cell))) {
            canvas.char(plot.x + cell, axis, horizontal, style);
        }
    }
    let (start, end) = picture.span;
    let times = [start, end].map(|at| format!(" {} ", crate::model::columns::clock(at)));
    canvas.text(plot.x + 1, axis, plot.width, &times[0], style, Cut::End);
    let at = (plot.x + plot.width).saturating_sub(width(&times[1]) + 1);
    canvas.text(at, axis, plot.width, &times[1], style, Cut::End);
}

/// Whether any value of a cell was read.
fn is_read(values: &[Option<f32>], cell: usize) -> bool {
    values.iter().skip(cell * 2).take(2).any(Option::is_some)
}

/// Values as parts of the scale, 0 to 1.
fn levels(values: &[Option<f32>], (low, high): (f64, f64)) -> Vec<Option<f64>> {
    let span = if high > low { high - low } else { 1.0 };
    values.iter().map(|value| value.map(|v| ((f64::from(v) - low) / span).clamp(0.0, 1.0))).collect()
}

/// The cells of a plot: what stands in each, and of which line it is.
struct Cells {
    area: Area,
    columns: usize,
    rows: usize,
    of: Vec<Option<(char, Sign)>>,
}

/// What a cell belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Line(usize),
    Mark,
}

impl Cells {
    fn new(area: Area) -> Self {
        let (columns, rows) = (usize::from(area.width), usize::from(area.height));
        Self { area, columns, rows, of: vec![None; columns * rows] }
    }

    fn put(&mut self, column: usize, row: usize, c: char, sign: Sign) {
        if column < self.columns
            && let Some(cell) = self.of.get_mut(row * self.columns + column)
        {
            *cell = Some((c, sign));
        }
    }

    fn at(&self, column: usize, row: usize) -> Option<(char, Sign)> {
        self.of.get(row * self.columns + column).copied().flatten()
    }

    /// A line of dots, two values a cell; a step is drawn upright, so that the line holds together.
    fn braille(&mut self, levels: &[Option<f64>]) {
        let tall = self.rows * TALL;
        let mut bits = vec![0_u8; self.of.len()];
        let mut before: Option<usize> = None;
        for (point, level) in levels.iter().enumerate().take(self.columns * 2) {
            let Some(level) = level else {
                before = None;
                continue;
            };
            let y = (level * (tall - 1) as f64).round() as usize;
            let (from, to) = match before {
                Some(last) if last < y => (last + 1, y),
                Some(last) if last > y => (y, last - 1),
                _ => (y, y),
            };
            before = Some(y);
            for y in from..=to {
                let down = tall - 1 - y;
                let dot = DOTS[point % 2][down % TALL];
                if let Some(cell) = bits.get_mut(down / TALL * self.columns + point / 2) {
                    *cell |= dot;
                }
            }
        }
        for (cell, bits) in self.of.iter_mut().zip(bits) {
            if bits > 0 {
                let c = char::from_u32(0x2800 + u32::from(bits)).unwrap_or('.');
                *cell = Some((c, Sign::Line(0)));
            }
        }
    }

    /// A column of blocks for each cell.
    fn blocks(&mut self, levels: &[Option<f64>]) {
        for column in 0..self.columns {
            let Some(level) = of_cell(levels, column) else { continue };
            let eighths = ((level * (self.rows * 8) as f64).round() as usize).max(1);
            for row in 0..self.rows {
                let filled = eighths.saturating_sub((self.rows - 1 - row) * 8).min(8);
                if filled > 0 {
                    self.put(column, row, BLOCKS[filled - 1], Sign::Line(0));
                }
            }
        }
    }

    /// A sign for each cell.
    fn points(&mut self, levels: &[Option<f64>], sign: char, line: usize) {
        for column in 0..self.columns {
            let Some(level) = of_cell(levels, column) else { continue };
            let row = self.rows - 1 - (level * (self.rows - 1) as f64).round() as usize;
            self.put(column, row, sign, Sign::Line(line));
        }
    }

    /// Upright marks where something changed; lines stand before them.
    fn marks(&mut self, picture: &Picture, sign: char) {
        for (point, _) in &picture.marks {
            for row in 0..self.rows {
                if self.at(point / 2, row).is_none() {
                    self.put(point / 2, row, sign, Sign::Mark);
                }
            }
        }
    }

    fn paint(&self, canvas: &mut Canvas<'_>) {
        let looks = [role(0), role(1), Role::ToneWarn].map(|role| canvas.style(role));
        for row in 0..self.rows {
            for column in 0..self.columns {
                let Some((c, sign)) = self.at(column, row) else { continue };
                let style = match sign {
                    Sign::Line(0) => looks[0],
                    Sign::Line(_) => looks[1],
                    Sign::Mark => looks[2],
                };
                canvas.char(self.area.x + column as u16, self.area.y + row as u16, c, style);
            }
        }
    }

    /// Whether cells of a row are free of lines.
    fn is_free(&self, row: usize, columns: std::ops::Range<usize>) -> bool {
        columns.into_iter().all(|column| !matches!(self.at(column, row), Some((_, Sign::Line(_)))))
    }
}

/// The greater of the two values of a cell.
fn of_cell(levels: &[Option<f64>], column: usize) -> Option<f64> {
    levels.iter().skip(column * 2).take(2).flatten().copied().reduce(f64::max)
}

/// What changed, beside its mark: where no line is in the way, the newest first; else only the mark stands.
fn labels(picture: &Picture, cells: &Cells, canvas: &mut Canvas<'_>) {
    let style = canvas.style(Role::ToneWarn);
    let mut taken: Vec<(usize, std::ops::Range<usize>)> = Vec::new();
    for (n, (point, text)) in picture.marks.iter().rev().enumerate() {
        let (column, needed) = (point / 2, usize::from(width(text)));
        let right = column + 1..(column + 1 + needed).min(cells.columns);
        let left = column.saturating_sub(needed)..column;
        let whole = |place: &std::ops::Range<usize>| place.len() >= needed.min(24);
        let places = (0..cells.rows).flat_map(|row| [(row, right.clone()), (row, left.clone())]);
        let free = |(row, place): &(usize, std::ops::Range<usize>)| {
            let apart = |(other, span): &(usize, std::ops::Range<usize>)| {
                other != row || span.end <= place.start || place.end <= span.start
            };
            whole(place) && cells.is_free(*row, place.clone()) && taken.iter().all(apart)
        };
        // The newest is told in any case: it is what one looks for.
        let newest = (n == 0).then(|| (0, if whole(&right) { right.clone() } else { left.clone() }));
        let Some((row, place)) = places.clone().find(free).or(newest) else { continue };
        let (x, y) = (cells.area.x + place.start as u16, cells.area.y + row as u16);
        canvas.text(x, y, place.len() as u16, text, style, Cut::End);
        taken.push((row, place));
    }
}
