//! What one frame costs, in this process: no terminal, no cluster.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use egret::app::keymap::Keymap;
use egret::app::model::Settings;
use egret::app::{App, Msg, update};
use egret::model::name::{ClusterName, Kind};
use egret::model::row::{PodRow, Row as _};
use egret::model::snapshot::{KindState, Link, Snapshot};
use egret::model::table::TableKind;
use egret::runtime::painter::Painter;
use egret::ui::{self, Look};
use jiff::Timestamp;
use serde_json::json;

use crate::report::Spread;

/// Size of the terminal.
const SIZE: (u16, u16) = (200, 60);

/// How often each is done.
const TIMES: usize = 1000;

/// What frames cost with so many rows.
pub(crate) struct Frames {
    /// The cursor moves: one frame.
    pub moved: Spread,
    /// A pod changed: its snapshot is taken in, and one frame.
    pub changed: Spread,
}

/// Measures frames of a table with so many rows.
pub(crate) fn frames(rows: usize) -> Frames {
    let now: Timestamp = "2026-01-02T03:04:05Z".parse().expect("a time");
    let cluster = ClusterName::from("bench");
    let mut app =
        App::new(Settings::default(), Keymap::default(), vec![cluster.clone()], TableKind::Pods, now);
    app.size = SIZE;
    let look = Look::default();
    let mut painter = Painter::new(SIZE);
    let mut snapshot = Snapshot::connecting(cluster, now);
    snapshot.link = Link::Ready;
    snapshot.kinds.insert(Kind::Pod, KindState::Ready);
    snapshot.pods = (0..rows).map(|number| Arc::new(pod(number, 0))).collect();
    let _ = update(&mut app, Msg::Snapshot(Arc::new(snapshot.clone())));
    let mut frame = |app: &mut App| {
        app.settle();
        painter
            .frame(None, |buffer| ui::draw(app, &look, buffer))
            .expect("a frame")
            .map_or(0, |frame| frame.bytes.len())
    };
    assert!(frame(&mut app) > 0, "the first frame draws nothing");
    let mut moved = Vec::new();
    for step in 0..TIMES {
        // Down to the last row and up again, so that every step moves.
        let down = (step / (rows - 1)).is_multiple_of(2);
        let key = if down { KeyCode::Down } else { KeyCode::Up };
        let _ = update(&mut app, Msg::Key(KeyEvent::new(key, KeyModifiers::NONE)));
        moved.push(timed(|| frame(&mut app)));
    }
    let _ = update(&mut app, Msg::Key(KeyEvent::new(KeyCode::Home, KeyModifiers::NONE)));
    frame(&mut app);
    let mut changed = Vec::new();
    for round in 1..=TIMES {
        let mut pods: Vec<Arc<PodRow>> = snapshot.pods.to_vec();
        pods[0] = Arc::new(pod(0, round));
        snapshot.pods = pods.into();
        snapshot.revision += 1;
        let next = Arc::new(snapshot.clone());
        changed.push(timed(|| {
            let _ = update(&mut app, Msg::Snapshot(next));
            frame(&mut app)
        }));
    }
    Frames { moved: Spread::of(moved), changed: Spread::of(changed) }
}

fn timed(work: impl FnOnce() -> usize) -> Duration {
    let begin = Instant::now();
    let bytes = std::hint::black_box(work());
    let took = begin.elapsed();
    assert!(bytes > 0, "a frame that should show something new draws nothing");
    took
}

/// A pod as the API server sends it.
fn pod(number: usize, restarts: usize) -> PodRow {
    let (deployment, replica) = (number / 10, number % 10);
    let text = json!({
        "metadata": {
            "name": format!("load-{deployment}-6c9d7b54f8-{replica:05}"), "namespace": "istio-system",
            "uid": format!("00000000-0000-4000-8000-{number:012}"), "resourceVersion": "1",
            "creationTimestamp": "2026-01-01T00:00:00Z", "labels": {"app": format!("load-{deployment}")},
        },
        "spec": {"nodeName": "node-7", "containers": [{"name": "istio-proxy", "image": "proxyv2:1.28.0"}]},
        "status": {
            "phase": "Running", "podIP": "10.0.0.1",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{
                "name": "istio-proxy", "ready": true, "restartCount": restarts, "image": "", "imageID": "",
                "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
            }],
        },
    });
    PodRow::parse(text.to_string().as_bytes()).expect("a pod")
}
