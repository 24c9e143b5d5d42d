//! Typed text: one line of it here, many in [`buffer`]. The only place that touches the text area's engine, which is
//! never drawn.

pub mod buffer;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_textarea::{CursorMove, TextArea};

/// A line being typed, with the usual editing keys.
#[derive(Clone, Debug, Default)]
pub struct Input {
    area: TextArea<'static>,
}

impl Input {
    /// A line that already holds `text`, the cursor behind it.
    pub fn with(text: &str) -> Self {
        let mut input = Self::default();
        input.paste(text);
        input
    }

    /// What is typed.
    pub fn text(&self) -> &str {
        self.area.lines().first().map_or("", String::as_str)
    }

    /// Characters before the cursor.
    pub fn cursor(&self) -> usize {
        self.area.cursor().1
    }

    /// Takes a key; tells whether the text changed. Enter, Esc, Tab and vertical keys are the owner's.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        let owners = matches!(
            key.code,
            KeyCode::Enter | KeyCode::Esc | KeyCode::Tab | KeyCode::BackTab | KeyCode::Up | KeyCode::Down
        );
        // The engine's own meaning of it is undo; shells have taught people this one.
        if key.code == KeyCode::Char('u') && key.modifiers == KeyModifiers::CONTROL {
            return self.area.delete_line_by_head();
        }
        !owners && self.area.input(key)
    }

    /// Inserts text at the cursor, as one line: line ends become spaces, other control characters go.
    pub fn paste(&mut self, text: &str) {
        let line: String = text
            .chars()
            .map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c })
            .filter(|c| !c.is_control())
            .collect();
        self.area.insert_str(line);
    }

    /// Replaces everything.
    pub fn set(&mut self, text: &str) {
        *self = Self::with(text);
        self.area.move_cursor(CursorMove::End);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_text_stays_one_line_without_control_characters() {
        let mut input = Input::with("a");
        input.paste("b\nc\x1b[2Jd");
        assert_eq!(input.text(), "ab c[2Jd");
        assert_eq!(input.cursor(), 8);
    }

    #[test]
    fn ctrl_u_deletes_to_the_beginning_as_in_a_shell() {
        let mut input = Input::with("one two");
        assert!(input.key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL)));
        assert_eq!(input.text(), "");
    }

    #[test]
    fn enter_and_esc_are_left_to_the_owner() {
        let mut input = Input::with("x");
        assert!(!input.key(KeyEvent::from(KeyCode::Enter)));
        assert!(!input.key(KeyEvent::from(KeyCode::Esc)));
        assert!(input.key(KeyEvent::from(KeyCode::Char('y'))));
        assert_eq!(input.text(), "xy");
    }
}
