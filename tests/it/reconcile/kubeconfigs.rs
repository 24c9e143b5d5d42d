//! Ways to other clusters, from Secrets that come, change and go (R2, R27).

use base64::Engine as _;
use egret::demo::store::Key;
use egret::reconcile::clusters::Others;
use egret::reconcile::{Clusters, Keeper, kubeconfigs, pass};
use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};

use super::rounds::ports;
use super::stage::{HOME, NAMESPACE, Stage};
use super::trouble::Trouble;

/// Stands in every kubeconfig here, and may stand nowhere else.
const HIDDEN: &str = "c2VjcmV0LXRva2Vu";

fn kubeconfig(user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts:\n- name: a\n  context: {{cluster: c, user: u}}\nclusters:\n- name: c\n  cluster: {{server: 'https://127.0.0.1:1', insecure-skip-tls-verify: true}}\nusers:\n- name: u\n  user: {{{user}}}\n"
    )
}

fn secret(name: &str, id: &str, text: &str) -> Value {
    let text = base64::engine::general_purpose::STANDARD.encode(text);
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": NAMESPACE,
        "labels": {"egret/cluster-id": id}}, "data": {"kubeconfig": text}})
}

fn put(stage: &Stage, secret: Value) {
    stage.with(HOME, |state| state.make("secrets", secret, "kubectl").map(drop)).unwrap();
}

/// Waits until the clusters are as wished.
async fn until(others: &mut watch::Receiver<Others>, wish: impl FnMut(&Others) -> bool) -> Others {
    let waiting = others.wait_for(wish);
    let found = tokio::time::timeout(std::time::Duration::from_secs(60), waiting).await;
    found.expect("the clusters do not become so").unwrap().clone()
}

#[tokio::test]
async fn clusters_come_change_and_go_with_their_secrets() {
    let stage = Stage::new(&[]);
    put(&stage, secret("one", "first", &kubeconfig(&format!("token: {HIDDEN}"))));
    // A Secret without the label is none of these, whatever it holds.
    let mut other = secret("two", "second", &kubeconfig(""));
    other["metadata"]["labels"] = json!({});
    put(&stage, other);
    let clusters = Clusters::only(stage.connection(HOME, &Trouble::none()).await, HOME);
    let (first, read) = oneshot::channel();
    let following = tokio::spawn(kubeconfigs::follow(clusters.clone(), NAMESPACE.to_owned(), first));
    read.await.unwrap();
    let mut others = clusters.follow();
    assert_eq!(clusters.others().into_keys().collect::<Vec<_>>(), ["first"]);
    assert_eq!(&*clusters.connections()["first"].server, "https://127.0.0.1:1/");
    let version = clusters.others()["first"].version;

    // A broken one is told, and holds no other up.
    put(&stage, secret("broken", "third", &kubeconfig(&format!("tokenFile: /{HIDDEN}"))));
    let now = until(&mut others, |others| others.len() == 2).await;
    let fault = now["third"].way.as_ref().unwrap_err();
    assert!(
        fault.summary.contains("Secret istio-system/broken") && fault.summary.contains("tokenFile"),
        "{fault:?}"
    );
    assert!(!format!("{fault:?} {now:?}").contains(HIDDEN));
    assert_eq!(now["first"].version, version, "what has not changed keeps its connection");

    // Mended, it is used; and another text of the first makes another connection.
    let change = |name: &str, text: &str| {
        let data = secret(name, "", text)["data"].clone();
        let key = Key::new("secrets", NAMESPACE, name);
        stage
            .with(HOME, |state| state.change(&key, "kubectl", |secret| secret["data"] = data).map(drop))
            .unwrap();
    };
    change("broken", &kubeconfig("token: x"));
    until(&mut others, |others| others.get("third").is_some_and(|other| other.way.is_ok())).await;
    change("one", &kubeconfig("token: y"));
    until(&mut others, |others| others["first"].version > version).await;

    // Of two with one id the first by name counts, until it goes.
    put(
        &stage,
        secret(
            "another",
            "first",
            &kubeconfig("exec: {command: x, apiVersion: client.authentication.k8s.io/v1}"),
        ),
    );
    until(&mut others, |others| others["first"].way.is_err()).await;
    for name in ["another", "broken", "one"] {
        stage.with(HOME, |state| state.remove(&Key::new("secrets", NAMESPACE, name)).map(drop)).unwrap();
    }
    until(&mut others, Others::is_empty).await;
    following.abort();
}

#[tokio::test]
async fn a_gateway_whose_cluster_has_a_broken_secret_says_so_and_runs_elsewhere() {
    let stage = Stage::new(&[]);
    put(&stage, secret("far", "far-id", "no kubeconfig"));
    // The id of the home cluster, and those of the config, are nobody else's to say.
    put(&stage, secret("own", HOME, &kubeconfig("")));
    stage.put("out", &json!({"ports": ports(), "clusterIds": [HOME, "far-id"]}));
    let clusters = Clusters::only(stage.connection(HOME, &Trouble::none()).await, HOME);
    let keeper = Keeper::new(clusters.clone(), stage.keeper(&Trouble::none()).await.clock);
    let work = async {
        pass(&keeper, NAMESPACE, "out").await;
        stage.advance();
        pass(&keeper, NAMESPACE, "out").await
    };
    let report = kubeconfigs::beside(clusters.clone(), NAMESPACE.to_owned(), work).await;
    assert_eq!(clusters.others().into_keys().collect::<Vec<_>>(), ["far-id"]);
    let told: Vec<&str> = report.all_faults().into_iter().map(|fault| fault.summary.as_str()).collect();
    assert_eq!(
        told,
        [
            "home: cluster far-id: Secret istio-system/far has no kubeconfig that can be used: it is no kubeconfig"
        ]
    );
    assert_eq!(report.places.iter().filter(|place| !place.parts.is_empty()).count(), 1);
}
