use super::*;

/// What a real Envoy said, under a known load: see `tests/example/capture`.
const CAPTURES: &[(&str, &str)] = &[
    ("bare", include_str!("../../../../tests/data/envoy/bare/stats-usedonly.prom")),
    ("own tags, whole", include_str!("../../../../tests/data/envoy/bare/whole-stats-own-tags.prom")),
    ("own tags", include_str!("../../../../tests/data/envoy/bare/stats-own-tags.prom")),
    ("default matcher", include_str!("../../../../tests/data/envoy/bare/stats-default.prom")),
    ("agent", include_str!("../../../../tests/data/envoy/agent/stats-15090.prom")),
    ("agent, merged", include_str!("../../../../tests/data/envoy/agent/stats-15020.prom")),
    ("agent, all", include_str!("../../../../tests/data/envoy/agent-all/stats-15090.prom")),
    ("agent, all, merged", include_str!("../../../../tests/data/envoy/agent-all/stats-15020.prom")),
];

fn capture(name: &str) -> Read {
    read(CAPTURES.iter().find(|(other, _)| *other == name).unwrap().1)
}

/// Requests to a host by code.
fn requests(read: &Read, host: &str) -> Vec<(u16, f64)> {
    let of = |sample: &&Sample| {
        sample.series.metric == Metric::Requests && sample.series.host.as_deref() == Some(host)
    };
    read.samples.iter().filter(of).map(|sample| (sample.series.code, sample.value)).collect()
}

#[test]
fn what_a_real_envoy_says_is_read_to_the_last_line() {
    for (name, text) in CAPTURES {
        let read = read(text);
        assert_eq!((read.broken, read.dropped), (0, 0), "{name}");
        assert!(read.uptime.is_some(), "{name}");
        let hosts: Vec<_> = read.samples.iter().filter_map(|s| s.series.host.as_deref()).collect();
        let foreign = hosts
            .iter()
            .find(|host| host.contains('|') || host.contains("grpc") || host.contains("external"));
        assert_eq!(foreign, None, "{name}");
    }
}

#[test]
fn the_known_load_of_a_real_envoy_is_found_in_what_it_says() {
    let bare = capture("bare");
    assert_eq!((bare.has_istio, bare.has_envoy), (true, true));
    assert_eq!(requests(&bare, "api.example.com"), [(200, 46.0), (404, 3.0), (500, 2.0), (503, 1.0)]);
    assert_eq!(requests(&bare, "down.example.com"), [(503, 6.0)]);
    let flags = bare
        .samples
        .iter()
        .find(|s| s.series.host.as_deref() == Some("down.example.com") && s.series.flags.is_some());
    assert_eq!(flags.and_then(|s| s.series.flags.as_deref()), Some("URX,UF"));
    // By Envoy's own tags, and without Istio's counter.
    let own = capture("own tags");
    assert_eq!((own.has_istio, own.has_envoy), (false, true));
    assert_eq!(requests(&own, "api.example.com"), [(200, 5.0)]);
    // The same where all is told and less was asked for.
    assert_eq!(requests(&capture("own tags, whole"), "api.example.com"), [(200, 5.0)]);
    assert!(
        own.samples.iter().all(|s| s
            .series
            .host
            .as_deref()
            .is_none_or(|h| h == "api.example.com" && s.series.port == 80))
    );
    // The default matcher tells of no host at all, and of the connections of clients.
    let default = capture("default matcher");
    assert_eq!((default.has_istio, default.has_envoy), (false, false));
    let active = default.samples.iter().filter(|s| s.series.metric == Metric::DownstreamActive);
    assert_eq!(active.map(|s| s.value).collect::<Vec<_>>(), [0.0, 0.0]);
}

#[test]
fn the_control_plane_is_told_under_pilot_agent_and_codes_beside_their_classes() {
    for name in ["agent", "agent, merged", "agent, all"] {
        let read = capture(name);
        let plane = read.samples.iter().find(|s| s.series.metric == Metric::ControlPlane);
        assert_eq!(plane.map(|s| s.value), Some(1.0), "{name}");
        assert!(
            read.samples.iter().all(|s| s.series.metric != Metric::Requests || s.series.code >= 100),
            "{name}"
        );
    }
}
