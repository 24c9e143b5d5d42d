//! The contexts of the kubeconfig: open, close, groups.

use super::effect::Effect;
use super::model::App;

impl App {
    /// The list of contexts.
    pub(super) fn open_contexts(&mut self) -> Vec<Effect> {
        Vec::new()
    }
}
