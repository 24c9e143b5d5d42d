//! Making egret the keeper of a cluster's gateways (R4): what that would do, and doing it.

use std::sync::Mutex;
use std::time::Duration;

use futures::future::try_join_all;
use serde_json::Value;
use tokio::sync::oneshot;

use super::clusters;
use crate::cluster::connect::Connection;
use crate::cluster::write::{self, Address, Conflicts, Meant};
use crate::cluster::{discovery, object};
use crate::materialize::Part;
use crate::materialize::install::{CRD_NAME, asm_mark, is_ours, judge, manifests, notes, resource};
use crate::materialize::names::MANAGER;
use crate::model::clean::clean;
use crate::model::fault::{Fault, Reason};
use crate::model::istio_gateway::GROUP;
use crate::model::name::{Kind, ObjectKey, Resource};
use crate::model::snapshot::Keeper;

pub use crate::materialize::install::{Plan, Planned, What, Wish};

/// How long a CRD may take until it is served.
const ESTABLISHED: Duration = Duration::from_secs(60);

/// What installing would do. Writes nothing.
///
/// # Errors
/// Where egret must not become the keeper, or an object of its names is somebody else's ([`Reason::Conflict`]), all of
/// them at once; where that cannot be found out; and when the server refuses or does not answer.
pub async fn plan(c: &Connection, wish: &Wish) -> Result<Plan, Fault> {
    nobody_else_keeps(c).await?;
    namespace_is_there(c, &wish.namespace).await?;
    nothing_is_of_asm(c, &wish.namespace).await?;
    let each = manifests(wish).into_iter().map(|object| planned(c, object));
    let (objects, taken) = parted(try_join_all(each).await?);
    if !taken.is_empty() {
        let summary = format!("{}: nothing is installed: {}", c.cluster, taken.join("; "));
        return Err(Fault::new(
            Reason::Conflict,
            summary,
            "Rename or remove what has these names, or install into another namespace.",
        ));
    }
    Ok(Plan { objects, notes: notes(wish) })
}

/// Applies what a plan says, in its order, and waits until the CRD is served. Can be repeated after any failure.
///
/// # Errors
/// When the server refuses or does not answer, or the CRD is not served in time.
pub async fn install(c: &Connection, plan: &Plan) -> Result<(), Fault> {
    for planned in &plan.objects {
        let at = address(&planned.object);
        let mut object = planned.object.clone();
        let conflicts = match (&planned.what, &planned.uid) {
            (What::Same, _) => None,
            (What::Change(_), Some(uid)) => {
                // Gone meanwhile: 409; another of that name: 422 (R3).
                object["metadata"]["uid"] = uid.as_str().into();
                Some(Conflicts::Force)
            }
            _ => Some(Conflicts::Fail),
        };
        if let Some(conflicts) = conflicts {
            write::apply(c, &at, &object, MANAGER, conflicts, Meant::Earnest).await?;
        }
        if planned.kind == Kind::CustomResourceDefinition.to_string() {
            established(c).await?;
        }
    }
    Ok(())
}

/// Where an object that is installed is.
pub(super) fn address(object: &Value) -> Address {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let kind = text(&object["kind"]);
    // All kinds that are installed are in the table: a test goes through them.
    let unknown = Resource { group: "", version: "v1", plural: "", namespaced: false };
    let resource = resource(&kind).unwrap_or(unknown);
    let metadata = &object["metadata"];
    Address { resource, namespace: text(&metadata["namespace"]), name: text(&metadata["name"]), kind }
}

/// The CRD of `IstioGateway`.
pub(super) fn crd() -> Address {
    let kind = Kind::CustomResourceDefinition;
    Address {
        kind: kind.to_string(),
        resource: kind.resource(),
        namespace: String::new(),
        name: CRD_NAME.to_owned(),
    }
}

/// An object with what becomes of it; the error is whose it is.
async fn planned(c: &Connection, object: Value) -> Result<Result<Planned, String>, Fault> {
    let at = address(&object);
    let live = write::get(c, &at).await?;
    let uid = live.as_ref().and_then(|live| live["metadata"]["uid"].as_str()).map(str::to_owned);
    let Address { kind, namespace, name, .. } = at;
    Ok(match judge(&object, live.as_ref()) {
        Ok(what) => Ok(Planned { kind, name, namespace, what, object, uid }),
        Err(who) => Err(format!("{kind} {name} belongs to {}", clean(&who))),
    })
}

fn parted(all: Vec<Result<Planned, String>>) -> (Vec<Planned>, Vec<String>) {
    let (mut planned, mut taken) = (Vec::new(), Vec::new());
    for one in all {
        match one {
            Ok(object) => planned.push(object),
            Err(who) => taken.push(who),
        }
    }
    (planned, taken)
}

/// Makes sure that no one else keeps gateways here. What cannot be found out counts as somebody (fail closed).
async fn nobody_else_keeps(c: &Connection) -> Result<(), Fault> {
    let refused = |why: &str, hint: &str| {
        Err(Fault::new(Reason::Invalid, format!("{}: {why}: nothing is installed", c.cluster), hint))
    };
    match discovery::gateway_keeper(c).await {
        Some(Keeper::Egret) => Ok(()),
        // Not served does not mean that there is none: another one may be about to be served.
        Some(Keeper::Nobody) => match write::get(c, &crd()).await? {
            Some(live) if !is_ours(&live) => refused(
                &format!("its CRD {CRD_NAME} is not egret's"),
                "Whoever made it keeps the gateways; egret shows and edits them.",
            ),
            _ => Ok(()),
        },
        Some(Keeper::Other) => refused(
            &format!("it serves IstioGateway by a CRD that is not egret's ({CRD_NAME})"),
            "Whoever made it keeps the gateways; egret shows and edits them. A CRD of egret's carries app.kubernetes.io/managed-by: egret.",
        ),
        Some(Keeper::Asm) if only_ours(c).await? => Ok(()),
        Some(Keeper::Asm) => refused(
            &format!("it serves kinds of {GROUP} without a CRD, as ASM does"),
            "ASM keeps the gateways; egret shows and edits them.",
        ),
        Some(Keeper::Unknown) => refused(
            "it cannot be told who keeps its gateways: the CRD may not be read",
            "Ask for the right to get customresourcedefinitions.",
        ),
        None => {
            let summary =
                format!("{}: it cannot be asked who keeps its gateways: nothing is installed", c.cluster);
            Err(Fault::new(Reason::Unreachable, summary, "Try again when it answers."))
        }
    }
}

/// Whether all that is served of the group comes from CRDs of egret's, and gateways are not among it: then nobody keeps
/// them yet.
async fn only_ours(c: &Connection) -> Result<bool, Fault> {
    let plurals = discovery::plurals(c, GROUP).await?;
    if plurals.iter().any(|plural| *plural == Kind::IstioGateway.resource().plural) {
        return Ok(false);
    }
    let each = plurals.iter().map(|plural| {
        let at = Address { name: format!("{plural}.{GROUP}"), ..crd() };
        async move { write::get(c, &at).await }
    });
    let found = try_join_all(each).await?;
    Ok(found.iter().all(|crd| crd.as_ref().is_some_and(is_ours)))
}

async fn namespace_is_there(c: &Connection, namespace: &str) -> Result<(), Fault> {
    let at = Address {
        kind: "Namespace".to_owned(),
        resource: Resource { group: "", version: "v1", plural: "namespaces", namespaced: false },
        namespace: String::new(),
        name: namespace.to_owned(),
    };
    if write::get(c, &at).await?.is_some() {
        return Ok(());
    }
    let summary = format!("{}: there is no namespace {namespace}", c.cluster);
    let hint = "Gateways are in the namespace of the mesh, istio-system; --namespace names another.";
    Err(Fault::new(Reason::Invalid, summary, hint))
}

/// Refuses where gateway objects say that ASM made them (R4).
async fn nothing_is_of_asm(c: &Connection, namespace: &str) -> Result<(), Fault> {
    for part in [Part::Deployment, Part::Service] {
        let all = super::fetch::collection(part, namespace);
        let objects = write::list(c, &all, "").await?;
        if let Some((object, mark)) = objects.iter().find_map(|object| Some((object, asm_mark(object)?))) {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            let summary = format!(
                "{}: {part} {namespace}/{name} is ASM's (it carries {}): nothing is installed",
                c.cluster,
                clean(&mark)
            );
            return Err(Fault::new(Reason::Conflict, summary, "ASM keeps the gateways of this cluster."));
        }
    }
    Ok(())
}

/// Waits until the CRD is served.
async fn established(c: &Connection) -> Result<(), Fault> {
    let key = ObjectKey {
        cluster: c.cluster.clone(),
        kind: Kind::CustomResourceDefinition,
        namespace: "".into(),
        name: CRD_NAME.into(),
    };
    let (tell, told) = oneshot::channel();
    let tell = Mutex::new(Some(tell));
    let following = object::follow(c, &key, |state| {
        let served = match state {
            Ok(Some(crd)) => match standing(&crd) {
                Standing::Served => Ok(()),
                Standing::Refused(why) => Err(Fault::new(
                    Reason::Conflict,
                    format!("{}: CRD {CRD_NAME} is not served: {}", c.cluster, clean(&why)),
                    "Another CRD has its names.",
                )),
                Standing::NotYet => return,
            },
            Ok(None) => return,
            Err(fault) if fault.transient() => return,
            Err(fault) => Err(fault),
        };
        let tell = tell.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        // Whoever waits is gone only when this is.
        let _ = tell.map(|tell| tell.send(served));
    });
    let late = || {
        let summary =
            format!("{}: CRD {CRD_NAME} is not served after {} s", c.cluster, ESTABLISHED.as_secs());
        Fault::new(Reason::Unreachable, summary, "Install again: what is there stays.")
    };
    tokio::select! {
        served = told => served.unwrap_or_else(|_| Err(late())),
        () = async { following.await; std::future::pending().await } => Err(late()),
        () = tokio::time::sleep(ESTABLISHED) => Err(late()),
    }
}

enum Standing {
    Served,
    Refused(String),
    NotYet,
}

fn standing(crd: &Value) -> Standing {
    let conditions = crd["status"]["conditions"].as_array().into_iter().flatten();
    let mut conditions = conditions.filter(|c| c["status"].is_string());
    let of = |kind: &str, status: &str| {
        conditions.clone().find(|c| c["type"] == kind && c["status"] == status).cloned()
    };
    if let Some(refused) = of("NamesAccepted", "False") {
        return Standing::Refused(refused["message"].as_str().unwrap_or_default().to_owned());
    }
    if conditions.any(|c| c["type"] == "Established" && c["status"] == "True") {
        Standing::Served
    } else {
        Standing::NotYet
    }
}

/// All gateways of a cluster, or of one namespace.
///
/// # Errors
/// When the server refuses or does not answer.
pub(super) async fn gateways(c: &Connection, namespace: &str) -> Result<Vec<Value>, Fault> {
    write::list(c, &clusters::gateway(namespace, ""), "").await
}
