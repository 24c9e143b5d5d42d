//! Finds out what a change would do. Writes nothing.

use serde_json::Value;

use super::make::{body, collection};
use super::resolve::address;
use super::{MANAGER, consequences, deletion};
use crate::cluster::connect::Connection;
use crate::cluster::write::{self, Address, Meant};
use crate::materialize::change::{Checked, Note, RESTARTED, Refusal, keeper};
use crate::materialize::{Problem, validate};
use crate::model::edit::diff::{changes, is_server_made, visible};
use crate::model::edit::merge::merge;
use crate::model::edit::{Change, Path, Target};
use crate::model::fault::{Fault, Reason};
use crate::model::istio_gateway::IstioGateway;
use crate::model::table::Tone;
use crate::reconcile::Keeper;

/// What a change would do: in the home cluster of `keeper`, and in those that a gateway reaches.
///
/// # Errors
/// Why it cannot be made as it is: each field that is wrong, by egret's own validation or the server's.
pub async fn check(keeper: &Keeper, target: &Target, change: &Change) -> Result<Checked, Refusal> {
    let c = &keeper.clusters.home;
    let at = address(c, target).await?;
    let mut tries = 0;
    let mut checked = loop {
        let live = write::get(c, &at).await?;
        let checked = match change {
            Change::Create { object } => created(c, &at, target, object, live.as_ref()).await,
            Change::Edit { before, after } => edited(c, &at, target, (before, after), live).await,
            Change::Set { uid, fields } => set(c, &at, target, (uid, fields), live).await,
            Change::Delete { object } => return Ok(deletion::check(keeper, target, object, live).await?),
        };
        tries += 1;
        match checked {
            // Between reading it and asking, its controller wrote its status: it is read again.
            Err(refusal) if changed_meanwhile(change, &refusal) && tries < TRIES => {}
            checked => break checked?,
        }
    };
    if checked.clashing.is_none() && !checked.is_idle() {
        consequences::tell(keeper, &mut checked).await;
    }
    Ok(checked)
}

/// How often an object that changes all the time is read anew.
pub(super) const TRIES: usize = 10;

fn changed_meanwhile(change: &Change, refusal: &Refusal) -> bool {
    refusal.fault.reason == Reason::Conflict && !matches!(change, Change::Create { .. })
}

async fn created(
    c: &Connection,
    at: &Address,
    target: &Target,
    object: &Value,
    live: Option<&Value>,
) -> Result<Checked, Refusal> {
    if live.is_some() {
        let summary = format!("{}: {} exists already", c.cluster, target.short());
        let hint = "Give it another name, or open that one and edit it.";
        let fault = Fault::new(Reason::Conflict, summary, hint);
        let fields = vec![(Path::default().field("metadata").field("name"), "taken".into())];
        return Err(Refusal { fault, fields });
    }
    let notes = valid(c, target, object)?;
    let mut checked = Checked::new(target.clone(), Change::Create { object: object.clone() });
    checked.notes = notes;
    match write::create_as(c, &collection(at), object, MANAGER, Meant::DryRun).await {
        Ok(stored) => {
            checked.changed = changes(&Value::Null, &visible(&stored));
            checked.stored = Some(stored);
        }
        Err(fault) => checked.unchecked = Some(not_checked(fault)?),
    }
    Ok(checked)
}

async fn edited(
    c: &Connection,
    at: &Address,
    target: &Target,
    (before, after): (&Value, &Value),
    live: Option<Value>,
) -> Result<Checked, Refusal> {
    let gone = |why: &str| {
        let summary = format!("{}: {} {why} since you opened it", c.cluster, target.short());
        Fault::new(Reason::Missing, summary, "Your text is kept: `:new-from-yaml` makes it anew from there.")
    };
    let Some(live) = live else { return Err(gone("was deleted").into()) };
    if live["metadata"]["uid"] != before["metadata"]["uid"] {
        return Err(gone("was deleted and made again, so it is another one").into());
    }
    let merged = merge(before, after, &live);
    let mut checked =
        Checked::new(target.clone(), Change::Edit { before: live.clone(), after: merged.value.clone() });
    checked.kept = keeper(&live);
    checked.meanwhile =
        merged.theirs.iter().filter(|changed| !is_server_made(&changed.path)).cloned().collect();
    if !merged.clashes.is_empty() {
        checked.clashing = Some(Box::new(merged));
        return Ok(checked);
    }
    stored(c, at, checked, &live, &merged.value).await
}

/// Fields of an object that nobody opened before: it is changed as it is now.
async fn set(
    c: &Connection,
    at: &Address,
    target: &Target,
    (uid, fields): (&str, &[(Path, Option<Value>)]),
    live: Option<Value>,
) -> Result<Checked, Refusal> {
    let live = live.filter(|live| live["metadata"]["uid"] == *uid);
    let live = live.ok_or_else(|| {
        let summary = format!("{}: {} is gone, or another one has its name now", c.cluster, target.short());
        Fault::new(Reason::Missing, summary, "Look at the table again.")
    })?;
    let mut after = live.clone();
    fields.iter().for_each(|(path, value)| path.set(&mut after, value.clone()));
    let mut checked =
        Checked::new(target.clone(), Change::Edit { before: live.clone(), after: after.clone() });
    // A restart is nothing that anybody puts back.
    let restarts = |(path, _): &(Path, Option<Value>)| path.to_string().contains(RESTARTED);
    checked.kept = keeper(&live).filter(|_| !fields.iter().all(restarts));
    stored(c, at, checked, &live, &after).await
}

/// Asks the server what it would store.
async fn stored(
    c: &Connection,
    at: &Address,
    mut checked: Checked,
    live: &Value,
    after: &Value,
) -> Result<Checked, Refusal> {
    let wished = changes(live, after);
    if wished.iter().all(|changed| is_server_made(&changed.path)) {
        return Ok(checked);
    }
    checked.notes = valid(c, &checked.target, after)?;
    if !live["metadata"]["deletionTimestamp"].is_null() {
        checked.notes.push(Note::new(Tone::Warn, "It is being deleted: what is changed now goes with it"));
    }
    match write::merge_as(c, at, "", &body(live, after), MANAGER, Meant::DryRun).await {
        Ok(stored) => {
            checked.changed = changes(&visible(live), &visible(&stored));
            checked.stored = Some(stored);
        }
        Err(fault) => {
            checked.unchecked = Some(not_checked(fault)?);
            checked.changed = wished.into_iter().filter(|changed| !is_server_made(&changed.path)).collect();
        }
    }
    Ok(checked)
}

/// What egret itself has to say of a gateway, before the server is asked: what is wrong refuses the change.
fn valid(c: &Connection, target: &Target, object: &Value) -> Result<Vec<Note>, Refusal> {
    if target.kind != "IstioGateway" {
        return Ok(Vec::new());
    }
    let wrong =
        |why: &str| Fault::new(Reason::Invalid, format!("{}: {}: {why}", c.cluster, target.short()), "");
    let gateway = IstioGateway::read(object).map_err(|why| wrong(&why.to_string()))?;
    let (errors, told): (Vec<Problem>, Vec<Problem>) =
        validate(&gateway).into_iter().partition(Problem::is_error);
    if errors.is_empty() {
        return Ok(told.into_iter().map(|problem| Note::new(Tone::Plain, problem.to_string())).collect());
    }
    let words: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let fields = errors.iter().filter_map(|p| Some((p.path.parse().ok()?, p.why.clone()))).collect();
    Err(Refusal { fault: wrong(&words.join("; ")), fields })
}

/// A webhook that has side effects cannot be asked for a dry run: that is no refusal (R22).
fn not_checked(fault: Fault) -> Result<String, Refusal> {
    let said = fault.summary.to_lowercase();
    if said.contains("dry run") || said.contains("dryrun") {
        return Ok(fault.summary);
    }
    Err(fault.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_that_cannot_be_asked_for_a_dry_run_is_told_and_is_no_refusal() {
        let said =
            "prod: change Deployment ns/a: admission webhook \"w.example.com\" does not support dry run";
        let fault = |reason, summary: &str| Fault::new(reason, summary, "");
        assert_eq!(not_checked(fault(Reason::Invalid, said)), Ok(said.to_owned()));
        let refused =
            not_checked(fault(Reason::Invalid, "prod: admission webhook \"w\" denied the request: no"));
        assert!(refused.is_err(), "what a webhook refuses is refused");
    }
}
