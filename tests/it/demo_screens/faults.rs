//! What `--fault` does is on the screen.

use std::time::Duration;

use crate::support::demo::{Session, run};

#[test]
fn a_cluster_that_is_taken_away_says_so_and_comes_back_when_it_is_mended() {
    run(async {
        let mut session = Session::open(1, (120, 40), &["outage=frankfurt"]).await;
        session.sees("2/4 clusters").sees_not("egress-coupons").sees("fault outage=frankfurt");
        session.command("fault none").await;
        session.advance(Duration::from_secs(5)).await;
        session.sees("3/4 clusters").sees("egress-coupons").sees_not("fault outage");
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
        assert!(row.contains("37") && row.contains("98"), "what was known stays: {screen}");
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
