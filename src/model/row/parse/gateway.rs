//! `IstioGateway`, and `Gateway` and `GatewayClass` of the Gateway API.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::text::{Or, Text};
use super::{Metadata, RawCondition, boxes, conditions, port};
use crate::model::istio_gateway::IstioGateway;
use crate::model::name::Kind;
use crate::model::row::{GatewayApiRow, GatewayClassRow, IstioGatewayRow, Listener, Manager, Row, RowMeta};
use crate::model::yaml::LAST_APPLIED;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Managed<'a> {
    #[serde(borrow)]
    metadata: Or<ManagedMetadata<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ManagedMetadata<'a> {
    #[serde(borrow)]
    managed_fields: Or<Vec<ManagedFields<'a>>>,
    #[serde(flatten, borrow)]
    meta: Metadata<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ManagedFields<'a> {
    #[serde(borrow)]
    manager: Text<'a>,
    #[serde(borrow)]
    operation: Text<'a>,
    time: Option<Timestamp>,
    #[serde(borrow)]
    subresource: Text<'a>,
}

impl From<ManagedFields<'_>> for Manager {
    fn from(raw: ManagedFields<'_>) -> Self {
        Self {
            manager: raw.manager.into(),
            operation: raw.operation.into(),
            time: raw.time,
            subresource: raw.subresource.into(),
        }
    }
}

impl Row for IstioGatewayRow {
    const KIND: Kind = Kind::IstioGateway;

    fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        let metadata = serde_json::from_slice::<Managed<'_>>(json)?.metadata.0;
        let mut object: Value = serde_json::from_slice(json)?;
        // The typed reading wants metadata, even where there is none.
        let fields = object.as_object_mut().map(|parts| parts.entry("metadata").or_insert(Value::Null));
        if let Some(fields) = fields {
            if fields.is_null() {
                *fields = Value::Object(Default::default());
            }
            if let Some(fields) = fields.as_object_mut() {
                fields.remove("managedFields");
                if let Some(annotations) = fields.get_mut("annotations").and_then(Value::as_object_mut) {
                    annotations.remove(LAST_APPLIED);
                }
            }
        }
        Ok(Self {
            meta: metadata.meta.into(),
            managers: metadata.managed_fields.0.into_iter().map(Into::into).collect(),
            gateway: Arc::new(IstioGateway::read(&object)?),
            object: Arc::new(object),
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
struct Gateway<'a> {
    #[serde(borrow)]
    metadata: Or<Metadata<'a>>,
    #[serde(borrow)]
    spec: Or<GatewaySpec<'a>>,
    #[serde(borrow)]
    status: Or<GatewayStatus<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct GatewaySpec<'a> {
    #[serde(borrow)]
    gateway_class_name: Text<'a>,
    #[serde(borrow)]
    addresses: Or<Vec<Address<'a>>>,
    #[serde(borrow)]
    listeners: Or<Vec<RawListener<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawListener<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    port: Or<i64>,
    #[serde(borrow)]
    protocol: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GatewayStatus<'a> {
    #[serde(borrow)]
    addresses: Or<Vec<Address<'a>>>,
    #[serde(borrow)]
    conditions: Or<Vec<RawCondition<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Address<'a> {
    #[serde(borrow)]
    value: Text<'a>,
}

fn values(addresses: Or<Vec<Address<'_>>>) -> Box<[Box<str>]> {
    boxes(addresses.0.into_iter().map(|address| address.value).collect())
}

impl Row for GatewayApiRow {
    const KIND: Kind = Kind::Gateway;

    fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        let gateway: Gateway<'_> = serde_json::from_slice(json)?;
        let (spec, status) = (gateway.spec.0, gateway.status.0);
        let listeners = spec.listeners.0.into_iter().map(|one| Listener {
            name: one.name.into(),
            port: port(one.port),
            protocol: one.protocol.into(),
        });
        Ok(Self {
            meta: gateway.metadata.0.into(),
            class: spec.gateway_class_name.into(),
            listeners: listeners.collect(),
            bound_to: values(spec.addresses),
            addresses: values(status.addresses),
            conditions: conditions(status.conditions),
        })
    }

    fn meta(&self) -> &RowMeta {
        &self.meta
    }

    fn meta_mut(&mut self) -> Option<&mut RowMeta> {
        Some(&mut self.meta)
    }
}

impl Row for GatewayClassRow {
    const KIND: Kind = Kind::GatewayClass;

    fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Class<'a> {
            #[serde(borrow)]
            metadata: Or<Metadata<'a>>,
            #[serde(borrow)]
            spec: Or<Spec<'a>>,
        }
        #[derive(Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        struct Spec<'a> {
            #[serde(borrow)]
            controller_name: Text<'a>,
        }
        let class: Class<'_> = serde_json::from_slice(json)?;
        Ok(Self { meta: class.metadata.0.into(), controller: class.spec.0.controller_name.into() })
    }

    fn meta(&self) -> &RowMeta {
        &self.meta
    }
}
