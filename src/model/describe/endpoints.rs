//! What stands behind a Service.

use std::sync::Arc;

use super::words::{count, joined, one_line};
use crate::model::facts::{Fact, Section};
use crate::model::row::{Endpoint, EndpointSliceRow, ServiceRow};
use crate::model::table::Tone;

/// One place that answers: a pod may have an address of each family, and be in several slices.
struct Place<'s> {
    addresses: Vec<&'s str>,
    ready: bool,
    terminating: bool,
    pod: &'s str,
    node: &'s str,
}

/// The endpoints of a Service, with how many of them are ready.
pub(super) fn section(service: &ServiceRow, slices: &[Arc<EndpointSliceRow>]) -> Section {
    let places = places(slices);
    let mut facts = vec![summary(service, &places)];
    facts.extend(places.iter().map(fact));
    Section::new("Endpoints", facts)
}

fn places(slices: &[Arc<EndpointSliceRow>]) -> Vec<Place<'_>> {
    let mut places: Vec<Place<'_>> = Vec::new();
    for endpoint in slices.iter().flat_map(|slice| &slice.endpoints) {
        match places.iter_mut().find(|place| place.is(endpoint)) {
            Some(place) => place.join(endpoint),
            None => places.push(Place {
                addresses: vec![&endpoint.address],
                ready: endpoint.ready,
                terminating: endpoint.terminating,
                pod: &endpoint.pod,
                node: &endpoint.node,
            }),
        }
    }
    places.sort_by(|a, b| (a.pod, &a.addresses).cmp(&(b.pod, &b.addresses)));
    places
}

impl<'s> Place<'s> {
    fn is(&self, endpoint: &Endpoint) -> bool {
        if endpoint.pod.is_empty() {
            self.addresses.contains(&&*endpoint.address)
        } else {
            self.pod == &*endpoint.pod
        }
    }

    fn join(&mut self, endpoint: &'s Endpoint) {
        if !self.addresses.contains(&&*endpoint.address) {
            self.addresses.push(&endpoint.address);
        }
        self.ready &= endpoint.ready;
        self.terminating |= endpoint.terminating;
    }
}

fn fact(place: &Place<'_>) -> Fact {
    let (word, tone) = match (place.terminating, place.ready) {
        (true, _) => ("terminating", Tone::Busy),
        (false, true) => ("ready", Tone::Good),
        (false, false) => ("not ready", Tone::Warn),
    };
    let node = if place.node.is_empty() { String::new() } else { format!("on {}", place.node) };
    Fact::new(one_line(&place.addresses.join(", ")), word)
        .tone(tone)
        .note(joined([place.pod.to_owned(), node], " "))
}

/// `2 of 3 endpoints ready, 1 terminating`, and what it means when none is.
fn summary(service: &ServiceRow, places: &[Place<'_>]) -> Fact {
    if &*service.service_type == "ExternalName" {
        return Fact::new("", "none: the name only stands for another name").tone(Tone::Muted);
    }
    let staying: Vec<&Place<'_>> = places.iter().filter(|place| !place.terminating).collect();
    let ready = staying.iter().filter(|place| place.ready).count();
    let ending = places.len() - staying.len();
    let also = if ending > 0 { format!(", {ending} terminating") } else { String::new() };
    let (said, tone) = match (staying.len(), ready) {
        (0, _) if places.is_empty() && service.selector.is_empty() => (
            "none: the Service selects no pods, so its endpoints are kept by hand, and there are none"
                .to_owned(),
            Tone::Warn,
        ),
        (0, _) if places.is_empty() => (
            "none: no pod has the labels of the selector, so nothing answers at this address".to_owned(),
            Tone::Bad,
        ),
        (all, 0) => (format!("0 of {}{also}: nothing answers at this address", said_ready(all)), Tone::Bad),
        (all, ready) if ready < all => (format!("{ready} of {}{also}", said_ready(all)), Tone::Warn),
        (all, ready) => (format!("{ready} of {}{also}", said_ready(all)), Tone::Good),
    };
    Fact::new("", said).tone(tone)
}

fn said_ready(all: usize) -> String {
    format!("{} ready", count(all as u64, "endpoint"))
}
