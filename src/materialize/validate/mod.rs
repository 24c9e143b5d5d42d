//! What is wrong with a gateway: everything at once, each with its field, why, and what would be right.
//!
//! The one validation of egret: the wizard, the editor, `egret render` and the reconciler use it, whatever the served
//! CRD lets pass (R25). It judges what the gateway becomes in each cluster, its overrides merged in.

mod metadata;
mod pods;
mod ports;
mod proxy;
mod scaling;
mod words;

use std::fmt;

use serde::Serialize;

use crate::model::istio_gateway::{GatewayConfiguration, IstioGateway};

/// How much a problem matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Severity {
    /// Nothing is written before it is mended.
    Error,
    /// It is done, and not what somebody may expect.
    Note,
}

/// Something wrong with a gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// How much it matters.
    pub severity: Severity,
    /// The field, from the top of the object: `spec.ports[1].port`.
    pub path: String,
    /// What is wrong with it, in a sentence without a stop.
    pub why: String,
    /// What would be right; empty where that goes without saying.
    pub example: String,
}

impl Problem {
    /// A problem that keeps everything from being written.
    pub fn error(path: impl Into<String>, why: impl Into<String>, example: impl Into<String>) -> Self {
        Self { severity: Severity::Error, path: path.into(), why: why.into(), example: example.into() }
    }

    /// Whether nothing may be written for it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.why)?;
        if !self.example.is_empty() {
            write!(f, " ({})", self.example)?;
        }
        Ok(())
    }
}

/// All problems of a gateway, errors first; none that is an error means it can be built.
pub fn validate(gateway: &IstioGateway) -> Vec<Problem> {
    let mut found = Found { problems: Vec::new(), prefix: String::new() };
    metadata::check(gateway, &mut found);
    for part in gateway.unread() {
        found.error(&part.path.clone(), &part.to_string()[part.path.len() + 2..], "remove it or mend it");
    }
    found.within("spec.", |found| block(gateway, &gateway.spec.configuration, found));
    overrides(gateway, &mut found);
    let mut problems = found.problems;
    problems.sort_by_key(|problem| problem.severity);
    problems
}

/// What a gateway becomes where an override holds. What is wrong with `spec` already is not told again.
fn overrides(gateway: &IstioGateway, found: &mut Found) {
    let known: Vec<(String, String)> = found
        .problems
        .iter()
        .filter_map(|p| Some((p.path.strip_prefix("spec.")?.to_owned(), p.why.clone())))
        .collect();
    for id in gateway.spec.overrides.iter().flatten().map(|(id, _)| id) {
        let mut inner = Found { problems: Vec::new(), prefix: String::new() };
        block(gateway, &gateway.spec.effective(Some(id)), &mut inner);
        let new = inner.problems.into_iter().filter(|p| !known.contains(&(p.path.clone(), p.why.clone())));
        found.problems.extend(new.map(|p| Problem { path: format!("spec.overrides[{id}].{}", p.path), ..p }));
    }
}

/// The block that `spec` and every override hold.
fn block(gateway: &IstioGateway, c: &GatewayConfiguration, found: &mut Found) {
    scaling::check(gateway, c, found);
    ports::check(gateway, c, found);
    pods::check(c, found);
    proxy::check(gateway, c, found);
}

/// What was found so far.
struct Found {
    problems: Vec<Problem>,
    prefix: String,
}

impl Found {
    fn error(&mut self, path: &str, why: impl Into<String>, example: impl Into<String>) {
        self.add(Severity::Error, path, why.into(), example.into());
    }

    fn note(&mut self, path: &str, why: impl Into<String>, example: impl Into<String>) {
        self.add(Severity::Note, path, why.into(), example.into());
    }

    fn add(&mut self, severity: Severity, path: &str, why: String, example: String) {
        self.problems.push(Problem { severity, path: format!("{}{path}", self.prefix), why, example });
    }

    /// Finds more, with paths below a prefix.
    fn within(&mut self, prefix: &str, find: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.prefix, prefix.to_owned());
        self.prefix.insert_str(0, &outer);
        find(self);
        self.prefix = outer;
    }

    /// A word of a closed set; `Other` carries what it is not.
    fn word(&mut self, path: &str, word: Option<&str>, known: &[&str]) {
        if let Some(word) = word.filter(|word| !known.contains(word)) {
            self.error(
                path,
                format!("{word:?} is none of the known words"),
                format!("one of {}", known.join(", ")),
            );
        }
    }

    /// A number within bounds.
    fn range(&mut self, path: &str, number: Option<u32>, least: u32, most: u32) {
        if let Some(number) = number.filter(|n| !(least..=most).contains(n)) {
            let why = format!("{number} is not from {least} to {most}");
            self.error(path, why, format!("{}", number.clamp(least, most)));
        }
    }
}

#[cfg(test)]
mod tests;
