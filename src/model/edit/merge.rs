//! A change of a person and a change of somebody else, made of the same state: what becomes of both.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::diff::{Changed, changes, is_server_made};
use super::keyed::{Key, same_order};
use super::path::Path;

/// One of the two changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Side {
    /// The person's.
    #[default]
    Mine,
    /// What the cluster has meanwhile.
    Theirs,
}

/// A field that both changed, each in another way.
#[derive(Clone, Debug, PartialEq)]
pub struct Clash {
    /// Where it is in the merged object; of an item that is not in it: where it is on the side that has it.
    pub path: Path,
    /// The same, with the names of items in place of their numbers: it stays whatever is chosen.
    pub place: String,
    /// What it was.
    pub before: Option<Value>,
    /// What the person made of it; `None`: taken away.
    pub mine: Option<Value>,
    /// What the others made of it; `None`: taken away.
    pub theirs: Option<Value>,
    /// Which of the two is in the merged object.
    pub chosen: Side,
}

/// What becomes of two changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The object with both changes; at a clash, as is chosen: mine at first.
    pub value: Value,
    /// What is in it that theirs lacks.
    pub mine: Vec<Changed>,
    /// What they changed meanwhile.
    pub theirs: Vec<Changed>,
    /// Where the two do not go together.
    pub clashes: Vec<Clash>,
    states: [Value; 3],
}

/// Merges what a person made of an object with what others made of it. Items of lists that have names go by these;
/// any other list is one value. What the server makes is always theirs.
pub fn merge(before: &Value, mine: &Value, theirs: &Value) -> Merged {
    let states = [before.clone(), mine.clone(), theirs.clone()];
    let meant = |all: Vec<Changed>| all.into_iter().filter(|c| !is_server_made(&c.path)).collect();
    let mut merged = Merged {
        value: Value::Null,
        mine: Vec::new(),
        theirs: meant(changes(before, theirs)),
        clashes: Vec::new(),
        states,
    };
    merged.work_out();
    merged
}

impl Merged {
    /// Chooses a side at a clash.
    pub fn choose(&mut self, clash: usize, side: Side) {
        if let Some(clash) = self.clashes.get_mut(clash) {
            clash.chosen = side;
            self.work_out();
        }
    }

    /// Chooses a side at all clashes.
    pub fn choose_all(&mut self, side: Side) {
        self.clashes.iter_mut().for_each(|clash| clash.chosen = side);
        self.work_out();
    }

    /// From the start, by what is chosen: which clashes there are does not depend on it, where their items stand does.
    fn work_out(&mut self) {
        let [before, mine, theirs] = &self.states;
        let chosen = self.clashes.iter().map(|clash| clash.chosen).collect();
        let mut work = Work { chosen, clashes: Vec::new() };
        let all = Three { before: Some(before), mine: Some(mine), theirs: Some(theirs) };
        let value = work.merge(&Spot::default(), all);
        self.clashes = work.clashes;
        self.value = value.unwrap_or(Value::Null);
        let meant = |c: &Changed| !is_server_made(&c.path);
        self.mine = changes(theirs, &self.value).into_iter().filter(meant).collect();
    }
}

/// Where something is: by number, and by name.
#[derive(Clone, Default)]
struct Spot {
    path: Path,
    place: Path,
}

impl Spot {
    fn field(&self, name: &str) -> Self {
        Self { path: self.path.field(name), place: self.place.field(name) }
    }
}

/// The three states of a field.
#[derive(Clone, Copy)]
struct Three<'a> {
    before: Option<&'a Value>,
    mine: Option<&'a Value>,
    theirs: Option<&'a Value>,
}

impl<'a> Three<'a> {
    fn each<T>(self, of: impl Fn(&'a Value) -> Option<T>) -> [Option<T>; 3] {
        [self.before, self.mine, self.theirs].map(|state| state.and_then(&of))
    }
}

struct Work {
    chosen: Vec<Side>,
    clashes: Vec<Clash>,
}

impl Work {
    fn merge(&mut self, at: &Spot, states: Three<'_>) -> Option<Value> {
        let Three { before, mine, theirs } = states;
        if mine == theirs || before == mine || is_server_made(&at.path) {
            return theirs.cloned();
        }
        if before == theirs {
            return mine.cloned();
        }
        if let [before, Some(mine), Some(theirs)] = states.each(Value::as_object) {
            return Some(self.fields(at, [before.unwrap_or(&Map::new()), mine, theirs]));
        }
        if let [before, Some(mine), Some(theirs)] = states.each(|v| v.as_array().map(Vec::as_slice))
            && let lists = [before.unwrap_or_default(), mine, theirs]
            && let Some(items) = Items::of(lists)
        {
            return Some(Value::Array(self.items(at, &items)));
        }
        self.clash(at, states)
    }

    fn clash(&mut self, at: &Spot, states: Three<'_>) -> Option<Value> {
        let chosen = self.chosen.get(self.clashes.len()).copied().unwrap_or_default();
        self.clashes.push(Clash {
            path: at.path.clone(),
            place: at.place.to_string(),
            before: states.before.cloned(),
            mine: states.mine.cloned(),
            theirs: states.theirs.cloned(),
            chosen,
        });
        match chosen {
            Side::Mine => states.mine.cloned(),
            Side::Theirs => states.theirs.cloned(),
        }
    }

    fn fields(&mut self, at: &Spot, [before, mine, theirs]: [&Map<String, Value>; 3]) -> Value {
        let new = mine.keys().filter(|name| !theirs.contains_key(*name));
        let mut merged = Map::new();
        // What both took away is in neither.
        for name in theirs.keys().chain(new) {
            let of = Three { before: before.get(name), mine: mine.get(name), theirs: theirs.get(name) };
            if let Some(value) = self.merge(&at.field(name), of) {
                merged.insert(name.clone(), value);
            }
        }
        Value::Object(merged)
    }

    fn items(&mut self, at: &Spot, items: &Items<'_>) -> Vec<Value> {
        let mut merged = Vec::new();
        for name in items.order() {
            let [before, mine, theirs] = items.find(&name);
            let place = at.place.field(&name);
            let there = mine.or(theirs).map_or(0, |(at, _)| at);
            let [before, mine, theirs] = [before, mine, theirs].map(|found| found.map(|(_, value)| value));
            let of = Three { before, mine, theirs };
            let known = self.clashes.len();
            let spot = Spot { path: at.path.index(merged.len()), place };
            match self.merge(&spot, of) {
                Some(value) => merged.push(value),
                // It is not in the merged list.
                None => self.clashes[known..].iter_mut().for_each(|c| c.path = at.path.index(there)),
            }
        }
        merged
    }
}

/// Three states of a list whose items have names.
struct Items<'a> {
    key: Key,
    lists: [&'a [Value]; 3],
    places: [HashMap<String, usize>; 3],
}

impl<'a> Items<'a> {
    /// `None` when items have no names, or both sides put them in another order, each its own.
    fn of(lists: [&'a [Value]; 3]) -> Option<Self> {
        let key = Key::of(&lists)?;
        let [before, mine, theirs] = lists.map(|list| key.names(list));
        let agree = same_order(&mine, &theirs) || same_order(&before, &mine) || same_order(&before, &theirs);
        agree.then(|| Self { key, lists, places: lists.map(|list| key.places(list)) })
    }

    /// The three states of an item, and where each stands.
    fn find(&self, name: &str) -> [Option<(usize, &'a Value)>; 3] {
        [0, 1, 2].map(|of| {
            let at = *self.places[of].get(name)?;
            Some((at, self.lists[of].get(at)?))
        })
    }

    /// All names that are in either, in the order of the side that changed it, else theirs; what only the other has
    /// stands behind what it stands behind there, and behind what is new here.
    fn order(&self) -> Vec<String> {
        let [before, mine, theirs] = self.lists.map(|list| self.key.names(list));
        let (mut order, other) = if same_order(&before, &mine) { (theirs, mine) } else { (mine, theirs) };
        let others: HashSet<&String> = other.iter().collect();
        let mut known: HashSet<String> = order.iter().cloned().collect();
        let mut next = 0;
        for name in &other {
            if known.insert(name.clone()) {
                next += order[next..].iter().take_while(|there| !others.contains(there)).count();
                order.insert(next, name.clone());
                next += 1;
            } else if let Some(at) = order.iter().position(|there| there == name) {
                next = at + 1;
            }
        }
        order
    }
}

#[cfg(test)]
mod tests;
