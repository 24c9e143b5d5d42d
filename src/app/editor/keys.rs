//! Keys of the editor: letters are typed, whatever they mean elsewhere; then commands; then what moves and erases in any
//! text.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::Editor;
use super::find::Asking;
use super::motion;
use super::typing::is_beginning_of_key;
use crate::app::command::Command;
use crate::app::effect::Effect;
use crate::app::model::App;
use crate::app::screen::Screen;
use crate::app::text::buffer::{Place, Run};

/// A letter that is typed.
fn letter(key: KeyEvent) -> Option<char> {
    match key.code {
        KeyCode::Char(c) if !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => Some(c),
        _ => None,
    }
}

/// Commands that a text which is too long is still good for.
const OUTSIDE: &[Command] = &[
    Command::EditReview,
    Command::EditOutside,
    Command::EditDiscard,
    Command::EditLeave,
    Command::Help,
    Command::Redraw,
    Command::Quit,
];

impl Editor {
    /// Takes a key, or tells the command that it means.
    pub(super) fn key(&mut self, key: KeyEvent, command: Option<Command>) -> Option<Command> {
        let letter = letter(key);
        let command = command.filter(|_| letter.is_none());
        if matches!(command, Some(Command::Quit | Command::Redraw | Command::Help)) {
            return command;
        }
        if command != Some(Command::EditDiscard) {
            self.discards = false;
        }
        if self.outside.is_some() {
            return command.filter(|command| OUTSIDE.contains(command));
        }
        if self.find.asking.is_some() {
            self.key_below(key, letter);
            return None;
        }
        if self.completion.is_some() && self.key_of_choices(key) {
            return None;
        }
        match (letter, command) {
            (Some(c), _) => self.type_letter(c),
            (None, Some(command)) => {
                self.completion = None;
                return Some(command);
            }
            (None, None) => self.plain_key(key),
        }
        self.complete_again();
        None
    }

    /// A key while something is offered at the cursor; tells whether it was meant for that.
    fn key_of_choices(&mut self, key: KeyEvent) -> bool {
        match key.code {
            _ if !key.modifiers.is_empty() => return false,
            KeyCode::Up => self.choose(-1),
            KeyCode::Down => self.choose(1),
            KeyCode::Enter | KeyCode::Tab => self.take_choice(),
            KeyCode::Esc => self.completion = None,
            _ => return false,
        }
        true
    }

    /// A key while something is typed below the text.
    fn key_below(&mut self, key: KeyEvent, letter: Option<char>) {
        let each = self.find.asking == Some(Asking::Each);
        match (key.code, letter) {
            (KeyCode::Esc, _) => self.stop_asking(),
            (KeyCode::Enter, _) => self.answer(),
            (KeyCode::Up | KeyCode::Down, _) if matches!(self.find.asking, Some(Asking::Find(_))) => {
                self.find_step(key.code == KeyCode::Down);
            }
            (_, Some(c)) if each => self.answer_each(c),
            _ if each => {}
            _ => self.type_below(letter.is_some(), |input| input.key(key)),
        }
    }

    /// What moves and erases in any text.
    fn plain_key(&mut self, key: KeyEvent) {
        let by_word = key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match key.code {
            KeyCode::Enter => self.new_line(),
            KeyCode::Backspace if by_word => self.delete_word(true),
            KeyCode::Delete if by_word => self.delete_word(false),
            KeyCode::Backspace => self.erase(),
            KeyCode::Delete => self.delete(),
            _ => {
                if let Some(motion) = motion::of(key) {
                    self.go(motion, key.modifiers.contains(KeyModifiers::SHIFT));
                }
            }
        }
    }

    /// Whether a command of the text can do anything now, and if not, why.
    pub(in crate::app) fn applies(&self, command: Command) -> Result<(), String> {
        use Command as C;
        let need = |yes: bool, why: &str| if yes { Ok(()) } else { Err(why.to_owned()) };
        match command {
            _ if self.outside.is_some() && !OUTSIDE.contains(&command) => {
                Err("the text is too long to be edited here".to_owned())
            }
            C::EditUndo => need(self.buffer.can_undo(), "nothing was changed"),
            C::EditRedo => need(self.buffer.can_redo(), "nothing was taken back"),
            C::EditFindNext | C::EditFindPrevious => need(self.is_finding(), "nothing is searched"),
            C::EditCopy | C::EditCut => need(self.buffer.selection().is_some(), "nothing is selected"),
            C::EditNextProblem | C::EditPreviousProblem => {
                need(!self.problems.all.is_empty(), "nothing is wrong that could be told from here")
            }
            C::EditPaste => need(!self.register.is_empty(), "nothing was cut or copied here"),
            _ => Ok(()),
        }
    }

    /// Carries out a command of the text alone.
    fn command(&mut self, command: Command) -> Option<Effect> {
        use Command as C;
        match command {
            C::EditUndo => drop(self.buffer.undo()),
            C::EditRedo => drop(self.buffer.redo()),
            C::EditFind => self.ask(Asking::Find(self.buffer.selected().0)),
            C::EditFindNext => self.find_step(true),
            C::EditFindPrevious => self.find_step(false),
            C::EditReplace => self.ask(Asking::Replace),
            C::EditGoTo => self.ask(Asking::GoTo),
            C::EditFold => {
                let at = self.buffer.cursor();
                match self.folds.toggle(self.buffer.lines(), at.line) {
                    Some(head) if head != at.line => self.buffer.move_to(Place::new(head, at.column), false),
                    Some(_) => {}
                    None => self.say("There is no block here."),
                }
            }
            C::EditFoldAll => {
                let depth = self.folds.all(self.buffer.lines());
                let at = self.buffer.cursor();
                let shown = self.folds.shown(at.line);
                if shown != at.line {
                    self.buffer.move_to(Place::new(shown, 0), false);
                }
                self.say(&match depth {
                    0 => "All is open.".to_owned(),
                    depth => format!("Folded at depth {depth}."),
                });
            }
            C::EditUnfold => self.folds.open_all(),
            C::EditIndent => {
                let at = self.buffer.cursor();
                let is_key = is_beginning_of_key(self.buffer.line(at.line), at.column);
                if self.buffer.selection().is_some() || !is_key || !self.complete_key() {
                    self.indent();
                }
            }
            C::EditComplete => {
                self.asks_for_schemas = true;
                self.schemas.ask_again();
                if !self.complete() {
                    self.say("Nothing is known of what may stand here.");
                }
            }
            C::EditNextProblem => self.problem_step(true),
            C::EditPreviousProblem => self.problem_step(false),
            C::EditOutside => return Some(Effect::EditOutside(self.text().into())),
            C::EditUnindent => self.unindent(),
            C::EditComment => self.comment(),
            C::EditLineUp => self.move_lines(false),
            C::EditLineDown => self.move_lines(true),
            C::EditSelectAll => self.buffer.select(Place::default(), Place::new(usize::MAX, usize::MAX)),
            C::EditDeleteLine => self.delete_lines(),
            C::EditDeleteWord => self.delete_word(true),
            C::EditPaste => {
                let text = self.register.clone();
                self.paste(&text);
            }
            C::EditCopy | C::EditCut => {
                let (start, end) = self.buffer.selection()?;
                self.register = self.buffer.between(start, end);
                if command == C::EditCut {
                    self.put("", Run::Alone);
                }
                return Some(Effect::Copy(self.register.clone()));
            }
            _ => {}
        }
        None
    }

    /// Text that was pasted: one step.
    pub(super) fn paste(&mut self, text: &str) {
        match self.find.asking {
            Some(Asking::Each) => {}
            Some(_) => self.type_below(true, |input| {
                input.paste(text);
                true
            }),
            None if self.outside.is_some() => {}
            None => self.put(text, Run::Alone),
        }
    }
}

impl App {
    pub(super) fn editor_mut(&mut self) -> Option<&mut Editor> {
        match self.screen_mut() {
            Screen::Editor(editor) => Some(editor),
            _ => None,
        }
    }

    /// A key in the editor.
    pub(in crate::app) fn editor_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let command = self.press_among_letters(self.focus(), key);
        if self.is_begun() {
            return Vec::new();
        }
        let command = self.editor_mut().and_then(|editor| editor.key(key, command));
        let mut effects = command.map(|command| self.run(command, "")).unwrap_or_default();
        effects.extend(self.editor_changed());
        effects
    }

    /// Text that was pasted into the editor.
    pub(in crate::app) fn editor_paste(&mut self, text: &str) -> Vec<Effect> {
        if let Some(editor) = self.editor_mut() {
            editor.paste(text);
        }
        self.editor_changed()
    }

    /// A command of the editor.
    pub(in crate::app) fn editor_command(&mut self, command: Command) -> Vec<Effect> {
        match command {
            Command::EditReview => self.editor_review(),
            Command::EditLeave => self.editor_leave(),
            Command::EditDiscard => self.editor_discard(),
            _ => {
                let effect = self.editor_mut().and_then(|editor| editor.command(command));
                effect.into_iter().collect()
            }
        }
    }
}
