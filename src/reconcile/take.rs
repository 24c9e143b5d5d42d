//! Taking over what was there before the gateway (R11): the objects of its record, and no others.

use super::apply::Work;
use super::fetch::{self, Live};
use crate::cluster::write;
use crate::materialize::adopt::{take_over, template};
use crate::materialize::build::{self, Owner, Site};
use crate::materialize::names::MANAGER;
use crate::materialize::ours::Standing;
use crate::materialize::report::Place;
use crate::materialize::{Part, pending};
use crate::model::fault::Fault;

/// Makes the objects of the record the gateway's own, each in one write.
///
/// # Errors
/// When the server refuses or does not answer; what is not taken over yet is taken by the next pass.
pub(super) async fn over(
    work: Work<'_>,
    site: &Site,
    live: &mut Live,
    place: &mut Place,
) -> Result<(), Fault> {
    let Owner::Gateway { uid } = work.owner else { return Ok(()) };
    let reference = build::reference(work.gateway.name(), uid);
    for (part, object) in live.iter_mut().filter(|(_, object)| work.standing(object) == Standing::ToTake) {
        let record = (*part == Part::Deployment).then(|| {
            let input = build::template_input(work.gateway, site);
            pending::as_it_is(template(object), &input, site.revision.as_deref())
        });
        let patch = take_over(object, &reference, record.flatten());
        let at = fetch::address(*part, work.namespace(), work.names);
        place.writes += 1;
        *object = write::merge(work.c, &at, "", &patch, MANAGER).await?;
    }
    Ok(())
}
