//! Rows of one kind in one cluster, kept sorted, by the places they are listed at.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::row::{Row, Rows};
use crate::model::snapshot::KindState;

/// Where rows of a kind are listed: a namespace; `None`: all of them, or a cluster-wide kind.
pub(super) type Place = Option<Box<str>>;

/// Rows of one kind.
#[derive(Debug)]
pub(super) struct Shelf<T> {
    places: BTreeMap<Place, PlaceRows<T>>,
    /// The rows of all places, as the last snapshot has them.
    merged: Rows<T>,
    stale: bool,
}

/// Rows of one place.
#[derive(Debug)]
struct PlaceRows<T> {
    rows: Vec<Arc<T>>,
    state: KindState,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { places: BTreeMap::new(), merged: Arc::default(), stale: false }
    }
}

fn key<T: Row>(row: &T) -> (&str, &str) {
    (&row.meta().namespace, &row.meta().name)
}

/// etcd lists in this order already; a server that does not is still right.
fn sort<T: Row>(rows: &mut [Arc<T>]) {
    if !rows.is_sorted_by(|a, b| key(&**a) <= key(&**b)) {
        rows.sort_by(|a, b| key(&**a).cmp(&key(&**b)));
    }
}

impl<T: Row> Shelf<T> {
    /// Adds a place, loading. One that is there stays as it is.
    pub(super) fn add(&mut self, place: &Place) {
        self.places
            .entry(place.clone())
            .or_insert_with(|| PlaceRows { rows: Vec::new(), state: KindState::Loading });
    }

    /// How many places are listed or watched.
    pub(super) fn in_use(&self) -> usize {
        let idle = |s: &KindState| matches!(s, KindState::Denied(_) | KindState::Absent);
        self.places.values().filter(|p| !idle(&p.state)).count()
    }

    /// Takes a place away, with its rows.
    pub(super) fn remove_place(&mut self, place: &Place) {
        if self.places.remove(place).is_some_and(|gone| !gone.rows.is_empty()) {
            self.stale = true;
        }
    }

    /// Rows of the first list, while it arrives. Returns whether they are the first.
    pub(super) fn extend(&mut self, place: &Place, rows: Vec<T>) -> bool {
        let Some(at) = self.places.get_mut(place) else { return false };
        let first = at.rows.is_empty() && !rows.is_empty();
        at.rows.extend(rows.into_iter().map(Arc::new));
        self.stale = true;
        first
    }

    /// The first list has ended: its rows are all there are.
    pub(super) fn finish(&mut self, place: &Place) {
        let Some(at) = self.places.get_mut(place) else { return };
        sort(&mut at.rows);
        at.state = KindState::Ready;
        self.stale = true;
    }

    /// All rows of a place, from a later list: what is not among them is gone.
    pub(super) fn replace(&mut self, place: &Place, mut rows: Vec<Arc<T>>) {
        let Some(at) = self.places.get_mut(place) else { return };
        sort(&mut rows);
        *at = PlaceRows { rows, state: KindState::Ready };
        self.stale = true;
    }

    /// An object was added or changed.
    pub(super) fn apply(&mut self, place: &Place, row: T) {
        let Some(at) = self.places.get_mut(place) else { return };
        match at.rows.binary_search_by(|r| key(&**r).cmp(&key(&row))) {
            Ok(n) => at.rows[n] = Arc::new(row),
            Err(n) => at.rows.insert(n, Arc::new(row)),
        }
        self.stale = true;
    }

    /// An object was deleted.
    pub(super) fn remove(&mut self, place: &Place, row: &T) {
        let Some(at) = self.places.get_mut(place) else { return };
        if let Ok(n) = at.rows.binary_search_by(|r| key(&**r).cmp(&key(row))) {
            at.rows.remove(n);
            self.stale = true;
        }
    }

    /// The state of a place.
    pub(super) fn set_state(&mut self, place: &Place, state: KindState) {
        let Some(at) = self.places.get_mut(place) else { return };
        if matches!(state, KindState::Denied(_) | KindState::Absent) && !at.rows.is_empty() {
            // What may no longer be seen, or no longer exists, is not shown.
            at.rows.clear();
            self.stale = true;
        }
        at.state = state;
    }

    /// The place is watched: what it has is current. Returns whether it was not before.
    pub(super) fn works(&mut self, place: &Place) -> bool {
        let failed = self.places.get_mut(place).filter(|at| matches!(at.state, KindState::Failed(_)));
        failed.map(|at| at.state = KindState::Ready).is_some()
    }

    /// Whether the place is listed and nothing is known against it.
    pub(super) fn is_ready(&self, place: &Place) -> bool {
        self.places.get(place).is_some_and(|at| at.state == KindState::Ready)
    }

    /// Whether the place has shown nothing yet: then its list is shown while it arrives.
    pub(super) fn is_new(&self, place: &Place) -> bool {
        self.places.get(place).is_some_and(|at| at.rows.is_empty() && !at.state.settled())
    }

    /// The rows of all places, sorted. Copies pointers only when something changed.
    pub(super) fn rows(&mut self) -> Rows<T> {
        if std::mem::take(&mut self.stale) {
            // Namespaces are in order, and so are the rows of each; of two that overlap none is made.
            self.merged = self.places.values().flat_map(|p| p.rows.iter().cloned()).collect();
        }
        self.merged.clone()
    }

    /// The state of the kind over its places: the worst news first.
    pub(super) fn state(&self) -> Option<KindState> {
        let rank = |state: &KindState| match state {
            KindState::Loading => 0,
            KindState::Failed(_) => 1,
            KindState::Denied(_) => 2,
            KindState::Ready => 3,
            KindState::Absent => 4,
        };
        self.places.values().map(|p| &p.state).min_by_key(|state| rank(state)).cloned()
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

    fn shelf(places: &[&str]) -> (Shelf<PodRow>, Vec<Place>) {
        let places: Vec<Place> = places.iter().map(|p| Some((*p).into())).collect();
        let mut shelf = Shelf::default();
        places.iter().for_each(|p| shelf.add(p));
        (shelf, places)
    }

    #[test]
    fn rows_of_several_places_stay_sorted_while_they_come_change_and_go() {
        let (mut shelf, at) = shelf(&["b", "a"]);
        assert!(shelf.extend(&at[0], vec![pod("b", "1", "x"), pod("b", "3", "x")]));
        assert!(!shelf.extend(&at[0], Vec::new()));
        shelf.extend(&at[1], vec![pod("a", "9", "x")]);
        shelf.apply(&at[0], pod("b", "2", "x"));
        shelf.apply(&at[0], pod("b", "3", "y"));
        shelf.remove(&at[0], &pod("b", "1", "x"));
        assert_eq!(shown(&mut shelf), ["a/9 x", "b/2 x", "b/3 y"]);
        shelf.remove_place(&at[1]);
        assert_eq!(shown(&mut shelf), ["b/2 x", "b/3 y"]);
    }

    #[test]
    fn a_new_list_takes_away_what_is_not_in_it() {
        let (mut shelf, at) = shelf(&["n"]);
        shelf.extend(&at[0], vec![pod("n", "2", "x"), pod("n", "1", "x")]);
        shelf.finish(&at[0]);
        assert_eq!(shown(&mut shelf), ["n/1 x", "n/2 x"]);
        shelf.replace(&at[0], vec![Arc::new(pod("n", "3", "x")), Arc::new(pod("n", "2", "y"))]);
        assert_eq!(shown(&mut shelf), ["n/2 y", "n/3 x"]);
        assert_eq!(shelf.state(), Some(KindState::Ready));
    }

    #[test]
    fn rows_are_the_same_allocation_while_nothing_changes() {
        let (mut shelf, at) = shelf(&["n"]);
        shelf.extend(&at[0], vec![pod("n", "1", "x")]);
        let first = shelf.rows();
        assert!(Arc::ptr_eq(&first, &shelf.rows()));
    }

    #[test]
    fn a_kind_is_loading_until_every_place_is_listed() {
        let (mut shelf, at) = shelf(&["a", "b"]);
        shelf.replace(&at[0], Vec::new());
        assert_eq!(shelf.state(), Some(KindState::Loading));
        shelf.set_state(&at[1], KindState::Absent);
        assert_eq!(shelf.state(), Some(KindState::Ready));
    }

    #[test]
    fn what_may_no_longer_be_seen_is_not_shown() {
        let (mut shelf, at) = shelf(&["a"]);
        shelf.replace(&at[0], vec![Arc::new(pod("a", "1", "x"))]);
        shelf.set_state(&at[0], KindState::Absent);
        assert!(shown(&mut shelf).is_empty());
    }
}
