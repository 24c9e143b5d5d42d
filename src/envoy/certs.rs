//! `/certs`: the certificates that a proxy uses.

use jiff::Timestamp;

/// A certificate.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// Whether it is an authority's, by which others are judged.
    pub is_ca: bool,
    /// The file or secret it came from: `kubernetes://payments-tls`, `default`, a path; empty: inline.
    pub source: Box<str>,
    /// Serial number, hexadecimal.
    pub serial: Box<str>,
    /// Names it holds for: DNS names, URIs, addresses.
    pub names: Vec<Box<str>>,
    /// From when.
    pub not_before: Option<Timestamp>,
    /// Until when.
    pub not_after: Option<Timestamp>,
}
