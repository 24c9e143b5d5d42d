//! Cells made from values.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::model::age::age;
use crate::model::clean::clean;
use crate::model::clock::zone;
use crate::model::table::{Cell, SortKey, Tone};

/// What stands where there is nothing.
pub(super) const NONE: &str = "–";

/// A word, cleaned; sorted by itself.
pub(super) fn word(text: &str) -> Cell {
    toned(text, Tone::Plain)
}

/// A word with a tone.
pub(super) fn toned(text: &str, tone: Tone) -> Cell {
    if text.is_empty() {
        return none();
    }
    let text: Cow<'static, str> = Cow::Owned(clean(text).into_owned());
    Cell { sort: SortKey::Text(text.clone()), text, tone }
}

/// A text of egret's own.
pub(super) fn own(text: String, tone: Tone) -> Cell {
    Cell { sort: SortKey::Text(text.clone().into()), text: text.into(), tone }
}

/// Nothing.
pub(super) fn none() -> Cell {
    Cell { text: NONE.into(), tone: Tone::Muted, sort: SortKey::Missing }
}

/// A text that is sorted by a number.
pub(super) fn number(text: String, by: f64, tone: Tone) -> Cell {
    Cell { text: text.into(), tone, sort: SortKey::Number(by) }
}

/// How old something is; the youngest sorts first.
pub(super) fn age_of(created: Option<Timestamp>, now: Timestamp) -> Cell {
    match created {
        Some(at) => number(age(at, now), -(at.as_millisecond() as f64), Tone::Plain),
        None => Cell { text: "<unknown>".into(), tone: Tone::Muted, sort: SortKey::Missing },
    }
}

/// Ready of wanted; sorted by the share that is ready, then by how many.
pub(super) fn ready_of(ready: u32, wanted: u32) -> Cell {
    let tone = match ready {
        _ if wanted == 0 => Tone::Muted,
        r if r >= wanted => Tone::Good,
        0 => Tone::Bad,
        _ => Tone::Warn,
    };
    let share = if wanted == 0 { 2.0 } else { f64::from(ready) / f64::from(wanted) };
    number(format!("{ready}/{wanted}"), share * 1e6 + f64::from(wanted), tone)
}

/// A moment as the clock on the wall shows it.
pub fn clock(at: Timestamp) -> String {
    at.to_zoned(zone()).strftime("%H:%M:%S").to_string()
}
