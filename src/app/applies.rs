//! Whether each command can do anything now.

use super::command::Command;
use super::model::App;
use super::screen::{Screen, Tab};
use crate::model::snapshot::Link;

impl App {
    /// Whether a command can do anything now, and if not, why: for hints, palette and the answer to its key.
    pub fn applies(&self, command: Command) -> Result<(), String> {
        self.applies_to_all(command)?;
        self.missing_right(command).map_or(Ok(()), Err)
    }

    /// Whether it can, for somebody who may do everything.
    pub(super) fn applies_to_all(&self, command: Command) -> Result<(), String> {
        use Command as C;
        let selected = || self.active_table().is_some_and(|t| t.item().is_some());
        let need = |yes: bool, why: &str| if yes { Ok(()) } else { Err(why.to_owned()) };
        if let Screen::Editor(editor) = self.screen() {
            return editor.applies(command);
        }
        if let Some(why) = self.replay_lacks(command) {
            return Err(why.to_owned());
        }
        match command {
            C::Open | C::Yaml | C::CopyName | C::CopyYaml | C::Owner if self.active_table().is_some() => {
                need(selected(), "no row is selected")
            }
            C::Logs | C::PreviousLogs | C::GatewayPods if self.active_table().is_some() => {
                need(selected(), "no row is selected")
            }
            C::Logs if self.gateway_here().is_some_and(|g| g.pods.is_empty()) => {
                Err("it has no pods".to_owned())
            }
            C::Yaml if self.shows(Tab::Yaml) => Err("it is what you see".to_owned()),
            C::Left if self.active_table().is_some_and(|t| t.skip == 0) => {
                Err("this is where the table begins".to_owned())
            }
            C::Right if self.active_table().is_some_and(|t| t.skip == 0 && t.window.hidden == 0) => {
                Err("all columns are in sight".to_owned())
            }
            C::GatewayService if self.shows(Tab::Service) => Err("it is what you see".to_owned()),
            C::GatewayService if !self.is_clusters() => {
                need(self.gateway_here().is_some_and(|g| g.service.is_some()), "it has no Service")
            }
            C::FindNext | C::FindPrevious => {
                let searching = match self.screen() {
                    Screen::Details(details) => details.text.find.search.is_some(),
                    Screen::Logs(logs) => logs.find.search.is_some(),
                    _ => false,
                };
                need(searching, "nothing is searched; `/` begins")
            }
            C::NextDocument | C::PreviousDocument => {
                let several = matches!(self.screen(), Screen::Details(d) if d.objects.len() > 1);
                need(several, "there is one object only")
            }
            C::NextContainer => {
                let several = matches!(self.screen(), Screen::Logs(l) if l.containers.len() > 1);
                need(several, "there is one container only")
            }
            C::RunCredentialPlugin => {
                let asks = self.acting_on().is_some_and(|s| match &s.link {
                    Link::Stale { fault, .. }
                    | Link::Unreachable { fault, .. }
                    | Link::Denied { fault, .. } => {
                        fault.reason == crate::model::fault::Reason::NeedsTerminal
                    }
                    _ => false,
                });
                need(asks, "this cluster's credentials need no terminal")
            }
            C::Upstreams | C::Certs => {
                let tab = if command == C::Certs { Tab::Certs } else { Tab::Upstreams };
                match self.shows(tab) {
                    true => Err("it is what you see".to_owned()),
                    false => need(self.gateway_here().is_some(), "no gateway is selected"),
                }
            }
            C::Unfold => {
                let listed = matches!(self.screen(), Screen::Details(d) if d.pane.is_unfolded().is_some());
                need(listed, "nothing is listed")
            }
            C::Open if matches!(self.screen(), Screen::Fleet(_)) => {
                need(self.tile().is_some(), "there is no tile")
            }
            C::Reconcile => match self.shows(Tab::Reconcile) {
                true => Err("it is what you see".to_owned()),
                false => need(self.gateway_here().is_some(), "no gateway is selected"),
            },
            C::New
            | C::NewFromYaml
            | C::Clone
            | C::Edit
            | C::EditYaml
            | C::EditForm
            | C::Scale
            | C::Restart
            | C::Set
            | C::Delete
            | C::Undo
            | C::Drafts => self.writing_applies(command),
            C::PortForward | C::PortForwards | C::Shell | C::Exec | C::RestartPod | C::NodeGateways => {
                self.tool_applies(command)
            }
            C::Mark if !self.looks_at_traffic() => need(selected(), "no row is selected"),
            C::Mine | C::Theirs => {
                let chooses = matches!(self.screen(), Screen::Review(review) if review.chooses());
                need(chooses, "there is nothing to choose")
            }
            C::NextChange | C::PreviousChange | C::StopAtFailure => {
                let several = matches!(self.screen(), Screen::Review(review) if review.items.len() > 1);
                need(several, "there is one change only")
            }
            C::Open | C::Mark if self.looks_at_traffic() => Ok(()),
            C::Traffic => match self.looks_at_traffic() {
                true => Err("it is what you see".to_owned()),
                false => need(self.gateway_here().is_some(), "no gateway is selected"),
            },
            C::Compare => need(!self.namesakes().is_empty(), "no other cluster has a gateway of this name"),
            C::UnmarkAll => {
                need(self.active_table().is_some_and(|t| !t.marked.is_empty()), "no row is marked")
            }
            _ if command.spec().danger => self.deed_applies(command),
            C::LastView => need(
                self.kept.before.is_some() || self.reads_views(),
                "nothing is known of an end before this run",
            ),
            C::Bookmarks => match self.kept.views.bookmarks.is_empty() {
                true if self.reads_views() => Err("what is kept is still being read".to_owned()),
                true => Err(format!("no view is kept; {} keeps this one", self.key_of(C::Bookmark))),
                false => Ok(()),
            },
            C::Notices => need(self.notices.newest_first().next().is_some(), "nothing has happened yet"),
            C::Tamper if self.demo.is_some() => self.deployment_here().map(drop),
            _ if command.is_for_demo() => need(self.demo.is_some(), "only `egret demo` has that"),
            C::Back => {
                let filtered = self.active_table().is_some_and(super::screen::Table::is_filtered);
                need(
                    self.stack.len() > 1 || filtered || self.finding() || self.picked().is_some(),
                    "this is the outermost screen",
                )
            }
            C::Contexts => need(!self.all_contexts().is_empty(), "the kubeconfig has no context"),
            C::CloseContext => need(!self.clusters.is_empty(), "no context is open"),
            _ => self.form_applies(command),
        }
    }
}
