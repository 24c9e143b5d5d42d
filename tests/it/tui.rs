//! What a person does with egret, key by key, on a real control plane.
#![allow(clippy::disallowed_methods, reason = "tests measure time")]

mod browse;
mod changing;
mod clusters;
mod columns;
mod copy;
mod keeping;
mod logs;
mod palette;
mod tables;
mod users;

use crate::support::place::Place;
