//! The box where columns are chosen, and a table with columns of a person's own.

use super::*;
use crate::config::{self, Vocabulary};

const FILE: &str = "[columns]\npods = ['name', { id = 'status', width = 12 }, 'ready',\n\
    { id = 'gw', label = 'istio', title = 'APP' }, { id = 'tier', path = '$.metadata.annotations.tier' }]\n";

fn pods(size: (u16, u16), file: &str) -> App {
    let mut app = fixture::fleet(TableKind::Pods, size);
    let settings = config::parse(file, &Vocabulary::ANY, config::Settings::default()).unwrap();
    app.settings.columns = settings.column_choices();
    app.settle();
    app
}

#[test]
fn the_box_of_columns_looks_so() {
    for size in SIZES {
        let mut app = pods(size, FILE);
        snapshot("pods-own-columns", size, &app);
        fixture::keys(&mut app, "z w down down space");
        snapshot("columns-chooser", size, &app);
    }
    let mut app = pods(NARROW, FILE);
    fixture::keys(&mut app, "z w a");
    fixture::typed(&mut app, "$.spec[");
    fixture::keys(&mut app, "enter");
    snapshot("columns-adding", NARROW, &app);
}

#[test]
fn the_box_says_without_colours_and_in_ascii_what_is_shown() {
    let mut app = pods(NARROW, FILE);
    fixture::keys(&mut app, "z w");
    let buffer = painted(&app, &look("mono", Depth::None, Glyphs::Ascii)).0;
    let text = text_of(&buffer);
    assert!(text.is_ascii(), "{text}");
    let words = |word: &str| text.lines().filter(|line| line.contains(&format!(" {word} "))).count();
    assert!(words("shown") == 5 && words("hidden") > 0, "{text}");
}

#[test]
fn where_there_is_little_room_a_sentence_stands_in_its_place() {
    let mut app = pods((40, 12), FILE);
    let before = picture(&app);
    fixture::keys(&mut app, "z w");
    assert_eq!(picture(&app).lines().count(), before.lines().count());
    for size in [(1, 1), (20, 5), (60, 15)] {
        app.size = size;
        app.settle();
        let _ = picture(&app);
    }
}
