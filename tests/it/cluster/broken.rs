//! Servers that misbehave in ways a real one does not on request: what is shown stays right, and nobody is asked
//! without end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use egret::cluster::stream::{self, Change, Place, WatchEnd};
use egret::model::fault::{Fault, Reason};
use egret::model::name::Kind;
use egret::model::row::PodRow;
use egret::model::snapshot::{KindState, Link};
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::support::fake::{Answer, Asked, Fake, event, list, ok, pod, status};
use super::support::view::{View, fault, pods};
use super::support::{SOON, connection};

const PODS: &str = "/api/v1/namespaces/istio-system/pods";

fn place() -> Place {
    Place {
        kind: Kind::Pod,
        version: "v1".into(),
        namespace: Some("istio-system".into()),
        fields: String::new(),
        labels: String::new(),
        paths: Default::default(),
    }
}

/// How a list ends that is answered so, and the names that came before its end.
async fn listed(answer: Answer) -> (Result<Box<str>, Fault>, Vec<String>) {
    let fake = Fake::start(move |_| Some(answer.clone())).await;
    let c = connection(&fake.kubeconfig("{}"), false).await;
    let mut names = Vec::new();
    let listed = stream::list::<PodRow>(&c, &place(), |rows| {
        names.extend(rows.iter().map(|p| p.meta.name.to_string()));
    })
    .await;
    (listed.map(|l| l.resource_version), names)
}

#[tokio::test]
async fn a_list_is_whole_or_it_is_a_fault_that_says_why() {
    let whole = list(5, &[pod("a", 1), pod("b", 2)]).to_string();
    assert_eq!(listed(ok(&whole)).await, (Ok("5".into()), vec!["a".to_owned(), "b".to_owned()]));
    let cut = whole[..whole.len() - 20].to_owned();
    let cases = [
        (Answer::Cut(cut.clone()), Reason::Unreachable, "fake: list pods in istio-system: "),
        (Answer::Stream(cut), Reason::Unreachable, "fake: list pods in istio-system: the answer was cut off"),
        (
            status(500, "etcdserver: no leader"),
            Reason::Server,
            "fake: list pods in istio-system: the server failed with 500: etcdserver: no leader",
        ),
        (
            Answer::Whole(503, "text/html", "\n<html><title>Gateway</title>\n<p>…".into()),
            Reason::Server,
            "fake: list pods in istio-system: the server failed with 503: <html><title>Gateway</title>",
        ),
        (
            Answer::Whole(200, "text/html", "<html>Please log in</html>".into()),
            Reason::Server,
            "fake: list pods in istio-system: the server sent something that is no list",
        ),
        (
            status(429, "slow down"),
            Reason::Server,
            "fake: list pods in istio-system: the server is too busy (slow down)",
        ),
        (
            status(401, "Unauthorized"),
            Reason::Credentials,
            "fake: the server does not accept the credentials of this context",
        ),
        (
            status(403, "pods is forbidden: User \"anna\" cannot list resource \"pods\""),
            Reason::Denied,
            "fake: no right to list pods in istio-system (as anna)",
        ),
    ];
    for (answer, reason, words) in cases {
        let fault = listed(answer.clone()).await.0.unwrap_err();
        assert_eq!(fault.reason, reason, "{answer:?}");
        assert!(fault.summary.starts_with(words), "{answer:?}: {}", fault.summary);
        assert_eq!(fault.summary.matches("fake").count(), 1, "{}", fault.summary);
    }
}

/// How a watch from version 7 ends that is answered so: what changed, where it has come to, its end.
async fn watched(answer: Answer) -> (Vec<String>, Box<str>, WatchEnd) {
    let fake = Fake::start(move |_| Some(answer.clone())).await;
    let c = connection(&fake.kubeconfig("{}"), false).await;
    let (mut changes, mut version) = (Vec::new(), "7".into());
    let change = |change: Change<PodRow>| {
        changes.push(match change {
            Change::Applied(p) => format!("+{}", p.meta.name),
            Change::Deleted(p) => format!("-{}", p.meta.name),
            Change::Unread(what) => what,
        });
    };
    let end = stream::watch::<PodRow>(&c, &place(), &mut version, || (), change).await;
    (changes, version, end)
}

#[tokio::test]
async fn a_watch_says_how_it_ended_and_where_it_can_go_on() {
    let good = format!("{}{}", event("ADDED", &pod("a", 8)), event("DELETED", &pod("b", 9)));
    let error = |code: u16| event("ERROR", &json!({"kind": "Status", "code": code, "message": "gone"}));
    let bookmark = event("BOOKMARK", &json!({"metadata": {"resourceVersion": "30"}}));
    let seen = ["+a", "-b"];

    let (changes, version, end) = watched(Answer::Stream(good.clone())).await;
    assert_eq!((changes, &*version, end), (seen.map(String::from).to_vec(), "9", WatchEnd::Closed));
    let (_, version, end) = watched(Answer::Stream(bookmark)).await;
    assert_eq!((&*version, end), ("30", WatchEnd::Closed));
    // A line that the connection broke off is not an event, and costs nothing: it comes again.
    let (changes, version, end) = watched(Answer::Stream(format!("{good}{}", &good[..40]))).await;
    assert_eq!((changes, &*version, end), (seen.map(String::from).to_vec(), "9", WatchEnd::Closed));

    let (changes, version, end) = watched(Answer::Stream(format!("{good}{}", error(410)))).await;
    assert_eq!((changes.len(), &*version, end), (2, "9", WatchEnd::Expired));
    assert_eq!(watched(status(410, "too old")).await.2, WatchEnd::Expired);

    let broken = |end: WatchEnd| match end {
        WatchEnd::Broken(fault) => (fault.reason, fault.summary),
        other => panic!("{other:?}"),
    };
    let (reason, words) = broken(watched(Answer::Cut(good.clone())).await.2);
    assert_eq!(reason, Reason::Unreachable, "{words}");
    let (reason, words) = broken(watched(Answer::Stream(error(500))).await.2);
    assert_eq!(reason, Reason::Server, "{words}");
    let (reason, words) = broken(watched(Answer::Stream("<html>\n".into())).await.2);
    assert_eq!(reason, Reason::Server);
    assert_eq!(words, "fake: watch pods in istio-system: the server sent something that is no event");
    // An object that cannot be read costs itself, never the watch.
    let odd = event("ADDED", &json!({"metadata": {"name": "odd", "resourceVersion": "8"}, "spec": 5}));
    let (changes, version, end) = watched(Answer::Stream(format!("{odd}{good}"))).await;
    assert_eq!((&*version, end), ("9", WatchEnd::Closed));
    assert!(changes.contains(&"+a".to_owned()), "{changes:?}");
}

#[tokio::test]
async fn history_that_is_gone_is_listed_again_without_a_row_going_away_meanwhile() {
    let lists = Arc::new(AtomicUsize::new(0));
    let count = lists.clone();
    let fake = Fake::start(move |asked: &Asked| {
        if asked.path() != PODS {
            return None;
        }
        if asked.watches() {
            // From the first list's version: too old. From the second's: news.
            return Some(
                match asked.uri.contains("resourceVersion=10&") || asked.uri.ends_with("resourceVersion=10") {
                    true => Answer::Hold(event(
                        "ERROR",
                        &json!({"kind": "Status", "code": 410, "message": "too old"}),
                    )),
                    false => Answer::Hold(event("ADDED", &pod("c", 21))),
                },
            );
        }
        Some(match count.fetch_add(1, Ordering::SeqCst) {
            0 => ok(list(10, &[pod("a", 1), pod("b", 2)])),
            _ => ok(list(20, &[pod("b", 2), pod("x", 19)])),
        })
    })
    .await;
    let mut view = View::open(&fake.kubeconfig("{}"), &["istio-system"]);
    view.complete(0).await;
    let mut seen = Vec::new();
    view.until(0, "healed", SOON, |s| {
        seen.push(pods(s).join(","));
        pods(s) == ["b", "c", "x"]
    })
    .await;
    assert!(seen.iter().all(|names| names.contains('b')), "{seen:?}");
    assert_eq!(lists.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn watches_that_end_at_once_are_not_begun_again_without_end() {
    for end in [Answer::Stream(String::new()), status(410, "too old")] {
        let fake =
            Fake::start(move |asked: &Asked| (asked.path() == PODS && asked.watches()).then(|| end.clone()))
                .await;
        let mut view = View::open(&fake.kubeconfig("{}"), &["istio-system"]);
        view.complete(0).await;
        // That little is asked can only be seen by waiting.
        tokio::time::sleep(Duration::from_secs(3)).await;
        let asked = fake.asked().into_iter().filter(|a| a.path() == PODS).count();
        assert!((3..20).contains(&asked), "{asked} requests in 3 s");
    }
}

#[tokio::test]
async fn one_kind_that_the_server_fails_for_is_that_kinds_failure_and_all_of_them_the_clusters() {
    let all = Arc::new(AtomicBool::new(false));
    let (set, hpas) = (all.clone(), "/apis/autoscaling/v2/namespaces/istio-system/horizontalpodautoscalers");
    let fake = Fake::start(move |asked: &Asked| {
        (all.load(Ordering::SeqCst) || asked.path() == hpas).then(|| status(503, "try later"))
    })
    .await;
    let mut view = View::open(&fake.kubeconfig("{}"), &["istio-system"]);
    let failed = |s: &egret::model::snapshot::Snapshot| {
        matches!(s.kinds.get(&Kind::HorizontalPodAutoscaler), Some(KindState::Failed(_)))
            && s.kinds[&Kind::Pod] == KindState::Ready
    };
    let snapshot = view.until(0, "one kind failed", SOON, failed).await;
    assert_eq!(snapshot.link, Link::Ready);
    // What is asked for without a screen does not wait for what fails.
    let contexts = super::support::contexts(&fake.kubeconfig("{}"));
    let began = Instant::now();
    let options = super::support::view::options(&["istio-system"]);
    let chosen = contexts.names.clone();
    let got = egret::sources::once(contexts, &chosen, options, Vec::new(), SOON).await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert!(failed(&got[0]), "{:?}", got[0].kinds);
    assert_eq!(got[0].facts.kubernetes.as_deref(), Some("v1.36.0-fake"));
    drop(view);
    set.store(true, Ordering::SeqCst);
    let mut view = View::open(&fake.kubeconfig("{}"), &["istio-system"]);
    let down = view.until(0, "down", SOON, |s| matches!(s.link, Link::Unreachable { .. })).await;
    assert!(fault(&down.link).summary.contains("the server failed with 503: try later"), "{:?}", down.link);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_port_and_one_that_never_answers_do_not_delay_another_cluster() {
    let good = Fake::start(|_| None).await;
    // It accepts, and says nothing to a TLS hello.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_url = format!("https://{}", silent.local_addr().unwrap());
    let holding = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut stream, _)) = silent.accept().await {
            held.push(tokio::spawn(async move {
                let mut all = Vec::new();
                let _ = stream.read_to_end(&mut all).await;
            }));
        }
    });
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed_url = format!("https://{}", closed.local_addr().unwrap());
    drop(closed);

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config");
    let mut text = "apiVersion: v1\nkind: Config\nusers: [{name: me, user: {}}]\n".to_owned();
    let all = [("silent", &silent_url), ("closed", &closed_url), ("good", &good.url)];
    let of = |make: &dyn Fn(&str, &str) -> String| {
        all.iter().map(|(name, url)| make(name, url)).collect::<Vec<_>>().join(", ")
    };
    text += &format!("clusters: [{}]\n", of(&|n, u| format!("{{name: {n}, cluster: {{server: '{u}'}}}}")));
    text += &format!(
        "contexts: [{}]\n",
        of(&|n, _| format!("{{name: {n}, context: {{cluster: {n}, user: me}}}}"))
    );
    std::fs::write(&file, text).unwrap();

    let began = Instant::now();
    let mut view = View::open(&file, &["istio-system"]);
    view.complete(2).await;
    println!("the good one is complete after {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let down =
        |s: &egret::model::snapshot::Snapshot| matches!(s.link, Link::Unreachable { next_try: Some(_), .. });
    let closed = view.until(1, "closed", SOON, down).await;
    assert!(
        fault(&closed.link).summary.ends_with("connection refused: nothing listens there"),
        "{:?}",
        closed.link
    );
    let silent = view.until(0, "silent", SOON, down).await;
    println!("the silent one is told after {:?}", began.elapsed());
    assert!(fault(&silent.link).summary.contains("no answer in"), "{:?}", silent.link);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    let good = view.complete(2).await;
    assert_eq!(good.link, Link::Ready);
    holding.abort();
}

#[tokio::test]
async fn rows_are_shown_before_a_long_list_has_ended() {
    let many: Vec<_> = (0..200).map(|n| pod(&format!("p{n:03}"), n)).collect();
    let body = list(9, &many).to_string();
    let most = body[..body.len() - 30].to_owned();
    let fake =
        Fake::start(move |asked: &Asked| (asked.path() == PODS).then(|| Answer::Hold(most.clone()))).await;
    let mut view = View::open(&fake.kubeconfig("{}"), &["istio-system"]);
    let snapshot = view.until(0, "rows", Duration::from_secs(10), |s| s.pods.len() >= 128).await;
    assert_eq!(snapshot.kinds[&Kind::Pod], KindState::Loading);
}

#[tokio::test]
async fn every_request_says_that_it_is_of_egret() {
    let fake = Fake::start(|_| None).await;
    let mut view = View::open(&fake.kubeconfig("{}"), &["istio-system"]);
    view.complete(0).await;
    let asked = fake.asked();
    assert!(asked.len() > 10);
    for asked in asked {
        assert_eq!(
            asked.user_agent,
            concat!("egret/", env!("CARGO_PKG_VERSION")),
            "{} {}",
            asked.method,
            asked.uri
        );
    }
}
