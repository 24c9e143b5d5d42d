//! The question before a cluster is changed: what would be done, where, and what comes of it.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::command::Command;
use super::deed::{Deed, Plan, What};
use super::effect::{Effect, Ticket};
use super::geometry::{self, Area};
use super::model::App;
use super::overlay::Overlay;
use super::paint::{Line, Look, piece};
use super::screen::facts;
use super::text::Input;
use crate::model::fault::Fault;
use crate::model::snapshot::{Keeper, Snapshot};
use crate::model::table::Tone;

/// State of the question.
#[derive(Debug)]
pub struct Confirm {
    /// Joins what was asked with its answers.
    pub ticket: Ticket,
    /// What is asked about.
    pub deed: Deed,
    /// How far it is.
    pub stage: Stage,
    /// What is being typed, where something must be.
    pub input: Input,
    /// The cluster is marked as production.
    pub is_production: bool,
    /// Something else was typed than what has to be.
    pub is_mistyped: bool,
    /// First shown line.
    pub offset: usize,
    /// It was asked for at the start: where there is nothing to decide, nobody is asked.
    pub is_standing_wish: bool,
}

/// How far a question is.
#[derive(Clone, Debug)]
pub enum Stage {
    /// What it would do is being found out.
    Planning,
    /// It cannot be done, or what it would do cannot be found out.
    Refused(Fault),
    /// It waits for a yes.
    Asking(Arc<Plan>),
    /// It is being done.
    Doing(Arc<Plan>),
    /// It was tried, and failed: it may be tried again.
    Failed(Arc<Plan>, Fault),
}

impl Confirm {
    /// A question whose plan is still to come.
    pub fn new(ticket: Ticket, deed: Deed, is_production: bool) -> Self {
        Self {
            ticket,
            deed,
            stage: Stage::Planning,
            input: Input::default(),
            is_production,
            is_mistyped: false,
            offset: 0,
            is_standing_wish: false,
        }
    }

    /// What has to be typed to have it done; `None`: `y` is enough.
    pub fn typed(&self) -> Option<&str> {
        self.deed.typed(self.is_production)
    }

    /// Whether a yes would count now.
    pub fn waits(&self) -> bool {
        matches!(self.stage, Stage::Asking(_) | Stage::Failed(..))
    }

    fn plan(&self) -> Option<&Arc<Plan>> {
        match &self.stage {
            Stage::Asking(plan) | Stage::Doing(plan) | Stage::Failed(plan, _) => Some(plan),
            Stage::Planning | Stage::Refused(_) => None,
        }
    }
}

/// Columns of the box, at most.
const WIDTH: u16 = 100;

/// Where the parts of the question are.
#[derive(Debug)]
pub struct ConfirmPage {
    /// The box, frame included.
    pub area: Area,
    /// All lines.
    pub lines: Vec<Line>,
    /// Lines that the box shows of them.
    pub height: usize,
}

impl ConfirmPage {
    /// Lays the question out.
    pub fn new(confirm: &Confirm, app: &App) -> Self {
        let width = WIDTH.min(app.size.0.saturating_sub(2)).saturating_sub(4);
        let lines = lines(confirm, app, width);
        // The frame, and the line that is typed or the one that says what to press.
        let wanted = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(4);
        let area = geometry::centred(app.size, (WIDTH, wanted));
        let height = usize::from(area.height.saturating_sub(4));
        Self { area, lines, height }
    }

    /// The furthest that it makes sense to scroll.
    pub fn last_offset(&self) -> usize {
        self.lines.len().saturating_sub(self.height)
    }
}

fn lines(confirm: &Confirm, app: &App, width: u16) -> Vec<Line> {
    let say = |text: &str, tone: Tone| -> Vec<Line> {
        let rows = facts::wrap(text, usize::from(width).max(10));
        rows.into_iter().map(|row| vec![piece(row, Look::Tone(tone))]).collect()
    };
    let mut lines = say(&place(confirm, app), Tone::Plain);
    if confirm.is_production {
        lines.extend(say("This is production.", Tone::Bad));
    }
    if let Some(word) = confirm.typed().filter(|_| confirm.is_mistyped && confirm.waits()) {
        lines.extend(say(&mistyped(confirm.input.text().trim(), word), Tone::Bad));
    }
    lines.push(Line::new());
    match &confirm.stage {
        Stage::Planning => lines.extend(say("Finding out what this would do …", Tone::Busy)),
        Stage::Refused(fault) => {
            lines.extend(say(&sentence(&fault.summary), Tone::Bad));
            lines.extend(say(&fault.hint, Tone::Plain));
        }
        Stage::Failed(_, fault) => {
            lines.extend(say(&format!("It failed: {}", sentence(&fault.summary)), Tone::Bad));
            lines.extend(say(&fault.hint, Tone::Plain));
            lines.push(Line::new());
        }
        Stage::Doing(_) => {
            lines.extend(say("Being done …", Tone::Busy));
            lines.push(Line::new());
        }
        Stage::Asking(_) => {}
    }
    if let Some(plan) = confirm.plan() {
        lines.extend(facts::lines(&plan.sections, width));
    }
    lines
}

/// Which cluster it is about: never a doubt.
fn place(confirm: &Confirm, app: &App) -> String {
    let cluster = &confirm.deed.cluster;
    let server = app.cluster(cluster).map(|s| s.facts.server.to_string()).unwrap_or_default();
    if server.is_empty() { format!("In {cluster}.") } else { format!("In {cluster} ({server}).") }
}

/// What was expected, when something else was typed.
fn mistyped(typed: &str, word: &str) -> String {
    match typed {
        "" => format!("Nothing was done: {word} has to be typed here first."),
        _ => format!("Nothing was done: {word} has to be typed here, and this is not it."),
    }
}

/// With a stop at its end.
pub(super) fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

impl App {
    /// Asks about a deed, or has it done when there is nothing to ask.
    pub(super) fn ask(&mut self, deed: Deed) -> Vec<Effect> {
        let ticket = self.ticket();
        let is_production = self.is_production(&deed.cluster);
        if deed.is_harmless(is_production) {
            return vec![Effect::Do(ticket, deed, Arc::new(Plan::told(Vec::new())))];
        }
        self.overlay = Some(Overlay::Confirm(Confirm::new(ticket, deed.clone(), is_production)));
        vec![Effect::Plan(ticket, deed)]
    }

    /// Asks about the clusters whose gateways the settings wish to be kept, one after the other, when nothing else is in
    /// front.
    pub(super) fn ask_to_keep(&mut self) -> Vec<Effect> {
        if !self.settings.reconcile || self.overlay.is_some() {
            return Vec::new();
        }
        let is_next = |s: &&Arc<Snapshot>| {
            let known = !self.asked_to_keep.contains(&s.cluster) && !self.keeps(&s.cluster);
            known && s.link.is_ready() && s.facts.keeper == Keeper::Egret && !self.is_read_only(&s.cluster)
        };
        let Some(cluster) = self.clusters.iter().find(is_next).map(|s| s.cluster.clone()) else {
            return Vec::new();
        };
        self.asked_to_keep.insert(cluster.clone());
        let effects = self.ask(Deed { cluster, what: What::Keep });
        if let Some(Overlay::Confirm(confirm)) = &mut self.overlay {
            confirm.is_standing_wish = true;
        }
        effects
    }

    /// A plan is there, or why not.
    pub(super) fn on_planned(&mut self, ticket: Ticket, plan: Result<Arc<Plan>, Fault>) -> Vec<Effect> {
        let Some(Overlay::Confirm(confirm)) = &mut self.overlay else { return Vec::new() };
        if confirm.ticket == ticket && matches!(confirm.stage, Stage::Planning) {
            confirm.stage = plan.map_or_else(Stage::Refused, Stage::Asking);
            confirm.offset = 0;
            if confirm.is_standing_wish
                && confirm.plan().is_some_and(|plan| plan.is_idle)
                && confirm.typed().is_none()
            {
                return self.say_yes();
            }
        }
        Vec::new()
    }

    /// A deed is done, or has failed. Whether anybody still looks at the question makes no difference to it.
    pub(super) fn on_done(&mut self, ticket: Ticket, deed: &Deed, done: Result<String, Fault>) {
        let asked = match &mut self.overlay {
            Some(Overlay::Confirm(confirm)) if confirm.ticket == ticket => Some(confirm),
            _ => None,
        };
        match (done, asked) {
            (Ok(said), asked) => {
                if asked.is_some() {
                    self.overlay = None;
                }
                self.say(Tone::Good, said);
            }
            (Err(fault), Some(confirm)) => {
                if let Some(plan) = confirm.plan().cloned() {
                    confirm.stage = Stage::Failed(plan, fault);
                    confirm.offset = 0;
                }
            }
            (Err(fault), None) => {
                let text =
                    format!("Could not {}: {} {}", deed.in_words(), sentence(&fault.summary), fault.hint);
                self.say(Tone::Bad, text);
            }
        }
    }

    /// A key while something is asked.
    pub(super) fn confirm_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let command = self.keymap.resolve(&[super::command::Scope::Motion], key);
        let Some(Overlay::Confirm(confirm)) = &self.overlay else { return Vec::new() };
        let (last, page) = {
            let page = ConfirmPage::new(confirm, self);
            (page.last_offset(), page.height.max(1))
        };
        let Some(Overlay::Confirm(confirm)) = &mut self.overlay else { return Vec::new() };
        let types = confirm.typed().is_some() && confirm.waits();
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let letter = matches!(key.code, KeyCode::Char(_)) && !control;
        // A wrong word is taken away as in a shell, whatever else these keys mean.
        let erases =
            key.code == KeyCode::Backspace || control && matches!(key.code, KeyCode::Char('u' | 'w'));
        match (key.code, command) {
            (KeyCode::Enter, _) if types => return self.say_yes(),
            // What is typed is typed, whatever else the key means.
            _ if types && (letter || erases) => {
                confirm.is_mistyped = false;
                confirm.input.key(key);
            }
            (_, Some(Command::Up)) => confirm.offset = confirm.offset.min(last).saturating_sub(1),
            (_, Some(Command::Down)) => confirm.offset = (confirm.offset + 1).min(last),
            (_, Some(Command::PageUp)) => confirm.offset = confirm.offset.min(last).saturating_sub(page),
            (_, Some(Command::PageDown)) => confirm.offset = (confirm.offset + page).min(last),
            (KeyCode::Char('y'), _) if letter && confirm.waits() => return self.say_yes(),
            (KeyCode::Char('n'), _) if letter => self.overlay = None,
            _ if types => {
                confirm.input.key(key);
            }
            _ => {}
        }
        Vec::new()
    }

    fn say_yes(&mut self) -> Vec<Effect> {
        let Some(Overlay::Confirm(confirm)) = &mut self.overlay else { return Vec::new() };
        // Nobody says yes to what they cannot read.
        if geometry::too_small(self.size) {
            return Vec::new();
        }
        if confirm.typed().is_some_and(|word| confirm.input.text().trim() != word) {
            confirm.is_mistyped = true;
            confirm.offset = 0;
            return Vec::new();
        }
        let Some(plan) = confirm.plan().cloned() else { return Vec::new() };
        confirm.stage = Stage::Doing(plan.clone());
        confirm.offset = 0;
        let (ticket, deed) = (confirm.ticket, confirm.deed.clone());
        // What became read-only while it was asked is not written to.
        if self.is_read_only(&deed.cluster) {
            let fault = Fault::new(
                crate::model::fault::Reason::ReadOnly,
                format!("{}: egret is read-only here now", deed.cluster),
                "Nothing was done.",
            );
            self.on_done(ticket, &deed, Err(fault));
            return Vec::new();
        }
        if let What::Run(run) = deed.what {
            return self.begin_run(*run);
        }
        vec![Effect::Do(ticket, deed, plan)]
    }
}

#[cfg(test)]
mod tests;
