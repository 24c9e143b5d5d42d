//! The config file: each file of `tests/data/config` is a case.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use egret::config::{Color, Contexts, Glyphs, Namespaces, SAMPLE, Settings, Source, Vocabulary, parse};
use egret::model::columns::Choice;
use egret::model::gateway::Direction;
use egret::model::table::TableKind;

fn cases(folder: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/config").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|f| (f.clone(), fs::read_to_string(f).unwrap())).collect()
}

fn read(text: &str) -> Settings {
    parse(text, &Vocabulary::ANY, Settings::default()).unwrap()
}

/// The sample with a part of its comment signs removed.
fn sample(uncomment: impl Fn(&str) -> Option<&str>) -> String {
    SAMPLE.lines().map(|line| uncomment(line).unwrap_or(line)).fold(String::new(), |all, l| all + l + "\n")
}

/// A setting at its default: `#` and no space.
fn setting(line: &str) -> Option<&str> {
    line.strip_prefix('#').filter(|rest| !rest.is_empty() && !rest.starts_with(' '))
}

/// An example inside the prose: five spaces.
fn example(line: &str) -> Option<&str> {
    line.strip_prefix("#     ")
}

#[test]
fn every_valid_file_is_read() {
    for (file, text) in cases("valid") {
        let read = parse(&text, &Vocabulary::ANY, Settings::default());
        assert!(read.is_ok(), "{}: {read:?}", file.display());
    }
}

#[test]
fn a_file_with_everything_in_it_says_what_was_written() {
    let (_, text) = cases("valid").into_iter().find(|(file, _)| file.ends_with("everything.toml")).unwrap();
    let s = read(&text);
    let named = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(s.contexts.value, Contexts::Named(named(&["prod-eu", "prod-us"])));
    assert_eq!(s.namespaces.value, Namespaces::Named(named(&["istio-system", "edge"])));
    assert!(s.read_only.value && s.show_ingress.value && s.reconcile.value);
    assert_eq!(
        (s.theme.value.as_str(), s.color.value, s.glyphs.value),
        ("ansi", Color::Indexed, Glyphs::Ascii)
    );
    let keys = [("delete", named(&[])), ("help", named(&["?", "f1"])), ("quit", named(&["q"]))];
    assert!(s.keys.iter().map(|(name, v)| (name.as_str(), v.value.clone())).eq(keys));
    assert_eq!(s.columns[&TableKind::Pods].value, ["name", "status"].map(Choice::known));
    assert_eq!(s.columns[&TableKind::Pods].source, Source::File { line: 16 });
    assert_eq!(s.gateway_directions().get("edge", "shared"), Some(Direction::Ingress));
    assert_eq!(s.cluster_ids().cluster("c0123456789abcdef", &[]), Some("prod-eu".into()));
    assert_eq!(s.thresholds.success.value, (99.9, 99.5));
    assert!(s.bell.value);
    assert_eq!(s.rules.len(), 2);
    assert!(s.production_in("prod-us") && s.production_in("prod-eu") && !s.production_in("dev"));
}

#[test]
fn every_invalid_file_is_refused_with_one_problem_that_its_first_line_tells() {
    for (file, text) in cases("invalid") {
        let expected = text.lines().next().and_then(|l| l.strip_prefix("# ")).unwrap();
        let problems = parse(&text, &Vocabulary::ANY, Settings::default()).unwrap_err();
        let told: Vec<String> = problems.iter().map(|p| p.in_file("f").to_string()).collect();
        assert_eq!(told.len(), 1, "{}: {told:?}", file.display());
        assert!(told[0].starts_with(&format!("f{expected}")), "{}: {told:?}", file.display());
    }
}

#[test]
fn all_problems_of_a_file_are_told_from_the_top() {
    let text = "theme = 1\nglyphs = 'x'\n[keys]\nquit = 2\n[directions]\na = 'b'\n";
    let problems = parse(text, &Vocabulary::ANY, Settings::default()).unwrap_err();
    let lines: Vec<_> = problems.iter().filter_map(|p| p.line).collect();
    assert_eq!(lines, [1, 2, 4, 6]);
}

#[test]
fn names_of_commands_keys_and_columns_are_checked_where_they_are_known() {
    let known = Vocabulary {
        commands: Some(|| vec!["quit".into(), "help".into()]),
        key: |key| if key == "q" { Ok(()) } else { Err(format!("`{key}` is not a key")) },
        columns: Some(|table| if table == TableKind::Pods { vec!["name", "status"] } else { vec!["name"] }),
    };
    let cases = [
        ("[keys]\nquit = 'q'\n[columns]\npods = ['status']\n", None),
        ("[keys]\nqit = 'q'\n", Some("2: unknown command `qit`; did you mean `quit`?")),
        ("[keys]\nquit = ['q', 'qq']\n", Some("2: `keys.quit`: `qq` is not a key")),
        (
            "[columns]\ngateways = ['status']\n",
            Some("2: `columns.gateways`: unknown column `status`; allowed: name"),
        ),
    ];
    for (text, wanted) in cases {
        let problem = parse(text, &known, Settings::default()).err().map(|all| {
            assert_eq!(all.len(), 1, "{all:?}");
            format!("{}: {}", all[0].line.unwrap(), all[0].message)
        });
        assert_eq!(problem.as_deref(), wanted, "{text}");
    }
}

#[test]
fn a_star_is_all_of_them() {
    let s = read("contexts = ['*']\nnamespaces = ['*']\n");
    assert_eq!((s.contexts.value, s.namespaces.value), (Contexts::All, Namespaces::All));
}

#[test]
fn the_sample_changes_nothing_as_it_ships() {
    assert_eq!(read(SAMPLE), Settings::default());
}

#[test]
fn the_sample_with_every_setting_uncommented_equals_the_defaults() {
    let text = sample(setting);
    let read = read(&text);
    assert_eq!(read.version.value, Some(egret::config::migrate::VERSION));
    let unversioned = Settings { version: Settings::default().version, ..read };
    assert_eq!(unversioned.without_sources(), Settings::default(), "{text}");
}

#[test]
fn the_sample_holds_every_setting_there_is() {
    let named: BTreeSet<&str> = SAMPLE.lines().filter_map(setting).collect();
    for (_, name) in egret::config::variables() {
        assert!(named.iter().any(|line| line.starts_with(&format!("{name} = "))), "{name}");
    }
    for section in ["[thresholds]", "[keys]", "[columns]", "[directions]"] {
        assert!(named.contains(section), "{section}");
    }
}

#[test]
fn the_examples_of_the_sample_are_valid_too() {
    // Each example belongs to the table whose title follows it, or brings its own.
    let mut texts = Vec::new();
    let mut pending = String::new();
    for line in SAMPLE.lines() {
        if let Some(text) = example(line) {
            pending += &format!("{text}\n");
        } else if let Some(title) = setting(line).filter(|l| l.starts_with('[')) {
            texts.push(format!("{title}\n{pending}"));
            pending.clear();
        }
    }
    texts.push(pending);
    assert_eq!(texts.len(), 5, "{texts:?}");
    for text in texts {
        assert_ne!(read(&text), Settings::default(), "{text}");
    }
}
