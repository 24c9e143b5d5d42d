//! When snapshots leave.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::hub::Hub;
use crate::model::gateway::Directions;
use crate::model::snapshot::Snapshot;

/// Snapshots of a cluster leave at most this often, but for the first of a change, the first rows of a kind, and the
/// one that completes it.
const PACE: Duration = Duration::from_millis(100);

/// Sends snapshots: on the leading edge of a change, then at most one in [`PACE`], the last change included. Each is
/// made when there is room for it, so that a slow reader sees the newest, never a queue.
pub(super) async fn publish(hub: Arc<Hub>, directions: Directions, out: mpsc::Sender<Arc<Snapshot>>) {
    let mut due = Instant::now();
    let mut was_complete = false;
    loop {
        hub.changed.notified().await;
        loop {
            let (complete, urgent) = {
                let mut state = hub.lock();
                (state.is_complete(), state.take_urgent())
            };
            let completed = complete && !was_complete;
            was_complete = complete;
            if completed || urgent || due <= Instant::now() {
                break;
            }
            tokio::select! {
                () = tokio::time::sleep_until(due) => {}
                () = hub.changed.notified() => {}
            }
        }
        let Ok(room) = out.reserve().await else { return };
        due = Instant::now() + PACE;
        room.send(Arc::new(hub.snapshot(&directions)));
    }
}
