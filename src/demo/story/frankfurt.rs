//! `frankfurt`: large, in production, with gateways in every state there is.

use std::time::Duration;

use serde_json::json;

use super::gateway::{GATEWAYS, Gateway, Maker};
use super::mesh::{self, put};
use super::{ago, begin, until};
use crate::demo::state::State;
use crate::demo::state::delete::Options;
use crate::demo::store::Key;
use crate::demo::workload::Work;

use Maker::{Chart, DaemonSet, Egret, GatewayApi, Istioctl, LegacyChart, Manifest};

const DAYS: u64 = 24 * 60;

/// Gateways and how many minutes before the beginning each was made. The later ones are the interesting ones.
#[rustfmt::skip]
const GATEWAYS_OF: &[(u64, Gateway)] = &[
    (29 * DAYS, Gateway::new("istio-egressgateway", Istioctl, 2).scales(2, 5)),
    (29 * DAYS - 40, Gateway::new("istio-ingressgateway", Istioctl, 2).ingress().balanced()),
    (27 * DAYS, Gateway::new("egress-legacy-erp", LegacyChart, 2)),
    (27 * DAYS - 5, Gateway::new("egress-mainframe", LegacyChart, 1)),
    (26 * DAYS, Gateway::new("egress-mail", Chart, 2)),
    (26 * DAYS - 9, Gateway::new("egress-sms", Chart, 2)),
    (25 * DAYS, Gateway::new("egress-search", Chart, 3).scales(3, 6)),
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
    (19 * DAYS, Gateway::new("egress-webhooks", Egret, 4).mtls()),
    (18 * DAYS, Gateway::new("egress-payments", Egret, 3).mtls()),
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
    (7 * DAYS, Gateway::new("egress-reports", Egret, 2)),
    (6 * DAYS, Gateway::new("egress-crm", Egret, 2)),
    (5 * DAYS, Gateway::new("egress-kyc", Egret, 2)),
    (4 * DAYS, Gateway::new("egress-refunds", Egret, 4)),
    (3 * DAYS, Gateway::new("egress-settlement", Egret, 2)),
    (2 * DAYS, Gateway::new("egress-partner-acme", Egret, 2).asks("20")),
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
    (50, busy_invoices),
    (35, |state| scale(state, "istio-egress-settlement", 0)),
    (20, lose_a_node),
    (18, begin_to_delete_kyc),
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
    super::keeper::takes(state);
    let mut all: Vec<(u64, Step)> = GATEWAYS_OF.iter().map(|(at, g)| (*at, Step::Make(g))).collect();
    all.extend(EVENTS.iter().map(|(at, act)| (*at, Step::Do(*act))));
    all.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    for (at, step) in all {
        until(state, ago(at));
        match step {
            Step::Make(gateway) => gateway.make(state),
            Step::Do(act) => act(state),
        }
    }
    until(state, ago(5));
    extras(state);
    GATEWAYS_OF.iter().for_each(|(_, gateway)| gateway.report(state));
    state.workload.metrics = true;
    until(state, begin().checked_sub(Duration::from_secs(35)).unwrap_or(begin()));
    begin_rollout_of_refunds(state);
}

enum Step {
    Make(&'static Gateway),
    Do(fn(&mut State)),
}

fn deployment(name: &str) -> Key {
    Key::new("deployments.apps", "istio-system", name)
}

fn roll(state: &mut State, name: &str, annotation: &str, value: &str) {
    let _ = state.change(&deployment(name), "egret", |d| {
        d["spec"]["template"]["metadata"]["annotations"][annotation] = value.into();
    });
}

fn last_nights_rollout(state: &mut State) {
    for name in ["istio-egress-webhooks", "istio-egress-tracking"] {
        roll(state, name, "kubectl.kubernetes.io/restartedAt", "2026-06-15T00:00:00Z");
    }
}

/// More than its autoscaler may answer.
fn busy_invoices(state: &mut State) {
    let name = ("istio-system".to_owned(), "istio-egress-invoices".to_owned());
    state.workload.load.insert(name, 5_200);
    scale(state, "istio-egress-invoices", 5);
}

fn scale(state: &mut State, name: &str, replicas: u32) {
    let _ = state.change(&deployment(name), "kubectl", |d| d["spec"]["replicas"] = replicas.into());
}

fn lose_a_node(state: &mut State) {
    let key = Key::new("nodes", "", "frankfurt-worker-8");
    let lost = json!([{"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown", "message": "Kubelet stopped posting node status."}]);
    let _ = state.change_status(&key, "kube-controller-manager", |node| node["status"]["conditions"] = lost);
}

/// Somebody holds it: its finalizer is not taken off.
fn begin_to_delete_kyc(state: &mut State) {
    let key = Key::new(GATEWAYS, "istio-system", "egress-kyc");
    let _ =
        state.change(&key, "egret", |cr| cr["metadata"]["finalizers"] = json!(["egret.io/remote-objects"]));
    if let Ok(resource) = state.resource(GATEWAYS) {
        let _ = state.delete(&resource, &key, &Options::default());
    }
}

/// One pod of several is in trouble.
fn break_one_pod(state: &mut State, name: &str, behaviour: &str) {
    let pods = state.store.list("pods", Some("istio-system"));
    let Some(key) = pods.map(|(k, _)| k.clone()).find(|k| k.name.starts_with(&format!("{name}-"))) else {
        return;
    };
    let _ = state.change(&key, "demo", |pod| {
        pod["metadata"]["annotations"]["demo.egret/behaviour"] = behaviour.into()
    });
    let uid = state.store.get(&key).map(|p| p["metadata"]["uid"].as_str().unwrap_or_default().to_owned());
    state.after(Duration::from_secs(1), Work::Pod(key, uid.unwrap_or_default()));
}

/// Slow enough to be watched.
fn begin_rollout_of_refunds(state: &mut State) {
    roll(state, "istio-egress-refunds", "demo.egret/behaviour", "slow=45s");
    until(state, ago(0));
}

/// Objects that belong to no gateway's making: routes, secrets, a resource that nobody should have written.
fn extras(state: &mut State) {
    let hosts: &[(&str, &str)] = &[
        ("egress-payments", "api.stripe.com"),
        ("egress-payments", "api.adyen.com"),
        ("egress-webhooks", "hooks.slack.com"),
        ("egress-shipping", "api.dhl.com"),
        ("egress-object-storage", "s3.eu-central-1.amazonaws.com"),
        ("istio-egressgateway", "httpbin.org"),
    ];
    for (gateway, host) in hosts {
        super::routes::lead(state, gateway, host);
    }
    let never: &str = "demo.egret/no-address";
    let service = Key::new("services", "istio-system", "istio-egress-exchange");
    let _ = state.change(&service, "kubectl", |s| s["metadata"]["annotations"] = json!({never: "quota"}));
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
        roll(state, "istio-egress-shipping", "kubectl.kubernetes.io/restartedAt", &at);
    }),
    (300, |state| {
        state.workload.load.insert(("istio-system".to_owned(), "istio-egress-shipping".to_owned()), 3_900);
    }),
    (420, |state| {
        state.workload.load.insert(("istio-system".to_owned(), "istio-egress-shipping".to_owned()), 1_200);
    }),
];

fn mend_pods(state: &mut State, name: &str) {
    let pods = state.store.list("pods", Some("istio-system"));
    let keys: Vec<Key> =
        pods.map(|(k, _)| k.clone()).filter(|k| k.name.starts_with(&format!("{name}-"))).collect();
    for key in keys {
        let _ = state.change(&key, "demo", |pod| {
            crate::demo::state::write::remove(&mut pod["metadata"]["annotations"], "demo.egret/behaviour");
        });
    }
}
