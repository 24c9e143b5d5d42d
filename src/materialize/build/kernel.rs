//! Kernel parameters (R8): the gateway template replaces the pod's own `sysctls`, so all go through one init container.

use serde_json::{Value, json};

use super::Plan;
use crate::materialize::validate::Problem;

/// The init container that sets the parameters, if there are any. A key that the kernel lacks is logged, not fatal.
///
/// The files of `/proc/sys` are written by the shell: `sysctl` is not in every image of the proxy.
///
/// # Errors
/// When the image of the proxy is not known: `auto` stays `auto` in another container than the proxy's.
pub(super) fn container(plan: &Plan<'_>) -> Result<Option<Value>, Problem> {
    let kernel = plan.configuration.kernel.as_ref().filter(|kernel| kernel.enabled == Some(true));
    let parameters = kernel.and_then(|kernel| kernel.parameters.as_ref()).filter(|p| !p.is_empty());
    let Some(parameters) = parameters else { return Ok(None) };
    let Some(image) = &plan.site.proxy_image else {
        return Err(Problem::error(
            "spec.kernel.parameters",
            "kernel parameters are set by a container with the proxy's image, and the injector's values, which name it, cannot be read",
            "let egret read the ConfigMap istio-sidecar-injector, or remove kernel.parameters",
        ));
    };
    // Keys are of a closed list and values are numbers: see `validate`.
    let lines = parameters.iter().map(|(key, value)| {
        let file = format!("/proc/sys/{}", key.replace('.', "/"));
        format!("echo '{value}' > {file} || echo 'egret: this kernel does not take {key}' >&2")
    });
    Ok(Some(json!({
        "name": "kernel-parameters",
        "image": image,
        "command": ["/bin/sh", "-c", lines.collect::<Vec<_>>().join("\n")],
        "securityContext": {"privileged": true, "runAsUser": 0, "runAsGroup": 0, "runAsNonRoot": false},
    })))
}
