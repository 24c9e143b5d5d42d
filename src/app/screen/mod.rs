//! The screens, each a state that `update` changes and `ui` draws.

pub mod details;
pub mod facts;
pub mod fleet;
pub mod logs;
pub mod pane;
pub mod table;
pub mod text;

use super::editor::Editor;
use super::form::Form;
use super::review::Review;

pub use details::{Details, DetailsOf, Tab};
pub use fleet::FleetScreen;
pub use logs::Logs;
pub use table::Table;
pub use text::TextView;

/// What is on the screen, and below it on the stack of where the person came from.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "a handful of them exist")]
pub enum Screen {
    /// One of the four top tables.
    Table(Table),
    /// Tiles of all gateways.
    Fleet(FleetScreen),
    /// A gateway, a Service, a pod.
    Details(Details),
    /// Logs.
    Logs(Logs),
    /// YAML that is being changed.
    Editor(Editor),
    /// A form that is being filled in: the wizard, or one parameter.
    Form(Form),
    /// What changes would do, before and while they are made.
    Review(Review),
}
