//! A pass that writes nothing: how a gateway stands now, and what the next pass would do.

use futures::future::join_all;
use futures::{StreamExt as _, stream};

use super::clusters;
use super::pass::{Keeper, one_cluster, read, record, settle};
use crate::cluster::write::{self, Address};
use crate::materialize::names::{PAUSED, RELEASE};
use crate::materialize::{Problem, Report, validate};
use crate::model::fault::Fault;

/// How many gateways are looked at at once.
const AT_ONCE: usize = 8;

/// How one gateway stands in all its clusters, or `only` in the one of this id. Reads alone, so it may be asked of
/// clusters whose gateways somebody else keeps.
pub async fn look(keeper: &Keeper, namespace: &str, name: &str, only: Option<&str>) -> Report {
    let mut report = Report::default();
    if let Err(fault) = try_look(keeper, &clusters::gateway(namespace, name), only, &mut report).await {
        report.faults.push(fault);
    }
    report
}

/// How all gateways of a namespace stand, by name.
///
/// # Errors
/// When they cannot be listed.
pub async fn survey(keeper: &Keeper, namespace: &str) -> Result<Vec<(String, Report)>, Fault> {
    let all = write::list(&keeper.clusters.home, &clusters::gateway(namespace, ""), "").await?;
    let mut names: Vec<String> =
        all.iter().filter_map(|gateway| gateway["metadata"]["name"].as_str().map(str::to_owned)).collect();
    names.sort();
    let each = names.into_iter().map(|name| async move {
        let report = look(keeper, namespace, &name, None).await;
        (name, report)
    });
    Ok(stream::iter(each).buffered(AT_ONCE).collect().await)
}

async fn try_look(
    keeper: &Keeper,
    at: &Address,
    only: Option<&str>,
    report: &mut Report,
) -> Result<(), Fault> {
    let Some((object, gateway)) = read(&keeper.clusters.home, at).await? else {
        report.gone = true;
        return Ok(());
    };
    report.deleting =
        !object["metadata"]["deletionTimestamp"].is_null() || gateway.annotation(RELEASE) == Some("true");
    report.problems = validate(&gateway);
    report.paused = gateway.annotation(PAUSED) == Some("true");
    if report.deleting || report.problems.iter().any(Problem::is_error) {
        return Ok(());
    }
    let (settled, _) = settle(keeper, &gateway, &record(&gateway)?, only).await?;
    let each = settled.into_iter().map(|place| one_cluster(keeper, at, &gateway, place, false));
    report.places = join_all(each).await;
    Ok(())
}
