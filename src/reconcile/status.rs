//! How the pods and the address of a gateway are: what its status goes by (R20).

use serde_json::Value;

use super::fetch;
use crate::cluster::connect::Connection;
use crate::materialize::names::Names;
use crate::materialize::report::{Place, Readiness};
use crate::materialize::{Part, status};
use crate::model::fault::Fault;

/// Finds out how the pods and the address of a gateway are; `pods` are those that were seen beforehand.
///
/// # Errors
/// When the pods cannot be listed.
pub(super) async fn look(
    c: &Connection,
    namespace: &str,
    names: &Names,
    pods: Option<Vec<Value>>,
    place: &mut Place,
) -> Result<(), Fault> {
    place.addresses = place.live(Part::Service).map(status::addresses).unwrap_or_default();
    let Some(deployment) = place.live(Part::Deployment).cloned() else { return Ok(()) };
    let mut readiness = status::rolled_out(&deployment);
    if readiness == Readiness::Ready {
        // What Kubernetes calls ready may be a pod that nobody injected (R7).
        let pods = match pods {
            Some(pods) => pods,
            None => fetch::pods(c, namespace, names).await?,
        };
        if let Some(pod) = pods.iter().find(|pod| status::is_auto(pod)) {
            readiness = Readiness::Failing(status::not_injected(pod));
        }
    }
    place.readiness = Some(readiness);
    Ok(())
}
