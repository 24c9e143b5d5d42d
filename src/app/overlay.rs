//! What stands in front of a screen and takes its keys.

use std::ops::Range;

use crate::app::command::{Command, Spec};
use crate::app::geometry::{self, Area};
use crate::app::text::Input;

/// What stands in front.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one at a time")]
pub enum Overlay {
    /// The keys that work here.
    Help(Help),
    /// Any command by name.
    Palette(Palette),
    /// One of several.
    Choose(Choose),
    /// The contexts there are.
    Contexts(super::contexts::List),
    /// Whether a cluster is to be changed.
    Confirm(super::confirm::Confirm),
    /// The columns of a table.
    Columns(super::choosing::Chooser),
    /// Views that are kept.
    Views(super::views::Front),
    /// What happened.
    Notices(super::notices::NoticeList),
    /// The port-forwards that are open.
    Forwards(super::tools::forwards::ForwardList),
    /// What a command says that was run in a container.
    Output(super::tools::output::Output),
}

/// State of the help.
#[derive(Debug, Default)]
pub struct Help {
    /// First shown line.
    pub offset: usize,
}

/// Columns of a terminal from which on the help stands in two columns.
const TWO_COLUMNS: u16 = 140;

/// Where the lines of the help go.
#[derive(Debug)]
pub struct HelpPage {
    /// The box, frame included.
    pub area: Area,
    /// The lines of each column.
    pub columns: Vec<Range<usize>>,
    /// Lines that the box shows.
    pub height: usize,
}

impl HelpPage {
    /// Lays out these lines: in two columns, cut at a heading, where the terminal is wide.
    pub fn new(rows: &[(String, Option<&'static Spec>)], size: (u16, u16)) -> Self {
        let all = rows.len();
        let headings = (1..all).filter(|at| rows[*at].1.is_none());
        let cut = headings.min_by_key(|at| (*at).max(all - at)).filter(|_| size.0 >= TWO_COLUMNS);
        let edges: Vec<usize> = [0].into_iter().chain(cut).chain([all]).collect();
        let columns: Vec<Range<usize>> = edges.windows(2).map(|pair| pair[0]..pair[1]).collect();
        let longest = columns.iter().map(Range::len).max().unwrap_or(0);
        let width = if columns.len() > 1 { 160 } else { 80 };
        let area = geometry::centred(size, (width, u16::try_from(longest + 2).unwrap_or(u16::MAX)));
        Self { area, columns, height: usize::from(area.height.saturating_sub(2)) }
    }

    /// The furthest that it makes sense to scroll.
    pub fn last_offset(&self) -> usize {
        self.columns.iter().map(Range::len).max().unwrap_or(0).saturating_sub(self.height)
    }
}

/// State of the palette.
#[derive(Debug, Default)]
pub struct Palette {
    /// The typed line: a command, then what it takes.
    pub input: Input,
    /// What fits, best first.
    pub entries: Vec<Entry>,
    /// The chosen one.
    pub cursor: usize,
    /// Why the line cannot be carried out.
    pub error: Option<String>,
    /// What was selected when it was opened.
    pub meant: Option<super::tools::Meant>,
}

/// One line of the palette: a command, or a value for the command that is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The line that choosing it types.
    pub line: String,
    /// The command.
    pub command: Command,
    /// Whether the line is complete, so that choosing it carries it out.
    pub complete: bool,
    /// What to say beside it.
    pub about: String,
    /// Its key.
    pub key: String,
    /// A right that it needs is missing.
    pub is_denied: bool,
}

/// State of a choice.
#[derive(Debug)]
pub struct Choose {
    /// What is chosen.
    pub title: &'static str,
    /// The command that takes the choice.
    pub command: Command,
    /// What there is: value, remark.
    pub options: Vec<(String, String)>,
    /// The chosen one.
    pub cursor: usize,
    /// What it is about and nothing else, where it is about one object; its title is followed by it.
    pub meant: Option<super::tools::Meant>,
}

/// The box of the palette: always the same height, for what one types must not make it jump.
pub fn palette_box(size: (u16, u16)) -> Area {
    geometry::centred(size, (96, 18))
}

/// Where the palette lists its entries.
pub fn palette_list(size: (u16, u16)) -> Area {
    geometry::below(geometry::inside(palette_box(size)), 2)
}

/// The box of a choice of so many.
pub fn choose_box(count: usize, size: (u16, u16)) -> Area {
    geometry::centred(size, (72, u16::try_from(count + 2).unwrap_or(u16::MAX).max(3)))
}

/// Where a choice lists its options.
pub fn choose_list(count: usize, size: (u16, u16)) -> Area {
    geometry::inside(choose_box(count, size))
}
