//! The TUI on a real terminal: the loop, effects, the terminal itself.
#![allow(clippy::disallowed_methods, reason = "the runtime is where the clock is read")]

pub mod clipboard;
pub mod terminal;
