//! The wizard: every field of it, by keys.

use kube::Client;
use serde_json::{Value, json};

use super::stage::{applies, gateways, spec};
use crate::support::session::Session;

/// A cluster where nobody keeps gateways says so first and offers the way; what was typed there is not lost.
pub(super) async fn installs_keeps_and_makes(session: &Session, client: &Client) {
    session.keys("n").sees("it does not know IstioGateway").sees("`I` on Clusters installs the CRD and `K`");
    session.fills("early | ctrl-s").says("nothing can be made there before its CRD is installed");
    session.keys("esc").sees("nobody keeps").keys("I").sees("istiogateways.istio.alibabacloud.com: create");
    session
        .keys("y")
        .sees_not("In plain (")
        .sees("egret: nobody keeps")
        .keys("K")
        .sees("This screen takes the lease");
    session.keys("y").sees_not("In plain (").sees("this screen keeps");
    session.keys("D").sees("make IstioGateway istio-system/early in").keys("enter").sees("acts as soon as");
    session.keys("ctrl-s");
    applies(session, "Create IstioGateway istio-system/early", "IstioGateway istio-system/early is made");
    session.sees("Deployment  ✓ istio-early").sees("Running: 1 of 1 ready");
    assert_eq!(spec(client, "early").await, console());
}

/// ASM's own way to say how long a stopping pod lets its connections end.
const DRAIN: &str = "asm.alibabacloud.com/gateway-drain-timeout-seconds";

/// What the console fills in by itself.
fn console() -> Value {
    json!({
        "gatewayType": "egress",
        "ports": [
            {"name": "http-0", "port": 80, "targetPort": 80, "protocol": "HTTP"},
            {"name": "https-1", "port": 443, "targetPort": 443, "protocol": "HTTPS"},
        ],
        "replicaCount": 1,
        "resources": {
            "limits": {"cpu": "2", "memory": "4G"},
            "requests": {"cpu": "200m", "memory": "256Mi"},
        },
        "rollingMaxSurge": "25%",
        "rollingMaxUnavailable": "25%",
        "serviceType": "ClusterIP",
    })
}

/// Fills in each basic and advanced option.
pub(super) async fn fills_in_everything(session: &Session, client: &Client) {
    session.keys("n").sees("1 basics");
    session.fills("full | tab tab tab | Kubernetes | tab tab ctrl-u | 2 | tab ctrl-u | 1 | tab ctrl-u | 2Gi");
    session.fills("tab ctrl-u | 100m | tab ctrl-u | 128Mi").sees("128Mi");
    // The port that is not wanted goes, another one comes.
    session.keys("ctrl-n").sees("https-1").keys("down ctrl-d").sees_not("https-1");
    session.fills("ctrl-o | t | tab | 9443 | tab | 9444 | tab | tls-9443").sees("tls-9443");
    session.fills(
        "ctrl-n | space tab | 70 | tab | 80 | tab | 2 | tab | 4 | tab tab ctrl-u | 0 | tab ctrl-u | 1",
    );
    session.sees("With 4: At most 5 of 4 pods run while they are replaced, at least 4 serve.");
    session.fills("tab | 45 | ctrl-n").sees("Spread replicas widely");
    session.fills("space tab | kubernetes.io/os | tab | linux").sees("3 of 3 nodes");
    session.fills("tab tab | dedicated | tab | e | tab | egress | tab | n").sees("NoSchedule");
    session.fills("ctrl-n | n | tab | l | tab tab tab space").sees("a plaintext HTTP server gets nothing");
    session.fills("tab | owner.example/team | tab | payments | tab tab | tier | tab | edge").sees("edge");
    session.fills("ctrl-n | ISTIO_META_IDLE | tab | 90s | tab").sees("security.istio.io/tlsMode");
    session.fills("tab tab tab | team | tab | payments | tab tab | example.com/note | tab | hello");
    session.fills(
        "tab tab | certs | tab | client-certs | tab | /etc/certs | tab tab | rules | tab | rule-files",
    );
    session.fills("tab | /etc/rules").sees("/etc/rules");
    session
        .keys("ctrl-t")
        .sees("    mountPath: /etc/rules")
        .keys("ctrl-t alt-7")
        .sees("It runs in Kubernetes: 2 to 4 pods");
    // As YAML and back: both are in step.
    session.keys("ctrl-y").sees("  name: full").fills("ctrl-f | 90s | enter").keys("esc end");
    session.fills("backspace backspace backspace | 60s").sees("value: 60s").keys("esc").sees("7 review");
    session.keys("alt-6").sees("60s").keys("ctrl-s");
    applies(session, "Create IstioGateway istio-system/full", "IstioGateway istio-system/full is made");
    session
        .sees("accepted    ✓")
        .sees("pods        ✓ 2/2")
        .sees("address     ✓ 10.96.")
        .sees("Running: 2 of 2 ready");
    assert_eq!(spec(client, "full").await, everything());
    let marks = gateways(client).get("full").await.unwrap().metadata.annotations.unwrap();
    assert_eq!(marks.get(DRAIN).map(String::as_str), Some("45"));
}

/// What comes of all that.
fn everything() -> Value {
    let own = json!({"app": "istio-full", "istio": "full"});
    let apart = json!({"weight": 100, "podAffinityTerm": {
        "topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": own}}});
    json!({
        "gatewayType": "egress",
        "clusterIds": ["Kubernetes"],
        "replicaCount": 2,
        "resources": {
            "limits": {"cpu": "1", "memory": "2Gi"},
            "requests": {"cpu": "100m", "memory": "128Mi"},
        },
        "ports": [
            {"name": "http-0", "port": 80, "targetPort": 80, "protocol": "HTTP"},
            {"name": "tls-9443", "port": 9443, "targetPort": 9444, "protocol": "TLS"},
        ],
        "autoscaleEnabled": true,
        "cpu": {"targetAverageUtilization": 70},
        "memory": {"targetAverageUtilization": 80},
        "minReplicas": 2,
        "maxReplicas": 4,
        "rollingMaxUnavailable": "0",
        "rollingMaxSurge": "1",
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [apart]}},
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [
            {"key": "dedicated", "operator": "Equal", "value": "egress", "effect": "NoSchedule"},
        ],
        "serviceType": "NodePort",
        "externalTrafficPolicy": "Local",
        "serviceAnnotations": {"owner.example/team": "payments"},
        "serviceLabels": {"tier": "edge"},
        "env": [{"name": "ISTIO_META_IDLE", "value": "60s"}],
        "podLabels": {"security.istio.io/tlsMode": "istio", "team": "payments"},
        "podAnnotations": {"example.com/note": "hello"},
        "secretVolumes": [{"name": "certs", "secretName": "client-certs", "mountPath": "/etc/certs"}],
        "configVolumes": [{"name": "rules", "configMapName": "rule-files", "mountPath": "/etc/rules"}],
    })
}
