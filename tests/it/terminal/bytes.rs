//! What is written to the terminal, and what is not.

use std::process::{Command, Stdio};
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use serde_json::json;

use super::{Place, SOON, nowhere};
use crate::support::escapes::{Said, frames, looks, read};
use crate::support::plane::{Cluster, Options, wait_for};
use crate::support::session::{egret, with_gateways};

/// What egret may say to a terminal: nothing that it would answer, nothing that changes it for good.
fn is_known(said: &Said) -> bool {
    match said {
        Said::Text(_) => true,
        Said::Csi(body) => {
            let place = |end: char| {
                body.strip_suffix(end).is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit() || b == b';'))
            };
            matches!(
                body.as_str(),
                "?2026h"
                    | "?2026l"
                    | "?1049h"
                    | "?1049l"
                    | "?25h"
                    | "?25l"
                    | "?2004h"
                    | "?2004l"
                    | "2J"
                    | "5n"
            ) || place('H')
                || place('m')
        }
        Said::Osc(body) => body.starts_with("52;c;"),
        Said::Other(_) => false,
    }
}

#[tokio::test]
async fn every_frame_is_one_synchronized_update_and_the_terminal_is_asked_only_whether_it_took_it() {
    let cluster = with_gateways().await;
    let mut session = egret(cluster.kubeconfig(), "-A").go();
    session.sees("1/1 clusters").sees("payments-egress");
    session.keys("down enter").sees("1 overview").keys("2 3 4 5 6 7").sees("apiVersion:");
    session.keys("?").sees("keys in").keys("esc").sees_not("keys in");
    session.keys("c").sees("OSC 52");
    session.keys("esc").sees("2/4 in").keys("/").sees("filter:");
    session.type_in("payments");
    session.sees("1 of ").keys("esc").sees_not("filter:");
    session.keys("q");
    session.wait_end(SOON);

    let said = read(&session.raw());
    let unknown: Vec<&Said> = said.iter().filter(|s| !is_known(s)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    // A question ends a frame, and there are no more of them than frames.
    let (asked, said): (Vec<Said>, Vec<Said>) =
        said.into_iter().partition(|s| *s == Said::Csi("5n".to_owned()));
    let ends = said.iter().filter(|s| **s == Said::Csi("?2026l".to_owned())).count();
    assert!((2..=ends + 1).contains(&asked.len()), "{} questions, {ends} frames", asked.len());
    let end = said.iter().rposition(|s| *s == Said::Csi("?2026l".to_owned())).unwrap();
    assert_eq!(
        said[end + 1..],
        ["?2004l", "?1049l", "?25h"].map(|body| Said::Csi(body.to_owned())),
        "after the last frame"
    );
    let (frames, between) = frames(&said[..end]);
    assert!(frames.len() > 10, "{}", frames.len());
    let beside: Vec<_> = between.iter().filter(|s| !matches!(s, Said::Osc(_))).collect();
    let start = ["?1049h", "?25l", "?2004h"].map(|body| Said::Csi(body.to_owned()));
    assert!(beside.iter().map(|s| **s).eq(&start), "between the frames: {beside:?}");
    for frame in frames {
        assert!(!frame.is_empty(), "a frame in which nothing changed");
        let inside =
            frame.iter().filter(|s| matches!(s, Said::Csi(b) if b.starts_with('?') && b.contains("20")));
        assert_eq!(inside.count(), 0, "{frame:?}");
    }
}

/// A cluster of its own with one pod that runs: in the shared one others change what egret watches too, and a frame that is
/// drawn for that shows ages as they are then.
async fn calm_cluster() -> Cluster {
    let cluster = Cluster::start(Options { name: "calm".to_owned(), ..Options::default() }).await.unwrap();
    let client = cluster.admin().await;
    let pods: Api<Pod> = Api::namespaced(client, "istio-system");
    let pod = json!({"metadata": {"name": "calm"}, "spec": {"containers": [{"name": "istio-proxy", "image": "proxy"}]}});
    pods.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
    let phase = |pod: &Pod| pod.status.as_ref().and_then(|s| s.phase.clone());
    wait_for(pods, "calm", |pod: &Pod| phase(pod).as_deref() == Some("Running")).await;
    cluster
}

#[tokio::test]
async fn nothing_is_written_while_nothing_changes_but_an_age_on_the_minute() {
    let cluster = calm_cluster().await;
    let aging = egret(cluster.kubeconfig(), "--view pods").go();
    let calm = egret(cluster.kubeconfig(), "--view services").go();
    aging.sees("1/1 clusters").sees("Running").sees("calm");
    calm.sees("1/1 clusters").sees("No services in");
    // The window begins after a minute and ends before the next.
    let past = jiff::Timestamp::now().as_second().rem_euclid(60);
    if past > 40 {
        aging.bytes_within(Duration::from_secs(63 - past.unsigned_abs()));
    }
    // What was under way when the lists were complete.
    aging.bytes_within(Duration::from_secs(2));
    let of_calm = calm.bytes();
    let written = aging.bytes_within(Duration::from_secs(10));
    assert!(written.is_empty(), "{:?}", String::from_utf8_lossy(&written));

    let before = aging.bytes();
    let minute = Duration::from_secs(60 - jiff::Timestamp::now().as_second().rem_euclid(60).unsigned_abs());
    aging.wait_seen("the age changes", minute + SOON, |s| s.bytes() > before);
    assert!(aging.bytes() - before < 400, "{} bytes for an age", aging.bytes() - before);
    assert_eq!(calm.bytes_within(Duration::from_millis(500)), b"");
    assert_eq!(calm.bytes(), of_calm, "no age is on this screen");
    cluster.end().await.unwrap();
}

#[tokio::test]
async fn without_colour_the_selection_is_in_reverse() {
    let cluster = with_gateways().await;
    let session = egret(cluster.kubeconfig(), "-A").env("NO_COLOR", "1").go();
    session.sees("1/1 clusters").sees("payments-egress").keys("down");
    session.selects("partner-egress");
    session
        .keys("enter")
        .sees("1 overview")
        .keys("7")
        .sees("apiVersion:")
        .keys("esc")
        .selects("partner-egress");
    let colours: Vec<_> = looks(&read(&session.raw()))
        .into_iter()
        .flatten()
        .filter(|n| (30..=49).contains(n) || *n >= 58)
        .collect();
    assert!(colours.is_empty(), "{colours:?}");
    assert!(session.rows_in_reverse().contains(&3), "{:?}", session.rows_in_reverse());
}

#[tokio::test]
async fn sixteen_colours_are_those_that_every_terminal_has() {
    let cluster = with_gateways().await;
    let session = egret(cluster.kubeconfig(), "-A --color 16").go();
    session.sees("1/1 clusters").sees("payments-egress").keys("down enter").sees("1 overview");
    session.keys("7").sees("apiVersion:");
    let numbers: Vec<u16> = looks(&read(&session.raw())).into_iter().flatten().collect();
    let known = |n: &u16| matches!(n, 0..=9 | 30..=37 | 39 | 40..=47 | 49 | 90..=97 | 100..=107);
    let unknown: Vec<&u16> = numbers.iter().filter(|n| !known(n)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    assert!(numbers.iter().any(|n| (30..=37).contains(n) || (90..=97).contains(n)), "no colour at all");
}

#[tokio::test]
async fn a_dumb_terminal_gets_ascii_without_colours() {
    let cluster = with_gateways().await;
    let session = egret(cluster.kubeconfig(), "-A").env("TERM", "dumb").env("COLORTERM", "").go();
    session.sees("1/1 clusters").sees("payments-egress").keys("down enter").sees("1 overview");
    let said = read(&session.raw());
    let beyond: String = said
        .iter()
        .filter_map(|s| if let Said::Text(text) = s { Some(text) } else { None })
        .flat_map(|t| t.chars())
        .filter(|c| !c.is_ascii())
        .collect();
    assert_eq!(beyond, "");
    let colours: Vec<_> =
        looks(&said).into_iter().flatten().filter(|n| (30..=49).contains(n) || *n >= 58).collect();
    assert!(colours.is_empty(), "{colours:?}");
}

#[test]
fn without_a_terminal_it_says_so_in_a_sentence() {
    let (_dir, kubeconfig) = nowhere();
    let mut command = Command::new(env!("CARGO_BIN_EXE_egret"));
    command.env_clear().env("HOME", kubeconfig.parent().unwrap()).env("KUBECONFIG", &kubeconfig);
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "egret: egret needs a terminal; `egret get` prints the same tables without one\n");
}

#[tokio::test]
async fn a_terminal_that_reads_slowly_gets_few_frames_and_blocks_nothing() {
    let place = Place::new().await;
    place.running_pod("slow-0", &["istio-proxy"]).await;
    let session = egret(place.cluster.kubeconfig(), &place.view("pods")).go();
    session.sees("1/1 clusters").sees("Running");
    // The writer is stuck, while pods change and keys are pressed.
    session.choke();
    for n in 1..30 {
        place.pod(&format!("slow-{n}"), &["istio-proxy"]).await;
        let label = Patch::Merge(json!({"metadata": {"labels": {"n": n.to_string()}}}));
        place.pods().patch("slow-0", &PatchParams::default(), &label).await.unwrap();
        session.keys("ctrl-l");
    }
    place.pods().delete("slow-0", &DeleteParams::default().grace_period(0)).await.unwrap();
    place.running_pod("slow-30", &["istio-proxy"]).await;
    session.keys(":");
    session.type_in("quit");
    let before = session.raw().len();
    session.read_on();
    session.sees(":quit").sees("1/30 in");
    let said = read(&session.raw()[before..]);
    let (frames, _) = frames(&said);
    assert!(frames.len() < 40, "{} frames", frames.len());
}
