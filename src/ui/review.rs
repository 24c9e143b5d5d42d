//! Draws `app::review`.

use ratatui::layout::Position;

use super::canvas::Canvas;
use crate::app::App;
use crate::app::geometry::Area;
use crate::app::review::Review;

/// Draws it; tells where the cursor is.
pub(super) fn draw(_app: &App, _review: &Review, _canvas: &mut Canvas<'_>, _area: Area) -> Option<Position> {
    None
}
