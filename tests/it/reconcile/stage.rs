//! Simulated clusters with a mesh, and controllers that act on them one pass at a time.

use std::sync::Arc;
use std::time::Duration;

use egret::cluster::clock::Clock;
use egret::cluster::connect::{Connection, Patience, connect};
use egret::cluster::kubeconfig::Contexts;
use egret::cluster::read_only::ReadOnly;
use egret::demo::state::State;
use egret::demo::store::Key;
use egret::demo::story;
use egret::demo::world::World;
use egret::materialize::Part;
use egret::model::name::ClusterName;
use egret::reconcile::{Clusters, Keeper, Report, pass};
use serde_json::{Value, json};
use strum::IntoEnumIterator as _;
use tower::util::BoxCloneSyncService;

use super::trouble::{Trouble, Troubled};

/// The cluster that holds the gateways.
pub(super) const HOME: &str = "home";

/// Where they are.
pub(super) const NAMESPACE: &str = "istio-system";

/// What stands for a gateway's kind in the simulator's store.
const GATEWAYS: &str = "istiogateways.istio.alibabacloud.com";

/// Clusters, and nobody who keeps them yet.
pub(super) struct Stage {
    pub(super) world: World,
    others: Vec<String>,
}

impl Stage {
    /// The home cluster and others, each with a mesh.
    pub(super) fn new(others: &[&str]) -> Self {
        let names: Vec<&str> = [HOME].into_iter().chain(others.iter().copied()).collect();
        Self { world: story::bare(1, &names), others: others.iter().map(|name| (*name).to_owned()).collect() }
    }

    /// The same at this moment, to go another way from here.
    pub(super) fn copied(&self) -> Self {
        Self { world: self.world.copied(), others: self.others.clone() }
    }

    /// A controller that knows nothing yet, with what goes wrong on its way.
    pub(super) async fn keeper(&self, trouble: &Trouble) -> Keeper {
        let clusters = Clusters::only(self.connection(HOME, trouble).await, HOME);
        for name in &self.others {
            clusters.put(name, Ok(self.connection(name, trouble).await));
        }
        Keeper::new(clusters, self.clock())
    }

    fn clock(&self) -> Clock {
        Clock::new(Arc::new(self.world.clock().clone()))
    }

    /// A way to a cluster.
    pub(super) async fn connection(&self, name: &str, trouble: &Trouble) -> Connection {
        let names = self.world.names().into_iter().map(ClusterName::from).collect();
        let (world, trouble) = (self.world.clone(), trouble.clone());
        let contexts = Contexts::handed(names, self.clock(), move |cluster| {
            let inner = world.service(cluster.as_str())?;
            Some(BoxCloneSyncService::new(Troubled {
                inner,
                trouble: trouble.clone(),
                cluster: cluster.to_string(),
            }))
        });
        let name = ClusterName::from(name);
        connect(&contexts, &name, None, ReadOnly::new(false), Patience::default()).await.unwrap()
    }

    /// Does something in a cluster, as somebody else.
    pub(super) fn with<T>(&self, cluster: &str, act: impl FnOnce(&mut State) -> T) -> T {
        self.world.cluster(cluster).unwrap().with(act)
    }

    /// Makes a gateway, as a person does.
    pub(super) fn put(&self, name: &str, spec: &Value) {
        let gateway = json!({
            "apiVersion": "istio.alibabacloud.com/v1beta1", "kind": "IstioGateway",
            "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec,
        });
        self.put_document(&gateway);
    }

    /// The same, from a whole document.
    pub(super) fn put_document(&self, gateway: &Value) {
        let mut gateway = gateway.clone();
        gateway["apiVersion"] = "istio.alibabacloud.com/v1beta1".into();
        gateway["kind"] = "IstioGateway".into();
        self.with(HOME, |state| state.make(GATEWAYS, gateway, "kubectl").map(drop)).unwrap();
    }

    /// Makes an object, as somebody of this name does.
    pub(super) fn install(&self, cluster: &str, part: Part, object: &Value, by: &str) {
        self.with(cluster, |state| state.make(&id(part), object.clone(), by).map(drop)).unwrap();
    }

    /// Uids of the pods that have a label, in order.
    pub(super) fn pods(&self, cluster: &str, label: &str) -> Vec<String> {
        let (key, value) = label.split_once('=').unwrap();
        let pods = self.with(cluster, |state| state.list("pods", Some(NAMESPACE)));
        let labelled = pods.iter().filter(|pod| pod["metadata"]["labels"][key] == value);
        let mut uids: Vec<String> =
            labelled.map(|pod| pod["metadata"]["uid"].as_str().unwrap().to_owned()).collect();
        uids.sort();
        uids
    }

    /// Changes a gateway, as a person does.
    pub(super) fn edit(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let key = Key::new(GATEWAYS, NAMESPACE, name);
        self.with(HOME, |state| state.change(&key, "kubectl", change).map(drop)).unwrap();
    }

    /// Changes the status of a gateway, as somebody else does.
    pub(super) fn edit_status(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let key = Key::new(GATEWAYS, NAMESPACE, name);
        self.with(HOME, |state| state.change_status(&key, "auditor", change).map(drop)).unwrap();
    }

    /// Changes any object of a cluster, as somebody of this name does.
    pub(super) fn meddle(
        &self,
        cluster: &str,
        part: Part,
        name: &str,
        by: &str,
        change: impl FnOnce(&mut Value),
    ) {
        let key = Key::new(&id(part), NAMESPACE, name);
        self.with(cluster, |state| state.change(&key, by, change).map(drop)).unwrap();
    }

    /// Deletes a gateway; what waits for a finalizer stays.
    pub(super) fn delete(&self, name: &str) {
        self.with(HOME, |state| state.remove(&Key::new(GATEWAYS, NAMESPACE, name)).map(drop)).unwrap();
    }

    /// A gateway as it is.
    pub(super) fn gateway(&self, name: &str) -> Option<Value> {
        self.with(HOME, |state| state.get(GATEWAYS, NAMESPACE, name).map(|object| (**object).clone()))
    }

    /// An object of a gateway, as it is.
    pub(super) fn object(&self, cluster: &str, part: Part, name: &str) -> Option<Value> {
        self.with(cluster, |state| state.get(&id(part), NAMESPACE, name).map(|object| (**object).clone()))
    }

    /// Lets the clusters' own controllers work.
    pub(super) fn advance(&self) {
        self.world.advance(Duration::from_secs(60));
    }

    /// Passes over a gateway until there is nothing left to write and all its pods had time to come. Returns the last.
    pub(super) async fn settle(&self, keeper: &Keeper, name: &str) -> Report {
        for _ in 0..12 {
            // What the last pass wrote has had its effect.
            self.advance();
            let report = pass(keeper, NAMESPACE, name).await;
            if report.all_writes() == 0 && !report.again() {
                return report;
            }
        }
        panic!("{name} does not settle: {:#?}", pass(keeper, NAMESPACE, name).await.all_faults());
    }

    /// The same with a new controller and no trouble.
    pub(super) async fn settled(&self, name: &str) -> Report {
        self.settle(&self.keeper(&Trouble::none()).await, name).await
    }

    /// Everything that egret has a say in, in all clusters, without what differs from run to run.
    pub(super) fn picture(&self) -> String {
        let mut picture = Vec::new();
        for cluster in self.world.names() {
            let gateways = self.with(cluster, |state| state.list(GATEWAYS, None));
            let parts =
                Part::iter().flat_map(|part| self.with(cluster, |s| s.list(&id(part), Some(NAMESPACE))));
            for object in gateways.into_iter().chain(parts) {
                let is_mesh = object["metadata"]["name"] == "istiod";
                if !is_mesh {
                    picture.push(format!("{cluster} {:#}", plain(&object)));
                }
            }
        }
        picture.join("\n")
    }
}

/// How the simulator's store calls a kind.
fn id(part: Part) -> String {
    let resource = part.resource();
    if resource.group.is_empty() {
        resource.plural.to_owned()
    } else {
        format!("{}.{}", resource.plural, resource.group)
    }
}

/// An object without what differs from run to run: uids, versions, times, addresses that were drawn.
fn plain(object: &Value) -> Value {
    let mut object = object.clone();
    let metadata = object["metadata"].as_object_mut().unwrap();
    for field in ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"] {
        metadata.shift_remove(field);
    }
    let owners = object.pointer_mut("/metadata/ownerReferences").and_then(Value::as_array_mut);
    for owner in owners.into_iter().flatten() {
        owner["uid"] = "…".into();
    }
    let text = |value: &mut Value| *value = if value.is_null() { Value::Null } else { "…".into() };
    for label in ["egret/gateway-uid", "egret/home-uid"] {
        if let Some(label) = object.pointer_mut(&format!("/metadata/labels/{}", label.replace('/', "~1"))) {
            text(label);
        }
    }
    if let Some(record) = object.pointer_mut("/metadata/annotations/egret~1clusters") {
        *record = record.as_str().unwrap().split('"').step_by(2).collect::<String>().into();
    }
    if object["kind"] == "Service" {
        ["clusterIP", "clusterIPs"].iter().for_each(|field| text(&mut object["spec"][*field]));
        for port in object.pointer_mut("/spec/ports").and_then(Value::as_array_mut).into_iter().flatten() {
            if port.get("nodePort").is_some() {
                port["nodePort"] = "…".into();
            }
        }
    }
    if object["kind"] == "IstioGateway" {
        text(&mut object["status"]["GatewayAddress"]);
        for address in object["status"]["ClusterIdGatewayAddressMap"].as_array_mut().into_iter().flatten() {
            address["ipAddress"] = "…".into();
        }
        for condition in object["status"]["conditions"].as_array_mut().into_iter().flatten() {
            condition["lastTransitionTime"] = "…".into();
            condition["observedGeneration"] = "…".into();
        }
    } else if object["kind"] == "Deployment" {
        // The count of rollouts is of the way, not of the end.
        if let Some(Value::Object(annotations)) = object.pointer_mut("/metadata/annotations") {
            annotations.shift_remove("deployment.kubernetes.io/revision");
        }
        object.as_object_mut().unwrap().shift_remove("status");
    } else {
        object.as_object_mut().unwrap().shift_remove("status");
    }
    if object.pointer("/metadata/annotations").is_some_and(|a| a.as_object().is_some_and(|a| a.is_empty())) {
        object["metadata"].as_object_mut().unwrap().shift_remove("annotations");
    }
    object.sort_all_objects();
    object
}
