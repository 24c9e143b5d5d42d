//! Logs: at most 10,000 lines, followed at their end or held where the person reads.

use std::collections::VecDeque;
use std::sync::Arc;

use super::text::Find;
use crate::app::effect::{LogQuery, Ticket};
use crate::app::msg::LogLine;
use crate::app::paint::{self, Line, Look, piece, plain};
use crate::model::table::Tone;

/// Lines kept; older ones go.
pub const KEPT: usize = 10_000;

/// State of a log screen.
#[derive(Debug)]
pub struct Logs {
    /// What is read.
    pub query: LogQuery,
    /// Every pod with all its containers.
    pub pods: Vec<(Arc<str>, Vec<Box<str>>)>,
    /// The containers that can be chosen.
    pub containers: Vec<Box<str>>,
    /// The chosen one; `None`: all.
    pub container: Option<usize>,
    /// Title for the breadcrumb.
    pub title: String,
    /// What keeps the lines coming.
    pub ticket: Ticket,
    /// The lines.
    pub lines: VecDeque<LogLine>,
    /// Lines that went because there were too many.
    pub dropped: u64,
    /// What there is to say about the log itself: ended, cannot be read.
    pub note: Option<String>,
    /// Whether anything arrived, or will not.
    pub loading: bool,
    /// The screen stays at the end.
    pub follow: bool,
    /// Long lines go on in the next row.
    pub wrap: bool,
    /// Show when each line was written.
    pub timestamps: bool,
    /// First shown column, when lines are not wrapped.
    pub x: usize,
    /// The search.
    pub find: Find,
    /// What to paint.
    pub window: Vec<Line>,
    /// Number of the first shown line, counted from the first that ever arrived.
    top: u64,
    height: usize,
}

impl Logs {
    /// An empty log that follows.
    pub fn new(title: String, query: LogQuery, ticket: Ticket) -> Self {
        let mut containers: Vec<Box<str>> = Vec::new();
        for name in query.pods.iter().flat_map(|(_, names)| names) {
            if !containers.contains(name) {
                containers.push(name.clone());
            }
        }
        Self {
            pods: query.pods.clone(),
            query,
            containers,
            container: None,
            title,
            ticket,
            lines: VecDeque::new(),
            dropped: 0,
            note: None,
            loading: true,
            follow: true,
            wrap: false,
            timestamps: false,
            x: 0,
            find: Find::default(),
            window: Vec::new(),
            top: 0,
            height: 1,
        }
    }

    /// Goes to the next container, and from the last to all of them.
    pub fn next_container(&mut self) {
        self.container = match self.container {
            None => Some(0),
            Some(at) if at + 1 < self.containers.len() => Some(at + 1),
            Some(_) => None,
        };
        let chosen = self.container.and_then(|at| self.containers.get(at));
        let of_pod =
            |names: &[Box<str>]| names.iter().filter(|n| chosen.is_none_or(|c| c == *n)).cloned().collect();
        self.query.pods = self.pods.iter().map(|(pod, names)| (pod.clone(), of_pod(names))).collect();
    }

    /// Forgets the lines, to read others.
    pub fn restart(&mut self, ticket: Ticket) {
        self.ticket = ticket;
        self.lines.clear();
        self.dropped = 0;
        self.top = 0;
        self.note = None;
        self.loading = true;
        self.follow = true;
    }

    /// Takes lines that arrived.
    pub fn push(&mut self, lines: Vec<LogLine>) {
        self.loading = false;
        self.lines.extend(lines);
        let excess = self.lines.len().saturating_sub(KEPT);
        self.lines.drain(..excess);
        self.dropped += excess as u64;
    }

    /// Moves by lines; going up stops following, reaching the end resumes it.
    pub fn scroll(&mut self, by: isize) {
        let end = self.dropped + self.lines.len() as u64;
        let last_top = end.saturating_sub(self.height as u64);
        let top = if self.follow { last_top } else { self.top };
        self.top = top.saturating_add_signed(by as i64).clamp(self.dropped, last_top.max(self.dropped));
        self.follow = by > 0 && self.top >= last_top;
    }

    /// Moves by pages.
    pub fn page(&mut self, by: isize) {
        self.scroll(by * self.height.saturating_sub(1).max(1) as isize);
    }

    /// To one of the ends.
    pub fn jump(&mut self, to_end: bool) {
        self.follow = to_end;
        self.top = self.dropped;
    }

    /// Stays on what is shown, whatever arrives.
    pub fn hold(&mut self) {
        let end = self.dropped + self.lines.len() as u64;
        self.top = end.saturating_sub(self.height as u64).max(self.dropped);
        self.follow = false;
    }

    /// Goes to the next (or previous) line that matches.
    pub fn find_step(&mut self, by: isize) {
        let Some(search) = &self.find.search else { return };
        let count = self.lines.len() as isize;
        if count == 0 {
            return;
        }
        let top = if self.follow { self.dropped + self.lines.len() as u64 } else { self.top };
        let current = self.find.at.map_or(top.saturating_sub(self.dropped) as isize, |at| at as isize);
        let hit = (1..=count)
            .map(|n| (current + n * by).rem_euclid(count).unsigned_abs())
            .find(|at| !search.matches(&self.lines[*at].text).is_empty());
        self.find.at = hit;
        if let Some(at) = hit {
            self.follow = false;
            self.top = self.dropped + at.saturating_sub(self.height / 3) as u64;
        }
    }

    /// Searches what is typed, from the end backwards: the newest match is the interesting one.
    pub fn find(&mut self) {
        self.find.apply();
        self.find.at = None;
        let search = self.find.search.as_ref();
        self.find.hits =
            self.lines.iter().filter(|l| search.is_some_and(|s| !s.matches(&l.text).is_empty())).count();
        self.find_step(-1);
    }

    /// Makes the window of `width` by `height` cells.
    pub fn settle(&mut self, width: u16, height: u16) {
        let (width, height) = (usize::from(width).max(1), usize::from(height).max(1));
        self.height = height;
        self.top = self.top.max(self.dropped);
        self.window = if self.follow {
            self.window_from_end(width, height)
        } else {
            self.window_from_top(width, height)
        };
    }

    fn window_from_end(&self, width: usize, height: usize) -> Vec<Line> {
        let mut rows: VecDeque<Line> = VecDeque::new();
        for at in (0..self.lines.len()).rev() {
            for row in self.rows(at, width).into_iter().rev() {
                rows.push_front(row);
            }
            if rows.len() >= height {
                break;
            }
        }
        let excess = rows.len().saturating_sub(height);
        rows.drain(..excess);
        rows.into()
    }

    fn window_from_top(&self, width: usize, height: usize) -> Vec<Line> {
        let first = self.top.saturating_sub(self.dropped) as usize;
        (first..self.lines.len()).flat_map(|at| self.rows(at, width)).take(height).collect()
    }

    fn rows(&self, at: usize, width: usize) -> Vec<Line> {
        let log = &self.lines[at];
        let mut line = Line::new();
        if self.timestamps
            && let Some(time) = log.time
        {
            line.push(piece(format!("{time:.3} "), Look::Tone(Tone::Muted)));
        }
        if !log.source.is_empty() {
            line.push(piece(format!("{} ", log.source), Look::Source));
        }
        let mut text = vec![plain(log.text.to_string())];
        if let Some(search) = &self.find.search {
            let look = if self.find.at == Some(at) { Look::CurrentMatch } else { Look::Match };
            text = paint::mark(&text, &search.matches(&log.text), look);
        }
        line.extend(text);
        let count = if self.wrap { paint::width(&line).div_ceil(width).max(1) } else { 1 };
        let from = |n: usize| if self.wrap { n * width } else { self.x };
        (0..count).map(|n| paint::slice(&line, from(n), width)).collect()
    }

    /// Name of what is chosen among the containers.
    pub fn container_name(&self) -> &str {
        self.container.and_then(|at| self.containers.get(at)).map_or("all containers", |name| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(lines: usize) -> Logs {
        let query = LogQuery {
            cluster: "c".into(),
            namespace: "n".into(),
            pods: vec![("p".into(), Vec::new())],
            previous: false,
            tail: 100,
        };
        let mut logs = Logs::new("p".to_owned(), query, Ticket(1));
        logs.push((0..lines).map(numbered).collect());
        logs
    }

    fn numbered(n: usize) -> LogLine {
        LogLine { source: "".into(), time: None, text: format!("line {n}").into() }
    }

    fn shown(logs: &mut Logs) -> Vec<String> {
        logs.settle(40, 3);
        logs.window.iter().map(paint::text).collect()
    }

    #[test]
    fn at_most_ten_thousand_lines_are_kept_and_the_newest_are_shown() {
        let mut logs = log(10_005);
        assert_eq!((logs.lines.len(), logs.dropped), (10_000, 5));
        assert_eq!(shown(&mut logs), ["line 10002", "line 10003", "line 10004"]);
    }

    #[test]
    fn reading_further_up_holds_still_while_lines_arrive() {
        let mut logs = log(100);
        shown(&mut logs);
        logs.scroll(-10);
        assert_eq!(shown(&mut logs)[0], "line 87");
        logs.push((100..200).map(numbered).collect());
        assert_eq!(shown(&mut logs)[0], "line 87");
        logs.jump(true);
        assert_eq!(shown(&mut logs)[2], "line 199");
    }

    #[test]
    fn holding_keeps_what_is_shown() {
        let mut logs = log(100);
        let before = shown(&mut logs);
        logs.hold();
        logs.push((100..200).map(numbered).collect());
        assert_eq!(shown(&mut logs), before);
    }

    #[test]
    fn a_search_goes_to_the_newest_match_first() {
        let mut logs = log(50);
        shown(&mut logs);
        logs.find.input.set("line 1");
        logs.find();
        assert_eq!(logs.find.at, Some(19));
        logs.find_step(-1);
        assert_eq!(logs.find.at, Some(18));
        assert_eq!(logs.find.hits, 11);
    }
}
