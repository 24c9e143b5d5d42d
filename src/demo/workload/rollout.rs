//! How many pods of the old and of the new template a rollout wants: numbers in, numbers out.

use serde_json::Value;

/// What a rolling update keeps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// Pods that are wanted.
    pub(super) replicas: i64,
    /// Pods above that.
    pub(super) surge: i64,
    /// Pods that may be missing.
    pub(super) unavailable: i64,
}

impl Limits {
    /// Of a Deployment. Shares are rounded up for the surge and down for what may be missing; both 0 would stand still.
    pub(super) fn of(deployment: &Value) -> Self {
        let replicas = deployment["spec"]["replicas"].as_i64().unwrap_or(1);
        let rolling = &deployment["spec"]["strategy"]["rollingUpdate"];
        let recreates = deployment["spec"]["strategy"]["type"] == "Recreate";
        let surge = if recreates { 0 } else { amount(&rolling["maxSurge"], replicas, true) };
        let unavailable = if recreates { 0 } else { amount(&rolling["maxUnavailable"], replicas, false) };
        let unavailable = if surge == 0 && unavailable == 0 && !recreates { 1 } else { unavailable };
        Self { replicas, surge, unavailable: unavailable.min(replicas) }
    }

    /// Most pods at once.
    pub(super) fn most(self) -> i64 {
        self.replicas + self.surge
    }

    /// Fewest available ones.
    pub(super) fn fewest(self) -> i64 {
        self.replicas - self.unavailable
    }
}

/// A number, or a share of the replicas.
fn amount(value: &Value, replicas: i64, up: bool) -> i64 {
    match value {
        Value::Number(n) => n.as_i64().unwrap_or_default(),
        Value::String(text) => match text.strip_suffix('%').and_then(|p| p.parse::<i64>().ok()) {
            Some(share) if up => (replicas * share + 99) / 100,
            Some(share) => replicas * share / 100,
            None => text.parse().unwrap_or_default(),
        },
        // The API's default.
        _ => amount(&Value::from("25%"), replicas, up),
    }
}

/// One ReplicaSet in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Set {
    /// Wanted.
    pub(super) spec: i64,
    /// There and available.
    pub(super) available: i64,
    /// There.
    pub(super) there: i64,
}

/// How many pods of the new template there should be now.
pub(super) fn new_size(limits: Limits, new: Set, all: &[Set]) -> i64 {
    if new.spec >= limits.replicas {
        return limits.replicas;
    }
    // Pods that are to go but have not gone yet take room too.
    let total: i64 = all.iter().map(|s| s.spec.max(s.there)).sum();
    let room = limits.most() - total;
    if room <= 0 { new.spec } else { new.spec + room.min(limits.replicas - new.spec) }
}

/// The sizes that the old sets should have now, oldest first.
pub(super) fn old_sizes(limits: Limits, new: Set, old: &[Set]) -> Vec<i64> {
    let mut sizes: Vec<i64> = old.iter().map(|s| s.spec).collect();
    let total: i64 = sizes.iter().sum::<i64>() + new.spec;
    let mut room = total - limits.fewest() - (new.spec - new.available).max(0);
    if room <= 0 {
        return sizes;
    }
    // Those that do not serve are no loss.
    for (size, set) in sizes.iter_mut().zip(old) {
        let unhealthy = (*size - set.available.min(*size)).min(room).max(0);
        *size -= unhealthy;
        room -= unhealthy;
    }
    let available: i64 = old.iter().map(|s| s.available).sum::<i64>() + new.available;
    let mut spare = available - limits.fewest();
    for size in &mut sizes {
        let fewer = (*size).min(spare).max(0);
        *size -= fewer;
        spare -= fewer;
    }
    sizes
}

/// New sizes of sets when the wanted number changes in the middle of a rollout: each by its share.
pub(super) fn proportional(sizes: &[i64], limits: Limits) -> Vec<i64> {
    let total: i64 = sizes.iter().sum();
    let allowed = if limits.replicas > 0 { limits.most() } else { 0 };
    let mut left = allowed - total;
    if total == 0 {
        return sizes.to_vec();
    }
    let change = left;
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|n| std::cmp::Reverse(sizes[*n]));
    let mut new = sizes.to_vec();
    for n in order {
        // Rounded to the nearest, as far as there is something left to give or take.
        let share = ((sizes[n] * change * 2).div_euclid(total) + 1).div_euclid(2);
        let share = if change > 0 { share.min(left).max(0) } else { share.max(left).min(0) };
        new[n] = (new[n] + share).max(0);
        left -= share;
    }
    if let Some(first) = (0..sizes.len()).max_by_key(|n| (sizes[*n], std::cmp::Reverse(*n))) {
        new[first] = (new[first] + left).max(0);
    }
    new
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn limits(replicas: i64, surge: &Value, unavailable: &Value) -> Limits {
        let rolling = json!({"maxSurge": surge, "maxUnavailable": unavailable});
        Limits::of(&json!({"spec": {"replicas": replicas, "strategy": {"rollingUpdate": rolling}}}))
    }

    #[test]
    fn shares_are_rounded_so_that_a_rollout_can_move() {
        let quarter = json!("25%");
        assert_eq!(limits(4, &quarter, &quarter), Limits { replicas: 4, surge: 1, unavailable: 1 });
        assert_eq!(limits(3, &quarter, &quarter), Limits { replicas: 3, surge: 1, unavailable: 0 });
        assert_eq!(limits(5, &json!(0), &json!("10%")), Limits { replicas: 5, surge: 0, unavailable: 1 });
        assert_eq!(limits(2, &json!("100%"), &json!(0)), Limits { replicas: 2, surge: 2, unavailable: 0 });
    }

    #[test]
    fn no_rollout_ever_has_too_many_pods_or_too_few_that_serve() {
        for (replicas, surge, unavailable) in
            [(1, 1, 0), (3, 1, 0), (4, 1, 1), (10, 3, 2), (5, 0, 1), (2, 2, 2)]
        {
            let limits = Limits { replicas, surge, unavailable };
            let (mut old, mut new) = (
                Set { spec: replicas, available: replicas, there: replicas },
                Set { spec: 0, available: 0, there: 0 },
            );
            let mut rounds = 0;
            while new.available < replicas || old.spec > 0 {
                new.spec = new_size(limits, new, &[old, new]);
                old.spec = old_sizes(limits, new, &[old])[0];
                old.available = old.available.min(old.spec);
                (old.there, new.there) = (old.spec, new.spec);
                assert!(old.spec + new.spec <= limits.most(), "{limits:?}");
                assert!(old.available + new.available >= limits.fewest(), "{limits:?}");
                // One pod more is ready in each round.
                new.available = (new.available + 1).min(new.spec);
                rounds += 1;
                assert!(rounds < 100, "{limits:?} does not end");
            }
        }
    }

    #[test]
    fn pods_that_never_served_go_first() {
        let limits = Limits { replicas: 4, surge: 1, unavailable: 1 };
        let broken = Set { spec: 2, available: 0, there: 2 };
        let good = Set { spec: 3, available: 3, there: 3 };
        assert_eq!(old_sizes(limits, Set { spec: 0, available: 0, there: 0 }, &[broken, good]), [0, 3]);
    }

    #[test]
    fn a_change_of_the_number_is_shared_among_the_sets() {
        let limits = Limits { replicas: 15, surge: 3, unavailable: 2 };
        assert_eq!(proportional(&[8, 5], limits).iter().sum::<i64>(), 18);
        assert_eq!(proportional(&[8, 5], Limits { replicas: 0, surge: 0, unavailable: 0 }), [0, 0]);
    }
}
