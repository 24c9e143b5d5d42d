//! Views that are kept, and the screen as it stands: hold, dump, print.

use super::command::Command;
use super::effect::Effect;
use super::model::App;

impl App {
    /// A command about the screen as a whole.
    pub(super) fn view_command(&mut self, command: Command, argument: &str) -> Vec<Effect> {
        let _ = (command, argument);
        Vec::new()
    }
}
