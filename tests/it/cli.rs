//! The program as people and scripts start it: what it prints, where, and how it ends.

use std::path::Path;
use std::process::{Command, Stdio};
use std::{fs, io};

use egret::config::SAMPLE;

/// A start of the program in a home directory of its own, with nothing else in the environment.
struct Start {
    command: Command,
    home: tempfile::TempDir,
}

/// What was printed, and how it ended.
#[derive(Debug)]
struct End {
    out: String,
    err: String,
    code: Option<i32>,
}

fn egret(line: &str) -> Start {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_egret"));
    command.args(line.split_whitespace()).env_clear().env("HOME", home.path()).stdin(Stdio::null());
    Start { command, home }
}

impl Start {
    fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// With a config file in the usual place.
    fn config(self, text: &str) -> Self {
        let folder = self.home.path().join(".config/egret");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.toml"), text).unwrap();
        self
    }

    fn run(mut self) -> End {
        let output = self.command.output().unwrap();
        let home = self.home.path().to_string_lossy().into_owned();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(&home, "~");
        End { out: text(output.stdout), err: text(output.stderr), code: output.status.code() }
    }
}

/// Holds a text against `tests/snapshots/NAME.snap`.
fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn the_help_says_what_there_is() {
    for (name, line) in [
        ("help", "--help"),
        ("help-short", "-h"),
        ("help-get", "get --help"),
        ("help-config", "config --help"),
        ("help-render", "render --help"),
        ("help-controller", "controller --help"),
        ("help-install", "install --help"),
        ("help-uninstall", "uninstall --help"),
        ("help-journal", "journal --help"),
        ("help-apply", "apply --help"),
        ("help-delete", "delete --help"),
        ("help-metrics", "metrics --help"),
        ("help-replay", "replay --help"),
    ] {
        let end = egret(line).run();
        assert_eq!((end.code, end.err.as_str()), (Some(0), ""), "{line}");
        snapshot(name, &end.out);
    }
}

#[test]
fn a_gateway_of_a_file_is_rendered_or_everything_wrong_with_it_is_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let file = |name: &str| folder.join(name).display().to_string();
    let golden = fs::read_to_string(file("gateways/golden/minimal.yaml")).unwrap();
    let end = egret(&format!("render -f {}", file("gateways/minimal.yaml"))).run();
    assert_eq!((end.code, end.out), (Some(0), golden));
    assert!(end.err.contains("note: spec.ports: without ports nothing can be sent"), "{}", end.err);
    let end = egret(&format!("render -f {} -o json", file("gateways/minimal.yaml"))).run();
    let list: serde_json::Value = serde_json::from_str(&end.out).unwrap();
    assert_eq!((&list["kind"], list["items"].as_array().unwrap().len()), (&"List".into(), 5));
    let end = egret(&format!("render -f {}", file("istiogateways/bad/rolling-stuck.yaml"))).run();
    assert_eq!((end.code, end.out.as_str()), (Some(1), ""));
    assert!(
        end.err.contains("spec.rollingMaxUnavailable: this and rollingMaxSurge are both zero"),
        "{}",
        end.err
    );
    let end = egret(&format!("render -f {}", file("policies/one-destination.yaml"))).run();
    assert_eq!(end.code, Some(1));
    assert!(end.err.contains("is no gateway of istio.alibabacloud.com"), "{}", end.err);
    // Each document of a file counts, and is named where it is wrong, with or without a cluster to compare with.
    let dir = tempfile::tempdir().unwrap();
    let several = dir.path().join("several.yaml");
    let gateway = "apiVersion: istio.alibabacloud.com/v1beta1\nkind: IstioGateway\n";
    let text =
        format!("{gateway}metadata: {{name: out}}\n---\nkind: Pod\n---\n{gateway}metadata: {{name: a.b}}\n");
    fs::write(&several, text).unwrap();
    for more in ["", " --against-cluster --kubeconfig /nowhere"] {
        let end = egret(&format!("render -f {}{more}", several.display())).run();
        assert_eq!(end.code, Some(1));
        for said in [
            "document 1: note: metadata.namespace: none is named: istio-system is taken",
            "document 2: kind: null \"Pod\" is no gateway",
            "document 3: metadata.name: the name may not contain dots",
        ] {
            assert!(end.err.contains(said), "{said} is not in {}", end.err);
        }
        assert_eq!(end.out.contains("namespace: istio-system"), more.is_empty(), "{}", end.out);
    }
    fs::write(&several, "---\n# nothing\n").unwrap();
    let end = egret(&format!("render --against-cluster -f {}", several.display())).run();
    assert!(end.code == Some(1) && end.err.contains("there is nothing in it"), "{}", end.err);
    let end = egret("render -f no-such-file.yaml").run();
    assert!(end.code == Some(1) && end.err.contains("no-such-file.yaml: No such file"), "{}", end.err);
}

#[test]
fn the_journal_is_printed_from_all_its_files_and_what_is_broken_is_counted() {
    let with = |text: &str| {
        let start = egret("journal");
        let folder = start.home.path().join(".local/state/egret");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("journal.jsonl"), text).unwrap();
        let line = |name: &str| {
            format!(
                r#"{{"time":"2026-05-03T11:52:00Z","context":"prod","verb":"change","kind":"Service","name":"{name}","fields":["spec.type"],"result":"ok","later":1}}"#
            )
        };
        fs::write(folder.join("journal.jsonl.1"), line("older") + "\n").unwrap();
        start.env("TZ", "UTC").run()
    };
    let end = with("{\"time\":\n");
    let wanted = "TIME                  CONTEXT   WHO   BY   VERB     OBJECT          RESULT   FIELDS\n\
                  2026-05-03 11:52:00   prod      -     -    change   Service older   ok       spec.type\n";
    assert_eq!((end.code, end.out.as_str()), (Some(0), wanted));
    assert_eq!(
        end.err,
        "egret: 1 line is none of the journal, and skipped: ~/.local/state/egret/journal.jsonl\n"
    );
    let none = egret("journal").run();
    assert_eq!((none.code, none.out.as_str()), (Some(0), ""));
    assert!(
        none.err.contains("nothing of that is in the journal ~/.local/state/egret/journal.jsonl"),
        "{}",
        none.err
    );
    let json = egret("journal -o json").env("XDG_STATE_HOME", "/nowhere").run();
    assert_eq!((json.code, json.out.as_str(), json.err.as_str()), (Some(0), "[]\n", ""));
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_would_be_right() {
    for (line, said) in [
        ("fetch", "unrecognized subcommand 'fetch'"),
        ("get", "<WHAT>"),
        ("get gateway-classes", "[possible values: clusters, gateways, services, pods]"),
        ("get pods -o csv", "[possible values: table, wide, json, yaml, name]"),
        ("get pods --context", "--context <CONTEXT>"),
        ("--context a --all-contexts", "cannot be used with"),
        ("-n a -A", "cannot be used with"),
        ("--color sometimes", "[possible values: auto, never, 16, 256, truecolor]"),
        ("--glyphs runes", "[possible values: auto, braille, block, ascii]"),
        ("--view nodes", "[possible values: clusters, gateways, services, pods]"),
        ("--view pods get pods", "--view names a screen, and a verb opens none"),
        ("install", "--image <IMAGE>"),
        ("install --image i -o yaml", "--dry-run"),
        ("install --image i --read-only --yes", "read-only is set"),
        ("uninstall --confirm x", "--delete-gateways"),
        ("uninstall --read-only --yes", "read-only is set"),
        ("apply", "--file <FILE>"),
        ("apply -f x --diff --dry-run", "cannot be used with"),
        ("delete pod x", "[possible values: gateway]"),
        ("delete gateway", "<NAME>"),
        ("journal --since yesterday", "a time such as 1h, 30m or 2d"),
        ("completions tcsh", "[possible values: bash, elvish, fish, powershell, zsh]"),
    ] {
        let end = egret(line).run();
        assert_eq!((end.code, end.out.as_str()), (Some(2), ""), "{line}: {end:?}");
        assert!(end.err.contains(said), "{line}: {}", end.err);
    }
}

#[test]
fn the_configuration_in_force_names_the_source_of_each_value() {
    let end = egret("config --glyphs ascii --context a")
        .config("theme = \"ansi\"\ncontexts = [\"b\"]\n\n[keys]\nquit = []\n")
        .env("EGRET_NAMESPACES", "istio-system,edge")
        .env("NO_COLOR", "1")
        .run();
    let wanted = r#"# file: ~/.config/egret/config.toml

version = 2                            # default
contexts = ["a"]                       # --context
namespaces = ["istio-system", "edge"]  # EGRET_NAMESPACES
read-only = false                      # default
show-ingress = false                   # default
reconcile = false                      # default
theme = "ansi"                         # file, line 1
color = "never"                        # NO_COLOR
glyphs = "ascii"                       # --glyphs
mouse = false                          # default
restore = false                        # default
print-on-exit = "no"                   # default
bell = false                           # default
title = false                          # default

[thresholds]
success = [99, 95]          # default
p99 = [1000, 5000]          # default
saturation = [80, 95]       # default
certificate-days = [30, 7]  # default

[keys]
quit = []  # file, line 5
"#;
    assert_eq!((end.out.as_str(), end.err.as_str(), end.code), (wanted, "", Some(0)));
}

#[test]
fn without_a_file_the_configuration_says_where_it_would_be() {
    let first = |start: Start| start.run().out.lines().next().map(str::to_string);
    let usual = first(egret("config"));
    assert_eq!(usual.as_deref(), Some("# file: ~/.config/egret/config.toml (does not exist)"));
    let xdg = first(egret("config").env("XDG_CONFIG_HOME", "/nowhere"));
    assert_eq!(xdg.as_deref(), Some("# file: /nowhere/egret/config.toml (does not exist)"));
}

#[test]
fn no_color_takes_colours_away_unless_they_were_asked_for() {
    let color = |start: Start| {
        let out = start.env("NO_COLOR", "1").run().out;
        out.lines().find(|l| l.starts_with("color")).and_then(|l| l.split('"').nth(1).map(str::to_string))
    };
    for (start, wanted) in [
        (egret("config"), "never"),
        (egret("config --color 256"), "256"),
        (egret("config --color auto"), "never"),
        (egret("config").config("color = \"truecolor\"\n"), "truecolor"),
        (egret("config").env("EGRET_COLOR", "16"), "16"),
    ] {
        assert_eq!(color(start).as_deref(), Some(wanted));
    }
    let out = egret("config").env("NO_COLOR", "").run().out;
    assert!(out.contains("color = \"auto\""), "an empty NO_COLOR is none: {out}");
}

#[test]
fn the_default_configuration_is_the_sample_even_beside_a_broken_file() {
    let end = egret("config --default").config("them = 1\n").run();
    assert_eq!((end.out.as_str(), end.code), (SAMPLE, Some(0)));
}

#[test]
fn a_wrong_config_file_ends_with_2_and_tells_every_problem_with_file_and_line() {
    let text = "them = \"mono\"\n[keys]\nqit = \"q\"\nhelp = \"meta-q\"\n";
    for verb in ["config", "keys", "get pods"] {
        let end = egret(verb).config(text).env("EGRET_READ_ONLY", "perhaps").run();
        assert_eq!((end.code, end.out.as_str()), (Some(2), ""), "{verb}");
        let lines: Vec<&str> = end.err.lines().collect();
        assert_eq!(lines.len(), 4, "{}", end.err);
        for (line, start) in lines.iter().zip([
            "egret: ~/.config/egret/config.toml:1: unknown key `them`; did you mean `theme`?",
            "~/.config/egret/config.toml:3: unknown command `qit`; did you mean `quit`?",
            "~/.config/egret/config.toml:4: `keys.help`: `meta-q` is not a key",
            "environment variable EGRET_READ_ONLY: expected true, false, 1 or 0, not `perhaps`",
        ]) {
            assert!(line.starts_with(start), "{line}");
        }
    }
}

#[test]
fn a_key_that_would_mean_two_things_is_refused() {
    let end = egret("keys").config("[keys]\nquit = \"?\"\n").run();
    assert_eq!((end.code, end.out.as_str()), (Some(2), ""));
    assert!(end.err.contains("`?` would mean both"), "{}", end.err);
}

#[test]
fn a_config_file_that_was_asked_for_must_be_there() {
    for start in [egret("config --config nowhere.toml"), egret("config").env("EGRET_CONFIG", "nowhere.toml")]
    {
        let end = start.run();
        assert_eq!(end.code, Some(2));
        assert!(end.err.starts_with("egret: config file nowhere.toml: "), "{}", end.err);
    }
}

#[test]
fn keys_are_those_of_the_config() {
    let end = egret("keys").config("[keys]\nquit = [\"ctrl-q\", \"f10\"]\n").run();
    assert_eq!((end.code, end.err.as_str()), (Some(0), ""));
    let quit = end.out.lines().find(|l| l.split_whitespace().any(|w| w == "quit"));
    assert!(quit.is_some_and(|l| l.trim_start().starts_with("ctrl-q, f10  ")), "{quit:?}");
}

#[test]
fn a_key_of_two_owners_is_refused_with_both_and_the_line_that_made_it_so() {
    let end = egret("keys").config("# mine\n[keys]\nwide = \"y\"\n").run();
    assert_eq!((end.code, end.out.as_str()), (Some(2), ""));
    assert_eq!(
        end.err,
        "egret: ~/.config/egret/config.toml:3: keys: `y` would mean both `yaml` and `wide`\n"
    );
    let end = egret("keys").config("[keys]\ntop = \"g\"\n").run();
    assert_eq!(end.code, Some(2));
    assert!(end.err.contains("config.toml:2: keys: `g` of `top` is the beginning of `g "), "{}", end.err);
    let end = egret("keys").config("[keys]\nwide = [\"space w\", \"ctrl-x ctrl-w\"]\nmark = \"f9\"\n").run();
    assert_eq!((end.code, end.err.as_str()), (Some(0), ""));
    assert!(
        end.out.lines().any(|l| l.contains("space w, ctrl-x ctrl-w") && l.contains("wide")),
        "{}",
        end.out
    );
}

#[test]
fn completions_are_printed_for_every_shell_and_ask_egret_itself() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let end = egret(&format!("completions {shell}")).run();
        assert_eq!((end.code, end.err.as_str()), (Some(0), ""), "{shell}");
        assert!(end.out.contains("EGRET_COMPLETE"), "{shell}: {}", end.out);
    }
}

/// What a shell is offered for a line that is being typed.
fn offered(line: &str, kubeconfig: &str) -> Vec<String> {
    let mut start = egret("").env("EGRET_COMPLETE", "fish").env("KUBECONFIG", kubeconfig);
    start.command.arg("--").args(line.split(' '));
    let end = start.run();
    assert_eq!((end.code, end.err.as_str()), (Some(0), ""), "{line}");
    end.out.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn verbs_flags_and_names_of_contexts_are_completed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config");
    let text = "apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]
contexts:
- {name: prod-eu, context: {cluster: c}}
- {name: prod-us, context: {cluster: c}}
- {name: 'two words', context: {cluster: c}}
- {name: stage, context: {cluster: c}}
";
    fs::write(&file, text).unwrap();
    let file = file.display().to_string();
    assert_eq!(offered("egret --context pr", &file), ["prod-eu", "prod-us"]);
    assert_eq!(offered("egret get pods --context st", &file), ["stage"]);
    assert!(!offered("egret --context ", &file).contains(&"two words".to_owned()));
    assert!(offered("egret met", &file).contains(&"metrics".to_owned()));
    assert_eq!(offered("egret --theme mo", &file), ["mono"]);
    // A cluster that does not answer has no names, and nothing is said at a prompt.
    assert_eq!(offered("egret metrics egress", &file), Vec::<String>::new());
}

#[test]
fn the_manual_tells_every_verb_key_file_and_variable() {
    let end = egret("man").config("[keys]\nquit = [\"f10\"]\n").run();
    assert_eq!((end.code, end.err.as_str()), (Some(0), ""));
    for word in ["egret\\-metrics", ".SH KEYS", "f10", "z t", "config.toml", "EGRET_THEME", "NO_COLOR"] {
        assert!(end.out.contains(word), "{word}");
    }
    let end = egret("man get").run();
    assert!(end.out.starts_with(".ie") && end.out.contains("\\-\\-sort"), "{}", end.out);
    let end = egret("man fly").run();
    assert_eq!(end.code, Some(2));
    assert!(end.err.contains("no verb `fly`; there are ") && end.err.contains("metrics"), "{}", end.err);

    let start = egret("man --dir pages");
    let pages = start.home.path().join("pages");
    let mut start = start;
    start.command.current_dir(start.home.path());
    let home = start.home.path().to_owned();
    let output = start.command.output().unwrap();
    assert!(output.status.success(), "{home:?}");
    let names: Vec<String> =
        fs::read_dir(&pages).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    for page in ["egret.1", "egret-get.1", "egret-doctor.1"] {
        assert!(names.contains(&page.to_owned()), "{names:?}");
    }
}

#[test]
fn the_version_tells_what_was_built_and_by_what() {
    let short = egret("-V").run();
    assert_eq!(short.out, format!("egret {}\n", env!("CARGO_PKG_VERSION")));
    let long = egret("--version").run();
    assert!(long.out.starts_with(short.out.trim_end()), "{}", long.out);
    for fact in ["commit:", "built for:", "rustc 1.", "Kubernetes API:"] {
        assert!(long.out.contains(fact), "{fact}: {}", long.out);
    }
}

#[test]
fn the_doctor_tells_what_is_wrong_with_the_config_and_goes_on_and_says_no_secret() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config");
    let text = "apiVersion: v1
kind: Config
current-context: prod-eu
clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]
users: [{name: anna, user: {token: very-secret}}]
contexts: [{name: prod-eu, context: {cluster: c, user: anna}}]
";
    fs::write(&file, text).unwrap();
    let file = file.display().to_string();
    let end = egret("doctor --self").config("thme = 1\n").env("KUBECONFIG", &file).run();
    assert_eq!((end.code, end.err.as_str()), (Some(0), ""));
    for part in ["egret\n", "System\n", "Terminal\n", "Config\n", "State\n", "Kubeconfig\n", "Cluster\n"] {
        assert!(end.out.contains(part), "{part}{}", end.out);
    }
    assert!(end.out.contains("config.toml:1: ") && end.out.contains("thme"), "{}", end.out);
    assert!(end.out.contains("token in the kubeconfig (user anna)"), "{}", end.out);
    assert!(end.out.contains("does not answer") && !end.out.contains("very-secret"), "{}", end.out);

    let end = egret("doctor --self --anonymous").env("KUBECONFIG", &file).run();
    for name in ["prod-eu", "anna", "127.0.0.1", &*file] {
        assert!(!end.out.contains(name), "{name}: {}", end.out);
    }
    assert!(end.out.contains("context-a"), "{}", end.out);
    assert_eq!(egret("doctor").run().code, Some(2));
}

#[test]
fn a_reader_that_goes_away_ends_every_verb_quietly() {
    for line in ["config", "config --default", "keys", "completions zsh", "--help"] {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let mut start = egret(line);
        let output = start.command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        let output = output.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{line}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{line}");
    }
}

#[test]
fn a_full_disk_is_told_and_fails() {
    if !Path::new("/dev/full").exists() {
        // Only Linux has this device.
        return;
    }
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut start = egret("config --default");
    let output = start.command.stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    let output = output.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(err.starts_with("egret: writing the output: "), "{err}");
}
