//! Adopting (R11): what it would do, found out by dry runs, and doing it.
//!
//! Adopting is one write: the `IstioGateway` is created, with the record of what it takes over. The reconciler does the
//! rest, now or after whatever happens in between.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use serde_json::Value;
use strum::IntoEnumIterator as _;

use super::apply;
use super::fetch;
use crate::cluster::connect::Connection;
use crate::cluster::discovery;
use crate::cluster::write::{self, Address, Conflicts, Meant};
use crate::materialize::adopt::{self, Draft, Found, Plan};
use crate::materialize::build::{self, Owner};
use crate::materialize::compare::{Difference, differences};
use crate::materialize::fields::{self, FieldPath};
use crate::materialize::names::{MANAGER, Names};
use crate::materialize::{Part, pending};
use crate::model::fault::{Fault, Reason};
use crate::model::istio_gateway::IstioGateway;
use crate::model::snapshot::Keeper;

/// Finds out what adopting a gateway would do. Writes nothing.
///
/// # Errors
/// When it cannot be adopted, all reasons at once, and when the server refuses or does not answer.
pub async fn plan(
    c: &Connection,
    namespace: &str,
    deployment: &str,
    service: Option<&str>,
    direction: &str,
) -> Result<Plan, Fault> {
    if discovery::gateway_keeper(c).await != Some(Keeper::Egret) {
        let summary =
            format!("{}: egret does not keep the gateways of this cluster, so it takes none over", c.cluster);
        return Err(Fault::new(
            Reason::Invalid,
            summary,
            "`egret install` makes it their keeper, where nobody else is.",
        ));
    }
    let found = found(c, namespace, deployment, service).await?;
    let refused = |why: Vec<String>| {
        let summary =
            format!("{}: {namespace}/{deployment} cannot be adopted: {}", c.cluster, why.join("; "));
        Fault::new(
            Reason::Invalid,
            summary,
            "A second gateway beside it can take its traffic over, host by host.",
        )
    };
    let draft = adopt::draft(&found, direction).map_err(refused)?;
    let mut why = in_the_way(c, namespace, &draft.names).await?;
    let at =
        super::clusters::gateway(namespace, draft.gateway["metadata"]["name"].as_str().unwrap_or_default());
    if write::get(c, &at).await?.is_some() {
        why.push(format!("there is an IstioGateway {} already", at.name));
    }
    if !why.is_empty() {
        return Err(refused(why));
    }
    try_out(c, namespace, found, draft).await
}

/// Creates the `IstioGateway` that a plan has drafted.
///
/// # Errors
/// When the server refuses or does not answer.
pub async fn adopt(c: &Connection, draft: &Draft) -> Result<Value, Fault> {
    let metadata = &draft.gateway["metadata"];
    let all = super::clusters::gateway(metadata["namespace"].as_str().unwrap_or_default(), "");
    write::create(c, &all, &draft.gateway, MANAGER).await
}

/// The objects of the gateway, as they are.
async fn found(
    c: &Connection,
    namespace: &str,
    deployment: &str,
    service: Option<&str>,
) -> Result<Found, Fault> {
    let named = |part: Part, name: &str| Address {
        kind: part.to_string(),
        resource: part.resource(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    };
    let workload = write::get(c, &named(Part::Deployment, deployment)).await?;
    let account =
        workload.as_ref().and_then(|w| w["spec"]["template"]["spec"]["serviceAccountName"].as_str());
    let names = Names {
        service: service.unwrap_or(deployment).to_owned(),
        service_account: account.unwrap_or_default().to_owned(),
        ..Names::of(deployment)
    };
    let names = Names { deployment: deployment.to_owned(), ..names };
    let each = Part::iter().map(|part| {
        let at = fetch::address(part, namespace, &names);
        async move {
            if at.name.is_empty() {
                Ok((part, None))
            } else {
                Ok::<_, Fault>((part, write::get(c, &at).await?))
            }
        }
    });
    let found = try_join_all(each).await?;
    // Somebody's Gateway of the same name says which ports the proxies open: it is not part of what makes them run.
    let of_gateway = |part: &Part| *part != Part::Gateway;
    Ok(found.into_iter().filter(|(part, _)| of_gateway(part)).filter_map(|(p, o)| Some((p, o?))).collect())
}

/// What stands in the way beside the objects themselves: others that hang on them.
async fn in_the_way(c: &Connection, namespace: &str, names: &Names) -> Result<Vec<String>, Fault> {
    let all = |part: Part| fetch::collection(part, namespace);
    let name = |object: &Value| object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let Names { deployment, service_account: account, .. } = names;
    let (deployments, autoscalers) = (all(Part::Deployment), all(Part::HorizontalPodAutoscaler));
    let (deployments, autoscalers) =
        futures::try_join!(write::list(c, &deployments, ""), write::list(c, &autoscalers, ""))?;
    let shares = deployments.iter().filter(|d| {
        d["spec"]["template"]["spec"]["serviceAccountName"] == account.as_str() && name(d) != *deployment
    });
    let mut why: Vec<String> = shares
        .map(|d| {
            format!(
                "Deployment {} runs as its ServiceAccount {account} too, which would go with the gateway",
                name(d)
            )
        })
        .collect();
    let scales = autoscalers.iter().filter(|a| {
        let target = &a["spec"]["scaleTargetRef"];
        target["kind"] == "Deployment" && target["name"] == deployment.as_str() && name(a) != *deployment
    });
    why.extend(
        scales.map(|a| format!("its autoscaler is called {}, and egret's would be {deployment}", name(a))),
    );
    Ok(why)
}

/// Asks the server what each object would be.
async fn try_out(c: &Connection, namespace: &str, found: Found, draft: Draft) -> Result<Plan, Fault> {
    let unreadable =
        |why: serde_json::Error| Fault::new(Reason::Invalid, format!("{}: {why}", c.cluster), "");
    let gateway = IstioGateway::read(&draft.gateway).map_err(unreadable)?;
    let live = found.get(&Part::Deployment);
    let site = fetch::site(c, &gateway, None, Owner::Nobody, draft.names.clone(), live).await?;
    let mut objects = build::build(&gateway, &site)
        .map_err(|problem| Fault::new(Reason::Invalid, format!("{}: {problem}", c.cluster), ""))?;
    let input = build::template_input(&gateway, &site);
    let mut pending = Vec::new();
    if let Some(live) = live {
        let mut kept = live.clone();
        kept["metadata"]["annotations"][crate::materialize::names::TEMPLATE] =
            pending::as_it_is(adopt::template(live), &input, site.revision.as_deref()).into();
        pending =
            pending::settle(&mut objects.deployment, &input, site.revision.as_deref(), Some(&kept), false);
    }
    apply::keep_class(c, &mut objects.service, found.get(&Part::Service).unwrap_or(&Value::Null));
    let mut plan = Plan { draft, changes: Vec::new(), managers: BTreeMap::new(), restarts: false, pending };
    for (part, desired) in objects.into_parts() {
        let Some(mut desired) = desired else { continue };
        let at = fetch::address(part, namespace, &plan.draft.names);
        let Some(live) = found.get(&part) else {
            plan.changes.push((part, at.name, None));
            continue;
        };
        desired.0["metadata"]["uid"] = live["metadata"]["uid"].clone();
        let answer = write::apply(c, &at, &desired.0, MANAGER, Conflicts::Force, Meant::DryRun).await?;
        if part == Part::Deployment {
            plan.restarts = answer["spec"]["template"] != live["spec"]["template"];
        }
        plan.managers.insert(part, managers(live));
        plan.changes.push((part, at.name, Some(changes(answer, live))));
    }
    Ok(plan)
}

/// Who owns fields of an object, but for its status.
fn managers(live: &Value) -> Vec<String> {
    let mut names: Vec<String> = fields::managers(live).map(|manager| manager.name.to_owned()).collect();
    names.sort();
    names.dedup();
    names
}

/// What a dry run would change, but for what changes with every write.
fn changes(mut answer: Value, live: &Value) -> Vec<Difference> {
    if let Some(metadata) = answer["metadata"].as_object_mut() {
        metadata.retain(|field, _| matches!(field.as_str(), "labels" | "annotations"));
    }
    if let Some(object) = answer.as_object_mut() {
        object.shift_remove("status");
    }
    let record = FieldPath::of_fields("metadata.annotations");
    let ours = |d: &Difference| {
        d.path.is_below(&record) && d.path.to_string().contains(crate::materialize::names::TEMPLATE)
    };
    differences(&answer, live).into_iter().filter(|difference| !ours(difference)).collect()
}
