//! What a command says that was run in a container, in front of the screen.

use crossterm::event::{KeyCode, KeyEvent};

use super::run::no_program;
use crate::app::command::{Command, Scope};
use crate::app::effect::{Effect, Ticket};
use crate::app::geometry::{self, Area};
use crate::app::model::App;
use crate::app::overlay::Overlay;
use crate::app::screen::facts;
use crate::model::clean::clean;
use crate::model::exec::{Ended, News, Run};
use crate::model::name::ClusterName;
use crate::model::table::Tone;

/// Lines that are kept.
const MOST: usize = 10_000;

/// State of it.
#[derive(Debug)]
pub struct Output {
    /// Joins it with its news; [`Ticket::NONE`] when it is over.
    pub ticket: Ticket,
    /// What runs, and where.
    pub run: Run,
    /// What it said.
    pub lines: Vec<String>,
    /// How it is, or how it ended.
    pub state: (Tone, String),
    /// It said more than is kept.
    pub is_full: bool,
    /// First shown line; none: the end is followed.
    pub offset: Option<usize>,
    wrapped: Wrapped,
}

/// What it said, in rows: made once for a width, and then only of what is new.
#[derive(Debug, Default)]
struct Wrapped {
    rows: Vec<String>,
    /// Cells of a row.
    width: usize,
    /// Lines that are in the rows.
    lines: usize,
}

/// Where its parts are.
#[derive(Debug)]
pub struct OutputPage<'a> {
    /// The box, frame included.
    pub area: Area,
    /// Its head, wrapped: where it runs, and how it is.
    pub head: Vec<(Tone, String)>,
    /// What it said, wrapped.
    pub rows: &'a [String],
    /// Rows of that which find room.
    pub height: usize,
}

impl Output {
    /// One that begins to run.
    pub(super) fn new(ticket: Ticket, run: Run) -> Self {
        let state = (Tone::Busy, "It runs; esc ends it.".to_owned());
        Self {
            ticket,
            run,
            lines: Vec::new(),
            state,
            is_full: false,
            offset: None,
            wrapped: Wrapped::default(),
        }
    }

    /// Whether it runs.
    pub fn runs(&self) -> bool {
        self.ticket != Ticket::NONE
    }

    fn said(&mut self, text: &str) {
        for line in text.lines() {
            if self.lines.len() >= MOST {
                self.is_full = true;
                return;
            }
            self.lines.push(line.to_owned());
        }
    }

    /// Puts what is not in rows yet into them.
    fn wrap(&mut self, size: (u16, u16)) {
        let (_, width) = inside(size);
        let wrapped = &mut self.wrapped;
        if wrapped.width != width {
            *wrapped = Wrapped { width, ..Wrapped::default() };
        }
        wrapped.rows.extend(self.lines[wrapped.lines..].iter().flat_map(|line| chunks(line, width)));
        wrapped.lines = self.lines.len();
    }

    fn over(&mut self, tone: Tone, text: impl Into<String>) {
        self.ticket = Ticket::NONE;
        self.state = (tone, text.into());
    }
}

/// The box, nearly the whole screen, and the cells of a row in it.
fn inside(size: (u16, u16)) -> (Area, usize) {
    let area = geometry::centred(size, (size.0.saturating_sub(4), size.1.saturating_sub(2)));
    (area, usize::from(area.width.saturating_sub(4)).max(10))
}

impl<'a> OutputPage<'a> {
    /// Lays it out, with the rows that were made for the frame.
    pub fn new(output: &'a Output, size: (u16, u16)) -> Self {
        let (area, width) = inside(size);
        let mut head: Vec<(Tone, String)> = Vec::new();
        let place = format!("In {}.", clean(&output.run.place()));
        head.extend(facts::wrap(&place, width).into_iter().map(|row| (Tone::Muted, row)));
        let mut state = output.state.1.clone();
        if output.is_full {
            state.push_str(" It said more than is kept: the rest is not shown.");
        }
        head.extend(facts::wrap(&state, width).into_iter().map(|row| (output.state.0, row)));
        let rows = output.wrapped.rows.as_slice();
        let height = usize::from(area.height.saturating_sub(2)).saturating_sub(head.len() + 1).max(1);
        Self { area, head, rows, height }
    }

    /// The furthest that it makes sense to scroll.
    pub fn last_offset(&self) -> usize {
        self.rows.len().saturating_sub(self.height)
    }
}

/// A line in rows of so many cells, cut wherever that is: what a program says is not prose.
fn chunks(line: &str, width: usize) -> Vec<String> {
    let (mut rows, mut row, mut used) = (Vec::new(), String::new(), 0);
    for c in line.chars() {
        let mut buffer = [0; 4];
        let cells = usize::from(crate::model::layout::text_width(c.encode_utf8(&mut buffer)));
        if used + cells > width {
            rows.push(std::mem::take(&mut row));
            used = 0;
        }
        row.push(c);
        used += cells;
    }
    rows.push(row);
    rows
}

impl App {
    /// News of a command that runs.
    pub(in crate::app) fn on_exec(&mut self, ticket: Ticket, news: News) {
        let Some(Overlay::Output(output)) = self.overlay.as_mut() else { return };
        if output.ticket != ticket {
            return;
        }
        match news {
            News::Said(text) => output.said(&text),
            News::Full => output.is_full = true,
            News::Ended(Ended::Exit(0)) => output.over(Tone::Good, "✓ It ended well (exit code 0)."),
            News::Ended(Ended::Exit(code)) => {
                output.over(Tone::Bad, format!("✕ It failed (exit code {code})."));
            }
            News::Ended(Ended::Failed(why)) => {
                let program = output.run.command.first().cloned().unwrap_or_default();
                let why = no_program(&why, &clean(&program), "");
                output.over(Tone::Bad, format!("✕ It was not run: {why}"));
            }
            News::Ended(Ended::Cut) => output
                .over(Tone::Warn, "▲ The connection ended before it told how it went; it may go on there."),
            News::Refused(fault) => {
                output.over(Tone::Bad, format!("✕ {}. {}", fault.summary, fault.hint));
            }
        }
    }

    /// Has what it said in rows, for the frame that is drawn next.
    pub(in crate::app) fn make_output(&mut self) {
        let size = self.size;
        if let Some(Overlay::Output(output)) = self.overlay.as_mut() {
            output.wrap(size);
        }
    }

    /// A key while it is in front.
    pub(in crate::app) fn output_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let command = self.keymap.resolve(&[Scope::Motion], key);
        let size = self.size;
        let Some(Overlay::Output(output)) = self.overlay.as_mut() else { return Vec::new() };
        // Keys that come together have no frame between them.
        output.wrap(size);
        let page = OutputPage::new(output, size);
        let (last, height) = (page.last_offset(), page.height);
        let at = output.offset.unwrap_or(last).min(last);
        let to = match command {
            Some(Command::Up) => at.saturating_sub(1),
            Some(Command::Down) => at + 1,
            Some(Command::PageUp) => at.saturating_sub(height),
            Some(Command::PageDown) => at + height,
            Some(Command::Top) => 0,
            Some(Command::Bottom) => last,
            _ if key.code == KeyCode::Char('c') => {
                return vec![Effect::Copy(output.lines.join("\n"))];
            }
            _ => return Vec::new(),
        };
        output.offset = (to < last).then_some(to);
        Vec::new()
    }

    /// A cluster was closed: what runs there is not listened to any longer.
    pub(in crate::app) fn end_output(&mut self, cluster: &ClusterName) -> Vec<Effect> {
        let runs_there =
            matches!(&self.overlay, Some(Overlay::Output(o)) if o.runs() && o.run.pod.cluster == *cluster);
        if runs_there { self.leave_output() } else { Vec::new() }
    }

    /// `esc`: what runs is ended, what has ended is left.
    pub(in crate::app) fn leave_output(&mut self) -> Vec<Effect> {
        let Some(Overlay::Output(output)) = self.overlay.as_mut() else { return Vec::new() };
        if !output.runs() {
            self.overlay = None;
            return Vec::new();
        }
        let ticket = output.ticket;
        let text = "▲ You ended the connection; a program that does not notice goes on there. esc closes.";
        output.over(Tone::Warn, text);
        vec![Effect::Close(ticket)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::name::{Kind, ObjectKey};

    fn output() -> Output {
        let pod = ObjectKey { cluster: "c".into(), kind: Kind::Pod, namespace: "n".into(), name: "p".into() };
        Output::new(Ticket::NONE, Run { pod, container: "x".into(), command: vec!["ls".into()] })
    }

    #[test]
    fn what_is_said_is_put_into_rows_once_for_a_width() {
        let mut output = output();
        // A box of 34 cells, 30 inside.
        let (narrow, wide) = ((38, 20), (80, 20));
        output.said(&"x".repeat(45));
        output.wrap(narrow);
        let lengths = |output: &Output, size| -> Vec<usize> {
            OutputPage::new(output, size).rows.iter().map(String::len).collect()
        };
        assert_eq!(lengths(&output, narrow), [30, 15]);
        // Were the rows made anew from all lines, the first would be lost.
        output.lines[0].clear();
        output.said("yy");
        output.wrap(narrow);
        output.wrap(narrow);
        assert_eq!(lengths(&output, narrow), [30, 15, 2]);
        output.wrap(wide);
        assert_eq!(lengths(&output, wide), [0, 2], "another width");
    }
}
