//! A message in, the state changed, effects out.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};

use super::command::Command;
use super::effect::Effect;
use super::model::App;
use super::msg::Msg;
use super::notices::About;
use super::open;
use super::overlay::{HelpPage, Overlay};
use super::screen::details::Loaded;
use super::screen::{Details, Screen};
use crate::model::name::ClusterName;
use crate::model::snapshot::Snapshot;
use crate::model::table::{TableKind, Tone};

/// Takes one message. `app.now` is set by the caller.
#[must_use = "effects must be carried out"]
pub fn update(app: &mut App, msg: Msg) -> Vec<Effect> {
    // What is read changes with what is shown, not with what comes of reading.
    let reads = !matches!(msg, Msg::Scraped(_) | Msg::Admin(_) | Msg::LogLines(..));
    let is_cluster = matches!(msg, Msg::Snapshot(_));
    app.notices.answers = matches!(msg, Msg::Key(_) | Msg::Paste(_) | Msg::Copied(_) | Msg::Dumped(_));
    let mut effects = take(app, msg);
    app.notices.answers = false;
    app.notices.about = Default::default();
    if is_cluster {
        effects.extend(app.go_on_heading());
    }
    effects.extend(app.ask_to_keep());
    effects.extend(app.use_what_is_shown());
    effects.extend(app.follow_routes());
    let bells = [app.ring(), app.ring_for_notices()];
    effects.extend(bells.into_iter().flatten().next());
    if reads {
        effects.extend(app.read_what_is_shown());
    }
    app.go_on_with_tour();
    effects
}

fn take(app: &mut App, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Key(key) => app.on_key(key),
        Msg::Mouse(pointed) => app.on_mouse(pointed),
        Msg::Paste(text) => app.on_paste(&text),
        Msg::Resize(width, height) => {
            app.thaw("The screen goes on: the terminal has another size, or was another program's.");
            app.size = (width, height);
            Vec::new()
        }
        Msg::Minute => {
            app.details_changed(|_| true);
            app.traffic_aged();
            Vec::new()
        }
        Msg::Replaying(replay) => {
            app.replay = Some(replay);
            Vec::new()
        }
        Msg::Rewound(moment) => {
            app.on_rewound(*moment);
            Vec::new()
        }
        Msg::Settled => {
            app.on_settled();
            Vec::new()
        }
        Msg::Answers(cluster) => vec![Effect::Retry(Some(cluster))],
        Msg::Snapshot(snapshot) => app.on_snapshot(snapshot),
        Msg::Closed(cluster) => app.on_closed(&cluster),
        Msg::Contexts(contexts) => {
            app.contexts = contexts;
            Vec::new()
        }
        Msg::Kubeconfig(read) => {
            app.on_kubeconfig(read);
            Vec::new()
        }
        Msg::Used(used) => {
            app.on_used(used);
            Vec::new()
        }
        Msg::Object(ticket, result) => {
            for details in app.all_details() {
                if let Some(open) = details.objects.iter_mut().find(|o| o.ticket == ticket) {
                    open.state = match result {
                        Ok(Some(value)) => Loaded::Here(value),
                        Ok(None) => Loaded::Gone(open.state.value().cloned()),
                        Err(fault) => Loaded::Failed(fault),
                    };
                    details.stale_text = true;
                    break;
                }
            }
            app.refresh_details();
            Vec::new()
        }
        Msg::Events(ticket, result) => {
            for details in app.all_details() {
                if let Some(events) = details.events.as_mut().filter(|e| e.ticket == ticket) {
                    events.state = result.map_or_else(Loaded::Failed, Loaded::Here);
                    details.stale_text = true;
                    break;
                }
            }
            Vec::new()
        }
        Msg::Routes(ticket, news) => {
            app.on_routes(ticket, news);
            Vec::new()
        }
        Msg::Standing(ticket, standing) => {
            app.on_standing(ticket, *standing);
            Vec::new()
        }
        Msg::Planned(ticket, plan) => app.on_planned(ticket, plan),
        Msg::Done(ticket, deed, done) => {
            app.notices.about = About::cluster(&deed.cluster);
            app.on_done(ticket, &deed, done);
            Vec::new()
        }
        Msg::Keeping(cluster, news) => {
            app.notices.about = About::cluster(&cluster);
            app.on_keeping(&cluster, news);
            Vec::new()
        }
        Msg::File(_, result) => app.on_file(result),
        Msg::Fetched(ticket, object) => app.on_fetched(ticket, object),
        Msg::Checked(ticket, checked) => app.on_checked(ticket, checked),
        Msg::Made(ticket, made) => {
            app.notice_made(ticket, &made);
            app.on_made(ticket, *made)
        }
        Msg::Rights(cluster, answers) => {
            app.on_rights(&cluster, answers);
            Vec::new()
        }
        Msg::Drafts(drafts) => {
            app.offer_drafts(drafts);
            Vec::new()
        }
        Msg::Learned(ticket, knowledge) => {
            app.on_learned(ticket, *knowledge);
            Vec::new()
        }
        Msg::Schema(ticket, result) => {
            app.on_schema(ticket, result);
            Vec::new()
        }
        Msg::EditedOutside(result) => app.on_edited_outside(result),
        Msg::LogLines(ticket, lines) => {
            if let Some(Screen::Logs(logs)) =
                app.stack.iter_mut().find(|s| matches!(s, Screen::Logs(l) if l.ticket == ticket))
            {
                logs.push(lines);
            }
            Vec::new()
        }
        Msg::LogNote(ticket, note) => {
            if let Some(Screen::Logs(logs)) =
                app.stack.iter_mut().find(|s| matches!(s, Screen::Logs(l) if l.ticket == ticket))
            {
                logs.note = (!note.is_empty()).then_some(note);
                logs.loading = false;
            }
            Vec::new()
        }
        Msg::Scraped(scraped) => {
            app.on_scraped(scraped);
            Vec::new()
        }
        Msg::Admin(seen) => {
            app.notice_certificates(&seen);
            app.on_admin(seen);
            Vec::new()
        }
        Msg::Usage(cluster, usage) => {
            app.on_usage(cluster, usage);
            Vec::new()
        }
        Msg::Config(news) => app.on_config(*news),
        Msg::Themes(_) => {
            app.on_themes();
            Vec::new()
        }
        Msg::Copied(result) | Msg::Dumped(result) => {
            match result {
                Ok(way) => app.answer(Tone::Good, way),
                Err(fault) => app.answer(Tone::Bad, format!("{}. {}", fault.summary, fault.hint)),
            }
            Vec::new()
        }
        Msg::Views(views) => app.on_views(views),
        Msg::Faults(faults) => {
            let said = if faults.is_empty() { "none".to_owned() } else { faults.join(", ") };
            app.say(Tone::Plain, format!("Faults in force: {said}."));
            if let Some(demo) = &mut app.demo {
                demo.faults = faults;
            }
            Vec::new()
        }
        Msg::Forward(ticket, news) => {
            app.on_forward(ticket, news);
            Vec::new()
        }
        Msg::Exec(ticket, news) => {
            app.on_exec(ticket, news);
            Vec::new()
        }
        Msg::Shell(run, ended) => {
            app.on_shell(&run, ended);
            Vec::new()
        }
        Msg::Notice(fault) => {
            app.say(Tone::Bad, format!("{}. {}", fault.summary, fault.hint));
            Vec::new()
        }
    }
}

impl App {
    fn on_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        self.stay_here();
        if self.held.is_some() {
            return self.held_key(key);
        }
        self.notice = None;
        self.clicked = None;
        let now = self.now;
        let mut gone = None;
        if let Some(table) = self.active_table_mut() {
            gone = table.catch_up(now);
            table.pin();
        }
        if self.overlay.is_some() {
            return self.overlay_key(key);
        }
        match self.screen() {
            Screen::Editor(_) => return self.editor_key(key),
            Screen::Form(_) => return self.form_key(key),
            Screen::Review(_) => return self.review_key(key),
            _ => {}
        }
        if let Some(effects) = self.prompt_key(key) {
            return effects;
        }
        match (self.press(self.focus(), key), gone) {
            (Some(command), Some(gone)) if is_about_rows(command) => {
                let now = self.active_table().and_then(|t| t.item()).map(|item| item.id().name);
                let now = now.map_or(String::new(), |name| format!(" The cursor is on {name} now."));
                self.say(
                    Tone::Warn,
                    format!("{command}: {} in {} is gone; nothing was done.{now}", gone.name, gone.cluster),
                );
                Vec::new()
            }
            (Some(command), _) => self.run(command, ""),
            (None, _) => Vec::new(),
        }
    }

    fn on_paste(&mut self, text: &str) -> Vec<Effect> {
        self.stay_here();
        if self.held.is_some() {
            self.thaw("The screen goes on; what was pasted went nowhere.");
            return Vec::new();
        }
        match &mut self.overlay {
            Some(Overlay::Palette(palette)) => {
                palette.input.paste(text);
                self.refill_palette();
            }
            Some(Overlay::Confirm(confirm)) if confirm.waits() && confirm.typed().is_some() => {
                confirm.input.paste(text);
                confirm.is_mistyped = false;
            }
            Some(Overlay::Contexts(list)) => {
                list.input.paste(text);
                (list.cursor, list.rows) = (0, Vec::new());
                self.refill_contexts();
            }
            Some(Overlay::Columns(chooser)) => {
                if let Some(adding) = &mut chooser.adding {
                    adding.input.paste(text);
                    adding.error = None;
                }
            }
            Some(Overlay::Views(_)) => self.naming_paste(text),
            Some(Overlay::Notices(_)) => self.notices_paste(text),
            Some(_) => {}
            None => match self.screen() {
                Screen::Editor(_) => return self.editor_paste(text),
                Screen::Review(_) => self.review_paste(text),
                Screen::Form(_) => return self.form_paste(text),
                _ => self.typed(|input| input.paste(text)),
            },
        }
        Vec::new()
    }

    /// Changes the line that takes the keys, and what comes of it.
    fn typed(&mut self, change: impl FnOnce(&mut super::text::Input)) {
        if let Some(table) = self.active_table_mut() {
            if table.filter.editing {
                change(&mut table.filter.input);
                table.apply_filter();
            }
            return;
        }
        match self.screen_mut() {
            Screen::Details(details) if details.text.find.editing => {
                change(&mut details.text.find.input);
                details.text.find();
            }
            Screen::Logs(logs) if logs.find.editing => {
                change(&mut logs.find.input);
                logs.find();
            }
            _ => {}
        }
    }

    /// Keys of a filter or search that is being typed; `None` when none is.
    fn prompt_key(&mut self, key: KeyEvent) -> Option<Vec<Effect>> {
        if self.prompt().is_none_or(|p| p.cursor.is_none()) {
            return None;
        }
        let ctrl_c = self.keymap.resolve(self.focus(), key) == Some(Command::Quit)
            && !matches!(key.code, KeyCode::Char('q'));
        match key.code {
            _ if ctrl_c => return Some(self.run(Command::Quit, "")),
            KeyCode::Enter => self.stop_typing(false),
            KeyCode::Esc => self.stop_typing(true),
            KeyCode::Up | KeyCode::Down | KeyCode::PageUp | KeyCode::PageDown => {
                // Moving about while typing is handy, and these keys mean nothing to a line.
                let command = self.keymap.resolve(self.focus(), key)?;
                return Some(self.run(command, ""));
            }
            _ => self.typed(|input| {
                input.key(key);
            }),
        }
        Some(Vec::new())
    }

    /// Ends typing: keeps what is typed, or clears it.
    pub(super) fn stop_typing(&mut self, clear: bool) {
        if let Some(table) = self.active_table_mut() {
            table.filter.editing = false;
            if clear {
                table.filter_by("");
            }
            return;
        }
        let find = match self.screen_mut() {
            Screen::Details(details) => &mut details.text.find,
            Screen::Logs(logs) => &mut logs.find,
            _ => return,
        };
        find.editing = false;
        if clear {
            *find = Default::default();
        }
    }

    fn on_snapshot(&mut self, snapshot: Arc<Snapshot>) -> Vec<Effect> {
        let name = snapshot.cluster.clone();
        if self.cluster(&name).is_none_or(|old| !old.link.is_ready()) {
            self.rights.forget(&name);
        }
        let before = self.cluster(&name).cloned();
        match self.clusters.iter_mut().find(|s| s.cluster == name) {
            // A late one is dropped: states of a cluster are seen in their order.
            Some(old) if old.revision > snapshot.revision => return Vec::new(),
            Some(old) => *old = snapshot,
            None => self.clusters.push(snapshot),
        }
        self.rejoin();
        self.behind();
        self.notice_cluster(&name, before.as_ref());
        self.refresh();
        let mut effects = self.open_what_is_needed();
        effects.extend(self.aim_forwards(&name));
        effects
    }

    fn on_closed(&mut self, cluster: &ClusterName) -> Vec<Effect> {
        self.clusters.retain(|s| s.cluster != *cluster);
        self.rights.forget(cluster);
        self.entries.remove(cluster);
        self.rejoin();
        let mut closing: Vec<Effect> =
            self.stack.iter_mut().flat_map(|screen| open::let_go(screen, cluster)).collect();
        closing.extend(self.stop_forwards(|of| of == cluster).1);
        closing.extend(self.end_output(cluster));
        self.refresh();
        closing
    }

    /// Brings the rows of the screen in front up to date with the clusters. Screens below are refreshed when they
    /// come to the front again.
    pub(super) fn refresh(&mut self) {
        match self.screen() {
            Screen::Table(table) => {
                let (items, filling) = (self.items(table.kind), self.filling());
                if let Screen::Table(table) = self.screen_mut() {
                    table.set_items(items, filling);
                }
            }
            Screen::Details(_) => self.refresh_details(),
            Screen::Form(_) => self.refresh_form(),
            Screen::Fleet(_) => {
                if let Screen::Fleet(fleet) = self.screen_mut() {
                    fleet.stale = true;
                }
            }
            _ => {}
        }
    }

    pub(super) fn all_details(&mut self) -> impl Iterator<Item = &mut Details> {
        self.stack.iter_mut().filter_map(|s| match s {
            Screen::Details(details) => Some(details),
            _ => None,
        })
    }

    fn details_changed(&mut self, which: impl Fn(&Details) -> bool) {
        for details in self.all_details().filter(|d| which(d)) {
            details.stale_text = true;
        }
    }

    /// What is told of without being shown, while the screen stands still.
    pub fn settle_behind(&mut self) {
        self.make_briefs();
    }

    /// Brings everything that is shown up to date. Called once before each frame.
    pub fn settle(&mut self) {
        let (now, body) = (self.now, self.areas().body);
        self.settle_columns();
        self.scroll_columns();
        self.make_briefs();
        self.make_beside();
        self.make_traffic((body.width, body.height));
        self.make_text(body.width);
        self.make_pane();
        self.make_fleet();
        self.refill_contexts();
        self.make_review(body.width);
        if matches!(self.overlay, Some(Overlay::Help(_))) {
            let last = HelpPage::new(&self.help_rows(), self.size).last_offset();
            if let Some(Overlay::Help(help)) = &mut self.overlay {
                help.offset = help.offset.min(last);
            }
        }
        let troubles = match self.screen() {
            Screen::Table(table) => self.troubles(table.kind).len().min(3) as u16,
            _ => 0,
        };
        match self.screen_mut() {
            Screen::Table(table) => table.settle(now, body.width, body.height.saturating_sub(troubles)),
            Screen::Details(details) if details.tab == super::screen::Tab::Pods => {
                details.pods.settle(now, body.width, body.height);
            }
            Screen::Details(details) if details.tab.is_pane() => details.pane.settle(body.width, body.height),
            Screen::Details(details) => details.text.settle(body.width, body.height),
            Screen::Fleet(fleet) => fleet.settle(super::geometry::below(body, 1)),
            Screen::Logs(logs) => logs.settle(body.width, body.height),
            Screen::Editor(editor) => editor.settle(body.width, body.height),
            Screen::Form(form) => form.settle(body.width, body.height),
            Screen::Review(review) => review.settle(body.width, body.height),
        }
        self.make_lines();
    }

    /// Which kind of table the outermost screen is.
    pub fn root_kind(&self) -> TableKind {
        match self.stack.first() {
            Some(Screen::Table(table)) => table.kind,
            _ => TableKind::Gateways,
        }
    }
}

/// Whether a command may be about the row under the cursor: all but those that work wherever one is, and that move.
fn is_about_rows(command: Command) -> bool {
    use super::command::Scope;
    let elsewhere = |scope: &Scope| matches!(scope, Scope::Motion | Scope::Global | Scope::Root);
    !command.spec().scopes.iter().any(elsewhere)
}
