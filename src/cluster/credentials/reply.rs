//! What a plugin prints.

use jiff::Timestamp;
use serde::Deserialize;

/// The status of an `ExecCredential`.
#[derive(Default, Deserialize)]
pub(super) struct Reply {
    pub(super) token: Option<String>,
    #[serde(rename = "clientCertificateData")]
    pub(super) certificate: Option<String>,
    #[serde(rename = "clientKeyData")]
    pub(super) key: Option<String>,
    #[serde(rename = "expirationTimestamp")]
    pub(super) expires: Option<Timestamp>,
}

#[derive(Deserialize)]
struct ExecCredential {
    status: Option<Reply>,
}

const NONE: &str = "printed something that is no ExecCredential";

impl Reply {
    /// Reads what was printed. The error goes on from "the plugin".
    pub(super) fn read(stdout: &[u8]) -> Result<Self, &'static str> {
        // kubectl reads YAML here, of which JSON is a part.
        let text = std::str::from_utf8(stdout).map_err(|_| "printed something that is no text")?;
        // The parser's own words could repeat the token.
        // By way of a value: a token that is a number is none, and YAML alone would read it as text.
        let parsed: serde_json::Value = serde_yaml::from_str(text).map_err(|_| NONE)?;
        let parsed: ExecCredential = serde_json::from_value(parsed).map_err(|_| NONE)?;
        let mut reply = parsed.status.ok_or("printed an ExecCredential without a status")?;
        reply.token = reply.token.filter(|token| !token.is_empty());
        if reply.token.is_none() && (reply.certificate.is_none() || reply.key.is_none()) {
            return Err("gave neither a token nor a certificate with its key");
        }
        Ok(reply)
    }
}
