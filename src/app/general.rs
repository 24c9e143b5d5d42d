//! Commands of all screens: what is chosen for the run, the clipboard.

use super::command::Command;
use super::effect::Effect;
use super::model::App;
use super::screen::{Details, Screen, Tab};
use crate::model::table::Tone;
use crate::model::yaml;

impl App {
    pub(super) fn set_namespaces(&mut self, argument: &str) -> Vec<Effect> {
        let names: Vec<String> =
            argument.split([',', ' ']).map(str::trim).filter(|n| !n.is_empty()).map(str::to_owned).collect();
        if names.is_empty() {
            let now = if self.settings.namespaces.is_empty() {
                "all".to_owned()
            } else {
                self.settings.namespaces.join(", ")
            };
            self.say(
                Tone::Plain,
                format!("Namespaces: {now}. `:namespaces NAME` or `:namespaces all` changes them."),
            );
            return Vec::new();
        }
        self.settings.namespaces = if names == ["all"] { Vec::new() } else { names };
        vec![Effect::SetNamespaces(self.settings.namespaces.clone())]
    }

    pub(super) fn set_theme(&mut self, argument: &str) {
        let name = argument.trim();
        if self.settings.themes.iter().any(|t| t == name) {
            self.settings.theme = name.to_owned();
        } else {
            let all = self.settings.themes.join(", ");
            self.say(Tone::Bad, format!("theme: no `{name}`; there are {all}"));
        }
    }

    pub(super) fn set_fault(&mut self, argument: &str) -> Vec<Effect> {
        let rule = argument.trim();
        if rule.is_empty() {
            let now = self.demo.as_ref().map(|d| d.faults.join(", ")).filter(|f| !f.is_empty());
            let now = now.unwrap_or_else(|| "none".to_owned());
            self.say(
                Tone::Plain,
                format!("Faults: {now}. `:fault RULE` adds or takes away, `:fault none` ends all."),
            );
            return Vec::new();
        }
        vec![Effect::Fault(if rule == "none" { String::new() } else { rule.to_owned() })]
    }

    pub(super) fn toggle_read_only(&mut self) -> Vec<Effect> {
        if self.settings.read_only_demanded {
            self.say(Tone::Warn, "Read-only was demanded by --read-only or the config: it stays on.");
            return Vec::new();
        }
        self.settings.read_only = !self.settings.read_only;
        let state = if self.settings.read_only { "on: nothing that writes leaves egret" } else { "off" };
        let (stopped, mut effects) = match self.settings.read_only {
            true => self.stop_forwards(|_| true),
            false => (0, Vec::new()),
        };
        let stopped = match stopped {
            0 => String::new(),
            1 => " The port-forward was stopped: it can carry writes.".to_owned(),
            n => format!(" {n} port-forwards were stopped: they can carry writes."),
        };
        self.say(Tone::Plain, format!("Read-only is {state}.{stopped}"));
        effects.push(Effect::SetReadOnly(self.settings.read_only));
        effects
    }

    pub(super) fn copy_name(&mut self) -> Vec<Effect> {
        let name = match self.screen() {
            Screen::Details(details) if details.tab != Tab::Pods => details.of.name().to_owned(),
            _ => self
                .active_table()
                .and_then(|t| t.item())
                .map(|i| i.id().name.to_string())
                .unwrap_or_default(),
        };
        vec![Effect::Copy(name)]
    }

    pub(super) fn copy_yaml(&mut self) -> Vec<Effect> {
        if let Screen::Details(Details { objects, document, managed_fields, .. }) = self.screen()
            && let Some(value) = objects.get(*document).and_then(|o| o.state.value())
        {
            return match yaml::to_yaml(value, *managed_fields) {
                Ok(text) => vec![Effect::Copy(text)],
                Err(fault) => {
                    self.say(Tone::Bad, fault.summary);
                    Vec::new()
                }
            };
        }
        // A table has rows, not objects: the YAML tab fetches the object.
        let effects = self.open_yaml();
        let key = self.key_of(Command::CopyYaml);
        self.say(Tone::Plain, format!("{key} again copies it."));
        effects
    }
}
