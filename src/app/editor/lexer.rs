//! What the lexer of lines knows before each line, so that a frame lexes the lines it shows and not those before.

use crate::app::text::buffer::Touched;
use crate::model::yaml::lines::{State, spans};

/// States before lines, as far as they are known.
#[derive(Debug, Default)]
pub(super) struct Lexer {
    states: Vec<State>,
    /// Lines that were lexed to find states.
    #[cfg(test)]
    pub(super) work: usize,
}

impl Lexer {
    /// The state before a line.
    pub(super) fn before(&mut self, lines: &[String], line: usize) -> State {
        if self.states.is_empty() {
            self.states.push(State::default());
        }
        while self.states.len() <= line {
            let at = self.states.len() - 1;
            let mut state = self.states[at];
            spans(lines.get(at).map_or("", String::as_str), &mut state);
            self.states.push(state);
            #[cfg(test)]
            {
                self.work += 1;
            }
        }
        self.states[line]
    }

    /// Lines were edited: what is known of those behind is so no longer.
    pub(super) fn touched(&mut self, touched: Touched) {
        self.states.truncate(touched.line + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_not_lexed_again_and_an_edit_forgets_what_is_behind() {
        let lines: Vec<String> = (0..100)
            .map(|n| format!("k{n}: |\n  x"))
            .flat_map(|t| t.lines().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        let mut lexer = Lexer::default();
        assert!(lexer.before(&lines, 151).is_block());
        assert!(!lexer.before(&lines, 0).is_block());
        assert_eq!(lexer.work, 151);
        lexer.touched(Touched { line: 140, gone: 1, come: 1 });
        assert!(lexer.before(&lines, 151).is_block());
        assert_eq!(lexer.work, 151 + 11);
    }
}
