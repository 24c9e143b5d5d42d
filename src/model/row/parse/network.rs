//! Services and EndpointSlices.

use serde::Deserialize;

use super::text::{Or, Text};
use super::{Metadata, Strings, boxes, pairs, port};
use crate::model::name::Kind;
use crate::model::row::{Endpoint, EndpointSliceRow, Row, RowMeta, ServicePort, ServiceRow};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Service<'a> {
    #[serde(borrow)]
    metadata: Or<Metadata<'a>>,
    #[serde(borrow)]
    spec: Or<ServiceSpec<'a>>,
    #[serde(borrow)]
    status: Or<ServiceStatus<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ServiceSpec<'a> {
    #[serde(borrow, rename = "type")]
    service_type: Text<'a>,
    #[serde(borrow, rename = "clusterIP")]
    cluster_ip: Text<'a>,
    #[serde(borrow, rename = "externalIPs")]
    external_ips: Or<Vec<Text<'a>>>,
    #[serde(borrow)]
    external_name: Text<'a>,
    #[serde(borrow)]
    external_traffic_policy: Text<'a>,
    #[serde(borrow)]
    ports: Or<Vec<Port<'a>>>,
    #[serde(borrow)]
    selector: Or<Strings<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Port<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    protocol: Text<'a>,
    #[serde(borrow)]
    app_protocol: Text<'a>,
    port: Or<i64>,
    #[serde(borrow)]
    target_port: Text<'a>,
    node_port: Or<i64>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ServiceStatus<'a> {
    #[serde(borrow)]
    load_balancer: Or<LoadBalancer<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LoadBalancer<'a> {
    #[serde(borrow)]
    ingress: Or<Vec<Ingress<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Ingress<'a> {
    #[serde(borrow)]
    ip: Text<'a>,
    #[serde(borrow)]
    hostname: Text<'a>,
}

impl Row for ServiceRow {
    const KIND: Kind = Kind::Service;

    fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        let service: Service<'_> = serde_json::from_slice(json)?;
        let (spec, status) = (service.spec.0, service.status.0);
        let protocol = |text: Text<'_>| if text.is_empty() { "TCP".into() } else { text.into() };
        let ports = spec.ports.0.into_iter().map(|entry| ServicePort {
            name: entry.name.into(),
            protocol: protocol(entry.protocol),
            app_protocol: entry.app_protocol.into(),
            port: port(entry.port),
            target: entry.target_port.into(),
            node_port: port(entry.node_port),
        });
        let balanced = status.load_balancer.0.ingress.0.into_iter();
        let balanced = balanced.map(|to| if to.ip.is_empty() { to.hostname } else { to.ip });
        let mut load_balancer: Vec<Box<str>> = balanced.filter(|to| !to.is_empty()).map(Into::into).collect();
        // A set, in its order, as the server prints it: which address is first must not depend on the cloud's answer.
        load_balancer.sort_unstable();
        load_balancer.dedup();
        let external: Box<[Box<str>]> = match &*spec.service_type {
            "ExternalName" => Box::new([spec.external_name.into()]),
            _ => load_balancer.iter().cloned().chain(boxes(spec.external_ips.0)).collect(),
        };
        Ok(Self {
            meta: service.metadata.0.into(),
            service_type: spec.service_type.into(),
            cluster_ip: spec.cluster_ip.into(),
            external,
            load_balancer: load_balancer.into(),
            ports: ports.collect(),
            selector: pairs(spec.selector.0),
            external_traffic_policy: spec.external_traffic_policy.into(),
        })
    }

    fn meta(&self) -> &RowMeta {
        &self.meta
    }

    fn meta_mut(&mut self) -> Option<&mut RowMeta> {
        Some(&mut self.meta)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Slice<'a> {
    #[serde(borrow)]
    metadata: Or<Metadata<'a>>,
    #[serde(borrow)]
    endpoints: Or<Vec<RawEndpoint<'a>>>,
    #[serde(borrow)]
    ports: Or<Vec<Port<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawEndpoint<'a> {
    #[serde(borrow)]
    addresses: Or<Vec<Text<'a>>>,
    conditions: Or<EndpointConditions>,
    #[serde(borrow)]
    target_ref: Or<TargetRef<'a>>,
    #[serde(borrow)]
    node_name: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct EndpointConditions {
    ready: Option<bool>,
    terminating: Or<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TargetRef<'a> {
    #[serde(borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
}

impl Row for EndpointSliceRow {
    const KIND: Kind = Kind::EndpointSlice;

    fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        let slice: Slice<'_> = serde_json::from_slice(json)?;
        let endpoints = slice.endpoints.0.into_iter().map(|endpoint| {
            let target = endpoint.target_ref.0;
            Endpoint {
                address: endpoint.addresses.0.into_iter().next().unwrap_or_default().into(),
                ready: endpoint.conditions.ready.unwrap_or(true),
                terminating: endpoint.conditions.terminating.0,
                pod: if &*target.kind == "Pod" { target.name.into() } else { Box::default() },
                node: endpoint.node_name.into(),
            }
        });
        Ok(Self {
            meta: slice.metadata.0.into(),
            endpoints: endpoints.collect(),
            ports: slice.ports.0.into_iter().map(|entry| (entry.name.into(), port(entry.port))).collect(),
        })
    }

    fn meta(&self) -> &RowMeta {
        &self.meta
    }
}
