//! The list of contexts: what stands in it, and what its keys do.

use std::collections::BTreeSet;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;

use crate::app::effect::Effect;
use crate::app::geometry::{self, Area};
use crate::app::model::App;
use crate::app::overlay::Overlay;
use crate::app::palette::ranked;
use crate::app::text::Input;
use crate::model::columns::Symbol;
use crate::model::fault::Reason;
use crate::model::name::ClusterName;
use crate::model::snapshot::{Link, Snapshot};
use crate::model::table::{TableKind, Tone};

use super::Entry;

/// State of the list.
#[derive(Debug, Default)]
pub struct List {
    /// What is typed to find one.
    pub input: Input,
    /// What fits.
    pub rows: Vec<Row>,
    /// Row of the cursor.
    pub cursor: usize,
    /// First shown row.
    pub offset: usize,
    /// Contexts that are marked.
    pub marked: BTreeSet<String>,
    /// What there is to say.
    pub said: Option<String>,
    /// What is behind the row of the cursor.
    pub explained: String,
}

/// One context, or a group of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What it is called; a group begins with `@`.
    pub name: String,
    /// The contexts that it stands for: itself, or those of the group.
    pub contexts: Vec<String>,
    /// How many of them are open.
    pub open: usize,
    /// Symbol of its state; none: a group has none.
    pub symbol: Option<Symbol>,
    /// Its state in a word.
    pub state: String,
    /// What that means.
    pub tone: Tone,
    /// It is marked as production.
    pub is_production: bool,
    /// Nothing may be written there.
    pub is_read_only: bool,
    /// The groups that it is in.
    pub groups: String,
    /// When it was opened last.
    pub used: Option<Timestamp>,
}

impl Row {
    /// Whether it is a group.
    pub fn is_group(&self) -> bool {
        self.symbol.is_none()
    }
}

/// Where the parts of the list are.
#[derive(Debug)]
pub struct ListPage {
    /// The box, frame included.
    pub area: Area,
    /// The line that is typed.
    pub input: Area,
    /// What there is to say.
    pub said: Area,
    /// The rows.
    pub list: Area,
    /// What is behind the row of the cursor.
    pub explain: Area,
}

impl ListPage {
    /// Lays it out: always the same box, for what one types must not make it jump.
    pub fn new(size: (u16, u16)) -> Self {
        let area = geometry::centred(size, (100, 22));
        let inside = geometry::inside(area);
        let row = |n: u16| Area { y: inside.y + n, height: 1.min(inside.height.saturating_sub(n)), ..inside };
        let below = geometry::below(inside, 2);
        let list = Area { height: below.height.saturating_sub(1), ..below };
        let explain = Area { y: list.y + list.height, height: below.height - list.height, ..below };
        Self { area, input: row(0), said: row(1), list, explain }
    }
}

impl List {
    /// The row of the cursor.
    pub fn row(&self) -> Option<&Row> {
        self.rows.get(self.cursor)
    }

    /// The contexts whose mark is shown: what is typed hides the others, and no key acts on those.
    pub fn shown_marks(&self) -> BTreeSet<&str> {
        self.rows
            .iter()
            .filter(|row| self.is_marked(row))
            .flat_map(|row| row.contexts.iter().map(String::as_str))
            .collect()
    }

    /// Whether a row stands there as marked: a group does once all of it is.
    pub fn is_marked(&self, row: &Row) -> bool {
        !row.contexts.is_empty() && row.contexts.iter().all(|name| self.marked.contains(name))
    }

    /// `3 marked, 1 hidden`; none: nothing is marked.
    pub fn marks_in_words(&self) -> Option<String> {
        let all = self.marked.len();
        let hidden = all - self.shown_marks().len();
        match (all, hidden) {
            (0, _) => None,
            (_, 0) => Some(format!("{all} marked")),
            _ => Some(format!("{all} marked, {hidden} hidden")),
        }
    }

    /// Moves the cursor by rows.
    pub(in crate::app) fn step(&mut self, by: isize) {
        let last = self.rows.len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(by).min(last);
    }

    /// Puts the cursor on a row that was clicked.
    pub(in crate::app) fn click(&mut self, at: (u16, u16), size: (u16, u16)) {
        let list = ListPage::new(size).list;
        let row = self.offset + usize::from(at.1.saturating_sub(list.y));
        if list.holds(at) && row < self.rows.len() {
            self.cursor = row;
        }
    }

    fn scroll(&mut self, rows: usize) {
        self.cursor = self.cursor.min(self.rows.len().saturating_sub(1));
        let last = self.rows.len().saturating_sub(rows);
        self.offset = self.offset.min(last).min(self.cursor).max((self.cursor + 1).saturating_sub(rows));
    }
}

impl App {
    /// Makes the rows anew: something was typed, or a cluster changed. The cursor stays on its row.
    pub(in crate::app) fn refill_contexts(&mut self) {
        let Some(Overlay::Contexts(list)) = &self.overlay else { return };
        let typed = list.input.text().trim().to_owned();
        let at = list.row().map(|row| row.name.clone());
        let groups = self.settings.groups.iter().map(|group| self.group_row(&group.name));
        let contexts = self.all_contexts();
        let all: Vec<Row> = groups.chain(contexts.iter().map(|name| self.context_row(name))).collect();
        let rows = if typed.is_empty() { all } else { ranked(all, &typed, |row| row.name.clone()) };
        let cursor = at.and_then(|at| rows.iter().position(|row| row.name == at));
        let height = usize::from(ListPage::new(self.size).list.height).max(1);
        let Some(Overlay::Contexts(list)) = &mut self.overlay else { return };
        list.cursor = cursor.unwrap_or(list.cursor);
        list.rows = rows;
        list.scroll(height);
        let row = list.row().cloned();
        let explained = row.map(|row| self.explained(&row)).unwrap_or_default();
        if let Some(Overlay::Contexts(list)) = &mut self.overlay {
            list.explained = explained;
        }
    }

    fn group_row(&self, name: &str) -> Row {
        let group = self.settings.groups.iter().find(|g| g.name == name);
        let contexts = group.map(|g| self.of_group(g)).unwrap_or_default();
        let open = contexts.iter().filter(|name| self.is_open(name)).count();
        let clusters = || contexts.iter().map(|name| ClusterName::from(name.as_str()));
        let has_any = !contexts.is_empty();
        Row {
            name: format!("@{name}"),
            state: if has_any {
                format!("{open} of {} open", contexts.len())
            } else {
                "no context".to_owned()
            },
            open,
            symbol: None,
            tone: Tone::Plain,
            is_production: clusters().any(|c| self.is_production(&c)),
            is_read_only: has_any && clusters().all(|c| self.is_read_only(&c)),
            groups: String::new(),
            used: contexts.iter().filter_map(|name| self.used.get(name)).max().copied(),
            contexts,
        }
    }

    fn context_row(&self, name: &str) -> Row {
        let cluster = ClusterName::from(name);
        let open = self.cluster(&cluster);
        let (symbol, state, tone) = open.map_or((Symbol::Pending, "closed", Tone::Muted), |s| state(s));
        let groups = self.settings.groups.iter().filter(|g| g.holds(name));
        Row {
            name: name.to_owned(),
            contexts: vec![name.to_owned()],
            open: usize::from(open.is_some()),
            symbol: Some(symbol),
            state: state.to_owned(),
            tone,
            is_production: self.is_production(&cluster),
            is_read_only: self.is_read_only(&cluster),
            groups: groups.map(|g| format!("@{}", g.name)).collect::<Vec<_>>().join(" "),
            used: self.used.get(name).copied(),
        }
    }

    /// What is behind a row, in a line.
    fn explained(&self, row: &Row) -> String {
        if row.is_group() {
            return match row.contexts.as_slice() {
                [] => "No context of the kubeconfig is in this group.".to_owned(),
                all => all.join(", "),
            };
        }
        let cluster = ClusterName::from(row.name.as_str());
        let entry = match self.entries.get(&cluster) {
            Some(Entry::Elsewhere) => "Its kubeconfig entry changed: close and open it to use the new one. ",
            Some(Entry::Credentials) => "Its credentials changed: they are used at the next connect. ",
            Some(Entry::Gone) => "It is no longer in the kubeconfig. ",
            None => "",
        };
        let Some(snapshot) = self.cluster(&cluster) else { return entry.to_owned() };
        match snapshot.link.fault() {
            Some(fault) => format!("{entry}{}", fault.summary),
            None => format!("{entry}{}", snapshot.facts.server),
        }
    }

    /// A key in the list.
    pub(in crate::app) fn contexts_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let page = isize::from(ListPage::new(self.size).list.height.cast_signed()).max(2) - 1;
        let Some(Overlay::Contexts(list)) = &mut self.overlay else { return Vec::new() };
        let with_control = key.modifiers.contains(KeyModifiers::CONTROL);
        let is_empty = list.input.text().is_empty();
        let said = list.said.take();
        match key.code {
            KeyCode::Up | KeyCode::BackTab => list.step(-1),
            KeyCode::Down | KeyCode::Tab => list.step(1),
            KeyCode::PageUp => list.step(-page),
            KeyCode::PageDown => list.step(page),
            KeyCode::Enter => return self.enter_context(),
            KeyCode::Char(' ') => self.mark_context(),
            KeyCode::Delete => return self.close_listed(said),
            KeyCode::Char('d') if with_control => return self.close_listed(said),
            // No name begins with it.
            KeyCode::Char('-') if is_empty => return self.close_listed(said),
            _ => {
                if list.input.key(key) {
                    list.cursor = 0;
                    list.rows.clear();
                }
            }
        }
        self.refill_contexts();
        Vec::new()
    }

    fn mark_context(&mut self) {
        let Some(Overlay::Contexts(list)) = &mut self.overlay else { return };
        let Some(row) = list.rows.get(list.cursor) else { return };
        // A group is marked until all of it is.
        let is_marked = row.contexts.iter().all(|name| list.marked.contains(name));
        for name in &row.contexts {
            if is_marked {
                list.marked.remove(name);
            } else {
                list.marked.insert(name.clone());
            }
        }
        list.step(1);
    }

    /// What a key is about: what is marked and shown, else the row of the cursor.
    fn meant_in_list(&self) -> Option<(Vec<String>, bool)> {
        let Some(Overlay::Contexts(list)) = &self.overlay else { return None };
        let marked = list.shown_marks();
        if !marked.is_empty() {
            return Some((marked.into_iter().map(str::to_owned).collect(), false));
        }
        let row = list.row()?;
        Some((row.contexts.clone(), row.open == row.contexts.len() && row.open > 0))
    }

    /// Opens what is meant; what is open already is gone to.
    fn enter_context(&mut self) -> Vec<Effect> {
        let Some((names, is_open)) = self.meant_in_list() else { return Vec::new() };
        let at = match &self.overlay {
            Some(Overlay::Contexts(list)) => list.row().map(|row| row.name.clone()).unwrap_or_default(),
            _ => return Vec::new(),
        };
        if names.is_empty() {
            return self.say_in_list("No context of the kubeconfig is in this group.".to_owned());
        }
        self.overlay = None;
        if is_open {
            let place = at.strip_prefix('@').filter(|_| names != [at.clone()]).unwrap_or(&at).to_owned();
            return self.show_table(TableKind::Gateways, &format!("@{place}"));
        }
        self.opened(&names)
    }

    fn say_in_list(&mut self, text: String) -> Vec<Effect> {
        if let Some(Overlay::Contexts(list)) = &mut self.overlay {
            list.said = Some(text);
        }
        Vec::new()
    }

    /// Closes what is meant. What would end is said first, and the same key again is the yes.
    fn close_listed(&mut self, said: Option<String>) -> Vec<Effect> {
        // Another key stood between: what was said was not read as a question.
        if said.is_none() {
            self.closing = None;
        }
        let Some((names, _)) = self.meant_in_list() else { return Vec::new() };
        let open = names.iter().filter(|name| self.is_open(name));
        let open: Vec<ClusterName> = open.map(|name| ClusterName::from(name.as_str())).collect();
        if open.is_empty() {
            return self.say_in_list("It is closed already.".to_owned());
        }
        match self.closed(open) {
            Ok(effects) => {
                if let Some(Overlay::Contexts(list)) = &mut self.overlay {
                    list.marked.retain(|name| !names.contains(name));
                }
                effects
            }
            Err(asks) => self.say_in_list(asks),
        }
    }
}

/// How a cluster is connected: symbol, word, what it means.
fn state(s: &Snapshot) -> (Symbol, &'static str, Tone) {
    match &s.link {
        Link::Connecting { .. } => (Symbol::Progressing, "connecting", Tone::Busy),
        Link::Ready if !s.complete() => (Symbol::Progressing, "loading", Tone::Busy),
        Link::Ready => (Symbol::Good, "ready", Tone::Good),
        Link::Stale { .. } => (Symbol::Degraded, "stale", Tone::Warn),
        Link::Unreachable { fault, .. } if fault.reason == Reason::NeedsTerminal => {
            (Symbol::Error, "needs log-in", Tone::Bad)
        }
        Link::Unreachable { .. } => (Symbol::Error, "unreachable", Tone::Bad),
        Link::Denied { .. } => (Symbol::Error, "denied", Tone::Bad),
    }
}
