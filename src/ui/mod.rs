//! `&App` and a theme to cells. Draws what `App::settle` made, and writes no state.

mod canvas;
mod chart;
mod columns;
mod confirm;
mod contexts;
mod edges;
mod editor;
#[cfg(test)]
mod fixtures;
mod fleet;
mod form;
pub mod glyphs;
mod hint_box;
mod kept;
mod lines;
mod overlay;
mod pane;
mod review;
mod sentence;
pub mod still;
pub mod svg;
mod table;
pub mod theme;
mod tools;
mod traffic;

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

pub use glyphs::Glyphs;
pub use theme::{Depth, Library, Role, Theme, Warning};

use crate::app::geometry::{self, Area};
use crate::app::screen::{Screen, Tab};
use crate::app::{App, geometry::Areas};
use canvas::Canvas;

/// How things look: a theme for the colours of this terminal, and a set of glyphs.
#[derive(Clone, Debug)]
pub struct Look {
    /// The resolved theme.
    pub theme: Theme,
    /// The set of glyphs.
    pub glyphs: Glyphs,
    library: Library,
    depth: Depth,
}

impl Look {
    /// A theme by name; what of it cannot be used comes back as warnings, and the default stands in.
    pub fn new(library: Library, name: &str, depth: Depth, glyphs: Glyphs) -> (Self, Vec<Warning>) {
        let (theme, warnings) = Theme::load(&library, name, depth);
        (Self { theme, glyphs, library, depth }, warnings)
    }

    /// Changes to another theme of the library.
    pub fn set_theme(&mut self, name: &str) -> Vec<Warning> {
        let (theme, warnings) = Theme::load(&self.library, name, self.depth);
        self.theme = theme;
        warnings
    }

    /// Other themes to choose from; the one that is shown stays.
    pub fn set_library(&mut self, library: Library) {
        self.library = library;
    }

    /// What is wrong with themes that cannot be used as they are, by name.
    pub fn theme_faults(&self) -> BTreeMap<String, String> {
        let first = |name: String| {
            let warning = Theme::load(&self.library, &name, Depth::True).1.into_iter().next()?;
            Some((name, warning.to_string()))
        };
        self.library.own_names().filter_map(first).collect()
    }

    /// Whether this terminal shows any colours.
    pub fn shows_colours(&self) -> bool {
        self.depth != Depth::None
    }

    /// The names of all themes.
    pub fn themes(&self) -> Vec<String> {
        self.library.names()
    }
}

impl Default for Look {
    fn default() -> Self {
        Self::new(Library::default(), "default", Depth::True, Glyphs::Unicode).0
    }
}

/// Draws the screen into an empty buffer; tells where the cursor is, while something is typed.
pub fn draw(app: &App, look: &Look, buffer: &mut Buffer) -> Option<Position> {
    let size = (buffer.area.width, buffer.area.height);
    let whole = Area { x: 0, y: 0, width: size.0, height: size.1 };
    let mut canvas = Canvas::new(buffer, &look.theme, look.glyphs);
    let text = canvas.style(Role::Text);
    canvas.tint(whole, text);
    if geometry::too_small(size) {
        sentence::draw(app, &mut canvas, whole);
        return None;
    }
    let areas = app.areas();
    edges::header(app, &mut canvas, areas.header);
    edges::tabs(app, &mut canvas, areas.tabs);
    let within = body(app, &mut canvas, &areas);
    let typed = edges::prompt(app, &mut canvas, areas.prompt).or(within);
    edges::explanation(app, &mut canvas, areas.explain);
    edges::hints(app, &mut canvas, areas.hints);
    if app.overlay.is_none() {
        hint_box::draw(app, &mut canvas, &areas);
    }
    match &app.overlay {
        Some(front) => overlay::draw(app, front, &mut canvas, whole),
        None => typed,
    }
}

/// Draws what is between the edges; tells where the cursor is, while something is typed there.
fn body(app: &App, canvas: &mut Canvas<'_>, areas: &Areas) -> Option<Position> {
    let area = areas.body;
    match app.screen() {
        Screen::Table(table) => table::draw(app, table, &app.troubles(table.kind), canvas, area),
        Screen::Details(details) if details.tab == Tab::Pods => {
            table::draw(app, &details.pods, &[], canvas, area);
        }
        Screen::Details(details) if details.tab == Tab::Traffic => {
            traffic::draw(app, &details.traffic, canvas, area);
        }
        Screen::Details(details) if details.tab.is_pane() => pane::draw(&details.pane, canvas, area),
        Screen::Fleet(fleet) => fleet::draw(app, fleet, canvas, area),
        Screen::Details(details) => lines::draw(&details.text.window, canvas, area),
        Screen::Logs(logs) => lines::logs(logs, canvas, area),
        Screen::Editor(editor) => return editor::draw(app, editor, canvas, area),
        Screen::Form(form) => return form::draw(app, form, canvas, area),
        Screen::Review(review) => return review::draw(app, review, canvas, area),
    }
    None
}

#[cfg(test)]
mod tests;
