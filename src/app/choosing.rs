//! Which columns a table has: those of the config, those that are chosen in this run, and the box where they are chosen.

mod adding;
mod keys;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::effect::Effect;
use super::geometry::{self, Area};
use super::model::App;
use super::overlay::Overlay;
use super::screen::{Details, DetailsOf, Screen, Table};
use crate::config::columns::Said;
use crate::config::{self};
use crate::model::columns::Choice;
use crate::model::columns::own::paths;
use crate::model::path::Paths;
use crate::model::table::{Column, TableKind, Tone};

pub use adding::{Adding, Step};

/// The columns that were chosen for a table in this run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picked {
    /// In their order; none: the usual ones.
    pub shown: Option<Vec<Choice>>,
    /// The person's own ones that are not shown now.
    pub spare: Vec<Choice>,
}

/// State of the box.
#[derive(Debug)]
pub struct Chooser {
    /// The table whose columns these are.
    pub table: TableKind,
    /// The shown ones in their order, then the others.
    pub lines: Vec<Line>,
    /// Line of the cursor.
    pub cursor: usize,
    /// First shown line.
    pub offset: usize,
    /// What there is to say.
    pub said: Option<(Tone, String)>,
    /// A column that is being added.
    pub adding: Option<Adding>,
    /// Where saving writes to, in words.
    pub target: String,
}

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The column, as it is chosen.
    pub choice: Choice,
    /// Its heading.
    pub title: String,
    /// What it says.
    pub about: String,
    /// It is shown.
    pub is_shown: bool,
    /// It cannot be hidden: it says whose line it is.
    pub stays: bool,
}

impl Line {
    fn new(column: &Column, choice: Choice, is_shown: bool) -> Self {
        let stays = column.keep == u8::MAX;
        Self { choice, title: column.title.into(), about: column.about.into(), is_shown, stays }
    }
}

/// Where the parts of the box are.
#[derive(Debug)]
pub struct ChooserPage {
    /// The box, frame included.
    pub area: Area,
    /// Where saving writes to, or what is typed.
    pub head: Area,
    /// What there is to say.
    pub said: Area,
    /// The columns.
    pub list: Area,
}

impl ChooserPage {
    /// Lays it out: at the bottom, so that the first rows of the table behind show what a change does.
    pub fn new(size: (u16, u16)) -> Self {
        let height = (size.1 / 2 + 2).clamp(10, 26).min(size.1);
        let area = geometry::centred(size, (100, height));
        let area = Area { y: size.1.saturating_sub(height + 1), ..area };
        let inside = geometry::inside(area);
        let row = |n: u16| Area { y: inside.y + n, height: 1.min(inside.height.saturating_sub(n)), ..inside };
        Self { area, head: row(0), said: row(1), list: geometry::below(inside, 2) }
    }
}

impl App {
    /// The columns of the table in front.
    pub(super) fn columns_command(&mut self, argument: &str) -> Vec<Effect> {
        let Some(kind) = self.active_table().map(|table| table.kind) else { return Vec::new() };
        let argument = argument.trim();
        if argument.is_empty() {
            self.open_chooser(kind);
            return Vec::new();
        }
        let (lines, _) = self.column_lines(kind);
        if argument == "default" {
            let spare = own(&lines);
            return self.pick_columns(kind, Picked { shown: None, spare });
        }
        let mut shown: Vec<Choice> = Vec::new();
        for id in argument.split([',', ' ']).filter(|id| !id.is_empty()) {
            let Some(line) = lines.iter().find(|line| line.choice.id == id) else {
                let all: Vec<&str> = lines.iter().map(|line| line.choice.id.as_str()).collect();
                self.say(
                    Tone::Bad,
                    format!("columns: no column `{id}`; there are {}, and default", all.join(", ")),
                );
                return Vec::new();
            };
            if !shown.contains(&line.choice) {
                shown.push(line.choice.clone());
            }
        }
        // Whose line it is must be seen.
        let name = lines.iter().find(|line| line.stays).map(|line| line.choice.clone());
        if let Some(name) = name.filter(|name| shown.iter().all(|choice| choice.id != name.id)) {
            self.say(Tone::Plain, format!("The column {} stays: it says whose line it is.", name.id));
            shown.insert(0, name);
        }
        let ids: BTreeSet<&str> = shown.iter().map(|choice| choice.id.as_str()).collect();
        let spare = own(&lines).into_iter().filter(|choice| !ids.contains(choice.id.as_str())).collect();
        self.pick_columns(kind, Picked { shown: Some(shown), spare })
    }

    /// The columns of a table that shows rows of these contexts, and the person's own ones that it does not show.
    fn columns_of(&self, kind: TableKind, contexts: &[&str]) -> (Option<&[Choice]>, &[Choice]) {
        match self.chosen_columns.get(&kind) {
            Some(picked) => (picked.shown.as_deref(), &picked.spare),
            None => (self.settings.columns.of(kind, contexts).0, &[]),
        }
    }

    /// The contexts whose rows a screen's table shows: the open ones that its filter lets through.
    fn contexts_of(&self, screen: &Screen) -> Vec<&str> {
        let open = || self.clusters.iter().map(|s| s.cluster.as_str());
        match screen {
            Screen::Table(Table { filter, .. }) => {
                let lets = |name: &&str| filter.applied.as_ref().is_none_or(|filter| filter.lets(name));
                let some: Vec<&str> = open().filter(lets).collect();
                if some.is_empty() { open().collect() } else { some }
            }
            Screen::Details(Details { of: DetailsOf::Gateway(id), .. }) => {
                open().filter(|name| *name == id.cluster.as_str()).collect()
            }
            _ => open().collect(),
        }
    }

    /// Gives a new table its columns.
    pub(super) fn give_columns(&self, table: &mut Table) {
        let open: Vec<&str> = self.clusters.iter().map(|s| s.cluster.as_str()).collect();
        let (shown, spare) = self.columns_of(table.kind, &open);
        table.set_columns(shown, spare);
    }

    /// Gives the table in front the columns that hold for the clusters that it shows.
    pub(super) fn settle_columns(&mut self) {
        let Some(kind) = self.active_table().map(|table| table.kind) else { return };
        let contexts = self.contexts_of(self.screen());
        let (shown, spare) = self.columns_of(kind, &contexts);
        let (shown, spare) = (shown.map(<[Choice]>::to_vec), spare.to_vec());
        if let Some(table) = self.active_table_mut() {
            table.set_columns(shown.as_deref(), &spare);
        }
    }

    /// What is chosen holds from now on, until the end of the run.
    fn pick_columns(&mut self, kind: TableKind, picked: Picked) -> Vec<Effect> {
        self.chosen_columns.insert(kind, picked);
        if let Some(table) = self.active_table_mut() {
            // Else the columns would go on standing in egret's order, all of them.
            table.wide = false;
        }
        self.settle_columns();
        self.ask_paths()
    }

    /// Every path that a column asks for: those of the config too whose table or context is not in front, so that going
    /// there lists nothing again.
    pub(super) fn all_paths(&self) -> Paths {
        let picked = self.chosen_columns.iter().flat_map(|(kind, picked)| {
            let shown = picked.shown.iter().flatten();
            shown.chain(&picked.spare).map(|choice| (*kind, choice))
        });
        paths(self.settings.columns.all().chain(picked))
    }

    fn ask_paths(&mut self) -> Vec<Effect> {
        let paths = self.all_paths();
        if paths == self.asked_paths {
            return Vec::new();
        }
        self.asked_paths = paths.clone();
        vec![Effect::SetPaths(paths)]
    }

    /// The columns of the config changed. `by_us`: what this screen saved; else what was chosen in this run for a table
    /// that the config now says something else of gives way.
    pub(super) fn columns_reread(&mut self, now: &config::Settings, by_us: bool) -> Vec<Effect> {
        let now = now.column_choices();
        let before = std::mem::replace(&mut self.settings.columns, now);
        let now = &self.settings.columns;
        let says = |columns: &config::columns::Columns, kind: TableKind| {
            let rules =
                columns.rules.iter().filter_map(|(glob, all)| Some((glob.clone(), all.get(&kind)?.clone())));
            (columns.everywhere.get(&kind).cloned(), rules.collect::<Vec<_>>())
        };
        let holds: Vec<TableKind> = self.chosen_columns.keys().copied().collect();
        let gone = holds.into_iter().filter(|kind| !by_us && says(&before, *kind) != says(now, *kind));
        let gone: Vec<TableKind> = gone.collect();
        for kind in gone {
            self.chosen_columns.remove(&kind);
        }
        self.settle_columns();
        self.ask_paths()
    }

    /// The lines of the box, and where saving writes to.
    fn column_lines(&self, kind: TableKind) -> (Vec<Line>, Said<'_>) {
        let contexts = self.contexts_of(self.screen());
        let (shown, spare) = self.columns_of(kind, &contexts);
        let said = self.settings.columns.of(kind, &contexts).1;
        let columns = self.active_table().map(Table::columns).unwrap_or_default();
        let usual = || columns.iter().filter(|c| !c.wide && !c.is_own()).map(|c| Choice::known(c.id));
        let shown: Vec<Choice> = shown.map_or_else(|| usual().collect(), <[Choice]>::to_vec);
        let line = |choice: &Choice, is_shown| {
            let column = columns.iter().find(|column| column.id == choice.id)?;
            Some(Line::new(column, choice.clone(), is_shown))
        };
        let mut lines: Vec<Line> = shown.iter().filter_map(|choice| line(choice, true)).collect();
        let is_new = |id: &str| shown.iter().all(|choice| choice.id != id);
        let others = columns.iter().filter(|column| is_new(column.id) && !column.is_own());
        lines.extend(others.map(|column| Line::new(column, Choice::known(column.id), false)));
        lines.extend(spare.iter().filter_map(|choice| line(choice, false)));
        (lines, said)
    }

    fn open_chooser(&mut self, table: TableKind) {
        let (lines, said) = self.column_lines(table);
        let target = match said {
            Said::Context(pattern) => {
                format!("`s` saves to the [[context]] {pattern} of the config, which holds here.")
            }
            _ => "`s` saves to [columns] of the config.".to_owned(),
        };
        self.overlay = Some(Overlay::Columns(Chooser {
            table,
            lines,
            cursor: 0,
            offset: 0,
            said: None,
            adding: None,
            target,
        }));
    }

    /// What `:columns` can be followed by.
    pub(super) fn column_values(&self, typed: &str) -> Vec<String> {
        let Some(table) = self.active_table() else { return Vec::new() };
        let before = typed.rsplit_once(',').map_or("", |(before, _)| before);
        let named: Vec<&str> = before.split(',').map(str::trim).collect();
        let ids = table.columns().iter().map(|column| column.id).filter(|id| !named.contains(id));
        let lead = if before.is_empty() { String::new() } else { format!("{before},") };
        let all = ids.map(|id| format!("{lead}{id}"));
        before.is_empty().then(|| "default".to_owned()).into_iter().chain(all).collect()
    }
}

/// The columns of the person's own among these.
fn own(lines: &[Line]) -> Vec<Choice> {
    lines.iter().map(|line| line.choice.clone()).filter(|choice| choice.own.is_some()).collect()
}
