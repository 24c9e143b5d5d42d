//! `/server_info`: version and state of a proxy.

use serde::{Deserialize, Serialize};

use super::json::{self, Number, Text, or_default};

/// What a proxy says of itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerInfo {
    /// Version of Envoy.
    pub version: Box<str>,
    /// `LIVE`, `DRAINING`, `PRE_INITIALIZING`, `INITIALIZING`.
    pub state: Box<str>,
    /// Seconds since it started.
    pub uptime: u64,
    /// Worker threads.
    pub concurrency: u32,
}

/// Reads the answer.
///
/// # Errors
/// What is wrong with it, in words.
pub fn parse(bytes: &[u8]) -> Result<ServerInfo, String> {
    let answer: Answer = json::read(bytes, "/server_info")?;
    if answer.version.0.is_empty() {
        return Err("the answer to /server_info is not Envoy's: it has no version".to_owned());
    }
    let state = answer.state.0;
    Ok(ServerInfo {
        version: number_of(&answer.version.0).into(),
        // The first of its kind, so it may be left out.
        state: if state.is_empty() { "LIVE".into() } else { state },
        uptime: seconds(&answer.uptime_current_epoch.0),
        concurrency: u32::try_from(answer.command_line_options.concurrency.or_zero()).unwrap_or(u32::MAX),
    })
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Answer {
    version: Text,
    state: Text,
    uptime_current_epoch: Text,
    #[serde(deserialize_with = "or_default")]
    command_line_options: Options,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Options {
    concurrency: Number,
}

/// The number in `<revision>/1.40.0/Clean/RELEASE/BoringSSL`; the whole where it is written otherwise.
fn number_of(version: &str) -> &str {
    version.split('/').nth(1).filter(|number| !number.is_empty()).unwrap_or(version)
}

/// The whole seconds of a duration as protobuf writes it, `93s`, `93.5s`.
fn seconds(duration: &str) -> u64 {
    let number = duration.strip_suffix('s').unwrap_or(duration);
    number.split('.').next().and_then(|whole| whole.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_tells_version_state_uptime_and_workers() {
        let answer = r#"{"version": "9e558093/1.40.0/Clean/RELEASE/BoringSSL", "state": "DRAINING",
            "uptime_current_epoch": "93784s", "uptime_all_epochs": "100000s",
            "command_line_options": {"base_id": "7", "concurrency": 2, "log_level": "warning"}, "node": {"id": "x"}}"#;
        let wanted =
            ServerInfo { version: "1.40.0".into(), state: "DRAINING".into(), uptime: 93_784, concurrency: 2 };
        assert_eq!(parse(answer.as_bytes()).unwrap(), wanted);
    }

    #[test]
    fn what_is_left_out_is_what_the_encoding_means_by_it() {
        let cases = [
            (r#"{"version": "a/1.31-dev/Clean"}"#, "1.31-dev", "LIVE", 0, 0),
            (r#"{"version": "custom", "state": 0, "command_line_options": null}"#, "custom", "LIVE", 0, 0),
            (
                r#"{"version": "a/1/b", "uptime_current_epoch": "61.25s", "command_line_options": {"concurrency": "4"}}"#,
                "1",
                "LIVE",
                61,
                4,
            ),
            (r#"{"version": "x\u001b[2J//", "uptime_current_epoch": "soon"}"#, "x\u{b7}[2J//", "LIVE", 0, 0),
        ];
        for (answer, version, state, uptime, concurrency) in cases {
            let told = parse(answer.as_bytes()).unwrap();
            let wanted = ServerInfo { version: version.into(), state: state.into(), uptime, concurrency };
            assert_eq!(told, wanted, "{answer}");
        }
    }

    #[test]
    fn what_is_not_envoys_is_refused_in_words() {
        for answer in ["", "not found", "[]", "{}", r#"{"kind": "Status", "code": 403}"#, "{\"version\": 1}"]
        {
            let why = parse(answer.as_bytes()).unwrap_err();
            assert!(why.starts_with("the answer to /server_info is not Envoy's: "), "{answer}: {why}");
        }
    }
}
