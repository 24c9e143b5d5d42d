//! What the person may do (R24): asked of a cluster when something is selected, known until it connects anew.
//!
//! What is not known forbids nothing: whatever is tried will tell.

use std::collections::{BTreeMap, BTreeSet};

use strum::IntoEnumIterator as _;

use super::command::{COMMANDS, Command};
use super::effect::Effect;
use super::model::App;
use super::overlay::Overlay;
use super::screen::Screen;
use crate::model::edit::Target;
use crate::model::name::{ClusterName, Kind};
use crate::model::snapshot::Link;

/// Namespace of the lease, and of what is made anew, where all namespaces are watched.
const USUAL: &str = "istio-system";

/// One thing to be done to objects of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Right {
    /// `patch`, `delete`, …
    pub verb: &'static str,
    /// The kind it is done to.
    pub kind: Kind,
    /// `portforward`, `exec`; empty: the object itself.
    pub subresource: &'static str,
    /// Namespace; empty for a cluster-wide kind.
    pub namespace: String,
    /// Name; empty: any.
    pub name: String,
}

/// What is known of the rights in one cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Who they are of, as the context calls them; empty: nobody said.
    pub user: String,
    /// The rights that were asked for; none: the cluster could not tell.
    pub rights: BTreeMap<Right, Option<bool>>,
}

/// What is known of the rights in all clusters.
#[derive(Debug, Default)]
pub struct Rights {
    known: BTreeMap<ClusterName, Answers>,
    /// What was asked for last: it is not asked again while nothing else is selected.
    asked: BTreeMap<ClusterName, BTreeSet<Right>>,
}

impl Rights {
    fn answer(&self, cluster: &ClusterName, right: &Right) -> Option<bool> {
        self.known.get(cluster)?.rights.get(right).copied().flatten()
    }

    fn is_known(&self, cluster: &ClusterName, right: &Right) -> bool {
        self.known.get(cluster).is_some_and(|answers| answers.rights.contains_key(right))
    }

    /// A cluster connects anew: the person may be another one, and have been given rights.
    pub(super) fn forget(&mut self, cluster: &ClusterName) {
        self.known.remove(cluster);
        self.asked.remove(cluster);
    }

    /// All is asked anew.
    pub(super) fn forget_all(&mut self) {
        *self = Self::default();
    }
}

fn right(verb: &'static str, kind: Kind, namespace: &str, name: &str) -> Right {
    Right { verb, kind, subresource: "", namespace: namespace.to_owned(), name: name.to_owned() }
}

/// The right to do something to an object; none: its kind is not one that is known here.
fn over(verb: &'static str, target: &Target) -> Option<(ClusterName, Right)> {
    let kind = Kind::iter().find(|kind| kind.to_string() == target.kind)?;
    Some((target.cluster.clone(), right(verb, kind, &target.namespace, &target.name)))
}

/// What a command does to what it is about.
enum Needs {
    /// This, to the CR of the gateway.
    Gateway(&'static str),
    /// This, to the objects that it is about.
    Objects(&'static str),
    /// What [`App::own_needs`] says.
    Own,
}

/// The rights that commands need. What is not here needs none, or none that is known before it is looked at.
const NEEDS: &[(Command, Needs)] = &[
    (Command::ReconcileNow, Needs::Gateway("patch")),
    (Command::Pause, Needs::Gateway("patch")),
    (Command::Roll, Needs::Gateway("patch")),
    (Command::Statistics, Needs::Gateway("patch")),
    (Command::Release, Needs::Gateway("patch")),
    (Command::ForgetCluster, Needs::Gateway("patch")),
    (Command::Set, Needs::Gateway("patch")),
    (Command::EditForm, Needs::Gateway("patch")),
    (Command::Edit, Needs::Objects("patch")),
    (Command::EditYaml, Needs::Objects("patch")),
    (Command::Scale, Needs::Objects("patch")),
    (Command::Delete, Needs::Objects("delete")),
    (Command::RestartPod, Needs::Objects("delete")),
    (Command::Restart, Needs::Own),
    (Command::PortForward, Needs::Own),
    (Command::Shell, Needs::Own),
    (Command::Exec, Needs::Own),
    (Command::New, Needs::Own),
    (Command::Clone, Needs::Own),
    (Command::Adopt, Needs::Own),
    (Command::Keep, Needs::Own),
    (Command::Install, Needs::Own),
];

/// Most objects whose rights are asked for at once: of a thousand marked rows, each is looked at before it is changed.
const MOST: usize = 20;

impl App {
    /// The rights that a command needs here, each with its cluster.
    fn needed(&self, command: Command) -> Vec<(ClusterName, Right)> {
        let Some((_, needs)) = NEEDS.iter().find(|(of, _)| *of == command) else { return Vec::new() };
        match needs {
            Needs::Gateway(verb) => {
                let rows = self.gateways_meant();
                rows.iter().take(MOST).filter_map(|row| over(verb, &self.cr_target(row)?)).collect()
            }
            Needs::Objects(verb) => {
                self.targets_meant().iter().take(MOST).filter_map(|target| over(verb, target)).collect()
            }
            Needs::Own => self.own_needs(command),
        }
    }

    fn own_needs(&self, command: Command) -> Vec<(ClusterName, Right)> {
        let namespace = self.settings.namespaces.first().map_or(USUAL, String::as_str);
        let here = || self.acting_on().map(|s| s.cluster.clone());
        let gateway = || self.gateway_here();
        match command {
            Command::Restart => {
                let rows = self.gateways_meant();
                let workload = |row: &crate::model::gateway::GatewayRow| {
                    let meta = &row.workload.as_ref().filter(|w| w.kind == Kind::Deployment)?.meta;
                    let needed = right("patch", Kind::Deployment, &meta.namespace, &meta.name);
                    Some((row.id.cluster.clone(), needed))
                };
                rows.iter().take(MOST).filter_map(|row| workload(row)).collect()
            }
            Command::PortForward | Command::Shell | Command::Exec => self.inside_needs(command),
            Command::New => {
                let needed = right("create", Kind::IstioGateway, namespace, "");
                here().map(|cluster| (cluster, needed)).into_iter().collect()
            }
            Command::Clone => gateway()
                .map(|row| {
                    let needed = right("create", Kind::IstioGateway, &row.id.namespace, "");
                    (self.home_of(&row), needed)
                })
                .into_iter()
                .collect(),
            Command::Adopt => {
                let Some(row) = gateway() else { return Vec::new() };
                let Some(workload) = &row.workload else { return Vec::new() };
                let (ns, name) = (&*workload.meta.namespace, &*workload.meta.name);
                let needed =
                    [right("create", Kind::IstioGateway, ns, ""), right("patch", Kind::Deployment, ns, name)];
                needed.into_iter().map(|needed| (row.id.cluster.clone(), needed)).collect()
            }
            Command::Keep => {
                let Some(cluster) = here().filter(|cluster| !self.keeps(cluster)) else { return Vec::new() };
                let needed = ["create", "update"].map(|verb| right(verb, Kind::Lease, namespace, ""));
                needed.into_iter().map(|needed| (cluster.clone(), needed)).collect()
            }
            Command::Install => {
                let needed = right("create", Kind::CustomResourceDefinition, "", "");
                here().map(|cluster| (cluster, needed)).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// The rights to reach into a pod. Since Kubernetes 1.35 a WebSocket needs both; before, one is enough, and what is
    /// refused there is what lacks `get`.
    fn inside_needs(&self, command: Command) -> Vec<(ClusterName, Right)> {
        let subresource = if command == Command::PortForward { "portforward" } else { "exec" };
        let place = match command {
            Command::PortForward => self.ports_here().map(|(target, _)| target.place()),
            _ => self.pod_here().map(|(pod, _)| (pod.cluster, pod.namespace)),
        };
        let Some((cluster, namespace)) = place else { return Vec::new() };
        let verbs: &[&str] = if self.asks_for_create(&cluster) { &["get", "create"] } else { &["get"] };
        let needed = verbs.iter().map(|verb| Right { subresource, ..right(verb, Kind::Pod, &namespace, "") });
        needed.map(|right| (cluster.clone(), right)).collect()
    }

    /// Whether a cluster is of those that ask for `create` where something is upgraded to a WebSocket.
    fn asks_for_create(&self, cluster: &ClusterName) -> bool {
        let version = self.cluster(cluster).and_then(|s| s.facts.kubernetes.as_deref());
        let mut numbers = version.unwrap_or_default().trim_start_matches('v').split('.');
        let mut number = || numbers.next().and_then(|n| n.parse::<u32>().ok());
        number().zip(number()).is_some_and(|version| version >= (1, 35))
    }

    /// Which right a command would need here and is surely missing, in words.
    pub fn missing_right(&self, command: Command) -> Option<String> {
        let denied =
            |(cluster, right): &(ClusterName, Right)| self.rights.answer(cluster, right) == Some(false);
        let (cluster, right) = self.needed(command).into_iter().find(denied)?;
        let user = self.rights.known.get(&cluster).map(|answers| answers.user.as_str()).unwrap_or_default();
        let Right { verb, kind, subresource, namespace, .. } = &right;
        let part = if subresource.is_empty() { String::new() } else { format!("/{subresource}") };
        let place = if namespace.is_empty() { String::new() } else { format!(" in {namespace}") };
        let who = if user.is_empty() { String::new() } else { format!(" (user {user})") };
        Some(format!("you may not {verb} {}{part}{place} of {cluster}{who}", kind.resource().plural))
    }

    /// Asks for the rights of what is selected, once. What that is, is known when a frame has been made.
    pub fn ask_for_rights(&mut self) -> Vec<Effect> {
        // What is typed into has no commands, and what is asked is asked already.
        if self.overlay.is_some()
            || matches!(self.screen(), Screen::Editor(_) | Screen::Form(_) | Screen::Review(_))
        {
            return Vec::new();
        }
        let focus = self.focus();
        let here = COMMANDS.iter().filter(|spec| spec.scopes.iter().any(|scope| focus.contains(scope)));
        let mut wanted: BTreeMap<ClusterName, BTreeSet<Right>> = BTreeMap::new();
        for (cluster, right) in here.flat_map(|spec| self.needed(spec.command)) {
            let is_ready = self.cluster(&cluster).is_some_and(|s| matches!(s.link, Link::Ready));
            if is_ready && !self.is_read_only(&cluster) && !self.rights.is_known(&cluster, &right) {
                wanted.entry(cluster).or_default().insert(right);
            }
        }
        if wanted.is_empty() || wanted == self.rights.asked {
            return Vec::new();
        }
        self.rights.asked.clone_from(&wanted);
        let all = wanted.into_iter().map(|(cluster, rights)| (cluster, rights.into_iter().collect()));
        vec![Effect::AskRights(all.collect())]
    }

    /// A cluster has said what the person may do.
    pub(super) fn on_rights(&mut self, cluster: &ClusterName, answers: Answers) {
        let known = self.rights.known.entry(cluster.clone()).or_default();
        known.user = answers.user;
        known.rights.extend(answers.rights);
        if matches!(self.overlay, Some(Overlay::Palette(_))) {
            self.refill_palette();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crossterm::event::{KeyCode, KeyEvent};
    use serde_json::json;

    use super::*;
    use crate::app::keymap::Keymap;
    use crate::app::{Msg, Settings, update};
    use crate::model::snapshot::{Keeper, Snapshot};
    use crate::model::table::TableKind;
    use crate::model::testing::{cluster, gateway_objects, istio_gateway, joined};

    /// Two gateways of one cluster, and what is asked when they come.
    fn app() -> (App, Vec<Right>) {
        let names = vec!["prod".into()];
        let now = jiff::Timestamp::UNIX_EPOCH;
        let mut app = App::new(Settings::default(), Keymap::default(), names, TableKind::Gateways, now);
        let first = asked(&mut app, Msg::Snapshot(Arc::new(snapshot())));
        (app, first)
    }

    fn snapshot() -> Snapshot {
        let mut objects = vec![
            istio_gateway("a", json!({"replicaCount": 1, "gatewayType": "egress"})),
            istio_gateway("b", json!({"replicaCount": 1, "gatewayType": "egress"})),
        ];
        objects.extend(gateway_objects("istio-a", 1));
        let mut snapshot = cluster("prod", &objects);
        snapshot.facts.keeper = Keeper::Egret;
        snapshot.facts.served_versions = ["v1beta1".into()].into_iter().collect();
        joined(snapshot)
    }

    /// What is asked after a message and its frame.
    fn asked(app: &mut App, msg: Msg) -> Vec<Right> {
        drop(update(app, msg));
        app.settle();
        let rights = app.ask_for_rights().into_iter().filter_map(|effect| match effect {
            Effect::AskRights(all) => Some(all.into_iter().flat_map(|(_, rights)| rights)),
            _ => None,
        });
        rights.flatten().collect()
    }

    fn key(code: KeyCode) -> Msg {
        Msg::Key(KeyEvent::from(code))
    }

    fn answer(app: &mut App, rights: &[Right], may: impl Fn(&Right) -> Option<bool>) {
        let rights = rights.iter().map(|right| (right.clone(), may(right))).collect();
        assert_eq!(asked(app, Msg::Rights("prod".into(), Answers { user: "jane".into(), rights })), []);
    }

    #[test]
    fn the_rights_of_what_is_selected_are_asked_once_and_of_the_next_when_it_is() {
        let (mut app, first) = app();
        let name = first.iter().find(|right| right.verb == "delete").map(|right| right.name.clone()).unwrap();
        let other = if name == "a" { "b" } else { "a" };
        assert!(first.contains(&right("delete", Kind::IstioGateway, "istio-system", &name)), "{first:?}");
        assert_eq!(asked(&mut app, Msg::Snapshot(Arc::new(snapshot()))), [], "it was asked already");
        answer(&mut app, &first, |_| Some(true));
        assert_eq!(asked(&mut app, Msg::Minute), [], "an idle screen asks nothing");
        let second = asked(&mut app, key(KeyCode::Down));
        assert!(second.iter().all(|right| right.name != name), "{second:?}");
        assert!(second.contains(&right("patch", Kind::IstioGateway, "istio-system", other)), "{second:?}");
        answer(&mut app, &second, |_| None);
        assert_eq!(asked(&mut app, key(KeyCode::Up)), []);
        assert_eq!(asked(&mut app, key(KeyCode::Down)), [], "what could not be told is not asked again");
    }

    #[test]
    fn a_missing_right_is_named_and_an_unknown_one_forbids_nothing() {
        let (mut app, first) = app();
        assert_eq!(app.applies(Command::Delete), Ok(()), "nothing is known yet");
        answer(&mut app, &first, |right| if right.verb == "delete" { Some(false) } else { None });
        let why = "you may not delete istiogateways in istio-system of prod (user jane)";
        assert_eq!(app.applies(Command::Delete), Err(why.to_owned()));
        assert_eq!((app.applies(Command::Edit), app.applies(Command::Pause)), (Ok(()), Ok(())));
        assert_eq!(update(&mut app, key(KeyCode::Char('d'))), []);
        assert_eq!(app.notice.as_ref().unwrap().text, format!("delete: {why}"));
        // It is there all the same, grey, with what is missing.
        for c in ":delete".chars() {
            drop(update(&mut app, key(KeyCode::Char(c))));
        }
        let Some(Overlay::Palette(palette)) = &app.overlay else { panic!("it is open") };
        assert!(palette.entries[0].is_denied && palette.entries[0].about == why, "{:?}", palette.entries[0]);
    }

    #[test]
    fn rights_are_asked_anew_on_retry_and_when_the_cluster_connects_again() {
        let (mut app, first) = app();
        answer(&mut app, &first, |_| Some(false));
        assert!(app.missing_right(Command::Delete).is_some());
        assert_eq!(asked(&mut app, key(KeyCode::Char('R'))), first);
        assert!(app.missing_right(Command::Delete).is_none());
        answer(&mut app, &first, |_| Some(false));
        let lost = Snapshot { link: Link::Connecting { since: app.now }, ..snapshot() };
        assert_eq!(asked(&mut app, Msg::Snapshot(Arc::new(lost))), [], "nobody is there to ask");
        assert_eq!(asked(&mut app, Msg::Snapshot(Arc::new(snapshot()))), first);
    }

    #[test]
    fn nothing_is_asked_where_nothing_may_be_written() {
        let (mut app, _) = app();
        app.rights.forget_all();
        app.settings.read_only = true;
        assert_eq!(asked(&mut app, Msg::Minute), []);
    }

    #[test]
    fn every_command_that_changes_a_cluster_needs_rights_or_says_itself_what_it_does() {
        // These open something that is checked before it is written, or are about what was done before.
        const LATER: &[Command] =
            &[Command::NewFromYaml, Command::Undo, Command::Drafts, Command::Mine, Command::Theirs];
        for spec in COMMANDS.iter().filter(|spec| spec.danger) {
            let known = NEEDS.iter().any(|(command, _)| *command == spec.command);
            assert!(known || LATER.contains(&spec.command), "{}", spec.command);
        }
    }
}
