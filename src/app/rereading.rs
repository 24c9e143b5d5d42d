//! The config file was read again, or written: what of it is taken over now, and what there is to say.

use std::collections::BTreeSet;

use super::effect::Effect;
use super::keymap::Keymap;
use super::model::App;
use crate::config;
use crate::model::fault::Fault;
use crate::model::name::ClusterName;
use crate::model::table::Tone;

/// What became of the config file.
#[derive(Clone, Debug)]
pub enum ConfigNews {
    /// Something was written to it.
    Saved(Saved),
    /// Something was not.
    NotSaved(Fault),
    /// It changed, and was read again.
    Reread(Box<Reread>),
    /// It changed, and cannot be used as it is.
    Broken(Broken),
}

/// Something was written to the config file.
#[derive(Clone, Debug)]
pub struct Saved {
    /// What.
    pub what: String,
    /// The file.
    pub file: String,
    /// The flag or variable that is said over it.
    pub over: Option<String>,
}

/// The config file cannot be used as it is.
#[derive(Clone, Debug)]
pub struct Broken {
    /// File, line, key, and what is wrong there.
    pub why: String,
}

/// The settings before and now, flags and environment laid over the file both times.
#[derive(Clone, Debug)]
pub struct Reread {
    /// The file.
    pub file: String,
    /// The settings before.
    pub before: config::Settings,
    /// The settings now.
    pub now: config::Settings,
    /// The keys now.
    pub keymap: Keymap,
    /// What this process itself wrote, which is no news.
    pub own: Vec<String>,
    /// It could not be used before.
    pub mended: bool,
}

/// A theme of the person's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnTheme {
    /// What it is called.
    pub name: String,
    /// What messages call its file.
    pub file: String,
    /// Its text, or why it cannot be read.
    pub text: Result<String, String>,
}

impl App {
    /// The config file was written, or changed.
    pub(super) fn on_config(&mut self, news: ConfigNews) -> Vec<Effect> {
        match news {
            ConfigNews::Saved(Saved { what, file, over }) => {
                let wins = over.map(|over| format!("; in this run {over} counts")).unwrap_or_default();
                self.say(Tone::Good, format!("{file}: {what} is saved{wins}."));
                Vec::new()
            }
            ConfigNews::NotSaved(fault) => {
                self.say(Tone::Bad, format!("{}. {}", fault.summary, fault.hint));
                Vec::new()
            }
            ConfigNews::Broken(Broken { why }) => {
                self.say(Tone::Bad, format!("{why}. The settings stay as they were."));
                Vec::new()
            }
            ConfigNews::Reread(reread) => self.on_reread(*reread),
        }
    }

    fn on_reread(&mut self, reread: Reread) -> Vec<Effect> {
        let Reread { file, before, now, keymap, own, mended } = reread;
        let (mut live, mut later, mut stays) = (Vec::new(), Vec::new(), false);
        let mut stopped = 0;
        let mut effects = Vec::new();
        for name in config::changed(&before, &now) {
            match name {
                "theme" => self.settings.theme.clone_from(&now.theme.value),
                "show-ingress" => self.settings.ingress = now.show_ingress.value,
                "mouse" => self.settings.mouse = now.mouse.value,
                "title" => self.settings.title = now.title.value,
                "group" => self.settings.groups.clone_from(&now.groups),
                "bell" | "thresholds" => {
                    self.settings.bell = now.bell.value;
                    self.settings.thresholds = now.thresholds.thresholds(now.bell.value);
                    self.traffic_aged();
                }
                "keys" => self.keymap = keymap.clone(),
                "columns" => effects.extend(self.columns_reread(&now, !own.is_empty())),
                "read-only" if now.read_only.value => {
                    (self.settings.read_only, self.settings.read_only_demanded) = (true, true);
                    effects.push(Effect::SetReadOnly(true));
                    let (count, closing) = self.stop_forwards(|_| true);
                    stopped += count;
                    effects.extend(closing);
                }
                "read-only" => {
                    stays = true;
                    continue;
                }
                "context" => {
                    effects.extend(self.columns_reread(&now, !own.is_empty()));
                    let (guarded, lifted) = self.rules_reread(&now);
                    stays |= lifted;
                    let (count, closing) = self.stop_forwards(|cluster| guarded.contains(cluster));
                    stopped += count;
                    effects.extend(closing);
                    effects.extend((!guarded.is_empty()).then_some(Effect::Guard(guarded)));
                    effects.push(Effect::GoBy(now.rules.clone()));
                    if before.cluster_ids() != now.cluster_ids() {
                        later.push("cluster-id of contexts");
                    }
                }
                _ => {
                    later.push(name);
                    continue;
                }
            }
            live.push(name);
        }
        self.refresh();
        let is_own = |name: &&str| own.iter().any(|o| o == name || o.starts_with(&format!("{name}.")));
        if !own.is_empty() && live.iter().chain(&later).all(is_own) && !stays {
            return effects;
        }
        let mut said = match (live.is_empty(), later.is_empty() && !stays, mended) {
            (false, ..) => format!("{file} was read again: {}.", live.join(", ")),
            (true, true, true) => format!("{file} can be read again; nothing in it is new."),
            // A comment, or the order.
            (true, true, false) => return effects,
            (true, false, _) => format!("{file} was read again."),
        };
        match stopped {
            0 => {}
            1 => said += " A port-forward was stopped: it could carry writes.",
            n => said += &format!(" {n} port-forwards were stopped: they could carry writes."),
        }
        if !later.is_empty() {
            said += &format!(" For the next start of egret: {}.", later.join(", "));
        }
        if stays {
            said += " What is read-only stays so until egret is started again.";
        }
        self.say(if later.is_empty() && !stays { Tone::Good } else { Tone::Warn }, said);
        effects
    }

    /// What holds for some contexts. Read-only is never lifted by a file that changed: returned is where it is new, and
    /// whether the file would lift it somewhere.
    fn rules_reread(&mut self, now: &config::Settings) -> (Vec<ClusterName>, bool) {
        let open = self.clusters.iter().map(|s| s.cluster.clone());
        let contexts: BTreeSet<ClusterName> =
            self.contexts.iter().map(|name| ClusterName::from(name.as_str())).chain(open).collect();
        let demanded = |name: &&ClusterName| now.read_only_in(name.as_str());
        let before = &self.settings.read_only_clusters;
        let guarded: Vec<ClusterName> =
            contexts.iter().filter(demanded).filter(|name| !before.contains(name)).cloned().collect();
        let lifted = before.iter().any(|name| !now.read_only_in(name.as_str()));
        self.settings.read_only_clusters.extend(guarded.iter().cloned());
        self.settings.production =
            contexts.into_iter().filter(|name| now.production_in(name.as_str())).collect();
        (guarded, lifted)
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::Settings;
    use super::super::{Msg, update};
    use super::*;
    use crate::config::{Vocabulary, parse};
    use crate::model::columns::Choice;
    use crate::model::table::TableKind;

    fn config(text: &str) -> config::Settings {
        parse(text, &Vocabulary::ANY, config::Settings::default()).unwrap()
    }

    fn app() -> App {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let clusters = vec!["prod-eu".into(), "dev".into()];
        App::new(Settings::default(), Keymap::default(), clusters, TableKind::Pods, now)
    }

    /// The file says `now` where it said `before`.
    fn reread(app: &mut App, before: &str, now: &str, own: &[&str]) -> (Vec<Effect>, String) {
        let news = Reread {
            file: "config.toml".to_owned(),
            before: config(before),
            now: config(now),
            keymap: Keymap::default(),
            own: own.iter().map(ToString::to_string).collect(),
            mended: false,
        };
        app.notice = None;
        let effects = update(app, Msg::Config(Box::new(ConfigNews::Reread(Box::new(news)))));
        let effects = effects.into_iter().filter(|e| matches!(e, Effect::SetReadOnly(_) | Effect::Guard(_)));
        (effects.collect(), app.notice.as_ref().map(|n| n.text.clone()).unwrap_or_default())
    }

    #[test]
    fn what_can_be_is_taken_over_at_once_and_what_cannot_is_told() {
        let mut app = app();
        let now = "theme = 'nord'\nshow-ingress = true\nbell = true\ncontexts = ['x']\n\
                   [columns]\npods = ['name']\n[thresholds]\np99 = [1, 2]\n";
        let (effects, said) = reread(&mut app, "", now, &[]);
        assert_eq!(effects, []);
        assert_eq!(
            said,
            "config.toml was read again: show-ingress, theme, bell, thresholds, columns. \
             For the next start of egret: contexts."
        );
        assert_eq!(app.settings.theme, "nord");
        assert!(app.settings.ingress && app.settings.thresholds.bell);
        assert_eq!(app.settings.thresholds.p99, (1.0, 2.0));
        let chosen = app.active_table().and_then(|table| table.chosen.clone());
        assert_eq!(chosen, Some(vec![Choice::known("name")]));
        // The columns go: the usual ones are back.
        reread(&mut app, now, "theme = 'nord'\n", &[]);
        assert_eq!(app.active_table().and_then(|table| table.chosen.clone()), None);
    }

    #[test]
    fn read_only_becomes_stricter_and_is_never_lifted() {
        let mut app = app();
        let (effects, _) = reread(&mut app, "", "read-only = true\n", &[]);
        assert_eq!(effects, [Effect::SetReadOnly(true)]);
        assert!(app.settings.read_only && app.settings.read_only_demanded);
        let (effects, said) = reread(&mut app, "read-only = true\n", "", &[]);
        assert_eq!(effects, []);
        assert!(app.settings.read_only && app.settings.read_only_demanded);
        assert_eq!(
            said,
            "config.toml was read again. What is read-only stays so until egret is started again."
        );
    }

    #[test]
    fn the_rules_of_contexts_hold_at_once_where_they_are_stricter() {
        let mut app = app();
        let rule = "[[context]]\nmatch = 'prod-*'\nread-only = true\nproduction = true\n";
        let (effects, _) = reread(&mut app, "", rule, &[]);
        assert_eq!(effects, [Effect::Guard(vec!["prod-eu".into()])]);
        assert!(app.is_read_only(&"prod-eu".into()) && app.is_production(&"prod-eu".into()));
        assert!(!app.is_read_only(&"dev".into()) && !app.is_production(&"dev".into()));
        let (effects, said) = reread(&mut app, rule, "", &[]);
        assert_eq!(effects, []);
        assert!(app.is_read_only(&"prod-eu".into()), "a file that changes lifts nothing");
        assert!(!app.is_production(&"prod-eu".into()));
        assert!(said.ends_with("What is read-only stays so until egret is started again."), "{said}");
    }

    #[test]
    fn what_this_process_wrote_itself_is_no_news_and_neither_is_a_comment() {
        let mut app = app();
        let (_, said) = reread(&mut app, "", "theme = 'nord'\n", &["theme"]);
        assert_eq!((said.as_str(), app.settings.theme.as_str()), ("", "nord"));
        assert_eq!(reread(&mut app, "bell = true", "# a\nbell = true", &[]).1, "");
        let (_, said) = reread(&mut app, "", "theme = 'a'\nbell = true\n", &["theme"]);
        assert_eq!(said, "config.toml was read again: theme, bell.", "somebody else wrote too");
    }

    #[test]
    fn a_file_that_is_broken_is_told_and_nothing_changes() {
        let mut app = app();
        let why = "config.toml:3: `theme`: expected a string, found an integer".to_owned();
        let _ = update(&mut app, Msg::Config(Box::new(ConfigNews::Broken(Broken { why: why.clone() }))));
        let notice = app.notice.unwrap();
        assert_eq!(
            (notice.text, notice.tone),
            (format!("{why}. The settings stay as they were."), Tone::Bad)
        );
    }
}
