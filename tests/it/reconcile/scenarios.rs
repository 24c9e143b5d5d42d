//! What can happen to a gateway: the scenarios of the crash points.

use egret::materialize::Part;
use egret::materialize::adopt::{Found, draft};
use serde_json::{Value, json};
use strum::IntoEnumIterator as _;

use super::adopt::{foreign_as, install};
use super::rounds::ports;
use super::stage::{HOME, Stage};

/// Something that happens to a gateway.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    /// Clusters beside the home cluster.
    pub(super) others: &'static [&'static str],
    /// The gateway before; `None`: there is none yet.
    pub(super) before: Option<fn() -> Value>,
    /// What happens to it before the scenario begins.
    pub(super) prepare: fn(&Stage),
    /// What happens.
    pub(super) change: fn(&Stage),
    /// The fewest replicas that either wish wants.
    pub(super) least: i64,
    /// Whether every pod stays.
    pub(super) keeps: bool,
}

/// What most scenarios are.
const PLAIN: Scenario = Scenario {
    name: "",
    others: &[],
    before: Some(two),
    prepare: nothing,
    change: nothing,
    least: 2,
    keeps: false,
};

const fn edit(name: &'static str, before: fn() -> Value, change: fn(&Stage)) -> Scenario {
    Scenario { name, before: Some(before), change, ..PLAIN }
}

fn nothing(_: &Stage) {}

pub(super) fn two() -> Value {
    json!({"replicaCount": 2, "ports": ports()})
}

fn scaled() -> Value {
    json!({"autoscaleEnabled": true, "minReplicas": 2, "maxReplicas": 5, "ports": ports()})
}

fn home_and_far() -> Value {
    json!({"replicaCount": 2, "ports": ports(), "clusterIds": [HOME, "far"]})
}

fn spec(stage: &Stage, change: impl FnOnce(&mut Value)) {
    stage.edit("out", |gateway| change(&mut gateway["spec"]));
}

fn annotate(stage: &Stage, key: &str, value: Value) {
    stage.edit("out", |gateway| {
        if value.is_null() {
            gateway["metadata"]["annotations"].as_object_mut().unwrap().shift_remove(key);
        } else {
            gateway["metadata"]["annotations"][key] = value;
        }
    });
}

fn node_port(stage: &Stage) {
    stage.meddle(HOME, Part::Service, "istio-out", "kubectl", |service| {
        service["spec"]["type"] = "NodePort".into()
    });
}

/// What `egret adopt` creates for a gateway that is there.
fn adopt(stage: &Stage, deployment: &str, account: &str) {
    let name = |part| if part == Part::ServiceAccount { account } else { deployment };
    let found: Found =
        Part::iter().filter_map(|part| Some((part, stage.object(HOME, part, name(part))?))).collect();
    stage.put_document(&draft(&found, "egress").unwrap().gateway);
}

fn install_chart(stage: &Stage) {
    install(stage, &foreign_as("chart-gateway.yaml", "payments-egress", "out"), "helm");
}

fn install_istioctl(stage: &Stage) {
    install(stage, &foreign_as("istioctl.yaml", "egressgateway", "out"), "istioctl");
}

/// Creating, deleting, clusters, and who keeps what.
pub(super) const LIVES: &[Scenario] = &[
    Scenario { name: "create", before: None, change: |s| s.put("out", &two()), ..PLAIN },
    Scenario { name: "create scaled", before: None, change: |s| s.put("out", &scaled()), ..PLAIN },
    Scenario {
        name: "create in two clusters",
        others: &["far"],
        before: None,
        change: |s| {
            let mut spec = home_and_far();
            spec["overrides"] = json!({"far": {"replicaCount": 3}});
            s.put("out", &spec);
        },
        ..PLAIN
    },
    Scenario {
        name: "adopted from a chart",
        before: None,
        prepare: install_chart,
        change: |s| adopt(s, "out", "out"),
        least: 3,
        keeps: true,
        ..PLAIN
    },
    Scenario {
        name: "adopted from istioctl",
        before: None,
        prepare: install_istioctl,
        change: |s| adopt(s, "istio-out", "istio-out-service-account"),
        least: 1,
        keeps: true,
        ..PLAIN
    },
    Scenario {
        name: "adopted, and released",
        before: None,
        prepare: |s| {
            install_chart(s);
            adopt(s, "out", "out");
        },
        change: |s| annotate(s, "egret/release", "true".into()),
        least: 3,
        keeps: true,
        ..PLAIN
    },
    Scenario {
        name: "released",
        change: |s| annotate(s, "egret/release", "true".into()),
        keeps: true,
        ..PLAIN
    },
    Scenario {
        name: "released in two clusters",
        others: &["far"],
        before: Some(home_and_far),
        change: |s| annotate(s, "egret/release", "true".into()),
        keeps: true,
        ..PLAIN
    },
    Scenario {
        name: "paused, and changed",
        change: |s| {
            annotate(s, "egret/paused", "true".into());
            spec(s, |spec| spec["replicaCount"] = 4.into());
        },
        keeps: true,
        ..PLAIN
    },
    Scenario {
        name: "drift while paused",
        prepare: |s| annotate(s, "egret/paused", "true".into()),
        change: node_port,
        keeps: true,
        ..PLAIN
    },
    Scenario {
        name: "no longer paused",
        prepare: |s| {
            annotate(s, "egret/paused", "true".into());
            node_port(s);
        },
        change: |s| annotate(s, "egret/paused", Value::Null),
        keeps: true,
        ..PLAIN
    },
    Scenario {
        name: "a cluster added",
        others: &["far"],
        before: Some(|| json!({"replicaCount": 2, "ports": ports(), "clusterIds": [HOME]})),
        change: |s| spec(s, |spec| spec["clusterIds"] = json!([HOME, "far"])),
        ..PLAIN
    },
    Scenario {
        name: "a cluster removed",
        others: &["far", "near"],
        before: Some(|| json!({"replicaCount": 2, "ports": ports(), "clusterIds": ["far", "near"]})),
        change: |s| spec(s, |spec| spec["clusterIds"] = json!(["near"])),
        ..PLAIN
    },
    Scenario {
        name: "home left for another cluster",
        others: &["far"],
        change: |s| spec(s, |spec| spec["clusterIds"] = json!(["far"])),
        ..PLAIN
    },
    Scenario {
        name: "back home from another cluster",
        others: &["far"],
        before: Some(|| json!({"replicaCount": 2, "ports": ports(), "clusterIds": ["far"]})),
        change: |s| spec(s, |spec| drop(spec.as_object_mut().unwrap().shift_remove("clusterIds"))),
        ..PLAIN
    },
    edit("deleted", two, |s| s.delete("out")),
    Scenario {
        name: "deleted in two clusters",
        others: &["far"],
        before: Some(home_and_far),
        change: |s| s.delete("out"),
        ..PLAIN
    },
    Scenario {
        name: "deleted while paused",
        others: &["far"],
        before: Some(|| json!({"replicaCount": 2, "ports": ports(), "clusterIds": ["far"]})),
        prepare: |s| annotate(s, "egret/paused", "true".into()),
        change: |s| s.delete("out"),
        ..PLAIN
    },
];

/// Edits of a gateway that stays where it is.
pub(super) const EDITS: &[Scenario] = &[
    edit("more replicas", two, |s| spec(s, |spec| spec["replicaCount"] = 4.into())),
    edit("another port", two, |s| {
        spec(s, |spec| spec["ports"] = json!([{"name": "tls-0", "port": 443, "protocol": "TLS"}]));
    }),
    edit("another name of a port", two, |s| {
        spec(s, |spec| spec["ports"][0]["name"] = "web".into());
    }),
    edit("resources", two, |s| {
        spec(s, |spec| spec["resources"] = json!({"limits": {"cpu": 1}, "requests": {"cpu": "100m"}}));
    }),
    edit("a load balancer", two, |s| spec(s, |spec| spec["serviceType"] = "LoadBalancer".into())),
    edit("two-way TLS", two, |s| {
        spec(s, |spec| spec["podLabels"] = json!({"security.istio.io/tlsMode": "istio"}));
    }),
    edit("how pods are replaced", two, |s| {
        spec(s, |spec| {
            spec["rollingMaxSurge"] = "50%".into();
            spec["rollingMaxUnavailable"] = "0".into();
        });
    }),
    edit("nodes", two, |s| {
        spec(s, |spec| spec["nodeSelector"] = json!({"kubernetes.io/os": "linux"}));
    }),
    edit("volumes and environment", two, |s| {
        spec(s, |spec| {
            spec["secretVolumes"] = json!([{"name": "certs", "secretName": "certs", "mountPath": "/certs"}]);
            spec["env"] = json!([{"name": "A", "value": "1"}]);
        });
    }),
    edit("labels and annotations of the Service", two, |s| {
        spec(s, |spec| {
            spec["serviceLabels"] = json!({"team": "edge"});
            spec["serviceAnnotations"] = json!({"example.com/lb": "internal"});
        });
    }),
    edit("compression and servers", two, |s| {
        spec(s, |spec| {
            spec["compression"] = json!({"enabled": true});
            spec["autoCreateGatewayYaml"] = true.into();
        });
    }),
    edit(
        "without compression and servers",
        || json!({"replicaCount": 2, "ports": ports(), "compression": {"enabled": true}, "autoCreateGatewayYaml": true}),
        |s| s.edit("out", |gateway| gateway["spec"] = two()),
    ),
    edit("autoscaling on", two, |s| s.edit("out", |gateway| gateway["spec"] = scaled())),
    edit("autoscaling off", scaled, |s| s.edit("out", |gateway| gateway["spec"] = two())),
    edit("autoscaling off while somebody scales", scaled, |s| {
        s.edit("out", |gateway| gateway["spec"] = two());
        s.meddle(HOME, Part::Deployment, "istio-out", "kubectl-scale", |deployment| {
            deployment["spec"]["replicas"] = 5.into();
        });
    }),
    edit("other bounds of the autoscaler", scaled, |s| {
        spec(s, |spec| {
            spec["minReplicas"] = 3.into();
            spec["maxReplicas"] = 9.into();
        });
    }),
    edit("replicas left to somebody else", two, |s| {
        annotate(s, "asm.alibabacloud.com/replicas-managed-by-asm", "false".into());
    }),
    Scenario {
        name: "replicas taken back from somebody else",
        prepare: |s| annotate(s, "asm.alibabacloud.com/replicas-managed-by-asm", "false".into()),
        change: |s| annotate(s, "asm.alibabacloud.com/replicas-managed-by-asm", Value::Null),
        keeps: true,
        ..PLAIN
    },
    edit("drift", two, node_port),
    edit("an object deleted by hand", two, |s| {
        let key = egret::demo::store::Key::new("services", super::stage::NAMESPACE, "istio-out");
        s.with(HOME, |state| state.remove(&key).map(drop)).unwrap();
    }),
];
