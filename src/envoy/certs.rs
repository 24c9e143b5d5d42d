//! `/certs`: the certificates that a proxy uses.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::json::{self, Text, or_default};

/// What it answers.
const ADDRESS: &str = "/certs";

/// Where a certificate comes from that is in the configuration itself, or that a secret of the control plane brought.
const INLINE: &str = "<inline>";

/// A certificate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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

/// Reads the answer. A certificate that several listeners and clusters use is told once.
///
/// # Errors
/// What is wrong with it, in words.
pub fn parse(bytes: &[u8]) -> Result<Vec<Certificate>, String> {
    let answer: Answer = json::read(bytes, ADDRESS)?;
    let Some(contexts) = answer.certificates else {
        return json::nothing(bytes, ADDRESS).map(|()| Vec::new());
    };
    let mut certificates = Vec::new();
    for context in contexts {
        let own = context.cert_chain.into_iter().map(|details| details.into_certificate(false));
        let authorities = context.ca_cert.into_iter().map(|details| details.into_certificate(true));
        for certificate in own.chain(authorities) {
            if !certificates.contains(&certificate) {
                certificates.push(certificate);
            }
        }
    }
    Ok(certificates)
}

#[derive(Deserialize)]
struct Answer {
    certificates: Option<Vec<Context>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Context {
    #[serde(deserialize_with = "or_default")]
    ca_cert: Vec<Details>,
    #[serde(deserialize_with = "or_default")]
    cert_chain: Vec<Details>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Details {
    path: Text,
    serial_number: Text,
    #[serde(deserialize_with = "or_default")]
    subject_alt_names: Vec<Name>,
    valid_from: Text,
    expiration_time: Text,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Name {
    dns: Text,
    uri: Text,
    ip_address: Text,
}

impl Details {
    fn into_certificate(self, is_ca: bool) -> Certificate {
        let time = |text: Text| text.0.parse().ok();
        Certificate {
            is_ca,
            source: if &*self.path.0 == INLINE { Box::default() } else { self.path.0 },
            serial: self.serial_number.0,
            names: self.subject_alt_names.into_iter().filter_map(Name::told).collect(),
            not_before: time(self.valid_from),
            not_after: time(self.expiration_time),
        }
    }
}

impl Name {
    fn told(self) -> Option<Box<str>> {
        [self.dns, self.uri, self.ip_address].map(|name| name.0).into_iter().find(|name| !name.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Option<Timestamp> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_chain_and_its_authority_are_told_with_source_names_and_dates() {
        let answer = r#"{"certificates": [{
            "ca_cert": [{"path": "/etc/ssl/ca.pem", "serial_number": "1f", "subject_alt_names": [],
                "days_until_expiration": "3650", "valid_from": "2026-01-01T00:00:00Z",
                "expiration_time": "2036-01-01T00:00:00Z"}],
            "cert_chain": [{"path": "kubernetes://payments-tls", "serial_number": "0a2b",
                "subject_alt_names": [{"dns": "*.example.com"}, {"uri": "spiffe://cluster.local/ns/a/sa/b"},
                    {"ip_address": "192.0.2.7"}, {}],
                "days_until_expiration": "29", "valid_from": "2026-10-01T00:00:00Z",
                "expiration_time": "2026-12-30T12:30:00.5Z", "ocsp_details": {"valid_from": "x"}}]}]}"#;
        let told = parse(answer.as_bytes()).unwrap();
        assert_eq!(
            told,
            [
                Certificate {
                    is_ca: false,
                    source: "kubernetes://payments-tls".into(),
                    serial: "0a2b".into(),
                    names: ["*.example.com", "spiffe://cluster.local/ns/a/sa/b", "192.0.2.7"]
                        .map(Into::into)
                        .to_vec(),
                    not_before: time("2026-10-01T00:00:00Z"),
                    not_after: time("2026-12-30T12:30:00.5Z"),
                },
                Certificate {
                    is_ca: true,
                    source: "/etc/ssl/ca.pem".into(),
                    serial: "1f".into(),
                    names: Vec::new(),
                    not_before: time("2026-01-01T00:00:00Z"),
                    not_after: time("2036-01-01T00:00:00Z"),
                },
            ]
        );
    }

    #[test]
    fn what_several_use_is_told_once() {
        let one = r#"{"cert_chain": [{"path": "<inline>", "serial_number": "7"}], "ca_cert": [{"path": "<inline>", "serial_number": "7"}]}"#;
        let told = parse(format!(r#"{{"certificates": [{one}, {one}, {one}]}}"#).as_bytes()).unwrap();
        let seen: Vec<_> = told.iter().map(|c| (c.is_ca, &*c.source, &*c.serial)).collect();
        assert_eq!(seen, [(false, "", "7"), (true, "", "7")]);
    }

    #[test]
    fn what_is_left_out_or_odd_costs_no_more_than_itself() {
        let cases = [
            (r"{}", Ok(0)),
            (r#"{"certificates": []}"#, Ok(0)),
            (r#"{"certificates": null}"#, Ok(0)),
            (r#"{"certificates": [{}, {"ca_cert": null, "cert_chain": []}]}"#, Ok(0)),
            (
                r#"{"certificates": [{"cert_chain": [{"valid_from": "soon", "serial_number": 7, "later": {}}]}]}"#,
                Ok(1),
            ),
            (r#"{"certificates": [], "later": 1}"#, Ok(0)),
            (r#"{"kind": "Status"}"#, Err(())),
            ("no healthy upstream", Err(())),
            ("", Err(())),
            (r#"{"certificates": [{"#, Err(())),
        ];
        for (answer, wanted) in cases {
            let told = parse(answer.as_bytes());
            assert_eq!(told.as_ref().map(Vec::len).map_err(drop), wanted, "{answer}: {told:?}");
        }
    }

    #[test]
    fn names_that_a_terminal_would_obey_are_cleaned() {
        let answer = r#"{"certificates": [{"cert_chain": [{"path": "/a\u001b]0;x\u0007", "serial_number": "1\u001b[2J",
            "subject_alt_names": [{"dns": "a\u001b[31m.example.com"}]}]}]}"#;
        let told = parse(answer.as_bytes()).unwrap();
        assert_eq!(&*told[0].source, "/a\u{b7}]0;x\u{b7}");
        assert_eq!(&*told[0].serial, "1\u{b7}[2J");
        assert_eq!(&*told[0].names[0], "a\u{b7}[31m.example.com");
    }
}
