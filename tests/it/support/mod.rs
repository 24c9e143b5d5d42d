//! What the tests stand on.
#![allow(unreachable_pub, reason = "`pub` says what tests may use")]
#![allow(dead_code, reason = "the benchmark uses parts of it that no test does")]
#![allow(clippy::disallowed_methods, reason = "the clock rule is for the pure modules of the product")]

pub mod demo;
pub mod escapes;
pub mod look;
pub mod openapi;
pub mod pictures;
pub mod place;
pub mod plane;
pub mod pty;
pub mod session;
pub mod slow;
