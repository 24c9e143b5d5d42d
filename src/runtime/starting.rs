//! Which effect is whose: each is started here, and none waited for.

use std::sync::PoisonError;

use ratatui::buffer::Buffer;

use super::effects::{Live, tell};
use super::looping::{Effects, Foreground};
use super::{drafts, files, outside, settings, shell, terminal};
use crate::app::effect::{Dump, Effect};
use crate::app::msg::Msg;
use crate::model::exec;
use crate::model::name::ClusterName;

/// Gives the terminal back while something runs.
async fn with_terminal<T>(runs: impl Future<Output = T>) -> T {
    terminal::give_back();
    let done = runs.await;
    if let Err(error) = terminal::take() {
        tracing::error!("the terminal was not given back: {error}");
    }
    done
}

/// What has a terminal ring its bell.
const BELL: u8 = 0x07;

impl Effects for Live {
    fn start(&mut self, effect: Effect) {
        match effect {
            Effect::OpenObject(ticket, key) => self.open_object(ticket, key),
            Effect::OpenEvents(ticket, keys) => self.open_events(ticket, keys),
            Effect::OpenRoutes(ticket, cluster, places) => self.open_routes(ticket, &cluster, places),
            Effect::OpenLogs(ticket, query) => self.open_logs(ticket, query),
            Effect::OpenStanding(ticket, of) => self.open_standing(ticket, of),
            Effect::Plan(ticket, deed) => self.plan(ticket, deed),
            Effect::Do(ticket, deed, plan) => self.carry_out(ticket, deed, plan),
            Effect::Close(ticket) => {
                self.forwards.stop(ticket);
                if let Some(task) = self.open.remove(&ticket) {
                    task.abort();
                }
            }
            Effect::Fetch(ticket, key) => self.fetch(ticket, key),
            Effect::Check(ticket, wish) => self.check(ticket, wish),
            Effect::Make(ticket, checked) => self.make(ticket, checked),
            Effect::AskRights(wanted) => self.ask_rights(wanted),
            Effect::Learn(ticket, cluster, namespace) => self.learn(ticket, &cluster, namespace),
            Effect::ReadSchema(ticket, target) => self.read_schema(ticket, target),
            Effect::ReadFile(ticket, name) => {
                let inbox = self.inbox.clone();
                self.keep(ticket, async move {
                    let text = files::read(&name).await;
                    tell(&inbox, Msg::File(ticket, text));
                });
            }
            Effect::KeepDraft(draft) => {
                if let Some(drafts) = &self.drafts {
                    drafts.keep(*draft);
                }
            }
            Effect::DropDraft(id) => {
                if let Some(drafts) = &self.drafts {
                    drafts.discard(id);
                }
            }
            // What proxies said is in the recording; nobody can be asked now.
            Effect::Scrape(_) | Effect::ReadUsage(_) if self.player.is_some() => {}
            Effect::Scrape(wants) => self.sources.read_proxies(wants),
            Effect::ReadUsage(of) => self.sources.read_usage(of),
            Effect::Replay(wish) => {
                // The player ends only with the program.
                let _ = self.player.as_ref().map(|player| player.send(wish));
            }
            Effect::SaveConfig(changes) => settings::save(self.settings.as_ref(), changes, &self.inbox),
            Effect::Guard(clusters) => {
                for cluster in clusters {
                    self.sources.guard(&cluster);
                    self.stop_keeping(&cluster);
                    self.forwards.stop_of(&cluster);
                }
            }
            Effect::GoBy(rules) => {
                if let Some(kubeconfigs) = &self.kubeconfigs {
                    kubeconfigs.go_by(rules);
                }
            }
            Effect::Bell => {
                // The loop is gone only when the program ends.
                let _ = self.bytes.send(vec![BELL]);
            }
            Effect::Copy(text) => self.copy(text),
            Effect::KeepView(change) => self.keep_view(change),
            Effect::Retry(cluster) => self.sources.retry(cluster.as_ref()),
            Effect::SetNamespaces(namespaces) => {
                self.sources.set_namespaces(namespaces.into_iter().map(Into::into).collect());
            }
            Effect::SetPaths(paths) => self.sources.set_paths(paths),
            Effect::OpenContext(name) => self.open_context(&ClusterName::from(name.as_str())),
            Effect::CloseContext(cluster) => {
                self.stop_keeping(&cluster);
                self.forwards.stop_of(&cluster);
                self.sources.close(&cluster);
                if let Some(kubeconfigs) = &self.kubeconfigs {
                    kubeconfigs.closed(&cluster);
                }
                tell(&self.inbox, Msg::Closed(cluster));
            }
            Effect::Fault(text) => self.fault(&text),
            Effect::Tamper(cluster, with) => self.tamper(&cluster, &with),
            Effect::SetReadOnly(on) => {
                self.sources.set_read_only(on);
                if on {
                    self.forwards.stop_all();
                    // Not even the lease is given back: it ends by itself.
                    self.embedded.lock().unwrap_or_else(PoisonError::into_inner).stop_all();
                }
            }
            Effect::Forward(ticket, cluster, local, aims) => {
                let way = self.sources.way(&cluster);
                self.forwards.start(&self.inbox, ticket, (cluster, local), aims, way);
            }
            Effect::AimForward(ticket, aims) => self.forwards.aim(ticket, aims),
            Effect::Exec(ticket, run) => {
                let inbox = self.inbox.clone();
                match self.connection(&run.pod.cluster) {
                    Ok(c) => self.keep(ticket, shell::command(c, ticket, *run, inbox)),
                    Err(fault) => tell(&inbox, Msg::Exec(ticket, exec::News::Refused(fault))),
                }
            }
            // The loop's own.
            Effect::Quit
            | Effect::Redraw
            | Effect::Dump(_)
            | Effect::RunCredentialPlugin(_)
            | Effect::EditOutside(_)
            | Effect::Shell(_) => {}
        }
    }

    fn dump(&mut self, dump: Dump, screen: Buffer) {
        self.write_screen(dump, screen);
    }

    async fn finish(&mut self) {
        let mut embedded = std::mem::take(&mut *self.embedded.lock().unwrap_or_else(PoisonError::into_inner));
        self.finish_writing().await;
        self.forwards.stop_all();
        drafts::flush();
        embedded.finish().await;
    }

    async fn foreground(&mut self, what: Foreground) {
        // Nobody sees what is read meanwhile.
        self.sources.pause_reading(true);
        self.behind.send_replace(true);
        match what {
            Foreground::Plugin(cluster) => {
                if let Some(plugin) = self.sources.plugin(&cluster) {
                    match with_terminal(plugin.run_in_terminal()).await {
                        Ok(_) => self.sources.retry(Some(&cluster)),
                        Err(fault) => tell(&self.inbox, Msg::Notice(fault)),
                    }
                }
            }
            Foreground::Editor(text) => {
                let edited = with_terminal(outside::edit(&outside::of_person(), &text)).await;
                tell(&self.inbox, Msg::EditedOutside(edited));
            }
            Foreground::Shell(run) => {
                let ended = match self.connection(&run.pod.cluster) {
                    Ok(c) => with_terminal(shell::run(&c, &run)).await,
                    Err(fault) => Err(fault),
                };
                tell(&self.inbox, Msg::Shell(run, ended));
            }
        }
        self.behind.send_replace(false);
        self.sources.pause_reading(false);
    }
}
