//! Controllers, seen from the history of what they wrote.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::pods::{condition, is_ready};
use crate::demo::clock::later;
use crate::demo::state::State;
use crate::demo::store::{Key, Object};

fn start() -> Timestamp {
    "2026-06-15T09:00:00Z".parse().unwrap()
}

/// A cluster of some nodes with 4 CPUs each.
fn cluster(seed: u64, nodes: usize) -> State {
    let mut state = State::new(seed, start());
    for n in 0..nodes {
        let name = format!("node-{n}");
        let room = json!({"cpu": "4", "memory": "16Gi", "pods": "110"});
        let node = json!({"apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": format!("z{}", n % 2)}}});
        state.make("nodes", node, "kubelet").unwrap();
        let key = Key::new("nodes", "", &name);
        let status = json!({"allocatable": room, "conditions": [{"type": "Ready", "status": "True"}]});
        state.change_status(&key, "kubelet", |n| n["status"] = status).unwrap();
    }
    pass(&mut state, 1);
    state
}

fn pass(state: &mut State, seconds: u64) {
    let to = later(state.now, Duration::from_secs(seconds));
    state.step_to(to);
}

fn deployment(name: &str, replicas: i64, change: impl FnOnce(&mut Value)) -> Value {
    let mut object = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": {"app": name}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "c", "image": "nginx:1", "resources": {"requests": {"cpu": "100m"}}}]},
            },
        },
    });
    change(&mut object);
    object
}

fn make(state: &mut State, replicas: i64, change: impl FnOnce(&mut Value)) -> Key {
    state.make("deployments.apps", deployment("web", replicas, change), "test").unwrap();
    Key::new("deployments.apps", "default", "web")
}

fn pods(state: &State) -> Vec<Object> {
    state.list("pods", Some("default"))
}

fn ready(state: &State) -> usize {
    pods(state).iter().filter(|p| is_ready(p)).count()
}

fn reason<'a>(object: &'a Value, kind: &str) -> &'a str {
    condition(object, kind).and_then(|c| c["reason"].as_str()).unwrap_or_default()
}

#[test]
fn a_deployment_becomes_pods_that_get_ready_and_says_so() {
    let mut state = cluster(1, 3);
    let key = make(&mut state, 3, |_| {});
    pass(&mut state, 30);
    assert_eq!(ready(&state), 3);
    let status = &state.store.get(&key).unwrap()["status"];
    assert_eq!(
        (&status["replicas"], &status["readyReplicas"], &status["updatedReplicas"]),
        (&json!(3), &json!(3), &json!(3))
    );
    let done = state.store.get(&key).unwrap();
    assert_eq!(
        (reason(done, "Available"), reason(done, "Progressing")),
        ("MinimumReplicasAvailable", "NewReplicaSetAvailable")
    );
    let nodes: std::collections::BTreeSet<_> =
        pods(&state).iter().map(|p| p["spec"]["nodeName"].to_string()).collect();
    assert_eq!(nodes.len(), 3, "they are spread");
    let said = state.list("events", Some("default"));
    for reason in ["ScalingReplicaSet", "SuccessfulCreate", "Scheduled", "Pulling", "Started"] {
        assert!(said.iter().any(|e| e["reason"] == reason), "{reason}");
    }
}

#[test]
fn at_no_revision_of_a_rollout_are_there_too_many_pods_or_too_few_that_serve() {
    for (replicas, surge, missing) in [
        (4, json!("25%"), json!("25%")),
        (3, json!(1), json!(0)),
        (5, json!(0), json!(2)),
        (2, json!("100%"), json!(0)),
    ] {
        let mut state = cluster(2, 3);
        let rolling = json!({"maxSurge": surge, "maxUnavailable": missing});
        let key = make(&mut state, replicas, |d| d["spec"]["strategy"]["rollingUpdate"] = rolling.clone());
        pass(&mut state, 60);
        let from = state.store.revision();
        let limits = super::rollout::Limits::of(state.store.get(&key).unwrap());
        state
            .change(&key, "test", |d| {
                d["spec"]["template"]["spec"]["containers"][0]["image"] = "nginx:2".into()
            })
            .unwrap();
        pass(&mut state, 120);
        let revisions: Vec<u64> = state.store.since(from).unwrap().map(|c| c.revision).collect();
        for revision in revisions {
            let then = state.store.list_at("pods", Some("default"), revision).unwrap();
            let here = then.values().filter(|p| !super::pods::is_going(p));
            let (all, serve) = here.fold((0, 0), |(a, s), p| (a + 1, s + i64::from(is_ready(p))));
            assert!(all <= limits.most(), "{all} pods at {revision} with {rolling}");
            assert!(serve >= limits.fewest(), "{serve} serve at {revision} with {rolling}");
        }
        let images: Vec<_> =
            pods(&state).iter().map(|p| p["spec"]["containers"][0]["image"].clone()).collect();
        assert_eq!(images, vec![json!("nginx:2"); usize::try_from(replicas).unwrap()]);
    }
}

#[test]
fn an_old_template_comes_back_with_its_old_set() {
    let mut state = cluster(3, 2);
    let key = make(&mut state, 1, |_| {});
    pass(&mut state, 30);
    for image in ["nginx:2", "nginx:1"] {
        state
            .change(&key, "test", |d| d["spec"]["template"]["spec"]["containers"][0]["image"] = image.into())
            .unwrap();
        pass(&mut state, 30);
    }
    let sets = state.list("replicasets.apps", Some("default"));
    assert_eq!(sets.len(), 2);
    let revision = |o: &Value| o["metadata"]["annotations"]["deployment.kubernetes.io/revision"].clone();
    assert_eq!(revision(state.store.get(&key).unwrap()), "3");
    let used = sets.iter().find(|s| s["spec"]["replicas"] == 1).unwrap();
    assert_eq!(revision(used), "3");
}

#[test]
fn two_runs_with_one_seed_write_the_same_history() {
    let run = |seed| {
        let mut state = cluster(seed, 3);
        let key = make(&mut state, 4, |_| {});
        pass(&mut state, 20);
        state
            .change(&key, "test", |d| {
                d["spec"]["template"]["spec"]["containers"][0]["image"] = "nginx:2".into()
            })
            .unwrap();
        pass(&mut state, 60);
        let all = state.store.since(state.store.oldest()).unwrap();
        all.map(|c| format!("{} {} {}", c.revision, c.key.name, c.object)).collect::<Vec<_>>()
    };
    let (one, two, other) = (run(7), run(7), run(8));
    assert!(one == two && one.len() > 50);
    assert!(one != other);
}

#[test]
fn a_pod_that_finds_no_room_says_why_and_runs_when_there_is_some() {
    let mut state = cluster(4, 3);
    make(&mut state, 1, |d| {
        d["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "6".into()
    });
    pass(&mut state, 10);
    let pod = pods(&state).remove(0);
    assert_eq!(reason(&pod, "PodScheduled"), "Unschedulable");
    assert_eq!(
        condition(&pod, "PodScheduled").unwrap()["message"],
        "0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, preemption: 0/3 nodes are available: \
         3 Preemption is not helpful for scheduling."
    );
    state
        .change_status(&Key::new("nodes", "", "node-1"), "kubelet", |n| {
            n["status"]["allocatable"]["cpu"] = "8".into()
        })
        .unwrap();
    pass(&mut state, 10);
    assert_eq!(ready(&state), 1);
}

#[test]
fn taints_selectors_and_affinity_decide_where_pods_run() {
    let mut state = cluster(5, 3);
    state
        .change(&Key::new("nodes", "", "node-0"), "test", |n| {
            n["spec"]["taints"] = json!([{"key": "dedicated", "value": "egress", "effect": "NoSchedule"}]);
        })
        .unwrap();
    let apart = json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
        [{"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "web"}}}]}});
    make(&mut state, 3, |d| d["spec"]["template"]["spec"]["affinity"] = apart);
    pass(&mut state, 20);
    assert_eq!(ready(&state), 2);
    let waiting = pods(&state).into_iter().find(|p| !is_ready(p)).unwrap();
    let message = condition(&waiting, "PodScheduled").unwrap()["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 node(s) didn't match pod anti-affinity rules."), "{message}");
}

#[test]
fn a_crashing_container_is_started_again_further_and_further_apart() {
    let mut state = cluster(6, 1);
    make(&mut state, 1, |d| {
        d["spec"]["template"]["metadata"]["annotations"] = json!({"demo.egret/behaviour": "crash=OOMKilled"})
    });
    pass(&mut state, 200);
    let pod = pods(&state).remove(0);
    let container = &pod["status"]["containerStatuses"][0];
    assert!((3..=5).contains(&container["restartCount"].as_i64().unwrap()), "{container}");
    let last = &container["lastState"]["terminated"];
    let ended = if last.is_object() { last } else { &container["state"]["terminated"] };
    assert_eq!((&ended["reason"], &ended["exitCode"]), (&json!("OOMKilled"), &json!(137)));
    assert!(
        state
            .list("events", Some("default"))
            .iter()
            .any(|e| e["reason"] == "BackOff" && e["count"].as_i64() > Some(1))
    );
}

#[test]
fn an_image_that_nobody_has_and_a_proxy_that_nobody_injected_are_not_pulled() {
    for (image, behaviour) in [("auto", ""), ("registry.example/none:1", "image")] {
        let mut state = cluster(7, 1);
        make(&mut state, 1, |d| {
            d["spec"]["template"]["spec"]["containers"][0]["image"] = image.into();
            d["spec"]["template"]["metadata"]["annotations"] = json!({"demo.egret/behaviour": behaviour});
        });
        pass(&mut state, 60);
        let pod = pods(&state).remove(0);
        assert_eq!(pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"], "ImagePullBackOff");
        assert_eq!(pod["status"]["phase"].as_str().unwrap_or("Pending"), "Pending");
        // It is tried again and again, and said so: the events are there as long as the pod is.
        pass(&mut state, 3 * 3600);
        let told: Vec<i64> = (state.list("events", None).iter())
            .filter(|event| event["reason"] == "BackOff")
            .map(|event| event["count"].as_i64().unwrap())
            .collect();
        assert!(told.len() == 1 && (35..60).contains(&told[0]), "{told:?}");
    }
}

#[test]
fn a_service_has_the_addresses_of_its_ready_pods() {
    let mut state = cluster(8, 2);
    let key = make(&mut state, 2, |_| {});
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "default"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080, "protocol": "TCP"}]}});
    state.make("services", service, "test").unwrap();
    pass(&mut state, 30);
    let slice = |state: &State| state.list("endpointslices.discovery.k8s.io", Some("default")).remove(0);
    assert_eq!(slice(&state)["endpoints"].as_array().unwrap().len(), 2);
    assert_eq!(slice(&state)["ports"][0]["port"], 8080);
    state.change(&key, "test", |d| d["spec"]["replicas"] = 0.into()).unwrap();
    pass(&mut state, 30);
    // As Go writes a list of nothing that is always written.
    assert_eq!(slice(&state)["endpoints"], Value::Null);
}

#[test]
fn what_an_owner_leaves_behind_goes_with_it_or_stays_as_it_is_asked() {
    use crate::demo::state::delete::{Options, Propagation};
    for (propagation, left) in
        [(Propagation::Background, 0), (Propagation::Foreground, 0), (Propagation::Orphan, 2)]
    {
        let mut state = cluster(9, 2);
        let key = make(&mut state, 2, |_| {});
        pass(&mut state, 30);
        let resource = state.resource("deployments.apps").unwrap();
        let options = Options { propagation, propagation_said: true, ..Options::default() };
        state.delete(&resource, &key, &options).unwrap();
        pass(&mut state, 60);
        assert!(state.store.get(&key).is_none(), "{propagation:?}");
        assert_eq!(pods(&state).len(), left, "{propagation:?}");
        assert_eq!(state.list("replicasets.apps", None).len(), left.min(1), "{propagation:?}");
    }
}

#[test]
fn a_busy_workload_is_scaled_up_at_once_and_down_only_after_a_while() {
    let mut state = cluster(10, 3);
    state.workload.metrics = true;
    let key = make(&mut state, 2, |_| {});
    let autoscaler = json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "minReplicas": 2, "maxReplicas": 6,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}]}});
    state.make("horizontalpodautoscalers.autoscaling", autoscaler, "test").unwrap();
    pass(&mut state, 40);
    let size = |state: &State| state.store.get(&key).unwrap()["spec"]["replicas"].as_i64().unwrap();
    state.workload.load.insert(("default".into(), "web".into()), 3600);
    pass(&mut state, 120);
    assert_eq!(size(&state), 5);
    state.workload.load.insert(("default".into(), "web".into()), 200);
    pass(&mut state, 120);
    assert_eq!(size(&state), 5, "not yet");
    pass(&mut state, 400);
    assert_eq!(size(&state), 2);
    let hpa = state.list("horizontalpodautoscalers.autoscaling", None).remove(0);
    assert_eq!(reason(&hpa, "ScalingLimited"), "TooFewReplicas");
}

#[test]
fn a_node_that_does_not_answer_loses_its_pods_after_a_while() {
    let mut state = cluster(11, 2);
    make(&mut state, 2, |_| {});
    pass(&mut state, 30);
    let node = Key::new("nodes", "", "node-0");
    state
        .change_status(&node, "kube-controller-manager", |n| {
            n["status"]["conditions"] = json!([{"type": "Ready", "status": "Unknown"}])
        })
        .unwrap();
    pass(&mut state, 60);
    assert_eq!(ready(&state), 1);
    pass(&mut state, 400);
    assert_eq!(ready(&state), 2, "one more runs elsewhere");
    assert!(pods(&state).iter().any(|p| super::pods::is_going(p)), "the lost one cannot end");
}

#[test]
fn a_namespace_takes_with_it_what_is_in_it() {
    let mut state = cluster(12, 1);
    state
        .make(
            "namespaces",
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "gone"}}),
            "test",
        )
        .unwrap();
    pass(&mut state, 1);
    assert!(state.get("serviceaccounts", "gone", "default").is_some());
    let mut object = deployment("web", 1, |_| {});
    object["metadata"]["namespace"] = "gone".into();
    state.make("deployments.apps", object, "test").unwrap();
    pass(&mut state, 30);
    let _ = state.remove(&Key::new("namespaces", "", "gone"));
    pass(&mut state, 60);
    assert!(state.get("namespaces", "", "gone").is_none());
    assert!(state.list("pods", Some("gone")).is_empty());
}

#[test]
fn a_deployment_that_makes_no_progress_says_so_when_its_time_is_over() {
    let mut state = cluster(13, 1);
    let key = make(&mut state, 1, |d| {
        d["spec"]["progressDeadlineSeconds"] = 60.into();
        d["spec"]["template"]["spec"]["containers"][0]["image"] = "auto".into();
    });
    pass(&mut state, 50);
    assert_eq!(condition(state.store.get(&key).unwrap(), "Progressing").unwrap()["status"], "True");
    pass(&mut state, 60);
    assert_eq!(reason(state.store.get(&key).unwrap(), "Progressing"), "ProgressDeadlineExceeded");
}
