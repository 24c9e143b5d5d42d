//! The labels that are read of a line.

use std::borrow::Cow;

use super::line::{Line, unmask};

/// The label that tells a bucket from the others of its histogram.
const BOUND: &str = "le";

/// What the labels of a line say, as far as it is read; what a label does not say is empty.
#[derive(Debug, Default)]
pub(super) struct Labels<'l> {
    /// Name of Envoy's cluster.
    pub(super) cluster: &'l str,
    /// Address of a listener.
    pub(super) listener: &'l str,
    /// Who counted: `source`, `destination`.
    pub(super) reporter: &'l str,
    /// The host as Istio names it, or as the client did.
    pub(super) service: &'l str,
    /// Its short name.
    pub(super) service_name: &'l str,
    /// Response code.
    pub(super) code: &'l str,
    /// First digit of it.
    pub(super) class: &'l str,
    /// Response flags.
    pub(super) flags: &'l str,
    /// Status of gRPC.
    pub(super) grpc: &'l str,
    /// Upper bound of a bucket.
    pub(super) le: &'l str,
    /// What is built: `istio_build` of `proxy`.
    pub(super) component: &'l str,
    /// Tells lines apart that are read as one: of all labels but the bound.
    pub(super) part: u32,
}

/// Whether a label is read.
pub(super) fn is_wanted(name: &str) -> bool {
    Labels::default().place(name).is_some()
}

impl<'l> Labels<'l> {
    /// Reads the labels of a line; `seed` goes into the hash.
    pub(super) fn of(line: &Line<'l>, seed: u32) -> Self {
        let mut read = Self::default();
        let mut hash = seed ^ line.others;
        for (name, value) in line.labels() {
            if name != BOUND {
                hash = mix(mix(hash, name), value);
            }
            if let Some(place) = read.place(name) {
                *place = value;
            }
        }
        read.part = hash;
        read
    }

    /// Where the value of a label goes; `None`: it is not read.
    fn place(&mut self, name: &str) -> Option<&mut &'l str> {
        Some(match name {
            BOUND => &mut self.le,
            // By Istio's tags, and by Envoy's own.
            "cluster_name" | "envoy_cluster_name" => &mut self.cluster,
            "listener_address" | "envoy_listener_address" => &mut self.listener,
            "reporter" => &mut self.reporter,
            "destination_service" | "authority" | "request_authority" | "host" => &mut self.service,
            "destination_service_name" => &mut self.service_name,
            "response_code" | "envoy_response_code" => &mut self.code,
            "envoy_response_code_class" | "response_code_class" => &mut self.class,
            "response_flags" => &mut self.flags,
            "grpc_response_status" => &mut self.grpc,
            "component" => &mut self.component,
            _ => return None,
        })
    }

    /// Host names, unmasked.
    pub(super) fn services(&self) -> [Cow<'l, str>; 2] {
        [unmask(self.service), unmask(self.service_name)]
    }
}

/// Mixes a text into a hash, eight bytes at a time.
pub(super) fn mix(hash: u32, text: &str) -> u32 {
    let mut state = (u64::from(hash) << 32 | text.len() as u64) ^ 0x51_7c_c1_b7_27_22_0a_95;
    for chunk in text.as_bytes().chunks(8) {
        let mut word = [0; 8];
        word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
        state = (state ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    }
    (state ^ state >> 32) as u32
}
