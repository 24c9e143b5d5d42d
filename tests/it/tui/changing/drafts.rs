//! Drafts: what was typed outlives the process that it was typed into.

use std::os::unix::fs::PermissionsExt as _;

use rustix::process::Signal;
use serde_json::json;

use super::stage::{Stage, applies, drafts, edits, kept, served, spec};
use crate::support::session::{PATIENCE, Session, egret};

impl Stage {
    /// egret in the home of one that is gone.
    fn after(&self, gone: &Session) -> Session {
        let start = egret(self.cluster.kubeconfig(), "--view gateways").env("HOME", gone.home());
        let session = start.size(80, 24).go();
        session.sees("1/1 clusters");
        session
    }
}

/// Kills it, and waits until it has let go of all it had.
fn kills(session: &mut Session) {
    session.signal(Signal::KILL);
    session.wait_end(PATIENCE);
}

#[tokio::test]
async fn an_egret_that_is_killed_in_mid_edit_leaves_a_draft_that_ends_in_the_change() {
    let (stage, _calm) = Stage::calm().await;
    stage.gateway("killed").await;
    let mut first = stage.screen("killed");
    edits(&first, "killed", "4");
    kept(first.home(), "replicaCount: 4");
    kills(&mut first);
    for (path, _) in drafts(first.home()) {
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        let dir = path.parent().unwrap();
        assert_eq!((mode(&path), mode(dir), mode(dir.parent().unwrap())), (0o600, 0o700, 0o700));
    }

    let second = stage.after(&first);
    second.keys("D").sees("edit IstioGateway istio-system/killed in changing").keys("enter");
    second.sees("replicaCount: 4").keys("ctrl-s");
    applies(&second, "1 → 4", "IstioGateway istio-system/killed is changed");
    assert_eq!(spec(&stage.client, "killed").await["replicaCount"], 4);
    served(first.home());
}

#[tokio::test]
async fn a_wizard_that_is_killed_goes_on_where_it_was_and_a_discarded_draft_does_not_come_back() {
    let (stage, _calm) = Stage::calm().await;
    stage.gateway("beside").await;
    let mut first = stage.screen("beside");
    first.keys("n").sees("1 basics").fills("unborn | alt-3 | space tab | 55").sees("55");
    kept(first.home(), "targetAverageUtilization: 55");
    kills(&mut first);

    let second = stage.after(&first);
    second
        .keys("D")
        .sees("make IstioGateway istio-system/unborn")
        .keys("enter")
        .sees("1 basics")
        .sees("unborn");
    // It is on and has no upper bound: the field is told, and nothing is written.
    second.keys("ctrl-s").sees("maxReplicas").keys("alt-3").fills("tab tab tab tab | 3 | ctrl-s");
    applies(&second, "Create IstioGateway istio-system/unborn", "IstioGateway istio-system/unborn is made");
    let made = spec(&stage.client, "unborn").await;
    assert_eq!((&made["cpu"], &made["maxReplicas"]), (&json!({"targetAverageUtilization": 55}), &json!(3)));
    second.keys("esc").command("gateways name:beside").selects("beside");
    edits(&second, "beside", "8");
    kept(first.home(), "replicaCount: 8");
    second.keys("ctrl-x").sees("again discards").keys("ctrl-x").sees("Discarded.");
    second.keys("D").sees("there is no draft");
    served(first.home());
    assert_eq!(spec(&stage.client, "beside").await["replicaCount"], 1);
}
