//! Several clusters, one of which goes away and comes back.

use futures::future::join;

use crate::support::plane::{Odd, kubeconfig_of, odd_pod};
use crate::support::session::{egret, own_with_gateways};

#[tokio::test]
async fn one_stopped_api_server_makes_only_its_own_rows_stale_and_they_come_back_by_themselves() {
    let (one, two) = join(own_with_gateways("one"), own_with_gateways("two")).await;
    let kubeconfig = kubeconfig_of(&[&one, &two]).unwrap();
    let session = egret(&kubeconfig, "--all-contexts -A").go();
    session.sees("2/2 clusters").sees("1/8 in");

    // A cluster that does not say anything is not complete, and does not hold up the other.
    one.pause_api().await.unwrap();
    let late = egret(&kubeconfig, "--all-contexts -A").go();
    late.sees("1/2 clusters").sees("payments-egress").sees("1/4 in");
    one.resume_api().await.unwrap();
    late.sees("2/2 clusters").sees("1/8 in");
    drop(late);
    session.sees("2/2 clusters");

    let yaml = egret(&kubeconfig, "--all-contexts -A").go();
    yaml.sees("2/2 clusters").sees("1/8 in").keys("home y").sees("kind: Deployment");

    one.stop_api().await.unwrap();
    session.sees("1/2 clusters").sees("stale");
    let screen = session.screen();
    for row in screen.lines().filter(|l| l.contains("Running")) {
        assert_eq!(row.contains("stale"), row.contains("one "), "{row}\n{screen}");
    }
    assert!(screen.matches("stale").count() >= 4, "{screen}");
    // The next try is a clock time, and no countdown.
    let told = session.row("next try");
    let clock = told.split("next try ").nth(1).unwrap().split_whitespace().next().unwrap();
    let digits: Vec<&str> = clock.trim_end_matches('.').split(':').collect();
    assert!(digits.len() == 3 && digits.iter().all(|d| d.len() == 2 && d.parse::<u8>().is_ok()), "{told}");
    // Keys still work, on the rows of both.
    session.keys("end").selects("two").keys("home").selects("one").keys("enter").sees("Stale");
    session.keys("esc").sees("egret › gateways");
    yaml.sees("1/2 clusters").sees("kind: Deployment");

    // The other cluster stays live meanwhile.
    odd_pod(&two.admin().await, "istio-egress", "newcomer", Odd::NotReady).await.unwrap();
    session.keys("4").sees("newcomer");

    one.start_api().await.unwrap();
    odd_pod(&one.admin().await, "istio-egress", "meanwhile", Odd::NotReady).await.unwrap();
    session.keys("R");
    session.sees("2/2 clusters").sees("meanwhile").sees_not("stale").sees_not("next try");
    yaml.sees("2/2 clusters").sees("kind: Deployment");
}

#[tokio::test]
async fn a_cluster_that_never_answers_holds_up_no_other() {
    let cluster = crate::support::session::with_gateways().await;
    let dead = tempfile::tempdir().unwrap();
    let file = dead.path().join("dead");
    std::fs::write(
        &file,
        "apiVersion: v1
kind: Config
clusters: [{name: dead, cluster: {server: 'https://127.0.0.1:1'}}]
users: [{name: nobody, user: {}}]
contexts: [{name: dead, context: {cluster: dead, user: nobody}}]
",
    )
    .unwrap();
    let both = format!("{}:{}", cluster.kubeconfig().display(), file.display());
    let session = egret(both.as_ref(), "--all-contexts -A").go();
    session.sees("1/2 clusters").sees("payments-egress").sees("dead").sees("next try");
    session.keys("1").sees("egret › clusters").keys("home down").sees("unreachable");
    session.command("close-context dead").sees("1/1 clusters").sees_not("unreachable");
}
