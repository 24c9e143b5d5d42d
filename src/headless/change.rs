//! What `apply` and `delete` have in common: the cluster they change, what they tell beforehand, and how they ask.

use std::io;

use super::confirm::{Answer, ask};
use super::mesh::{self, Mesh};
use super::{Outcome, Streams};
use crate::cli::{Agreement, Globals};
use crate::cluster::connect::Connection;
use crate::cluster::read_only::ReadOnly;
use crate::config::{Namespaces, Settings};
use crate::materialize::change::{Checked, Refusal};
use crate::model::clean::clean;
use crate::model::edit::Change;
use crate::model::fault::{Fault, Reason};
use crate::reconcile::Keeper;

/// The cluster that is changed.
pub(super) struct Place {
    pub(super) keeper: Keeper,
    /// Where what names no namespace is.
    pub(super) namespace: String,
    pub(super) is_production: bool,
}

impl Place {
    /// Opens the one chosen cluster. A dry run is a write too: where nothing may be written nothing is found out either.
    pub(super) async fn open(
        verb: &'static str,
        settings: &Settings,
        globals: &Globals,
    ) -> Result<Self, Fault> {
        if !matches!(&settings.namespaces.value, Namespaces::Named(names) if names.len() == 1) {
            let hint = "Name it with --namespace.";
            return Err(Fault::new(Reason::Invalid, format!("{verb} needs one namespace"), hint));
        }
        let opened = mesh::open(None, settings, globals, (verb, ReadOnly::new(false))).await?;
        let Mesh { clusters, clock, namespace } = opened;
        let context = clusters.home.cluster.clone();
        if settings.read_only.value || clusters.home.read_only.is_on() {
            let summary = format!("{context}: {verb} writes, and egret is read-only here");
            let hint = "Not even a dry run leaves egret then.";
            return Err(Fault::new(Reason::ReadOnly, summary, hint));
        }
        let is_production = settings.production_in(context.as_str());
        Ok(Self { keeper: Keeper::new(clusters, clock), namespace, is_production })
    }

    pub(super) fn c(&self) -> &Connection {
        &self.keeper.clusters.home
    }

    /// Says which cluster it is: never a doubt.
    pub(super) fn name(&self, streams: &mut Streams<'_>) -> io::Result<()> {
        let c = self.c();
        let production = if self.is_production { ", production" } else { "" };
        writeln!(streams.out, "context {} ({}){production}", c.cluster, c.server)
    }
}

/// What a change would do, line by line.
pub(super) fn told(checked: &Checked) -> Vec<String> {
    let word = match &checked.change {
        Change::Create { .. } => "create",
        Change::Delete { .. } => "delete",
        _ if checked.is_idle() => "unchanged",
        _ => "change",
    };
    let mut lines = vec![format!("{word:<10} {}", checked.target.short())];
    if matches!(checked.change, Change::Edit { .. }) {
        lines.extend(checked.changed.iter().map(|changed| format!("             {}", changed.in_words())));
    }
    if let Some(why) = &checked.unchecked {
        lines.push(format!("  not checked by the server: {why}"));
    }
    if !checked.is_idle() {
        lines.extend(checked.kept.iter().map(|kept| format!("  {}", kept.in_words())));
    }
    lines.extend(checked.notes.iter().map(|note| format!("  {}", note.text)));
    lines.into_iter().map(|line| clean(&line).into_owned()).collect()
}

/// Why a change cannot be made.
pub(super) fn refused(refusal: &Refusal, streams: &mut Streams<'_>) -> io::Result<Outcome> {
    streams.fails(&refusal.fault)
}

/// Asks whether it shall be done; `None`: it shall. `word` is what has to be typed where a yes is not enough.
pub(super) fn agreed(
    question: &str,
    word: Option<&str>,
    agreement: &Agreement,
    may_ask: bool,
    streams: &mut Streams<'_>,
) -> io::Result<Option<Outcome>> {
    let say = |streams: &mut Streams<'_>, why: &str, outcome| {
        streams.complain(format!("nothing was done{why}"))?;
        Ok(Some(outcome))
    };
    match (word, &agreement.confirm) {
        (None, _) if agreement.yes => return Ok(None),
        (Some(word), Some(given)) if given == word => return Ok(None),
        (Some(word), Some(given)) => {
            let why = format!(": --confirm says {given}, and {word} is asked for");
            return say(streams, &why, Outcome::Usage);
        }
        _ => {}
    }
    let answer = if may_ask { ask(question, word.unwrap_or("y"), streams)? } else { Answer::Nobody };
    match (answer, word) {
        (Answer::Given, _) => Ok(None),
        (Answer::Refused, Some(word)) => {
            say(streams, &format!(": {word} was asked for, and something else typed"), Outcome::Failed)
        }
        (Answer::Refused, None) => say(streams, "", Outcome::Failed),
        (Answer::Nobody, Some(word)) => {
            let why = format!(": there is no terminal to ask on; --confirm {word} says it beforehand");
            say(streams, &why, Outcome::Usage)
        }
        (Answer::Nobody, None) => {
            say(streams, ": there is no terminal to ask on; --yes says it beforehand", Outcome::Usage)
        }
    }
}
