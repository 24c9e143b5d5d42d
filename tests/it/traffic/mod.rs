//! Traffic through a real Envoy behind a real control plane, found again by who reads it: a known load, and exactly that.

mod captures;
mod reading;
mod screens;
mod site;
mod trouble;
mod verbs;
