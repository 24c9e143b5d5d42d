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

fn sentence(text: &str) -> String {
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
        let letter = matches!(key.code, KeyCode::Char(_)) && !key.modifiers.contains(KeyModifiers::CONTROL);
        match (key.code, command) {
            (KeyCode::Enter, _) if types => return self.say_yes(),
            // What is typed is typed, whatever else the key means.
            _ if types && (letter || matches!(key.code, KeyCode::Backspace)) => {
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
        vec![Effect::Do(ticket, deed, plan)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::deed::Named;
    use crate::app::keymap::Keymap;
    use crate::app::{Msg, Settings, update};
    use crate::model::fault::Reason;
    use crate::model::table::TableKind;

    fn app() -> App {
        let clusters = vec!["prod".into()];
        App::new(
            Settings::default(),
            Keymap::default(),
            clusters,
            TableKind::Clusters,
            jiff::Timestamp::UNIX_EPOCH,
        )
    }

    fn named() -> Named {
        Named { namespace: "ns".into(), name: "out".into() }
    }

    fn deed(what: What) -> Deed {
        Deed { cluster: "prod".into(), what }
    }

    fn press(app: &mut App, code: KeyCode) -> Vec<Effect> {
        update(app, Msg::Key(KeyEvent::from(code)))
    }

    fn write(app: &mut App, text: &str) -> Vec<Effect> {
        text.chars().flat_map(|c| press(app, KeyCode::Char(c))).collect()
    }

    /// Asks, and answers with a plan.
    fn asked(app: &mut App, what: What) -> Ticket {
        let effects = app.ask(deed(what));
        let [Effect::Plan(ticket, _)] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!(write(app, "yyy"), [], "what is typed ahead of the plan says yes to nothing");
        let plan = Arc::new(Plan::told(Vec::new()));
        assert_eq!(update(app, Msg::Planned(*ticket, Ok(plan))), []);
        *ticket
    }

    fn does(effects: &[Effect]) -> bool {
        matches!(effects, [Effect::Do(_, deed, _)] if deed.cluster == "prod".into())
    }

    #[test]
    fn only_what_changes_nothing_anybody_would_miss_is_done_without_a_question() {
        let all = [
            What::Pause(named()),
            What::Resume(named()),
            What::Roll(named()),
            What::Release(named()),
            What::Forget(named(), "id".into()),
            What::Adopt { deployment: named(), service: None, direction: "egress" },
            What::Install,
            What::Keep,
            What::StopKeeping,
        ];
        for what in all {
            assert!(matches!(app().ask(deed(what.clone())).as_slice(), [Effect::Plan(..)]), "{what:?}");
        }
        assert!(does(&app().ask(deed(What::ReconcileNow(named())))));
    }

    #[test]
    fn a_yes_counts_once_and_only_after_the_plan() {
        let mut app = app();
        let ticket = asked(&mut app, What::Pause(named()));
        assert_eq!(press(&mut app, KeyCode::Enter), [], "Enter is no yes where nothing is typed");
        assert!(does(&press(&mut app, KeyCode::Char('y'))));
        assert_eq!(press(&mut app, KeyCode::Char('y')), [], "it is being done");
        let fault = Fault::new(Reason::Conflict, "prod: it changed", "Look again.");
        let failed = Msg::Done(ticket, Box::new(deed(What::Pause(named()))), Err(fault));
        assert_eq!(update(&mut app, failed), []);
        assert!(does(&press(&mut app, KeyCode::Char('y'))), "what failed may be tried again");
        let done = Msg::Done(ticket, Box::new(deed(What::Pause(named()))), Ok("done".into()));
        assert_eq!(update(&mut app, done), []);
        assert!(app.overlay.is_none());
    }

    #[test]
    fn a_name_that_has_to_be_typed_is_typed_in_full() {
        let mut app = app();
        asked(&mut app, What::Release(named()));
        assert_eq!(write(&mut app, "ou"), []);
        assert_eq!(press(&mut app, KeyCode::Enter), []);
        assert_eq!(write(&mut app, "y"), []);
        assert_eq!(press(&mut app, KeyCode::Enter), [], "ouy is another name");
        press(&mut app, KeyCode::Backspace);
        assert_eq!(write(&mut app, "t"), []);
        assert!(does(&press(&mut app, KeyCode::Enter)));
    }

    fn told(app: &App) -> String {
        let Some(Overlay::Confirm(confirm)) = &app.overlay else { return String::new() };
        let lines = ConfirmPage::new(confirm, app).lines;
        lines.iter().flatten().map(|piece| piece.text.to_string() + " ").collect()
    }

    #[test]
    fn a_wrong_name_is_answered_with_the_right_one_until_something_else_is_typed() {
        let mut app = app();
        asked(&mut app, What::Release(named()));
        assert!(!told(&app).contains("has to be typed"));
        assert_eq!(press(&mut app, KeyCode::Enter), []);
        assert!(told(&app).contains("out has to be typed here first."), "{}", told(&app));
        assert_eq!(write(&mut app, "oups"), []);
        assert!(!told(&app).contains("has to be typed"));
        assert_eq!(press(&mut app, KeyCode::Enter), []);
        assert!(told(&app).contains("out has to be typed here, and this is not it."), "{}", told(&app));
    }

    #[test]
    fn in_production_everything_that_changes_something_is_typed_and_nothing_is_done_unasked() {
        let all = [
            (What::ReconcileNow(named()), "out"),
            (What::Pause(named()), "out"),
            (What::Resume(named()), "out"),
            (What::Roll(named()), "out"),
            (What::Statistics(named()), "out"),
            (What::Release(named()), "out"),
            (What::Forget(named(), "id".into()), "id"),
            (What::Adopt { deployment: named(), service: None, direction: "egress" }, "out"),
            (What::Install, "prod"),
            (What::Keep, "prod"),
            (What::StopKeeping, "prod"),
        ];
        for (what, word) in all {
            let mut app = app();
            app.settings.production.insert("prod".into());
            asked(&mut app, what.clone());
            assert!(told(&app).contains("This is production."), "{what:?}");
            assert_eq!(write(&mut app, "y"), [], "{what:?}");
            assert_eq!(press(&mut app, KeyCode::Enter), [], "{what:?}");
            press(&mut app, KeyCode::Backspace);
            assert_eq!(write(&mut app, word), [], "{what:?}");
            assert!(does(&press(&mut app, KeyCode::Enter)), "{what:?}");
        }
    }

    #[test]
    fn a_standing_wish_to_keep_production_is_asked_though_it_would_change_nothing() {
        for (is_production, asks) in [(false, false), (true, true)] {
            let mut app = app();
            if is_production {
                app.settings.production.insert("prod".into());
            }
            let effects = app.ask(deed(What::Keep));
            let [Effect::Plan(ticket, _)] = effects.as_slice() else { panic!("{effects:?}") };
            let Some(Overlay::Confirm(confirm)) = &mut app.overlay else { panic!("it is asked") };
            confirm.is_standing_wish = true;
            let plan = Plan { is_idle: true, ..Plan::told(Vec::new()) };
            let effects = update(&mut app, Msg::Planned(*ticket, Ok(Arc::new(plan))));
            assert_eq!(effects.is_empty(), asks);
            assert!(!told(&app).contains("has to be typed"), "nobody typed anything yet");
        }
    }

    #[test]
    fn nobody_says_yes_to_what_is_not_to_be_read_or_to_what_is_read_only_meanwhile() {
        let mut app = app();
        asked(&mut app, What::Keep);
        app.size = (40, 12);
        assert_eq!(press(&mut app, KeyCode::Char('y')), []);
        app.size = (80, 24);
        app.settings.read_only = true;
        assert_eq!(press(&mut app, KeyCode::Char('y')), []);
        let Some(Overlay::Confirm(confirm)) = &app.overlay else { panic!("it is told") };
        assert!(matches!(&confirm.stage, Stage::Failed(_, fault) if fault.reason == Reason::ReadOnly));
    }

    #[test]
    fn answers_to_a_question_that_was_closed_change_nothing_and_failures_are_still_told() {
        let mut app = app();
        let old = asked(&mut app, What::Install);
        press(&mut app, KeyCode::Esc);
        let new = asked(&mut app, What::Keep);
        assert_ne!(old, new);
        let fault = || Fault::new(Reason::Denied, "prod: no right", "Ask for it.");
        assert_eq!(update(&mut app, Msg::Planned(old, Err(fault()))), []);
        assert!(matches!(&app.overlay, Some(Overlay::Confirm(confirm)) if confirm.waits()));
        assert_eq!(update(&mut app, Msg::Done(old, Box::new(deed(What::Install)), Err(fault()))), []);
        let said = app.notice.unwrap().text;
        assert_eq!(said, "Could not install the CRD of IstioGateway: prod: no right. Ask for it.");
    }
}
