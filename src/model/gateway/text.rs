//! The texts of a gateway's row.

use std::collections::BTreeSet;

use super::GatewayRow;
use crate::model::row::{HpaRow, PodRow, ServiceRow, WorkloadRow};

/// The address clients use: the load balancer's, else the cluster IP; empty for a headless Service.
pub(super) fn address(service: &ServiceRow) -> Box<str> {
    let inside = if &*service.cluster_ip == "None" { "" } else { &*service.cluster_ip };
    service.external.first().map_or(inside, |outside| outside).into()
}

/// `80,443`, with the protocol where it is not TCP: `53/UDP`.
pub(super) fn ports<'p>(all: impl IntoIterator<Item = (u16, &'p str)>) -> Box<str> {
    let one = |(port, protocol): (u16, &str)| match protocol {
        "" | "TCP" => port.to_string(),
        other => format!("{port}/{other}"),
    };
    all.into_iter().map(one).collect::<Vec<_>>().join(",").into()
}

/// `2 / 4G`, `–` for what is not limited; one `–` where nothing is, as for a CR.
fn limits(cpu: &str, memory: &str) -> Box<str> {
    let or_dash = |text| if str::is_empty(text) { "–" } else { text };
    match (cpu, memory) {
        ("", "") => "–".into(),
        _ => format!("{} / {}", or_dash(cpu), or_dash(memory)).into(),
    }
}

/// The limits in a workload's template; empty where the injector will fill them in.
pub(super) fn workload_limits(workload: &WorkloadRow) -> Box<str> {
    let (cpu, memory) = &workload.limits;
    if cpu.is_empty() && memory.is_empty() && is_auto(&workload.proxy_image) {
        return Box::default();
    }
    limits(cpu, memory)
}

/// `1–5, now 2`.
pub(super) fn autoscaling(autoscaler: &HpaRow) -> Box<str> {
    format!("{}–{}, now {}", autoscaler.min, autoscaler.max, autoscaler.current).into()
}

/// Whether an image is the placeholder that the injector replaces.
pub(crate) fn is_auto(image: &str) -> bool {
    image == "auto"
}

/// The tag of an image, the beginning of its digest where it has no tag, `auto!` for one that was never injected.
fn version(image: &str) -> String {
    if is_auto(image) {
        return "auto!".to_owned();
    }
    let (name, digest) = image.split_once('@').unwrap_or((image, ""));
    // A colon before the last slash belongs to a registry's port.
    let last = name.rsplit('/').next().unwrap_or_default();
    match last.split_once(':') {
        Some((_, tag)) => tag.to_owned(),
        None => digest.chars().take("sha256:".len() + 8).collect(),
    }
}

/// Versions of the proxies that run, each once; without pods, what the template asks for.
pub(super) fn proxy_version(row: &GatewayRow) -> Box<str> {
    let running = |pod: &&std::sync::Arc<PodRow>| {
        pod.meta.deleting.is_none() && !matches!(&*pod.phase, "Failed" | "Succeeded")
    };
    let mut all: BTreeSet<String> = row
        .pods
        .iter()
        .filter(running)
        .map(|pod| version(&pod.proxy_image))
        .filter(|tag| !tag.is_empty())
        .collect();
    if all.is_empty() {
        let template = row.workload.as_deref().map(|workload| &*workload.proxy_image);
        all.extend(template.filter(|image| !is_auto(image)).map(version));
    }
    all.into_iter().collect::<Vec<_>>().join(", ").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_the_tag_of_an_image() {
        let cases = [
            ("docker.io/istio/proxyv2:1.28.0", "1.28.0"),
            ("registry:5000/istio/proxyv2", ""),
            ("registry:5000/istio/proxyv2:1.28.0-distroless@sha256:0123456789abcdef", "1.28.0-distroless"),
            ("istio/proxyv2@sha256:0123456789abcdef", "sha256:01234567"),
            ("auto", "auto!"),
            ("", ""),
        ];
        for (image, wanted) in cases {
            assert_eq!(version(image), wanted, "{image}");
        }
    }

    #[test]
    fn ports_and_limits_say_only_what_is_not_usual() {
        assert_eq!(&*ports([(80, "TCP"), (443, ""), (53, "UDP")]), "80,443,53/UDP");
        assert_eq!(&*limits("2", "4G"), "2 / 4G");
        assert_eq!(&*limits("", "4G"), "– / 4G");
        assert_eq!(&*limits("", ""), "–");
    }
}
