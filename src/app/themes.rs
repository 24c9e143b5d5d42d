//! The theme, tried as one goes.

use super::effect::Effect;
use super::model::App;

impl App {
    /// Another theme, or the list of them.
    pub(super) fn theme_command(&mut self, argument: &str) -> Vec<Effect> {
        self.set_theme(argument);
        Vec::new()
    }
}
