//! The columns that are chosen for a table.

use super::{Table, Window};
use crate::model::columns::{self, Choice};

impl Table {
    /// Has these columns from now on; `spare` are those of a person's own that are not shown. What sorts and filters by a
    /// column that is gone goes with it.
    pub fn set_columns(&mut self, chosen: Option<&[Choice]>, spare: &[Choice]) {
        if self.chosen.as_deref() != chosen {
            self.chosen = chosen.map(<[Choice]>::to_vec);
            self.has_beside = false;
        }
        let columns = columns::with_own(self.kind, chosen.into_iter().flatten().chain(spare));
        if std::ptr::eq(columns, self.columns) {
            return;
        }
        self.columns = columns;
        self.natural = vec![0; columns.len()];
        self.window = Window::default();
        if self.sort.is_some_and(|(id, _)| columns.iter().all(|column| column.id != id)) {
            self.sort = None;
        }
        self.apply_filter();
    }
}
