//! Response flags: what each means at an egress gateway, and where to look next.

/// A response flag of Envoy's access log and of `istio_requests_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flag {
    /// As Envoy writes it: `UF`.
    pub short: &'static str,
    /// What happened: a sentence about the gateway and the host.
    pub meaning: &'static str,
    /// What to do next: a sentence that names a screen or a field.
    pub next: &'static str,
}

const fn flag_of(short: &'static str, meaning: &'static str, next: &'static str) -> Flag {
    Flag { short, meaning, next }
}

/// Every flag of Envoy 1.40: first what fails on the way to the host, then what the configuration lacks or forbids, then
/// what clients do. `-` is what stands where there is none.
pub const FLAGS: &[Flag] = &[
    flag_of(
        "UH",
        "No endpoint of the host was healthy, so nothing was sent.",
        "Upstreams shows the endpoints: ejected ones come back by themselves; with none at all, look at DNS.",
    ),
    flag_of(
        "UF",
        "The gateway could not connect to the host.",
        "Upstreams shows which endpoint fails: firewall, NAT, wrong port, or a TLS handshake; logs say the reason.",
    ),
    flag_of(
        "UO",
        "A circuit breaker was open: too many connections or requests to the host.",
        "Upstreams shows which limit is reached; connectionPool of the host's DestinationRule sets it.",
    ),
    flag_of(
        "UT",
        "The host did not answer in time.",
        "Compare p99 of the host in Traffic with the timeout of the VirtualService's route.",
    ),
    flag_of(
        "UC",
        "The host closed the connection before it had answered.",
        "Often an idle timeout at the host or at NAT: set connectionPool.http.idleTimeout below it.",
    ),
    flag_of(
        "UR",
        "The host reset the request.",
        "Look at the host's own errors; a retry on reset (retries.retryOn of the VirtualService) may help.",
    ),
    flag_of(
        "LR",
        "The gateway reset the request itself.",
        "Logs give the response details of these requests; look for a restart or a change in Events.",
    ),
    flag_of(
        "URX",
        "The gateway tried again as often as it may, and every try failed.",
        "The flag beside it tells why; Upstreams shows the failing endpoints, retries.attempts is the limit.",
    ),
    flag_of(
        "UPE",
        "The host answered in a way that is no valid HTTP.",
        "Check the protocol of the port in the ServiceEntry: HTTP2 or TLS where HTTP is said, or the reverse.",
    ),
    flag_of(
        "UMSDR",
        "The request lasted longer than a request to the host may.",
        "The limit is max_stream_duration of the route or the cluster: raise it for long requests.",
    ),
    flag_of(
        "DF",
        "The name of the host could not be resolved.",
        "Look at the resolver that the gateway's pod uses; Upstreams counts the failures for each host.",
    ),
    flag_of(
        "LH",
        "The gateway's own health check failed.",
        "Pods shows whether it is ready and why not; it gets traffic again when it is.",
    ),
    flag_of(
        "NR",
        "No route, or no server, of the gateway fits the request.",
        "The host is missing in a Gateway or VirtualService; for TLS, the server name of the client is.",
    ),
    flag_of(
        "NC",
        "A route leads to a cluster that the gateway does not know.",
        "The VirtualService names a host or subset without ServiceEntry or DestinationRule, or hidden by exportTo.",
    ),
    flag_of(
        "UAEX",
        "The external authorization service refused the request.",
        "Look at the CUSTOM AuthorizationPolicy of the gateway, and at the service that it asks.",
    ),
    flag_of(
        "RL",
        "The request was refused by a rate limit.",
        "Traffic shows which host; the limit is set in an EnvoyFilter or by the rate limit service.",
    ),
    flag_of(
        "RLSE",
        "The rate limit service could not be asked.",
        "Upstreams shows the rate limit service like any host: look at its health.",
    ),
    flag_of(
        "DO",
        "The request was dropped, as the endpoints' configuration asks for under load.",
        "Look at the drop policy in what the control plane sends: EnvoyFilter, or who else sets endpoints.",
    ),
    flag_of(
        "UDO",
        "All requests to this host are dropped: its configuration says 100 %.",
        "Look at the drop policy in what the control plane sends: EnvoyFilter, or who else sets endpoints.",
    ),
    flag_of(
        "OM",
        "The gateway is overloaded and ends requests to save itself.",
        "Scaling shows memory and connections against their limits: more pods, or higher limits.",
    ),
    flag_of(
        "NFCF",
        "A filter of the gateway has not got its configuration yet.",
        "Events and logs tell whether istiod reaches the pod; a WasmPlugin that cannot be fetched does this too.",
    ),
    flag_of(
        "FI",
        "The request was refused on purpose: a fault is injected.",
        "Look for fault.abort in the VirtualService; remove it when the test is over.",
    ),
    flag_of(
        "DI",
        "The request was delayed on purpose: a fault is injected.",
        "Look for fault.delay in the VirtualService; remove it when the test is over.",
    ),
    flag_of(
        "RFCF",
        "The answer came from a cache in the gateway, not from the host.",
        "Nothing is wrong; the cache is set in an EnvoyFilter.",
    ),
    flag_of(
        "DC",
        "The client went away before the answer was complete.",
        "Compare the clients' timeout with p99 of the host in Traffic: clients may wait too short.",
    ),
    flag_of(
        "DR",
        "The client reset the request.",
        "Compare the clients' timeout with p99 of the host in Traffic: clients may cancel on purpose.",
    ),
    flag_of(
        "DPE",
        "The client sent something that is no valid HTTP.",
        "Check that clients speak the protocol of the Gateway's port: TLS to an HTTP port does this.",
    ),
    flag_of(
        "IH",
        "A header for Envoy, x-envoy-…, held a value that cannot be.",
        "Logs show which client sends it; the header must be taken out or put right there.",
    ),
    flag_of(
        "SI",
        "Nothing was sent or received for so long that the request was ended.",
        "Long waits need a higher stream_idle_timeout (EnvoyFilter), or clients and hosts that keep sending.",
    ),
    flag_of(
        "DT",
        "The request or connection lasted longer than it may.",
        "The limit is maxConnectionDuration, or max_stream_duration: raise it for long requests.",
    ),
    flag_of(
        "-",
        "No flag: the answer came from the host as it is.",
        "With a 5xx it is the host's own error: Traffic shows which codes it answers.",
    ),
];

/// The flag of this short name.
pub fn flag(short: &str) -> Option<&'static Flag> {
    FLAGS.iter().find(|flag| flag.short == short)
}

/// The flags of what stands in a label or an access log, `UF,URX`, each with its name: none where egret does not know it.
pub fn flags(combined: &str) -> impl Iterator<Item = (&str, Option<&'static Flag>)> {
    combined.split(',').map(str::trim).filter(|short| !short.is_empty()).map(|short| (short, flag(short)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Envoy 1.40 can write, of its documentation of `%RESPONSE_FLAGS%`.
    const ENVOYS: &str = "UH UF UO NR URX NC DT DC LH UT LR UR UC DI FI RL UAEX RLSE IH SI DPE UPE UMSDR RFCF NFCF OM DF \
                          DO DR UDO -";

    #[test]
    fn every_flag_of_envoy_is_explained_once() {
        let mut wanted: Vec<&str> = ENVOYS.split_whitespace().collect();
        let mut known: Vec<&str> = FLAGS.iter().map(|flag| flag.short).collect();
        wanted.sort_unstable();
        known.sort_unstable();
        assert_eq!(known, wanted);
    }

    #[test]
    fn meaning_and_next_step_are_short_sentences() {
        for flag in FLAGS {
            for (text, most) in [(flag.meaning, 78), (flag.next, 110)] {
                assert!(
                    text.ends_with('.') && text.starts_with(char::is_uppercase),
                    "{}: {text}",
                    flag.short
                );
                assert!(
                    text.chars().count() <= most,
                    "{}: {} of {most}: {text}",
                    flag.short,
                    text.chars().count()
                );
            }
        }
    }

    #[test]
    fn flags_are_found_by_the_name_that_envoy_writes() {
        assert_eq!(flag("UF").unwrap().meaning, "The gateway could not connect to the host.");
        assert!(flag("UO").unwrap().next.contains("connectionPool"));
        assert!(flag("uf").is_none() && flag("").is_none() && flag("UF,URX").is_none());
    }

    #[test]
    fn combined_flags_are_told_one_by_one() {
        let cases: &[(&str, &[(&str, bool)])] = &[
            ("UF,URX", &[("UF", true), ("URX", true)]),
            ("UF", &[("UF", true)]),
            ("-", &[("-", true)]),
            ("UH, NEW", &[("UH", true), ("NEW", false)]),
            ("", &[]),
            (",", &[]),
        ];
        for (combined, wanted) in cases {
            let told: Vec<_> = flags(combined).map(|(short, flag)| (short, flag.is_some())).collect();
            assert_eq!(told, *wanted, "{combined}");
        }
    }
}
