//! The TUI as a state machine: messages in, state changed, effects out. Draws nothing, waits for nothing.

pub mod begin;
pub mod command;
pub mod confirm;
pub mod content;
pub mod deed;
pub mod deeds;
pub mod dispatch;
pub mod editor;
pub mod effect;
pub mod form;
pub mod geometry;
pub mod keeping;
pub mod keymap;
pub mod model;
pub mod msg;
pub mod navigate;
pub mod open;
pub mod overlay;
pub mod paint;
pub mod palette;
pub mod picking;
pub mod plans;
pub mod review;
pub mod screen;
pub mod standing;
pub mod status;
pub mod text;
pub mod tour;
pub mod update;
pub mod writing;

pub use command::Command;
pub use effect::Effect;
pub use model::{App, Settings};
pub use msg::Msg;
pub use update::update;
