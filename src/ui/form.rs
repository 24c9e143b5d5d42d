//! Draws `app::form`.

use ratatui::layout::Position;

use super::canvas::Canvas;
use crate::app::App;
use crate::app::form::Form;
use crate::app::geometry::Area;

/// Draws it; tells where the cursor is.
pub(super) fn draw(_app: &App, _form: &Form, _canvas: &mut Canvas<'_>, _area: Area) -> Option<Position> {
    None
}
