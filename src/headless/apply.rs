//! `egret apply`: what a file asks for is checked, shown, asked about and made.

use std::io;
use std::path::Path;

use serde_json::Value;

use super::change::{Place, agreed, refused, told};
use super::render::{documents, text};
use super::{Outcome, Streams};
use crate::changing::{address, carry_out, check};
use crate::cli::{Apply, Globals};
use crate::cluster::write;
use crate::config::Settings;
use crate::materialize::change::{Checked, Refusal};
use crate::model::clean::clean;
use crate::model::edit::diff::{LineKind, unified, visible};
use crate::model::edit::patch::apply_merge_patch;
use crate::model::edit::{Change, Target};
use crate::model::yaml;

/// Lines around a difference.
const AROUND: usize = 3;

/// Makes what the documents of a file ask for.
pub fn run(
    verb: &Apply,
    settings: &Settings,
    globals: &Globals,
    streams: &mut Streams<'_>,
) -> io::Result<Outcome> {
    // `--diff` answers by its exit code: there a difference is no success, and what failed is no difference.
    let failed = |outcome| if verb.diff { Outcome::Usage } else { outcome };
    let objects = match text(&verb.file).and_then(|text| documents(&text)) {
        Ok(objects) if !objects.is_empty() => objects.into_iter().flat_map(items).collect::<Vec<_>>(),
        Ok(_) => return streams.wrong(&verb.file, "there is nothing in it").map(failed),
        Err(why) => return streams.wrong(&verb.file, &why).map(failed),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let place = match runtime.block_on(Place::open("apply", settings, globals)) {
        Ok(place) => place,
        Err(fault) => return streams.fails(&fault).map(failed),
    };
    let mut all = Vec::new();
    let mut outcome = Outcome::Done;
    // All that is wrong is told, not only what is wrong first.
    for object in objects {
        match runtime.block_on(found_out(&place, object)) {
            Ok(checked) => all.push(checked),
            Err(refusal) => outcome = refused(&refusal, streams)?,
        }
    }
    if verb.diff {
        let mut differs = false;
        for checked in &all {
            differs |= difference(checked, streams)?;
        }
        return Ok(match (outcome, differs) {
            (Outcome::Done, true) => Outcome::Failed,
            (Outcome::Done, false) => Outcome::Done,
            (outcome, _) => failed(outcome),
        });
    }
    place.name(streams)?;
    for checked in &all {
        for line in told(checked) {
            writeln!(streams.out, "{line}")?;
        }
        for why in &checked.grave {
            writeln!(streams.out, "Its name is asked for: {}.", clean(why))?;
        }
    }
    if outcome != Outcome::Done {
        streams.complain("nothing was done")?;
        return Ok(outcome);
    }
    all.retain(|checked| !checked.is_idle());
    if verb.dry_run || all.is_empty() {
        return Ok(Outcome::Done);
    }
    let word = typed(&place, &all);
    let question = format!("This changes {}.", place.c().cluster);
    let may_ask = verb.file != Path::new("-");
    if let Some(outcome) = agreed(&question, word.as_deref(), &verb.agreement, may_ask, streams)? {
        return Ok(outcome);
    }
    for (at, checked) in all.iter().enumerate() {
        match runtime.block_on(carry_out(place.c(), checked)) {
            Ok(made) => writeln!(streams.out, "{}", clean(&made.said))?,
            Err(fault) => {
                let outcome = streams.fails(&fault)?;
                if at + 1 < all.len() {
                    streams.complain(format!("{} more were not tried", all.len() - at - 1))?;
                }
                return Ok(outcome);
            }
        }
    }
    Ok(Outcome::Done)
}

/// The objects of a document: a list has several.
fn items(document: Value) -> Vec<Value> {
    match (document["kind"].as_str(), &document["items"]) {
        (Some("List"), Value::Array(items)) => items.clone(),
        _ => vec![document],
    }
}

/// What has to be typed where a yes is not enough: the name of the object, of several the context.
fn typed(place: &Place, all: &[Checked]) -> Option<String> {
    let is_grave = place.is_production || all.iter().any(|checked| !checked.grave.is_empty());
    is_grave.then(|| match all {
        [only] => only.target.name.clone(),
        _ => place.c().cluster.to_string(),
    })
}

/// What making an object as it is written would do. What the document does not name stays as it is.
async fn found_out(place: &Place, mut object: Value) -> Result<Checked, Refusal> {
    let c = place.c();
    if object.is_object() && object["metadata"]["namespace"].as_str().is_none_or(str::is_empty) {
        object["metadata"]["namespace"] = place.namespace.as_str().into();
    }
    let mut target = Target::of(&c.cluster, &object);
    let at = address(c, &target).await?;
    if at.namespace.is_empty() {
        target.namespace.clear();
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove("namespace");
        }
    }
    let change = match write::get(c, &at).await? {
        None => Change::Create { object },
        Some(live) => Change::Edit { after: apply_merge_patch(&live, &visible(&object)), before: live },
    };
    check(&place.keeper, &target, &change).await
}

/// Prints how what the server would store differs from what is there; tells whether it does.
fn difference(checked: &Checked, streams: &mut Streams<'_>) -> io::Result<bool> {
    let before = match &checked.change {
        Change::Edit { before, .. } => Some(before),
        _ => None,
    };
    let after = match (&checked.stored, &checked.change) {
        (Some(stored), _) => Some(stored),
        (None, Change::Edit { after, .. } | Change::Create { object: after }) => Some(after),
        _ => None,
    };
    let text = |object: Option<&Value>| -> io::Result<String> {
        let text = object.map(|object| yaml::to_yaml(&visible(object), false)).transpose();
        Ok(text.map_err(|fault| io::Error::other(fault.summary))?.unwrap_or_default())
    };
    let lines = if checked.is_idle() { Vec::new() } else { unified(&text(before)?, &text(after)?, AROUND) };
    if lines.is_empty() {
        return Ok(false);
    }
    let name = clean(&checked.target.short()).into_owned();
    writeln!(streams.out, "--- {}\n+++ {name}", if before.is_some() { &name } else { "/dev/null" })?;
    for line in lines {
        let sign = match line.kind {
            LineKind::Same => ' ',
            LineKind::Removed => '-',
            LineKind::Added => '+',
            LineKind::Gap => {
                writeln!(streams.out, "@@ {} lines that are the same @@", clean(&line.text))?;
                continue;
            }
        };
        writeln!(streams.out, "{sign}{}", clean(&line.text))?;
    }
    Ok(true)
}
