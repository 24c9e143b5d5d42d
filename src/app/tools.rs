//! Tools for pods and Services: port-forwards, shells, restarts, the node.

use super::command::Command;
use super::effect::Effect;
use super::model::App;

impl App {
    /// A command about a pod or a Service.
    pub(super) fn pod_command(&mut self, command: Command, argument: &str) -> Vec<Effect> {
        let _ = (command, argument);
        Vec::new()
    }
}
