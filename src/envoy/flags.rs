//! Response flags: what each means at an egress gateway, and where to look next.

/// A response flag of Envoy's access log and of `istio_requests_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flag {
    /// As Envoy writes it: `UF`.
    pub short: &'static str,
    /// What happened: a sentence about the gateway and the host.
    pub meaning: &'static str,
    /// What to do next: a sentence that names a screen or a field.
    pub next: &'static str,
}

/// The flag of this short name.
pub fn flag(_short: &str) -> Option<&'static Flag> {
    None
}
