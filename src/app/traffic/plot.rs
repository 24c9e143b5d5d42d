//! A chart, ready to be drawn: lines of values at equal distances, a scale, marks.

use jiff::{SignedDuration, Timestamp};

use crate::metrics::view::{Line, Window};
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

/// The end of a window in which values stand still until the next one comes: a chart that moved a little with each
/// scrape would be drawn anew each time.
pub(super) fn aligned(now: Timestamp, window: Window, points: usize) -> Timestamp {
    let step = (i64::from(window.seconds()) * 1000 / (points.max(1) as i64)).max(1);
    let past = now.as_millisecond().rem_euclid(step);
    let more = if past == 0 { 0 } else { step - past };
    now.checked_add(SignedDuration::from_millis(more)).unwrap_or(now)
}

/// The values of a line at so many equal distances over a window that ends then.
pub(super) fn resampled(line: &Line, end: Timestamp, window: Window, points: usize) -> Vec<Option<f32>> {
    let length = f64::from(window.seconds());
    let offset = (line.from.as_millisecond() - end.as_millisecond()) as f64 / 1000.0 + length;
    let each = length / points.max(1) as f64;
    let value = |point: usize| {
        if line.step <= 0.0 {
            return None;
        }
        let at = ((point as f64 + 0.5) * each - offset) / line.step;
        // A value stands for the distance before it.
        let at = at.ceil();
        if at < 0.0 {
            return None;
        }
        line.values.get(at as usize).copied().flatten()
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
    fn the_end_of_a_window_moves_by_whole_steps() {
        let ends: Vec<Timestamp> = ["00.1", "01.9", "02.1"]
            .map(|s| aligned(at(&format!("2026-05-03T11:52:{s}Z")), Window::FiveMinutes, 150))
            .to_vec();
        assert_eq!(ends[0], ends[1]);
        assert_eq!(ends[2].duration_since(ends[1]), SignedDuration::from_secs(2));
    }

    #[test]
    fn values_stand_where_they_were_read_and_gaps_stay_gaps() {
        let end = at("2026-05-03T11:52:00Z");
        let from = at("2026-05-03T11:51:10Z");
        let line = Line {
            from,
            step: 10.0,
            values: vec![Some(1.0), Some(2.0), None, Some(4.0), Some(5.0), Some(6.0)],
        };
        let values = resampled(&line, end, Window::Minute, 6);
        assert_eq!(values, [Some(1.0), Some(2.0), None, Some(4.0), Some(5.0), Some(6.0)]);
        let late = Line { values: vec![Some(1.0)], from: end, ..line };
        assert_eq!(resampled(&late, end, Window::Minute, 3), [None, None, Some(1.0)]);
        assert_eq!(resampled(&Line::default(), end, Window::Minute, 3), [None; 3]);
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
