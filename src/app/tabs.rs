//! The tabs of a details screen: what they are called where there is little room, and where each is.

use super::screen::{Details, Tab};
use crate::model::layout::text_width;

/// Letters of tabs' names where not all names find room.
const SHORT: [usize; 7] = [7, 6, 5, 4, 3, 2, 1];

/// The line of tabs.
#[derive(Debug)]
pub struct Tabs {
    /// Each tab from the left.
    pub places: Vec<Place>,
    /// How far through the text the screen is, for the right end; empty: all of it is there.
    pub through: String,
}

/// One tab.
#[derive(Debug)]
pub struct Place {
    /// Which.
    pub tab: Tab,
    /// What it is called here.
    pub text: String,
    /// It is the open one.
    pub is_open: bool,
    /// Where its left mark is; its text begins behind that.
    pub x: u16,
}

impl Tabs {
    /// Lays the tabs out in `width` cells: in full, else cut short but for the open one, and closer together.
    pub fn of(details: &Details, width: u16) -> Self {
        let through = through(details);
        let room = width.saturating_sub(text_width(&through) + 2);
        let (names, between) = names(details, room);
        let mut x = 0;
        let place = |(tab, (text, is_open)): (&Tab, (String, bool))| {
            let place = Place { tab: *tab, x, is_open, text };
            x += 1 + text_width(&place.text) + between;
            place
        };
        Self { places: details.of.tabs().iter().zip(names).map(place).collect(), through }
    }

    /// The tab at a column, its marks included.
    pub fn at(&self, x: u16) -> Option<Tab> {
        let is_here = |place: &&Place| (place.x..=place.x + 1 + text_width(&place.text)).contains(&x);
        self.places.iter().find(is_here).map(|place| place.tab)
    }
}

/// What the tabs are called, which is open, and the cells between two.
fn names(details: &Details, room: u16) -> (Vec<(String, bool)>, u16) {
    let named = |letters: usize| -> Vec<(String, bool)> {
        let tabs = details.of.tabs().iter().enumerate();
        let name = |(n, tab): (usize, &Tab)| {
            let is_open = *tab == details.tab;
            let letters = if is_open { usize::MAX } else { letters };
            let name: String = tab.to_string().chars().take(letters).collect();
            (format!("{} {name}", (n + 1) % 10), is_open)
        };
        tabs.map(name).collect()
    };
    let needed = |names: &[(String, bool)], air: u16| {
        names.iter().map(|(name, _)| text_width(name) + air).sum::<u16>()
    };
    let full = named(usize::MAX);
    if needed(&full, 2) <= room {
        return (full, 1);
    }
    let shorter = std::iter::once(full).chain(SHORT.into_iter().map(named));
    let mut shorter = shorter.filter(|names| needed(names, 1) <= room);
    (shorter.next().unwrap_or_else(|| named(1)), 0)
}

fn through(details: &Details) -> String {
    if details.tab.is_pane() {
        return details.pane.place().map(|(at, all)| format!("{at} of {all}")).unwrap_or_default();
    }
    let (first, last, all) = details.text.place();
    if matches!(details.tab, Tab::Pods | Tab::Traffic) || (first == 1 && last == all) {
        return String::new();
    }
    format!("{first}–{last} of {all}")
}
