//! The effective configuration as a config file, each value with its source.

use std::fmt::Write as _;

use super::key::KEYS;
use super::migrate::VERSION;
use super::thresholds::{PAIRS, to_toml};
use super::{Settings, Source, columns};
use toml::Value as Toml;

/// Prints the settings as TOML that says the same when read back, with a comment for each source.
pub fn show(settings: &Settings) -> String {
    let mut sections = vec![Lines::plain(settings)];
    let limits = &settings.thresholds;
    let pairs = PAIRS.iter().map(|threshold| {
        let value = (threshold.of)(limits);
        (threshold.name.to_owned(), to_toml(value.value), value.source)
    });
    sections.push(Lines::titled("[thresholds]", pairs));
    sections.push(Lines::titled(
        "[keys]",
        settings.keys.iter().map(|(name, v)| (name.clone(), v.value.clone().into(), v.source)),
    ));
    sections.push(Lines::titled(
        "[columns]",
        settings
            .columns
            .iter()
            .map(|(table, v)| (table.to_string(), columns::list(&v.value).plain(), v.source)),
    ));
    sections.push(Lines::titled(
        "[directions]",
        settings.directions.iter().map(|(name, v)| (name.clone(), v.value.to_string().into(), v.source)),
    ));
    for rule in &settings.rules {
        let entries = [
            Some(("match", Toml::from(rule.pattern.as_str()))),
            rule.read_only.map(|r| ("read-only", r.into())),
            rule.production.map(|p| ("production", p.into())),
            rule.cluster_id.clone().map(|id| ("cluster-id", id.into())),
            (!rule.columns.is_empty()).then(|| ("columns", columns::table(&rule.columns).plain())),
        ];
        let entries = entries.into_iter().flatten();
        sections.push(Lines::titled("[[context]]", entries.map(|(k, v)| (k.to_string(), v, rule.source))));
    }
    for group in &settings.groups {
        let contexts: Vec<&str> = group.contexts.iter().map(super::Glob::as_str).collect();
        let entries = [("name", Toml::from(group.name.as_str())), ("contexts", contexts.into())];
        let entries = entries.into_iter().map(|(k, v)| (k.to_string(), v, group.source));
        sections.push(Lines::titled("[[group]]", entries));
    }
    let shown: Vec<String> = sections.iter().filter(|s| !s.lines.is_empty()).map(Lines::text).collect();
    shown.join("\n")
}

/// One part of the file: its title, and lines with the source of each.
struct Lines {
    title: &'static str,
    lines: Vec<(String, Source)>,
}

impl Lines {
    fn plain(settings: &Settings) -> Self {
        // What is printed is of this version, whichever the file is of.
        let version = ("version".to_owned(), Toml::from(VERSION), settings.version.source);
        let keys = KEYS.iter().map(|key| {
            let (value, source) = (key.get)(settings);
            (key.name.to_string(), value, source)
        });
        Self::titled("", std::iter::once(version).chain(keys))
    }

    fn titled(title: &'static str, entries: impl Iterator<Item = (String, Toml, Source)>) -> Self {
        let lines = entries.map(|(name, value, source)| (format!("{} = {value}", bare(&name)), source));
        Self { title, lines: lines.collect() }
    }

    fn text(&self) -> String {
        let width = self.lines.iter().map(|(line, _)| line.chars().count()).max().unwrap_or(0);
        let mut text = if self.title.is_empty() { String::new() } else { format!("{}\n", self.title) };
        for (line, source) in &self.lines {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{line:width$}  # {source}");
        }
        text
    }
}

/// A key as TOML writes it: bare where that is allowed, else quoted.
pub(super) fn bare(key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if plain { key.into() } else { Toml::from(key).to_string() }
}

#[cfg(test)]
mod tests {
    use super::super::{Value, Vocabulary, parse};
    use super::*;

    #[test]
    fn what_is_shown_says_the_same_when_read_back() {
        let text = "contexts = ['a', 'b\"c']\nread-only = true\ncolor = 'never'\n\
            [keys]\nquit = ['q', 'ctrl-c']\n[columns]\npods = ['name']\n\
            [directions]\n'edge/gw.x' = 'ingress'\n\
            [[context]]\nmatch = 'prod-*'\nread-only = true\n[[context]]\nmatch = 'dev'\ncluster-id = 'c1'\n\
            [[group]]\nname = 'eu'\ncontexts = ['prod-eu-*', 'a']\n";
        let settings = parse(text, &Vocabulary::ANY, Settings::default()).unwrap();
        let shown = show(&settings);
        let again = parse(&shown, &Vocabulary::ANY, Settings::default());
        let same =
            |settings: Settings| Settings { version: Value::preset(None), ..settings }.without_sources();
        assert_eq!(again.map(same), Ok(same(settings)), "{shown}");
    }

    #[test]
    fn each_value_stands_beside_its_source() {
        let settings = parse("theme = 'mono'\n", &Vocabulary::ANY, Settings::default()).unwrap();
        let shown = show(&settings);
        let line = |start: &str| shown.lines().find(|l| l.starts_with(start)).map(str::to_string);
        assert!(line("theme").is_some_and(|l| l.ends_with("# file, line 1")), "{shown}");
        assert!(line("glyphs").is_some_and(|l| l.ends_with("# default")), "{shown}");
    }
}
