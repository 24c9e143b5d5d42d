//! Rates and quantiles of generated pods, scrapes and windows, against the model.

use egret::metrics::Store;
use egret::metrics::scrape::Missed;
use egret::metrics::series::{Metric, Sample, Series};
use egret::metrics::view::{Of, Quantity, Window};
use egret::model::fault::{Fault, Reason};
use egret::model::reading::{Reading, Source};
use fastrand::Rng;
use strum::IntoEnumIterator as _;

use super::model::{History, Scrapes, histogram_quantile};
use super::{moment, pod, scrape};

const CASES: u64 = 400;

const BOUNDS: [f64; 6] = [10.0, 50.0, 100.0, 500.0, 1_000.0, f64::INFINITY];

const CODES: [u16; 4] = [200, 404, 503, 0];

/// A pod of a case: what its proxy said over time.
struct Proxy {
    name: String,
    scrapes: Scrapes,
    /// Requests by code, as two series of the proxy each.
    requests: Vec<(u16, u32, History)>,
    /// Cumulative buckets, as two series of the proxy each.
    buckets: Vec<(f64, u32, History)>,
}

/// What happens to the counters between two scrapes.
struct Counters {
    requests: Vec<f64>,
    buckets: Vec<Vec<f64>>,
    /// Series that were taken away.
    away: Vec<bool>,
}

impl Counters {
    fn new() -> Self {
        Self {
            requests: vec![0.0; CODES.len() * 2],
            buckets: vec![vec![0.0; BOUNDS.len()]; 2],
            away: vec![false; CODES.len() * 2],
        }
    }

    fn count(&mut self, rng: &mut Rng) {
        for (value, away) in self.requests.iter_mut().zip(&mut self.away) {
            let most = if rng.bool() { 200 } else { 1 };
            *value += f64::from(rng.u32(0..most));
            if rng.u32(0..15) == 0 {
                // Evicted, or back; sometimes from zero.
                *away = !*away;
                if rng.bool() {
                    *value = f64::from(rng.u32(0..30));
                }
            }
            if rng.u32(0..40) == 0 {
                *value = 0.0;
            }
        }
        for buckets in &mut self.buckets {
            for _ in 0..rng.u32(0..60) {
                // Few are slower than the last bound.
                let first =
                    if rng.u32(0..80) == 0 { BOUNDS.len() - 1 } else { rng.usize(0..BOUNDS.len() - 1) };
                buckets.iter_mut().skip(first).for_each(|count| *count += 1.0);
            }
        }
    }
}

fn proxy(name: &str, rng: &mut Rng) -> Proxy {
    let interval = [1.0, 5.0, 7.5, 30.0][rng.usize(0..4)];
    let series = |n: usize| (CODES[n / 2], n as u32 % 2, History::new());
    let mut proxy = Proxy {
        name: name.into(),
        scrapes: Scrapes::default(),
        requests: (0..CODES.len() * 2).map(series).collect(),
        buckets: (0..2).flat_map(|part| BOUNDS.map(|le| (le, part, History::new()))).collect(),
    };
    let mut counters = Counters::new();
    let (mut at, mut started) = (f64::from(rng.u32(0..1_000)) / 1_000.0, -1_000.0);
    for _ in 0..rng.usize(1..120) {
        let missed = if rng.u32(0..20) == 0 { rng.u32(1..6) } else { 0 };
        // Times are told in milliseconds.
        at += ((interval * f64::from(missed + 1) + (rng.f64() - 0.5) * interval / 5.0) * 1_000.0).round()
            / 1_000.0;
        if rng.u32(0..40) == 0 {
            (counters, started) = (Counters::new(), at - rng.f64() * interval);
        }
        counters.count(rng);
        proxy.scrapes.times.push(at);
        proxy.scrapes.uptimes.push((at - started).floor());
        proxy.scrapes.missed.push(missed);
        for (n, (_, _, history)) in proxy.requests.iter_mut().enumerate() {
            let value = counters.requests[n];
            // A counter that never counted is not there.
            let begun = value > 0.0 || history.iter().flatten().next().is_some();
            history.push((begun && !counters.away[n]).then_some(value));
        }
        for (n, (_, _, history)) in proxy.buckets.iter_mut().enumerate() {
            history.push(Some(counters.buckets[n / BOUNDS.len()][n % BOUNDS.len()]));
        }
    }
    proxy
}

/// Everything the proxies said, in the order in which it was said.
fn fill(proxies: &[Proxy]) -> Store {
    let mut store = Store::default();
    for proxy in proxies {
        for (n, at) in proxy.scrapes.times.iter().enumerate() {
            for missed in 0..proxy.scrapes.missed[n] {
                let before = n.checked_sub(1).map_or(0.0, |before| proxy.scrapes.times[before]);
                let at = moment(before + (at - before) * f64::from(missed + 1) / 7.0);
                let fault = Fault::new(Reason::Unreachable, "no answer", "");
                store.miss(&Missed { pod: pod(&proxy.name), at, fault });
            }
            let of = |metric, part| Series::of(metric).host("api.example.com", 0).part(part);
            let requests = proxy.requests.iter().filter_map(|(code, part, history)| {
                Some(of(Metric::Requests, *part).code(*code).value(history[n]?))
            });
            let buckets = proxy.buckets.iter().filter_map(|(le, part, history)| {
                Some(of(Metric::DurationBucket, *part).le(*le).value(history[n]?))
            });
            let samples: Vec<Sample> = requests.chain(buckets).collect();
            store.ingest(&scrape(&proxy.name, *at, Some(proxy.scrapes.uptimes[n]), Source::Istio, samples));
        }
    }
    store
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-4 * a.abs().max(b.abs()).max(1e-3)
}

#[test]
fn rates_and_quantiles_are_those_that_prometheus_tells() {
    let (mut compared, mut quantiles, mut above) = (0, 0, 0);
    for seed in 0..CASES {
        let mut rng = Rng::with_seed(seed);
        let one = proxy("a", &mut rng);
        let store = fill(std::slice::from_ref(&one));
        let end = one.scrapes.times.last().copied().unwrap_or_default();
        for window in [Window::Minute, Window::FiveMinutes, Window::QuarterHour] {
            let to = end + rng.f64() * 3.0;
            let from = to - f64::from(window.seconds());
            // Milliseconds again.
            let now = moment(to);
            let totals = store.totals(&[pod("a")], &Of::All, window, now);
            let grown = |codes: &[u16]| -> f64 {
                let of = one.requests.iter().filter(|(code, _, _)| codes.contains(code));
                of.map(|(_, _, history)| one.scrapes.increase_in(history, from, to).0).sum()
            };
            let (_, covered) = one.scrapes.increase_in(&one.requests[0].2, from, to);
            if covered == 0.0 {
                assert_eq!(totals.requests, Reading::Unknown, "case {seed}, {window}");
                continue;
            }
            let (all, failed, client) = (grown(&CODES), grown(&[503, 0]), grown(&[404]));
            let requests = totals.requests.number().unwrap();
            assert!(
                near(requests, all / covered),
                "case {seed}, {window}: {requests} is not {}",
                all / covered
            );
            let client_errors = totals.client_errors.number().unwrap();
            assert!(near(client_errors, client / covered), "case {seed}, {window}: {client_errors}");
            if all > 0.0 {
                let success = totals.success.number().unwrap();
                assert!(near(success, 1.0 - failed / all), "case {seed}, {window}: {success}");
            } else {
                assert_eq!(totals.success, Reading::Nothing, "case {seed}, {window}");
            }
            compared += 1;
            let stacked: Vec<(f64, f64)> = BOUNDS
                .iter()
                .map(|le| {
                    let of = one.buckets.iter().filter(|(bound, _, _)| bound == le);
                    (*le, of.map(|(_, _, history)| one.scrapes.increase_in(history, from, to).0).sum())
                })
                .collect();
            for (q, reading) in [(0.5, totals.p50), (0.9, totals.p90), (0.99, totals.p99)] {
                let expected = histogram_quantile(q, &stacked);
                match (reading, expected) {
                    (Reading::Nothing, None) => {}
                    (Reading::Above(n), Some(expected)) => {
                        above += 1;
                        assert_eq!((n, expected), (1_000.0, 1_000.0), "case {seed}, {window}, {q}");
                    }
                    (Reading::Value(n) | Reading::Rough(n), Some(expected)) => {
                        quantiles += 1;
                        assert!(near(n, expected), "case {seed}, {window}, {q}: {n} is not {expected}");
                        let total = stacked.last().unwrap().1;
                        let few = total < 10.0 || total * (1.0 - q) < 1.0 - 1e-9;
                        assert_eq!(matches!(reading, Reading::Rough(_)), few, "case {seed}, {window}, {q}");
                    }
                    other => panic!("case {seed}, {window}, {q}: {other:?}"),
                }
            }
        }
    }
    // The cases are cases of something.
    assert!(compared > 800 && quantiles > 1_500 && above > 200, "{compared} {quantiles} {above}");
}

#[test]
fn what_several_pods_say_is_summed_before_a_quantile_is_taken() {
    for seed in 0..200 {
        let mut rng = Rng::with_seed(10_000 + seed);
        // Pods that are read in the same seconds, so that rates of the pods are rates of all.
        let mut proxies: Vec<Proxy> = ["a", "b", "c"].map(|name| proxy(name, &mut rng)).into();
        let mut scrapes = proxies[0].scrapes.clone();
        let length = proxies.iter().map(|p| p.scrapes.times.len()).min().unwrap_or_default();
        scrapes.times.truncate(length);
        scrapes.uptimes.truncate(length);
        scrapes.missed.truncate(length);
        proxies.iter_mut().for_each(|p| p.scrapes = scrapes.clone());
        let store = fill(&proxies);
        let to = scrapes.times.last().copied().unwrap_or_default();
        let from = to - f64::from(Window::FiveMinutes.seconds());
        let keys = ["a", "b", "c"].map(pod);
        let totals = store.totals(&keys, &Of::All, Window::FiveMinutes, moment(to));
        let rate: f64 = proxies
            .iter()
            .flat_map(|p| p.requests.iter().map(|(_, _, history)| p.scrapes.increase_in(history, from, to)))
            .map(|(grown, covered)| if covered > 0.0 { grown / covered } else { 0.0 })
            .sum();
        let Some(requests) = totals.requests.number() else {
            assert_eq!(rate, 0.0, "case {seed}");
            continue;
        };
        assert!(near(requests, rate), "case {seed}: {requests} is not {rate}");
        let stacked = BOUNDS.map(|le| {
            let of = proxies.iter().flat_map(|p| p.buckets.iter().map(move |b| (p, b)));
            let of = of.filter(|(_, (bound, _, _))| *bound == le);
            (le, of.map(|(p, (_, _, history))| p.scrapes.increase_in(history, from, to).0).sum())
        });
        if let (Some(p90), Some(expected)) = (totals.p90.number(), histogram_quantile(0.9, &stacked)) {
            assert!(near(p90, expected), "case {seed}: {p90} is not {expected}");
        }
    }
}

#[test]
fn a_line_tells_in_each_cell_what_was_counted_in_it() {
    let mut compared = 0;
    for seed in 0..100 {
        let mut rng = Rng::with_seed(20_000 + seed);
        let one = proxy("a", &mut rng);
        let store = fill(std::slice::from_ref(&one));
        let end = one.scrapes.times.last().copied().unwrap_or_default();
        let line =
            store.line(&[pod("a")], &Of::All, Quantity::Requests, Window::FiveMinutes, moment(end), 60);
        assert!(line.values.len() <= 60 && !line.values.is_empty(), "case {seed}");
        let from = (line.from.as_millisecond() - moment(0.0).as_millisecond()) as f64 / 1_000.0;
        for (n, value) in line.values.iter().enumerate() {
            let (begin, stop) = (from + line.step * n as f64, from + line.step * (n + 1) as f64);
            // What each pair of scrapes says of a second, over the seconds that lie in the cell.
            let (mut grown, mut known, mut blurred) = (0.0, 0.0, false);
            for at in 0..one.scrapes.times.len() {
                let Some(gap) = one.scrapes.pair(at) else { continue };
                let time = one.scrapes.times[at];
                let seconds = (time.min(stop) - (time - gap).max(begin)).max(0.0);
                // After a missed one only a part is shown.
                blurred |= seconds > 0.0 && one.scrapes.missed[at] > 0;
                let histories = one.requests.iter().map(|(_, _, history)| history);
                let more: f64 = histories.filter_map(|history| one.scrapes.increase(history, at)).sum();
                grown += more / gap * seconds;
                known += seconds;
            }
            match value {
                _ if blurred => {}
                Some(value) => {
                    compared += 1;
                    let expected = grown / known;
                    assert!(
                        near(f64::from(*value), expected),
                        "case {seed}, cell {n}: {value} is not {expected}"
                    );
                }
                None => assert!(known < 1e-6, "case {seed}, cell {n}: {known} s are known"),
            }
        }
    }
    assert!(compared > 1_500, "{compared}");
}

#[test]
fn windows_that_reach_further_back_than_single_scrapes_agree_with_what_was_counted() {
    let mut store = Store::default();
    let mut rng = Rng::with_seed(7);
    let mut total = 0.0;
    let mut counted = Vec::new();
    // A day and an hour, every five seconds.
    for n in 0..18_000_u32 {
        let at = f64::from(n) * 5.0;
        total += f64::from(rng.u32(0..20));
        counted.push((at, total));
        let sample = Series::of(Metric::Requests).host("h", 0).code(200).value(total);
        store.ingest(&scrape("a", at, Some(at + 100.0), Source::Istio, vec![sample]));
    }
    let end = counted.last().unwrap().0;
    for window in Window::iter() {
        let reading = store.totals(&[pod("a")], &Of::All, window, moment(end)).requests;
        let from = end - f64::from(window.seconds());
        let before = counted.iter().rev().find(|(at, _)| *at <= from).unwrap();
        let rate = (total - before.1) / (end - before.0);
        // Slots at the edge hold a little more or less.
        let wrong = (reading.number().unwrap() - rate).abs() / rate;
        assert!(wrong < 0.02, "{window}: {reading:?} is not {rate}");
        let line = store.line(&[pod("a")], &Of::All, Quantity::Requests, window, moment(end), 60);
        let known: Vec<f32> = line.values.iter().flatten().copied().collect();
        assert!(known.len() + 2 >= line.values.len(), "{window}: {} of {}", known.len(), line.values.len());
        let mean = known.iter().map(|v| f64::from(*v)).sum::<f64>() / known.len() as f64;
        assert!((mean - rate).abs() / rate < 0.05, "{window}: {mean} is not {rate}");
    }
}
