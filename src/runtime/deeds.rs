//! Deeds: what each would do, and doing it.

use serde_json::{Value, json};

use crate::app::deed::{Basis, Deed, Named, Plan, What};
use crate::app::plans;
use crate::cluster::connect::Connection;
use crate::cluster::write::{self, Meant};
use crate::materialize::build::REVISION;
use crate::materialize::names::{PAUSED, RECONCILE, RELEASE, ROLL};
use crate::materialize::{Part, statistics};
use crate::model::fault::{Fault, Reason};
use crate::model::istio_gateway::Pairs;
use crate::reconcile::{Keeper, adopt, clusters, forget, install, look, mesh, survey};

/// Who owns what a person changes on a CR from a screen.
const MANAGER: &str = "egret-screen";

/// Finds out what a deed would do. Writes nothing.
///
/// # Errors
/// Why it cannot be done, or cannot be told.
pub(super) async fn plan(keeper: &Keeper, namespace: &str, deed: &Deed) -> Result<Plan, Fault> {
    let c = &keeper.clusters.home;
    match &deed.what {
        // Its question has its words already, and its yes is another effect.
        What::ReconcileNow(_) | What::Run(_) => Ok(Plan::told(Vec::new())),
        What::StopKeeping => Ok(Plan::told(plans::stop(&deed.cluster))),
        What::Pause(gateway) | What::Resume(gateway) | What::Roll(gateway) | What::Release(gateway) => {
            let uid = uid(c, gateway).await?;
            // Refused now rather than after the yes.
            annotate(c, gateway, &uid, &annotation(keeper, &deed.what), Meant::DryRun).await?;
            let report = look(keeper, &gateway.namespace, &gateway.name, None).await;
            let sections = match &deed.what {
                What::Pause(_) => plans::pause(&report),
                What::Resume(_) => plans::resume(&report),
                What::Roll(_) => plans::roll(&report)?,
                _ => plans::release(&report),
            };
            Ok(Plan { sections, basis: Basis::Uid(uid), is_idle: false })
        }
        What::Statistics(gateway) => statistics_plan(keeper, gateway).await,
        What::Adopt { deployment, service, direction } => {
            if *deployment.namespace != *namespace {
                return Err(elsewhere(c, deployment, namespace));
            }
            let Named { namespace, name } = deployment;
            let plan = adopt::plan(c, namespace, name, service.as_deref(), direction).await?;
            Ok(Plan {
                sections: plans::adopt(&plan),
                basis: Basis::Draft(Box::new(plan.draft)),
                is_idle: false,
            })
        }
        What::Keep => {
            let all = survey(keeper, namespace).await?;
            Ok(Plan {
                sections: plans::keep(namespace, &all),
                basis: Basis::Nothing,
                is_idle: plans::is_idle(&all),
            })
        }
        What::Install => {
            let plan = install::plan(c, &wish(namespace)).await?;
            Ok(Plan {
                sections: plans::install(&plan),
                basis: Basis::Install(Box::new(plan)),
                is_idle: false,
            })
        }
        What::Forget(gateway, id) => {
            let plan = forget::plan(keeper, &gateway.namespace, &gateway.name, id).await?;
            Ok(Plan { sections: plans::forget(&plan), basis: Basis::Forget(Box::new(plan)), is_idle: false })
        }
    }
}

/// Does it. Returns what there is to say.
///
/// # Errors
/// When the server refuses or does not answer.
pub(super) async fn carry_out(keeper: &Keeper, deed: &Deed, plan: &Plan) -> Result<String, Fault> {
    let c = &keeper.clusters.home;
    match (&deed.what, &plan.basis) {
        (What::ReconcileNow(gateway), _) => {
            let uid = uid(c, gateway).await?;
            annotate(c, gateway, &uid, &annotation(keeper, &deed.what), Meant::Earnest).await?;
            Ok(format!("{} is looked at again by whoever keeps it.", gateway.name))
        }
        (
            What::Pause(gateway) | What::Resume(gateway) | What::Roll(gateway) | What::Release(gateway),
            Basis::Uid(uid),
        ) => {
            annotate(c, gateway, uid, &annotation(keeper, &deed.what), Meant::Earnest).await?;
            Ok(said(&deed.what, &gateway.name))
        }
        (What::Statistics(gateway), Basis::Annotation { uid, resource_version, value }) => {
            ask_for_statistics(c, gateway, (uid, resource_version), value, Meant::Earnest).await?;
            Ok(format!("{} asks its proxies for statistics: its pods are being replaced.", gateway.name))
        }
        (What::Adopt { .. }, Basis::Draft(draft)) => {
            adopt::adopt(c, draft).await?;
            Ok(format!(
                "IstioGateway {} is made: whoever keeps the gateways takes the objects over.",
                draft.gateway["metadata"]["name"].as_str().unwrap_or_default()
            ))
        }
        (What::Install, Basis::Install(plan)) => {
            install::install(c, plan).await?;
            Ok(format!(
                "{} serves IstioGateway, and egret is its keeper; nobody keeps gateways yet.",
                c.cluster
            ))
        }
        (What::Forget(gateway, id), Basis::Forget(plan)) => {
            forget::forget(keeper, plan).await?;
            Ok(format!("Cluster {id} is struck off the record of {}.", gateway.name))
        }
        _ => Err(Fault::new(
            Reason::Invalid,
            format!("{}: this deed has no plan", c.cluster),
            "Ask for it again.",
        )),
    }
}

/// A reconciler keeps the gateways of one namespace: an `IstioGateway` made in another would be nobody's.
fn elsewhere(c: &Connection, deployment: &Named, namespace: &str) -> Fault {
    let Named { namespace: there, name } = deployment;
    let summary =
        format!("{}: {name} is in {there}, and this egret keeps the gateways of {namespace}", c.cluster);
    Fault::new(Reason::Invalid, summary, format!("Start egret with -n {there} to adopt it there."))
}

/// From a screen the CRD alone is installed: this process keeps the gateways then, or `egret install` a controller.
fn wish(namespace: &str) -> install::Wish {
    install::Wish { namespace: namespace.to_owned(), image: None, cluster_id: None }
}

fn said(what: &What, name: &str) -> String {
    match what {
        What::Pause(_) => format!("{name} is paused: its objects are left as they are."),
        What::Resume(_) => format!("{name} goes on: what drifted is put back."),
        What::Roll(_) => format!("{name} is being rolled."),
        _ => format!("{name} is being released: its objects stay."),
    }
}

/// What asking for statistics would write, and that the server would take it.
async fn statistics_plan(keeper: &Keeper, gateway: &Named) -> Result<Plan, Fault> {
    let c = &keeper.clusters.home;
    let at = clusters::gateway(&gateway.namespace, &gateway.name);
    let gone = || Fault::new(Reason::Missing, format!("{}: {} is gone", c.cluster, at.name), "");
    let object = write::get(c, &at).await?.ok_or_else(gone)?;
    let wrong = |why: String| {
        Fault::new(
            Reason::Invalid,
            format!("{}: {}: {why}", c.cluster, at.name),
            "Mend the pattern where it is written.",
        )
    };
    let annotations = object["spec"]["podAnnotations"].clone();
    let annotations: Pairs = serde_json::from_value(annotations).unwrap_or_default();
    let revision = object["spec"]["podLabels"][REVISION].as_str();
    let config = mesh::configuration(c, revision).await?;
    let value = statistics::inclusion(&annotations, &config, &statistics::WANTED).map_err(wrong)?;
    let asked = || {
        let summary = format!("{}: {} asks for these statistics already", c.cluster, at.name);
        Fault::new(Reason::Invalid, summary, "Pods that were made before must be rolled to keep them.")
    };
    let value = value.ok_or_else(asked)?;
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
    let (uid, resource_version) = (text("uid"), text("resourceVersion"));
    ask_for_statistics(c, gateway, (&uid, &resource_version), &value, Meant::DryRun).await?;
    let report = look(keeper, &gateway.namespace, &gateway.name, None).await;
    let deployment = report.places.iter().find_map(|place| place.live(Part::Deployment));
    let sections = plans::statistics(&value, "Whoever keeps the gateway", deployment);
    Ok(Plan { sections, basis: Basis::Annotation { uid, resource_version, value }, is_idle: false })
}

/// Writes the annotation, if the gateway is still as it was read.
async fn ask_for_statistics(
    c: &Connection,
    gateway: &Named,
    (uid, resource_version): (&str, &str),
    value: &str,
    meant: Meant,
) -> Result<(), Fault> {
    let at = clusters::gateway(&gateway.namespace, &gateway.name);
    let patch = json!({
        "metadata": {"uid": uid, "resourceVersion": resource_version},
        "spec": {"podAnnotations": {statistics::ANNOTATION: value}},
    });
    write::merge_as(c, &at, "", &patch, MANAGER, meant).await.map(drop)
}

/// The annotation that says what is wished.
fn annotation(keeper: &Keeper, what: &What) -> Value {
    // A value that was not there before; when it was wished is of use to whoever reads the CR.
    let now = keeper.clock.now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    match what {
        What::Pause(_) => json!({PAUSED: "true"}),
        What::Resume(_) => json!({PAUSED: null}),
        What::Roll(_) => json!({ROLL: now}),
        What::Release(_) => json!({RELEASE: "true"}),
        _ => json!({RECONCILE: now}),
    }
}

async fn uid(c: &Connection, gateway: &Named) -> Result<String, Fault> {
    let at = clusters::gateway(&gateway.namespace, &gateway.name);
    let object = write::get(c, &at).await?;
    object.and_then(|object| object["metadata"]["uid"].as_str().map(str::to_owned)).ok_or_else(|| {
        let summary = format!("{}: IstioGateway {}/{} is gone", c.cluster, at.namespace, at.name);
        Fault::new(Reason::Missing, summary, "Somebody else has deleted it.")
    })
}

/// Writes annotations of a gateway, if it is still the one of this uid.
async fn annotate(
    c: &Connection,
    gateway: &Named,
    uid: &str,
    annotations: &Value,
    meant: Meant,
) -> Result<(), Fault> {
    let at = clusters::gateway(&gateway.namespace, &gateway.name);
    let patch = json!({"metadata": {"uid": uid, "annotations": annotations}});
    write::merge_as(c, &at, "", &patch, MANAGER, meant).await.map(drop)
}
