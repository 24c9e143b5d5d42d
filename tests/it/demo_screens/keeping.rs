//! Keeping gateways from the screens: every question, its answers, and what comes of them.

use std::time::Duration;

use serde_json::Value;

use crate::support::demo::{Session, run};

const GATEWAYS: &str = "istiogateways.istio.alibabacloud.com";
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// Holds a screen against `tests/snapshots/keeping/NAME.snap`.
fn snapshot(name: &str, session: &Session) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/keeping");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, session.screen()));
}

async fn minute(session: &mut Session) {
    session.advance(Duration::from_secs(60)).await;
}

/// A session whose screen keeps the gateways of the sandbox, in front of them.
async fn keeping(size: (u16, u16)) -> Session {
    let mut session = Session::open(1, size, &[]).await;
    session.keys("1").await.go("sandbox").await.keys("K y").await;
    session.command("gateways @sandbox").await;
    minute(&mut session).await;
    session
}

/// A session in front of one gateway.
async fn before(gateway: &str, cluster: &str) -> Session {
    let mut session = Session::open(1, (120, 40), &[]).await;
    session.command(&format!("gateways @{cluster}")).await.go(gateway).await;
    session
}

fn gateway(session: &Session, cluster: &str, name: &str) -> Value {
    session.object(cluster, GATEWAYS, name).unwrap_or_default()
}

fn is_paused(session: &Session, cluster: &str, name: &str) -> bool {
    gateway(session, cluster, name)["metadata"]["annotations"]["egret/paused"] == "true"
}

fn replicas(session: &Session, cluster: &str, name: &str) -> u64 {
    let deployment = session.object(cluster, "deployments.apps", name).unwrap_or_default();
    deployment["spec"]["replicas"].as_u64().unwrap_or_default()
}

fn holder(session: &Session, cluster: &str) -> String {
    let lease = session.object(cluster, "leases.coordination.k8s.io", "egret-controller").unwrap_or_default();
    lease["spec"]["holderIdentity"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn the_plan_of_keeping_says_where_what_happens_and_what_to_press() {
    run(async {
        for size in SIZES {
            let mut session = Session::open(1, size, &[]).await;
            session.keys("1").await.go("sandbox").await.keys("K").await;
            session.sees("In sandbox").sees("y to do it in sandbox").sees("made or changed; no pods");
            snapshot(&format!("keep-{}x{}", size.0, size.1), &session);
            assert_eq!(holder(&session, "sandbox"), "", "nothing is written before the yes");
        }
    });
}

#[test]
fn a_yes_has_this_screen_keep_them_and_the_second_press_gives_the_lease_back() {
    run(async {
        let mut session = Session::open(1, (120, 40), &[]).await;
        session.keys("1").await.go("sandbox").await.sees("nobody keeps");
        session.keys("K y").await.sees("this screen keeps");
        assert_eq!(holder(&session, "sandbox"), "egret-demo_1_sandbox");
        minute(&mut session).await;
        for name in ["egress-preview", "egress-load-test"] {
            assert_eq!(gateway(&session, "sandbox", name)["status"]["Status"], "Running", "{name}");
        }
        session.command("gateways @sandbox").await.sees_not("Missing");
        session.keys("1").await.go("sandbox").await.keys("K").await.sees("stop keeping the gateways");
        session.sees("The lease of sandbox is given back");
        snapshot("stop-keeping-120x40", &session);
        session.keys("y").await.sees("nobody keeps").sees_not("this screen keeps");
        assert_eq!(holder(&session, "sandbox"), "");
        session.change("sandbox", "deployments.apps", "istio-egress-preview", |d| {
            d["spec"]["replicas"] = 3.into()
        });
        minute(&mut session).await;
        assert_eq!(replicas(&session, "sandbox", "istio-egress-preview"), 3, "nobody keeps it");
    });
}

#[test]
fn what_is_paused_stays_as_somebody_left_it_until_it_goes_on() {
    run(async {
        let mut session = keeping((120, 40)).await;
        session.go("egress-preview").await.keys("P").await.sees("pause egress-preview?");
        session.keys("y").await;
        assert!(is_paused(&session, "sandbox", "egress-preview"));
        session.command("tamper").await.sees("Somebody scales Deployment istio-egress-preview in sandbox");
        minute(&mut session).await;
        assert_eq!(replicas(&session, "sandbox", "istio-egress-preview"), 2);
        session.keys("r").await.sees("spec.replicas").sees("kubectl-scale").sees("paused");
        snapshot("drift-while-paused-120x40", &session);
        session.keys("P").await.sees("What is put back").sees("spec.replicas");
        session.keys("y").await;
        assert_eq!(replicas(&session, "sandbox", "istio-egress-preview"), 1);
        session.sees_not("kubectl-scale");
        // Not paused, nobody even sees it.
        session.command("tamper").await;
        assert_eq!(replicas(&session, "sandbox", "istio-egress-preview"), 1);
        session.sees("1 write");
    });
}

#[test]
fn rolling_says_which_pods_are_replaced_and_afterwards_nothing_is_pending() {
    run(async {
        let mut session = before("egress-reports", "frankfurt").await;
        session.keys("ctrl-r").await.sees("roll egress-reports?").sees("readOnlyRootFilesystem");
        session.sees("2 pods are replaced: at most 3 run at once, and at least 2 serve");
        session.keys("y").await;
        minute(&mut session).await;
        let pods = session.object("frankfurt", "deployments.apps", "istio-egress-reports").unwrap();
        let proxy = &pods["spec"]["template"]["spec"]["containers"][0];
        assert_eq!(proxy["securityContext"]["readOnlyRootFilesystem"], true);
        session.keys("ctrl-r").await.sees("nothing is pending").sees("kubectl rollout restart");
        session.keys("y").await.sees("nothing is pending");
        session.keys("esc").await.sees_not("nothing is pending");
    });
}

#[test]
fn statistics_are_asked_for_with_what_that_restarts_and_only_once() {
    run(async {
        const ASKED: &str = "sidecar.istio.io/statsInclusionRegexps";
        let mut session = before("egress-payments", "frankfurt").await;
        session.command("statistics").await.sees("have egress-payments keep statistics?").sees(ASKED);
        session
            .sees("3 pods are replaced: at most 4 run at once, and at least 3 serve")
            .sees("upstream_(cx|rq)");
        let asked = |session: &Session| {
            gateway(session, "frankfurt", "egress-payments")["spec"]["podAnnotations"][ASKED].clone()
        };
        assert_eq!(asked(&session), ".*outbound.*", "some it asks for already");
        session.keys("y").await;
        minute(&mut session).await;
        assert!(asked(&session).as_str().unwrap().starts_with(".*outbound.*,cluster"));
        let pods = session.object("frankfurt", "deployments.apps", "istio-egress-payments").unwrap();
        assert_eq!(pods["spec"]["template"]["metadata"]["annotations"][ASKED], asked(&session));
        session.command("statistics").await.sees("asks for these statistics already");
    });
}

#[test]
fn releasing_needs_the_name_and_leaves_the_objects() {
    run(async {
        let mut session = keeping((120, 40)).await;
        session.go("egress-preview").await.command("release").await;
        session.sees("release egress-preview?").sees("Type egress-preview to do it in sandbox");
        session.type_in("egress-prod").await.keys("enter").await.sees("release egress-preview?");
        assert!(
            gateway(&session, "sandbox", "egress-preview")["metadata"]["annotations"]["egret/release"]
                .is_null()
        );
        session.keys("backspace backspace backspace").await.type_in("review").await.keys("enter").await;
        minute(&mut session).await;
        assert_eq!(gateway(&session, "sandbox", "egress-preview"), Value::Null);
        let deployment = session.object("sandbox", "deployments.apps", "istio-egress-preview").unwrap();
        assert!(deployment["metadata"]["ownerReferences"].is_null(), "{deployment}");
        assert_eq!(replicas(&session, "sandbox", "istio-egress-preview"), 1);
    });
}

#[test]
fn what_somebody_else_keeps_is_not_adopted_and_the_screen_says_who() {
    run(async {
        let mut session = before("egress-sms", "frankfurt").await;
        session.keys("A").await.sees("Argo CD, which would put back what egret changes");
        session.keys("y esc").await;
        session
            .command("namespaces all")
            .await
            .command("gateways @frankfurt")
            .await
            .go("bank-egress")
            .await
            .keys("A")
            .await;
        session.sees("Gateway API, whose controller makes its objects");
        session.command("gateways @audit").await.go("egress-pci").await.keys("A").await;
        session.sees("ASM keeps the gateways of audit");
        session.command("gateways @singapore").await.go("egress-default").await.keys("A").await;
        session.sees("singapore serves no IstioGateway: install it");
    });
}

#[test]
fn what_helm_made_becomes_an_istio_gateway_without_a_restart() {
    run(async {
        let mut session = keeping((120, 40)).await;
        let pods = |session: &Session| {
            let deployment = session.object("sandbox", "deployments.apps", "egress-shared").unwrap();
            deployment["spec"]["template"].clone()
        };
        let before = pods(&session);
        session.go("egress-shared").await.keys("A").await.sees("adopt egress-shared?").sees("They stay");
        session.sees("Helm release egress-shared");
        snapshot("adopt-120x40", &session);
        session.type_in("egress-shared").await.keys("enter").await;
        minute(&mut session).await;
        assert_eq!(gateway(&session, "sandbox", "egress-shared")["status"]["Status"], "Running");
        assert_eq!(pods(&session), before);
        let deployment = session.object("sandbox", "deployments.apps", "egress-shared").unwrap();
        assert_eq!(deployment["metadata"]["ownerReferences"][0]["kind"], "IstioGateway");
    });
}

#[test]
fn where_nobody_serves_istio_gateways_they_are_installed_and_then_kept() {
    run(async {
        let mut session = Session::open(1, (120, 40), &[]).await;
        session.keys("1").await.go("singapore").await.keys("K").await;
        session.sees("singapore serves no IstioGateway; I installs it");
        session.keys("I").await.sees("install the CRD of IstioGateway?").sees("In singapore");
        snapshot("install-120x40", &session);
        session.keys("y").await;
        minute(&mut session).await;
        session.go("singapore").await.keys("I").await.sees("the CRD is there, and is egret's");
        session.keys("K").await.sees("There is no IstioGateway in istio-system yet");
        session.keys("y").await;
        assert_eq!(holder(&session, "singapore"), "egret-demo_1_singapore");
    });
}

#[test]
fn read_only_refuses_every_deed_and_ends_a_reconciler_without_another_write() {
    run(async {
        let mut session = keeping((120, 40)).await;
        session.command("read-only").await;
        session.go("egress-preview").await;
        for keys in ["P", "ctrl-r", "A", "!"] {
            session.keys(keys).await.sees("sandbox is read-only here");
        }
        session.command("release").await.sees("sandbox is read-only here");
        session.keys("esc").await;
        session.command("tamper").await;
        let before = gateway(&session, "sandbox", "egress-preview");
        let lease = session.object("sandbox", "leases.coordination.k8s.io", "egret-controller");
        minute(&mut session).await;
        assert_eq!(replicas(&session, "sandbox", "istio-egress-preview"), 2, "nothing was put back");
        assert_eq!(gateway(&session, "sandbox", "egress-preview"), before);
        assert_eq!(session.object("sandbox", "leases.coordination.k8s.io", "egret-controller"), lease);
        session.keys("1").await.go("sandbox").await.keys("K").await.sees("sandbox is read-only here");
        session.go("singapore").await.keys("I").await.sees("singapore is read-only here");
    });
}

#[test]
fn a_right_that_is_missing_is_told_in_the_servers_words_and_tried_again_when_it_is_there() {
    run(async {
        let mut session = keeping((120, 40)).await;
        session.go("egress-preview").await;
        session.fault("deny=patch:istiogateways");
        session.keys("P").await.sees("no right to change IstioGateway istio-system/egress-preview");
        session
            .keys("y")
            .await
            .keys("esc")
            .await
            .sees_not("no right to change IstioGateway istio-system/egress-preview");
        session.fault("deny=patch:istiogateways");
        // Taken away between the question and the yes.
        session.keys("P").await.sees("y to do it in sandbox");
        session.fault("deny=patch:istiogateways");
        session
            .keys("y")
            .await
            .sees("It failed")
            .sees("no right to change IstioGateway istio-system/egress-preview")
            .sees("y to try again in sandbox");
        snapshot("failed-120x40", &session);
        assert!(!is_paused(&session, "sandbox", "egress-preview"));
        session.fault("deny=patch:istiogateways");
        session.keys("y").await.sees_not("It failed");
        assert!(is_paused(&session, "sandbox", "egress-preview"));
    });
}

#[test]
fn an_outage_under_the_question_is_told_and_the_yes_counts_once_it_is_over() {
    run(async {
        let mut session = keeping((120, 40)).await;
        session.go("egress-preview").await.keys("P").await;
        session.fault("outage=sandbox");
        for _ in 0..10 {
            session.settle().await;
        }
        session.sees("pause egress-preview?");
        session.keys("y").await;
        for _ in 0..30 {
            session.settle().await;
        }
        session.sees("It failed").sees("y to try again in sandbox");
        session.fault("outage=sandbox");
        session.advance(Duration::from_secs(5)).await;
        for _ in 0..30 {
            session.settle().await;
        }
        session.keys("y").await.sees_not("It failed");
        assert!(is_paused(&session, "sandbox", "egress-preview"));
    });
}

#[test]
fn esc_leaves_at_every_stage_and_nothing_is_written() {
    run(async {
        let mut session = keeping((120, 40)).await;
        session.go("egress-preview").await;
        let before = gateway(&session, "sandbox", "egress-preview");
        session.fault("latency=5s");
        session.keys("P").await.sees("Finding out what this would do");
        session.keys("y").await;
        session.sees("Finding out what this would do");
        session.keys("esc").await.sees_not("pause egress-preview?");
        session.fault("latency=5s");
        for _ in 0..5 {
            session.settle().await;
        }
        session.keys("P").await.sees("y to do it");
        session.keys("esc").await.sees_not("pause egress-preview?");
        session.keys("P").await.sees("y to do it");
        session.keys("n").await.sees_not("pause egress-preview?");
        session.keys("ctrl-r").await.sees("nothing is pending");
        session.keys("esc").await.sees_not("nothing is pending");
        session.keys("P").await;
        session.fault("deny=patch:istiogateways");
        session.keys("y").await.sees("It failed");
        session.keys("esc").await.sees_not("It failed");
        assert_eq!(gateway(&session, "sandbox", "egress-preview"), before);
    });
}

#[test]
fn where_the_question_cannot_be_read_no_yes_counts() {
    run(async {
        let mut session = keeping((120, 40)).await;
        session.go("egress-preview").await.keys("P").await.resize((40, 12)).await;
        session.sees("60×14");
        session.keys("y").await;
        assert!(!is_paused(&session, "sandbox", "egress-preview"));
        session.resize((120, 40)).await.sees("y to do it in sandbox");
        session.keys("y").await;
        assert!(is_paused(&session, "sandbox", "egress-preview"));
    });
}

#[test]
fn another_egret_that_keeps_them_is_waited_for() {
    run(async {
        let mut session = Session::open(1, (120, 40), &[]).await;
        session.keys("1").await.go("frankfurt").await.keys("K").await;
        session.sees("While another egret has the lease it waits");
        snapshot("keep-while-another-does-120x40", &session);
        session.keys("y").await.sees("this screen waits: egret");
        minute(&mut session).await;
        assert_eq!(holder(&session, "frankfurt"), "ops-1_2041_7c1f09ab");
    });
}
