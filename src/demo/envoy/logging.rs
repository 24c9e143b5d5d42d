//! `/logging`: levels of a proxy's loggers. It is the one thing of a proxy that requests change.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::Answer;

/// Loggers that Envoy has, as far as anybody here looks at them.
const LOGGERS: &[&str] = &[
    "admin",
    "assert",
    "backtrace",
    "client",
    "config",
    "connection",
    "conn_handler",
    "decompression",
    "dns",
    "envoy_bug",
    "filter",
    "forward_proxy",
    "grpc",
    "health_checker",
    "http",
    "http2",
    "init",
    "io",
    "jwt",
    "lua",
    "main",
    "misc",
    "pool",
    "quic",
    "rbac",
    "router",
    "runtime",
    "secret",
    "stats",
    "tcp",
    "tracing",
    "upstream",
    "udp",
    "wasm",
];

/// Levels, the finest first.
const LEVELS: &[&str] = &["trace", "debug", "info", "warning", "error", "critical", "off"];

/// How levels are changed.
const USAGE: &str = "usage: /logging?<name>=<level> (change single level)\n\
    usage: /logging?level=<level> (change all levels)\n\
    levels: trace debug info warning error critical off \n";

/// What Istio starts its proxies with.
const USUAL: &str = "warning";

/// Levels that somebody changed, by the uid of a pod.
#[derive(Clone, Debug, Default)]
pub struct Levels(BTreeMap<String, LevelsOf>);

/// Levels of one proxy: those that are not as they were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LevelsOf(BTreeMap<&'static str, &'static str>);

impl LevelsOf {
    /// All loggers with their levels, as Envoy lists them.
    pub(super) fn told(&self) -> String {
        let mut text = "active loggers:\n".to_owned();
        for logger in LOGGERS {
            let usual = if *logger == "misc" { "error" } else { USUAL };
            let _ = writeln!(text, "  {logger}: {}", self.0.get(logger).unwrap_or(&usual));
        }
        text
    }
}

impl Levels {
    /// Those of a pod.
    pub(super) fn of(&self, uid: &str) -> LevelsOf {
        self.0.get(uid).cloned().unwrap_or_default()
    }

    /// Changes levels as a POST's query says, `level=debug` or `http=debug`, and answers with all of them.
    pub(in crate::demo) fn change(&mut self, uid: &str, query: &str) -> Answer {
        let asked: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let levels = self.0.entry(uid.to_owned()).or_default();
        let usage = |why: &str| Answer::text(400, format!("error: {why}\n\n{USAGE}"));
        let [(name, level)] = &*asked else {
            let told = Answer::text(200, levels.told());
            return if asked.is_empty() { told } else { usage("invalid number of parameters") };
        };
        let Some(level) = LEVELS.iter().find(|l| *l == level) else {
            return usage("unknown logger level");
        };
        let named = |l: &&&'static str| name == "level" || **l == name;
        let found: Vec<&&'static str> = LOGGERS.iter().filter(named).collect();
        if found.is_empty() {
            return usage("unknown logger name");
        }
        levels.0.extend(found.into_iter().map(|logger| (*logger, *level)));
        Answer::text(200, levels.told())
    }
}

/// What changes something is only done when it is posted.
pub(super) fn refused() -> Answer {
    Answer::text(405, "Method GET not allowed, POST required.")
}
