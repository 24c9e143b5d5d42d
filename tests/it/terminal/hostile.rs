//! Text from a cluster that a terminal would obey.

use k8s_openapi::api::core::v1::{Event, Pod, Service};
use kube::api::{Api, PostParams};
use serde_json::json;

use super::Place;
use crate::support::escapes::{Said, read};
use crate::support::plane::{UNMANAGED, patch_status};
use crate::support::session::{Session, egret};

/// Clears the screen, writes the clipboard, sets the title, asks for the cursor's place, hides text, reverses it,
/// breaks the line; by seven bits, by eight, and by what Unicode has for it.
const HOSTILE: &str = "EVIL\u{1b}[2J\u{1b}]52;c;aGk=\u{7}\u{1b}]0;owned\u{1b}\\\u{1b}[6n\u{9b}31m\u{9d}52;c;aGk=\u{9c}\u{90}q\u{9c}\u{8}\u{8}\r\u{202e}lived\u{2066}\u{200b}\u{feff}\u{e0041}END";

/// Nothing of it reached the terminal, and the screen's edges are where they belong.
#[track_caller]
fn is_unharmed(session: &Session) {
    let raw = session.raw();
    let text = String::from_utf8(raw.clone()).expect("UTF-8");
    let obeyed = |c: char| {
        matches!(c, '\u{80}'..='\u{9f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}' | '\r' | '\u{8}')
    };
    let through: Vec<char> = text.chars().filter(|c| obeyed(*c)).collect();
    assert!(through.is_empty(), "{through:?}");
    let said = read(&raw);
    let bad: Vec<&Said> = said
        .iter()
        .filter(|s| match s {
            Said::Text(_) => false,
            Said::Csi(body) => *body == "6n" || body == "31m",
            Said::Osc(_) | Said::Other(_) => true,
        })
        .collect();
    assert!(bad.is_empty(), "{bad:?}");
    // One clearing of the screen at the start is our own.
    assert_eq!(said.iter().filter(|s| **s == Said::Csi("2J".to_owned())).count(), 1);
    let screen = session.screen();
    let rows: Vec<&str> = screen.lines().collect();
    assert!(rows[0].starts_with(" egret") && rows[0].trim_end().ends_with("RW"), "{screen}");
    assert!(rows[39].contains("? help"), "{screen}");
}

#[tokio::test]
async fn what_a_cluster_says_cannot_speak_to_the_terminal() {
    let place = Place::new().await;
    let ns = &place.name;
    let pod = json!({
        "metadata": {"name": "evil", "annotations": {UNMANAGED.0: UNMANAGED.1, "note": HOSTILE}},
        "spec": {
            "nodeName": "node-0",
            "containers": [{
                "name": "main",
                "image": format!("registry/{}", HOSTILE.trim_end()),
                "args": [HOSTILE],
                "env": [{"name": "NOTE", "value": HOSTILE}],
            }],
        },
    });
    let made: Pod =
        place.pods().create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
    let status = json!({
        "phase": "Pending", "reason": HOSTILE, "message": HOSTILE,
        "conditions": [{"type": "Ready", "status": "False", "reason": "Evil", "message": HOSTILE}],
        "containerStatuses": [{
            "name": "main", "ready": false, "restartCount": 1, "image": HOSTILE, "imageID": HOSTILE,
            "state": {"waiting": {"reason": HOSTILE, "message": HOSTILE}},
            "lastState": {"terminated": {"exitCode": 1, "reason": HOSTILE, "message": HOSTILE}},
        }],
    });
    patch_status(&place.pods(), "evil", &status).await;
    let event = json!({
        "metadata": {"name": "evil.1", "namespace": ns},
        "involvedObject": {"apiVersion": "v1", "kind": "Pod", "name": "evil", "namespace": ns, "uid": made.metadata.uid},
        "type": "Warning", "reason": HOSTILE, "message": HOSTILE, "count": 3,
        "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:00:00Z",
        "source": {"component": HOSTILE},
    });
    let events: Api<Event> = Api::namespaced(place.client.clone(), ns);
    events.create(&PostParams::default(), &serde_json::from_value(event).unwrap()).await.unwrap();
    let service = json!({
        "metadata": {"name": "evil", "annotations": {"note": HOSTILE}},
        "spec": {"type": "ExternalName", "externalName": "example.com"},
    });
    let services: Api<Service> = Api::namespaced(place.client.clone(), ns);
    services.create(&PostParams::default(), &serde_json::from_value(service).unwrap()).await.unwrap();
    place.running_pod("talker", &["istio-proxy"]).await;
    let logs = place.cluster.logs_of(&place.client, ns, "talker", &["istio-proxy"]).await.unwrap();
    // A line end would make lines of it.
    logs[0].line(&HOSTILE.replace('\r', "")).unwrap();

    let session = egret(place.cluster.kubeconfig(), &place.view("pods")).go();
    session.sees("1/1 clusters").sees("EVIL").keys("w");
    is_unharmed(&session);
    session.keys("home enter").sees("1 overview").sees("EVIL");
    is_unharmed(&session);
    session.keys("2").sees("EVIL");
    is_unharmed(&session);
    session.keys("3").sees("note:");
    is_unharmed(&session);
    session.keys("esc").sees("talker").keys("end").selects("talker").keys("l").sees("EVIL");
    session.keys("t w");
    is_unharmed(&session);
    session.keys("esc").sees("talker");
    session.command("services").sees("example.com").keys("y").sees("note:");
    is_unharmed(&session);
    // What a person pastes is no better.
    session.keys(":").sees("⇥ complete");
    session.type_in(&format!("\u{1b}[200~{}\u{1b}[201~", HOSTILE.replace(['\r', '\u{1b}'], "")));
    session.sees("EVIL");
    is_unharmed_below_the_palette(&session);
}

fn is_unharmed_below_the_palette(session: &Session) {
    session.keys("esc").sees_not("⇥ complete");
    is_unharmed(session);
}
