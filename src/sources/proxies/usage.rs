//! What pods use, read every half minute while somebody looks.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::reach::Reach;
use crate::cluster::usage::of_pods;
use crate::model::fault::{Fault, Reason};
use crate::model::usage::PodUsage;
use crate::sources::Heard;

/// How often: metrics servers measure that often at most.
const EVERY: Duration = Duration::from_secs(30);

/// How often a cluster without a metrics API is asked whether it has one now.
const NOT_SERVED: Duration = Duration::from_secs(600);

/// Reads the usage of what is wanted, until the cluster is closed.
pub(super) async fn keep(reach: Arc<Reach>) {
    let mut wanted = reach.usage.subscribe();
    let mut last: Option<(Timestamp, Vec<String>, Duration)> = None;
    let mut again = 0;
    let mut absent = false;
    loop {
        let (namespaces, asked) = wanted.borrow_and_update().clone();
        if std::mem::replace(&mut again, asked) != asked {
            (last, absent) = (None, false);
        }
        let due = match &last {
            // Other namespaces are other numbers.
            Some((at, of, pause)) if *of == namespaces => pause.saturating_sub(reach.clock.since(*at)),
            _ => Duration::ZERO,
        };
        if due.is_zero() && !namespaces.is_empty() {
            let Some(inside) = reach.inside().await else { return };
            let c = inside.connection();
            let usage = all(c, &namespaces).await;
            let is_absent = usage.as_ref().is_err_and(|fault| fault.reason == Reason::Missing);
            // That there is none is told once.
            if !(is_absent && std::mem::replace(&mut absent, is_absent)) {
                reach.tell(Heard::Usage(c.cluster.clone(), usage));
            }
            absent = is_absent;
            last = Some((reach.clock.now(), namespaces, if is_absent { NOT_SERVED } else { EVERY }));
            continue;
        }
        let idle = namespaces.is_empty();
        tokio::select! {
            changed = wanted.changed() => if changed.is_err() {
                return;
            },
            () = reach.clock.sleep(due), if !idle => {}
        }
    }
}

async fn all(
    c: &crate::cluster::connect::Connection,
    namespaces: &[String],
) -> Result<Arc<[PodUsage]>, Fault> {
    let (mut all, mut fault) = (Vec::new(), None);
    for namespace in namespaces {
        match of_pods(c, namespace).await {
            Ok(some) => all.extend(some),
            // There is no metrics API in the others either.
            Err(missing) if missing.reason == Reason::Missing => return Err(missing),
            // What may not be read in one place takes nothing from the others.
            Err(other) => fault = fault.or(Some(other)),
        }
    }
    match fault {
        Some(fault) if all.is_empty() => Err(fault),
        _ => Ok(all.into()),
    }
}
