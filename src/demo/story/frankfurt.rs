//! `frankfurt`: large, in production, with gateways in every state there is.

use std::time::Duration;

use serde_json::json;

use super::gateway::{GATEWAYS, Gateway, Maker};
use super::mesh::{self, put};
use super::{ago, begin, keeper, outside, until};
use crate::demo::state::State;
use crate::demo::state::delete::Options;
use crate::demo::store::Key;
use crate::demo::workload::Work;
use crate::materialize::names::{CLUSTERS, FINALIZER, MANAGER, PAUSED};

use Maker::{Chart, DaemonSet, Egret, GatewayApi, Istioctl, LegacyChart, Manifest};

const DAYS: u64 = 24 * 60;

/// Minutes after which a new gateway is as it will be.
const SETTLED: u64 = 3;

/// A revision of the mesh that is gone by now.
const OLD_REVISION: &str = "1-27";

/// Gateways and how many minutes before the beginning each was made. The later ones are the interesting ones.
#[rustfmt::skip]
const GATEWAYS_OF: &[(u64, Gateway)] = &[
    (29 * DAYS, Gateway::new("istio-egressgateway", Istioctl, 2).scales(2, 5)),
    (29 * DAYS - 40, Gateway::new("istio-ingressgateway", Istioctl, 2).ingress().balanced()),
    (27 * DAYS, Gateway::new("egress-legacy-erp", LegacyChart, 2)),
    (27 * DAYS - 5, Gateway::new("egress-mainframe", LegacyChart, 1)),
    (26 * DAYS, Gateway::new("egress-mail", Chart, 2)),
    (26 * DAYS - 9, Gateway::new("egress-sms", Chart, 2).by_argo()),
    (25 * DAYS, Gateway::new("egress-search", Chart, 3).scales(3, 6).collecting()),
    (25 * DAYS - 3, Gateway::new("egress-object-storage", Chart, 4)),
    (24 * DAYS, Gateway::new("egress-maps", Chart, 2).within("istio-egress")),
    (24 * DAYS - 7, Gateway::new("egress-translation", Chart, 1).within("istio-egress")),
    (23 * DAYS, Gateway::new("public-ingress", Chart, 3).ingress().balanced()),
    (22 * DAYS, Gateway::new("partner-egress", GatewayApi, 2).within("istio-egress")),
    (22 * DAYS - 4, Gateway::new("bank-egress", GatewayApi, 2).within("istio-egress")),
    (21 * DAYS, Gateway::new("telemetry-export", Manifest, 1)),
    (21 * DAYS - 6, Gateway::new("edge-egress", DaemonSet, 1)),
    (20 * DAYS, Gateway::new("egress-shipping", Egret, 3).scales(3, 6).mtls()),
    (20 * DAYS - 8, Gateway::new("egress-tracking", Egret, 2)),
    (19 * DAYS, Gateway::new("egress-webhooks", Egret, 4).mtls().collecting()),
    (18 * DAYS, Gateway::new("egress-payments", Egret, 3).mtls().collecting()),
    (18 * DAYS - 2, Gateway::new("egress-payouts", Egret, 2).mtls()),
    (17 * DAYS, Gateway::new("egress-tax", Egret, 2)),
    (16 * DAYS, Gateway::new("egress-identity", Egret, 3)),
    (15 * DAYS, Gateway::new("egress-address-check", Egret, 2)),
    (14 * DAYS, Gateway::new("egress-currency", Egret, 2)),
    (13 * DAYS, Gateway::new("egress-invoices", Egret, 2).scales(2, 5)),
    (12 * DAYS, Gateway::new("egress-open-banking-psd2-account-information-service", Egret, 2)),
    (11 * DAYS, Gateway::new("egress-recommendations", Egret, 2)),
    (10 * DAYS, Gateway::new("egress-loyalty", Egret, 2)),
    (9 * DAYS, Gateway::new("egress-reviews", Egret, 1)),
    (8 * DAYS, Gateway::new("egress-archive", Egret, 1)),
    (7 * DAYS, Gateway::new("egress-reports", Egret, 2).of_an_older_egret()),
    (6 * DAYS, Gateway::new("egress-crm", Egret, 2)),
    (5 * DAYS, Gateway::new("egress-kyc", Egret, 2)),
    (4 * DAYS, Gateway::new("egress-refunds", Egret, 4)),
    (3 * DAYS, Gateway::new("egress-settlement", Egret, 2)),
    (2 * DAYS, Gateway::new("egress-partner-acme", Egret, 2).asks("20")),
    (230, Gateway::new("egress-newsletter", Egret, 2)),
    (190, Gateway::new("egress-ledger", Egret, 2).of_revision("1-27")),
    (95, Gateway::new("egress-coupons", Egret, 2).behaves("image")),
    (63, Gateway::new("egress-exchange", Egret, 2).balanced()),
    (41, Gateway::new("egress-chargebacks", Egret, 3).behaves("quota")),
    (12, Gateway::new("egress-fraud-check", Egret, 2).behaves("crash=OOMKilled")),
];

/// What happens at a time.
type Scene = (u64, fn(&mut State));

/// What happens after the gateways were made, in minutes before the beginning.
const EVENTS: &[Scene] = &[
    (9 * 60, last_nights_rollout),
    (240, a_service_before_its_gateway),
    (185, retire_a_revision),
    (50, busy_invoices),
    (36, pause_settlement),
    (35, |state| scale(state, "istio-egress-settlement", 0)),
    (20, lose_a_node),
    (18, begin_to_delete_kyc),
    (14, |state| break_one_pod(state, "istio-egress-currency", "crash=Error")),
    (13, |state| mend_pods(state, "istio-egress-currency")),
    (11, |state| break_one_pod(state, "istio-egress-payments", "crash=OOMKilled")),
];

/// Fills the cluster, and lets time pass until the beginning.
pub(super) fn fill(state: &mut State) {
    state.workload.cloud = true;
    mesh::nodes(state, "frankfurt", 8, 16);
    mesh::namespaces(state, &["istio-system", "istio-egress", "shop", "payments"]);
    until(state, ago(30 * DAYS - 10));
    mesh::istio_kinds(state);
    mesh::gateway_api(state);
    mesh::istio_gateways(state, true);
    mesh::istiod(state, "1.28.0", 2);
    mesh::injector(state, OLD_REVISION, "1.27.3");
    keeper::takes(state);
    let mut all: Vec<(u64, Step)> = GATEWAYS_OF.iter().map(|(at, g)| (*at, Step::Make(g))).collect();
    all.extend(GATEWAYS_OF.iter().map(|(at, g)| (at.saturating_sub(SETTLED), Step::Look(g))));
    all.extend(EVENTS.iter().map(|(at, act)| (*at, Step::Do(*act))));
    all.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    for (at, step) in all {
        until(state, ago(at));
        match step {
            Step::Make(gateway) => {
                gateway.make(state);
                outside::lead_in_frankfurt(state, gateway);
            }
            Step::Look(gateway) => keeper::looks_at(state, &gateway.key()),
            Step::Do(act) => act(state),
        }
    }
    until(state, ago(5));
    extras(state);
    keeper::looks_at_all(state);
    state.workload.metrics = true;
    state.resources.measure();
    until(state, begin().checked_sub(Duration::from_secs(35)).unwrap_or(begin()));
    begin_rollout_of_refunds(state);
    keeper::looks_at_all(state);
}

enum Step {
    Make(&'static Gateway),
    Look(&'static Gateway),
    Do(fn(&mut State)),
}

fn deployment(name: &str) -> Key {
    Key::new("deployments.apps", "istio-system", name)
}

fn annotate(state: &mut State, name: &str, by: &str, annotation: &str, value: &str) {
    let _ = state.change(&deployment(name), by, |d| {
        d["spec"]["template"]["metadata"]["annotations"][annotation] = value.into();
    });
}

fn restart(state: &mut State, name: &str, at: &str) {
    annotate(state, name, "kubectl-rollout", "kubectl.kubernetes.io/restartedAt", at);
}

fn last_nights_rollout(state: &mut State) {
    for name in ["istio-egress-webhooks", "istio-egress-tracking"] {
        restart(state, name, "2026-06-15T00:00:00Z");
    }
}

/// Its gateway finds its name taken.
fn a_service_before_its_gateway(state: &mut State) {
    let service = json!({"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "istio-egress-newsletter", "namespace": "istio-system"},
        "spec": {"selector": {"app": "newsletter-relay"}, "ports": [{"name": "https", "port": 443}]}});
    put(state, "services", service, "kubectl");
}

/// The pods of its gateways begin anew, and nobody injects them any more.
fn retire_a_revision(state: &mut State) {
    const WEBHOOKS: &str = "mutatingwebhookconfigurations.admissionregistration.k8s.io";
    let _ = state.remove(&Key::new(WEBHOOKS, "", &format!("istio-sidecar-injector-{OLD_REVISION}")));
    for key in pods_of(state, "istio-egress-ledger") {
        let _ = state.remove(&key);
    }
}

fn pause_settlement(state: &mut State) {
    let key = Key::new(GATEWAYS, "istio-system", "egress-settlement");
    let _ = state.change(&key, "kubectl-annotate", |gateway| {
        gateway["metadata"]["annotations"][PAUSED] = "true".into();
    });
    keeper::looks_at(state, &key);
}

/// More than its autoscaler may answer.
fn busy_invoices(state: &mut State) {
    let name = ("istio-system".to_owned(), "istio-egress-invoices".to_owned());
    state.workload.load.insert(name, 5_200);
    scale(state, "istio-egress-invoices", 5);
}

fn scale(state: &mut State, name: &str, replicas: u32) {
    let _ = state.change(&deployment(name), "kubectl-scale", |d| d["spec"]["replicas"] = replicas.into());
}

fn lose_a_node(state: &mut State) {
    let key = Key::new("nodes", "", "frankfurt-worker-8");
    let lost = json!([{"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown", "message": "Kubelet stopped posting node status."}]);
    let _ = state.change_status(&key, "kube-controller-manager", |node| node["status"]["conditions"] = lost);
}

/// A cluster that gateways were in once, and its identity.
const GONE: (&str, &str) = ("hamburg", "0b7c6c1e-3a52-4f0e-9d5b-6f2d0c8a41e7");

/// A cluster on its record does not answer: its finalizer stays.
fn begin_to_delete_kyc(state: &mut State) {
    let key = Key::new(GATEWAYS, "istio-system", "egress-kyc");
    let _ = state.change(&key, MANAGER, |cr| {
        cr["metadata"]["finalizers"] = json!([FINALIZER]);
        cr["metadata"]["annotations"][CLUSTERS] = json!({GONE.0: GONE.1}).to_string().into();
    });
    if let Ok(resource) = state.resource(GATEWAYS) {
        let _ = state.delete(&resource, &key, &Options::default());
    }
}

/// One pod of several is in trouble.
fn break_one_pod(state: &mut State, name: &str, behaviour: &str) {
    let Some(key) = pods_of(state, name).into_iter().next() else { return };
    let _ = state.change(&key, "demo", |pod| {
        pod["metadata"]["annotations"]["demo.egret/behaviour"] = behaviour.into()
    });
    let uid = state.store.get(&key).map(|p| p["metadata"]["uid"].as_str().unwrap_or_default().to_owned());
    state.after(Duration::from_secs(1), Work::Pod(key, uid.unwrap_or_default()));
}

/// Slow enough to be watched.
fn begin_rollout_of_refunds(state: &mut State) {
    annotate(state, "istio-egress-refunds", "demo", "demo.egret/behaviour", "slow=45s");
    until(state, ago(0));
}

/// Objects that belong to no gateway's making: routes, secrets, a resource that nobody should have written.
fn extras(state: &mut State) {
    outside::troubles(state);
    outside::unmeasured(state, "egress-mail");
    let never: &str = "demo.egret/no-address";
    let service = Key::new("services", "istio-system", "istio-egress-exchange");
    let _ = state.change(&service, "kubectl", |s| s["metadata"]["annotations"][never] = "quota".into());
    let _ = state
        .change_status(&service, "cloud-controller-manager", |s| s["status"]["loadBalancer"] = json!({}));
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {"name": "payments-client-credential", "namespace": "istio-system"},
        "stringData": {"tls.crt": "demo certificate", "tls.key": "demo-private-key-that-never-shows"}});
    put(state, "secrets", secret, "kubectl");
    malformed(state);
    hostile(state);
}

/// A resource that was stored before anybody checked it.
fn malformed(state: &mut State) {
    let key = Key::new(GATEWAYS, "istio-system", "imported-by-hand");
    let uid = state.uid();
    let object = json!({
        "apiVersion": "istio.alibabacloud.com/v1beta1", "kind": "IstioGateway",
        "metadata": {"name": "imported-by-hand", "namespace": "istio-system", "uid": uid,
            "creationTimestamp": crate::demo::state::write::time(state.now), "generation": 1},
        "spec": {"gatewayType": "egress", "replicaCount": "three", "ports": "80,443"},
    });
    state.store.put(key.clone(), object);
    state.touched(&key);
}

/// Text that tries to write on the terminal itself.
fn hostile(state: &mut State) {
    let key = Key::new(GATEWAYS, "istio-system", "egress-archive");
    let _ = state.change(&key, "kubectl", |cr| {
        cr["metadata"]["annotations"] = json!({"note": "\u{1b}[2J\u{1b}[31mred?\u{7} \u{202e}drawkcab"});
    });
    let pod = state
        .store
        .list("pods", Some("istio-system"))
        .find(|(k, _)| k.name.starts_with("istio-egress-archive-"));
    let Some(pod) = pod.map(|(_, p)| p.clone()) else { return };
    let event = json!({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "hostile.0000000000000001", "namespace": "istio-system"},
        "involvedObject": {"kind": "Pod", "namespace": "istio-system", "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"], "apiVersion": "v1"},
        "reason": "Said", "message": "text from a container: \u{1b}]0;title\u{7}\u{1b}[1mbold", "type": "Normal", "source": {"component": "kubelet"},
        "firstTimestamp": crate::demo::state::write::time(state.now), "lastTimestamp": crate::demo::state::write::time(state.now), "count": 1,
    });
    put(state, "events", event, "kubelet");
}

/// What goes on happening while somebody watches: seconds after the beginning, every ten minutes again.
pub(super) const SCENES: &[Scene] = &[
    (25, |state| break_one_pod(state, "istio-egress-tax", "crash=Error")),
    (80, |state| mend_pods(state, "istio-egress-tax")),
    (150, |state| {
        let at = crate::demo::state::write::time(state.now);
        restart(state, "istio-egress-shipping", &at);
    }),
    (300, |state| {
        state.workload.load.insert(("istio-system".to_owned(), "istio-egress-shipping".to_owned()), 3_900);
    }),
    (420, |state| {
        state.workload.load.insert(("istio-system".to_owned(), "istio-egress-shipping".to_owned()), 1_200);
    }),
];

fn pods_of(state: &State, name: &str) -> Vec<Key> {
    let pods = state.store.list("pods", Some("istio-system"));
    pods.map(|(k, _)| k.clone()).filter(|k| k.name.starts_with(&format!("{name}-"))).collect()
}

fn mend_pods(state: &mut State, name: &str) {
    for key in pods_of(state, name) {
        let _ = state.change(&key, "demo", |pod| {
            crate::demo::state::write::remove(&mut pod["metadata"]["annotations"], "demo.egret/behaviour");
        });
    }
}
