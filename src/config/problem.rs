//! What is wrong with a setting, in words that lead to the place and to what is allowed.

use std::fmt;

pub use crate::model::closest::closest;

/// One thing wrong with the config file or the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line in the file, from 1; `None` for the environment.
    pub line: Option<usize>,
    /// What is wrong, with the key, and what is allowed: one sentence, no trailing stop.
    pub message: String,
}

impl Problem {
    /// A problem at a line of the file.
    pub(super) fn at(line: usize, message: impl Into<String>) -> Self {
        Self { line: Some(line), message: message.into() }
    }

    /// The problem after the name of the file it stands in, as compilers write it.
    pub fn in_file<'a>(&'a self, file: &'a str) -> impl fmt::Display + 'a {
        fmt::from_fn(move |f| match self.line {
            Some(line) => write!(f, "{file}:{line}: {}", self.message),
            None => f.write_str(&self.message),
        })
    }
}

/// `unknown X `word``, with the word that was likely meant, else all that are allowed.
pub(super) fn unknown<'a>(
    what: &str,
    word: &str,
    allowed: impl IntoIterator<Item = &'a str> + Clone,
) -> String {
    match closest(word, allowed.clone()) {
        Some(meant) => format!("unknown {what} `{word}`; did you mean `{meant}`?"),
        None => format!("unknown {what} `{word}`; allowed: {}", list(allowed)),
    }
}

/// Words as prose.
pub(super) fn list<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_leads_to_the_word_and_another_word_to_none() {
        let words = ["contexts", "namespaces", "theme", "read-only"];
        for (typed, meant) in [
            ("context", Some("contexts")),
            ("namespace", Some("namespaces")),
            ("read_only", Some("read-only")),
            ("thmee", Some("theme")),
            ("mouse", None),
            ("", None),
        ] {
            assert_eq!(closest(typed, words), meant, "{typed}");
        }
    }
}
