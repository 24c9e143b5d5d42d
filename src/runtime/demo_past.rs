//! The past of the demo's proxies: what egret would have read, had it looked for an hour already.
//!
//! A proxy of the demo can tell what it would have said at any moment of its run. When it is read for the first time, its past
//! is read too, on a thread that may block, and goes before what was read: a chart begins with a line, not with a dot.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use crate::demo::world::World;
use crate::metrics::Scrape;
use crate::model::name::ObjectKey;
use crate::sources::proxies::past;

/// How many readings of the past, and how far apart they are, the newest first.
const STEPS: [(u32, Duration); 2] = [(60, Duration::from_secs(5)), (27, Duration::from_secs(120))];

/// Readings that are made in one piece: the cluster waits for them.
const PIECE: usize = 8;

/// The past of proxies, each of which is told once.
pub(super) struct Past {
    world: World,
    told: BTreeSet<(ObjectKey, Box<str>)>,
}

impl Past {
    /// Of a world, of which nothing was told yet.
    pub(super) fn new(world: World) -> Self {
        Self { world, told: BTreeSet::new() }
    }

    /// What goes before the first reading of a proxy, oldest first; nothing before those that follow.
    pub(super) async fn before(&mut self, scrape: &Scrape) -> Vec<Scrape> {
        if !self.told.insert((scrape.pod.clone(), scrape.uid.clone())) {
            return Vec::new();
        }
        // Its samples are not needed: only whose it is, and when it was.
        let scrape = Scrape { samples: Vec::new(), ..scrape.clone() };
        let world = self.world.clone();
        // A thread that fails has no past to tell.
        tokio::task::spawn_blocking(move || read(&world, &scrape)).await.unwrap_or_default()
    }
}

/// Moments before another, oldest first.
fn moments(before: Timestamp) -> Vec<Timestamp> {
    let mut at = before;
    let mut all = Vec::new();
    for (count, step) in STEPS {
        for _ in 0..count {
            at = at.checked_sub(step).unwrap_or(at);
            all.push(at);
        }
    }
    all.reverse();
    all
}

fn read(world: &World, scrape: &Scrape) -> Vec<Scrape> {
    let Some(cluster) = world.cluster(scrape.pod.cluster.as_str()) else { return Vec::new() };
    let pod = (&*scrape.pod.namespace, &*scrape.pod.name);
    let path = past::statistics();
    let mut all = Vec::new();
    for times in moments(scrape.at).chunks(PIECE) {
        let texts = cluster.stats_over(pod, 15_090, &path, times);
        for (at, answer) in times.iter().zip(texts) {
            let Some(answer) = answer else { continue };
            let clusters = || cluster.stats_over(pod, 15_000, past::CLUSTERS, &[*at]).pop().flatten();
            all.push(past::before(scrape, *at, &answer.text, || clusters().map(|a| a.text)));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_told_oldest_first_and_closer_together_towards_its_end() {
        let now = Timestamp::UNIX_EPOCH + Duration::from_secs(10_000);
        let all = moments(now);
        assert!(all.is_sorted() && all.len() == 87);
        let ago = |at: Timestamp| now.duration_since(at).as_secs();
        assert_eq!((ago(all[0]), ago(all[26]), ago(all[27]), ago(all[86])), (3_540, 420, 300, 5));
    }
}
