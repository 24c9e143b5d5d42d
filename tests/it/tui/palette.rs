//! The palette, and the help.

use crate::support::escapes::{looks, read};
use crate::support::session::{egret, with_gateways};

#[tokio::test]
async fn the_palette_finds_commands_by_a_part_of_their_name_and_says_what_it_does_not_know() {
    let cluster = with_gateways().await;
    let session = egret(cluster.kubeconfig(), "-A").go();
    session.sees("1/1 clusters").keys(":").sees("⇥ complete");
    session.type_in("svcs");
    session.sees("▸ services").keys("enter").sees("egret › services");
    session.keys(":").sees("⇥ complete");
    session.type_in("frobnicate");
    session.sees("Nothing fits what is typed.").keys("enter").sees("No command is called `frobnicate`");
    session.keys("ctrl-u").sees_not("frobnicate").keys("esc").sees_not("⇥ complete").sees("egret › services");
}

#[tokio::test]
async fn tab_completes_a_command_and_then_what_it_takes() {
    let cluster = with_gateways().await;
    let session = egret(cluster.kubeconfig(), "-A").go();
    session.sees("1/1 clusters").keys(":").sees("⇥ complete");
    session.type_in("po");
    session.sees("▸ pods").keys("tab").sees(":pods").sees("▸ pods @shared");
    session.type_in("@sh");
    session
        .keys("tab")
        .sees(":pods @shared")
        .keys("enter")
        .sees("egret › pods")
        .sees("filter: cluster:shared");
    session.keys("esc").sees_not("filter:");
    session.command("pods @shared payments").sees("filter: cluster:shared payments").sees("3 of");
}

#[tokio::test]
async fn namespaces_are_changed_by_a_short_name_and_the_table_follows() {
    let cluster = with_gateways().await;
    let session = egret(cluster.kubeconfig(), "").size(200, 40).go();
    session.sees("1/1 clusters").sees("in istio-system").sees("istioctl").sees_not("payments-egress");
    session.command("ns istio-egress").sees("in istio-egress").sees("payments-egress").sees_not("istioctl");
    session.command("ns all").sees("in all namespaces").sees("istioctl").sees("payments-egress");
    // Without a name, it offers those there are, which a letter or two narrow: other tests have theirs here too.
    // What is typed so far may be a name as well, and comes last.
    session.keys(":").sees("⇥ complete");
    session.type_in("namespaces");
    session.keys("enter").sees("▸ namespaces ");
    session.type_in("istio-e");
    session
        .sees("▸ namespaces istio-egress")
        .sees("  namespaces istio-e ")
        .keys("esc")
        .sees_not("⇥ complete");
    session.keys(":").sees("⇥ complete");
    session.type_in("namespaces al");
    session.sees("namespaces all").keys("esc").sees_not("⇥ complete");
}

#[tokio::test]
async fn a_theme_is_changed_at_once_and_an_unknown_one_is_told_with_those_there_are() {
    let cluster = with_gateways().await;
    let session = egret(cluster.kubeconfig(), "-A").go();
    session.sees("1/1 clusters");
    session.command("theme nonsense").sees("theme: no `nonsense`; there are");
    let colours = |bytes: &[u8]| looks(&read(bytes)).into_iter().flatten().filter(|n| *n == 38).count();
    assert!(colours(&session.raw()) > 0);
    session.command("theme mono");
    let before = session.raw().len();
    session.keys("ctrl-l down").selects("partner-egress");
    assert_eq!(colours(&session.raw()[before..]), 0);
}

#[tokio::test]
async fn the_help_shows_what_works_here_and_nothing_else() {
    let cluster = with_gateways().await;
    let session = egret(cluster.kubeconfig(), "-A").size(100, 80).go();
    session.sees("1/1 clusters").sees("payments-egress").keys("?").sees("keys in the gateways table");
    session.sees("Show ingress gateways too").sees("Filter rows");
    for elsewhere in ["Show managedFields", "Show timestamps", "Third tab", "before its last restart"] {
        assert!(!session.screen().contains(elsewhere), "{elsewhere}:\n{}", session.screen());
    }
    session.keys("esc").sees_not("keys in").keys("y").sees("▸7 yaml◂").keys("?").sees("Show managedFields");
    assert!(!session.screen().contains("Show ingress"), "{}", session.screen());
    session.keys("esc").sees_not("keys in");
    // A hint that does nothing here is none.
    assert!(!session.row(": ?").contains("y yaml"), "{}", session.screen());
}

#[tokio::test]
async fn the_first_screen_is_the_one_that_was_asked_for() {
    let cluster = with_gateways().await;
    for view in ["clusters", "gateways", "services", "pods"] {
        let session = egret(cluster.kubeconfig(), &format!("-A --view {view}")).go();
        session.sees(&format!("egret › {view}")).sees("1/1 clusters");
    }
}

#[tokio::test]
async fn read_only_shows_and_stays_where_it_was_demanded() {
    let cluster = with_gateways().await;
    let session = egret(cluster.kubeconfig(), "--read-only").go();
    session.sees("1/1 clusters");
    assert!(session.row("egret ›").trim_end().ends_with("RO"), "{}", session.screen());
    session.command("read-only").sees("it stays on");
    let session = egret(cluster.kubeconfig(), "").go();
    session.sees("1/1 clusters");
    assert!(session.row("egret ›").trim_end().ends_with("RW"), "{}", session.screen());
    session.command("read-only").sees("Read-only is on");
    assert!(session.row("egret ›").trim_end().ends_with("RO"), "{}", session.screen());
}
