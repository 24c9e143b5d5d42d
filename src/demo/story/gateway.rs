//! Gateways as each who makes them makes them: labels, objects, managers.

use serde_json::{Value, json};

use super::{kept, mesh::put};
use crate::demo::state::State;
use crate::demo::state::write::time;
use crate::demo::store::Key;

/// Who made a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Maker {
    /// egret, of an `IstioGateway`.
    Egret,
    /// ASM, of an `IstioGateway`.
    Asm,
    /// The chart `gateway`.
    Chart,
    /// The chart `istio-egress`.
    LegacyChart,
    /// `istioctl install`.
    Istioctl,
    /// istiod, of a Gateway API Gateway.
    GatewayApi,
    /// A plain manifest: nobody says what it is.
    Manifest,
    /// A DaemonSet by hand.
    DaemonSet,
}

/// A gateway of the story.
#[derive(Clone, Debug)]
pub(super) struct Gateway {
    pub(super) name: &'static str,
    pub(super) namespace: &'static str,
    pub(super) maker: Maker,
    pub(super) replicas: u32,
    /// Smallest and largest number of replicas that an autoscaler may choose.
    pub(super) scales: Option<(u32, u32)>,
    pub(super) behaviour: &'static str,
    pub(super) cpu: &'static str,
    pub(super) load_balancer: bool,
    pub(super) mtls: bool,
    pub(super) revision: Option<&'static str>,
    pub(super) ingress: bool,
    /// Whether an older egret built its pod template.
    pub(super) is_of_old: bool,
    /// Whether Argo CD keeps it from a repository.
    pub(super) is_of_argo: bool,
    /// Whether its proxies collect statistics of hosts, too.
    pub(super) collects: bool,
}

impl Gateway {
    /// A plain one.
    pub(super) const fn new(name: &'static str, maker: Maker, replicas: u32) -> Self {
        Self {
            name,
            namespace: "istio-system",
            maker,
            replicas,
            scales: None,
            behaviour: "",
            cpu: "200m",
            load_balancer: false,
            mtls: false,
            revision: None,
            ingress: false,
            is_of_old: false,
            is_of_argo: false,
            collects: false,
        }
    }

    pub(super) const fn scales(mut self, least: u32, most: u32) -> Self {
        self.scales = Some((least, most));
        self
    }

    pub(super) const fn behaves(mut self, behaviour: &'static str) -> Self {
        self.behaviour = behaviour;
        self
    }

    pub(super) const fn asks(mut self, cpu: &'static str) -> Self {
        self.cpu = cpu;
        self
    }

    pub(super) const fn within(mut self, namespace: &'static str) -> Self {
        self.namespace = namespace;
        self
    }

    pub(super) const fn balanced(mut self) -> Self {
        self.load_balancer = true;
        self
    }

    pub(super) const fn mtls(mut self) -> Self {
        self.mtls = true;
        self
    }

    pub(super) const fn of_revision(mut self, revision: &'static str) -> Self {
        self.revision = Some(revision);
        self
    }

    pub(super) const fn ingress(mut self) -> Self {
        self.ingress = true;
        self
    }

    pub(super) const fn of_an_older_egret(mut self) -> Self {
        self.is_of_old = true;
        self
    }

    pub(super) const fn collecting(mut self) -> Self {
        self.collects = true;
        self
    }

    pub(super) const fn by_argo(mut self) -> Self {
        self.is_of_argo = true;
        self
    }

    /// Name of Deployment and Service.
    pub(super) fn object_name(&self) -> String {
        match self.maker {
            Maker::Egret | Maker::Asm => {
                format!("istio-{}", self.name.strip_prefix("istio-").unwrap_or(self.name))
            }
            Maker::GatewayApi => format!("{}-istio", self.name),
            _ => self.name.to_owned(),
        }
    }

    fn manager(&self) -> &'static str {
        match self.maker {
            Maker::Egret => "egret",
            Maker::Asm => "asm-controller",
            Maker::Chart | Maker::LegacyChart => "helm",
            Maker::Istioctl => "istioctl",
            Maker::GatewayApi => "pilot-discovery",
            Maker::Manifest | Maker::DaemonSet => "kubectl",
        }
    }

    /// Where its Service is reached.
    pub(super) fn host(&self) -> String {
        format!("{}.{}.svc.cluster.local", self.object_name(), self.namespace)
    }

    /// The label by which Istio's Gateways find its pods.
    pub(super) fn marks(&self) -> Value {
        match self.maker {
            // Their other label is that of all of their kind.
            Maker::LegacyChart | Maker::Istioctl => json!({"app": self.name}),
            _ => json!({"istio": self.selector()["istio"]}),
        }
    }

    /// Labels that select its pods.
    fn selector(&self) -> Value {
        let name = self.object_name();
        let short = self.name.strip_prefix("istio-").unwrap_or(self.name);
        match self.maker {
            Maker::GatewayApi => json!({"gateway.networking.k8s.io/gateway-name": self.name}),
            Maker::LegacyChart | Maker::Istioctl => {
                let word = if self.ingress { "ingressgateway" } else { "egressgateway" };
                json!({"app": self.name, "istio": word})
            }
            _ => json!({"app": name, "istio": short}),
        }
    }

    fn labels(&self) -> Value {
        let mut labels = self.selector();
        let word = if self.ingress { "IngressGateways" } else { "EgressGateways" };
        let more = match self.maker {
            Maker::Egret | Maker::Asm => {
                json!({"asm-gateway-type": if self.ingress { "ingress" } else { "egress" }, "app.kubernetes.io/managed-by": self.manager()})
            }
            Maker::Chart => json!({"helm.sh/chart": "gateway-1.28.0", "app.kubernetes.io/managed-by": "Helm",
                "app.kubernetes.io/name": self.name, "app.kubernetes.io/version": "1.28.0"}),
            Maker::LegacyChart => {
                json!({"helm.sh/chart": "istio-egress-1.28.0", "app.kubernetes.io/managed-by": "Helm", "release": self.name,
                "operator.istio.io/component": word, "install.operator.istio.io/owning-resource": "unknown", "istio.io/rev": "default"})
            }
            Maker::Istioctl => {
                json!({"operator.istio.io/component": word, "operator.istio.io/managed": "Reconcile",
                "install.operator.istio.io/owning-resource": "installed-state", "operator.istio.io/version": "1.27.3", "release": "istio"})
            }
            Maker::GatewayApi => json!({"gateway.istio.io/managed": "istio.io-gateway-controller",
                "gateway.networking.k8s.io/gateway-class-name": "istio", "gateway.networking.k8s.io/gateway-name": self.name}),
            Maker::Manifest | Maker::DaemonSet => json!({}),
        };
        join(&mut labels, &more);
        labels
    }

    /// Annotations of its objects: those of Helm say of which release they are.
    fn annotations(&self) -> Value {
        let mut annotations = json!({});
        if matches!(self.maker, Maker::Chart | Maker::LegacyChart) {
            annotations = json!({"meta.helm.sh/release-name": self.name, "meta.helm.sh/release-namespace": self.namespace});
        }
        if self.is_of_argo {
            annotations["argocd.argoproj.io/tracking-id"] = format!("mesh:apps/{}", self.name).into();
        }
        annotations
    }

    /// Labels and annotations of its pods.
    fn pod_metadata(&self) -> Value {
        let mut labels = self.selector();
        let injected = self.is_injected();
        join(
            &mut labels,
            &json!({"istio.io/dataplane-mode": "none", "sidecar.istio.io/inject": injected.to_string()}),
        );
        match self.maker {
            Maker::Egret | Maker::Asm => {
                join(
                    &mut labels,
                    &json!({"asm-gateway-type": if self.ingress { "ingress" } else { "egress" }}),
                );
            }
            Maker::LegacyChart | Maker::Istioctl | Maker::GatewayApi => join(&mut labels, &self.labels()),
            _ => {}
        }
        if let Some(revision) = self.revision {
            labels["istio.io/rev"] = revision.into();
        }
        if self.mtls {
            labels["security.istio.io/tlsMode"] = "istio".into();
        }
        let mut annotations = json!({"prometheus.io/port": "15020", "prometheus.io/scrape": "true", "prometheus.io/path": "/stats/prometheus"});
        if injected {
            annotations["inject.istio.io/templates"] = "gateway".into();
        }
        if self.collects {
            annotations[COLLECTS.0] = COLLECTS.1.into();
        }
        if !self.behaviour.is_empty() {
            annotations["demo.egret/behaviour"] = self.behaviour.into();
        }
        json!({"labels": labels, "annotations": annotations})
    }

    /// Whether istiod's injector completes its pods.
    fn is_injected(&self) -> bool {
        !matches!(self.maker, Maker::LegacyChart | Maker::Istioctl | Maker::GatewayApi)
    }

    fn container(&self) -> Value {
        let version = if self.maker == Maker::Istioctl { "1.27.3" } else { "1.28.0" };
        let resources = json!({"requests": {"cpu": self.cpu, "memory": "256Mi"}, "limits": {"cpu": limit(self.cpu), "memory": "1Gi"}});
        if self.is_injected() {
            return json!({"name": "istio-proxy", "image": "auto", "resources": resources});
        }
        json!({
            "name": "istio-proxy", "image": format!("docker.io/istio/proxyv2:{version}"),
            "args": ["proxy", "router", "--domain", "$(POD_NAMESPACE).svc.cluster.local"],
            "ports": [{"containerPort": 8080}, {"containerPort": 8443}, {"containerPort": 15090, "name": "http-envoy-prom"}],
            "readinessProbe": {"httpGet": {"path": "/healthz/ready", "port": 15021}, "initialDelaySeconds": 1, "periodSeconds": 2, "failureThreshold": 30},
            "resources": resources,
        })
    }

    /// Deployment or DaemonSet.
    fn workload(&self) -> Value {
        let template = json!({
            "metadata": self.pod_metadata(),
            "spec": {"serviceAccountName": self.object_name(), "containers": [self.container()]},
        });
        let metadata =
            json!({"name": self.object_name(), "namespace": self.namespace, "labels": self.labels()});
        let selector = json!({"matchLabels": self.selector()});
        if self.maker == Maker::DaemonSet {
            return json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": metadata,
                "spec": {"selector": selector, "template": template}});
        }
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {
            "replicas": self.replicas, "selector": selector, "template": template,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
        }})
    }

    fn service(&self) -> Value {
        let kind = if self.load_balancer { "LoadBalancer" } else { "ClusterIP" };
        let (plain, secure) = if self.is_injected() { (80, 443) } else { (8080, 8443) };
        json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": self.object_name(), "namespace": self.namespace, "labels": self.labels()},
            "spec": {"type": kind, "selector": self.selector(), "ports": [
                {"name": "http2", "port": 80, "targetPort": plain}, {"name": "https", "port": 443, "targetPort": secure},
            ]},
        })
    }

    /// Makes all that belongs to it.
    pub(super) fn make(&self, state: &mut State) {
        if self.maker == Maker::Egret {
            return self.keep(state);
        }
        let (name, manager) = (self.object_name(), self.manager());
        let metadata = || json!({"name": name, "namespace": self.namespace, "labels": self.labels()});
        let owner = match self.maker {
            Maker::Asm => self.custom_resource(state),
            Maker::GatewayApi => self.api_gateway(state),
            _ => None,
        };
        let annotations = self.annotations();
        let own = |mut object: Value| {
            if annotations.as_object().is_some_and(|all| !all.is_empty()) {
                object["metadata"]["annotations"] = annotations.clone();
            }
            if let Some(owner) = &owner {
                object["metadata"]["ownerReferences"] = json!([owner]);
            }
            object
        };
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata()});
        put(state, "serviceaccounts", own(account), manager);
        if self.is_injected() {
            let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": metadata(),
                "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "watch", "list"]}]});
            let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": metadata(),
                "roleRef": {"kind": "Role", "name": name}, "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": self.namespace}]});
            put(state, "roles.rbac.authorization.k8s.io", own(role), manager);
            put(state, "rolebindings.rbac.authorization.k8s.io", own(binding), manager);
        }
        put(state, "services", own(self.service()), manager);
        let workload = own(self.workload());
        put(
            state,
            if self.maker == Maker::DaemonSet { "daemonsets.apps" } else { "deployments.apps" },
            workload,
            manager,
        );
        let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": name});
        if let Some((least, most)) = self.scales {
            let metric = json!({"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}});
            let autoscaler = json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata(),
                "spec": {"scaleTargetRef": target, "minReplicas": least, "maxReplicas": most, "metrics": [metric]}});
            put(state, "horizontalpodautoscalers.autoscaling", own(autoscaler), manager);
        }
        if self.replicas > 1 && self.maker != Maker::Manifest && self.maker != Maker::DaemonSet {
            let budget = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata(),
                "spec": {"minAvailable": 1, "selector": {"matchLabels": self.selector()}}});
            put(state, "poddisruptionbudgets.policy", own(budget), manager);
        }
    }

    /// Makes its `IstioGateway`, and lets egret bring its objects about.
    fn keep(&self, state: &mut State) {
        self.custom_resource(state);
        if self.is_of_old {
            kept::built_by_an_older_egret(state, &self.key());
        }
        kept::round(state, &self.key());
        if !self.behaviour.is_empty() {
            // How its pods fare is nobody's wish.
            let key = Key::new("deployments.apps", self.namespace, &self.object_name());
            let _ = state.change(&key, "demo", |deployment| {
                deployment["spec"]["template"]["metadata"]["annotations"]["demo.egret/behaviour"] =
                    self.behaviour.into();
            });
        }
    }

    /// Makes its `IstioGateway` alone: nobody acts on it.
    pub(super) fn wish(&self, state: &mut State) {
        self.custom_resource(state);
    }

    /// The `IstioGateway`, as its person wrote it, and the reference of what it owns.
    fn custom_resource(&self, state: &mut State) -> Option<Value> {
        let mut spec = json!({
            "gatewayType": if self.ingress { "ingress" } else { "egress" },
            "ports": [
                {"name": "http-0", "port": 80, "targetPort": 80, "protocol": "HTTP"},
                {"name": "https-1", "port": 443, "targetPort": 443, "protocol": "HTTPS"},
            ],
            "replicaCount": self.replicas,
            "resources": {"requests": {"cpu": self.cpu, "memory": "256Mi"}, "limits": {"cpu": limit(self.cpu), "memory": "1Gi"}},
            "rollingMaxSurge": "25%", "rollingMaxUnavailable": "25%",
            "serviceType": if self.load_balancer { "LoadBalancer" } else { "ClusterIP" },
        });
        if let Some((least, most)) = self.scales {
            join(
                &mut spec,
                &json!({"autoscaleEnabled": true, "minReplicas": least, "maxReplicas": most, "cpu": {"targetAverageUtilization": 80}}),
            );
        }
        if self.mtls {
            spec["podLabels"]["security.istio.io/tlsMode"] = "istio".into();
        }
        if let Some(revision) = self.revision {
            spec["podLabels"]["istio.io/rev"] = revision.into();
        }
        if self.collects {
            spec["podAnnotations"][COLLECTS.0] = COLLECTS.1.into();
        }
        let mut metadata = json!({"name": self.name, "namespace": self.namespace});
        if self.maker == Maker::Asm {
            metadata["annotations"] = json!({"asm.alibabacloud.com/managed-by-asm": "true"});
        }
        let cr = json!({"apiVersion": "istio.alibabacloud.com/v1beta1", "kind": "IstioGateway", "metadata": metadata, "spec": spec});
        put(state, GATEWAYS, cr, "kubectl-client-side-apply");
        let uid = state.store.get(&self.key())?["metadata"]["uid"].clone();
        Some(
            json!({"apiVersion": "istio.alibabacloud.com/v1beta1", "kind": "IstioGateway", "name": self.name, "uid": uid,
            "controller": true, "blockOwnerDeletion": true}),
        )
    }

    /// The Gateway API object, and the reference of what it owns.
    fn api_gateway(&self, state: &mut State) -> Option<Value> {
        let gateway = json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
            "metadata": {"name": self.name, "namespace": self.namespace, "annotations": {"networking.istio.io/service-type": "ClusterIP"}},
            "spec": {"gatewayClassName": "istio", "listeners": [
                {"name": "http", "hostname": "api.partner.example", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "Same"}}}]},
        });
        const API: &str = "gateways.gateway.networking.k8s.io";
        put(state, API, gateway, "kubectl");
        let key = Key::new(API, self.namespace, self.name);
        let host = format!("{}.{}.svc.cluster.local", self.object_name(), self.namespace);
        let at = time(state.now);
        let _ = state.change_status(&key, "pilot-discovery", |gateway| {
            let condition = |kind: &str| json!({"type": kind, "status": "True", "reason": kind, "message": "", "observedGeneration": 1, "lastTransitionTime": at});
            gateway["status"] = json!({"addresses": [{"type": "Hostname", "value": host}], "conditions": [condition("Accepted"), condition("Programmed")]});
        });
        let uid = state.store.get(&key)?["metadata"]["uid"].clone();
        Some(
            json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "name": self.name, "uid": uid}),
        )
    }

    /// What ASM says of it, once it is there: its status has no conditions.
    pub(super) fn told_by_asm(&self, state: &mut State) {
        let name = self.object_name();
        let address = state.get("services", self.namespace, &name).map(|s| s["spec"]["clusterIP"].clone());
        let ready = state.get("deployments.apps", self.namespace, &name).is_some_and(|d| {
            d["status"]["availableReplicas"].as_i64().unwrap_or_default() >= i64::from(self.replicas)
        });
        let _ = state.change_status(&self.key(), self.manager(), |cr| {
            cr["status"] = json!({"Status": if ready { "Available" } else { "Reconciling" }, "GatewayAddress": [address]});
        });
    }

    /// Its `IstioGateway`.
    pub(super) fn key(&self) -> Key {
        Key::new(GATEWAYS, self.namespace, self.name)
    }
}

/// What lets a proxy collect statistics of its hosts (R14).
const COLLECTS: (&str, &str) = ("sidecar.istio.io/statsInclusionRegexps", ".*outbound.*");

/// Where `IstioGateway`s are stored.
pub(super) const GATEWAYS: &str = "istiogateways.istio.alibabacloud.com";

/// Four times what is asked for; who asks for whole processors gets no more.
fn limit(cpu: &str) -> String {
    match cpu.strip_suffix('m').and_then(|m| m.parse::<u32>().ok()) {
        Some(milli) => format!("{}m", milli * 4),
        None => cpu.to_owned(),
    }
}

fn join(into: &mut Value, more: &Value) {
    for (name, value) in more.as_object().into_iter().flatten() {
        into[name] = value.clone();
    }
}
