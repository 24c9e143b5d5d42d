//! Rows of one kind in one cluster, kept sorted, by the places they are listed at.

use std::sync::Arc;

use crate::model::row::{Row, Rows};
use crate::model::snapshot::KindState;

/// Rows of one kind.
#[derive(Debug)]
pub(super) struct Shelf<T> {
    places: Vec<PlaceRows<T>>,
    /// The rows of all places, as the last snapshot has them.
    merged: Rows<T>,
    stale: bool,
}

/// Rows of one place: a namespace, or all of them.
#[derive(Debug)]
struct PlaceRows<T> {
    rows: Vec<Arc<T>>,
    state: KindState,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { places: Vec::new(), merged: Arc::default(), stale: false }
    }
}

fn key<T: Row>(row: &T) -> (&str, &str) {
    (&row.meta().namespace, &row.meta().name)
}

impl<T: Row> Shelf<T> {
    /// A place more, loading; returns its number.
    pub(super) fn add_place(&mut self) -> usize {
        self.places.push(PlaceRows { rows: Vec::new(), state: KindState::Loading });
        self.places.len() - 1
    }

    /// Rows of the first list, while it arrives.
    pub(super) fn extend(&mut self, place: usize, rows: Vec<T>) {
        let Some(at) = self.places.get_mut(place) else { return };
        at.rows.extend(rows.into_iter().map(Arc::new));
        self.stale = true;
    }

    /// All rows of a place, from a list that has ended: what is not among them is gone.
    pub(super) fn replace(&mut self, place: usize, mut rows: Vec<Arc<T>>) {
        let Some(at) = self.places.get_mut(place) else { return };
        // etcd lists in this order already; a server that does not is still right.
        if !rows.is_sorted_by(|a, b| key(&**a) <= key(&**b)) {
            rows.sort_by(|a, b| key(&**a).cmp(&key(&**b)));
        }
        *at = PlaceRows { rows, state: KindState::Ready };
        self.stale = true;
    }

    /// The rows of a place: while its first list arrives, those that it has brought so far.
    pub(super) fn rows_of(&self, place: usize) -> Vec<Arc<T>> {
        self.places.get(place).map(|at| at.rows.clone()).unwrap_or_default()
    }

    /// An object was added or changed.
    pub(super) fn apply(&mut self, place: usize, row: T) {
        let Some(at) = self.places.get_mut(place) else { return };
        match at.rows.binary_search_by(|r| key(&**r).cmp(&key(&row))) {
            Ok(n) => at.rows[n] = Arc::new(row),
            Err(n) => at.rows.insert(n, Arc::new(row)),
        }
        self.stale = true;
    }

    /// An object was deleted.
    pub(super) fn remove(&mut self, place: usize, row: &T) {
        let Some(at) = self.places.get_mut(place) else { return };
        if let Ok(n) = at.rows.binary_search_by(|r| key(&**r).cmp(&key(row))) {
            at.rows.remove(n);
            self.stale = true;
        }
    }

    /// The state of a place.
    pub(super) fn set_state(&mut self, place: usize, state: KindState) {
        let Some(at) = self.places.get_mut(place) else { return };
        if matches!(state, KindState::Denied(_) | KindState::Absent) && !at.rows.is_empty() {
            // What may no longer be seen, or no longer exists, is not shown.
            at.rows.clear();
            self.stale = true;
        }
        at.state = state;
    }

    /// How many places are listed and watched, or are to be.
    pub(super) fn wanted(&self) -> usize {
        let out = |s: &KindState| matches!(s, KindState::Denied(_) | KindState::Absent);
        self.places.iter().filter(|p| !out(&p.state)).count()
    }

    /// Whether the place is listed and nothing is known against it.
    pub(super) fn is_ready(&self, place: usize) -> bool {
        self.places.get(place).is_some_and(|p| p.state == KindState::Ready)
    }

    /// Whether the place has been listed, or is known not to be listed.
    pub(super) fn is_settled(&self, place: usize) -> bool {
        self.places.get(place).is_some_and(|p| p.state.settled())
    }

    /// The rows of all places, sorted. Copies pointers only when something changed.
    pub(super) fn rows(&mut self) -> Rows<T> {
        if std::mem::take(&mut self.stale) {
            let mut all: Vec<Arc<T>> = self.places.iter().flat_map(|p| p.rows.iter().cloned()).collect();
            if self.places.len() > 1 {
                all.sort_by(|a, b| key(&**a).cmp(&key(&**b)));
            }
            self.merged = all.into();
        }
        self.merged.clone()
    }

    /// The state of the kind over its places: the worst news first, but rows that are there are there.
    pub(super) fn state(&self) -> Option<KindState> {
        let find = |wanted: fn(&KindState) -> bool| {
            self.places.iter().map(|p| &p.state).find(|s| wanted(s)).cloned()
        };
        self.places.first()?;
        find(|s| matches!(s, KindState::Loading))
            .or_else(|| find(|s| matches!(s, KindState::Failed(_))))
            .or_else(|| find(|s| matches!(s, KindState::Denied(_))))
            .or_else(|| find(|s| matches!(s, KindState::Ready)))
            .or_else(|| find(|s| matches!(s, KindState::Absent)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::row::{PodRow, RowMeta};

    fn pod(namespace: &str, name: &str, status: &str) -> PodRow {
        let meta = RowMeta { namespace: namespace.into(), name: name.into(), ..RowMeta::default() };
        PodRow { meta, status: status.into(), ..PodRow::default() }
    }

    fn shown(shelf: &mut Shelf<PodRow>) -> Vec<String> {
        shelf.rows().iter().map(|p| format!("{}/{} {}", p.meta.namespace, p.meta.name, p.status)).collect()
    }

    #[test]
    fn rows_of_several_places_stay_sorted_while_they_come_change_and_go() {
        let mut shelf = Shelf::default();
        let (b, a) = (shelf.add_place(), shelf.add_place());
        shelf.extend(b, vec![pod("b", "1", "x"), pod("b", "3", "x")]);
        shelf.extend(a, vec![pod("a", "9", "x")]);
        shelf.apply(b, pod("b", "2", "x"));
        shelf.apply(b, pod("b", "3", "y"));
        shelf.remove(b, &pod("b", "1", "x"));
        assert_eq!(shown(&mut shelf), ["a/9 x", "b/2 x", "b/3 y"]);
    }

    #[test]
    fn a_new_list_takes_away_what_is_not_in_it() {
        let mut shelf = Shelf::default();
        let place = shelf.add_place();
        shelf.extend(place, vec![pod("n", "1", "x"), pod("n", "2", "x")]);
        shelf.replace(place, vec![Arc::new(pod("n", "3", "x")), Arc::new(pod("n", "2", "y"))]);
        assert_eq!(shown(&mut shelf), ["n/2 y", "n/3 x"]);
        assert_eq!(shelf.state(), Some(KindState::Ready));
    }

    #[test]
    fn rows_are_the_same_allocation_while_nothing_changes() {
        let mut shelf = Shelf::default();
        let place = shelf.add_place();
        shelf.extend(place, vec![pod("n", "1", "x")]);
        let first = shelf.rows();
        assert!(Arc::ptr_eq(&first, &shelf.rows()));
    }

    #[test]
    fn a_kind_is_loading_until_every_place_is_listed() {
        let mut shelf = Shelf::<PodRow>::default();
        let (a, b) = (shelf.add_place(), shelf.add_place());
        shelf.replace(a, Vec::new());
        assert_eq!(shelf.state(), Some(KindState::Loading));
        shelf.set_state(b, KindState::Absent);
        assert_eq!(shelf.state(), Some(KindState::Ready));
    }
}
