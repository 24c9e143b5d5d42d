//! Which host a cluster of Envoy's, or a destination of Istio's, is.

use std::sync::Arc;

use crate::model::clean::clean;

/// Longest name of a host that is kept; no name in the DNS is longer.
const LONGEST: usize = 253;

/// Clusters that every proxy has for itself: no traffic to a host.
const INTERNAL: [&str; 9] = [
    "BlackHoleCluster",
    "PassthroughCluster",
    "InboundPassthroughCluster",
    "InboundPassthroughClusterIpv4",
    "InboundPassthroughClusterIpv6",
    "agent",
    "prometheus_stats",
    "sds-grpc",
    "zipkin",
];

/// The cluster over which a proxy gets its configuration.
pub(super) const PLANE: &str = "xds-grpc";

/// Names of a destination that say that nobody knows it.
pub(super) const NOBODY: [&str; 5] = ["", "-", "unknown", "BlackHoleCluster", "PassthroughCluster"];

/// What a cluster is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cluster {
    /// The way to a host and its port; 0: the name tells none.
    Host(Arc<str>, u16),
    /// The way to the control plane.
    Plane,
    /// A cluster of the proxy's own.
    Internal,
}

impl Cluster {
    /// Reads a name such as `outbound|443|subset|api.example.com`, with what leaked of it into the metric's name.
    pub(super) fn of(name: &str, leak: &str) -> Self {
        // Istio ends names with `;` where it reads them by its own rules.
        let name = name.trim_end_matches(';');
        if name == PLANE {
            return Self::Plane;
        }
        if name.is_empty() || INTERNAL.contains(&name) || name.starts_with("inbound|") {
            return Self::Internal;
        }
        let (host, port) = outbound(name, '|', "outbound|")
            .or_else(|| outbound(name, '.', "outbound_."))
            .unwrap_or((name, 0));
        if leak.is_empty() {
            return Self::Host(short(host), port);
        }
        Self::Host(short(&guess(&format!("{host}.{leak}"))), port)
    }
}

/// Host and port of `outbound|443|subset|host`, or of `outbound_.443_.subset_.host`, which names the way of an SNI.
fn outbound<'n>(name: &'n str, separator: char, begin: &str) -> Option<(&'n str, u16)> {
    let rest = name.strip_prefix(begin)?;
    let between = if separator == '|' { "|" } else { "_." };
    let mut parts = rest.splitn(3, between);
    let port = parts.next()?.parse().ok()?;
    let host = parts.nth(1)?;
    Some((host, port))
}

/// How a name looks that leaked into a metric's after its first dot: Envoy writes `_` for what no metric's name may hold, and
/// here that becomes a dot, which it mostly was. Names that are known in full are told from that (see [`super::Reader`]).
pub(super) fn guess(host: &str) -> String {
    let (first, rest) = host.split_once('.').unwrap_or((host, ""));
    let rest: String = rest.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '.' }).collect();
    if rest.is_empty() { first.to_owned() } else { format!("{first}.{rest}") }
}

/// Host and port of a destination: the first of the names that says one. `None` of a port: 0.
pub(super) fn destination(names: [&str; 2]) -> (Arc<str>, u16) {
    let Some(name) = names.into_iter().find(|name| !NOBODY.contains(name)) else {
        return ("unknown".into(), 0);
    };
    // An authority may have a port; an address of IPv6 stands in brackets where it has one.
    match name.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => match port.parse() {
            Ok(port) => (short(host), port),
            Err(_) => (short(name), 0),
        },
        _ => (short(name), 0),
    }
}

fn short(host: &str) -> Arc<str> {
    let clean = clean(host);
    let end = clean.char_indices().map(|(at, _)| at).nth(LONGEST).unwrap_or(clean.len());
    clean.get(..end).unwrap_or_default().into()
}

/// Response flags as they are kept; `None`: there are none.
pub(super) fn flags(text: &str) -> Option<Arc<str>> {
    (!text.is_empty() && text != "-").then(|| short(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_a_host_with_a_port_or_is_known_by_its_name() {
        let host = |host: &str, port| Cluster::Host(host.into(), port);
        for (name, leak, expected) in [
            ("outbound|443||api.example.com", "", host("api.example.com", 443)),
            ("outbound|443||api.example.com;", "", host("api.example.com", 443)),
            ("outbound|443|v1|api.example.com", "", host("api.example.com", 443)),
            ("outbound_.443_._.api.example.com", "", host("api.example.com", 443)),
            ("outbound_.443_.v1_.api.example.com", "", host("api.example.com", 443)),
            ("outbound|443||bad", "example_com", host("bad.example.com", 443)),
            ("outbound|443||*", "example_com", host("*.example.com", 443)),
            ("outbound|many||api", "", host("outbound|many||api", 0)),
            ("outbound|443", "", host("outbound|443", 0)),
            ("httpbin", "", host("httpbin", 0)),
            ("a\u{1b}[31mb", "", host("a\u{b7}[31mb", 0)),
            ("xds-grpc", "", Cluster::Plane),
            ("xds-grpc;", "", Cluster::Plane),
            ("inbound|8080||", "", Cluster::Internal),
            ("BlackHoleCluster", "", Cluster::Internal),
            ("prometheus_stats;", "", Cluster::Internal),
            ("", "", Cluster::Internal),
        ] {
            assert_eq!(Cluster::of(name, leak), expected, "{name}");
        }
    }

    #[test]
    fn a_destination_is_the_first_name_that_says_one() {
        for (names, expected) in [
            (["api.stripe.com", "api.stripe.com"], ("api.stripe.com", 0)),
            (["api.stripe.com:8443", ""], ("api.stripe.com", 8443)),
            (["192.0.2.7:80", ""], ("192.0.2.7", 80)),
            (["[2001:db8::1]:443", ""], ("[2001:db8::1]", 443)),
            (["2001:db8::1", ""], ("2001:db8::1", 0)),
            (["a:b", ""], ("a:b", 0)),
            (["unknown", "payments"], ("payments", 0)),
            (["unknown", "BlackHoleCluster"], ("unknown", 0)),
            (["", "-"], ("unknown", 0)),
        ] {
            let (host, port) = destination(names);
            assert_eq!((&*host, port), expected, "{names:?}");
        }
    }

    #[test]
    fn a_name_of_any_length_is_kept_short() {
        assert_eq!(short(&"é".repeat(1_000)).chars().count(), LONGEST);
        assert_eq!((flags("-"), flags(""), flags("UF,URX")), (None, None, Some("UF,URX".into())));
    }

    #[test]
    fn a_leaked_name_is_told_by_the_guess_of_the_whole_one() {
        assert_eq!(guess("bad.my-company.com"), "bad.my.company.com");
        let Cluster::Host(leaked, _) = Cluster::of("outbound|443||bad", "my_company_com") else {
            panic!("no host")
        };
        assert_eq!(guess("bad.my-company.com"), *leaked);
        assert_eq!(guess("localhost"), "localhost");
    }
}
