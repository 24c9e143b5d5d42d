//! What `--fault` does is on the screen.

use std::time::Duration;

use egret::demo::story;

use crate::support::demo::{Session, run};

#[test]
fn a_cluster_that_is_taken_away_says_so_and_comes_back_when_it_is_mended() {
    run(async {
        let mut session = Session::open(1, (120, 40), &["outage=frankfurt"]).await;
        session.sees("3/5 clusters").sees_not("egress-coupons").sees("fault outage=frankfurt");
        session.command("fault none").await;
        session.advance(Duration::from_secs(5)).await;
        session.sees("4/5 clusters").sees("egress-coupons").sees_not("fault outage");
    });
}

#[test]
fn rows_of_a_cluster_that_is_lost_stay_and_are_marked() {
    run(async {
        let mut session = Session::open(1, (120, 40), &[]).await;
        session.sees("egress-coupons");
        session.command("fault outage=frankfurt").await;
        session.advance(Duration::from_secs(1)).await;
        session.sees("egress-coupons").sees("frankfurt");
        session.keys("1").await;
        let screen = session.screen();
        let row = screen.lines().find(|l| l.starts_with(" frankfurt")).unwrap();
        assert!(!row.contains("● ready") && row.contains("stale"), "{screen}");
        assert!(row.contains("38") && row.contains("98"), "what was known stays: {screen}");
        session.command("fault none").await;
        session.advance(Duration::from_secs(5)).await;
        assert!(session.screen().lines().any(|l| l.starts_with(" frankfurt") && l.contains("● ready")));
    });
}

#[test]
fn a_right_that_is_denied_is_told_where_it_is_missing() {
    run(async {
        let mut session = Session::open(1, (120, 40), &["deny=list:pods"]).await;
        session.keys("4").await;
        session.sees("no right to list pods in istio-system").sees("fault deny=list:pods");
    });
}

#[test]
fn a_slow_line_is_waited_for_and_what_was_asked_comes_in_the_end() {
    run(async {
        let mut session = Session::open(1, (120, 40), &["latency=3s"]).await;
        session.sees("0/5 clusters").sees("fault latency=3s").sees_not("egress-coupons");
        for _ in 0..30 {
            session.settle().await;
        }
        session.sees("4/5 clusters").sees("egress-coupons");
        session.keys("y").await;
        session.sees("Loading IstioGateway").sees_not("apiVersion");
        for _ in 0..5 {
            session.settle().await;
        }
        session.sees("apiVersion");
    });
}

#[test]
fn a_server_that_answers_with_errors_is_told_in_its_own_words() {
    run(async {
        let mut session = Session::open(1, (120, 40), &["error=500"]).await;
        session.sees("fault error=500").sees("a fault of the demo").sees_not("egress-coupons");
        session.command("fault none").await;
        for _ in 0..30 {
            session.settle().await;
        }
        session.sees("4/5 clusters").sees("egress-coupons").sees_not("a fault of the demo");
    });
}

#[test]
fn watches_that_break_off_are_begun_anew_and_nothing_is_missed() {
    run(async {
        // Tries are as far apart as the demo's clock says: it has to run.
        let mut session = Session::of(story::world(1, 1.0), 1, (120, 40), &["drop-watch=10s"]).await;
        session.sees("fault drop-watch=10s").sees("4/5 clusters");
        let asked = session.requests("frankfurt");
        for _ in 0..15 {
            session.settle().await;
        }
        let anew = session.requests("frankfurt") - asked;
        assert!(anew >= 10, "its watches were begun anew {anew} times");
        session.keys("/").await.type_in("egress-crm").await.keys("enter").await;
        session.change("frankfurt", "istiogateways.istio.alibabacloud.com", "egress-crm", |object| {
            object["spec"]["replicaCount"] = 3.into()
        });
        for _ in 0..15 {
            session.settle().await;
        }
        session.sees("3/3");
    });
}

#[test]
fn a_fault_in_force_is_offered_once_as_it_was_typed() {
    run(async {
        let mut session = Session::open(1, (120, 40), &["drop-watch=10s"]).await;
        session.keys(":").await.type_in("fault drop").await;
        let offered = session.screen().matches("fault drop-watch").count();
        // The line of the palette, and the fault in force at the top.
        assert_eq!(offered, 2, "{}", session.screen());
    });
}
