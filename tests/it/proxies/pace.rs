//! When proxies are read.

use std::time::Duration;

use egret::metrics::Want;
use egret::model::way::Way;

use super::support::api::{Api, Leads, Rules};
use super::support::envoy::{Answer, Envoy, STATISTICS, quiet};
use super::support::{SECOND, SOON, Stage};

fn only_forward() -> Rules {
    Rules { proxy: Leads::Denied, ..Rules::default() }
}

#[tokio::test]
async fn nothing_is_read_when_nothing_is_wanted() {
    let envoy = Envoy::start(quiet).await;
    let api = Api::start(envoy.port, only_forward()).await;
    let mut stage = Stage::new(&api.kubeconfig()).await;
    stage.nothing().await;
    assert_eq!(api.asked("").len(), 0);
    let want = stage.want("egress", "p", 5 * SECOND);
    stage.proxies.read(vec![want.clone()]);
    stage.tried().await.unwrap();
    // Wanted no longer: the port-forward is kept for a moment, for whoever comes back.
    stage.later(9 * SECOND, &[]);
    assert_eq!(envoy.connections(), (1, 1));
    stage.later(SECOND, &[want]);
    stage.tried().await.unwrap();
    assert_eq!((envoy.reads(), envoy.connections()), (2, (1, 1)));
    let left = async {
        loop {
            stage.later(10 * SECOND, &[]);
            tokio::select! {
                () = envoy.left() => return,
                () = tokio::time::sleep(SECOND / 20) => {}
            }
        }
    };
    tokio::time::timeout(SOON, left).await.expect("the port-forward is closed");
    stage.later(600 * SECOND, &[]);
    stage.nothing().await;
    assert_eq!(envoy.asked().len(), 2);
}

#[tokio::test]
async fn while_nobody_can_see_it_nothing_is_read() {
    let envoy = Envoy::start(quiet).await;
    let api = Api::start(envoy.port, Rules::default()).await;
    let mut stage = Stage::new(&api.kubeconfig()).await;
    let want = stage.want("egress", "p", 5 * SECOND);
    stage.proxies.pause(true);
    stage.proxies.read(vec![want.clone()]);
    stage.nothing().await;
    assert_eq!(envoy.asked().len(), 0);
    stage.proxies.pause(false);
    stage.tried().await.unwrap();
}

#[tokio::test]
async fn the_clock_of_the_cluster_decides_what_is_due() {
    let envoy = Envoy::start(quiet).await;
    let api = Api::start(envoy.port, Rules::default()).await;
    let mut stage = Stage::new(&api.kubeconfig()).await;
    let want = stage.want("egress", "p", SECOND / 2);
    stage.proxies.read(vec![want.clone()]);
    let first = stage.tried().await.unwrap();
    stage.later(5 * SECOND, std::slice::from_ref(&want));
    let second = stage.tried().await.unwrap();
    assert_eq!(second.at.duration_since(first.at).as_secs(), 5);
    // It was asked for faster than the pod proxy may be asked: the port-forward is the way then.
    assert_eq!(first.way, Way::PortForward(15090));
    stage.later(SECOND, std::slice::from_ref(&want));
    stage.tried().await.unwrap();
    stage.later(SECOND / 2, std::slice::from_ref(&want));
    stage.nothing().await;
    // Where there is none, it is read as fast as it may be.
    api.now(|rules| rules.forward = Leads::Denied);
    envoy.cut().await;
    stage.later(SECOND, std::slice::from_ref(&want));
    assert_eq!(stage.tried().await.unwrap().way, Way::PodProxy(15090));
    stage.later(4 * SECOND, std::slice::from_ref(&want));
    stage.nothing().await;
    stage.later(SECOND, std::slice::from_ref(&want));
    assert_eq!(stage.tried().await.unwrap().way, Way::PodProxy(15090));
}

#[tokio::test]
async fn no_more_than_eight_are_read_at_once() {
    let envoy = Envoy::start(|_| Answer::Held).await;
    let api = Api::start(envoy.port, Rules::default()).await;
    let mut stage = Stage::new(&api.kubeconfig()).await;
    let wants: Vec<Want> = (0..20).map(|n| stage.want("egress", &format!("p-{n}"), 5 * SECOND)).collect();
    stage.proxies.read(wants);
    envoy.busy(8).await;
    envoy.go();
    for _ in 0..20 {
        stage.tried().await.unwrap();
    }
    assert_eq!((envoy.busiest(), envoy.reads()), (8, 20));
}

#[tokio::test]
async fn a_slow_answer_lengthens_the_interval() {
    let envoy = Envoy::start(|_| Answer::Slow(Duration::from_millis(100), STATISTICS.to_owned())).await;
    let api = Api::start(envoy.port, Rules::default()).await;
    // A second of the stage is a twentieth of a second: the answer takes two at least.
    let mut stage = Stage::at_speed(&api.kubeconfig(), 20.0, false).await;
    stage.proxies.read(vec![stage.want("egress", "p", 5 * SECOND)]);
    let mut ends = Vec::new();
    for _ in 0..4 {
        ends.push(stage.tried().await.unwrap());
    }
    // The first gap is shorter, so that pods part.
    let (before, last) = (&ends[2], &ends[3]);
    let between = last.at.duration_since(before.at).as_secs_f64();
    let took = before.took.as_secs_f64();
    assert!(took >= 2.0 && between > 3.0 * took, "{between} s between two that take {took} s");
}

#[tokio::test]
async fn failures_are_told_once_a_try_and_back_off_until_somebody_asks() {
    let envoy = Envoy::start(quiet).await;
    let rules = Rules { proxy: Leads::Refused, forward: Leads::Refused, ..Rules::default() };
    let api = Api::start(envoy.port, rules).await;
    let mut stage = Stage::new(&api.kubeconfig()).await;
    let want = stage.want("egress", "p", 5 * SECOND);
    stage.proxies.read(vec![want.clone()]);
    assert_eq!(
        stage.missed().await.0,
        "fake: read the proxy of pod egress/p: nothing listens on its port 15090; nothing listens on its port 15020"
    );
    for pause in [5, 5, 10, 20, 40, 60, 60] {
        stage.later((pause - 1) * SECOND, std::slice::from_ref(&want));
        let before = api.asked("").len();
        stage.later(SECOND, std::slice::from_ref(&want));
        stage.missed().await;
        assert!(api.asked("").len() > before);
    }
    api.now(|rules| rules.proxy = Leads::In);
    stage.proxies.retry(None);
    assert_eq!(stage.tried().await.unwrap().way, Way::PodProxy(15090));
}

#[tokio::test]
async fn proxies_are_read_once_for_whoever_asks_once() {
    let envoy = Envoy::start(quiet).await;
    let api = Api::start(envoy.port, Rules::default()).await;
    let stage = Stage::new(&api.kubeconfig()).await;
    let wants = vec![stage.want("egress", "a", 5 * SECOND), stage.want("egress", "b", 5 * SECOND)];
    let clock = egret::cluster::clock::Clock::default();
    let connections = vec![stage.connection.clone()];
    let heard = egret::sources::proxies::once(clock.clone(), connections, wants.clone(), 30 * SECOND).await;
    assert_eq!(heard.len(), 2, "{heard:?}");
    // A cluster that nobody leads to does not answer.
    let heard = egret::sources::proxies::once(clock, Vec::new(), wants, SECOND / 10).await;
    let words = format!("{heard:?}");
    assert!(heard.len() == 2 && words.contains("no answer in 0.1 s"), "{words}");
}
