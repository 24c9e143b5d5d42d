//! Gateways made, changed and deleted with keys alone, at 80×24, on a real control plane.

mod drafts;
mod everyday;
mod secrets;
mod stage;
mod trouble;
mod wizard;
