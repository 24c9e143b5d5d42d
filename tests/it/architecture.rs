//! Which way the parts of egret may look at each other, and at the world outside.
//!
//! The two tables are the rules; `uses` finds out what the source does. A rule is changed here, on purpose,
//! or not at all.

mod uses;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use uses::{Use, uses};

/// What each top-level module may use of the others: modules, or items of a module.
const ARROWS: &[(&str, &[&str])] = &[
    // Pure.
    ("model", &[]),
    ("metrics", &["model"]),
    ("envoy", &["model"]),
    ("materialize", &["model"]),
    ("routing", &["model"]),
    ("findings", &["model", "metrics", "envoy", "materialize", "routing"]),
    ("recording", &["envoy", "metrics", "model"]),
    // What a person sets.
    ("config", &["model"]),
    // The words of rows and windows.
    ("cli", &["config", "metrics::view", "model"]),
    // The world.
    // A context may be named by a pattern.
    ("cluster", &["config::Glob", "model"]),
    ("demo", &["materialize", "model"]),
    ("reconcile", &["cluster", "materialize", "model", "routing"]),
    ("changing", &["cluster", "materialize", "model", "reconcile", "routing"]),
    ("sources", &["cluster", "envoy", "metrics", "model"]),
    // What main and the verbs begin with.
    ("setup", &["app::command", "app::keymap", "cli", "cluster", "config", "model", "sources"]),
    // The screens.
    ("app", &["config", "envoy", "findings", "materialize", "metrics", "model", "recording", "routing"]),
    ("ui", &["app", "config", "envoy", "findings", "materialize", "metrics", "model", "routing"]),
    (
        "runtime",
        &[
            "app",
            "changing",
            "cli",
            "cluster",
            "config",
            "demo",
            "envoy",
            "findings",
            "materialize",
            "metrics",
            "model",
            "reconcile",
            "recording",
            "routing",
            "setup",
            "sources",
            "ui",
        ],
    ),
    // The verbs: everything but the screens, of which they know the commands and their keys.
    (
        "headless",
        &[
            "app::command",
            "app::keymap",
            "changing",
            "cli",
            "cluster",
            "config",
            "demo",
            "envoy",
            "findings",
            "materialize",
            "metrics",
            "model",
            "reconcile",
            "recording",
            "routing",
            "setup",
            "sources",
            // What a report says of the terminal, and the names of themes.
            "ui::Depth",
            "ui::Glyphs",
            "ui::Library",
        ],
    ),
];

/// Arrows of one part of a module alone: what it leads to, and who may go that way.
const NARROW: &[(&str, &str)] = &[
    // What egret keeps in the story is what egret builds; the simulator itself knows nothing of egret.
    ("materialize", "demo::story"),
];

/// The modules that touch the world outside the process.
const IO: &[&str] =
    &["changing", "cluster", "config::load", "demo", "headless", "reconcile", "runtime", "sources"];

/// Who may use what is not ours; the longest path that fits decides. What is not listed, anyone may use.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("tokio", IO),
    ("tokio_util", IO),
    ("futures", IO),
    ("kube::Api", IO),
    ("kube::Client", IO),
    ("kube::Config", IO),
    ("kube::api::Api", IO),
    ("kube::client", IO),
    ("kube::config", IO),
    ("kube::discovery", IO),
    ("kube::runtime", IO),
    ("kube_client", IO),
    ("hyper_util", IO),
    ("tower", IO),
    ("rustls", IO),
    ("rustix", IO),
    ("std::env", IO),
    ("std::fs", IO),
    ("std::net", IO),
    // An address is data.
    ("std::net::IpAddr", &[""]),
    ("std::net::Ipv4Addr", &[""]),
    ("std::net::Ipv6Addr", &[""]),
    ("std::net::SocketAddr", &[""]),
    ("std::process", IO),
    ("std::thread", IO),
    ("std::time::Instant", IO),
    ("std::time::SystemTime", IO),
    // The terminal.
    ("ratatui", &["ui", "runtime"]),
    ("crossterm", &["runtime"]),
    // The pictures of `ui` are taken after keys were pressed.
    ("crossterm::event::KeyCode", &["app", "runtime", "ui::fixtures"]),
    ("crossterm::event::KeyEvent", &["app", "runtime", "ui::fixtures"]),
    ("crossterm::event::KeyEventKind", &["app", "runtime"]),
    ("crossterm::event::KeyEventState", &["app", "runtime"]),
    ("crossterm::event::KeyModifiers", &["app", "runtime"]),
    ("tui_textarea", &["app::text"]),
    // The command line is read in one place.
    ("clap", &["cli", "headless"]),
];

/// Why a use is not allowed; `None` when it is.
fn objection(used: &Use) -> Option<String> {
    let from = used.module.first()?;
    let by = used.module.join("::");
    let path = used.path.join("::");
    if used.ours {
        let to = used.path.first().filter(|to| *to != from)?;
        let Some((_, allowed)) = ARROWS.iter().find(|(module, _)| module == from) else {
            return Some(format!("{by} uses {path}: `{from}` is in no arrow"));
        };
        let narrow = NARROW.iter().any(|(what, part)| {
            within(&path, what) && part.split("::").next() == Some(from) && !within(&by, part)
        });
        let fits = !narrow && allowed.iter().any(|a| within(&path, a));
        return (!fits).then(|| format!("{by} uses {path}: no arrow leads from {from} to {to}"));
    }
    let fitting = OUTSIDE.iter().filter(|(what, _)| within(&path, what));
    let (what, who) = match fitting.max_by_key(|(what, _)| what.len()) {
        Some(rule) => *rule,
        // Under another name, or through a glob, a rule would no longer see what is used.
        None if used.hidden => *OUTSIDE.iter().find(|(what, _)| within(what, &path))?,
        None => return None,
    };
    let may = who.iter().any(|scope| scope.is_empty() || within(&by, scope));
    (!may).then(|| format!("{by} uses {path}: {what} is for {}", who.join(", ")))
}

/// Whether a path is another, or lies below it.
fn within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// All source files of the library, with the module path of each.
fn sources() -> Vec<(Vec<String>, PathBuf)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut folders = vec![src.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let inside = path.strip_prefix(&src).unwrap().with_extension("");
                let mut module: Vec<String> =
                    inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
                if module.last().is_some_and(|name| ["mod", "lib", "main"].contains(&name.as_str())) {
                    module.pop();
                }
                files.push((module, path));
            }
        }
    }
    files.sort();
    files
}

fn objections(module: &[&str], text: &str) -> Vec<String> {
    let module: Vec<String> = module.iter().map(|m| m.to_string()).collect();
    let found: BTreeSet<String> = uses(&module, text).iter().filter_map(objection).collect();
    found.into_iter().collect()
}

#[test]
fn every_module_uses_only_what_the_arrows_allow() {
    let mut wrong = BTreeSet::new();
    for (module, file) in sources() {
        let text = fs::read_to_string(file).unwrap();
        wrong.extend(uses(&module, &text).iter().filter_map(objection));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_top_level_module_is_in_the_arrows() {
    let known: BTreeSet<&str> = ARROWS.iter().map(|(module, _)| *module).collect();
    let present: BTreeSet<String> = sources().into_iter().filter_map(|(m, _)| m.into_iter().next()).collect();
    let missing: Vec<_> = present.iter().filter(|m| !known.contains(m.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let led_to = ARROWS.iter().flat_map(|(_, to)| to.iter()).filter_map(|to| to.split("::").next());
    for to in led_to {
        assert!(known.contains(to), "{to}");
    }
}

#[test]
fn the_arrows_make_no_circle() {
    // Modules whose arrows all lead to modules already placed, until none is left.
    let mut placed: BTreeSet<&str> = BTreeSet::new();
    while placed.len() < ARROWS.len() {
        let before = placed.len();
        for (module, to) in ARROWS {
            if to.iter().filter_map(|t| t.split("::").next()).all(|t| placed.contains(t)) {
                placed.insert(module);
            }
        }
        let left: Vec<_> = ARROWS.iter().map(|(m, _)| m).filter(|m| !placed.contains(*m)).collect();
        assert!(placed.len() > before, "in a circle: {left:?}");
    }
}

#[test]
fn a_forbidden_use_is_found_however_it_is_written() {
    let cases: &[(&[&str], &str)] = &[
        (&["model"], "use crate::cluster::connect;"),
        (&["model"], "use crate::{model::fault::Fault, cluster};"),
        (&["model", "row"], "use super::super::cluster::connect;"),
        (&["model", "row", "meta"], "use super::{Owner, super::super::cluster};"),
        (&["model"], "fn f() { crate::cluster::connect() }"),
        (&["model"], "fn f() -> crate::cluster::Link { todo!() }"),
        (&["model"], "fn f() { println!(\"{}\", crate::cluster::name()) }"),
        (&["model"], "mod inner { use super::super::cluster; }"),
        (&["model"], "pub use crate::cluster::*;"),
        (&["model"], "impl crate::cluster::Watch for Row {}"),
        (&["ui"], "use crate::runtime::log;"),
        (&["headless", "get"], "use crate::app::model::App;"),
        (&["headless"], "use crate::app;"),
        (&["model"], "use tokio::sync::watch;"),
        (&["model"], "fn f() { std::fs::read(\"x\"); }"),
        (&["model"], "use std::{collections::BTreeMap, fs};"),
        (&["model"], "use std::time::{Duration, Instant};"),
        (&["model"], "use std::*;"),
        (&["model"], "use std as s;"),
        (&["model"], "use ::std::env;"),
        (&["model"], "use kube::Client;"),
        (&["model"], "use kube::{CustomResource, Client as C};"),
        (&["model"], "use kube as k;"),
        (&["model"], "extern crate tokio;"),
        (&["app"], "use ratatui::layout::Rect;"),
        (&["app"], "use crossterm::event::EventStream;"),
        (&["app", "update"], "use tui_textarea::TextArea;"),
        (&["cluster"], "use ratatui::text::Line;"),
        (&["config"], "fn f() { std::env::var(\"HOME\"); }"),
        (&["strange"], "use crate::model::row;"),
        (&["demo", "state"], "use crate::materialize::build;"),
    ];
    for (module, text) in cases {
        assert_eq!(objections(module, text).len(), 1, "{module:?}: {text}");
    }
}

#[test]
fn an_allowed_use_is_left_alone() {
    let cases: &[(&[&str], &str)] = &[
        (&["model"], "use crate::model::fault::Fault; use super::model::row; use std::sync::Arc;"),
        (&["model"], "#[cfg(test)] mod tests { use std::fs; use crate::cluster; }"),
        (&["model"], "#[test] fn t() { std::fs::read(\"x\"); }"),
        (&["model"], "use std::net::IpAddr; use std::time::Duration; use kube::CustomResource;"),
        (&["model"], "/// crate::cluster is not for us.\nfn f() -> &'static str { \"std::fs\" }"),
        (&["model"], "fn f() { let cluster = 1; self::row::parse(); }"),
        (&["headless", "keys"], "use crate::app::command::COMMANDS;"),
        (&["app"], "use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};"),
        (&["app", "text"], "use tui_textarea::TextArea;"),
        (&["config", "load"], "use std::{env, fs};"),
        (&["demo", "story", "kept"], "use crate::materialize::build;"),
        (&[], "use crate::runtime; use std::process::ExitCode;"),
    ];
    for (module, text) in cases {
        assert_eq!(objections(module, text), Vec::<String>::new(), "{module:?}: {text}");
    }
}
