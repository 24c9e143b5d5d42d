//! The mouse, where it is asked for.

use super::effect::Effect;
use super::model::App;

impl App {
    /// Takes the mouse, or leaves it to the terminal.
    pub(super) fn toggle_mouse(&mut self) -> Vec<Effect> {
        Vec::new()
    }
}
