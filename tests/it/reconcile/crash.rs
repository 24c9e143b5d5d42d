//! Every crash point, not some: each scenario is run once to count its requests, and then once more for each request and
//! each thing that can happen to it. The end is the same every time.

use std::fmt::Write as _;

use egret::materialize::Part;
use egret::reconcile::pass;
use serde_json::{Value, json};
use strum::IntoEnumIterator as _;

use super::rounds::ports;
use super::stage::{HOME, NAMESPACE, Stage};
use super::trouble::{Trouble, What};

/// Something that happens to a gateway.
struct Scenario {
    name: &'static str,
    /// Clusters beside the home cluster.
    others: &'static [&'static str],
    /// The gateway before; `None`: there is none yet.
    before: Option<fn() -> Value>,
    /// What happens to it before the scenario begins.
    prepare: fn(&Stage),
    /// What happens.
    change: fn(&Stage),
    /// The fewest replicas that either wish wants.
    least: i64,
}

const fn edit(name: &'static str, before: fn() -> Value, change: fn(&Stage)) -> Scenario {
    Scenario { name, others: &[], before: Some(before), prepare: nothing, change, least: 2 }
}

fn nothing(_: &Stage) {}

fn two() -> Value {
    json!({"replicaCount": 2, "ports": ports()})
}

fn scaled() -> Value {
    json!({"autoscaleEnabled": true, "minReplicas": 2, "maxReplicas": 5, "ports": ports()})
}

fn spec(stage: &Stage, change: impl FnOnce(&mut Value)) {
    stage.edit("out", |gateway| change(&mut gateway["spec"]));
}

fn annotate(stage: &Stage, key: &str, value: Value) {
    stage.edit("out", |gateway| gateway["metadata"]["annotations"][key] = value);
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "create",
        others: &[],
        before: None,
        prepare: nothing,
        change: |s| s.put("out", &two()),
        least: 2,
    },
    Scenario {
        name: "create scaled",
        others: &[],
        before: None,
        prepare: nothing,
        change: |s| s.put("out", &scaled()),
        least: 1,
    },
    Scenario {
        name: "create in two clusters",
        others: &["far"],
        before: None,
        prepare: nothing,
        change: |s| {
            let mut spec = two();
            spec["clusterIds"] = json!([HOME, "far"]);
            spec["overrides"] = json!({"far": {"replicaCount": 3}});
            s.put("out", &spec);
        },
        least: 2,
    },
    edit("more replicas", two, |s| spec(s, |spec| spec["replicaCount"] = 4.into())),
    edit("another port", two, |s| {
        spec(s, |spec| spec["ports"] = json!([{"name": "tls-0", "port": 443, "protocol": "TLS"}]));
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
    edit("replicas left to somebody else", two, |s| {
        annotate(s, "asm.alibabacloud.com/replicas-managed-by-asm", "false".into());
    }),
    Scenario {
        name: "drift while paused",
        others: &[],
        before: Some(two),
        prepare: |s| annotate(s, "egret/paused", "true".into()),
        change: |s| {
            s.meddle(HOME, Part::Service, "istio-out", "kubectl", |service| {
                service["spec"]["type"] = "NodePort".into()
            })
        },
        least: 2,
    },
    edit("drift", two, |s| {
        s.meddle(HOME, Part::Service, "istio-out", "kubectl", |service| {
            service["spec"]["type"] = "NodePort".into()
        });
    }),
    Scenario {
        name: "a cluster added",
        others: &["far"],
        before: Some(|| json!({"replicaCount": 2, "ports": ports(), "clusterIds": [HOME]})),
        prepare: nothing,
        change: |s| spec(s, |spec| spec["clusterIds"] = json!([HOME, "far"])),
        least: 2,
    },
    Scenario {
        name: "a cluster removed",
        others: &["far", "near"],
        before: Some(|| json!({"replicaCount": 2, "ports": ports(), "clusterIds": ["far", "near"]})),
        prepare: nothing,
        change: |s| spec(s, |spec| spec["clusterIds"] = json!(["near"])),
        least: 2,
    },
    Scenario {
        name: "home left for another cluster",
        others: &["far"],
        before: Some(two),
        prepare: nothing,
        change: |s| spec(s, |spec| spec["clusterIds"] = json!(["far"])),
        least: 2,
    },
    edit("deleted", two, |s| s.delete("out")),
    Scenario {
        name: "deleted in two clusters",
        others: &["far"],
        before: Some(|| json!({"replicaCount": 2, "ports": ports(), "clusterIds": [HOME, "far"]})),
        prepare: nothing,
        change: |s| s.delete("out"),
        least: 2,
    },
];

/// What a run ended in.
struct Run {
    picture: String,
    requests: u64,
    replicas: Vec<i64>,
    writes: Vec<String>,
    reads: Vec<u64>,
}

/// Goes on from a stage with trouble at one request, then with a new controller that has none.
async fn run(stage: &Stage, trouble: &Trouble, what: Option<What>) -> Run {
    let keeper = stage.keeper(trouble).await;
    let passes = async {
        for _ in 0..12 {
            stage.advance();
            let report = pass(&keeper, NAMESPACE, "out").await;
            if report.all_writes() == 0 && !report.again() {
                return;
            }
        }
    };
    if what.is_some_and(What::kills) {
        tokio::select! {
            biased;
            () = trouble.death() => {}
            () = passes => {}
        }
    } else {
        passes.await;
    }
    let requests = trouble.requests();
    let fresh = Trouble::none();
    stage.settle(&stage.keeper(&fresh).await, "out").await;
    let replicas = [trouble.replicas(), fresh.replicas()].concat();
    Run { picture: stage.picture(), requests, replicas, writes: trouble.writes(), reads: trouble.reads() }
}

/// Runs a scenario with every trouble at every request. Returns how many runs that were, and what went wrong.
async fn every_point(scenario: &Scenario) -> (u64, String) {
    let stage = Stage::new(scenario.others);
    let seen = Trouble::none();
    if let Some(before) = scenario.before {
        stage.put("out", &before());
        stage.settled("out").await;
        (scenario.prepare)(&stage);
        stage.settle(&stage.keeper(&seen).await, "out").await;
    }
    (scenario.change)(&stage);
    let reference = run(&stage.copied(), &Trouble::none(), None).await;
    let (mut runs, mut wrong) = (1, String::new());
    assert!(
        reference.replicas.iter().all(|n| *n >= scenario.least),
        "{}: {:?}",
        scenario.name,
        reference.replicas
    );
    for number in 1..=reference.requests {
        let is_read = reference.reads.contains(&number);
        for what in What::iter().filter(|what| what.can_happen_to(is_read)) {
            let run = run(&stage.copied(), &Trouble::at(number, what, &seen), Some(what)).await;
            runs += 1;
            if run.picture != reference.picture {
                let difference = difference(&reference.picture, &run.picture);
                let _ = writeln!(
                    wrong,
                    "{}, {what:?} at {number}: {difference}\n{:?}",
                    scenario.name, run.writes
                );
            }
            if run.replicas.iter().any(|n| *n < scenario.least) {
                let _ =
                    writeln!(wrong, "{}, {what:?} at {number}: replicas {:?}", scenario.name, run.replicas);
            }
        }
    }
    (runs, wrong)
}

/// The lines that only one of two texts has.
pub(super) fn difference(a: &str, b: &str) -> String {
    let diff = similar::TextDiff::from_lines(a, b);
    diff.unified_diff().context_radius(1).to_string()
}

#[allow(clippy::print_stdout, reason = "how many runs there were is part of the result")]
fn all(part: usize, of: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut runs, mut wrong) = (0, String::new());
    for scenario in SCENARIOS.iter().skip(part).step_by(of) {
        let (more, told) = runtime.block_on(every_point(scenario));
        println!("{}: {more} runs", scenario.name);
        runs += more;
        wrong.push_str(&told);
    }
    println!("{runs} runs");
    assert!(wrong.is_empty(), "of {runs} runs these ended otherwise:\n{wrong}");
}

#[test]
fn whatever_happens_at_any_request_the_end_is_the_same_first_half() {
    all(0, 2);
}

#[test]
fn whatever_happens_at_any_request_the_end_is_the_same_second_half() {
    all(1, 2);
}
