//! The keys of the box where columns are chosen.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{Chooser, ChooserPage, Line, Picked};
use crate::app::App;
use crate::app::effect::Effect;
use crate::app::overlay::Overlay;
use crate::config::columns::{self, Said};
use crate::config::edit::Change;
use crate::model::columns::Choice;
use crate::model::columns::own::WIDTHS;
use crate::model::table::Tone;

/// Width that a column begins with that is not on the screen.
const BEGINS: u16 = 10;

impl Chooser {
    /// How many are shown: they stand first.
    pub(super) fn shown(&self) -> usize {
        self.lines.iter().filter(|line| line.is_shown).count()
    }

    /// Moves the cursor by lines.
    pub(in crate::app) fn step(&mut self, by: isize) {
        let last = self.lines.len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(by).min(last);
    }

    /// Puts the cursor on a line that was clicked.
    pub(in crate::app) fn click(&mut self, at: (u16, u16), size: (u16, u16)) {
        let list = ChooserPage::new(size).list;
        let line = self.offset + usize::from(at.1.saturating_sub(list.y));
        if list.holds(at) && line < self.lines.len() {
            self.cursor = line;
        }
    }

    fn warn(&mut self, text: &str) {
        self.said = Some((Tone::Warn, text.to_owned()));
    }

    /// Shows the column under the cursor behind those that are shown, or hides it. Tells whether anything changed.
    fn toggle(&mut self) -> bool {
        let shown = self.shown();
        let Some(line) = self.lines.get(self.cursor) else { return false };
        if line.stays && line.is_shown {
            self.warn("This column stays: it says whose line it is.");
            return false;
        }
        let mut line = self.lines.remove(self.cursor);
        line.is_shown = !line.is_shown;
        if line.is_shown {
            self.lines.insert(shown, line);
            self.cursor = shown;
        } else {
            // Its width was for where it stood.
            line.choice.width = None;
            self.lines.insert(shown - 1, line);
        }
        true
    }

    /// Moves the column under the cursor among those that are shown.
    fn shift(&mut self, down: bool) -> bool {
        let (at, shown) = (self.cursor, self.shown());
        if at >= shown {
            self.warn("It is not shown; space shows it.");
            return false;
        }
        let to = if down { at + 1 } else { at.wrapping_sub(1) };
        if to >= shown {
            return false;
        }
        self.lines.swap(at, to);
        self.cursor = to;
        true
    }
}

impl App {
    /// A key in the box.
    pub(in crate::app) fn columns_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let page = isize::from(ChooserPage::new(self.size).list.height.cast_signed()).max(2) - 1;
        let Some(Overlay::Columns(chooser)) = &mut self.overlay else { return Vec::new() };
        if chooser.adding.is_some() {
            return self.adding_key(key);
        }
        chooser.said = None;
        self.notice = None;
        let with_shift = key.modifiers.contains(KeyModifiers::SHIFT);
        let changed = match key.code {
            KeyCode::Char('K' | '<') => chooser.shift(false),
            KeyCode::Char('J' | '>') => chooser.shift(true),
            KeyCode::Up if with_shift => chooser.shift(false),
            KeyCode::Down if with_shift => chooser.shift(true),
            KeyCode::Up | KeyCode::Char('k') | KeyCode::BackTab => {
                chooser.step(-1);
                false
            }
            KeyCode::Down | KeyCode::Char('j') | KeyCode::Tab => {
                chooser.step(1);
                false
            }
            KeyCode::PageUp => {
                chooser.step(-page);
                false
            }
            KeyCode::PageDown => {
                chooser.step(page);
                false
            }
            KeyCode::Home => {
                chooser.cursor = 0;
                false
            }
            KeyCode::End => {
                chooser.step(isize::MAX);
                false
            }
            KeyCode::Char(' ') => chooser.toggle(),
            KeyCode::Char('+') => self.widen(1),
            KeyCode::Char('-') => self.widen(-1),
            KeyCode::Char('=') => self.widen(0),
            KeyCode::Char('a') => {
                self.begin_adding();
                false
            }
            KeyCode::Char('d') => self.remove_column(),
            KeyCode::Char('r') => return self.usual_columns(),
            KeyCode::Char('s') => return self.save_columns(),
            KeyCode::Enter => {
                self.overlay = None;
                false
            }
            _ => false,
        };
        if changed { self.columns_chosen() } else { Vec::new() }
    }

    /// Leaves what is typed, else the box. What was chosen holds.
    pub(in crate::app) fn leave_columns(&mut self) {
        match &self.overlay {
            Some(Overlay::Columns(chooser)) if chooser.adding.is_some() => self.leave_adding(),
            _ => self.overlay = None,
        }
    }

    /// The lines of the box are what the table shows.
    pub(super) fn columns_chosen(&mut self) -> Vec<Effect> {
        let Some(Overlay::Columns(chooser)) = &self.overlay else { return Vec::new() };
        let of = |lines: &mut dyn Iterator<Item = &Line>| {
            lines.map(|line| line.choice.clone()).collect::<Vec<_>>()
        };
        let shown = of(&mut chooser.lines.iter().filter(|line| line.is_shown));
        let spare = of(&mut chooser.lines.iter().filter(|line| !line.is_shown && line.choice.own.is_some()));
        let kind = chooser.table;
        self.pick_columns(kind, Picked { shown: Some(shown), spare })
    }

    /// Makes the column under the cursor wider or narrower than it is on the screen; by 0: as wide as it needs.
    fn widen(&mut self, by: i16) -> bool {
        let Some(Overlay::Columns(chooser)) = &self.overlay else { return false };
        let Some(line) = chooser.lines.get(chooser.cursor) else { return false };
        let seen = self.active_table().and_then(|table| {
            let is_it = |at: usize| table.columns()[at].id == line.choice.id;
            table.window.columns.iter().find(|(at, _)| is_it(*at)).map(|(_, cells)| *cells)
        });
        let from = line.choice.width.or(seen).unwrap_or(BEGINS);
        let width = (by != 0).then(|| from.saturating_add_signed(by).clamp(*WIDTHS.start(), *WIDTHS.end()));
        let Some(Overlay::Columns(chooser)) = &mut self.overlay else { return false };
        let Some(line) = chooser.lines.get_mut(chooser.cursor) else { return false };
        if !line.is_shown {
            chooser.warn("It is not shown; space shows it.");
            return false;
        }
        let changed = line.choice.width != width;
        line.choice.width = width;
        changed
    }

    fn remove_column(&mut self) -> bool {
        let Some(Overlay::Columns(chooser)) = &mut self.overlay else { return false };
        match chooser.lines.get(chooser.cursor) {
            Some(line) if line.choice.own.is_some() => {
                let gone = chooser.lines.remove(chooser.cursor);
                chooser.said = Some((Tone::Plain, format!("The column {} is gone.", gone.choice.id)));
                chooser.step(0);
                true
            }
            Some(_) => {
                chooser.warn("Only a column of your own can be removed; space hides this one.");
                false
            }
            None => false,
        }
    }

    fn usual_columns(&mut self) -> Vec<Effect> {
        let Some(Overlay::Columns(chooser)) = &self.overlay else { return Vec::new() };
        let kind = chooser.table;
        let spare = super::own(&chooser.lines);
        let effects = self.pick_columns(kind, Picked { shown: None, spare });
        let (lines, _) = self.column_lines(kind);
        if let Some(Overlay::Columns(chooser)) = &mut self.overlay {
            chooser.lines = lines;
            chooser.step(0);
            chooser.said = Some((Tone::Plain, "The usual columns, each as wide as it needs.".to_owned()));
        }
        effects
    }

    /// Writes what is shown to where it is said for the clusters of this table.
    fn save_columns(&mut self) -> Vec<Effect> {
        let Some(Overlay::Columns(chooser)) = &self.overlay else { return Vec::new() };
        let kind = chooser.table;
        let contexts = self.contexts_of(self.screen());
        let (before, said) = self.settings.columns.of(kind, &contexts);
        let picked = self.chosen_columns.get(&kind);
        let shown: Option<Vec<Choice>> =
            picked.map_or_else(|| before.map(<[Choice]>::to_vec), |picked| picked.shown.clone());
        let spare: Vec<&str> =
            picked.iter().flat_map(|p| &p.spare).map(|choice| choice.id.as_str()).collect();
        let warns = (!spare.is_empty())
            .then(|| (Tone::Warn, format!("What is not shown is not saved: {}.", spare.join(", "))));
        let table = kind.to_string();
        let change = match (said, shown) {
            (Said::Context(pattern), shown) => {
                let mut all = self.settings.columns.of_pattern(pattern);
                match shown {
                    Some(shown) => drop(all.insert(kind, shown)),
                    None => drop(all.remove(&kind)),
                }
                if all.is_empty() {
                    Change::reset_for_context(pattern, "columns")
                } else {
                    Change::set_for_context(pattern, "columns", columns::table(&all))
                }
            }
            (_, Some(shown)) => Change::set_in("columns", &table, columns::list(&shown)),
            (_, None) => Change::reset_in("columns", &table),
        };
        if let Some(Overlay::Columns(chooser)) = &mut self.overlay {
            chooser.said = warns;
        }
        vec![Effect::SaveConfig(vec![change])]
    }

    /// Keeps the cursor of the box in sight.
    pub(in crate::app) fn scroll_columns(&mut self) {
        let rows = usize::from(ChooserPage::new(self.size).list.height).max(1);
        let Some(Overlay::Columns(chooser)) = &mut self.overlay else { return };
        let last = chooser.lines.len().saturating_sub(rows);
        let least = (chooser.cursor + 1).saturating_sub(rows);
        chooser.offset = chooser.offset.min(last).min(chooser.cursor).max(least);
    }
}
