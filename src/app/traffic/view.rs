//! How a gateway's traffic is looked at, and what of it is on the screen.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::parts::Parts;
use super::plot::Picture;
use crate::metrics::view::{By, Quantity, Window};
use crate::model::name::ClusterName;
use crate::model::reading::Unit;
use crate::model::table::{Align, Tone};

/// How one gateway's traffic is looked at.
#[derive(Debug, Default)]
pub struct View {
    /// What the chart shows.
    pub plot: Plot,
    /// What the rows are.
    pub by: By,
    /// The one host that is looked at; none: all.
    pub host: Option<Arc<str>>,
    /// The row of the cursor; none: the first, which is the worst.
    pub selected: Option<Arc<str>>,
    /// Pods that are compared, at most two.
    pub marked: Vec<Arc<str>>,
    /// The cluster whose gateway of the same name is compared with this one.
    pub other: Option<ClusterName>,
    /// The moment whose values are read off the chart.
    pub cursor: Option<Timestamp>,
    /// Since when the screen stands.
    pub frozen: Option<Timestamp>,
    /// Interval that was chosen.
    pub every: Option<Duration>,
    /// What is on the screen.
    pub shown: Shown,
    /// It must be made anew.
    pub(in crate::app) stale: bool,
    /// For which size and window it was made.
    pub(super) made: Option<(u16, u16, Window)>,
    /// First row that is on the screen.
    pub(super) offset: usize,
    /// When rows were put in their order, and which: under a cursor they do not jump.
    pub(super) order: Option<(Timestamp, Vec<Arc<str>>)>,
}

/// What a chart shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, strum::EnumIter)]
pub enum Plot {
    /// Requests.
    #[default]
    Requests,
    /// Answers 5xx and those that never came; 4xx.
    Errors,
    /// Success.
    Success,
    /// 99th percentile.
    P99,
    /// Open connections.
    Active,
    /// Bytes out and in.
    Bytes,
}

impl Plot {
    /// All, in the order in which a key goes through them.
    pub const ALL: [Self; 6] =
        [Self::Requests, Self::Errors, Self::Success, Self::P99, Self::Active, Self::Bytes];

    /// The next one, or the one before.
    pub fn step(self, by: isize) -> Self {
        let at = Self::ALL.iter().position(|plot| *plot == self).unwrap_or(0) as isize;
        let to = (at + by).rem_euclid(Self::ALL.len() as isize).unsigned_abs();
        Self::ALL.get(to).copied().unwrap_or_default()
    }

    /// What it is called, and what it counts.
    pub fn title(self) -> (&'static str, Unit) {
        match self {
            Self::Requests => ("requests a second", Unit::PerSecond),
            Self::Errors => ("errors a second", Unit::PerSecond),
            Self::Success => ("success %", Unit::Percent),
            Self::P99 => ("p99 duration", Unit::Milliseconds),
            Self::Active => ("open connections", Unit::Count),
            Self::Bytes => ("bytes a second", Unit::BytesPerSecond),
        }
    }

    /// Its lines, each with what it is called beside another one.
    pub fn lines(self) -> &'static [(&'static str, Quantity)] {
        match self {
            Self::Requests => &[("", Quantity::Requests)],
            Self::Errors => &[("5xx and none", Quantity::ServerErrors), ("4xx", Quantity::ClientErrors)],
            Self::Success => &[("", Quantity::Success)],
            Self::P99 => &[("", Quantity::P99)],
            Self::Active => &[("", Quantity::Active)],
            Self::Bytes => &[("to hosts", Quantity::BytesOut), ("from hosts", Quantity::BytesIn)],
        }
    }
}

/// What is on the screen of it.
#[derive(Debug, Default)]
pub struct Shown {
    /// How far back.
    pub window: Window,
    /// How current it is, at the end of the first line: `live`, `FROZEN since 11:52:07`.
    pub pace: (Tone, String),
    /// Where the numbers come from, where that must be said.
    pub source: String,
    /// A sentence and the next step in the place of all else.
    pub saying: Option<(Tone, String, String)>,
    /// A line on what is not as it should be.
    pub note: Option<(Tone, String)>,
    /// The numbers.
    pub cards: Vec<Card>,
    /// The chart; none: there is no room for one.
    pub chart: Option<Picture>,
    /// What the rows are, and their headings.
    pub headings: Vec<Heading>,
    /// The rows that are on the screen.
    pub rows: Vec<ShownRow>,
    /// Rows of the table.
    pub all: usize,
    /// Where they are.
    pub parts: Parts,
    /// The selected row in words: what is wrong, and the next step.
    pub explain: [String; 2],
}

/// One number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// What it is.
    pub title: &'static str,
    /// The number in words.
    pub value: String,
    /// How it differs from the window before; none: it does not, or nobody knows.
    pub trend: Option<Trend>,
    /// By the thresholds.
    pub tone: Tone,
}

/// How a number differs from what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trend {
    /// It is greater.
    Up,
    /// It is less.
    Down,
}

/// A heading of the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// Its text.
    pub title: &'static str,
    /// Cells.
    pub width: u16,
    /// Side that its cells lean to.
    pub align: Align,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownRow {
    /// Whose: host, pod, code or flag.
    pub key: Arc<str>,
    /// Its cells, of each heading one.
    pub cells: Vec<(String, Tone)>,
    /// The cursor is on it.
    pub selected: bool,
    /// The letter of its line on the chart.
    pub letter: Option<char>,
}
