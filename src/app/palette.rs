//! The palette and the other overlays: what they hold, and what their keys do.

use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher};

use super::command::{COMMANDS, Command, Spec};
use super::effect::Effect;
use super::model::App;
use super::overlay::{Entry, Overlay};

/// Entries kept: more than fit on a screen are not read.
const MOST: usize = 50;

impl App {
    /// A key while something stands in front.
    pub(super) fn overlay_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        let leaves = key.code == KeyCode::Esc || (key.code == KeyCode::Char('c') && !plain);
        if leaves && matches!(self.overlay, Some(Overlay::Output(_))) {
            return self.leave_output();
        }
        if leaves && matches!(self.overlay, Some(Overlay::Columns(_))) {
            self.leave_columns();
            return Vec::new();
        }
        if leaves {
            if self.tries_themes() {
                self.leave_themes();
            }
            self.overlay = None;
            return Vec::new();
        }
        let is_hidden_list =
            matches!(self.overlay, Some(Overlay::Contexts(_) | Overlay::Forwards(_) | Overlay::Output(_)));
        if is_hidden_list && self.refuses_unseen() {
            return Vec::new();
        }
        // What nobody sees is not chosen, and not saved.
        let is_seen = !super::geometry::too_small(self.size);
        match self.overlay {
            Some(Overlay::Choose(_) | Overlay::Columns(_)) if !is_seen => Vec::new(),
            Some(Overlay::Palette(_)) => self.palette_key(key),
            Some(Overlay::Choose(_)) => self.choose_key(key),
            Some(Overlay::Confirm(_)) => self.confirm_key(key),
            Some(Overlay::Contexts(_)) => self.contexts_key(key),
            Some(Overlay::Columns(_)) => self.columns_key(key),
            Some(Overlay::Views(_)) => self.front_key(key),
            Some(Overlay::Notices(_)) => self.notices_key(key),
            Some(Overlay::Forwards(_)) => self.forwards_key(key),
            Some(Overlay::Output(_)) => self.output_key(key),
            _ => {
                self.help_key(key);
                Vec::new()
            }
        }
    }

    fn help_key(&mut self, key: KeyEvent) {
        // The same keys move it wherever it stands, in front of a form too.
        let command = self.press(&[super::command::Scope::Motion], key);
        if self.is_begun() {
            return;
        }
        let last = self.help_rows().len();
        let Some(Overlay::Help(help)) = &mut self.overlay else { return };
        match command {
            Some(Command::Up) => help.offset = help.offset.saturating_sub(1),
            Some(Command::Down) => help.offset = (help.offset + 1).min(last),
            Some(Command::PageUp) => help.offset = help.offset.saturating_sub(10),
            Some(Command::PageDown) => help.offset = (help.offset + 10).min(last),
            Some(Command::Top) => help.offset = 0,
            Some(Command::Bottom) => help.offset = last,
            _ => self.overlay = None,
        }
    }

    fn choose_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Choose(choose)) = &mut self.overlay else { return Vec::new() };
        let count = choose.options.len().max(1);
        match key.code {
            KeyCode::Up | KeyCode::Char('k') => choose.cursor = (choose.cursor + count - 1) % count,
            KeyCode::Down | KeyCode::Char('j') => choose.cursor = (choose.cursor + 1) % count,
            KeyCode::Char('s') if choose.command == Command::Theme => return self.save_theme(),
            KeyCode::Enter => {
                let (command, meant) = (choose.command, choose.meant.clone());
                let chosen = choose.options.get(choose.cursor).map(|(value, _)| value.clone());
                self.overlay = None;
                if let Some(value) = chosen {
                    return self.run_meant(command, &value, meant);
                }
            }
            _ => {}
        }
        if self.tries_themes() {
            self.try_theme();
        }
        Vec::new()
    }

    fn palette_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Palette(palette)) = &mut self.overlay else { return Vec::new() };
        let count = palette.entries.len().max(1);
        match key.code {
            KeyCode::Up | KeyCode::BackTab => palette.cursor = (palette.cursor + count - 1) % count,
            KeyCode::Down => palette.cursor = (palette.cursor + 1) % count,
            KeyCode::Tab => {
                if let Some(entry) = palette.entries.get(palette.cursor) {
                    // What may be followed by something is: a name and what it takes must not grow together.
                    let names_only = !entry.line.contains(' ');
                    let takes = names_only && !entry.command.spec().argument.is_empty();
                    let line = entry.line.clone() + if takes { " " } else { "" };
                    palette.input.set(&line);
                    self.refill_palette();
                }
            }
            KeyCode::Enter => return self.palette_enter(),
            _ => {
                if palette.input.key(key) {
                    self.refill_palette();
                }
            }
        }
        Vec::new()
    }

    fn palette_enter(&mut self) -> Vec<Effect> {
        let Some(Overlay::Palette(palette)) = &self.overlay else { return Vec::new() };
        let typed = palette.input.text().trim().to_owned();
        let first = typed.split_whitespace().next().unwrap_or_default();
        let objection = read_name(first).and_then(|c| Some(format!("{c}: {}", self.applies(c).err()?)));
        let Some(Overlay::Palette(palette)) = &mut self.overlay else { return Vec::new() };
        let (chosen, meant) = (palette.entries.get(palette.cursor).cloned(), palette.meant.clone());
        // The chosen entry counts; what is typed in full is the first one.
        let (name, argument) = typed.split_once(' ').unwrap_or((&typed, ""));
        let exact_name = read_name(name);
        let exact = exact_name.filter(|_| !argument.is_empty());
        match (exact, chosen) {
            (Some(command), chosen) => {
                let argument = match chosen {
                    Some(entry) if palette.cursor > 0 || !argument.trim().contains(' ') => {
                        entry.line.split_once(' ').map_or(argument, |(_, a)| a).to_owned()
                    }
                    _ => argument.trim().to_owned(),
                };
                self.overlay = None;
                self.run_meant(command, &argument, meant)
            }
            (None, Some(entry)) if entry.complete => {
                let argument = entry.line.split_once(' ').map_or(String::new(), |(_, a)| a.to_owned());
                self.overlay = None;
                self.run_meant(entry.command, &argument, meant)
            }
            (None, Some(entry)) => {
                palette.input.set(&format!("{} ", entry.line));
                self.refill_palette();
                Vec::new()
            }
            (None, None) => {
                palette.error = Some(match exact_name {
                    Some(_) if objection.is_some() => objection.unwrap_or_default(),
                    Some(command) => format!("{command} takes {}", command.spec().argument),
                    None => format!("No command is called `{name}`: what you delete brings the others back."),
                });
                Vec::new()
            }
        }
    }

    /// Fills the palette with what fits the typed line.
    pub(super) fn refill_palette(&mut self) {
        let Some(Overlay::Palette(palette)) = &self.overlay else { return };
        let line = palette.input.text().trim_start().to_owned();
        let entries = self.entries(&line);
        if let Some(Overlay::Palette(palette)) = &mut self.overlay {
            palette.entries = entries;
            palette.cursor = 0;
            palette.error = None;
        }
    }

    fn entries(&self, line: &str) -> Vec<Entry> {
        if let Some((name, argument)) = line.split_once(' ')
            && let Some(command) = read_name(name)
        {
            let typed = argument.trim();
            let mut values = ranked(self.values(command, argument), typed, Clone::clone);
            // One that nobody knows may be right too, but never goes before those that are known.
            let unknown = !typed.is_empty() && !values.iter().any(|value| value == typed);
            let is_free = matches!(command, Command::Namespaces | Command::Scale | Command::Set);
            values.extend((is_free && unknown).then(|| typed.to_owned()));
            // What is typed in full is meant, also where something known begins so.
            if matches!(command, Command::PortForward | Command::Exec) && unknown {
                values.insert(0, typed.to_owned());
            }
            let told = self.tool_values(command);
            return values
                .into_iter()
                .map(|value| Entry {
                    about: told
                        .iter()
                        .find(|(known, _)| *known == value)
                        .map_or_else(|| about(command, &value), |(_, about)| about.clone()),
                    // Of a field the value is still to come.
                    complete: !value.ends_with('='),
                    line: format!("{command} {value}"),
                    command,
                    key: String::new(),
                    is_denied: false,
                })
                .collect();
        }
        let focus = self.focus();
        let here = |s: &&Spec| s.scopes.iter().any(|x| focus.contains(x)) || is_screen(s.command);
        let specs: Vec<&Spec> =
            COMMANDS.iter().filter(here).filter(|s| self.applies_to_all(s.command).is_ok()).collect();
        ranked(specs, line.trim(), |s| name_of(s.command))
            .into_iter()
            .map(|s| Entry {
                line: s.command.to_string(),
                command: s.command,
                complete: s.argument.is_empty()
                    || s.argument.starts_with('[')
                    || s.command == Command::Filter
                    || s.command == Command::Sort,
                about: match (self.missing_right(s.command), s.argument) {
                    (Some(missing), _) => missing,
                    (None, "") => s.about.to_owned(),
                    (None, argument) => format!("{argument} — {}", s.about),
                },
                is_denied: self.missing_right(s.command).is_some(),
                key: self.key_of(s.command),
            })
            .collect()
    }

    /// What a command can take.
    fn values(&self, command: Command, typed: &str) -> Vec<String> {
        use Command as C;
        let open = || self.clusters.iter().map(|s| s.cluster.to_string());
        match command {
            C::Gateways | C::Services | C::Pods => self.cluster_values(),
            C::Namespaces => {
                let seen = self.clusters.iter().flat_map(|s| {
                    s.pods
                        .iter()
                        .map(|p| p.meta.namespace.to_string())
                        .chain(s.services.iter().map(|r| r.meta.namespace.to_string()))
                });
                let mut all: Vec<String> = seen.chain(self.settings.namespaces.iter().cloned()).collect();
                all.extend(["all".to_owned(), "istio-system".to_owned(), "istio-egress".to_owned()]);
                all.sort();
                all.dedup();
                // Watching everything is never what two presses of Enter mean.
                all.sort_by_key(|name| name == "all");
                all
            }
            C::Theme => self.settings.themes.clone(),
            C::Tamper => vec!["gateway".to_owned()],
            C::OpenContext => self.context_values(false),
            C::CloseContext => self.context_values(true),
            C::Bookmarks => self.kept.views.bookmarks.keys().cloned().collect(),
            C::PrintAndQuit => vec!["text".to_owned(), "svg".to_owned()],
            C::ForgetCluster => self.gateway_here().map(|row| self.recorded(&row)).unwrap_or_default(),
            C::Fault => {
                let demo = self.demo.iter().flat_map(|d| d.faults.iter().cloned());
                let of = |what: &'static str| open().map(move |c| format!("{what}={c}"));
                let plain = ["latency=300ms", "drop-watch=10s", "error=500", "deny=delete:gateways"];
                let mut all: Vec<String> = demo.chain(plain.map(str::to_owned)).collect();
                all.extend(of("outage").chain(of("stale")));
                all.push("none".to_owned());
                // Other times and verbs than these can be typed.
                if typed.contains('=') && !all.iter().any(|a| a == typed.trim()) {
                    all.push(typed.trim().to_owned());
                }
                let mut seen = std::collections::BTreeSet::new();
                all.retain(|rule| seen.insert(rule.clone()));
                all
            }
            C::Set if !typed.contains('=') => {
                let paths = crate::model::parameters::paths();
                paths.map(|path| format!("{path}=")).collect()
            }
            C::PortForward | C::Shell => {
                self.tool_values(command).into_iter().map(|(value, _)| value).collect()
            }
            C::Columns => self.column_values(typed),
            C::Sort => self
                .active_table()
                .map(|t| t.columns().iter().map(|c| c.id.to_owned()).collect())
                .unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// The help: keys, command, what it does; only what works here. `None`: a heading.
    pub fn help_rows(&self) -> Vec<(String, Option<&'static Spec>)> {
        let focus = self.focus();
        let mut groups: Vec<_> = COMMANDS.iter().map(|s| s.group).collect();
        groups.sort();
        groups.dedup();
        let mut rows = Vec::new();
        for group in groups {
            let is_for_demo = |s: &&Spec| s.command.is_for_demo();
            let is_for_replay = |s: &&Spec| s.command.is_for_replay();
            let here = |s: &&Spec| {
                (self.demo.is_some() || !is_for_demo(s)) && (self.replay.is_some() || !is_for_replay(s))
            };
            let of_group =
                |s: &&Spec| s.group == group && here(s) && s.scopes.iter().any(|x| focus.contains(x));
            let mut specs = COMMANDS.iter().filter(of_group).peekable();
            if specs.peek().is_none() {
                continue;
            }
            rows.push((group.to_string(), None));
            rows.extend(specs.map(|s| {
                let keys: Vec<String> = self.keys_of(s.command).map(ToString::to_string).collect();
                (keys.join(" "), Some(s))
            }));
        }
        rows
    }
}

/// What each fault of the demo does.
const FAULTS: &[(&str, &str)] = &[
    ("latency=", "Every request takes longer"),
    ("drop-watch=", "Watches break off after so long"),
    ("error=", "Every request is answered so"),
    ("deny=", "The right to do this is missing"),
    ("outage=", "Nobody answers there"),
    ("stale=", "Reads there answer what was"),
    ("none", "Mends all of it"),
];

/// What a command does with a value.
fn about(command: Command, value: &str) -> String {
    let fault = FAULTS.iter().find(|(start, _)| command == Command::Fault && value.starts_with(start));
    fault.map_or(command.spec().about, |(_, about)| about).to_owned()
}

/// Whether a command goes to one of the four top screens: those can be asked for anywhere.
fn is_screen(command: Command) -> bool {
    matches!(command, Command::Clusters | Command::Gateways | Command::Services | Command::Pods)
}

/// Short names that people type without thinking.
const ALIASES: &[(&str, Command)] = &[
    ("ns", Command::Namespaces),
    ("ctx", Command::Contexts),
    ("gw", Command::Gateways),
    ("svc", Command::Services),
    ("po", Command::Pods),
    ("q", Command::Quit),
    ("quit!", Command::Quit),
];

/// Reads a command's name or one of its short names.
fn read_name(name: &str) -> Option<Command> {
    Command::from_str(name).ok().or_else(|| ALIASES.iter().find(|(a, _)| *a == name).map(|(_, c)| *c))
}

fn name_of(command: Command) -> String {
    let aliases: Vec<&str> = ALIASES.iter().filter(|(_, c)| *c == command).map(|(a, _)| *a).collect();
    if aliases.is_empty() { command.to_string() } else { format!("{command} {}", aliases.join(" ")) }
}

/// Orders by how well `needle` fits; what does not fit goes.
pub(super) fn ranked<T>(all: Vec<T>, needle: &str, text: impl Fn(&T) -> String) -> Vec<T>
where
    T: Clone,
{
    if needle.is_empty() {
        return all.into_iter().take(MOST).collect();
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(needle, CaseMatching::Ignore, Normalization::Smart);
    let mut buffer = Vec::new();
    let mut scored: Vec<(u32, usize, T)> = all
        .into_iter()
        .enumerate()
        .filter_map(|(at, item)| {
            let text = text(&item);
            // A short name that is typed in full goes before every fuzzy match.
            let exact = u32::from(text.split(' ').any(|word| word == needle)) * 10_000;
            let score = pattern.score(nucleo_matcher::Utf32Str::new(&text, &mut buffer), &mut matcher)?;
            Some((score + exact, at, item))
        })
        .collect();
    scored.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    scored.into_iter().take(MOST).map(|(_, _, item)| item).collect()
}
