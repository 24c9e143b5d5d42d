//! `egret delete`: says what is lost, asks, and deletes exactly what was looked at.

use std::io;

use serde_json::Value;

use super::change::{Place, agreed, refused, told};
use super::{Outcome, Streams};
use crate::changing::{address, carry_out, check, wait_until_gone};
use crate::cli::{Delete, Globals};
use crate::cluster::write;
use crate::config::Settings;
use crate::materialize::change::{Checked, Refusal};
use crate::model::clean::clean;
use crate::model::edit::{Change, Target};
use crate::model::fault::{Fault, Reason};
use crate::model::name::{Kind, ObjectKey, Resource};

/// What a gateway may be, in the order in which it is looked for (R22).
const KINDS: [Kind; 2] = [Kind::IstioGateway, Kind::Gateway];

/// Deletes a gateway.
pub fn run(
    verb: &Delete,
    settings: &Settings,
    globals: &Globals,
    streams: &mut Streams<'_>,
) -> io::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let place = match runtime.block_on(Place::open("delete", settings, globals)) {
        Ok(place) => place,
        Err(fault) => return streams.fails(&fault),
    };
    let (kind, checked) = match runtime.block_on(found_out(&place, &verb.name)) {
        Ok(found) => found,
        Err(refusal) => return refused(&refusal, streams),
    };
    place.name(streams)?;
    for line in told(&checked) {
        writeln!(streams.out, "{line}")?;
    }
    let is_grave = place.is_production || !checked.grave.is_empty();
    for why in &checked.grave {
        writeln!(streams.out, "  {}", clean(why))?;
    }
    let question = format!("This deletes {}.", checked.target);
    let word = is_grave.then_some(verb.name.as_str());
    if let Some(outcome) = agreed(&question, word, &verb.agreement, true, streams)? {
        return Ok(outcome);
    }
    match runtime.block_on(carry_out(place.c(), &checked)) {
        Ok(made) => writeln!(streams.out, "{}", clean(&made.said))?,
        Err(fault) => return streams.fails(&fault),
    }
    if !verb.wait {
        return Ok(Outcome::Done);
    }
    streams.out.flush()?;
    let key = ObjectKey {
        cluster: place.c().cluster.clone(),
        kind,
        namespace: place.namespace.as_str().into(),
        name: verb.name.as_str().into(),
    };
    let Change::Delete { object } = &checked.change else { return Ok(Outcome::Done) };
    let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
    let mut said = Ok(());
    let gone = runtime.block_on(wait_until_gone(place.c(), &key, uid, |holding| {
        if !holding.finalizers.is_empty() && said.is_ok() {
            said = streams.complain(format!("it waits for {}", clean(&holding.finalizers.join(", "))));
        }
    }));
    said?;
    match gone {
        Ok(()) => {
            writeln!(streams.out, "{}: {} is gone.", place.c().cluster, clean(&checked.target.short()))?;
            Ok(Outcome::Done)
        }
        Err(fault) => streams.fails(&fault),
    }
}

/// The gateway of this name, and what deleting it would do.
async fn found_out(place: &Place, name: &str) -> Result<(Kind, Checked), Refusal> {
    let c = place.c();
    for kind in KINDS {
        let target = target(place, kind, name);
        let at = match address(c, &target).await {
            Ok(at) => at,
            // A kind that is not served has no object either.
            Err(fault) if fault.reason == Reason::Invalid => continue,
            Err(fault) => return Err(fault.into()),
        };
        if let Some(object) = write::get(c, &at).await? {
            let change = Change::Delete { object: object_of(&object) };
            return Ok((kind, check(&place.keeper, &target, &change).await?));
        }
    }
    let summary = format!("{}: there is no gateway {name} in {}", c.cluster, place.namespace);
    let hint = "`egret get gateways -A` lists those there are; one that has no IstioGateway is deleted where it was made.";
    Err(Fault::new(Reason::Missing, summary, hint).into())
}

fn target(place: &Place, kind: Kind, name: &str) -> Target {
    let Resource { group, version, .. } = kind.resource();
    Target {
        cluster: place.c().cluster.clone(),
        api_version: format!("{group}/{version}"),
        kind: kind.to_string(),
        namespace: place.namespace.clone(),
        name: name.to_owned(),
    }
}

/// What says which object is meant.
fn object_of(live: &Value) -> Value {
    serde_json::json!({"metadata": {"uid": live["metadata"]["uid"]}})
}
