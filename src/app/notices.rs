//! What happened while one looked elsewhere.

use super::effect::Effect;
use super::model::App;

impl App {
    /// The list of notices.
    pub(super) fn open_notices(&mut self) -> Vec<Effect> {
        Vec::new()
    }
}
