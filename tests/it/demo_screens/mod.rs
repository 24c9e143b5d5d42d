//! The demo's screens, in this process: what they show, and that they are the same in every run.

mod arrival;
mod faults;
mod keeping;
mod old;
mod pictures;
mod same;
mod sizes;
mod story;
mod tour;
