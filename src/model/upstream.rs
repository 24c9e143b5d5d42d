//! The name of an upstream cluster tells the external host and the port behind it.

/// The external host and the port that the name of an upstream cluster tells, in either spelling of Istio:
/// `outbound|443|v1|api.example.com`, and for a gateway that passes TLS through by its server name
/// `outbound_.443_.v1_.api.example.com`. A `;` at the end, which Istio's bootstrap adds in statistics, is no part of it.
/// `None`: it tells none, like `xds-grpc` or `BlackHoleCluster`.
pub fn host_and_port(name: &str) -> Option<(&str, u16)> {
    let name = name.strip_suffix(';').unwrap_or(name);
    ["|", "_."].into_iter().find_map(|between| {
        let mut parts = name.splitn(4, between);
        parts.next().filter(|direction| *direction == "outbound")?;
        let port = parts.next()?.parse().ok()?;
        let host = parts.nth(1).filter(|host| !host.is_empty())?;
        Some((host, port))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_upstream_cluster_tells_host_and_port_in_both_spellings() {
        let cases: &[(&str, Option<(&str, u16)>)] = &[
            ("outbound|443||api.example.com", Some(("api.example.com", 443))),
            ("outbound|443||api.example.com;", Some(("api.example.com", 443))),
            ("outbound|8443|v1|api.example.com", Some(("api.example.com", 8443))),
            ("outbound_.443_._.api.example.com", Some(("api.example.com", 443))),
            ("outbound_.443_.v1_.api.example.com", Some(("api.example.com", 443))),
            ("outbound_.443_._.db_.internal", Some(("db_.internal", 443))),
            ("outbound|443||*.example.com", Some(("*.example.com", 443))),
            ("outbound|80||a|b", Some(("a|b", 80))),
            ("outbound|443||", None),
            ("outbound|https||api.example.com", None),
            ("outbound|70000||api.example.com", None),
            ("outbound|443|api.example.com", None),
            ("inbound|8080||", None),
            ("BlackHoleCluster", None),
            ("xds-grpc", None),
            ("", None),
            (";", None),
        ];
        for (name, told) in cases {
            assert_eq!(host_and_port(name), *told, "{name}");
        }
    }
}
