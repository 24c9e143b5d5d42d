//! Which columns a table has.

use super::effect::Effect;
use super::model::App;

impl App {
    /// The columns of the table in front.
    pub(super) fn columns_command(&mut self, argument: &str) -> Vec<Effect> {
        let _ = argument;
        Vec::new()
    }
}
