//! Images that are not to be had.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::kubelet::containers;
use super::{Work, events, uid};
use crate::demo::state::State;
use crate::demo::store::Key;

/// The image is not to be had: it is tried again, further and further apart.
pub(super) fn unpulled(state: &mut State, key: &Key, pod: &Value) {
    let container = containers(pod).next().cloned().unwrap_or_default();
    let image = container["image"].as_str().unwrap_or_default().to_owned();
    let before = &pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"];
    let (fails, again) = (before != "ErrImagePull", before == "ImagePullBackOff");
    let long = if image.contains('/') { image.clone() } else { format!("docker.io/library/{image}:latest") };
    let why = format!(
        "failed to pull and unpack image \"{long}\": failed to resolve reference \"{long}\": pull access denied, \
         repository does not exist or may require authorization"
    );
    let (reason, message) = if fails {
        ("ErrImagePull", why.clone())
    } else {
        ("ImagePullBackOff", format!("Back-off pulling image \"{image}\": ErrImagePull: {why}"))
    };
    let _ = state.change_status(key, "kubelet", |pod| {
        pod["status"]["containerStatuses"][0]["state"] =
            json!({"waiting": {"reason": reason, "message": message}});
    });
    if again {
        let message = format!("Pulling image \"{image}\"");
        events::write(state, pod, "kubelet", "Normal", "Pulling", &message);
    }
    if fails {
        let said = format!("Failed to pull image \"{image}\": {why}");
        events::write(state, pod, "kubelet", "Warning", "Failed", &said);
        events::write(state, pod, "kubelet", "Warning", "Failed", "Error: ErrImagePull");
        state.after(Duration::from_secs(12), Work::Pod(key.clone(), uid(pod).to_owned()));
    } else {
        events::write(
            state,
            pod,
            "kubelet",
            "Normal",
            "BackOff",
            &format!("Back-off pulling image \"{image}\""),
        );
        events::write(state, pod, "kubelet", "Warning", "Failed", "Error: ImagePullBackOff");
        // Each wait is twice the one before: as long as all of them together.
        let begun = pod["status"]["startTime"].as_str().and_then(|t| t.parse::<Timestamp>().ok());
        let age = begun.map_or(0, |begun| state.now.duration_since(begun).as_secs().unsigned_abs());
        let wait = Duration::from_secs(age.clamp(10, 300));
        state.after(wait, Work::Pod(key.clone(), uid(pod).to_owned()));
    }
}
