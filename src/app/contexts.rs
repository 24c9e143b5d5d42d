//! The contexts of the kubeconfig: which there are, open, close, groups.

mod list;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::effect::Effect;
use super::model::App;
use super::overlay::Overlay;
use super::review::Stage;
use super::screen::Screen;
use crate::config::{Glob, Group};
use crate::model::fault::Fault;
use crate::model::name::ClusterName;
use crate::model::table::Tone;

pub use list::{List, ListPage, Row};

/// What the kubeconfig says now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// All contexts, in the order of the files.
    pub names: Vec<String>,
    /// Those that the config marks as production.
    pub production: Vec<ClusterName>,
    /// Those that the config makes read-only.
    pub read_only: Vec<ClusterName>,
    /// It could not be read before.
    pub is_mended: bool,
    /// The entries of open contexts that are others than those they were opened with.
    pub entries: BTreeMap<ClusterName, Entry>,
}

/// What became of the entry that an open context was opened with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// It names another server, or other certificates of it.
    Elsewhere,
    /// It names other credentials.
    Credentials,
    /// It is gone.
    Gone,
}

/// How long a question about closing waits for its answer.
const ASKED: SignedDuration = SignedDuration::from_secs(30);

/// Names that a message lists.
const LISTED: usize = 4;

/// Some names, and how many more there are.
fn named<T: ToString>(names: &[T]) -> String {
    let shown: Vec<String> = names.iter().take(LISTED).map(T::to_string).collect();
    match names.len().saturating_sub(LISTED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

impl App {
    /// The kubeconfig was read again: it changed, or cannot be read.
    pub(super) fn on_kubeconfig(&mut self, read: Result<Known, Fault>) {
        let known = match read {
            Ok(known) => known,
            Err(fault) => {
                let text = format!("{}. The contexts from before stay. {}", fault.summary, fault.hint);
                return self.say(Tone::Bad, text);
            }
        };
        let is_new = |name: &&String| !self.contexts.contains(name);
        let new: Vec<String> = known.names.iter().filter(is_new).cloned().collect();
        let is_open = |name: &str| self.clusters.iter().any(|s| s.cluster.as_str() == name);
        let is_gone = |name: &&String| !known.names.contains(name) && !is_open(name);
        let gone: Vec<String> = self.contexts.iter().filter(is_gone).cloned().collect();
        let mut said = Vec::new();
        let mut tone = Tone::Plain;
        if known.is_mended {
            said.push("The kubeconfig can be read again.".to_owned());
        }
        for (cluster, entry) in &known.entries {
            if self.entries.get(cluster) == Some(entry) || !is_open(cluster.as_str()) {
                continue;
            }
            tone = Tone::Warn;
            said.push(match entry {
                Entry::Elsewhere => format!(
                    "{cluster}: its kubeconfig entry changed: close and open it to use the new one; until then \
                     egret stays with the server from before."
                ),
                Entry::Credentials => {
                    format!("{cluster}: its credentials changed: they are used at the next connect.")
                }
                Entry::Gone => format!("{cluster} is no longer in the kubeconfig; it stays open until closed."),
            });
        }
        if !new.is_empty() {
            let key = self.key_of(super::Command::Contexts);
            said.push(format!("New in the kubeconfig: {}; {key} opens contexts.", named(&new)));
        }
        if !gone.is_empty() {
            said.push(format!("No longer in the kubeconfig: {}.", named(&gone)));
        }
        self.contexts = known.names;
        self.entries = known.entries;
        // What a context that is open was marked as holds until it is closed.
        self.settings.production.extend(known.production);
        self.settings.read_only_clusters.extend(known.read_only);
        self.refill_contexts();
        if !said.is_empty() {
            self.say(tone, said.join(" "));
        }
    }

    /// When contexts were opened last, in runs before.
    pub(super) fn on_used(&mut self, used: BTreeMap<String, Timestamp>) {
        for (name, at) in used {
            let known = self.used.entry(name).or_insert(at);
            *known = at.max(*known);
        }
    }

    /// All contexts, those that are open and no longer in the kubeconfig too: the last used first, then by name.
    pub(super) fn all_contexts(&self) -> Vec<String> {
        let mut all: Vec<String> = self.contexts.clone();
        let open = self.clusters.iter().map(|s| s.cluster.to_string());
        all.extend(open.filter(|name| !self.contexts.contains(name)));
        let used = |name: &String| self.used.get(name).map(|at| std::cmp::Reverse(*at));
        all.sort_by(|a, b| match (used(a), used(b)) {
            (Some(x), Some(y)) => x.cmp(&y).then_with(|| a.cmp(b)),
            (x, y) => y.is_some().cmp(&x.is_some()).then_with(|| a.cmp(b)),
        });
        all
    }

    /// The contexts of a group.
    pub(super) fn of_group(&self, group: &Group) -> Vec<String> {
        self.all_contexts().into_iter().filter(|name| group.holds(name)).collect()
    }

    pub(super) fn is_open(&self, name: &str) -> bool {
        self.clusters.iter().any(|s| s.cluster.as_str() == name)
    }

    /// The contexts that words name: by name, by a pattern with `*` and `?`, or as `@GROUP`.
    fn fitting(&self, words: &str) -> Result<Vec<String>, String> {
        let all = self.all_contexts();
        let mut found: Vec<String> = Vec::new();
        let words = if all.iter().any(|name| name == words.trim()) {
            vec![words.trim()]
        } else {
            words.split_whitespace().collect()
        };
        for word in words {
            let fits: Vec<String> = match word.strip_prefix('@') {
                _ if all.iter().any(|name| name == word) => vec![word.to_owned()],
                Some(group) => match self.settings.groups.iter().find(|g| g.name == group) {
                    Some(group) => self.of_group(group),
                    None => return Err(self.no_group(group)),
                },
                None => {
                    let glob = Glob::new(word);
                    all.iter().filter(|name| glob.matches(name)).cloned().collect()
                }
            };
            if fits.is_empty() {
                return Err(match word.strip_prefix('@') {
                    Some(group) => format!("no context of the kubeconfig is in the group {group}"),
                    None => format!("the kubeconfig has no context `{word}`"),
                });
            }
            found.extend(fits.into_iter().filter(|name| !found.contains(name)).collect::<Vec<_>>());
        }
        Ok(found)
    }

    fn no_group(&self, name: &str) -> String {
        let groups: Vec<&str> = self.settings.groups.iter().map(|g| g.name.as_str()).collect();
        match groups.as_slice() {
            [] => format!("there is no group `{name}`: `[[group]]` in the config makes one"),
            all => format!("there is no group `{name}`; there are {}", all.join(", ")),
        }
    }

    pub(super) fn open_context(&mut self, argument: &str) -> Vec<Effect> {
        match self.fitting(argument) {
            Ok(names) => self.opened(&names),
            Err(why) => {
                self.say(Tone::Bad, format!("open-context: {why}"));
                Vec::new()
            }
        }
    }

    /// Opens those that are not open.
    fn opened(&mut self, names: &[String]) -> Vec<Effect> {
        let closed: Vec<String> = names.iter().filter(|name| !self.is_open(name)).cloned().collect();
        if closed.is_empty() {
            let verb = if names.len() == 1 { "is" } else { "are all" };
            self.say(Tone::Plain, format!("{} {verb} open already.", named(names)));
            return Vec::new();
        }
        self.say(Tone::Plain, format!("Opening {} …", named(&closed)));
        for name in &closed {
            self.used.insert(name.clone(), self.now);
        }
        closed.into_iter().map(Effect::OpenContext).collect()
    }

    pub(super) fn close_context(&mut self, argument: &str) -> Vec<Effect> {
        let found = self.fitting(argument).map(|names| {
            let open = names.into_iter().filter(|name| self.is_open(name));
            open.map(|name| ClusterName::from(name.as_str())).collect::<Vec<_>>()
        });
        let said = match found {
            Ok(open) if !open.is_empty() => match self.closed(open) {
                Ok(effects) => return effects,
                Err(asks) => (Tone::Warn, format!("close-context: {asks}")),
            },
            Ok(_) => (Tone::Bad, format!("close-context: `{}` is not open", argument.trim())),
            Err(why) => (Tone::Bad, format!("close-context: {why}")),
        };
        self.say(said.0, said.1);
        Vec::new()
    }

    /// Closes clusters. What would end with them is said first: asked for once more, they are closed.
    fn closed(&mut self, clusters: Vec<ClusterName>) -> Result<Vec<Effect>, String> {
        let ends: Vec<String> = clusters
            .iter()
            .flat_map(|c| self.ends_with(c).into_iter().map(move |what| format!("{c}: {what}")))
            .collect();
        let all: BTreeSet<ClusterName> = clusters.iter().cloned().collect();
        let now = self.now;
        let is_yes = self
            .closing
            .take()
            .is_some_and(|(asked, at)| all.is_subset(&asked) && now.duration_since(at) < ASKED);
        if !ends.is_empty() && !is_yes {
            self.closing = Some((all, now));
            return Err(format!("{}. The same again closes.", ends.join("; ")));
        }
        Ok(clusters.into_iter().map(Effect::CloseContext).collect())
    }

    /// What ends when a cluster is closed.
    fn ends_with(&self, cluster: &ClusterName) -> Vec<String> {
        let mut ends = Vec::new();
        if self.keeping.contains_key(cluster) {
            ends.push("this screen would keep its gateways no longer".to_owned());
        }
        let is_made = |screen: &Screen| match screen {
            Screen::Review(review) => review.items.iter().any(|item| {
                item.wish.target.cluster == *cluster
                    && matches!(item.stage, Stage::Making(_) | Stage::Queued(_))
            }),
            _ => false,
        };
        match self.forwards.iter().filter(|forward| forward.target.cluster() == cluster).count() {
            0 => {}
            1 => ends.push("a port-forward to it would end".to_owned()),
            n => ends.push(format!("{n} port-forwards to it would end")),
        }
        if self.stack.iter().any(is_made) {
            ends.push("a change is being made there".to_owned());
        }
        ends
    }

    /// Opens the list of contexts.
    pub(super) fn open_contexts(&mut self) -> Vec<Effect> {
        // On the context that was used last: groups stand above.
        let cursor = self.settings.groups.len();
        self.overlay = Some(Overlay::Contexts(List { cursor, ..List::default() }));
        self.refill_contexts();
        Vec::new()
    }

    /// What a table is filtered by when `@name` follows its command: a context, or a group.
    pub(super) fn cluster_filter(&self, name: &str) -> String {
        let group = self.settings.groups.iter().find(|g| g.name == name);
        match group.filter(|_| !self.all_contexts().iter().any(|context| context == name)) {
            None => format!("cluster:{name}"),
            Some(group) => {
                let any: Vec<String> = group.contexts.iter().map(|glob| expression(glob.as_str())).collect();
                match any.as_slice() {
                    [one] => format!("cluster:/^{one}$/"),
                    several => format!("cluster:/^({})$/", several.join("|")),
                }
            }
        }
    }

    /// What `:open-context` (or `:close-context`) can take: the last used first, then groups.
    pub(super) fn context_values(&self, is_open: bool) -> Vec<String> {
        let fits = |name: &String| self.is_open(name) == is_open;
        let mut all: Vec<String> = self.all_contexts().into_iter().filter(fits).collect();
        let groups = self.settings.groups.iter().filter(|g| self.of_group(g).iter().any(fits));
        all.extend(groups.map(|g| format!("@{}", g.name)));
        all
    }

    /// What `@` can be followed by where rows are filtered: the open clusters, and groups of them.
    pub(super) fn cluster_values(&self) -> Vec<String> {
        let open = self.clusters.iter().map(|s| format!("@{}", s.cluster));
        let has_open = |g: &&Group| self.clusters.iter().any(|s| g.holds(s.cluster.as_str()));
        open.chain(self.settings.groups.iter().filter(has_open).map(|g| format!("@{}", g.name))).collect()
    }
}

/// A pattern as an expression of the filter, in which a slash is its end.
fn expression(glob: &str) -> String {
    let mut out = String::new();
    for c in glob.chars() {
        match c {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            '/' => out.push_str(r"\x2f"),
            c => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out
}
