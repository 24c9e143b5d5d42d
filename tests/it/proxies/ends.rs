//! Ways that lead nowhere, and what is said of them.

use egret::model::fault::Reason;
use egret::model::way::Way;

use super::support::api::{Api, Leads, Rules};
use super::support::envoy::{Envoy, quiet};
use super::support::{SECOND, Stage};

/// What is heard of a pod first, where it is so.
async fn first(rules: Rules) -> (Result<Way, (Reason, String, String)>, Api) {
    let envoy = Envoy::start(quiet).await;
    let api = Api::start(envoy.port, rules).await;
    let mut stage = Stage::new(&api.kubeconfig()).await;
    stage.proxies.read(vec![stage.want("egress", "p", 5 * SECOND)]);
    let tried = stage.tried().await;
    let told = tried.map(|scrape| scrape.way).map_err(|missed| {
        let fault = missed.fault;
        (fault.reason, fault.summary, fault.hint)
    });
    (told, api)
}

#[tokio::test]
async fn ports_are_tried_in_their_order() {
    for (closed, denied, way) in [
        (vec![], false, Way::PodProxy(15090)),
        (vec![15090], false, Way::PodProxy(15020)),
        (vec![15090, 15020], false, Way::PortForward(15000)),
        (vec![15090, 15000], true, Way::PortForward(15020)),
    ] {
        let proxy = if denied { Leads::Denied } else { Leads::In };
        let (told, _) = first(Rules { proxy, closed: closed.clone(), ..Rules::default() }).await;
        assert_eq!(told, Ok(way), "{closed:?}");
    }
}

#[tokio::test]
async fn a_way_that_hangs_costs_its_budget_once_and_not_for_each_pod() {
    let envoy = Envoy::start(quiet).await;
    let api = Api::start(envoy.port, Rules { proxy: Leads::Nowhere, ..Rules::default() }).await;
    let mut stage = Stage::new(&api.kubeconfig()).await;
    let wants = [stage.want("egress", "a", 5 * SECOND), stage.want("egress", "b", 5 * SECOND)];
    stage.proxies.read(wants[..1].to_vec());
    assert_eq!(stage.tried().await.unwrap().way, Way::PortForward(15090));
    stage.later(10 * SECOND, &wants);
    for _ in 0..2 {
        assert_eq!(stage.tried().await.unwrap().way, Way::PortForward(15090));
    }
    assert_eq!(api.asked("/proxy/"), ["GET /api/v1/namespaces/egress/pods/a:15090/proxy/stats/prometheus"]);
    // Somebody asks: it is tried again.
    api.now(|rules| rules.proxy = Leads::In);
    stage.proxies.retry(None);
    stage.later(10 * SECOND, &wants[..1]);
    assert_eq!(stage.tried().await.unwrap().way, Way::PodProxy(15090));
}

#[tokio::test]
async fn a_refusal_names_the_rights_that_are_missing() {
    let both = Rules { proxy: Leads::Denied, forward: Leads::Denied, ..Rules::default() };
    let no_create = Some(vec!["create pods/portforward"]);
    let neither = Some(vec!["get pods/portforward", "create pods/portforward"]);
    let about = "fake: read the proxy of pod egress/p: ";
    let why = "(since Kubernetes 1.35 a port-forward needs both get and create on pods/portforward).";
    for (rules, summary, hint) in [
        (
            Rules { denied: neither, ..both.clone() },
            "no right to get pods/proxy; no right to get pods/portforward and to create pods/portforward",
            format!("get pods/proxy, or get pods/portforward and create pods/portforward in egress {why}"),
        ),
        (
            Rules { denied: no_create.clone(), ..both.clone() },
            "no right to get pods/proxy; no right to create pods/portforward",
            format!("get pods/proxy, or create pods/portforward in egress {why}"),
        ),
        (
            Rules { denied: None, ..both.clone() },
            "no right to get pods/proxy; a port-forward is refused",
            format!("get pods/proxy, or get and create pods/portforward in egress {why}"),
        ),
        (
            Rules { denied: no_create, proxy: Leads::Nowhere, ..both.clone() },
            "no answer in 2 s by the pod proxy; no right to create pods/portforward",
            format!("create pods/portforward in egress {why}"),
        ),
    ] {
        let (told, _) = first(rules).await;
        let hint = format!("Ask for a Role that allows it: {hint}");
        assert_eq!(told, Err((Reason::Denied, format!("{about}{summary}"), hint)));
    }
}

#[tokio::test]
async fn what_is_forbidden_is_not_asked_for_again_with_each_scrape() {
    let envoy = Envoy::start(quiet).await;
    let rules = Rules { proxy: Leads::Denied, forward: Leads::Denied, ..Rules::default() };
    let api = Api::start(envoy.port, rules).await;
    let mut stage = Stage::new(&api.kubeconfig()).await;
    let want = stage.want("egress", "p", 5 * SECOND);
    stage.proxies.read(vec![want.clone()]);
    let first = stage.missed().await;
    let asked = api.asked("").len();
    stage.later(10 * SECOND, &[want]);
    assert_eq!(stage.missed().await, first, "it is told all the same");
    assert_eq!(api.asked("").len(), asked);
}

#[tokio::test]
async fn a_pod_that_is_gone_or_does_not_run_is_told_as_that() {
    let gone = Rules { proxy: Leads::Gone, forward: Leads::Gone, ..Rules::default() };
    let pending =
        Rules { proxy: Leads::Refused, forward: Leads::Refused, phase: "Pending", ..Rules::default() };
    for (rules, why) in [(gone, "it does not exist"), (pending, "the pod is Pending")] {
        let (told, _) = first(rules).await;
        let (reason, summary, _) = told.unwrap_err();
        assert_eq!(
            (reason, summary),
            (Reason::Missing, format!("fake: read the proxy of pod egress/p: {why}"))
        );
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_no_fault_of_the_way() {
    let envoy = Envoy::start(quiet).await;
    let api = Api::start(envoy.port, Rules::default()).await;
    let file = tempfile::tempdir().unwrap();
    let kubeconfig = file.path().join("config");
    std::fs::copy(api.kubeconfig(), &kubeconfig).unwrap();
    drop(api);
    let mut stage = Stage::new(&kubeconfig).await;
    stage.proxies.read(vec![stage.want("egress", "p", 5 * SECOND)]);
    assert_eq!(
        stage.missed().await.0,
        "fake: read the proxy of pod egress/p: connection refused: nothing listens there"
    );
}
