//! What happens to gateways and their objects: one watch a kind and cluster, each on its own.
//!
//! kube's `Controller` lets all its watches wait when one fails, and takes several rounds to list again after the history
//! is gone: after a restart of an API server it did nothing for minutes. Here a watch that breaks holds up itself alone.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use strum::IntoEnumIterator as _;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::AbortHandle;

use super::clusters::Others;
use super::queue::Key;
use crate::cluster::connect::Connection;
use crate::cluster::stream::{Change, Place, WatchEnd, list, watch};
use crate::materialize::Part;
use crate::materialize::names::{GATEWAY, GATEWAY_UID};
use crate::model::fault::Reason;
use crate::model::name::{Kind, Resource};
use crate::model::row::{Row, RowMeta};

/// Pauses after a list or watch that failed; the last one from then on.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(10),
];

/// A kind that the cluster does not serve, or that may not be watched, is asked for again after this long.
const UNSERVED: Duration = Duration::from_secs(60);

/// An object, of which only the gateway it belongs to matters.
struct Touched(RowMeta, Option<Key>);

impl Row for Touched {
    const KIND: Kind = Kind::IstioGateway;

    fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        let object: Object = serde_json::from_slice(json)?;
        let (namespace, name) = (&*object.metadata.namespace, &*object.metadata.name);
        let meta = RowMeta { namespace: namespace.into(), name: name.into(), ..RowMeta::default() };
        Ok(Self(meta, object.gateway()))
    }

    fn meta(&self) -> &RowMeta {
        &self.0
    }
}

#[derive(Deserialize)]
struct Object {
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    labels: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    owner_references: Vec<Owner>,
}

#[derive(Deserialize)]
struct Owner {
    kind: String,
    name: String,
}

impl Object {
    fn gateway(self) -> Option<Key> {
        const GATEWAY_KIND: &str = "IstioGateway";
        let Metadata { namespace, labels, owner_references, .. } = self.metadata;
        let owner =
            owner_references.into_iter().find(|owner| owner.kind == GATEWAY_KIND).map(|owner| owner.name);
        let abroad = || labels.get(GATEWAY_UID).and_then(|_| labels.get(GATEWAY).cloned());
        Some((namespace, owner.or_else(abroad)?))
    }
}

/// The kinds that are watched for gateways, beside their own.
pub(super) fn kinds() -> Vec<Kind> {
    Part::iter().map(Part::kind).collect()
}

/// Tells of every gateway that something happens to, by the objects of one kind, until dropped.
pub(super) async fn follow(c: Connection, namespace: String, kind: Kind, tell: UnboundedSender<Key>) {
    let Resource { version, .. } = kind.resource();
    let place = Place {
        kind,
        version: version.into(),
        namespace: Some(namespace.as_str().into()),
        fields: String::new(),
        labels: String::new(),
        paths: Default::default(),
    };
    let is_gateway = kind == Kind::IstioGateway;
    let hear = |Touched(meta, gateway): Touched| {
        // Items of a list do not say of which kind they are.
        let own = is_gateway.then(|| (meta.namespace.to_string(), meta.name.to_string()));
        if let Some(key) = own.or(gateway) {
            // Whoever listens is gone only when this is.
            let _ = tell.send(key);
        }
    };
    let mut failures = 0;
    loop {
        let ended = match list::<Touched>(&c, &place, |rows| rows.into_iter().for_each(&hear)).await {
            Err(fault) => WatchEnd::Broken(fault),
            Ok(listed) => {
                failures = 0;
                let mut version = listed.resource_version;
                loop {
                    let changed = |change| match change {
                        Change::Applied(touched) | Change::Deleted(touched) => hear(touched),
                        Change::Unread(what) => tracing::warn!(cluster = %c.cluster, "{what}"),
                    };
                    match watch::<Touched>(&c, &place, &mut version, || (), changed).await {
                        WatchEnd::Closed => {}
                        ended => break ended,
                    }
                }
            }
        };
        // History that is gone is listed again at once.
        let WatchEnd::Broken(fault) = ended else { continue };
        let pause = match fault.reason {
            Reason::Missing | Reason::Denied => UNSERVED,
            _ => PAUSES[failures.min(PAUSES.len() - 1)],
        };
        failures += 1;
        if failures == 1 {
            tracing::warn!(cluster = %c.cluster, "{}", fault.summary);
        }
        tokio::time::sleep(pause).await;
    }
}

/// The watches in other clusters, by id, with the version of the connection they go over.
#[derive(Default)]
pub(super) struct Elsewhere(BTreeMap<String, (u64, Vec<AbortHandle>)>);

impl Elsewhere {
    /// Ends the watches over connections that are gone, and begins those over new ones. Returns whether anything
    /// has changed.
    pub(super) fn settle(
        &mut self,
        now: Others,
        mut watched: impl FnMut(&Connection, Kind) -> AbortHandle,
    ) -> bool {
        let mut changed = false;
        self.0.retain(|id, (version, watches)| {
            let stays = now.get(id).is_some_and(|other| other.version == *version);
            if !stays {
                watches.iter().for_each(AbortHandle::abort);
                changed = true;
            }
            stays
        });
        for (id, other) in now {
            if self.0.contains_key(&id) {
                continue;
            }
            let watches = match &other.way {
                Ok(c) => kinds().into_iter().map(|kind| watched(c, kind)).collect(),
                Err(_) => Vec::new(),
            };
            self.0.insert(id, (other.version, watches));
            changed = true;
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_belongs_to_its_owner_or_to_whom_its_labels_name() {
        let of = |json: &str| Touched::parse(json.as_bytes()).unwrap().1;
        let key = |name: &str| Some(("ns".to_owned(), name.to_owned()));
        let owned = r#"{"metadata":{"name":"x","namespace":"ns","ownerReferences":[{"kind":"IstioGateway","name":"b"}]}}"#;
        assert_eq!(of(owned), key("b"));
        let labels = r#"{"metadata":{"name":"x","namespace":"ns","labels":{"egret/gateway":"c","egret/gateway-uid":"u"}}}"#;
        assert_eq!(of(labels), key("c"));
        assert_eq!(of(r#"{"metadata":{"name":"x","namespace":"ns","labels":{"egret/gateway":"c"}}}"#), None);
    }
}
