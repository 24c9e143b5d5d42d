//! One container of a pod: what it does now, how it last ended, what it was given.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::Value;

use super::probe::probe;
use super::read::{is_true, list, number, pairs, scalar, text, texts, time};
use super::words::{DASH, count, entry, joined, lasting, lines, moment, one_line};
use crate::model::age::age;
use crate::model::facts::{Fact, Section};
use crate::model::table::Tone;

/// Exit codes whose meaning people look up.
const EXITS: [(i64, &str); 7] = [
    (126, "its command cannot be executed"),
    (127, "its command was not found"),
    (128, "it could not be started"),
    (134, "it aborted itself, SIGABRT"),
    (137, "it was killed, SIGKILL"),
    (139, "it crashed, SIGSEGV"),
    (143, "it was asked to end, SIGTERM"),
];

/// A container of the spec with its status, which may not be there yet.
pub(super) fn section(role: &str, spec: &Value, status: Option<&Value>, now: Timestamp) -> Section {
    let name = text(spec, "/name").unwrap_or(DASH);
    let status = status.unwrap_or(&Value::Null);
    let mut facts = vec![state(status, now)];
    facts.extend(last_end(status, now));
    if !status.is_null() {
        facts.push(ready(role, status));
        let restarts = number(status, "/restartCount").unwrap_or_default();
        facts.push(Fact::new("Restarts", restarts.to_string()).tone(if restarts > 0 {
            Tone::Warn
        } else {
            Tone::Plain
        }));
    }
    facts.push(image(spec, status));
    let command = [texts(spec, "/command"), texts(spec, "/args")].concat().join(" ");
    let mut tell = |label: &'static str, entries: Vec<String>| {
        if !entries.is_empty() {
            facts.push(Fact::new(label, lines(&entries)));
        }
    };
    tell("Command", (!command.is_empty()).then(|| one_line(&command)).into_iter().collect());
    tell("Ports", list(spec, "/ports").iter().map(port).collect());
    let amounts = |path| joined(pairs(spec, path).iter().map(|pair| pair.replacen('=', " ", 1)), ", ");
    tell("Limits", vec![or(amounts("/resources/limits"), "none")]);
    tell("Requests", vec![or(amounts("/resources/requests"), "none")]);
    for (label, path) in
        [("Readiness", "readinessProbe"), ("Liveness", "livenessProbe"), ("Startup", "startupProbe")]
    {
        tell(label, spec.get(path).map(|spec| or(probe(spec), DASH)).into_iter().collect());
    }
    tell("Environment", environment(spec));
    let mounts = list(spec, "/volumeMounts").len() as u64;
    if mounts > 0 {
        tell("Mounts", vec![count(mounts, "volume")]);
    }
    Section::new(Cow::Owned(format!("{role} {}", one_line(name))), facts)
}

fn or(text: String, otherwise: &str) -> String {
    if text.is_empty() { otherwise.to_owned() } else { text }
}

/// `running for 5m`, `waiting: CrashLoopBackOff, back-off …`, `ended: Completed, exit code 0, 5m ago`.
fn state(status: &Value, now: Timestamp) -> Fact {
    let Some(state) = status.get("state").and_then(Value::as_object).filter(|state| !state.is_empty()) else {
        return Fact::new("State", "not started").tone(Tone::Muted);
    };
    if let Some(running) = state.get("running") {
        let since = time(running, "/startedAt");
        return Fact::new("State", "running").tone(Tone::Good).note(lasting(since, now));
    }
    if let Some(waiting) = state.get("waiting") {
        let reason = text(waiting, "/reason").unwrap_or_default();
        let message = text(waiting, "/message").unwrap_or_default();
        let tone = match reason {
            "" | "PodInitializing" | "ContainerCreating" => Tone::Busy,
            _ => Tone::Bad,
        };
        let said = joined([one_line(reason), one_line(message)], ", ");
        return Fact::new("State", joined(["waiting".to_owned(), said], ": ")).tone(tone);
    }
    match state.get("terminated") {
        Some(ended) => {
            let tone = if number(ended, "/exitCode") == Some(0) { Tone::Muted } else { Tone::Bad };
            end("State", ended, now).tone(tone)
        }
        None => Fact::new("State", "unknown").tone(Tone::Warn),
    }
}

fn last_end(status: &Value, now: Timestamp) -> Option<Fact> {
    let ended = status.pointer("/lastState/terminated")?;
    let tone = if number(ended, "/exitCode") == Some(0) { Tone::Plain } else { Tone::Warn };
    Some(end("Ended before", ended, now).tone(tone))
}

/// `OOMKilled, exit code 137 (it was killed, SIGKILL), ran 2m, 5m ago, 2026-05-01 11:55:02 UTC: message`.
fn end(label: &'static str, ended: &Value, now: Timestamp) -> Fact {
    let code = number(ended, "/exitCode");
    let meaning =
        EXITS.iter().find(|(known, _)| Some(*known) == code).map(|(_, meaning)| format!(" ({meaning})"));
    let ran = time(ended, "/startedAt").zip(time(ended, "/finishedAt"));
    let parts = [
        text(ended, "/reason").map(one_line),
        code.map(|code| format!("exit code {code}{}", meaning.unwrap_or_default())),
        number(ended, "/signal").filter(|signal| *signal > 0).map(|signal| format!("signal {signal}")),
        ran.map(|(start, end)| format!("ran {}", age(start, end))),
    ];
    let how = joined(parts.into_iter().flatten(), ", ");
    let message = text(ended, "/message").map(one_line).unwrap_or_default();
    let said = format!("ended: {}", joined([how, message], ": "));
    let when = time(ended, "/finishedAt").map(|then| moment(then, now)).unwrap_or_default();
    let said = if label == "State" { said } else { said.replacen("ended: ", "", 1) };
    Fact::new(label, said).note(when)
}

fn ready(role: &str, status: &Value) -> Fact {
    let ready = is_true(status, "/ready");
    let word = if ready { "yes" } else { "no" };
    // An init container is ready when it has ended well; before that it is simply not done.
    let tone = match (ready, role.starts_with("Init")) {
        (true, _) => Tone::Plain,
        (false, true) => Tone::Muted,
        (false, false) => Tone::Warn,
    };
    Fact::new("Ready", word).tone(tone)
}

fn image(spec: &Value, status: &Value) -> Fact {
    let image = text(spec, "/image").unwrap_or(DASH);
    let digest =
        text(status, "/imageID").and_then(|id| id.rsplit_once('@')).map(|(_, digest)| one_line(digest));
    if image == "auto" {
        return Fact::new("Image", "auto: the injector did not replace it, so the proxy cannot start")
            .tone(Tone::Bad);
    }
    Fact::new("Image", one_line(image)).note(digest.unwrap_or_default())
}

fn port(port: &Value) -> String {
    let number = scalar(port, "/containerPort").unwrap_or_else(|| DASH.to_owned());
    let host =
        scalar(port, "/hostPort").filter(|port| port != "0").map(|port| format!("port {port} of the node"));
    let name = text(port, "/name").map(|name| format!("({name})"));
    let head = format!("{number}/{}", text(port, "/protocol").unwrap_or("TCP"));
    one_line(&joined([Some(head), name, host].into_iter().flatten(), " "))
}

/// `NAME=value`, one a line; what comes from elsewhere by its place: `NAME=secret/name key` (R27).
pub(super) fn environment(spec: &Value) -> Vec<String> {
    let whole = list(spec, "/envFrom").iter().map(|from| {
        let prefix = text(from, "/prefix").map(|prefix| format!(" with {prefix} before each name"));
        let place = place(from, "secretRef", "secret").or_else(|| place(from, "configMapRef", "configmap"));
        format!("all of {}{}", place.unwrap_or_else(|| DASH.to_owned()), prefix.unwrap_or_default())
    });
    whole.chain(list(spec, "/env").iter().map(variable)).collect()
}

fn place(from: &Value, key: &str, word: &str) -> Option<String> {
    let from = from.get(key)?;
    let key = text(from, "/key").map(|key| format!(" {key}")).unwrap_or_default();
    Some(one_line(&format!("{word}/{}{key}", text(from, "/name").unwrap_or(DASH))))
}

fn variable(variable: &Value) -> String {
    let name = text(variable, "/name").unwrap_or(DASH);
    let Some(from) = variable.get("valueFrom").filter(|from| from.is_object()) else {
        return entry(name, text(variable, "/value").unwrap_or("(empty)"));
    };
    let said = place(from, "secretKeyRef", "secret")
        .or_else(|| place(from, "configMapKeyRef", "configmap"))
        .or_else(|| text(from, "/fieldRef/fieldPath").map(|path| format!("field {path}")))
        .or_else(|| text(from, "/resourceFieldRef/resource").map(|path| format!("resource {path}")))
        .or_else(|| text(from, "/fileKeyRef/path").map(|path| format!("file {path}")));
    entry(name, &said.unwrap_or_else(|| "(from elsewhere)".to_owned()))
}
