//! What egret keeps in the story is what egret builds.

use std::collections::BTreeMap;

use egret::materialize::Report;
use egret::materialize::report::PartState;
use egret::reconcile::{pass, survey};

use crate::support::demo::{Session, run};

/// Gateways of `frankfurt` that are not simply as they should be, and how: these are meant.
const MEANT: &[(&str, &[&str])] = &[
    ("egress-kyc", &["goes"]),
    (
        "egress-newsletter",
        &[
            "Held Deployment",
            "Held PodDisruptionBudget",
            "Held Role",
            "Held RoleBinding",
            "Held ServiceAccount",
            "theirs: Service of whoever made it with kubectl",
        ],
    ),
    (
        "egress-reports",
        &[
            "pending spec.containers[istio-proxy].securityContext.readOnlyRootFilesystem: not there, should be true",
        ],
    ),
    ("egress-settlement", &["drift spec.replicas: 0, should be 2 (by kubectl-scale)", "is paused"]),
    ("imported-by-hand", &["invalid"]),
];

fn told(report: &Report) -> Vec<String> {
    let mut told = Vec::new();
    let mut say = |what: String| told.push(what);
    for (is, what) in [
        (report.deleting, "goes"),
        (report.paused, "is paused"),
        (report.problems.iter().any(egret::materialize::Problem::is_error), "invalid"),
    ] {
        if is {
            say(what.to_owned());
        }
    }
    report.all_faults().iter().for_each(|fault| say(format!("fault {}", fault.summary)));
    for place in &report.places {
        place.pending.iter().for_each(|field| say(format!("pending {}", field.in_words())));
        for part in &place.parts {
            match &part.state {
                PartState::InSync => {}
                PartState::Drifted(fields) => {
                    fields.iter().for_each(|field| say(format!("drift {}", field.in_words())));
                }
                PartState::Conflict(who) => say(format!("theirs: {} of {who}", part.part)),
                PartState::Held => say(format!("Held {}", part.part)),
                other => say(format!("{other:?} {}", part.part)),
            }
        }
    }
    told.sort();
    told
}

#[test]
fn the_gateways_that_egret_keeps_are_as_it_would_have_them_but_for_those_that_are_meant() {
    run(async {
        let session = Session::open(1, (80, 24), &[]).await;
        let keeper = session.keeper("frankfurt").await;
        let all = survey(&keeper, "istio-system").await.unwrap();
        assert_eq!(all.len(), 28);
        let found: BTreeMap<String, Vec<String>> = all
            .iter()
            .map(|(name, report)| (name.clone(), told(report)))
            .filter(|(_, told)| !told.is_empty())
            .collect();
        let meant: BTreeMap<String, Vec<String>> = MEANT
            .iter()
            .map(|(name, told)| ((*name).to_owned(), told.iter().map(|what| (*what).to_owned()).collect()))
            .collect();
        assert_eq!(found, meant);
    });
}

#[test]
fn what_the_storys_controller_says_of_a_gateway_is_what_egrets_would_say() {
    run(async {
        let session = Session::open(1, (80, 24), &[]).await;
        let keeper = session.keeper("frankfurt").await;
        for (name, _) in survey(&keeper, "istio-system").await.unwrap() {
            let before = session.object("frankfurt", GATEWAYS, &name).unwrap();
            let report = pass(&keeper, "istio-system", &name).await;
            // A cluster on the record of this one is known to nobody here.
            if name == "egress-kyc" {
                continue;
            }
            let after = session.object("frankfurt", GATEWAYS, &name).unwrap();
            assert_eq!((report.all_writes(), &after["status"]), (0, &before["status"]), "{name}");
        }
    });
}

const GATEWAYS: &str = "istiogateways.istio.alibabacloud.com";
