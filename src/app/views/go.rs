//! Going to a view that was kept: at once, when its object is told of, or as near to it as there is something.

use strum::IntoEnumIterator as _;

use super::{Front, Heading};
use crate::app::command::Command;
use crate::app::effect::Effect;
use crate::app::model::App;
use crate::app::overlay::Overlay;
use crate::app::screen::{Details, DetailsOf, Screen, Tab, Table};
use crate::model::gateway::GatewayId;
use crate::model::name::{Kind, ObjectKey};
use crate::model::table::{TableKind, Tone};
use crate::model::view::{Object, Shown, View, Views, What};

impl App {
    /// What is kept was read, or changed.
    pub(in crate::app) fn on_views(&mut self, views: Views) -> Vec<Effect> {
        let first = !std::mem::replace(&mut self.kept.is_read, true);
        if first {
            self.kept.before.clone_from(&views.last);
        }
        self.kept.views = views;
        match self.kept.before.clone() {
            // Whoever has gone on already is not taken away from there.
            Some(view) if first && self.kept.wants_last => self.go_to(view, "the last view", true),
            Some(view) if first && self.settings.restore && !self.touched => {
                self.go_to(view, "the last view", false)
            }
            None if first && self.kept.wants_last => self.go_back_to_last(),
            _ => Vec::new(),
        }
    }

    pub(super) fn go_back_to_last(&mut self) -> Vec<Effect> {
        match self.kept.before.clone() {
            Some(view) => self.go_to(view, "the last view", true),
            None if self.reads_views() => {
                self.kept.wants_last = true;
                self.say(Tone::Plain, "What is kept is still being read …");
                Vec::new()
            }
            None => {
                self.say(Tone::Muted, "last-view: nothing is known of an end before this run");
                Vec::new()
            }
        }
    }

    /// Goes to a view. Where its cluster is not open, `asks` offers to open it.
    pub(super) fn go_to(&mut self, view: View, name: &str, asks: bool) -> Vec<Effect> {
        self.kept.heading = None;
        let Some(object) = view.object.clone() else { return self.show_rows(&view) };
        if self.cluster(&object.cluster).is_some() {
            return self.head_for(view, name);
        }
        let is_known = self.contexts.iter().any(|context| context == object.cluster.as_str());
        if asks && is_known && self.applies(Command::OpenContext).is_ok() {
            self.overlay = Some(Overlay::Views(Front::NotOpen(name.to_owned(), Box::new(view))));
            return Vec::new();
        }
        let effects = self.show_rows(&view);
        let next = if is_known {
            format!(":open-context {} opens it.", object.cluster)
        } else {
            "The kubeconfig has no such context.".to_owned()
        };
        let text = format!(
            "{name} is of {}, which is not open: {} are shown instead. {next}",
            object.cluster, view.screen
        );
        self.say(Tone::Warn, text);
        effects
    }

    /// Goes to a view whose cluster is open, or is being opened.
    pub(super) fn head_for(&mut self, view: View, name: &str) -> Vec<Effect> {
        let Some(object) = view.object.clone() else { return self.show_rows(&view) };
        let mut effects = self.show_rows(&view);
        if self.is_there(&object) {
            effects.extend(self.show_object(object));
            return effects;
        }
        let waits = self.cluster(&object.cluster).is_none_or(|s| s.fills() || !s.link.is_ready());
        if waits {
            let text = format!(
                "{name}: waiting for {} to tell of {} {}. Any key stays here.",
                object.cluster, object.what, object.name
            );
            self.say(Tone::Plain, text);
            self.kept.heading = Some(Heading { view, name: name.to_owned() });
        } else {
            self.say_gone(name, &object, &view);
        }
        effects
    }

    fn say_gone(&mut self, name: &str, object: &Object, view: &View) {
        let text =
            format!("{name}: {} is no longer there; {} are shown instead.", object.in_words(), view.screen);
        self.say(Tone::Warn, text);
    }

    /// Something is known of a cluster: it may be what is waited for.
    pub(in crate::app) fn go_on_heading(&mut self) -> Vec<Effect> {
        let Some(Heading { view, name }) = self.kept.heading.take() else { return Vec::new() };
        let Some(object) = view.object.clone() else { return Vec::new() };
        if self.is_there(&object) {
            self.notice = None;
            return self.show_object(object);
        }
        match self.cluster(&object.cluster) {
            Some(s) if s.link.is_ready() && !s.fills() => self.say_gone(&name, &object, &view),
            _ => self.kept.heading = Some(Heading { view, name }),
        }
        Vec::new()
    }

    /// The person goes where they want to.
    pub(in crate::app) fn stay_here(&mut self) {
        self.touched = true;
        self.kept.wants_last = false;
        self.kept.heading = None;
    }

    fn is_there(&self, object: &Object) -> bool {
        match (object.what, of(object)) {
            (What::Gateway, DetailsOf::Gateway(id)) => self.gateway(&id).is_some(),
            (What::Service, DetailsOf::Service(key)) => self.service(&key).is_some(),
            (What::Pod, DetailsOf::Pod(key)) => self.pod(&key).is_some(),
            _ => false,
        }
    }

    /// Shows the outermost screen of a view.
    fn show_rows(&mut self, view: &View) -> Vec<Effect> {
        if view.screen == "fleet" {
            return self.show_fleet();
        }
        let kind = view.screen.parse().unwrap_or(TableKind::Gateways);
        let effects = self.show_table(kind, "");
        if let Screen::Table(table) = self.screen_mut() {
            show(table, &view.rows);
        }
        effects
    }

    fn show_object(&mut self, object: Object) -> Vec<Effect> {
        let tab = Tab::iter().find(|tab| tab.to_string() == object.tab).unwrap_or(Tab::Overview);
        let of = of(&object);
        let tab = if of.tabs().contains(&tab) { tab } else { Tab::Overview };
        let mut details = Details::new(of, tab);
        show(&mut details.pods, &object.rows);
        if !object.logs {
            details.text.find.input.set(&object.find);
            details.text.find();
        }
        if let Ok(window) = object.window.parse() {
            self.traffic.window = window;
        }
        if let Ok(by) = object.by.parse() {
            details.traffic.by = by;
        }
        let mut effects = self.push(Screen::Details(details));
        if object.logs && self.applies(Command::Logs).is_ok() {
            effects.extend(self.open_logs(false));
            if let Screen::Logs(logs) = self.screen_mut() {
                logs.find.input.set(&object.find);
                logs.find();
            }
        }
        effects
    }
}

fn show(table: &mut Table, rows: &Shown) {
    table.filter_by(&rows.filter);
    let column = |id: &str| table.columns().iter().find(|column| column.id == id);
    match rows.sort.as_ref().and_then(|(id, back)| Some((column(id)?.id, *back))) {
        Some(sort) => {
            table.unsort();
            table.sort = Some(sort);
        }
        None => table.unsort(),
    }
    table.wide = rows.wide;
}

fn of(object: &Object) -> DetailsOf {
    let Object { cluster, namespace, name, .. } = object;
    let key =
        |kind| ObjectKey { cluster: cluster.clone(), kind, namespace: namespace.clone(), name: name.clone() };
    match object.what {
        What::Gateway => DetailsOf::Gateway(GatewayId {
            cluster: cluster.clone(),
            namespace: namespace.clone(),
            name: name.clone(),
        }),
        What::Service => DetailsOf::Service(key(Kind::Service)),
        What::Pod => DetailsOf::Pod(key(Kind::Pod)),
    }
}
