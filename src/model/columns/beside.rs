//! Cells of what is known of a pod beside its object.

use super::cells::{NONE, number, toned, word};
use crate::model::beside::{Beside, Part, Used};
use crate::model::reading::Unit;
use crate::model::row::{Bound, PodRow};
use crate::model::table::{Cell, Item, SortKey, Tone};

/// From this part of a limit on it is to be looked at, and from this on it is bad.
const NEAR: (f64, f64) = (0.8, 0.95);

/// What the cells of a pod say that no metrics API tells of.
const ABSENT: &str = "n/a";

/// What stands for a part of nothing.
const NOT_SET: &str = "n/s";

pub(super) fn gateway(item: &Item) -> Cell {
    match item.beside.as_deref() {
        Some(beside) if !beside.gateway.is_empty() => word(&beside.gateway),
        _ => toned(NONE, Tone::Muted),
    }
}

pub(super) fn cpu(item: &Item, pod: &PodRow) -> Cell {
    used(item, pod, Beside::cpu, Unit::Cores)
}

pub(super) fn memory(item: &Item, pod: &PodRow) -> Cell {
    used(item, pod, Beside::memory, Unit::Bytes)
}

pub(super) fn cpu_part(item: &Item, pod: &PodRow) -> Cell {
    part(item, pod, Beside::cpu)
}

pub(super) fn memory_part(item: &Item, pod: &PodRow) -> Cell {
    part(item, pod, Beside::memory)
}

type Of = fn(&Beside, &PodRow) -> Option<(f64, Bound)>;

/// Nothing to be sorted by.
fn missing(item: &Item) -> Cell {
    let absent = item.beside.as_deref().is_some_and(|beside| beside.used == Used::Absent);
    let text = if absent { ABSENT } else { NONE };
    Cell { text: text.into(), tone: Tone::Muted, sort: SortKey::Missing }
}

fn used(item: &Item, pod: &PodRow, of: Of, unit: Unit) -> Cell {
    match item.beside.as_deref().and_then(|beside| of(beside, pod)) {
        Some((used, _)) => number(unit.text(used).into_owned(), used, Tone::Plain),
        None => missing(item),
    }
}

fn part(item: &Item, pod: &PodRow, of: Of) -> Cell {
    let Some((used, bound)) = item.beside.as_deref().and_then(|beside| of(beside, pod)) else {
        return missing(item);
    };
    let percent = |part: f64| format!("{:.0}%", part * 100.0);
    match bound.part(used) {
        Part::OfLimit(part) => {
            let tone = match part {
                part if part >= NEAR.1 => Tone::Bad,
                part if part >= NEAR.0 => Tone::Warn,
                _ => Tone::Plain,
            };
            number(percent(part), part * 100.0, tone)
        }
        Part::OfRequest(part) => number(format!("{}r", percent(part)), part * 100.0, Tone::Plain),
        Part::NotSet => Cell { text: NOT_SET.into(), tone: Tone::Muted, sort: SortKey::Missing },
    }
}

/// What a pod uses, in a sentence; none: no column of that is shown.
pub(super) fn sentence(item: &Item, pod: &PodRow) -> Option<String> {
    let beside = item.beside.as_deref()?;
    let one = |name: &str, (used, bound): (f64, Bound), unit: Unit| {
        let of = match (bound.request, bound.limit) {
            (None, None) => format!("neither request nor limit ({NOT_SET})"),
            (Some(request), None) => format!("request {}, no limit", unit.text(request)),
            (None, Some(limit)) => format!("limit {}", unit.text(limit)),
            (Some(request), Some(limit)) => {
                format!("request {}, limit {}", unit.text(request), unit.text(limit))
            }
        };
        format!("{name} {} ({of})", unit.text(used))
    };
    match beside.used {
        Used::Absent => Some(format!("{ABSENT}: the cluster serves no metrics API.")),
        Used::Unread => None,
        Used::Measured(..) => {
            let cpu = one("CPU", beside.cpu(pod)?, Unit::Cores);
            let memory = one("memory", beside.memory(pod)?, Unit::Bytes);
            Some(format!("{cpu}; {memory}."))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::table::Subject;

    fn cells(used: Used, cpu: Bound, memory: Bound) -> [String; 4] {
        let pod = PodRow { cpu, memory, ..PodRow::default() };
        let beside = Some(Arc::new(Beside { gateway: "".into(), used }));
        let subject = Subject::Pod(Arc::new(pod.clone()));
        let item = Item { cluster: "c".into(), stale: false, subject, live: None, beside };
        let cells = [cpu_of, cpu_part, memory_of, memory_part];
        cells.map(|cell| cell(&item, &pod).text.into_owned())
    }

    fn cpu_of(item: &Item, pod: &PodRow) -> Cell {
        super::cpu(item, pod)
    }

    fn memory_of(item: &Item, pod: &PodRow) -> Cell {
        super::memory(item, pod)
    }

    #[test]
    fn a_part_is_of_the_limit_else_of_the_request_and_says_which() {
        const MI: f64 = 1_048_576.0;
        let both = Bound { request: Some(0.1), limit: Some(0.5) };
        let asked = Bound { request: Some(100.0 * MI), limit: None };
        let [_, cpu, _, memory] = cells(Used::Measured(0.25, 150.0 * MI), both, asked);
        assert_eq!((cpu.as_str(), memory.as_str()), ("50%", "150%r"));
        let [_, cpu, ..] = cells(Used::Measured(0.25, MI), Bound::default(), asked);
        assert_eq!(cpu, "n/s");
    }

    #[test]
    fn what_is_not_known_is_no_zero() {
        assert_eq!(cells(Used::Unread, Bound::default(), Bound::default()), ["–"; 4]);
        assert_eq!(cells(Used::Absent, Bound::default(), Bound::default()), ["n/a"; 4]);
    }
}
