//! Windows at the edge of what is kept in full, and what stands at their ends.

use egret::metrics::Store;
use egret::metrics::series::{Metric, Series};
use egret::metrics::view::{By, Of, Quantity, Window};
use egret::model::reading::{Reading, Source};

use super::{moment, pod, scrape};

/// Scrapes at this interval, with traffic that stops and starts every so many seconds.
fn read_every(interval: f64, length: f64, changes: f64) -> Store {
    let mut store = Store::default();
    let (mut total, mut at) = (0.0, 0.0);
    while at <= length {
        // What was counted since the scrape before.
        if ((at - interval / 2.0) / changes).rem_euclid(2.0) < 1.0 {
            total += 100.0 * interval;
        }
        let sample = Series::of(Metric::Requests).host("h", 0).code(200).value(total);
        store.ingest(&scrape("a", at, None, Source::Istio, vec![sample]));
        at += interval;
    }
    store
}

#[test]
fn a_chart_of_five_minutes_shows_single_seconds_whenever_it_is_drawn() {
    // As of the scrapes that fill what is kept, and of every moment between them.
    for (last, late) in [(700.0, 0.0), (700.0, 0.4), (700.0, 0.9), (703.0, 0.2), (704.0, 0.7)] {
        let store = read_every(1.0, last, 5.0);
        let now = moment(last + late);
        let line = store.line(&[pod("a")], &Of::All, Quantity::Requests, Window::FiveMinutes, now, 60);
        assert_eq!(line.step, 5.0, "{last} + {late}");
        let known: Vec<f32> = line.values.iter().flatten().copied().collect();
        assert!(known.len() >= 58, "{last} + {late}: {}", known.len());
        assert!(known.iter().all(|n| *n < 0.1 || *n > 99.9), "{last} + {late}: {known:?}");
    }
}

#[test]
fn a_chart_of_an_hour_is_drawn_from_ten_seconds_whenever_it_is_drawn() {
    for last in [7_200.0, 7_203.0, 7_208.0, 7_244.0] {
        let store = read_every(2.0, last, 60.0);
        let line = store.line(&[pod("a")], &Of::All, Quantity::Requests, Window::Hour, moment(last), 60);
        assert_eq!(line.step, 60.0, "{last}");
        let known: Vec<f32> = line.values.iter().flatten().copied().collect();
        assert!(known.len() >= 58, "{last}: {}", known.len());
        // The cell that goes on holds what there is of it.
        assert!(known.iter().all(|n| *n < 0.1 || *n > 99.9), "{last}: {known:?}");
    }
}

/// A pod that says how many connections are open: of clients, and to these hosts.
fn open(store: &mut Store, name: &str, at: f64, clients: f64, hosts: &[(&str, f64)]) {
    let mut samples = vec![Series::of(Metric::DownstreamActive).value(clients)];
    for (host, connections) in hosts {
        let of = |metric| Series::of(metric).host(*host, 443);
        samples.push(of(Metric::UpstreamConnectionsActive).value(*connections));
        samples.push(of(Metric::Endpoints).value(1.0));
        samples.push(of(Metric::EndpointsHealthy).value(1.0));
        samples.push(of(Metric::UpstreamConnections).value(connections + at));
    }
    store.ingest(&scrape(name, at, None, Source::Envoy, samples));
}

#[test]
fn connections_of_pods_that_are_gone_and_of_hosts_that_were_removed_are_not_open() {
    let mut store = Store::default();
    for n in 0..3 {
        open(&mut store, "old", f64::from(n) * 10.0, 40.0, &[("api", 7.0)]);
        let all = [("api", 2.0), ("away", 5.0)];
        open(&mut store, "new", f64::from(n) * 10.0, 3.0, if n < 2 { &all } else { &all[..1] });
    }
    let (both, api) = ([pod("new"), pod("old")], Of::Host("api".into()));
    let active = |store: &Store, of: &Of, window| store.totals(&both, of, window, moment(20.0)).active;
    assert_eq!(active(&store, &Of::All, Window::Minute), Reading::Value(43.0));
    store.retain(&|key| *key == pod("new"));
    for window in [Window::Minute, Window::Day] {
        assert_eq!(active(&store, &Of::All, window), Reading::Value(3.0), "{window}");
        assert_eq!(active(&store, &api, window), Reading::Value(2.0), "{window}");
        assert_eq!(active(&store, &Of::Host("away".into()), window), Reading::Nothing, "{window}");
        let rows = |by| -> Vec<(String, Reading)> {
            let rows = store.rows(&both, by, window, moment(20.0));
            rows.into_iter().map(|row| (row.key.to_string(), row.totals.active)).collect()
        };
        let (nothing, unknown) = (Reading::Nothing, Reading::Unknown);
        let value = |n| Reading::Value(n);
        let mut hosts = rows(By::Host);
        hosts.sort_by(|(a, _), (b, _)| a.cmp(b));
        assert_eq!(hosts, [("api".into(), value(2.0)), ("away".into(), nothing)], "{window}");
        let mut pods = rows(By::Pod);
        pods.sort_by(|(a, _), (b, _)| a.cmp(b));
        assert_eq!(pods, [("new".into(), value(3.0)), ("old".into(), unknown)], "{window}");
        let upstreams = store.upstreams(&both, window, moment(20.0));
        let told: Vec<_> = upstreams.iter().map(|u| (&*u.host, u.connections, u.healthy)).collect();
        assert_eq!(told, [("api", value(2.0), value(1.0))], "{window}");
    }
}

#[test]
fn what_was_open_before_is_what_stood_then_and_not_what_stands_now() {
    let mut store = Store::default();
    // More by one every ten seconds, for three hours.
    for n in 0..1_080_u32 {
        open(&mut store, "a", f64::from(n) * 10.0, f64::from(n), &[]);
    }
    for (window, before) in [(Window::Minute, 1_073.0), (Window::QuarterHour, 989.0), (Window::Hour, 719.0)] {
        let now = moment(10_790.0);
        assert_eq!(store.totals(&[pod("a")], &Of::All, window, now).active, Reading::Value(1_079.0));
        let found = store.before(&[pod("a")], &Of::All, window, now).active.number().unwrap();
        // A slot tells its mean.
        assert!((found - before).abs() <= 6.0, "{window}: {found} is not {before}");
    }
    // Six hours ago nobody looked.
    let unknown = store.before(&[pod("a")], &Of::All, Window::SixHours, moment(10_790.0)).active;
    assert_eq!(unknown, Reading::Unknown);
    // Nor is what was read an hour ago what is so now.
    let later = store.totals(&[pod("a")], &Of::All, Window::SixHours, moment(14_400.0)).active;
    assert_eq!(later, Reading::Unknown);
}
