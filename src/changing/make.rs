//! Makes a change that was checked.

use serde_json::{Value, json};

use super::MANAGER;
use super::check::TRIES;
use super::resolve::address;
use crate::cluster::connect::Connection;
use crate::cluster::write::{self, Address, Meant};
use crate::materialize::change::{Checked, Made};
use crate::model::edit::Change;
use crate::model::edit::diff::{changes, visible};
use crate::model::edit::patch::{apply_merge_patch, merge_patch};
use crate::model::fault::{Fault, Reason};

/// What an edit sends: the changed fields, and which object, in which state, they are of.
pub(super) fn body(before: &Value, after: &Value) -> Value {
    let mut patch = merge_patch(before, after);
    let metadata = &before["metadata"];
    for field in ["uid", "resourceVersion"] {
        patch["metadata"][field] = metadata[field].clone();
    }
    patch
}

/// Makes the change, if the object is still the one that was checked. When the server does not answer, the object is
/// read again: what was done all the same is told as done.
///
/// # Errors
/// When the server refuses, when somebody else changed the object since it was checked ([`Reason::Conflict`]), or when it
/// is not known whether it was done.
pub async fn carry_out(c: &Connection, checked: &Checked) -> Result<Made, Fault> {
    let at = address(c, &checked.target).await?;
    let done = match &checked.change {
        Change::Create { object } => write::create(c, &collection(&at), object, MANAGER).await.map(Some),
        Change::Edit { before, after } => edit(c, &at, before, after).await.map(Some),
        Change::Delete { object } => {
            let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
            write::delete(c, &at, uid).await.map(|()| None)
        }
        Change::Set { .. } => Err(Fault::new(
            Reason::Invalid,
            format!("{}: {} was not looked at yet", c.cluster, checked.target.short()),
            "Ask for it again.",
        )),
    };
    match done {
        Ok(after) => Ok(made(c, checked, after, "")),
        Err(fault) if fault.reason == Reason::Unreachable || fault.reason == Reason::Server => {
            after_silence(c, &at, checked, fault).await
        }
        Err(fault) => Err(fault),
    }
}

/// Changes an object that is as it was checked, but for what its controllers say of it: a status that moves on is no
/// change that anybody would have to look at.
async fn edit(c: &Connection, at: &Address, before: &Value, after: &Value) -> Result<Value, Fault> {
    let mut patch = body(before, after);
    for _ in 1..TRIES {
        let done = write::merge_as(c, at, "", &patch, MANAGER, Meant::Earnest).await;
        let Err(fault) = &done else { return done };
        if fault.reason != Reason::Conflict {
            return done;
        }
        let Some(now) = write::get(c, at).await? else { return done };
        let is_same = now["metadata"]["uid"] == before["metadata"]["uid"]
            && now["metadata"]["resourceVersion"] != patch["metadata"]["resourceVersion"]
            && changes(&visible(before), &visible(&now)).is_empty();
        if !is_same {
            return done;
        }
        patch["metadata"]["resourceVersion"] = now["metadata"]["resourceVersion"].clone();
    }
    write::merge_as(c, at, "", &patch, MANAGER, Meant::Earnest).await
}

/// The collection of an object: where it is created.
pub(super) fn collection(at: &Address) -> Address {
    Address { name: String::new(), ..at.clone() }
}

fn made(c: &Connection, checked: &Checked, after: Option<Value>, how: &str) -> Made {
    let target = &checked.target;
    let (verb, before) = match &checked.change {
        Change::Create { .. } | Change::Set { .. } => ("is made", None),
        Change::Edit { before, .. } => ("is changed", Some(before.clone())),
        Change::Delete { object } => ("is deleted", Some(object.clone())),
    };
    let said = format!("{}: {} {verb}{how}.", c.cluster, target.short());
    Made { target: target.clone(), before, after, said }
}

/// A write that nobody answered may have been done: the object says.
async fn after_silence(c: &Connection, at: &Address, checked: &Checked, fault: Fault) -> Result<Made, Fault> {
    let unknown = |fault: Fault| {
        let summary = format!("{}; whether it was done is not known", fault.summary);
        Fault::new(
            fault.reason,
            summary,
            "Look at the object, then try again: nothing of the change is lost.",
        )
    };
    let now = write::get(c, at).await.map_err(|_| unknown(fault.clone()))?;
    let how = ", though the answer was lost";
    match (&checked.change, now) {
        (Change::Delete { object }, now) => {
            let uid = &object["metadata"]["uid"];
            let is_gone = now.as_ref().is_none_or(|now| {
                now["metadata"]["uid"] != *uid || !now["metadata"]["deletionTimestamp"].is_null()
            });
            if is_gone { Ok(made(c, checked, None, how)) } else { Err(fault) }
        }
        (Change::Edit { before, after }, Some(now))
            if now["metadata"]["uid"] == before["metadata"]["uid"] =>
        {
            let wished = apply_merge_patch(&now, &merge_patch(before, after));
            let moved = now["metadata"]["resourceVersion"] != before["metadata"]["resourceVersion"];
            if moved && changes(&now, &wished).is_empty() {
                Ok(made(c, checked, Some(now), how))
            } else {
                Err(fault)
            }
        }
        (Change::Create { object }, Some(now)) => {
            let wished = apply_merge_patch(&now, &json!({"spec": object["spec"]}));
            let ours = now["metadata"]["managedFields"].as_array().into_iter().flatten();
            let is_ours = ours.into_iter().any(|entry| entry["manager"] == MANAGER);
            if is_ours && changes(&now, &wished).is_empty() {
                Ok(made(c, checked, Some(now), how))
            } else {
                Err(fault)
            }
        }
        (_, _) => Err(fault),
    }
}
