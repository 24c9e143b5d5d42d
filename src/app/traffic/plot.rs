//! A chart, ready to be drawn: lines of values at equal distances, a scale, marks.

use jiff::{SignedDuration, Timestamp};

use crate::metrics::view::Line;
use crate::model::reading::Unit;

/// A chart, ready to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// What it shows, and of whom.
    pub title: String,
    /// What its values count.
    pub unit: Unit,
    /// When it begins and ends.
    pub span: (Timestamp, Timestamp),
    /// Its lines: what each is called, empty for the only one, and its values, none where nothing was read.
    pub lines: Vec<(String, Vec<Option<f32>>)>,
    /// The least and the greatest value of the scale.
    pub scale: (f64, f64),
    /// What changed: which value it stands at, when, and what it was.
    pub marks: Vec<(usize, String)>,
    /// The value that is read off.
    pub cursor: Option<usize>,
    /// What is read off it: the values under the cursor, else least, mean and greatest.
    pub said: String,
}

/// Letters of lines, and of the rows that they are of.
pub const LETTERS: [char; 2] = ['a', 'b'];

/// When a line begins and ends.
pub(in crate::app) fn span(line: &Line) -> (Timestamp, Timestamp) {
    let length = SignedDuration::from_millis((line.step * line.values.len() as f64 * 1000.0) as i64);
    (line.from, line.from.checked_add(length).unwrap_or(line.from))
}

/// The values of a line at so many equal distances of a span. A value stands for the distance behind its moment.
pub(in crate::app) fn resampled(
    line: &Line,
    (start, end): (Timestamp, Timestamp),
    points: usize,
) -> Vec<Option<f32>> {
    let seconds = |at: Timestamp| (at.as_millisecond() - line.from.as_millisecond()) as f64 / 1000.0;
    let (from, to) = (seconds(start), seconds(end));
    let value = |point: usize| {
        let at = from + (to - from) * (point as f64 + 0.5) / points.max(1) as f64;
        let cell = (at / line.step).floor();
        // Also where the step is none.
        (cell >= 0.0 && cell.is_finite()).then(|| line.values.get(cell as usize).copied().flatten()).flatten()
    };
    (0..points).map(value).collect()
}

/// A scale that holds all values, and stays the same while they change a little.
pub(super) fn scale(lines: &[(String, Vec<Option<f32>>)], unit: Unit) -> (f64, f64) {
    let values = || lines.iter().flat_map(|(_, values)| values).flatten().map(|v| f64::from(*v));
    if unit == Unit::Percent {
        let least = values().fold(1.0, f64::min);
        let low = [0.99, 0.95, 0.9, 0.8, 0.5].into_iter().find(|low| *low <= least).unwrap_or(0.0);
        return (low, 1.0);
    }
    (0.0, nice(values().fold(0.0, f64::max)))
}

/// The next number that is round: 1, 2, 5, 10, 20, …
fn nice(most: f64) -> f64 {
    if !most.is_finite() || most <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(most.log10().floor());
    let steps = [1.0, 1.5, 2.0, 3.0, 5.0, 7.5, 10.0];
    steps.into_iter().map(|step| step * power).find(|step| *step >= most).unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn values_stand_where_they_were_read_and_gaps_stay_gaps() {
        let from = at("2026-05-03T11:51:00Z");
        let line = Line { from, step: 10.0, values: vec![Some(1.0), None, Some(3.0)] };
        let whole = span(&line);
        assert_eq!(whole.1.duration_since(whole.0), SignedDuration::from_secs(30));
        assert_eq!(resampled(&line, whole, 6), [Some(1.0), Some(1.0), None, None, Some(3.0), Some(3.0)]);
        let earlier = (at("2026-05-03T11:50:40Z"), at("2026-05-03T11:51:20Z"));
        assert_eq!(resampled(&line, earlier, 4), [None, None, Some(1.0), None], "as beside another line");
        assert_eq!(resampled(&Line::default(), whole, 3), [None; 3]);
    }

    #[test]
    fn a_scale_is_round_and_holds_its_values() {
        let of = |values: &[f32]| vec![(String::new(), values.iter().map(|v| Some(*v)).collect())];
        for (values, unit, wanted) in [
            (&[61.0, 91.0][..], Unit::PerSecond, (0.0, 100.0)),
            (&[0.0], Unit::PerSecond, (0.0, 1.0)),
            (&[], Unit::Count, (0.0, 1.0)),
            (&[130.0], Unit::Milliseconds, (0.0, 150.0)),
            (&[0.997, 1.0], Unit::Percent, (0.99, 1.0)),
            (&[0.79], Unit::Percent, (0.5, 1.0)),
            (&[0.2], Unit::Percent, (0.0, 1.0)),
        ] {
            assert_eq!(scale(&of(values), unit), wanted, "{values:?}");
        }
    }
}
