//! Views by name: giving one, the list of them, and one whose cluster is not open.

use crossterm::event::{KeyCode, KeyEvent};

use crate::app::effect::Effect;
use crate::app::model::App;
use crate::app::overlay::Overlay;
use crate::app::text::Input;
use crate::model::clean::clean;
use crate::model::name::ClusterName;
use crate::model::table::Tone;
use crate::model::view::{View, ViewChange};

/// Most characters of a name.
pub const NAME_LENGTH: usize = 60;

/// What stands in front of a screen.
#[derive(Debug)]
pub enum Front {
    /// The view in front is being named.
    Naming(Box<Naming>),
    /// One is being chosen.
    List(List),
    /// This one is of a cluster that is not open.
    NotOpen(String, Box<View>),
}

/// A view that is being named.
#[derive(Debug)]
pub struct Naming {
    /// The name as far as it is typed.
    pub input: Input,
    /// The view.
    pub view: View,
    /// Another view has the name: it is asked whether this one takes its place.
    pub replaces: bool,
}

/// The list of views.
#[derive(Debug, Default)]
pub struct List {
    /// Where the cursor is.
    pub cursor: usize,
    /// The view under the cursor is deleted when it is asked for again.
    pub deletes: bool,
}

/// A name as it is kept. Whether it is taken is asked of this one.
fn as_kept(name: &str) -> String {
    clean(name.trim()).chars().take(NAME_LENGTH).collect()
}

impl App {
    /// Keeps the view in front by a name; asks for one where none is given, or where it is taken.
    pub(super) fn bookmark(&mut self, name: &str) -> Vec<Effect> {
        let (name, view) = (as_kept(name), self.view_here());
        let name = name.as_str();
        let is_taken = self.kept.views.bookmarks.contains_key(name);
        if name.is_empty() || is_taken {
            let proposal = if name.is_empty() { self.free_name(&view.proposal()) } else { name.to_owned() };
            let naming = Naming { input: Input::with(&proposal), view, replaces: is_taken };
            self.overlay = Some(Overlay::Views(Front::Naming(Box::new(naming))));
            return Vec::new();
        }
        self.keep_view(name, view)
    }

    /// A name like this one that no view has.
    fn free_name(&self, name: &str) -> String {
        let name: String = name.chars().take(NAME_LENGTH - 4).collect();
        let is_free = |name: &String| !self.kept.views.bookmarks.contains_key(name);
        let numbered = (2..1_000).map(|n| format!("{name} {n}"));
        std::iter::once(name.clone()).chain(numbered).find(is_free).unwrap_or(name)
    }

    fn keep_view(&mut self, name: &str, view: View) -> Vec<Effect> {
        let name = as_kept(name);
        let change = ViewChange::Keep(name.clone(), view);
        self.kept.views.take(change.clone());
        let key = self.key_of(crate::app::Command::Bookmarks);
        let until = if self.demo.is_some() { " until the demo ends" } else { "" };
        self.say(Tone::Good, format!("This view is kept as `{name}`{until}; {key} goes there."));
        vec![Effect::KeepView(change)]
    }

    pub(super) fn naming_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Views(Front::Naming(naming))) = &mut self.overlay else { return Vec::new() };
        if key.code != KeyCode::Enter {
            if naming.input.key(key) {
                naming.replaces = false;
            }
            return Vec::new();
        }
        let name = as_kept(naming.input.text());
        if name.is_empty() {
            return Vec::new();
        }
        if !naming.replaces && self.kept.views.bookmarks.contains_key(&name) {
            naming.replaces = true;
            return Vec::new();
        }
        let view = naming.view.clone();
        self.overlay = None;
        self.keep_view(&name, view)
    }

    /// Text is pasted into a name.
    pub(in crate::app) fn naming_paste(&mut self, text: &str) {
        if let Some(Overlay::Views(Front::Naming(naming))) = &mut self.overlay {
            naming.input.paste(text);
            naming.replaces = false;
        }
    }

    /// Goes to a view by its name, or shows all of them.
    pub(super) fn bookmarks(&mut self, name: &str) -> Vec<Effect> {
        if name.is_empty() {
            self.overlay = Some(Overlay::Views(Front::List(List::default())));
            return Vec::new();
        }
        match self.kept.views.bookmarks.get(name).cloned() {
            Some(view) => self.go_to(view, &format!("`{name}`"), true),
            None => {
                let all: Vec<&str> = self.kept.views.bookmarks.keys().map(String::as_str).collect();
                let text =
                    format!("bookmarks: no view is kept as `{}`; there are {}", clean(name), all.join(", "));
                self.say(Tone::Warn, text);
                Vec::new()
            }
        }
    }

    pub(super) fn list_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let count = self.kept.views.bookmarks.len();
        let Some(Overlay::Views(Front::List(list))) = &mut self.overlay else { return Vec::new() };
        list.cursor = match key.code {
            KeyCode::Up | KeyCode::Char('k') => list.cursor.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => list.cursor + 1,
            KeyCode::Home => 0,
            KeyCode::End => count,
            _ => list.cursor,
        }
        .min(count.saturating_sub(1));
        let at = list.cursor;
        let deletes = std::mem::replace(&mut list.deletes, key.code == KeyCode::Char('d'));
        let chosen =
            self.kept.views.bookmarks.iter().nth(at).map(|(name, view)| (name.clone(), view.clone()));
        match (key.code, chosen) {
            (KeyCode::Enter, Some((name, view))) => {
                self.overlay = None;
                self.go_to(view, &format!("`{name}`"), true)
            }
            (KeyCode::Char('d'), Some((name, _))) if deletes => {
                let change = ViewChange::Forget(name);
                self.kept.views.take(change.clone());
                if let Some(Overlay::Views(Front::List(list))) = &mut self.overlay {
                    (list.cursor, list.deletes) = (at.min(count.saturating_sub(2)), false);
                }
                if count == 1 {
                    self.overlay = None;
                    self.say(Tone::Plain, "No view is kept any more.");
                }
                vec![Effect::KeepView(change)]
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn not_open_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        if key.code != KeyCode::Enter {
            return Vec::new();
        }
        let Some(Overlay::Views(Front::NotOpen(name, view))) = self.overlay.take() else { return Vec::new() };
        let cluster: Option<ClusterName> = view.object.as_ref().map(|object| object.cluster.clone());
        let mut effects = self.head_for(*view, &name);
        effects.extend(cluster.map(|cluster| Effect::OpenContext(cluster.to_string())));
        effects
    }
}
