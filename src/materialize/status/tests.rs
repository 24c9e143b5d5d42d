use serde_json::json;

use super::*;
use crate::materialize::report::PartReport;

fn deployment(spec: i64, status: Value) -> Value {
    json!({"metadata": {"generation": 2}, "spec": {"replicas": spec}, "status": status})
}

#[test]
fn running_means_that_all_wanted_pods_of_the_present_generation_are_ready() {
    let full = |observed: i64, updated: i64, ready: i64, all: i64| json!({"observedGeneration": observed, "updatedReplicas": updated, "readyReplicas": ready, "replicas": all});
    for (wanted, status, readiness) in [
        (2, full(2, 2, 2, 2), Readiness::Ready),
        (0, full(2, 0, 0, 0), Readiness::Ready),
        (2, full(1, 2, 2, 2), Readiness::Progressing("the change is not taken up yet".into())),
        (
            2,
            full(2, 1, 2, 3),
            Readiness::Progressing("2 of 2 pods are ready, 1 of the new, 2 of the old".into()),
        ),
        (2, full(2, 2, 1, 2), Readiness::Progressing("1 of 2 pods are ready, 2 of the new".into())),
        (
            2,
            json!({"observedGeneration": 2, "conditions": [{"type": "ReplicaFailure", "status": "True", "message": "quota"}]}),
            Readiness::Failing("quota".into()),
        ),
        (
            2,
            json!({"observedGeneration": 2, "conditions": [
                {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "late"}]}),
            Readiness::Failing("late".into()),
        ),
    ] {
        assert_eq!(rolled_out(&deployment(wanted, status.clone())), readiness, "{status}");
    }
}

#[test]
fn the_address_is_the_load_balancers_where_there_is_one() {
    for (service, expected) in [
        (json!({"spec": {"type": "ClusterIP", "clusterIP": "10.0.0.1"}}), vec!["10.0.0.1"]),
        (json!({"spec": {"type": "ClusterIP", "clusterIP": "None"}}), vec![]),
        (json!({"spec": {"type": "LoadBalancer", "clusterIP": "10.0.0.1"}}), vec![]),
        (
            json!({"spec": {"type": "LoadBalancer"}, "status": {"loadBalancer": {"ingress": [
                {"ip": "192.0.2.1"}, {"hostname": "lb.example.com"}]}}}),
            vec!["192.0.2.1", "lb.example.com"],
        ),
    ] {
        assert_eq!(addresses(&service), expected, "{service}");
    }
}

fn told(report: &Report) -> (String, String, Vec<String>) {
    let (status, _) = status(&json!({"metadata": {"generation": 3}}), report, Timestamp::UNIX_EPOCH);
    let conditions = status["conditions"].as_array().unwrap().iter();
    let conditions =
        conditions.map(|c| format!("{}={} {}", c["type"], c["status"], c["reason"]).replace('"', ""));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&status["Status"]), text(&status["ErrorMessage"]), conditions.collect())
}

fn place(readiness: Readiness, addresses: &[&str]) -> Place {
    Place {
        readiness: Some(readiness),
        addresses: addresses.iter().map(|a| (*a).to_owned()).collect(),
        ..Place::default()
    }
}

#[test]
fn each_state_has_its_word_its_error_and_its_conditions() {
    let of = |places: Vec<Place>| Report { places, ..Report::default() };
    let fault = |cluster: &str| {
        Fault::new(crate::model::fault::Reason::Unreachable, format!("{cluster}: away"), "Wait.")
    };
    let ready = || place(Readiness::Ready, &["10.0.0.1"]);
    for (report, word, error, conditions) in [
        (
            of(vec![ready()]),
            "Running",
            "",
            ["Accepted=True Accepted", "Programmed=True Programmed", "Ready=True Running"],
        ),
        (
            of(vec![place(Readiness::Ready, &[])]),
            "Reconciling",
            "",
            ["Accepted=True Accepted", "Programmed=True Programmed", "Ready=False Progressing"],
        ),
        (
            of(vec![place(Readiness::Failing("quota".into()), &["10.0.0.1"])]),
            "ReconcileFailed",
            "quota",
            ["Accepted=True Accepted", "Programmed=True Programmed", "Ready=False Failing"],
        ),
        (
            of(vec![ready(), Place::failed(Some("b".into()), fault("b"))]),
            "ReconcileFailed",
            "b: away. Wait.",
            ["Accepted=True Accepted", "Programmed=False Failed", "Ready=False Progressing"],
        ),
        (
            Report { problems: vec![Problem::error("spec.x", "wrong", "right")], ..Report::default() },
            "ReconcileFailed",
            "spec.x: wrong (right)",
            ["Accepted=False Invalid", "Programmed=False Invalid", "Ready=False Unknown"],
        ),
        (
            Report { paused: true, places: vec![ready()], ..Report::default() },
            "Running",
            "",
            ["Accepted=True Accepted", "Programmed=False Paused", "Ready=True Running"],
        ),
    ] {
        assert_eq!(
            told(&report),
            (word.to_owned(), error.to_owned(), conditions.map(str::to_owned).to_vec())
        );
    }
}

#[test]
fn a_condition_keeps_its_time_until_it_turns_and_only_turns_are_told() {
    let report = Report { places: vec![place(Readiness::Ready, &["10.0.0.1"])], ..Report::default() };
    let object = json!({"metadata": {"generation": 3}});
    let (first, turns) = status(&object, &report, Timestamp::UNIX_EPOCH);
    assert_eq!(turns.iter().map(|t| t.reason).collect::<Vec<_>>(), ["Accepted", "Programmed", "Running"]);
    let object = json!({"metadata": {"generation": 3}, "status": first});
    let (second, turns) = status(&object, &report, Timestamp::from_second(60).unwrap());
    assert_eq!((&second, turns), (&first, vec![]));
    let worse = Report {
        places: vec![place(Readiness::Failing("quota".into()), &["10.0.0.1"])],
        ..Report::default()
    };
    let (third, turns) = status(&object, &worse, Timestamp::from_second(60).unwrap());
    let turn = Turn { warning: true, reason: "Failing", message: "quota".into() };
    assert_eq!(turns, [turn]);
    assert_eq!(third["conditions"][2]["lastTransitionTime"], "1970-01-01T00:01:00Z");
    assert_eq!(third["conditions"][0], first["conditions"][0]);
}

#[test]
fn what_a_foreign_object_of_the_same_name_says_is_not_said_of_the_gateway() {
    for (part, conditions, addresses) in [
        (Part::Deployment, "Ready=False Progressing", vec!["10.0.0.1"]),
        (Part::Service, "Ready=False Progressing", vec![]),
        (Part::EnvoyFilter, "Ready=True Running", vec!["10.0.0.1"]),
    ] {
        let theirs = PartReport {
            part,
            name: "istio-eg".to_owned(),
            state: PartState::Conflict("Helm".to_owned()),
            live: None,
        };
        let mut held = place(Readiness::Ready, &["10.0.0.1"]);
        held.cluster_id = Some("a".to_owned());
        held.parts.push(theirs);
        let report = Report { places: vec![held], ..Report::default() };
        let (word, _, told) = told(&report);
        assert_eq!((word.as_str(), told[2].as_str()), ("ReconcileFailed", conditions), "{part}");
        let (status, _) = status(&json!({}), &report, Timestamp::UNIX_EPOCH);
        assert_eq!(status["GatewayAddress"], json!(addresses), "{part}");
        let of_the_cluster = json!([{"clusterId": "a", "ipAddress": addresses.first().unwrap_or(&"")}]);
        assert_eq!(status["ClusterIdGatewayAddressMap"], of_the_cluster, "{part}");
    }
}
