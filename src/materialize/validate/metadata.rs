//! Name, annotations and clusters of a gateway.

use std::collections::BTreeSet;

use super::{Found, words};
use crate::materialize::names::{ADOPTED, ALLOW_NODE_SYSCTLS, Names, PAUSED};
use crate::model::istio_gateway::names::{self, GATEWAY_NAMESPACE, NAME_MAX};
use crate::model::istio_gateway::{GatewayType, IstioGateway};

pub(super) fn check(gateway: &IstioGateway, found: &mut Found) {
    name(gateway.name(), found);
    if let Some(namespace) = gateway.metadata.namespace.as_deref().filter(|ns| *ns != GATEWAY_NAMESPACE) {
        let why = format!("the gateway is in {namespace}: ASM keeps gateways in {GATEWAY_NAMESPACE} alone");
        found.note("metadata.namespace", why, GATEWAY_NAMESPACE);
    }
    annotations(gateway, found);
    found.word(
        "spec.gatewayType",
        gateway.spec.gateway_type.as_ref().map(GatewayType::as_str),
        GatewayType::WORDS,
    );
    clusters(gateway, found);
}

fn name(name: &str, found: &mut Found) {
    let path = "metadata.name";
    if name.is_empty() {
        found.error(path, "a gateway needs a name", "egressgateway");
    } else if name.contains('.') {
        found.error(
            path,
            "the name may not contain dots: a Service is named after it",
            name.replace('.', "-"),
        );
    } else if name.len() > NAME_MAX {
        let why = format!("the name has {} characters, and istio- is put before it", name.len());
        found.error(path, why, format!("at most {NAME_MAX} characters"));
    } else if !words::is_label_name(name) {
        let why = format!("{name:?} is no name of an object");
        found.error(path, why, "lower-case letters, digits and '-': egress-a");
    }
}

fn annotations(gateway: &IstioGateway, found: &mut Found) {
    let path = |key: &str| format!("metadata.annotations[{key}]");
    for key in [PAUSED, ALLOW_NODE_SYSCTLS, names::REPLICAS_MANAGED_BY_ASM] {
        let value = gateway.annotation(key).filter(|v| !["true", "false"].contains(v));
        if let Some(value) = value {
            found.error(&path(key), format!("{value:?} is neither \"true\" nor \"false\""), "\"true\"");
        }
    }
    if let Some(text) = gateway.annotation(names::DRAIN_TIMEOUT_SECONDS) {
        match text.parse::<u32>() {
            Ok(1..=86_400) => {}
            _ => found.error(
                &path(names::DRAIN_TIMEOUT_SECONDS),
                format!("{text:?} is no number of seconds from 1 to 86400"),
                "\"30\"",
            ),
        }
    }
    adopted(gateway, found);
}

/// The record of what was adopted names objects, and whoever may edit a gateway may write it: it must not lead anywhere
/// else.
fn adopted(gateway: &IstioGateway, found: &mut Found) {
    if gateway.annotation(ADOPTED).is_none() {
        return;
    }
    let path = format!("metadata.annotations[{ADOPTED}]");
    let example = "take the record from before the edit";
    let names = match Names::read(gateway) {
        Ok(names) => names,
        Err(why) => return found.error(&path, format!("the record of what was adopted {why}"), example),
    };
    for name in [&names.deployment, &names.service, &names.service_account] {
        let is_name = !name.is_empty() && name.len() <= 253 && name.split('.').all(words::is_label_name);
        if !is_name {
            found.error(&path, format!("{name:?} is no name of an object"), example);
        }
    }
    let is_label =
        |(key, value): (&String, &String)| words::is_qualified(key) && words::is_label_value(value);
    if names.selector.is_empty() || !names.selector.iter().all(is_label) {
        found.error(&path, "the selector is not one of labels", example);
    }
}

fn clusters(gateway: &IstioGateway, found: &mut Found) {
    let mut seen = BTreeSet::new();
    for (index, id) in gateway.spec.cluster_ids.iter().flatten().enumerate() {
        let path = format!("spec.clusterIds[{index}]");
        if id.is_empty() {
            found.error(&path, "a cluster id is not empty", "the id of a cluster of this mesh");
        } else if !seen.insert(id) {
            found.error(&path, format!("{id:?} is named twice"), "each cluster once");
        }
    }
    for id in gateway.spec.overrides.iter().flatten().map(|(id, _)| id).filter(|id| !seen.contains(id)) {
        let why = format!("{id:?} is not in spec.clusterIds, so this has no effect");
        found.note(
            &format!("spec.overrides[{id}]"),
            why,
            "name the cluster in spec.clusterIds, or remove this",
        );
    }
}
