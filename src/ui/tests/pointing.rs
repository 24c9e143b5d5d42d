//! The mouse on what is painted: a click is where a person sees the thing, so that drawing and hitting cannot differ.

use super::*;
use crate::app::contexts::Known;
use crate::app::overlay::Overlay;
use crate::app::pointing::{Gesture, Pointed};
use crate::app::screen::Screen;
use crate::app::{Command, Msg};

/// The cell where a text begins on the screen.
fn place(app: &App, text: &str) -> (u16, u16) {
    let picture = picture(app);
    let is_whole = |line: &str, at: usize| {
        let (before, behind) = (line[..at].chars().last(), line[at + text.len()..].chars().next());
        let is_other = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '-');
        is_other(before) && (is_other(behind) || text.ends_with(char::is_lowercase))
    };
    let found = picture.lines().enumerate().find_map(|(y, line)| {
        let mut all = line.match_indices(text).map(|(at, _)| at);
        Some((all.find(|at| is_whole(line, *at))?, y, line))
    });
    let (at, y, line) = found.unwrap_or_else(|| panic!("no {text:?} in\n{picture}"));
    (canvas::width(&line[..at]), y as u16)
}

fn point(app: &mut App, (x, y): (u16, u16), what: Gesture) {
    fixture::take(app, Msg::Mouse(Pointed { x, y, what }));
}

fn click(app: &mut App, text: &str) {
    let at = place(app, text);
    point(app, at, Gesture::Click);
}

fn selected(app: &App) -> String {
    app.active_table()
        .and_then(|table| table.item())
        .map(|item| item.id().name.to_string())
        .unwrap_or_default()
}

#[test]
fn a_click_selects_what_is_seen_there_and_only_the_same_again_opens_it() {
    for size in SIZES {
        let mut app = fixture::fleet(TableKind::Pods, size);
        let names: Vec<String> =
            app.active_table().unwrap().window.rows.iter().map(|row| row.id.name.to_string()).collect();
        // The first is under the cursor from the start: one click opens nothing there either.
        for (row, name) in names.iter().enumerate().take(3) {
            point(&mut app, (3, 2 + row as u16), Gesture::Click);
            assert_eq!(&selected(&app), name, "{size:?}");
            assert!(matches!(app.screen(), Screen::Table(_)), "{size:?} {name}");
        }
        let cell = (5, 2 + 2);
        point(&mut app, cell, Gesture::Click);
        assert!(matches!(app.screen(), Screen::Details(d) if d.of.name() == names[2]), "{size:?}");
    }
}

#[test]
fn a_key_between_two_clicks_makes_them_two_first_ones() {
    let mut app = fixture::fleet(TableKind::Gateways, NARROW);
    point(&mut app, (5, 3), Gesture::Click);
    fixture::keys(&mut app, "down up");
    point(&mut app, (5, 3), Gesture::Click);
    assert!(matches!(app.screen(), Screen::Table(_)));
    point(&mut app, (5, 3), Gesture::Click);
    assert!(matches!(app.screen(), Screen::Details(_)));
}

#[test]
fn a_click_on_a_heading_sorts_by_it_and_again_turns_it_round() {
    for size in SIZES {
        let mut app = fixture::fleet(TableKind::Pods, size);
        let heads: Vec<(&str, &str)> = {
            let table = app.active_table().unwrap();
            table
                .window
                .columns
                .iter()
                .map(|(at, _)| (table.columns()[*at].title, table.columns()[*at].id))
                .collect()
        };
        for (title, id) in heads {
            click(&mut app, title);
            assert_eq!(app.active_table().unwrap().sort, Some((id, false)), "{size:?}");
            click(&mut app, title);
            assert_eq!(app.active_table().unwrap().sort, Some((id, true)), "{size:?}");
        }
    }
}

#[test]
fn a_click_on_a_tab_opens_it_wherever_the_open_one_pushes_it() {
    for size in SIZES {
        let mut app = fixture::fleet(TableKind::Gateways, size);
        fixture::keys(&mut app, "down enter");
        for (from, tab) in
            [("2 p", Tab::Pods), ("3 s", Tab::Service), ("1 o", Tab::Overview), ("2 p", Tab::Pods)]
        {
            click(&mut app, from);
            assert!(matches!(app.screen(), Screen::Details(d) if d.tab == tab), "{size:?} {tab}");
        }
    }
}

#[test]
fn the_wheel_scrolls_what_is_under_it_and_nothing_else() {
    let mut app = fixture::many(500, NARROW);
    let top = |app: &App| app.active_table().unwrap().offset;
    let rows = app.active_table().unwrap().window.rows.len();
    point(&mut app, (10, 0), Gesture::Wheel(3));
    point(&mut app, (10, 23), Gesture::Wheel(3));
    assert_eq!(top(&app), 0, "over the header and the hints there is nothing to scroll");
    point(&mut app, (10, 5), Gesture::Wheel(3));
    assert_eq!((top(&app), app.active_table().unwrap().cursor), (3, 3), "the cursor stays in sight");
    // A whole burst is one movement, and ends at the end.
    point(&mut app, (10, 5), Gesture::Wheel(3_000));
    assert_eq!(top(&app), 500 - rows);
    point(&mut app, (10, 5), Gesture::Wheel(-3_000));
    assert_eq!((top(&app), app.active_table().unwrap().cursor), (0, rows - 1));
}

#[test]
fn the_wheel_scrolls_texts_and_logs() {
    let mut app = fixture::yaml(NARROW);
    let before = picture(&app);
    point(&mut app, (10, 8), Gesture::Wheel(3));
    assert!(matches!(app.screen(), Screen::Details(d) if d.text.place().0 == 4));
    point(&mut app, (10, 8), Gesture::Wheel(-3));
    assert_eq!(picture(&app), before);
    let mut app = fixture::logs(200, NARROW);
    let last = picture(&app);
    point(&mut app, (10, 8), Gesture::Wheel(-3));
    assert_ne!(picture(&app), last);
}

#[test]
fn in_a_list_a_click_moves_the_cursor_and_runs_nothing() {
    for size in SIZES {
        let mut app = fixture::fleet(TableKind::Gateways, size);
        fixture::keys(&mut app, ":");
        fixture::typed(&mut app, "po");
        let Some(Overlay::Palette(palette)) = &app.overlay else { panic!() };
        let line = palette.entries[1].line.clone();
        let (x, _) = place(&app, "po");
        let y = crate::app::overlay::palette_list(size).y + 1;
        for _ in 0..2 {
            point(&mut app, (x, y), Gesture::Click);
            let Some(Overlay::Palette(palette)) = &app.overlay else { panic!("{line} was run") };
            assert_eq!(palette.cursor, 1, "{size:?}");
        }
        // Outside of the box it is no answer either.
        point(&mut app, (0, 0), Gesture::Click);
        assert!(app.overlay.is_some());
    }
}

#[test]
fn a_click_in_the_list_of_contexts_is_on_the_row_that_is_seen() {
    for size in SIZES {
        let mut app = contexts(size);
        click(&mut app, "● prod-us");
        let Some(Overlay::Contexts(list)) = &app.overlay else { panic!() };
        assert_eq!(list.row().map(|row| row.name.as_str()), Some("prod-us"), "{size:?}");
        point(&mut app, (size.0 / 2, size.1 / 2), Gesture::Wheel(-30));
        let Some(Overlay::Contexts(list)) = &app.overlay else { panic!() };
        assert_eq!(list.cursor, 0);
    }
}

/// Turns the wheel over the box in front, further than there is anything.
fn turned(app: &mut App, by: isize) {
    let at = (app.size.0 / 2, app.size.1 / 2);
    point(app, at, Gesture::Wheel(by));
}

#[test]
fn the_wheel_moves_every_list_that_stands_in_front_and_no_further_than_it_is_long() {
    use crate::app::views::Front;
    let cursor = |app: &App| match &app.overlay {
        Some(Overlay::Forwards(list)) => list.cursor,
        Some(Overlay::Notices(list)) => list.cursor,
        Some(Overlay::Views(Front::List(list))) => list.cursor,
        other => panic!("{other:?}"),
    };
    let mut app = fixture::fleet(TableKind::Gateways, NARROW);
    for port in ["15000", "15020"] {
        drop(app.run(Command::PortForward, port));
    }
    fixture::keys(&mut app, "z f");
    turned(&mut app, 3);
    assert_eq!(cursor(&app), 1);
    turned(&mut app, -3);
    assert_eq!(cursor(&app), 0);

    app.overlay = None;
    for name in ["one", "two", "three"] {
        drop(app.run(Command::Bookmark, name));
    }
    drop(app.run(Command::Bookmarks, ""));
    turned(&mut app, 1);
    assert_eq!(cursor(&app), 1);
    turned(&mut app, 30);
    assert_eq!(cursor(&app), 2);

    app.overlay = None;
    drop(app.run(Command::Notices, ""));
    let Some(Overlay::Notices(list)) = &app.overlay else { panic!("something happened") };
    let count = app.listed_notices(list).len();
    turned(&mut app, 1_000);
    assert_eq!(cursor(&app), count - 1);
    turned(&mut app, -1_000);
    assert_eq!(cursor(&app), 0);
}

#[test]
fn the_wheel_scrolls_what_a_command_says_and_follows_its_end_again() {
    use crate::app::effect::Effect;
    use crate::model::exec::News;
    let mut app = fixture::fleet(TableKind::Pods, NARROW);
    let effects = app.run(Command::Exec, "ls");
    let Some(Effect::Exec(ticket, _)) = effects.into_iter().next() else { panic!("it runs") };
    let said = (0..100).map(|n| format!("line {n}\n")).collect::<String>();
    fixture::take(&mut app, Msg::Exec(ticket, News::Said(said)));
    assert!(picture(&app).contains("line 99"));
    turned(&mut app, -3);
    let picture_above = picture(&app);
    assert!(picture_above.contains("line 96") && !picture_above.contains("line 97"), "{picture_above}");
    turned(&mut app, 30);
    fixture::take(&mut app, Msg::Exec(ticket, News::Said("the last\n".to_owned())));
    assert!(picture(&app).contains("the last"));
}

#[test]
fn where_a_screen_is_a_sentence_the_mouse_means_nothing() {
    for what in [Gesture::Click, Gesture::Wheel(3)] {
        let mut app = fixture::fleet(TableKind::Gateways, (40, 12));
        let before = selected(&app);
        point(&mut app, (5, 3), what);
        point(&mut app, (5, 3), what);
        assert_eq!((selected(&app), app.stack.len()), (before, 1));
    }
}

#[test]
fn no_cell_of_any_screen_runs_anything_dangerous_or_breaks() {
    for (name, situation) in SITUATIONS {
        for size in [(80, 24), (200, 60), (40, 12)] {
            let mut app = situation(size);
            let (past, drafts) = (app.past.len(), app.overlay.is_some());
            for y in 0..size.1 {
                for x in (0..size.0).step_by(7) {
                    point(&mut app, (x, y), Gesture::Click);
                    point(&mut app, (x, y), Gesture::Wheel(3));
                }
            }
            assert_eq!((app.past.len(), app.overlay.is_some()), (past, drafts), "{name} {size:?}");
            let _ = picture(&app);
        }
    }
}

/// The list of contexts: groups, what is open and what is not, when each was used.
fn contexts(size: (u16, u16)) -> App {
    let mut app = fixture::fleet(TableKind::Gateways, size);
    let group = |name: &str, glob: &str| crate::config::Group {
        name: name.into(),
        contexts: vec![crate::config::Glob::new(glob)],
        source: crate::config::Source::Default,
    };
    app.settings.groups = vec![group("prod", "prod-*"), group("gone", "x")];
    let known = Known {
        names: [
            "prod-eu",
            "prod-us",
            "dev-7",
            "dev-8",
            "arn:aws:eks:eu-central-1:123456789012:cluster/stage",
        ]
        .map(str::to_owned)
        .to_vec(),
        production: vec!["prod-eu".into(), "prod-us".into()],
        read_only: vec!["prod-eu".into()],
        ..Known::default()
    };
    fixture::take(&mut app, Msg::Kubeconfig(Ok(known)));
    let used = [("dev-8", 3_600), ("prod-eu", 60)]
        .map(|(name, ago)| (name.to_owned(), fixture::now() - jiff::SignedDuration::from_secs(ago)));
    fixture::take(&mut app, Msg::Used(used.into_iter().collect()));
    app.notice = None;
    fixture::keys(&mut app, "z c");
    fixture::keys(&mut app, "space");
    app
}

#[test]
fn pictures_of_the_list_of_contexts() {
    for size in SIZES {
        snapshot("contexts", size, &contexts(size));
    }
    let mut app = contexts(NARROW);
    fixture::typed(&mut app, "nowhere");
    snapshot("contexts-none", NARROW, &app);
}
