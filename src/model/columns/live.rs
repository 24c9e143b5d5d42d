//! Cells of what goes through a gateway now, and the words of its numbers.

use jiff::Timestamp;

use super::cells::{none, number};
use crate::model::brief::Brief;
use crate::model::reading::{Reading, Unit};
use crate::model::table::{Cell, Item, SortKey, Tone};

/// Samples that a line of blocks shows at most.
pub(super) const SPARK: usize = 8;

/// Blocks of growing height.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A number in the few cells that it may take, or why there is none.
pub fn figure(reading: Reading, unit: Unit) -> String {
    reading.text(unit).into_owned()
}

/// Values as a line of blocks, the newest at the right; a space where none was read. Nothing is the lowest block: it is
/// not the same as not to know.
pub fn spark(values: &[Option<f32>], cells: usize) -> String {
    let shown = &values[values.len().saturating_sub(cells)..];
    let most = shown.iter().flatten().copied().fold(0.0_f32, f32::max);
    let block = |value: &Option<f32>| match value {
        None => ' ',
        Some(v) if most <= 0.0 || *v <= 0.0 => BLOCKS[0],
        Some(v) => BLOCKS[((v / most * 7.0).round() as usize).min(7)],
    };
    shown.iter().map(block).collect()
}

fn cell(item: &Item, of: impl Fn(&Brief) -> Reading, unit: Unit, tone: impl Fn(&Brief) -> Tone) -> Cell {
    let Some(brief) = item.live.as_deref() else { return none() };
    let reading = of(brief);
    let text = words(reading, unit, &brief.trouble);
    match reading.number() {
        Some(n) => number(text, n, tone(brief)),
        None => Cell { text: text.into(), tone: Tone::Muted, sort: SortKey::Missing },
    }
}

/// A number, or why there is none: what cannot be read is not what is about to be.
fn words(reading: Reading, unit: Unit, trouble: &str) -> String {
    match reading {
        Reading::Unknown if !trouble.is_empty() => "?".to_owned(),
        _ => figure(reading, unit),
    }
}

/// Requests a second.
pub(super) fn requests(item: &Item, _now: Timestamp) -> Cell {
    cell(item, |b| b.requests, Unit::PerSecond, |_| Tone::Plain)
}

/// Success. Where the thresholds say something, they say it of this first.
pub(super) fn success(item: &Item, _now: Timestamp) -> Cell {
    cell(item, |b| b.success, Unit::Percent, |b| b.verdict.success)
}

/// The 99th percentile.
pub(super) fn p99(item: &Item, _now: Timestamp) -> Cell {
    cell(item, |b| b.p99, Unit::Milliseconds, |b| b.verdict.p99)
}

/// Open connections.
pub(super) fn active(item: &Item, _now: Timestamp) -> Cell {
    cell(item, |b| b.active, Unit::Count, |_| Tone::Plain)
}

/// The last samples; sorted by how bad it is, the worst first.
pub(super) fn traffic(item: &Item, _now: Timestamp) -> Cell {
    let Some(brief) = item.live.as_deref() else { return none() };
    let text = spark(&brief.spark, SPARK);
    if text.trim().is_empty() {
        return none();
    }
    Cell { text: text.into(), tone: brief.verdict.tone, sort: SortKey::Number(badness(brief)) }
}

/// How bad it is: what fails comes before what is slow, and both before what is well; the greater load first.
fn badness(brief: &Brief) -> f64 {
    let rank = match brief.verdict.tone {
        Tone::Bad => 0.0,
        Tone::Warn => 1.0,
        _ => 2.0,
    };
    rank * 2.0 + brief.success.number().unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_blocks_tells_nothing_from_what_was_not_read() {
        assert_eq!(spark(&[Some(0.0), None, Some(4.0), Some(8.0)], 4), "▁ ▅█");
        assert_eq!(spark(&[Some(1.0), Some(0.0), Some(0.0)], 2), "▁▁");
        assert_eq!(spark(&[], 8), "");
    }

    #[test]
    fn what_cannot_be_read_is_told_from_what_is_being_read_and_from_nothing() {
        let all = [Reading::Unknown, Reading::Nothing, Reading::NotCollected, Reading::Value(0.0)];
        let told = |trouble| all.map(|reading| words(reading, Unit::PerSecond, trouble));
        assert_eq!(told(""), ["…", "–", "n/c", "0"]);
        assert_eq!(told("no way leads there"), ["?", "–", "n/c", "0"]);
    }
}
