//! The TUI as a state machine: messages in, state changed, effects out. Draws nothing, waits for nothing.

pub mod command;
pub mod content;
pub mod dispatch;
pub mod effect;
pub mod geometry;
pub mod keymap;
pub mod model;
pub mod msg;
pub mod navigate;
pub mod open;
pub mod overlay;
pub mod paint;
pub mod palette;
pub mod screen;
pub mod status;
pub mod text;
pub mod tour;
pub mod update;

pub use command::Command;
pub use effect::Effect;
pub use model::{App, Settings};
pub use msg::Msg;
pub use update::update;
