//! Many gateways judged at once, from one list of each kind: after a start or a watch that was begun anew, nearly all
//! are as they should be, and a dozen requests for each would say no more.
//!
//! Nothing is written from what is seen here. A gateway about which anything is to be done, or that has anything to do
//! with another cluster, is passed over by itself ([`super::pass()`]), which reads everything again.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures::future::try_join_all;
use serde_json::Value;
use strum::IntoEnumIterator as _;

use super::apply::{self, Seen, Work};
use super::clusters;
use super::contest::Contest;
use super::fetch::{self, Live};
use super::pass::{Keeper, is_said};
use crate::cluster::connect::Connection;
use crate::cluster::stream::{self, Place};
use crate::materialize::build::Owner;
use crate::materialize::names::{CLUSTERS, Names, PAUSED, RELEASE};
use crate::materialize::report::{PartState, Report};
use crate::materialize::{Part, Problem, status, validate};
use crate::model::fault::{Fault, Reason};
use crate::model::istio_gateway::IstioGateway;
use crate::model::name::{Kind, Resource};
use crate::model::row::{Row, RowMeta};

/// What of the home cluster is listed: documents as they came, read one gateway at a time.
struct Round {
    gateways: HashMap<Arc<str>, Box<[u8]>>,
    objects: BTreeMap<Part, HashMap<Arc<str>, Box<[u8]>>>,
    /// Pods whose proxy was not injected (R7); there should be none.
    uninjected: Vec<Value>,
}

/// Judges gateways of a namespace. Returns the reports of those that are as they should be, by name; for the others a
/// pass is due.
///
/// # Errors
/// When one of the kinds cannot be listed.
pub async fn settled(
    keeper: &Keeper,
    namespace: &str,
    names: &[String],
) -> Result<BTreeMap<String, Report>, Fault> {
    let round = Round::list(&keeper.clusters.home, namespace).await?;
    let mut settled = BTreeMap::new();
    for name in names {
        if let Some(report) = round.judge(keeper, namespace, name).await {
            settled.insert(name.clone(), report);
        }
        // Hundreds of them are some tenths of a second, and the lease is renewed beside this.
        tokio::task::yield_now().await;
    }
    Ok(settled)
}

impl Round {
    async fn list(c: &Connection, namespace: &str) -> Result<Self, Fault> {
        let each = Part::iter().map(|part| async move {
            // The version that the parts are built in: a watch's rows may come in another.
            let Resource { version, .. } = part.resource();
            Ok::<_, Fault>((part, documents(c, part.kind(), version, namespace).await?))
        });
        let Resource { version, .. } = Kind::IstioGateway.resource();
        let (gateways, objects, uninjected) = futures::try_join!(
            documents(c, Kind::IstioGateway, version, namespace),
            try_join_all(each),
            uninjected(c, namespace)
        )?;
        Ok(Self { gateways, objects: objects.into_iter().collect(), uninjected })
    }

    /// The report of a gateway that a pass would write nothing for; `None`: a pass is due.
    async fn judge(&self, keeper: &Keeper, namespace: &str, name: &str) -> Option<Report> {
        let mut object: Value = serde_json::from_slice(self.gateways.get(name)?).ok()?;
        named(&mut object, &clusters::gateway(namespace, name).kind, &api_version(Kind::IstioGateway));
        let gateway = IstioGateway::read(&object).ok()?;
        let marks = [CLUSTERS, RELEASE, PAUSED].map(|mark| gateway.annotation(mark));
        let ids = gateway.spec.cluster_ids.as_deref().unwrap_or_default();
        let is_home = ids.iter().all(|id| *id == keeper.clusters.home_id) && ids.len() < 2;
        let problems = validate(&gateway);
        if gateway.metadata.deletion_timestamp.is_some()
            || marks.iter().any(Option::is_some)
            || !is_home
            || problems.iter().any(Problem::is_error)
        {
            return None;
        }
        let names = Names::read(&gateway).ok()?;
        let seen = self.seen(namespace, &names)?;
        let owner = Owner::Gateway { uid: gateway.metadata.uid.clone()? };
        let work = Work {
            c: &keeper.clusters.home,
            gateway: &gateway,
            cluster_id: ids.first().map(String::as_str),
            owner: &owner,
            names: &names,
            writes: false,
            home: None,
        };
        let place = apply::place_as_seen(work, seen, &mut Contest::default()).await.ok()?;
        let in_sync = place.faults.is_empty() && place.parts.iter().all(|p| p.state == PartState::InSync);
        let report = Report { problems, places: vec![place], ..Report::default() };
        let (status, _) = status::status(&object, &report, keeper.clock.now());
        (in_sync && is_said(&object["status"], &status)).then_some(report)
    }

    /// The objects of a gateway; `None` when one cannot be read, or there is no Deployment yet.
    fn seen(&self, namespace: &str, names: &Names) -> Option<Seen> {
        let mut live = Live::new();
        for (part, objects) in &self.objects {
            let Some(document) = objects.get(fetch::address(*part, namespace, names).name.as_str()) else {
                continue;
            };
            let mut object = serde_json::from_slice(document).ok()?;
            named(&mut object, &part.to_string(), &part.api_version());
            live.insert(*part, object);
        }
        let selects = |pod: &&Value| {
            names.selector.iter().all(|(key, value)| pod["metadata"]["labels"][key] == value.as_str())
        };
        let pods = self.uninjected.iter().filter(selects).cloned().collect();
        live.contains_key(&Part::Deployment).then_some(Seen { live, pods })
    }
}

fn api_version(kind: Kind) -> String {
    let Resource { group, version, .. } = kind.resource();
    format!("{group}/{version}")
}

/// Items of a list do not say what they are.
fn named(object: &mut Value, kind: &str, api_version: &str) {
    object["kind"] = kind.into();
    object["apiVersion"] = api_version.into();
}

/// An object as it came.
struct Document(RowMeta, Box<[u8]>);

impl Row for Document {
    const KIND: Kind = Kind::IstioGateway;

    fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        #[derive(serde::Deserialize)]
        struct Object<'a> {
            #[serde(borrow)]
            metadata: Metadata<'a>,
        }
        #[derive(serde::Deserialize)]
        struct Metadata<'a> {
            #[serde(borrow)]
            name: std::borrow::Cow<'a, str>,
        }
        let Object { metadata } = serde_json::from_slice(json)?;
        Ok(Self(RowMeta { name: (*metadata.name).into(), ..RowMeta::default() }, json.into()))
    }

    fn meta(&self) -> &RowMeta {
        &self.0
    }
}

async fn listed<R: Row>(
    c: &Connection,
    kind: Kind,
    version: &str,
    namespace: &str,
    rows: impl FnMut(Vec<R>),
) -> Result<(), Fault> {
    let place = Place {
        kind,
        version: version.into(),
        namespace: Some(namespace.into()),
        fields: String::new(),
        labels: String::new(),
        paths: Default::default(),
    };
    match stream::list(c, &place, rows).await {
        // A kind that is not served has no objects.
        Err(fault) if fault.reason == Reason::Missing => Ok(()),
        done => done.map(drop),
    }
}

async fn documents(
    c: &Connection,
    kind: Kind,
    version: &str,
    namespace: &str,
) -> Result<HashMap<Arc<str>, Box<[u8]>>, Fault> {
    let mut found = HashMap::new();
    let keep = |rows: Vec<Document>| {
        found.extend(rows.into_iter().map(|Document(meta, json)| (meta.name, json)));
    };
    listed(c, kind, version, namespace, keep).await?;
    Ok(found)
}

/// A pod, if it was not injected.
struct Uninjected(RowMeta, Option<Value>);

impl Row for Uninjected {
    const KIND: Kind = Kind::Pod;

    fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        // Hardly any pod is: the word alone tells most of them apart.
        let says_auto = json.windows(6).any(|word| word == b"\"auto\"");
        let pod = if says_auto { Some(serde_json::from_slice(json)?) } else { None };
        Ok(Self(RowMeta::default(), pod.filter(status::is_auto)))
    }

    fn meta(&self) -> &RowMeta {
        &self.0
    }
}

async fn uninjected(c: &Connection, namespace: &str) -> Result<Vec<Value>, Fault> {
    let mut found = Vec::new();
    let Resource { version, .. } = Kind::Pod.resource();
    let keep = |rows: Vec<Uninjected>| found.extend(rows.into_iter().filter_map(|Uninjected(_, pod)| pod));
    listed(c, Kind::Pod, version, namespace, keep).await?;
    Ok(found)
}
