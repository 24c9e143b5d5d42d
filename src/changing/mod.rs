//! A person's change of an object: found out what it would do, then made, and what became of it when nothing answered.
//!
//! [`check()`] writes nothing: it reads the object as it is now, merges what others changed meanwhile, asks the server for a
//! dry run, and tells what comes of it. [`carry_out()`] makes exactly that change, and only if the object is still the one
//! that was checked. The screens and the verbs use the same two.

use std::collections::BTreeMap;

use serde_json::Value;

mod check;
mod consequences;
mod deletion;
mod make;
mod resolve;
mod wait;

pub use check::check;
pub use make::carry_out;
pub use resolve::address;
pub use wait::{Holding, wait_until_gone};

/// Who owns the fields that a person changes.
pub const MANAGER: &str = "egret-screen";

/// A map of texts in an object; empty where there is none.
fn labels_of(value: &Value) -> BTreeMap<String, String> {
    serde_json::from_value(value.clone()).unwrap_or_default()
}
