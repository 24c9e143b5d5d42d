//! What `egret --version` says: the facts of the build, for whoever reads a report of a bug.

use std::sync::LazyLock;

/// Name and value, in the order in which they are told.
pub fn facts() -> Vec<(&'static str, String)> {
    let known = |value: &str, else_said: &str| match value {
        "" => else_said.to_owned(),
        value => value.to_owned(),
    };
    vec![
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("commit", known(env!("EGRET_BUILD_COMMIT"), "not recorded")),
        ("built for", format!("{}, {}", env!("EGRET_BUILD_TARGET"), env!("EGRET_BUILD_PROFILE"))),
        ("built by", known(env!("EGRET_BUILD_RUSTC"), "rustc")),
        ("Kubernetes API", "1.36, any server that serves these kinds".to_owned()),
    ]
}

/// What `--version` prints behind the name of the program.
pub static LONG: LazyLock<String> = LazyLock::new(|| {
    let mut facts = facts().into_iter();
    let mut text = facts.next().map(|(_, version)| version).unwrap_or_default();
    for (name, value) in facts {
        text += &format!("\n{:16}{value}", format!("{name}:"));
    }
    text
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_first_word_and_each_fact_has_a_line() {
        let lines: Vec<&str> = LONG.lines().collect();
        assert_eq!(lines[0], env!("CARGO_PKG_VERSION"));
        assert!(lines[1].starts_with("commit: "), "{lines:?}");
        assert!(lines.iter().any(|line| line.contains("rustc 1.")), "{lines:?}");
    }
}
