//! The programs that are measured, and how their screens are read.

use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;

/// Size of the terminal that everything is measured in.
pub(crate) const SIZE: (u16, u16) = (120, 40);

/// One program that shows the pods of a cluster.
pub(crate) struct Program {
    /// Its name, the heading of its column.
    pub name: &'static str,
    path: PathBuf,
    arguments: &'static [&'static str],
    /// What its screen shows when the table is complete; `{}` stands for the number of pods.
    complete: Option<&'static str>,
}

impl Program {
    /// This egret, built with the benchmark.
    pub(crate) fn egret() -> Self {
        Self {
            name: "egret",
            path: env!("CARGO_BIN_EXE_egret").into(),
            arguments: &["--view", "pods", "--kubeconfig", KUBECONFIG],
            complete: Some(r"1/1 clusters"),
        }
    }

    /// The others that are installed, each started so that it shows the pods of `istio-system`.
    pub(crate) fn peers() -> Vec<Self> {
        let known: [(&str, &[&str], _); 3] = [
            (
                "k9s",
                &["--kubeconfig", KUBECONFIG, "-n", "istio-system", "-c", "pods"],
                Some(r"(?i)pods\(istio-system\)\[{}\]"),
            ),
            // It asks for the whole table at once and tells no number: its first rows are all of them.
            ("kubetui", &["--kubeconfig", KUBECONFIG, "-n", "istio-system"], None),
            ("kdash", &[], Some(r"\[{}\]")),
        ];
        let found = known.into_iter().filter_map(|(name, arguments, complete)| {
            Some(Self { name, path: in_path(name)?, arguments, complete })
        });
        found.collect()
    }

    /// Its command line, in an environment that holds no one's settings.
    pub(crate) fn command(&self, kubeconfig: &Path, home: &Path) -> Command {
        let mut command = self.bare(home);
        command.env("KUBECONFIG", kubeconfig);
        for argument in self.arguments {
            match *argument {
                KUBECONFIG => command.arg(kubeconfig),
                other => command.arg(other),
            };
        }
        command
    }

    /// The program without arguments, in that environment.
    pub(crate) fn bare(&self, home: &Path) -> Command {
        let mut command = Command::new(&self.path);
        command.env_clear().envs([
            ("TERM", "xterm-256color"),
            ("COLORTERM", "truecolor"),
            ("LANG", "C.UTF-8"),
        ]);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", home).env("XDG_CONFIG_HOME", home.join("config"));
        command.current_dir(home);
        command
    }

    /// Whether a screen shows the first rows.
    pub(crate) fn shows_rows(&self) -> impl Fn(&str) -> bool {
        let row = regex(r"load-\d+-");
        move |screen| row.is_match(screen)
    }

    /// Whether a screen shows that the table of so many pods is complete.
    pub(crate) fn shows_all(&self, pods: usize) -> impl Fn(&str) -> bool {
        let all = regex(&self.complete.unwrap_or(r"load-\d+-").replace("{}", &pods.to_string()));
        let rows = self.shows_rows();
        move |screen| rows(screen) && all.is_match(screen)
    }
}

/// Stands for the kubeconfig in a list of arguments.
const KUBECONFIG: &str = "KUBECONFIG";

fn regex(text: &str) -> Regex {
    Regex::new(text).expect("a regular expression of this file")
}

fn in_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}
