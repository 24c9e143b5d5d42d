//! What each command does, and whether it applies.

use super::command::Command;
use super::deed::Named;
use super::effect::Effect;
use super::model::App;
use super::overlay::{Choose, Help, Overlay, Palette};
use super::screen::{Details, Screen, Tab};
use crate::model::name::{ClusterName, Kind};
use crate::model::table::{Subject, TableKind, Tone};

impl App {
    pub(super) fn finding(&self) -> bool {
        match self.screen() {
            Screen::Details(details) => details.text.find.search.is_some(),
            Screen::Logs(logs) => logs.find.search.is_some(),
            _ => false,
        }
    }

    pub(super) fn shows(&self, tab: Tab) -> bool {
        matches!(self.screen(), Screen::Details(details) if details.tab == tab)
    }

    pub(super) fn is_clusters(&self) -> bool {
        matches!(self.screen(), Screen::Table(t) if t.kind == TableKind::Clusters)
    }

    /// Carries out a command with what follows its name in the palette (empty when a key asked).
    pub fn run(&mut self, command: Command, argument: &str) -> Vec<Effect> {
        use Command as C;
        if let Err(why) = self.applies(command) {
            if command != C::Back {
                self.say(Tone::Muted, format!("{command}: {why}"));
            }
            return Vec::new();
        }
        match command {
            C::Up | C::Down | C::PageUp | C::PageDown | C::Top | C::Bottom | C::Left | C::Right => {
                self.motion(command)
            }
            C::Filter | C::Sort | C::SortNext | C::SortPrevious | C::SortReverse | C::Wide => {
                self.table_command(command, argument);
            }
            C::Find | C::FindNext | C::FindPrevious | C::Wrap => self.text_command(command),
            C::Follow | C::Timestamps | C::NextContainer | C::Previous => return self.logs_command(command),
            C::Traffic => return self.open_traffic(),
            C::WorstFirst
            | C::TrafficPlot
            | C::TrafficBy
            | C::ShorterWindow
            | C::LongerWindow
            | C::Freeze
            | C::Interval
            | C::Compare => return self.traffic_command(command),
            C::Open if self.looks_at_traffic() => self.open_traffic_row(),
            C::Mark if self.looks_at_traffic() => self.mark_traffic_row(),
            C::Help => self.overlay = Some(Overlay::Help(Help::default())),
            C::Palette => {
                let meant = self.meant_here();
                self.overlay = Some(Overlay::Palette(Palette { meant, ..Palette::default() }));
                self.refill_palette();
            }
            C::Clusters => return self.show_table(TableKind::Clusters, argument),
            C::Gateways => return self.show_table(TableKind::Gateways, argument),
            C::Services => return self.show_table(TableKind::Services, argument),
            C::Pods => return self.show_table(TableKind::Pods, argument),
            C::Fleet => return self.show_fleet(),
            C::FleetOrder => self.fleet_motion(command),
            C::Back => return self.back(),
            C::Quit => return self.quit(),
            C::Redraw => return vec![Effect::Redraw],
            C::Retry => {
                self.rights.forget_all();
                self.say(Tone::Plain, "Trying again …");
                return vec![Effect::Retry(None)];
            }
            C::Namespaces => return self.set_namespaces(argument),
            C::Theme => return self.theme_command(argument),
            C::Hold | C::ScreenDump | C::PrintAndQuit | C::Bookmark | C::Bookmarks | C::LastView => {
                return self.view_command(command, argument);
            }
            C::Notices => return self.open_notices(),
            C::PortForward | C::PortForwards | C::Shell | C::Exec | C::RestartPod | C::NodeGateways => {
                return self.pod_command(command, argument);
            }
            C::Contexts => return self.open_contexts(),
            C::Columns => return self.columns_command(argument),
            C::Mouse => return self.toggle_mouse(),
            C::ReplayPause
            | C::ReplayBack
            | C::ReplayOn
            | C::ReplayBackMinute
            | C::ReplayOnMinute
            | C::ReplayStart
            | C::ReplayEnd
            | C::ReplaySlower
            | C::ReplayFaster => {
                return super::replay::wish(command).map(Effect::Replay).into_iter().collect();
            }
            C::Tour => self.toggle_tour(),
            C::Fault => return self.set_fault(argument),
            C::Tamper => return self.tamper(argument.trim()),
            C::ReadOnly => return self.toggle_read_only(),
            C::OpenContext => return self.open_context(argument),
            C::CloseContext => return self.close_context(argument),
            C::RunCredentialPlugin => {
                return self
                    .acting_on()
                    .map(|s| Effect::RunCredentialPlugin(s.cluster.clone()))
                    .into_iter()
                    .collect();
            }
            C::Ingress => {
                self.settings.ingress = !self.settings.ingress;
                self.refresh();
            }
            C::Open => return self.open_selected(),
            C::Yaml => return self.open_yaml(),
            C::Logs => return self.open_logs(false),
            C::PreviousLogs => return self.open_logs(true),
            C::GatewayPods => return self.open_pods(),
            C::GatewayService => return self.open_service(),
            C::Owner => return self.open_owner(),
            C::Reconcile => return self.open_tab(Tab::Reconcile),
            C::Upstreams => return self.open_tab(Tab::Upstreams),
            C::Certs => return self.open_tab(Tab::Certs),
            C::Unfold => {
                if let Some(pane) = self.pane_mut() {
                    pane.toggle();
                }
            }
            C::ReconcileNow
            | C::Pause
            | C::Roll
            | C::Statistics
            | C::Adopt
            | C::Release
            | C::ForgetCluster
            | C::Install
            | C::Keep => return self.deed_command(command, argument),
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
            | C::Drafts => return self.write_command(command, argument),
            C::Mark | C::MarkAll | C::UnmarkAll => self.mark_command(command),
            // Keys of a review are its own.
            C::NextChange | C::PreviousChange | C::Mine | C::Theirs | C::StopAtFailure => {}
            C::CopyName => return self.copy_name(),
            C::CopyYaml => return self.copy_yaml(),
            C::NextTab
            | C::PreviousTab
            | C::Tab1
            | C::Tab2
            | C::Tab3
            | C::Tab4
            | C::Tab5
            | C::Tab6
            | C::Tab7
            | C::Tab8
            | C::Tab9
            | C::Tab10 => {
                return self.tab_command(command);
            }
            C::NextDocument | C::PreviousDocument | C::ManagedFields => self.document_command(command),
            C::NextField
            | C::PreviousField
            | C::FieldDown
            | C::FieldUp
            | C::EnterField
            | C::NextStep
            | C::PreviousStep
            | C::Step1
            | C::Step2
            | C::Step3
            | C::Step4
            | C::Step5
            | C::Step6
            | C::Step7
            | C::NextValue
            | C::PreviousValue
            | C::AddRow
            | C::RemoveRow
            | C::RowUp
            | C::RowDown
            | C::Offer
            | C::AcceptForm
            | C::Manifest
            | C::ManifestUp
            | C::ManifestDown
            | C::AsYaml
            | C::UndoForm
            | C::RedoForm
            | C::LeaveForm
            | C::DiscardForm => return self.form_command(command),
            C::EditReview
            | C::EditOutside
            | C::EditUndo
            | C::EditRedo
            | C::EditFind
            | C::EditFindNext
            | C::EditFindPrevious
            | C::EditReplace
            | C::EditGoTo
            | C::EditComplete
            | C::EditNextProblem
            | C::EditPreviousProblem
            | C::EditFold
            | C::EditFoldAll
            | C::EditUnfold
            | C::EditIndent
            | C::EditUnindent
            | C::EditComment
            | C::EditLineUp
            | C::EditLineDown
            | C::EditSelectAll
            | C::EditCopy
            | C::EditCut
            | C::EditPaste
            | C::EditDeleteLine
            | C::EditDeleteWord
            | C::EditDiscard
            | C::EditLeave => return self.editor_command(command),
        }
        Vec::new()
    }

    fn motion(&mut self, command: Command) {
        use Command as C;
        let page = usize::from(self.areas().body.height).saturating_sub(2).max(1) as isize;
        if let Some(table) = self.active_table_mut() {
            match command {
                C::Up => table.step(-1),
                C::Down => table.step(1),
                C::PageUp => table.step(-page),
                C::PageDown => table.step(page),
                C::Top => table.jump(false),
                C::Bottom => table.jump(true),
                C::Left => table.skip = table.skip.saturating_sub(1),
                _ => table.skip += 1,
            }
            return;
        }
        if self.traffic_motion(command) || self.pick_step(command) {
            return;
        }
        if let Some(pane) = self.pane_mut() {
            match command {
                C::Up => pane.step(-1),
                C::Down => pane.step(1),
                C::PageUp => pane.page(-1),
                C::PageDown => pane.page(1),
                C::Top => pane.jump(false),
                C::Bottom => pane.jump(true),
                _ => {}
            }
            return;
        }
        match self.screen_mut() {
            Screen::Details(details) => {
                let text = &mut details.text;
                match command {
                    C::Up => text.scroll(-1),
                    C::Down => text.scroll(1),
                    C::PageUp => text.page(-1),
                    C::PageDown => text.page(1),
                    C::Top => text.jump(false),
                    C::Bottom => text.jump(true),
                    C::Left => text.pan(-8),
                    _ => text.pan(8),
                }
            }
            Screen::Fleet(_) => self.fleet_motion(command),
            Screen::Logs(logs) => match command {
                C::Up => logs.scroll(-1),
                C::Down => logs.scroll(1),
                C::PageUp => logs.page(-1),
                C::PageDown => logs.page(1),
                C::Top => logs.jump(false),
                C::Bottom => logs.jump(true),
                C::Left => logs.x = logs.x.saturating_sub(8),
                _ => logs.x = (logs.x + 8).min(10_000),
            },
            _ => {}
        }
    }

    fn table_command(&mut self, command: Command, argument: &str) {
        use Command as C;
        if command == C::Sort && argument.is_empty() {
            if let Some(table) = self.active_table() {
                let options = table.columns().iter().map(|c| (c.id.to_owned(), c.about.to_owned())).collect();
                self.overlay = Some(Overlay::Choose(Choose {
                    title: "sort by",
                    command,
                    options,
                    cursor: 0,
                    meant: None,
                }));
            }
            return;
        }
        let mut unknown = None;
        let Some(table) = self.active_table_mut() else { return };
        match command {
            C::Filter if argument.is_empty() => table.filter.editing = true,
            C::Filter => table.filter_by(argument),
            C::Sort => match table.columns().iter().find(|c| c.id == argument.trim()) {
                Some(column) => table.sort_by(column.id),
                None => {
                    let all: Vec<&str> = table.columns().iter().map(|c| c.id).collect();
                    unknown =
                        Some(format!("sort: no column `{}`; there are {}", argument.trim(), all.join(", ")));
                }
            },
            C::SortNext => table.sort_step(1),
            C::SortPrevious => table.sort_step(-1),
            C::SortReverse => table.sort_reverse(),
            _ => table.wide = !table.wide,
        }
        if let Some(text) = unknown {
            self.say(Tone::Bad, text);
        }
    }

    fn mark_command(&mut self, command: Command) {
        let Some(table) = self.active_table_mut() else { return };
        match command {
            Command::Mark => table.mark(),
            Command::MarkAll => table.mark_all(),
            _ => table.marked.clear(),
        }
    }

    fn text_command(&mut self, command: Command) {
        use Command as C;
        match (self.screen_mut(), command) {
            (Screen::Details(d), C::Find) => d.text.find.editing = true,
            (Screen::Details(d), C::FindNext) => d.text.find_step(1),
            (Screen::Details(d), C::FindPrevious) => d.text.find_step(-1),
            (Screen::Details(d), _) => {
                d.text.wrap = !d.text.wrap;
                d.text.x = 0;
            }
            (Screen::Logs(l), C::Find) => l.find.editing = true,
            (Screen::Logs(l), C::FindNext) => l.find_step(1),
            (Screen::Logs(l), C::FindPrevious) => l.find_step(-1),
            (Screen::Logs(l), _) => {
                l.wrap = !l.wrap;
                l.x = 0;
            }
            _ => {}
        }
    }

    fn document_command(&mut self, command: Command) {
        let Screen::Details(details) = self.screen_mut() else { return };
        let count = details.objects.len().max(1);
        match command {
            Command::NextDocument => details.document = (details.document + 1) % count,
            Command::PreviousDocument => details.document = (details.document + count - 1) % count,
            _ => details.managed_fields = !details.managed_fields,
        }
        if command != Command::ManagedFields {
            details.text.offset = 0;
        }
        details.stale_text = true;
    }

    /// The Deployment of the gateway that a command means here.
    pub(super) fn deployment_here(&self) -> Result<(ClusterName, Named), String> {
        let row = self.gateway_here().ok_or("no gateway is selected")?;
        let workload = row.workload.as_ref().filter(|workload| workload.kind == Kind::Deployment);
        let meta = &workload.ok_or("it has no Deployment yet")?.meta;
        let named = Named { namespace: meta.namespace.clone(), name: meta.name.clone() };
        Ok((row.id.cluster.clone(), named))
    }

    /// The gateway on the screen or under the cursor.
    pub fn gateway_here(&self) -> Option<std::sync::Arc<crate::model::gateway::GatewayRow>> {
        match self.screen() {
            Screen::Details(Details { of: super::screen::DetailsOf::Gateway(id), .. }) => self.gateway(id),
            Screen::Fleet(fleet) => self.gateway(&fleet.tile()?.id),
            Screen::Table(table) => match &table.item()?.subject {
                Subject::Gateway(row) => Some(row.clone()),
                _ => None,
            },
            _ => None,
        }
    }
}
