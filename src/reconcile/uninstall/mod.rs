//! Taking egret out of a cluster (R12): by default all traffic stays as it is.
//!
//! What keeps gateways has to end first, or it would put back what is taken away. Meanwhile the lease is held here, so
//! that nobody else begins. Every step can be broken off and begun again.

mod strip;

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::try_join_all;
use serde_json::Value;
use strum::IntoEnumIterator as _;
use tokio::time::Instant;

use super::gone::gone;
use super::install;
use super::lease::{self, Decision, Keeping, Me, Standing};
use super::pass::{Keeper, pass};
use crate::cluster::connect::Connection;
use crate::cluster::discovery;
use crate::cluster::write::{self, Address};
use crate::materialize::Part;
use crate::materialize::install::{NAME, SELECTOR, Wish, is_ours, manifests};
use crate::materialize::names::Names;
use crate::model::clean::clean;
use crate::model::fault::{Fault, Reason};
use crate::model::istio_gateway::IstioGateway;
use crate::model::name::Kind;
use crate::model::snapshot;

pub use crate::materialize::removal::{Fate, Known, Removal};

/// How long pods and gateways may take to go.
const PATIENCE: Duration = Duration::from_secs(180);

/// How long it is waited for a lease that nobody renews any more.
const LEASE: Duration = Duration::from_secs(25);

/// Whoever hears how far it is.
pub type Tell<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// What uninstalling would do. Writes nothing.
///
/// # Errors
/// Where it cannot be told who keeps the gateways, where gateways are to go that somebody else keeps, where one is being
/// deleted just now, and when the server refuses or does not answer.
pub async fn plan(keeper: &Keeper, namespace: &str, fate: Fate) -> Result<Removal, Fault> {
    let c = &keeper.clusters.home;
    let mut notes = Vec::new();
    let gateways = if is_keeper(c, fate, &mut notes).await? {
        install::gateways(c, namespace).await?
    } else {
        Vec::new()
    };
    if let Some(going) = gateways.iter().find(|gateway| !gateway["metadata"]["deletionTimestamp"].is_null())
        && fate == Fate::Kept
    {
        let name = going["metadata"]["name"].as_str().unwrap_or_default();
        let summary = format!("{}: IstioGateway {namespace}/{name} is being deleted just now", c.cluster);
        let hint = "Wait until it is gone: without its controller it would stay halfway.";
        return Err(Fault::new(Reason::Conflict, summary, hint));
    }
    let crd = match fate {
        Fate::Kept => None,
        Fate::Deleted => crd(c, namespace, &mut notes).await?,
    };
    let objects = controllers_objects(c, namespace, &mut notes).await?;
    let gateways = gateways.iter().map(|gateway| known("IstioGateway", gateway)).collect();
    Ok(Removal { namespace: namespace.to_owned(), fate, gateways, objects, crd, notes })
}

/// Whether the gateways are egret's.
async fn is_keeper(c: &Connection, fate: Fate, notes: &mut Vec<String>) -> Result<bool, Fault> {
    match (discovery::gateway_keeper(c).await, fate) {
        (Some(snapshot::Keeper::Egret), _) => Ok(true),
        (Some(snapshot::Keeper::Nobody), _) => Ok(false),
        (Some(snapshot::Keeper::Asm | snapshot::Keeper::Other), Fate::Kept) => {
            notes.push("Somebody else keeps the gateways of this cluster: none is touched.".to_owned());
            Ok(false)
        }
        (Some(snapshot::Keeper::Asm | snapshot::Keeper::Other), Fate::Deleted) => {
            let summary = format!("{}: somebody else keeps the gateways of this cluster", c.cluster);
            Err(Fault::new(Reason::Invalid, summary, "Only gateways that egret keeps are deleted this way."))
        }
        (Some(snapshot::Keeper::Unknown) | None, _) => {
            let summary =
                format!("{}: it cannot be told who keeps the gateways: nothing is removed", c.cluster);
            Err(Fault::new(Reason::Denied, summary, "Ask for the right to get customresourcedefinitions."))
        }
    }
}

/// The CRD, if no gateway of another namespace would go with it.
async fn crd(c: &Connection, namespace: &str, notes: &mut Vec<String>) -> Result<Option<Known>, Fault> {
    let Some(live) = write::get(c, &install::crd()).await? else { return Ok(None) };
    let elsewhere: BTreeSet<String> = install::gateways(c, "")
        .await?
        .iter()
        .filter_map(|gateway| gateway["metadata"]["namespace"].as_str())
        .filter(|of| *of != namespace)
        .map(str::to_owned)
        .collect();
    if !elsewhere.is_empty() {
        let others: Vec<String> = elsewhere.into_iter().collect();
        notes.push(format!(
            "The CRD stays: there are gateways in {} too, which would go with it.",
            others.join(", ")
        ));
        return Ok(None);
    }
    Ok(is_ours(&live).then(|| known("CustomResourceDefinition", &live)))
}

/// The controller's own objects, what uses the rights before the rights.
async fn controllers_objects(
    c: &Connection,
    namespace: &str,
    notes: &mut Vec<String>,
) -> Result<Vec<Known>, Fault> {
    let wish = Wish { namespace: namespace.to_owned(), image: Some(String::new()), cluster_id: None };
    let all = manifests(&wish).into_iter().skip(1);
    let each = all.map(|object| async move {
        let at = install::address(&object);
        Ok::<_, Fault>((at.kind.clone(), write::get(c, &at).await?))
    });
    let mut objects = Vec::new();
    for (kind, live) in try_join_all(each).await? {
        let Some(live) = live else { continue };
        if is_ours(&live) {
            objects.push(known(&kind, &live));
        } else {
            notes.push(format!("{} is not egret's, and stays.", known(&kind, &live).in_words()));
        }
    }
    objects.reverse();
    Ok(objects)
}

pub(super) fn known(kind: &str, object: &Value) -> Known {
    let text = |field: &str| clean(object["metadata"][field].as_str().unwrap_or_default()).into_owned();
    Known { kind: kind.to_owned(), namespace: text("namespace"), name: text("name"), uid: text("uid") }
}

/// Does what a removal says. Returns what is left, and where.
///
/// # Errors
/// What stands in the way; what was done until then stays done, and may be begun again.
pub async fn uninstall(
    keeper: &Keeper,
    removal: &Removal,
    me: Me,
    tell: Tell<'_>,
) -> Result<Vec<String>, Fault> {
    let c = &keeper.clusters.home;
    let namespace = &removal.namespace;
    let mut keeping = Keeping::new(c, namespace, me);
    if removal.fate == Fate::Deleted {
        delete_gateways(keeper, removal, &mut keeping, tell).await?;
    }
    stop_controller(c, removal, tell).await?;
    hold(keeper, &mut keeping).await?;
    let done = async {
        let mut left = match removal.fate {
            Fate::Kept => {
                let (removal, going) = as_it_is_now(c, removal).await?;
                [strip::strip(keeper, &removal, &mut keeping, tell).await?, going].concat()
            }
            Fate::Deleted => Vec::new(),
        };
        // The Deployment is gone already.
        for object in removal.objects.iter().filter(|object| object.kind != "Deployment") {
            tell(&format!("removing {}", object.in_words()));
            remove(c, object).await?;
        }
        if let Some(crd) = &removal.crd {
            left.extend(remove_crd(c, crd, tell).await?);
        }
        left.extend(remains(removal));
        Ok(left)
    };
    let done = done.await;
    // Deleted rather than given back: nobody is to come after. Whoever waits for it begins with none.
    let ended = drop_lease(c, keeping.address()).await;
    let left = done?;
    ended.map(|()| left)
}

/// The removal with the gateways that are there now that nobody keeps them, and in words those that are on their way
/// out: what their owners asked for happens.
async fn as_it_is_now(c: &Connection, removal: &Removal) -> Result<(Removal, Vec<String>), Fault> {
    if removal.gateways.is_empty() && discovery::gateway_keeper(c).await != Some(snapshot::Keeper::Egret) {
        return Ok((removal.clone(), Vec::new()));
    }
    let all = install::gateways(c, &removal.namespace).await?;
    let (stay, go): (Vec<&Value>, Vec<&Value>) =
        all.iter().partition(|gateway| gateway["metadata"]["deletionTimestamp"].is_null());
    let gateways = stay.into_iter().map(|gateway| known("IstioGateway", gateway)).collect();
    let going = go.into_iter().map(|gateway| {
        let gateway = known("IstioGateway", gateway).in_words();
        format!(
            "{gateway} is being deleted, and waits for egret: install it again, or take its finalizer off"
        )
    });
    Ok((Removal { gateways, ..removal.clone() }, going.collect()))
}

/// What stays in the cluster.
fn remains(removal: &Removal) -> Vec<String> {
    let Removal { namespace, fate, gateways, crd, .. } = removal;
    match fate {
        Fate::Kept if gateways.is_empty() => vec!["The CRD stays.".to_owned()],
        Fate::Kept => vec![
            format!(
                "In {namespace}: {} IstioGateways and all that runs for them, which nobody keeps now. `egret install` takes them up again as they are.",
                gateways.len()
            ),
            "The CRD stays; deleting it deletes the IstioGateways, and nothing else any more.".to_owned(),
            "An egret that runs elsewhere and keeps gateways (a controller, or screens with --reconcile) would take them up again: end it.".to_owned(),
        ],
        Fate::Deleted if crd.is_some() => Vec::new(),
        Fate::Deleted => vec!["The CRD stays, if it was there.".to_owned()],
    }
}

/// Removes the CRD, unless somebody has made a gateway meanwhile, which would go with it.
async fn remove_crd(c: &Connection, crd: &Known, tell: Tell<'_>) -> Result<Vec<String>, Fault> {
    let there = install::gateways(c, "").await?;
    if let Some(gateway) = there.first() {
        let gateway = known("IstioGateway", gateway).in_words();
        return Ok(vec![format!("The CRD stays: there is {gateway} now, which would go with it.")]);
    }
    tell(&format!("removing {}", crd.in_words()));
    write::delete(c, &install::crd(), &crd.uid).await?;
    Ok(Vec::new())
}

async fn remove(c: &Connection, object: &Known) -> Result<(), Fault> {
    let place = serde_json::json!({
        "kind": object.kind, "metadata": {"namespace": object.namespace, "name": object.name},
    });
    write::delete(c, &install::address(&place), &object.uid).await
}

async fn drop_lease(c: &Connection, at: &Address) -> Result<(), Fault> {
    let Some(lease) = write::get(c, at).await? else { return Ok(()) };
    write::delete(c, at, lease["metadata"]["uid"].as_str().unwrap_or_default()).await
}

/// Deletes the controller's Deployment, and waits until its pods are gone.
async fn stop_controller(c: &Connection, removal: &Removal, tell: Tell<'_>) -> Result<(), Fault> {
    if let Some(deployment) = removal.objects.iter().find(|object| object.kind == "Deployment") {
        tell(&format!("stopping {}", deployment.in_words()));
        remove(c, deployment).await?;
    }
    let is_its = |seen: &super::gone::Seen| seen.labels.get(SELECTOR).is_some_and(|name| name == NAME);
    gone(c, Kind::Pod, &removal.namespace, is_its, PATIENCE).await
}

/// Takes the lease, waiting for one that nobody renews.
async fn hold(keeper: &Keeper, keeping: &mut Keeping<'_>) -> Result<(), Fault> {
    let deadline = Instant::now() + LEASE;
    loop {
        let (holder, version) = match keeping.tend(keeper.clock.now()).await? {
            Standing::Ours(_) => return Ok(()),
            Standing::Not(Decision::Wait { holder, version }) => (holder, version),
            Standing::Not(_) => ("somebody".to_owned(), String::new()),
        };
        if Instant::now() >= deadline {
            let summary = format!(
                "{}: {} still keeps the gateways (egret {})",
                keeper.clusters.home.cluster,
                clean(&holder),
                clean(&version)
            );
            let hint = "It runs outside of this installation: stop it, then uninstall again.";
            return Err(Fault::new(Reason::Conflict, summary, hint));
        }
        tokio::time::sleep(lease::RENEWED / 5).await;
    }
}

/// Deletes the gateways, and waits until they and all that ran for them are gone. Who keeps them cleans up the other
/// clusters; where nobody does, it is done here.
async fn delete_gateways(
    keeper: &Keeper,
    removal: &Removal,
    keeping: &mut Keeping<'_>,
    tell: Tell<'_>,
) -> Result<(), Fault> {
    let c = &keeper.clusters.home;
    let namespace = removal.namespace.as_str();
    let mut selectors = Vec::new();
    for gateway in &removal.gateways {
        let at = super::clusters::gateway(namespace, &gateway.name);
        let Some(live) = write::get(c, &at).await? else { continue };
        let names = IstioGateway::read(&live).ok().and_then(|gateway| Names::read(&gateway).ok());
        selectors.extend(names.map(|names| names.selector));
        tell(&format!("deleting {}", gateway.in_words()));
        write::delete(c, &at, &gateway.uid).await?;
    }
    let uids: BTreeSet<&str> = removal.gateways.iter().map(|gateway| gateway.uid.as_str()).collect();
    let are_gone = gone(c, Kind::IstioGateway, namespace, |seen| uids.contains(seen.uid()), PATIENCE);
    tokio::select! {
        done = are_gone => done?,
        fault = see_off(keeper, removal, keeping) => return Err(fault),
    }
    tell("waiting until what ran for them is gone");
    let is_owned = |seen: &super::gone::Seen| seen.owners.iter().any(|owner| uids.contains(owner.as_str()));
    for kind in Part::iter().map(Part::kind) {
        gone(c, kind, namespace, is_owned, PATIENCE).await?;
    }
    let is_theirs = |seen: &super::gone::Seen| {
        selectors
            .iter()
            .any(|selector| selector.iter().all(|(key, value)| seen.labels.get(key) == Some(value)))
    };
    gone(c, Kind::Pod, namespace, is_theirs, PATIENCE).await
}

/// While nobody keeps the gateways: passes over them until they are gone. Ends only with what cannot be done.
async fn see_off(keeper: &Keeper, removal: &Removal, keeping: &mut Keeping<'_>) -> Fault {
    loop {
        match keeping.tend(keeper.clock.now()).await {
            Ok(Standing::Ours(_)) => {
                for gateway in &removal.gateways {
                    pass(keeper, &removal.namespace, &gateway.name).await;
                }
            }
            Ok(Standing::Not(_)) => {}
            Err(fault) if fault.transient() => {}
            Err(fault) => return fault,
        }
        tokio::time::sleep(lease::RENEWED / 5).await;
    }
}
