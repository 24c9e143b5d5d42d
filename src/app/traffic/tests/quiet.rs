//! A gateway through which nothing new goes is not one that nobody uses.

use super::*;
use crate::app::traffic::testing::{Flow, scrape};
use crate::metrics::series::Metric;

const TCP: Flow = Flow { host: "db.example.com", port: 5432, rate: 0.0, fails: None, flags: &[] };
const HTTP: Flow = Flow { host: "api.example.com", port: 443, rate: 5.0, fails: None, flags: &[] };

/// Has these pods say for three minutes what they said at their beginning, but for the bytes if those move, with so many
/// connections of clients.
fn quiet(app: &mut App, pods: &[ObjectKey], flow: &Flow, moves: bool, open: f64) {
    let begin = at("11:49:00");
    for step in 0..=36 {
        let now = begin.checked_add(SignedDuration::from_secs(step * 5)).unwrap();
        for pod in pods {
            let (mut first, then) = (
                scrape(pod, std::slice::from_ref(flow), begin),
                scrape(pod, std::slice::from_ref(flow), now),
            );
            for (sample, later) in first.samples.iter_mut().zip(&then.samples) {
                match sample.series.metric {
                    Metric::DownstreamActive => sample.value = open,
                    Metric::TcpSent | Metric::TcpReceived if moves => sample.value = later.value,
                    _ => {}
                }
            }
            (first.at, first.uptime) = (now, then.uptime);
            let _ = update(app, Msg::Scraped(crate::metrics::Scraped::Scrape(Box::new(first))));
        }
    }
}

fn told(flow: &Flow, moves: bool, open: f64, read: usize) -> (Tone, String) {
    let (mut app, _) = app();
    let all = pods(&app, "eu", "out");
    quiet(&mut app, &all[..read], flow, moves, open);
    let row = app.gateway(&id(&app, "eu", "out")).unwrap();
    let fact = app.through(&row);
    (fact.tone, fact.value.to_string())
}

#[test]
fn a_deletion_says_that_open_connections_carry_traffic_and_that_not_all_proxies_were_read() {
    let data = "No new request, but data goes through 24 open connections";
    assert_eq!(told(&TCP, true, 12.0, 2), (Tone::Bad, data.to_owned()));
    let open = "No request in the last minute, and 24 open connections";
    assert_eq!(told(&HTTP, false, 12.0, 2), (Tone::Warn, open.to_owned()));
    let unread =
        "Nothing goes through 1 of its 2 pods; of the other 1 it is not known: their proxies were not read";
    assert_eq!(told(&HTTP, false, 0.0, 1), (Tone::Warn, unread.to_owned()));
    assert_eq!(
        told(&HTTP, false, 0.0, 2),
        (Tone::Plain, "Nothing went through it in the last minute".to_owned())
    );
    let none = "How much goes through it now is not known: its proxies were not read";
    assert_eq!(told(&HTTP, false, 0.0, 0), (Tone::Warn, none.to_owned()));
}

#[test]
fn a_host_whose_connections_stay_open_is_not_said_to_have_no_traffic() {
    let (mut app, _) = app();
    let all = pods(&app, "eu", "out");
    quiet(&mut app, &all, &TCP, true, 12.0);
    let app = at_traffic(app);
    let shown = &view(&app).shown;
    assert!(
        shown.explain[0].contains("db.example.com:5432: passed through, 0 opened a second, 24 open"),
        "{:?}",
        shown.explain
    );
    assert!(shown.cards.iter().any(|card| card.title == "CONN/s"), "{:?}", shown.cards);
}

#[test]
fn after_one_reading_a_host_is_not_said_to_have_no_traffic() {
    let (mut app, _) = app();
    for pod in pods(&app, "eu", "out") {
        let once = scrape(&pod, std::slice::from_ref(&HTTP), now());
        let _ = update(&mut app, Msg::Scraped(crate::metrics::Scraped::Scrape(Box::new(once))));
    }
    let app = at_traffic(app);
    let shown = &view(&app).shown;
    let words =
        shown.saying.as_ref().map(|(_, text, _)| text.clone()).unwrap_or_default() + &shown.explain[0];
    assert!(words.contains("two readings"), "{words}");
    assert!(!words.contains("nothing goes there"), "{words}");
}

#[test]
fn a_route_and_a_rollout_of_one_moment_are_two_marks() {
    let (mut app, _) = app();
    let of = id(&app, "eu", "istio-other");
    app.traffic.markers.add(&of, now(), "VirtualService a/b changed");
    let scaled = with(gateway_objects("istio-other", 1)[0].clone(), "/spec/replicas", json!(4));
    let mut objects = vec![with(scaled, "/metadata/generation", json!(2))];
    objects.extend(gateway_objects("istio-other", 1).into_iter().skip(1));
    let next = Snapshot { revision: 1, ..cluster("eu", &objects) };
    let _ = update(&mut app, Msg::Snapshot(Arc::new(next)));
    let texts: Vec<&str> = app.traffic.markers.of(&of).iter().map(|mark| &*mark.text).collect();
    assert_eq!(texts, ["VirtualService a/b changed", "scaled 1 → 4"]);
}
