//! Finding, replacing, and going to a line: a line is typed below the text.

use super::Editor;
use crate::app::status::Prompt;
use crate::app::text::Input;
use crate::app::text::buffer::{Place, Run, byte, column};
use crate::model::search::Search;

/// What is typed below the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asking {
    /// What to find; where the cursor was before.
    Find(Place),
    /// What to replace.
    Replace,
    /// By what.
    With,
    /// Whether this one is to be replaced.
    Each,
    /// The line to go to.
    GoTo,
}

/// What is found, and what it is replaced by.
#[derive(Debug, Default)]
pub(super) struct Finding {
    /// What is typed now.
    pub asking: Option<Asking>,
    input: Input,
    with: Input,
    line: Input,
    /// What is found.
    pub search: Option<Search>,
    error: Option<String>,
    /// Where the match is that was found last.
    pub at: Option<Place>,
    hits: usize,
    replaced: usize,
}

impl Finding {
    fn asked(&mut self) -> Option<&mut Input> {
        match self.asking? {
            Asking::Find(_) | Asking::Replace => Some(&mut self.input),
            Asking::With => Some(&mut self.with),
            Asking::GoTo => Some(&mut self.line),
            Asking::Each => None,
        }
    }
}

impl Editor {
    /// What is typed below the text.
    pub fn prompt(&self) -> Option<Prompt> {
        let find = &self.find;
        let (label, input) = match find.asking? {
            Asking::Find(_) => ("find", &find.input),
            Asking::Replace => ("replace", &find.input),
            Asking::With => ("by", &find.with),
            Asking::GoTo => ("go to line", &find.line),
            Asking::Each => ("replace by", &find.with),
        };
        let text = input.text().to_owned();
        let is_search = matches!(find.asking, Some(Asking::Find(_) | Asking::Replace));
        let outcome = match &find.error {
            Some(error) => error.clone(),
            None if is_search && text.is_empty() => "a word, or /an expression/".to_owned(),
            None if find.asking == Some(Asking::GoTo) => format!("of {}", self.buffer.lines().len()),
            None => format!("{} found", find.hits),
        };
        let cursor = (find.asking != Some(Asking::Each)).then(|| input.cursor());
        Some(Prompt { label, text, cursor, outcome, good: find.error.is_none() })
    }

    /// Keys of what is in front of the text, for the hint bar; none: nothing is.
    pub fn front_keys(&self) -> &'static [(&'static str, &'static str)] {
        match self.find.asking {
            Some(Asking::Find(_)) => {
                &[("enter", "keep"), ("up", ""), ("down", "previous, next"), ("esc", "back")]
            }
            Some(Asking::Replace | Asking::With) => &[("enter", "go on"), ("esc", "back")],
            Some(Asking::Each) => &[("y", "replace"), ("n", "skip"), ("a", "all of them"), ("esc", "end")],
            Some(Asking::GoTo) => &[("enter", "go"), ("esc", "back")],
            None if self.completion.is_some() => {
                &[("enter", "take"), ("up", ""), ("down", "choose"), ("esc", "close")]
            }
            None => &[],
        }
    }

    /// Begins to ask.
    pub(super) fn ask(&mut self, asking: Asking) {
        if let Some((start, end)) = self.buffer.selection().filter(|(a, b)| a.line == b.line)
            && matches!(asking, Asking::Find(_) | Asking::Replace)
        {
            let text = self.buffer.between(start, end);
            self.find.input.set(&text);
        }
        self.find.asking = Some(asking);
        self.find.error = None;
        self.find.line = Input::default();
        if matches!(asking, Asking::Find(_) | Asking::Replace) {
            self.look_up();
        }
    }

    /// A key for the line that is typed. `None`: it means nothing to it.
    pub(super) fn type_below(&mut self, change: impl FnOnce(&mut Input) -> bool) {
        if self.find.asked().is_none_or(|input| !change(input)) {
            return;
        }
        self.find.error = None;
        if let Some(Asking::Find(_) | Asking::Replace) = self.find.asking {
            self.look_up();
        }
    }

    /// Reads what is to be found, and goes to the first from where the cursor was.
    fn look_up(&mut self) {
        let text = self.find.input.text();
        (self.find.search, self.find.error) = match Search::new(text) {
            _ if text.is_empty() => (None, None),
            Ok(search) => (Some(search), None),
            Err(error) => (None, Some(error.to_string())),
        };
        self.find.at = None;
        self.count();
        if let Some(Asking::Find(origin)) = self.find.asking {
            if self.find.hits == 0 {
                self.buffer.move_to(origin, false);
            } else {
                self.seek(origin, true, true);
            }
        }
    }

    /// Counts the matches.
    pub(super) fn count(&mut self) {
        let Some(search) = &self.find.search else {
            self.find.hits = 0;
            return;
        };
        self.find.hits = self.buffer.lines().iter().map(|line| search.matches(line).len()).sum();
    }

    /// The matches of a line, by columns.
    fn matches(&self, line: usize) -> Vec<(Place, Place)> {
        let text = self.buffer.line(line);
        let place = |at: usize| Place::new(line, column(text, at));
        let ranges = self.find.search.as_ref().map(|search| search.matches(text)).unwrap_or_default();
        ranges.into_iter().map(|range| (place(range.start), place(range.end))).collect()
    }

    /// Goes to the nearest match in a direction, round the ends; `here`: one at the place counts.
    fn seek(&mut self, from: Place, forward: bool, here: bool) -> bool {
        let count = self.buffer.lines().len();
        let found = (0..=count).find_map(|n| {
            let line = if forward { (from.line + n) % count } else { (from.line + count * 2 - n) % count };
            let mut matches = self.matches(line);
            if n == 0 {
                matches.retain(|(at, _)| match forward {
                    true => *at > from || here && *at == from,
                    false => *at < from,
                });
            }
            if forward { matches.first().copied() } else { matches.last().copied() }
        });
        let Some((start, end)) = found else { return false };
        self.folds.reveal(start.line);
        self.buffer.select(end, start);
        self.buffer.seal();
        self.find.at = Some(start);
        self.wanted = None;
        true
    }

    /// The next or the previous match.
    pub(super) fn find_step(&mut self, forward: bool) {
        let at = self.buffer.cursor();
        self.count();
        if !self.seek(at, forward, false) {
            self.say("It is not in the text.");
        }
    }

    /// Whether something is found.
    pub(super) fn is_finding(&self) -> bool {
        self.find.search.is_some()
    }

    /// Enter in the line that is typed.
    pub(super) fn answer(&mut self) {
        match self.find.asking {
            Some(Asking::Find(_)) => self.find.asking = None,
            Some(Asking::Replace) if self.find.hits == 0 => {
                let text = "not in the text".to_owned();
                self.find.error.get_or_insert(text);
            }
            Some(Asking::Replace) => self.find.asking = Some(Asking::With),
            Some(Asking::With) => {
                self.find.asking = Some(Asking::Each);
                self.find.replaced = 0;
                let at = self.buffer.selected().0;
                self.seek(at, true, true);
            }
            Some(Asking::Each) => self.replace_one(),
            Some(Asking::GoTo) => self.go_to_typed(),
            None => {}
        }
    }

    /// Esc in the line that is typed: all is as it was before.
    pub(super) fn stop_asking(&mut self) {
        if let Some(Asking::Find(origin)) = self.find.asking {
            self.buffer.move_to(origin, false);
        }
        if self.find.asking == Some(Asking::Each) {
            self.say(&format!("{} replaced.", self.find.replaced));
        }
        self.find.asking = None;
        self.forget_search();
    }

    /// Shows no matches any more.
    pub(super) fn forget_search(&mut self) {
        self.find.search = None;
        self.find.at = None;
    }

    /// A letter while each match is asked about.
    pub(super) fn answer_each(&mut self, c: char) {
        match c {
            'y' | ' ' => self.replace_one(),
            'n' => {
                let at = self.buffer.cursor();
                self.seek(at, true, false);
            }
            'a' => self.replace_all(),
            'q' => self.stop_asking(),
            _ => {}
        }
    }

    fn replacement(&self, start: Place) -> String {
        let line = self.buffer.line(start.line);
        let with = self.find.with.text();
        let search = self.find.search.as_ref();
        search.map(|s| s.replacement(line, byte(line, start.column), with)).unwrap_or_default()
    }

    /// Replaces the match that the cursor is at, and goes to the next; that is one step.
    fn replace_one(&mut self) {
        let Some(start) = self.find.at else { return self.stop_asking() };
        let Some(range) = self.matches(start.line).into_iter().find(|(at, _)| *at == start) else {
            return self.stop_asking();
        };
        let text = self.replacement(start);
        self.buffer.replace(range, &text, Run::Alone);
        self.find.replaced += 1;
        self.count();
        let behind = self.buffer.cursor();
        if !self.seek(behind, true, true) {
            self.stop_asking();
        }
    }

    /// Replaces all matches; that is one step.
    fn replace_all(&mut self) {
        let Some(search) = &self.find.search else { return };
        let with = self.find.with.text();
        let mut lines = self.buffer.lines().iter().enumerate();
        let has = |(_, line): &(usize, &String)| !search.matches(line).is_empty();
        let Some((first, _)) = lines.find(has) else { return self.stop_asking() };
        let last = lines.rfind(has).map_or(first, |(last, _)| last);
        let mut count = 0;
        let replaced = self.buffer.lines()[first..=last].iter().map(|line| {
            let mut out = String::with_capacity(line.len());
            let mut at = 0;
            for range in search.matches(line) {
                out.push_str(&line[at..range.start]);
                out.push_str(&search.replacement(line, range.start, with));
                at = range.end;
                count += 1;
            }
            out + &line[at..]
        });
        let text = replaced.collect::<Vec<_>>().join("\n");
        let range = (Place::new(first, 0), Place::new(last, usize::MAX));
        if !self.buffer.replace(range, &text, Run::Alone) {
            return self.too_long();
        }
        self.find.replaced += count;
        self.stop_asking();
    }

    /// Goes to the line that is typed: `12`, or `12:5`.
    fn go_to_typed(&mut self) {
        let text = self.find.line.text().trim().to_owned();
        let (line, column) = text.split_once(':').unwrap_or((&text, "1"));
        match (line.trim().parse::<usize>(), column.trim().parse::<usize>()) {
            (Ok(line), Ok(column)) => {
                self.find.asking = None;
                self.leap(Place::new(line.saturating_sub(1), column.saturating_sub(1)));
            }
            _ => self.find.error = Some("a number, or line:column".to_owned()),
        }
    }

    /// Sends the cursor to a place that may be out of sight.
    pub(super) fn leap(&mut self, to: Place) {
        let to = self.buffer.within(to);
        self.folds.reveal(to.line);
        self.buffer.move_to(to, false);
        self.buffer.seal();
        self.wanted = None;
    }
}
