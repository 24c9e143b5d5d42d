//! What stands in front of a screen and takes its keys.

use crate::app::command::Command;
use crate::app::text::Input;

/// What stands in front.
#[derive(Debug)]
pub enum Overlay {
    /// The keys that work here.
    Help(Help),
    /// Any command by name.
    Palette(Palette),
    /// One of several.
    Choose(Choose),
}

/// State of the help.
#[derive(Debug, Default)]
pub struct Help {
    /// First shown line.
    pub offset: usize,
}

/// State of the palette.
#[derive(Debug, Default)]
pub struct Palette {
    /// The typed line: a command, then what it takes.
    pub input: Input,
    /// What fits, best first.
    pub entries: Vec<Entry>,
    /// The chosen one.
    pub cursor: usize,
    /// Why the line cannot be carried out.
    pub error: Option<String>,
}

/// One line of the palette: a command, or a value for the command that is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The line that choosing it types.
    pub line: String,
    /// The command.
    pub command: Command,
    /// Whether the line is complete, so that choosing it carries it out.
    pub complete: bool,
    /// What to say beside it.
    pub about: String,
    /// Its key.
    pub key: String,
}

/// State of a choice.
#[derive(Debug)]
pub struct Choose {
    /// What is chosen.
    pub title: &'static str,
    /// The command that takes the choice.
    pub command: Command,
    /// What there is: value, remark.
    pub options: Vec<(String, String)>,
    /// The chosen one.
    pub cursor: usize,
}
