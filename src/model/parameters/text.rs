//! Values in words. `None` where a field is there but says nothing, so that the default is shown instead.

use k8s_openapi::api::core::v1::{
    Affinity, EnvVar, Lifecycle, LifecycleHandler, PodAffinityTerm, Toleration,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::model::istio_gateway::{
    Compression, ConfigVolume, GatewayConfiguration, GatewayPort, Kernel, Pairs, ReadinessProbe,
    SecretVolume, names,
};
use crate::model::quantity::PodAmount;

pub(super) fn on_off(on: bool) -> String {
    if on { "on" } else { "off" }.to_owned()
}

/// Items with commas between them.
pub(super) fn list<T>(items: Option<&[T]>, word: impl Fn(&T) -> String) -> Option<String> {
    joined(items?.iter().map(word))
}

/// Labels and their like: `a=1, b=2`.
pub(super) fn pairs(pairs: Option<&Pairs>) -> Option<String> {
    joined(pairs?.iter().map(|(key, value)| format!("{key}={value}")))
}

fn joined(words: impl IntoIterator<Item = String>) -> Option<String> {
    let words: Vec<String> = words.into_iter().collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// `443 HTTPS → 8443 (https-1)`; the target is left out where it is the same.
pub(super) fn port(port: &GatewayPort) -> String {
    let number = port.port.map_or_else(|| "?".to_owned(), |port| port.to_string());
    let target = match port.target() {
        Some(IntOrString::Int(target)) => target.to_string(),
        Some(IntOrString::String(target)) => target,
        None => number.clone(),
    };
    let mut text = format!("{number} {}", port.protocol());
    if target != number {
        text += &format!(" → {target}");
    }
    if let Some(name) = &port.name {
        text += &format!(" ({name})");
    }
    if let Some(node) = port.node_port.filter(|&node| node > 0) {
        text += &format!(" on node port {node}");
    }
    text
}

/// `2–6`, with Kubernetes' 1 for a missing minimum.
pub(super) fn bounds(configuration: &GatewayConfiguration) -> String {
    let max = configuration.max_replicas.map_or_else(|| "?".to_owned(), |max| max.to_string());
    format!("{}–{max}", configuration.min_replicas.unwrap_or(1))
}

pub(super) fn replicas(configuration: &GatewayConfiguration) -> Option<String> {
    let count = configuration.replica_count?;
    Some(if configuration.autoscales() {
        format!("{count} (the autoscaler chooses {})", bounds(configuration))
    } else {
        count.to_string()
    })
}

pub(super) fn surge(text: &str) -> String {
    match PodAmount::parse(text) {
        Some(PodAmount::Percent(share)) => {
            format!("{text} (at most {}% of replicas)", share.saturating_add(100))
        }
        Some(PodAmount::Count(count)) => format!("{text} (at most {} more)", pods(count)),
        None => format!("{text} (not a number or a percentage)"),
    }
}

pub(super) fn unavailable(text: &str) -> String {
    match PodAmount::parse(text) {
        Some(PodAmount::Percent(share)) => {
            format!("{text} (at least {}% of replicas stay)", 100_u32.saturating_sub(share))
        }
        Some(PodAmount::Count(count)) => format!("{text} (at most {} fewer)", pods(count)),
        None => format!("{text} (not a number or a percentage)"),
    }
}

fn pods(count: u32) -> String {
    counted(count, "pod", "pods")
}

fn counted(count: u32, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// `preferred: one per node; required: one per zone`.
pub(super) fn spread(configuration: &GatewayConfiguration) -> Option<String> {
    let apart = configuration.affinity.as_ref()?.pod_anti_affinity.as_ref()?;
    let required = apart.required_during_scheduling_ignored_during_execution.iter().flatten();
    let preferred = apart.preferred_during_scheduling_ignored_during_execution.iter().flatten();
    let say = |how: &str, term: &PodAffinityTerm| {
        let place = match term.topology_key.as_str() {
            "kubernetes.io/hostname" => "node",
            "topology.kubernetes.io/zone" | "failure-domain.beta.kubernetes.io/zone" => "zone",
            key => key,
        };
        format!("{how}: one per {place}")
    };
    let required = required.map(|term| say("required", term));
    let preferred = preferred.map(|term| say("preferred", &term.pod_affinity_term));
    joined(required.chain(preferred))
}

/// Which kinds of affinity there are, and how many terms each has.
pub(super) fn affinity(affinity: &Affinity) -> Option<String> {
    let count = |n: Option<usize>, how: &str| n.filter(|&n| n > 0).map(|n| format!("{n} {how}"));
    let node = affinity.node_affinity.as_ref().map(|a| {
        let required = a.required_during_scheduling_ignored_during_execution.as_ref();
        let preferred = a.preferred_during_scheduling_ignored_during_execution.as_ref();
        (required.map(|r| r.node_selector_terms.len()), preferred.map(Vec::len))
    });
    let together = affinity.pod_affinity.as_ref().map(|a| {
        let required = a.required_during_scheduling_ignored_during_execution.as_ref();
        (
            required.map(Vec::len),
            a.preferred_during_scheduling_ignored_during_execution.as_ref().map(Vec::len),
        )
    });
    let apart = affinity.pod_anti_affinity.as_ref().map(|a| {
        let required = a.required_during_scheduling_ignored_during_execution.as_ref();
        (
            required.map(Vec::len),
            a.preferred_during_scheduling_ignored_during_execution.as_ref().map(Vec::len),
        )
    });
    let kinds = [("node affinity", node), ("pod affinity", together), ("pod anti-affinity", apart)];
    joined(kinds.into_iter().filter_map(|(kind, terms)| {
        let (required, preferred) = terms?;
        let terms =
            joined([count(required, "required"), count(preferred, "preferred")].into_iter().flatten())?;
        Some(format!("{kind} ({terms})"))
    }))
}

/// As kubectl writes taints: `key=value:NoSchedule`.
pub(super) fn toleration(toleration: &Toleration) -> String {
    let mut text =
        toleration.key.clone().filter(|key| !key.is_empty()).unwrap_or_else(|| "any taint".to_owned());
    if let Some(value) = toleration.value.as_ref().filter(|value| !value.is_empty()) {
        text += &format!("={value}");
    }
    if let Some(effect) = toleration.effect.as_ref().filter(|effect| !effect.is_empty()) {
        text += &format!(":{effect}");
    }
    if let Some(seconds) = toleration.toleration_seconds {
        text += &format!(" for {seconds} s");
    }
    text
}

/// `on`, or off with the word that the label holds instead.
pub(super) fn two_way_tls(configuration: &GatewayConfiguration) -> Option<String> {
    let mode = configuration.pod_labels.as_ref()?.get(names::TLS_MODE_LABEL)?;
    Some(if mode == names::TLS_MODE_ISTIO {
        "on".to_owned()
    } else {
        format!("off (the label says {mode:?})")
    })
}

/// `NAME=value`, or where the value comes from; a Secret is named, never read.
pub(super) fn variable(variable: &EnvVar) -> String {
    let name = &variable.name;
    let Some(from) = &variable.value_from else {
        return format!("{name}={}", variable.value.as_deref().unwrap_or_default());
    };
    let ways = [
        from.secret_key_ref.as_ref().map(|r| format!("Secret {}, key {}", r.name, r.key)),
        from.config_map_key_ref.as_ref().map(|r| format!("ConfigMap {}, key {}", r.name, r.key)),
        from.field_ref.as_ref().map(|r| format!("field {}", r.field_path)),
        from.resource_field_ref.as_ref().map(|r| r.resource.clone()),
        from.file_key_ref.as_ref().map(|r| format!("file {}, key {}", r.path, r.key)),
    ];
    format!("{name} from {}", ways.into_iter().flatten().next().unwrap_or_else(|| "elsewhere".to_owned()))
}

pub(super) fn secret_volume(volume: &SecretVolume) -> String {
    mounted("Secret", &volume.secret_name, &volume.mount_path)
}

pub(super) fn config_volume(volume: &ConfigVolume) -> String {
    mounted("ConfigMap", &volume.config_map_name, &volume.mount_path)
}

fn mounted(kind: &str, name: &Option<String>, path: &Option<String>) -> String {
    let [name, path] = [name, path].map(|text| text.as_deref().unwrap_or("?"));
    format!("{kind} {name} at {path}")
}

/// `on: vm.swappiness=10`. Parameters of a block that is not enabled are not set (inferred).
pub(super) fn kernel(kernel: &Kernel) -> Option<String> {
    let parameters = pairs(kernel.parameters.as_ref());
    match (kernel.enabled, parameters) {
        (None, None) => None,
        (Some(true), Some(parameters)) => Some(parameters),
        (Some(true), None) => Some("on, but none is given".to_owned()),
        (_, Some(parameters)) => Some(format!("off (would be {parameters})")),
        (_, None) => Some("off".to_owned()),
    }
}

pub(super) fn compression(compression: &Compression) -> Option<String> {
    let gzip = compression.gzip.as_ref();
    let details = joined(
        [
            compression.min_content_length.map(|bytes| format!("from {bytes} bytes")),
            list(compression.content_type.as_deref(), String::clone),
            gzip.and_then(|g| g.compression_level.as_ref()).map(|level| format!("level {level}")),
            (compression.disable_on_etag_header == Some(true)).then(|| "not with an ETag".to_owned()),
        ]
        .into_iter()
        .flatten(),
    );
    match (compression.enabled, details) {
        (None, None) => None,
        (Some(true), Some(details)) => Some(format!("on: {details}")),
        (Some(true), None) => Some("on".to_owned()),
        (_, Some(details)) => Some(format!("off (would be {details})")),
        (_, None) => Some("off".to_owned()),
    }
}

/// What differs from Istio's own probe; a zero is Go's way of not saying anything.
pub(super) fn readiness(probe: &ReadinessProbe) -> Option<String> {
    let said = |value: Option<u32>| value.filter(|&value| value > 0);
    joined(
        [
            said(probe.period_seconds).map(|seconds| format!("every {seconds} s")),
            said(probe.failure_threshold)
                .map(|count| format!("not ready after {}", counted(count, "failure", "failures"))),
            said(probe.success_threshold)
                .map(|count| format!("ready after {}", counted(count, "success", "successes"))),
        ]
        .into_iter()
        .flatten(),
    )
}

pub(super) fn lifecycle(lifecycle: &Lifecycle) -> Option<String> {
    let hooks = [("after start", &lifecycle.post_start), ("before stop", &lifecycle.pre_stop)];
    joined(hooks.into_iter().filter_map(|(when, hook)| Some(format!("{when}: {}", handler(hook.as_ref()?)))))
}

fn handler(handler: &LifecycleHandler) -> String {
    let exec =
        handler.exec.as_ref().map(|e| e.command.iter().flatten().cloned().collect::<Vec<_>>().join(" "));
    let get = handler.http_get.as_ref().map(|g| format!("GET {}", g.path.as_deref().unwrap_or("/")));
    let sleep = handler.sleep.as_ref().map(|s| format!("sleep {} s", s.seconds));
    let tcp = handler.tcp_socket.as_ref().map(|_| "connect".to_owned());
    exec.or(get).or(sleep).or(tcp).unwrap_or_else(|| "nothing".to_owned())
}
