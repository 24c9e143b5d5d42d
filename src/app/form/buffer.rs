//! What is being typed at one place: a line, or the few lines of a YAML field.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::app::text::Input;

/// Spaces that a tab of a pasted text stands for.
const TAB: &str = "  ";

/// Lines being typed; never none.
#[derive(Clone, Debug)]
pub(super) struct Buffer {
    lines: Vec<Input>,
    at: usize,
    several: bool,
}

impl Default for Buffer {
    fn default() -> Self {
        Self { lines: vec![Input::default()], at: 0, several: false }
    }
}

impl Buffer {
    /// A text, the cursor at its end; of several lines where the field may have such.
    pub(super) fn of(text: &str, several: bool) -> Self {
        if !several {
            return Self { lines: vec![Input::with(text)], at: 0, several };
        }
        let lines: Vec<Input> = text.split('\n').map(Input::with).collect();
        let at = lines.len() - 1;
        Self { lines, at, several }
    }

    /// What is typed.
    pub(super) fn text(&self) -> String {
        let lines: Vec<&str> = self.lines.iter().map(Input::text).collect();
        lines.join("\n")
    }

    /// The lines.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(Input::text)
    }

    /// Line of the cursor, and characters before it.
    pub(super) fn cursor(&self) -> (usize, usize) {
        (self.at, self.lines.get(self.at).map_or(0, Input::cursor))
    }

    /// Takes a key; tells whether the text changed.
    pub(super) fn key(&mut self, key: KeyEvent) -> bool {
        let (at, column) = self.cursor();
        let joins = self.several && at > 0 && column == 0;
        match key.code {
            KeyCode::Enter if self.several => return self.split(),
            KeyCode::Backspace if joins => {
                let (above, this) = (self.lines[at - 1].text().to_owned(), self.lines[at].text().to_owned());
                self.lines.remove(at);
                self.at = at - 1;
                self.lines[self.at] = placed(&format!("{above}{this}"), above.chars().count());
                return true;
            }
            _ => {}
        }
        is_ours(key) && self.lines.get_mut(at).is_some_and(|line| line.key(key))
    }

    /// Moves to another line; tells whether there is one.
    pub(super) fn step(&mut self, by: isize) -> bool {
        let to = self.at.checked_add_signed(by).filter(|to| *to < self.lines.len());
        if let Some(to) = to {
            let column = self.cursor().1;
            let text = self.lines[to].text().to_owned();
            self.lines[to] = placed(&text, column);
            self.at = to;
        }
        to.is_some()
    }

    /// Inserts a text at the cursor.
    pub(super) fn paste(&mut self, text: &str) {
        if !self.several {
            return self.lines[self.at].paste(text);
        }
        for (n, line) in text.replace("\r\n", "\n").split('\n').enumerate() {
            if n > 0 {
                let (before, after) = self.parted();
                self.lines[self.at] = Input::with(&before);
                self.at += 1;
                self.lines.insert(self.at, placed(&after, 0));
            }
            self.lines[self.at].paste(&line.replace('\t', TAB));
        }
    }

    /// The line of the cursor, before and behind it.
    fn parted(&self) -> (String, String) {
        let (at, column) = self.cursor();
        let text = self.lines[at].text();
        let byte = text.char_indices().nth(column).map_or(text.len(), |(byte, _)| byte);
        (text[..byte].to_owned(), text[byte..].to_owned())
    }

    /// A new line, as far in as this one.
    fn split(&mut self) -> bool {
        let (before, after) = self.parted();
        let indent: String = before.chars().take_while(|c| *c == ' ').collect();
        self.lines[self.at] = Input::with(&before);
        self.at += 1;
        self.lines.insert(self.at, placed(&format!("{indent}{after}"), indent.chars().count()));
        true
    }
}

/// A line with so many characters before its cursor.
fn placed(text: &str, column: usize) -> Input {
    let mut input = Input::with(text);
    input.key(KeyEvent::from(KeyCode::Home));
    for _ in 0..column.min(text.chars().count()) {
        input.key(KeyEvent::from(KeyCode::Right));
    }
    input
}

/// Whether a key edits a line: the engine knows others that would make several of it, or undo what is not its own.
fn is_ours(key: KeyEvent) -> bool {
    let plain = (key.modifiers - KeyModifiers::SHIFT).is_empty();
    match key.code {
        KeyCode::Char(c) => {
            plain && !c.is_control()
                || key.modifiers == KeyModifiers::CONTROL && matches!(c, 'u' | 'w' | 'k' | 'a' | 'e')
        }
        KeyCode::Backspace
        | KeyCode::Delete
        | KeyCode::Left
        | KeyCode::Right
        | KeyCode::Home
        | KeyCode::End => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(buffer: &mut Buffer, codes: &[KeyCode]) {
        for code in codes {
            buffer.key(KeyEvent::from(*code));
        }
    }

    #[test]
    fn lines_are_split_with_their_indent_and_joined_again() {
        let mut buffer = Buffer::of("a:\n  b: 1", true);
        keys(&mut buffer, &[KeyCode::Enter, KeyCode::Char('c')]);
        assert_eq!(buffer.text(), "a:\n  b: 1\n  c");
        keys(&mut buffer, &[KeyCode::Home, KeyCode::Backspace]);
        assert_eq!((buffer.text().as_str(), buffer.cursor()), ("a:\n  b: 1  c", (1, 6)));
        assert!(buffer.step(-1) && !buffer.step(-1));
        assert_eq!(buffer.cursor(), (0, 2), "no further than the line goes");
    }

    #[test]
    fn a_pasted_text_keeps_its_lines_where_there_may_be_several() {
        let mut buffer = Buffer::of("xy", true);
        keys(&mut buffer, &[KeyCode::Left]);
        buffer.paste("1\r\n\t2\n3\u{1b}");
        assert_eq!(buffer.text(), "x1\n  2\n3y");
        let mut one = Buffer::of("x", false);
        one.paste("1\n2");
        assert_eq!(one.text(), "x1 2");
    }

    #[test]
    fn no_key_makes_two_lines_of_one() {
        let mut buffer = Buffer::of("ab", false);
        for c in ['m', 'j', 'y', 'h', 'n'] {
            buffer.key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL));
        }
        keys(&mut buffer, &[KeyCode::Enter, KeyCode::Tab]);
        assert_eq!(buffer.text(), "ab");
        assert!(buffer.key(KeyEvent::new(KeyCode::Char('w'), KeyModifiers::CONTROL)));
        assert_eq!(buffer.text(), "");
    }
}
