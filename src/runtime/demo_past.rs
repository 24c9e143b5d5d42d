//! The past of the demo's proxies: what egret would have read, had it looked for half an hour already.
//!
//! A proxy of the demo can tell what it would have said at any moment of its run. When it is read for the first time, its past
//! is read too, on a thread that may block, and goes before what was read: a chart begins with a line, not with a dot.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use crate::demo::envoy::FIRST;
use crate::demo::world::World;
use crate::metrics::Scrape;
use crate::model::name::ObjectKey;
use crate::sources::proxies;
use crate::sources::proxies::past::{CLUSTERS, QUERY};

/// How many readings of the past, and how far apart they are, the newest first.
const STEPS: [(u32, Duration); 2] = [(30, Duration::from_secs(10)), (10, Duration::from_secs(120))];

/// The least that makes a rate: what tests begin with, which open hundreds of demos.
const LEAST: [(u32, Duration); 1] = [(2, Duration::from_secs(10))];

/// The past of proxies, each of which is told once.
pub(super) struct Past {
    world: World,
    /// How far back it is told.
    steps: &'static [(u32, Duration)],
    told: BTreeSet<(ObjectKey, Box<str>)>,
}

impl Past {
    /// Of a world, of which nothing was told yet.
    pub(super) fn new(world: World, whole: bool) -> Self {
        Self { world, steps: if whole { &STEPS } else { &LEAST }, told: BTreeSet::new() }
    }

    /// What goes before the first reading of a proxy, oldest first; nothing before those that follow.
    pub(super) async fn before(&mut self, scrape: &Scrape) -> Vec<Scrape> {
        if !self.told.insert((scrape.pod.clone(), scrape.uid.clone())) {
            return Vec::new();
        }
        // Its samples are not needed: only whose it is, and when it was.
        let scrape = Scrape { samples: Vec::new(), ..scrape.clone() };
        let (world, steps) = (self.world.clone(), self.steps);
        // A thread that fails has no past to tell.
        tokio::task::spawn_blocking(move || read(&world, &scrape, steps)).await.unwrap_or_default()
    }
}

/// Moments before another, oldest first.
fn moments(before: Timestamp, steps: &[(u32, Duration)]) -> Vec<Timestamp> {
    let mut at = before;
    let mut all = Vec::new();
    for (count, step) in steps {
        for _ in 0..*count {
            at = at.checked_sub(*step).unwrap_or(at);
            all.push(at);
        }
    }
    all.reverse();
    all
}

fn read(world: &World, scrape: &Scrape, steps: &[(u32, Duration)]) -> Vec<Scrape> {
    let Some(cluster) = world.cluster(scrape.pod.cluster.as_str()) else { return Vec::new() };
    let pod = (&*scrape.pod.namespace, &*scrape.pod.name);
    let times = moments(scrape.at, steps);
    let Some(over) = cluster.stats_over(pod, QUERY, &times) else { return Vec::new() };
    let past = proxies::past::Past::new(scrape, &over.text, FIRST);
    let at = |(at, numbers): (&Timestamp, &Option<Vec<Option<f64>>>)| {
        let clusters = || cluster.stats_at(pod, 15_000, CLUSTERS, *at).map(|answer| answer.text);
        Some(past.at(*at, numbers.as_deref()?, clusters))
    };
    times.iter().zip(&over.numbers).filter_map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::story;
    use crate::demo::world::begin;
    use crate::metrics::read::Reader;
    use crate::metrics::scrape::Way;
    use crate::model::name::{ClusterName, Kind};
    use crate::model::reading::Source;

    fn scraped(cluster: &str, pod: &crate::demo::envoy::GatewayPod, source: Source) -> Scrape {
        let key = ObjectKey {
            cluster: ClusterName::from(cluster),
            kind: Kind::Pod,
            namespace: pod.namespace.as_str().into(),
            name: pod.name.as_str().into(),
        };
        Scrape {
            pod: key,
            uid: pod.uid.as_str().into(),
            at: begin(),
            took: Duration::ZERO,
            bytes: 0,
            way: Way::PodProxy(15_090),
            uptime: None,
            broken: 0,
            dropped: 0,
            source,
            samples: Vec::new(),
        }
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "prints how long it takes; asserts nothing of it")]
    fn the_past_is_what_would_have_been_read_then() {
        let world = World::new(vec![story::place(1, "frankfurt").unwrap()], begin(), 0.0);
        let pods = world.gateway_pods();
        for (stem, source) in [
            ("istio-egress-payments-", Source::Istio),
            ("egress-legacy-erp-", Source::Admin),
            ("egress-mail-", Source::Admin),
        ] {
            let old = |(_, pod): &&(String, crate::demo::envoy::GatewayPod)| {
                pod.name.starts_with(stem) && begin().duration_since(pod.start).as_hours() > 1
            };
            let (_, pod) = pods.iter().find(old).unwrap();
            let clock = std::time::Instant::now();
            let past = read(&world, &scraped("frankfurt", pod, source), &STEPS);
            println!("{stem} {} readings in {:?}", past.len(), clock.elapsed());
            assert!(past.len() == 40 && past.is_sorted_by_key(|s| s.at));
            for one in [&past[0], &past[20], &past[39]] {
                let cluster = world.cluster("frankfurt").unwrap();
                let path = format!("/stats/prometheus?{QUERY}");
                let told = cluster.stats_at((&pod.namespace, &pod.name), 15_090, &path, one.at).unwrap();
                let then = Reader::read(told.text.as_bytes());
                assert_eq!(one.uptime, then.uptime);
                for sample in &then.samples {
                    let same = one.samples.iter().find(|s| s.series == sample.series);
                    let Some(same) = same else { panic!("{stem}: no {sample:?} in {:?}", one.samples) };
                    let near = (same.value - sample.value).abs() <= 1e-9 * sample.value.abs();
                    assert!(near, "{:?}: {} is not {}", sample.series, same.value, sample.value);
                }
            }
            let wanted = |s: &Scrape| (s.source == Source::Admin) == (stem == "egress-mail-");
            assert!(past.iter().all(wanted), "{stem}: {:?}", past[0].source);
            assert!(past.iter().all(|s| s.samples.len() > 10));
        }
    }

    #[test]
    fn half_an_hour_is_told_oldest_first_and_closer_together_towards_its_end() {
        let now = Timestamp::UNIX_EPOCH + Duration::from_secs(10_000);
        let all = moments(now, &STEPS);
        assert!(all.is_sorted() && all.len() == 40);
        let ago = |at: Timestamp| now.duration_since(at).as_secs();
        assert_eq!((ago(all[0]), ago(all[9]), ago(all[10]), ago(all[39])), (1_500, 420, 300, 10));
    }
}
