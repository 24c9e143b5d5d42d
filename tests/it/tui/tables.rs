//! Tables: filter, sort, columns, and rows that come and go.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::api::Api;

use super::Place;
use crate::support::plane::{Odd, delete_now, odd_pod, patch_status};
use crate::support::session::{PATIENCE, egret, with_gateways};

#[tokio::test]
async fn a_filter_is_live_while_it_is_typed_and_a_bad_one_leaves_the_last_good_one_in_force() {
    let cluster = with_gateways().await;
    let session = egret(cluster.kubeconfig(), "-A --view pods").go();
    session.sees("1/1 clusters").sees("payments-egress").keys("/").sees("filter:");
    session.type_in("payments");
    session.sees("3 of").sees_not("partner-egress").keys("ctrl-u");
    session.type_in("namespace:istio-egress !payments");
    session.sees("2 of").sees("partner-egress").sees_not("payments-egress-");
    session.keys("ctrl-u");
    session.type_in("payments");
    session.sees("3 of");
    session.type_in(" name:/(");
    session.wait_until("it cannot be read", PATIENCE, |s| s.contains("name:/(") && !s.contains("3 of"));
    assert!(session.screen().contains("payments-egress-"), "{}", session.screen());
    assert!(!session.screen().contains("partner-egress"), "{}", session.screen());
    session.keys("ctrl-u");
    session.type_in("label:app=payments-egress status:running");
    session.sees("3 of").keys("enter").sees("filter: label:app");
    session.keys("esc").sees_not("filter:").sees("partner-egress").sees("payments-egress-");
}

#[tokio::test]
async fn the_cursor_stays_on_its_pod_while_pods_come_and_go_above_it() {
    let place = Place::new().await;
    for name in ["b", "m", "z"] {
        place.pod(name, &["main"]).await;
    }
    let session = egret(place.cluster.kubeconfig(), &place.view("pods")).go();
    session.sees("1/1 clusters").sees("1/3 in").keys("down").sees("2/3 in").selects(" m ");
    place.pod("a", &["main"]).await;
    session.sees("3/4 in").selects(" m ");
    place.pod("c", &["main"]).await;
    session.sees("4/5 in").selects(" m ");
    for name in ["a", "b", "c"] {
        delete_now(&place.pods(), name).await;
    }
    session.sees("1/2 in").selects(" m ");
    // The pod itself goes: the cursor is on what took its place.
    delete_now(&place.pods(), "m").await;
    session.sees("1/1 in").selects(" z ");
    session.keys("/");
    session.type_in("nothing-fits");
    session.sees("The filter hides all 1 pods").keys("esc").selects(" z ");
}

#[tokio::test]
async fn a_filter_keeps_the_cursor_on_its_object() {
    let cluster = with_gateways().await;
    let session = egret(cluster.kubeconfig(), "-n istio-egress --view pods").go();
    session.sees("1/1 clusters").sees("1/5 in").keys("down").selects("partner-egress").keys("/");
    session.type_in("egress");
    session.selects("partner-egress").keys("ctrl-u");
    session.type_in("p");
    session.selects("partner-egress").keys("esc").sees("2/5 in").selects("partner-egress");
}

#[tokio::test]
async fn every_column_sorts_both_ways() {
    let cluster = with_gateways().await;
    let session = egret(cluster.kubeconfig(), "-A").size(200, 40).go();
    session.sees("1/1 clusters").sees("payments-egress").keys("w").sees("NAMESPACE");
    let heading = session.row("CLUSTER");
    let columns: Vec<&str> = heading.split_whitespace().collect();
    for n in 0..columns.len() {
        session
            .keys(">")
            .wait_until(&format!("column {n} ascends"), PATIENCE, |s| s.contains('▲') || s.contains('↑'));
        session
            .keys("O")
            .wait_until(&format!("column {n} descends"), PATIENCE, |s| s.contains('▼') || s.contains('↓'));
    }
    session.command("sort name").sees("NAME▲");
    let up = names(&session.screen());
    session.keys("O").sees("NAME▼");
    let mut down = names(&session.screen());
    down.reverse();
    assert!(up.is_sorted() && up.len() == 4, "{up:?}");
    assert_eq!(up, down);
    session.command("sort nonsense").sees("no column `nonsense`; there are");
    session.keys("o").sees("sort by").keys("down enter").sees_not("sort by");
}

/// The names in a wide table of gateways: cluster and namespace stand before them.
fn names(screen: &str) -> Vec<String> {
    let rows = screen.lines().filter(|l| l.contains("● Running"));
    rows.filter_map(|l| l.split_whitespace().nth(2)).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_cell_that_changed_is_marked() {
    let place = Place::new().await;
    odd_pod(&place.client, &place.name, "odd", Odd::NotReady).await.unwrap();
    let session = egret(place.cluster.kubeconfig(), &place.view("pods --color 16")).go();
    session.sees("1/1 clusters").sees("0/1");
    let before = session.marked("0/1");
    let pods: Api<Pod> = place.pods();
    patch_status(&pods, "odd", &Odd::CrashLoopBackOff.status().unwrap()).await;
    session.sees("CrashLoopBackOff");
    assert!(!before && session.marked("CrashLoopBackOff"), "{}", session.screen());
    // Once people have had time to see it, the next frame that is drawn anyway takes the mark away.
    std::thread::sleep(Duration::from_secs(2));
    session.keys("w").wait_seen("the mark goes", PATIENCE, |seen| !seen.is_marked("CrashLoopBackOff"));
}

#[tokio::test]
async fn columns_that_find_no_room_come_into_sight_by_moving_sideways() {
    let cluster = with_gateways().await;
    let session = egret(cluster.kubeconfig(), "-A").size(80, 24).go();
    session
        .sees("1/1 clusters")
        .sees("payments-egress")
        .sees_not("NAMESPACE")
        .keys("right")
        .sees("NAMESPACE");
    session.sees("NAME ").sees("STATUS");
    let all = egret::model::columns::columns(egret::model::table::TableKind::Gateways).len();
    session.keys(&"right ".repeat(all)).sees(" AGE");
    session.sees("STATUS").selects("istio-egressgateway");
    session.keys(&"left ".repeat(all)).sees_not("NAMESPACE");
    session.sees("where the table begins");
    session.resize(300, 24);
    session.sees("NAMESPACE").keys("right").sees("all columns are in sight");
}
