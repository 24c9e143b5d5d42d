//! Keys of a form, and what comes of them outside it: drafts, completion, the review.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::field::{Kind, Step};
use super::judge::is_turned;
use super::{Form, Purpose};
use crate::app::command::{Command, Scope};
use crate::app::effect::Effect;
use crate::app::model::App;
use crate::app::screen::Screen;
use crate::model::table::Tone;

/// The steps, in the order of their commands.
const STEPS: [(Command, Step); 7] = [
    (Command::Step1, Step::Basics),
    (Command::Step2, Step::Ports),
    (Command::Step3, Step::Capacity),
    (Command::Step4, Step::Placement),
    (Command::Step5, Step::Service),
    (Command::Step6, Step::Pods),
    (Command::Step7, Step::Review),
];

impl Form {
    /// A key that edits what is typed, where something is; tells whether it was one.
    fn edits(&mut self, key: KeyEvent, command: Option<Command>) -> bool {
        let plain = (key.modifiers - KeyModifiers::SHIFT).is_empty();
        let typed = match key.code {
            // What the shell's keys mean to a line, where no command has them.
            KeyCode::Char(_) => plain || (command.is_none() && key.modifiers == KeyModifiers::CONTROL),
            KeyCode::Left | KeyCode::Right | KeyCode::Home | KeyCode::End => true,
            KeyCode::Backspace | KeyCode::Delete => true,
            KeyCode::Enter => matches!(self.spot.kind(), Kind::Yaml) && plain,
            _ => false,
        };
        if !typed || self.step == Step::Review || is_turned(self.spot) {
            return false;
        }
        if self.fixed(self.spot).is_none() {
            self.types(|form| form.buffer.key(key));
        }
        true
    }

    /// Takes a change of what is typed: a row that is not there yet is made for it.
    fn types(&mut self, change: impl FnOnce(&mut Self) -> bool) {
        if self.spot.adds(&self.object) {
            self.add_row();
            // The row and what is typed into it are one step.
            self.typing = true;
        }
        if change(self) {
            self.remember(true);
            self.put();
            self.offer(false);
        }
    }

    /// A key while something is offered; tells whether it was for that.
    fn offered(&mut self, command: Option<Command>) -> bool {
        let Some(popup) = &mut self.popup else { return false };
        let chosen = popup.chosen.and_then(|at| popup.items.get(at)).cloned();
        match (command, chosen) {
            (Some(Command::FieldDown), _) => popup.step(1),
            (Some(Command::FieldUp), Some(_)) => popup.step(-1),
            (Some(Command::LeaveForm), _) => self.popup = None,
            (Some(Command::NextField | Command::EnterField), Some(offer)) => self.take(&offer),
            _ => return false,
        }
        true
    }

    fn take(&mut self, offer: &str) {
        let text = self.taken(offer);
        self.remember(false);
        self.buffer = super::buffer::Buffer::of(&text, false);
        self.put();
        self.popup = None;
    }

    /// A letter on a switch or choice: the next word that begins with it.
    fn jump(&mut self, letter: char) {
        let words = super::value::words(self.spot.kind());
        let begins = |word: &&&str| word.to_lowercase().starts_with(letter.to_ascii_lowercase());
        let now = super::value::read(self.spot, &self.object);
        let at = words.iter().position(|word| *word == now).map_or(0, |at| at + 1);
        let found = words.iter().skip(at).chain(words.iter().take(at)).find(begins).copied();
        if let Some(word) = found.filter(|word| *word != now) {
            self.remember(false);
            // A word of the field is of its kind.
            let _ = super::value::write(self.spot, &mut self.object, word);
            self.changed();
            self.enter(self.spot);
        }
    }

    /// What a command does within the form.
    fn within(&mut self, command: Command, page: usize) {
        use Command as C;
        let steps = STEPS.iter().find(|(c, _)| *c == command);
        match command {
            _ if steps.is_some() => {
                if let Some((_, step)) = steps {
                    self.show_step(*step, false);
                }
            }
            C::NextField => self.step_places(1),
            C::PreviousField => self.step_places(-1),
            C::FieldDown if self.buffer_takes() && self.buffer.step(1) => {}
            C::FieldUp if self.buffer_takes() && self.buffer.step(-1) => {}
            C::FieldDown => self.step_rows(1),
            C::FieldUp => self.step_rows(-1),
            C::NextStep => self.step_steps(1, false),
            C::PreviousStep => self.step_steps(-1, false),
            C::NextValue | C::PreviousValue if self.turns() => {
                self.turn(if command == C::NextValue { 1 } else { -1 });
            }
            C::AddRow => self.add_row(),
            C::RemoveRow => self.remove_row(),
            C::RowUp => self.shift_row(-1),
            C::RowDown => self.shift_row(1),
            C::Offer
                if self.step != Step::Review && !is_turned(self.spot) && self.fixed(self.spot).is_none() =>
            {
                self.offer(true);
            }
            C::Manifest => self.toggled = !self.toggled,
            C::ManifestUp | C::ManifestDown => {
                let at = self.scrolled.unwrap_or(self.page.scroll);
                let by = page.max(1);
                let to = if command == C::ManifestUp { at.saturating_sub(by) } else { at + by };
                self.scrolled = Some(to.min(self.page.scroll_last));
            }
            _ => {}
        }
    }

    fn buffer_takes(&self) -> bool {
        self.step != Step::Review && matches!(self.spot.kind(), Kind::Yaml)
    }

    fn turns(&self) -> bool {
        self.step != Step::Review && is_turned(self.spot) && self.fixed(self.spot).is_none()
    }

    /// Whether the cursor is in a row of a list; without one, whether it is in a list at all.
    fn in_list(&self, row: bool) -> bool {
        self.step != Step::Review && self.spot.row().kind.is_list() && !(row && self.spot.adds(&self.object))
    }
}

impl App {
    pub(super) fn form(&self) -> Option<&Form> {
        match self.screen() {
            Screen::Form(form) => Some(form),
            _ => None,
        }
    }

    pub(super) fn form_mut(&mut self) -> Option<&mut Form> {
        match self.screen_mut() {
            Screen::Form(form) => Some(form),
            _ => None,
        }
    }

    /// Opens a form in front.
    pub fn open_form(&mut self, form: Form) -> Vec<Effect> {
        self.stack.push(Screen::Form(form));
        self.refresh();
        self.open_what_is_needed()
    }

    /// Whether a command of the form can do anything now.
    pub(in crate::app) fn form_applies(&self, command: Command) -> Result<(), String> {
        use Command as C;
        let Some(form) = self.form() else { return Ok(()) };
        let need = |yes: bool, why: &str| if yes { Ok(()) } else { Err(why.to_owned()) };
        match command {
            C::AddRow => need(form.in_list(false), "this field is no list"),
            C::RemoveRow | C::RowUp | C::RowDown => {
                need(form.in_list(true), "the cursor is on no row of a list")
            }
            C::NextStep | C::PreviousStep => need(form.has_steps(), "there is one field only"),
            C::UndoForm => need(!form.past.is_empty(), "nothing was changed"),
            C::RedoForm => need(!form.future.is_empty(), "nothing was taken back"),
            _ => Ok(()),
        }
    }

    /// A key in a form.
    pub(in crate::app) fn form_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let command = self.press_among_letters(&[Scope::Form], key);
        if self.is_begun() {
            return Vec::new();
        }
        let plain = (key.modifiers - KeyModifiers::SHIFT).is_empty();
        let letter = match key.code {
            KeyCode::Char(c) if plain => Some(c),
            _ => None,
        };
        let now = self.now;
        let Some(form) = self.form_mut() else { return Vec::new() };
        let before = form.touch();
        form.discarding &= command == Some(Command::DiscardForm);
        let turned = form.step != Step::Review && is_turned(form.spot);
        let mut effects = Vec::new();
        if form.offered(command) || form.edits(key, command) {
        } else if let Some(letter) = letter.filter(|c| *c != ' ') {
            // A letter is never a command here, whatever it means elsewhere.
            if turned && form.fixed(form.spot).is_none() {
                form.jump(letter);
            }
        } else if let Some(command) = command {
            effects = self.run(command, "");
        }
        effects.extend(self.form_changed(before, now));
        effects.extend(self.learn());
        effects
    }

    /// Text that was pasted into a form.
    pub(in crate::app) fn form_paste(&mut self, text: &str) -> Vec<Effect> {
        let now = self.now;
        let Some(form) = self.form_mut() else { return Vec::new() };
        let before = form.touch();
        let takes = form.step != Step::Review && !is_turned(form.spot) && form.fixed(form.spot).is_none();
        if takes && !text.is_empty() {
            form.types(|form| {
                form.buffer.paste(text);
                true
            });
        }
        self.form_changed(before, now).into_iter().collect()
    }

    /// Keeps the draft when something was changed.
    fn form_changed(&mut self, before: (usize, serde_json::Value), now: jiff::Timestamp) -> Option<Effect> {
        let form = self.form_mut()?;
        if form.touch() == before || !form.touched {
            return None;
        }
        form.draft.changed = now;
        let draft = form.draft.clone();
        self.drafts.retain(|other| other.id != draft.id);
        self.drafts.insert(0, draft.clone());
        Some(Effect::KeepDraft(Box::new(draft)))
    }

    /// What a command of the form does.
    pub(in crate::app) fn form_command(&mut self, command: Command) -> Vec<Effect> {
        use Command as C;
        let page = usize::from(self.areas().body.height / 2);
        match command {
            C::EnterField => return self.enter_field(),
            C::AcceptForm => return self.accept_form(),
            C::AsYaml => return self.form_as_yaml(),
            C::LeaveForm => return self.leave_form(),
            C::DiscardForm => return self.discard_form(),
            C::UndoForm | C::RedoForm => {
                if let Some(form) = self.form_mut() {
                    form.travel(command == C::UndoForm);
                }
            }
            _ => {
                if let Some(form) = self.form_mut() {
                    form.within(command, page);
                }
            }
        }
        Vec::new()
    }

    fn enter_field(&mut self) -> Vec<Effect> {
        let Some(form) = self.form_mut() else { return Vec::new() };
        if form.step == Step::Review {
            return match form.problems.get(form.line) {
                Some(placed) => {
                    let (spot, path) = (placed.spot, placed.problem.path.clone());
                    match spot {
                        Some(spot) => form.go_to(spot),
                        None => {
                            self.say(Tone::Muted, format!("{path} has no field here: it is mended as YAML."))
                        }
                    }
                    Vec::new()
                }
                None => self.accept_form(),
            };
        }
        if form.spot.adds(&form.object) {
            form.add_row();
        } else if matches!(form.purpose, Purpose::Single(_)) && !form.spot.row().kind.is_list() {
            return self.accept_form();
        } else {
            form.step_places(1);
        }
        Vec::new()
    }
}

impl Form {
    /// What tells whether something was changed: texts that are no values too.
    fn touch(&self) -> (usize, serde_json::Value) {
        let pending: usize = self.pending.values().map(|p| p.text.len() + 1).sum();
        (pending, self.object.clone())
    }
}
