//! Where a port-forward may lead: the ports of what is selected, and the pods behind them.

use std::collections::BTreeSet;

use crate::app::model::App;
use crate::app::open::key;
use crate::app::screen::{Details, DetailsOf, Screen, Tab};
use crate::model::clean::clean;
use crate::model::forward::Aim;
use crate::model::gateway::{GatewayId, GatewayRow};
use crate::model::name::{ClusterName, Kind, ObjectKey};
use crate::model::row::{PodRow, ServicePort, ServiceRow};
use crate::model::snapshot::Snapshot;
use crate::model::table::Subject;

/// Ports of a proxy that no container declares.
const PROXY: &[(u16, &str)] = &[
    (15000, "Envoy's admin interface"),
    (15020, "statistics of proxy and agent"),
    (15021, "health: /healthz/ready"),
];

/// The label that joins a slice with its Service.
const OF_SERVICE: &str = "kubernetes.io/service-name";

/// What a port-forward leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A pod, and no other.
    Pod(ObjectKey),
    /// A ready pod behind a Service.
    Service(ObjectKey),
    /// A ready pod of a gateway.
    Gateway(GatewayId),
}

/// A port that may be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::app) struct Port {
    /// Its number, as it is known there.
    pub(super) number: u16,
    /// What it is.
    pub(super) about: String,
}

impl Target {
    /// Its cluster.
    pub fn cluster(&self) -> &ClusterName {
        match self {
            Self::Pod(key) | Self::Service(key) => &key.cluster,
            Self::Gateway(id) => &id.cluster,
        }
    }

    /// Its cluster, and the namespace of its pods.
    pub(in crate::app) fn place(&self) -> (ClusterName, std::sync::Arc<str>) {
        match self {
            Self::Pod(key) | Self::Service(key) => (key.cluster.clone(), key.namespace.clone()),
            Self::Gateway(id) => (id.cluster.clone(), id.namespace.clone()),
        }
    }

    /// `gateway istio-system/egressgateway`.
    pub fn in_words(&self) -> String {
        match self {
            Self::Pod(key) => format!("pod {}/{}", key.namespace, key.name),
            Self::Service(key) => format!("Service {}/{}", key.namespace, key.name),
            Self::Gateway(id) => format!("gateway {}/{}", id.namespace, id.name),
        }
    }
}

impl App {
    /// What a box is about, else what is selected; and its ports, the likeliest first.
    pub(in crate::app) fn ports_here(&self) -> Option<(Target, Vec<Port>)> {
        let target = match self.held_on_to() {
            Some(meant) if self.is_gone(meant).is_some() => return None,
            Some(meant) => meant.target.clone(),
            None => self.target_here()?,
        };
        let ports = match &target {
            Target::Pod(key) => of_pod(self.pod(key)?),
            Target::Service(key) => {
                let row = self.service(key)?;
                let ports = row.ports.iter().filter(|port| is_tcp(port));
                let port = |port: &ServicePort| Port {
                    number: port.port,
                    about: format!("{}to {} of its pods", named(&port.name), clean(&port.target)),
                };
                ports.map(port).collect()
            }
            Target::Gateway(id) => of_gateway(&*self.gateway(id)?),
        };
        Some((target, ports))
    }

    /// What is selected.
    pub(super) fn target_here(&self) -> Option<Target> {
        if let Screen::Details(Details { of, tab, .. }) = self.screen()
            && *tab != Tab::Pods
        {
            return match of {
                DetailsOf::Pod(key) if self.pod(key).is_some() => Some(Target::Pod(key.clone())),
                _ => None,
            };
        }
        let item = self.active_table()?.item()?;
        Some(match &item.subject {
            Subject::Pod(row) => Target::Pod(key(&item.cluster, Kind::Pod, &row.meta)),
            Subject::Service(row) => Target::Service(key(&item.cluster, Kind::Service, &row.meta)),
            Subject::Gateway(row) => Target::Gateway(row.id.clone()),
            Subject::Cluster(_) => return None,
        })
    }

    /// The pods and their ports that connections to a port of a target may be carried to now, in a fixed order.
    pub(super) fn aims(&self, target: &Target, port: u16) -> Vec<Aim> {
        let Some(snapshot) = self.cluster(target.cluster()) else { return Vec::new() };
        match target {
            Target::Pod(key) => {
                let runs = self.pod(key).is_some_and(|row| &*row.phase == "Running");
                runs.then(|| Aim { pod: key.clone(), port }).into_iter().collect()
            }
            Target::Service(key) => {
                self.service(key).map(|row| of_service(snapshot, row, port)).unwrap_or_default()
            }
            Target::Gateway(id) => {
                let Some(row) = self.gateway(id) else { return Vec::new() };
                // A port of its Service means what the Service makes of it.
                if let Some(service) = &row.service
                    && service.ports.iter().any(|p| p.port == port && is_tcp(p))
                {
                    return of_service(snapshot, service, port);
                }
                let mut pods: Vec<&PodRow> =
                    row.pods.iter().map(|pod| &**pod).filter(|pod| serves(pod)).collect();
                pods.sort_by(|a, b| a.meta.name.cmp(&b.meta.name));
                pods.iter().map(|pod| Aim { pod: row.pod_key(pod), port }).collect()
            }
        }
    }
}

fn serves(pod: &PodRow) -> bool {
    pod.is_ready && pod.meta.deleting.is_none()
}

fn is_tcp(port: &ServicePort) -> bool {
    matches!(&*port.protocol, "" | "TCP")
}

/// `https: `.
fn named(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!("{}: ", clean(name)) }
}

fn is_proxy(pod: &PodRow) -> bool {
    pod.containers.iter().any(|name| &**name == "istio-proxy")
}

fn of_pod(pod: &PodRow) -> Vec<Port> {
    let declared = pod
        .ports
        .iter()
        .map(|(name, number)| Port { number: *number, about: format!("{}a port of the pod", named(name)) });
    let mut all: Vec<Port> = declared.collect();
    if is_proxy(pod) {
        all.extend(PROXY.iter().map(|(number, about)| Port { number: *number, about: (*about).to_owned() }));
    }
    distinct(all)
}

fn of_gateway(row: &GatewayRow) -> Vec<Port> {
    let service = row.service.iter().flat_map(|service| service.ports.iter()).filter(|port| is_tcp(port));
    let of_service = service.map(|port| Port {
        number: port.port,
        about: format!("{}of its Service, to {} of a pod", named(&port.name), clean(&port.target)),
    });
    let mut all: Vec<Port> = of_service.collect();
    all.extend(PROXY.iter().map(|(number, about)| Port { number: *number, about: (*about).to_owned() }));
    all.extend(row.pods.first().map(|pod| of_pod(pod)).unwrap_or_default());
    distinct(all)
}

/// The first of each number.
fn distinct(mut ports: Vec<Port>) -> Vec<Port> {
    let mut seen = BTreeSet::new();
    ports.retain(|port| seen.insert(port.number));
    ports
}

/// The pods behind a port of a Service, as its slices tell; where there are none, by its selector.
fn of_service(snapshot: &Snapshot, service: &ServiceRow, port: u16) -> Vec<Aim> {
    let Some(port) = service.ports.iter().find(|p| p.port == port && is_tcp(p)) else { return Vec::new() };
    let pod = |name: &str| ObjectKey {
        cluster: snapshot.cluster.clone(),
        kind: Kind::Pod,
        namespace: service.meta.namespace.clone(),
        name: name.into(),
    };
    let its = snapshot.endpoint_slices.iter().filter(|slice| {
        slice.meta.namespace == service.meta.namespace
            && slice.meta.labels.get(OF_SERVICE).is_some_and(|name| *name == *service.meta.name)
    });
    let mut aims = Vec::new();
    for slice in its {
        let Some((_, number)) = slice.ports.iter().find(|(name, _)| *name == port.name) else { continue };
        let ready = slice.endpoints.iter().filter(|e| e.ready && !e.terminating && !e.pod.is_empty());
        aims.extend(ready.map(|endpoint| Aim { pod: pod(&endpoint.pod), port: *number }));
    }
    if aims.is_empty() && !service.selector.is_empty() {
        let selected = snapshot.pods.iter().filter(|pod| {
            let has = |(key, value): (&str, &str)| pod.meta.labels.get(key).is_some_and(|v| *v == *value);
            serves(pod)
                && pod.meta.namespace == service.meta.namespace
                && service.selector.iter().all(|(key, value)| has((key, value)))
        });
        let at = |row: &PodRow| match port.target.parse() {
            Ok(number) => Some(number),
            Err(_) if port.target.is_empty() => Some(port.port),
            Err(_) => row.ports.iter().find(|(name, _)| *name == port.target).map(|(_, number)| *number),
        };
        aims.extend(selected.filter_map(|row| Some(Aim { pod: pod(&row.meta.name), port: at(row)? })));
    }
    aims.sort_by(|a, b| a.pod.name.cmp(&b.pod.name));
    aims.dedup();
    aims
}
