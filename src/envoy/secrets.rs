//! `/config_dump?resource=dynamic_active_secrets`: which secret brought which certificate. `/certs` does not tell it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::certs::Certificate;
use super::json::{self, Text, or_default};

/// What is asked for the secrets; Envoy leaves private keys out of the answer.
pub const ADDRESS: &str = "/config_dump?resource=dynamic_active_secrets";

/// A secret that the control plane brought, by what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Its name: `default`, `ROOTCA`, `kubernetes://payments-tls`.
    pub name: Box<str>,
    /// Whether it holds authorities.
    pub is_ca: bool,
    /// Serial numbers of its certificates, hexadecimal, as `/certs` writes them.
    pub serials: Vec<Box<str>>,
}

/// Reads the answer. Nothing of it is kept but names and serial numbers.
///
/// # Errors
/// What is wrong with it, in words.
pub fn parse(bytes: &[u8]) -> Result<Vec<Secret>, String> {
    let answer: Answer = json::read(bytes, ADDRESS)?;
    match answer.configs {
        Some(configs) => Ok(configs.into_iter().filter_map(Config::into_secret).collect()),
        None => json::nothing(bytes, ADDRESS).map(|()| Vec::new()),
    }
}

/// Tells certificates without a source the secret that brought them.
pub fn name(certificates: &mut [Certificate], secrets: &[Secret]) {
    for certificate in certificates.iter_mut().filter(|certificate| certificate.source.is_empty()) {
        let brought = |secret: &&Secret| {
            secret.is_ca == certificate.is_ca && secret.serials.contains(&certificate.serial)
        };
        if let Some(secret) = secrets.iter().find(brought) {
            certificate.source = secret.name.clone();
        }
    }
}

#[derive(Deserialize)]
struct Answer {
    configs: Option<Vec<Config>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Config {
    name: Text,
    #[serde(deserialize_with = "or_default")]
    secret: Body,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Body {
    tls_certificate: Option<Chain>,
    validation_context: Option<Trusted>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Chain {
    #[serde(deserialize_with = "or_default")]
    certificate_chain: Source,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Trusted {
    #[serde(deserialize_with = "or_default")]
    trusted_ca: Source,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Source {
    inline_bytes: Text,
    inline_string: Option<String>,
}

impl Config {
    fn into_secret(self) -> Option<Secret> {
        let (is_ca, source) = match (self.secret.tls_certificate, self.secret.validation_context) {
            (Some(chain), _) => (false, chain.certificate_chain),
            (None, Some(trusted)) => (true, trusted.trusted_ca),
            (None, None) => return None,
        };
        Some(Secret { name: self.name.0, is_ca, serials: source.serials() })
    }
}

impl Source {
    fn serials(&self) -> Vec<Box<str>> {
        let decoded = || STANDARD.decode(self.inline_bytes.0.as_bytes()).ok();
        let text = self.inline_string.clone().or_else(|| String::from_utf8(decoded()?).ok());
        let text = text.unwrap_or_default();
        let certificates = text.split("-----BEGIN CERTIFICATE-----").skip(1);
        certificates.filter_map(|pem| pem.split("-----END").next()).filter_map(serial).collect()
    }
}

/// The serial number of a certificate, from the lines between its marks.
fn serial(pem: &str) -> Option<Box<str>> {
    let lines: String = pem.split_ascii_whitespace().collect();
    let der = STANDARD.decode(lines).ok()?;
    // X.509: a sequence (certificate) of a sequence (what is signed) of a version, which may be missing, and the number.
    let signed =
        element(&der, 0x30).and_then(|(inside, _)| element(inside, 0x30)).map(|(inside, _)| inside)?;
    let after = element(signed, 0xa0).map_or(signed, |(_, rest)| rest);
    let (number, _) = element(after, 0x02)?;
    let leading = number.iter().take_while(|byte| **byte == 0).count();
    let digits: String = number.iter().skip(leading).map(|byte| format!("{byte:02x}")).collect();
    Some(digits.into())
}

/// The first element of DER if it has this tag: what is in it, and what comes after it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (head, rest) = der.split_at_checked(2)?;
    let &[found, length] = head else { return None };
    if found != tag {
        return None;
    }
    let (length, rest) = match length {
        0..0x80 => (usize::from(length), rest),
        // That many bytes of length follow.
        _ => {
            let (bytes, rest) =
                rest.split_at_checked(usize::from(length & 0x7f)).filter(|(b, _)| b.len() <= 4)?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The beginning of a certificate, as far as it is read: with a version or without, and its serial number.
    fn pem(version: bool, serial: &[u8]) -> String {
        let wrap = |tag: u8, inside: &[u8]| {
            let mut element = vec![tag, 0x81, u8::try_from(inside.len()).unwrap()];
            element.extend_from_slice(inside);
            element
        };
        let mut signed = if version { wrap(0xa0, &[2, 1, 2]) } else { Vec::new() };
        signed.extend(wrap(2, serial));
        signed.extend(wrap(0x30, b"issuer and all the rest"));
        let body = STANDARD.encode(wrap(0x30, &wrap(0x30, &signed)));
        let (first, second) = body.split_at(20);
        format!("-----BEGIN CERTIFICATE-----\n{first}\n{second}\n-----END CERTIFICATE-----\n")
    }

    fn answer(body: &str) -> String {
        format!(
            r#"{{"configs": [{{"@type": "x", "name": "kubernetes://payments-tls", "version_info": "1", "secret": {body}}}]}}"#
        )
    }

    #[test]
    fn a_secret_is_told_with_the_serial_numbers_of_its_chain() {
        let chain = pem(true, &[0x0a, 0xf1]) + &pem(false, &[0, 0xff, 1]);
        let text = STANDARD.encode(&chain);
        let body = format!(
            r#"{{"tls_certificate": {{"certificate_chain": {{"inline_bytes": "{text}"}}, "private_key": {{"inline_bytes": "W3JlZGFjdGVkXQ=="}}}}}}"#
        );
        let told = parse(answer(&body).as_bytes()).unwrap();
        let wanted = Secret {
            name: "kubernetes://payments-tls".into(),
            is_ca: false,
            serials: vec!["0af1".into(), "ff01".into()],
        };
        assert_eq!(told, [wanted]);
    }

    #[test]
    fn a_secret_of_authorities_is_told_as_such() {
        let pem = serde_json::to_string(&pem(true, &[7])).unwrap();
        let body = format!(r#"{{"validation_context": {{"trusted_ca": {{"inline_string": {pem}}}}}}}"#);
        let told = parse(answer(&body).as_bytes()).unwrap();
        assert_eq!((told[0].is_ca, &*told[0].serials), (true, &["07".into()][..]));
    }

    #[test]
    fn what_is_no_certificate_has_no_number() {
        let long = "-----BEGIN CERTIFICATE-----\nMIQ/////\n-----END CERTIFICATE-----\n";
        for pem in [
            "",
            "hello",
            "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----",
            "-----BEGIN CERTIFICATE-----",
            long,
        ] {
            let pem = serde_json::to_string(pem).unwrap();
            let body =
                format!(r#"{{"tls_certificate": {{"certificate_chain": {{"inline_string": {pem}}}}}}}"#);
            assert_eq!(parse(answer(&body).as_bytes()).unwrap()[0].serials, [], "{pem}");
        }
        for body in ["{}", "null", r#"{"generic_secret": {}}"#] {
            assert_eq!(parse(answer(body).as_bytes()).unwrap(), [], "{body}");
        }
        assert_eq!(parse(b"{}").unwrap(), []);
        assert!(parse(b"{\"kind\": \"Status\"}").is_err());
    }

    #[test]
    fn certificates_without_a_source_get_the_name_of_their_secret() {
        let certificate = |is_ca, source: &str, serial: &str| Certificate {
            is_ca,
            source: source.into(),
            serial: serial.into(),
            names: Vec::new(),
            not_before: None,
            not_after: None,
        };
        let secret = |name: &str, is_ca, serial: &str| Secret {
            name: name.into(),
            is_ca,
            serials: vec![serial.into()],
        };
        let mut certificates = [
            certificate(false, "", "0a"),
            certificate(true, "", "0a"),
            certificate(false, "/etc/own.pem", "0a"),
            certificate(false, "", "0b"),
        ];
        name(&mut certificates, &[secret("default", false, "0a"), secret("ROOTCA", true, "0a")]);
        let sources: Vec<&str> = certificates.iter().map(|certificate| &*certificate.source).collect();
        assert_eq!(sources, ["default", "ROOTCA", "/etc/own.pem", ""]);
    }
}
