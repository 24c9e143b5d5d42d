//! Pictures of every screen, and what must hold at any size and in any theme.

mod columns;
mod gone;
mod kept;
mod panes;
mod pointing;
mod theme_list;
mod themes;
mod tools;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use serde_json::json;

use super::fixtures as fixture;
use super::*;
use crate::app::App;
use crate::app::form::Form;
use crate::model::table::{TableKind, Tone};

/// The sizes of the pictures.
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];
const NARROW: (u16, u16) = (80, 24);

fn look(theme: &str, depth: Depth, glyphs: Glyphs) -> Look {
    let (look, warnings) = Look::new(Library::default(), theme, depth, glyphs);
    assert_eq!(warnings, []);
    look
}

fn painted(app: &App, look: &Look) -> (Buffer, Option<Position>) {
    let mut buffer = Buffer::empty(Rect::new(0, 0, app.size.0, app.size.1));
    let cursor = draw(app, look, &mut buffer);
    (buffer, cursor)
}

/// The rows as text: what a person without colours sees.
fn text_of(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let rows = buffer.content.chunks(width).map(|row| {
        let mut text = String::new();
        let mut hidden = 0;
        for cell in row {
            if hidden > 0 {
                hidden -= 1;
                continue;
            }
            text.push_str(cell.symbol());
            hidden = canvas::width(cell.symbol()).saturating_sub(1);
        }
        text.trim_end().to_owned()
    });
    rows.collect::<Vec<_>>().join("\n")
}

fn picture(app: &App) -> String {
    text_of(&painted(app, &Look::default()).0)
}

fn snapshot(name: &str, size: (u16, u16), app: &App) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../tests/snapshots/ui");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("{name}-{}x{}", size.0, size.1), picture(app)));
}

/// A situation by name.
type Situation = (&'static str, fn((u16, u16)) -> App);

const SITUATIONS: &[Situation] = &[
    ("clusters", |size| fixture::fleet(TableKind::Clusters, size)),
    ("gateways", |size| fixture::fleet(TableKind::Gateways, size)),
    ("services", |size| fixture::fleet(TableKind::Services, size)),
    ("pods", |size| fixture::fleet(TableKind::Pods, size)),
    ("gateway-overview", |size| {
        let mut app = fixture::fleet(TableKind::Gateways, size);
        fixture::keys(&mut app, "down enter");
        app
    }),
    ("gateway-pods", |size| {
        let mut app = fixture::fleet(TableKind::Gateways, size);
        fixture::keys(&mut app, "p down");
        app
    }),
    ("gateways-live", fixture::traffic::live),
    ("traffic", fixture::traffic::traffic),
    ("gateway-yaml", fixture::yaml),
    ("logs", |size| fixture::logs(200, size)),
    ("editor", |size| {
        let mut app = fixture::editor(size);
        fixture::keys(&mut app, "ctrl-f");
        fixture::typed(&mut app, "replicaCount: ");
        fixture::keys(&mut app, "enter end backspace");
        fixture::typed(&mut app, "-1");
        app
    }),
    ("help", |size| {
        let mut app = fixture::fleet(TableKind::Gateways, size);
        fixture::keys(&mut app, "?");
        app
    }),
    ("begun-z", |size| {
        let mut app = fixture::fleet(TableKind::Gateways, size);
        fixture::keys(&mut app, "z");
        app
    }),
    ("begun-g", |size| {
        let mut app = fixture::fleet(TableKind::Pods, size);
        fixture::keys(&mut app, "g");
        app
    }),
    ("palette", |size| {
        let mut app = fixture::fleet(TableKind::Gateways, size);
        fixture::keys(&mut app, ":");
        fixture::typed(&mut app, "po");
        app
    }),
    ("form-basics", |size| {
        let mut app = fixture::wizard(size);
        fixture::typed(&mut app, "payments");
        app
    }),
    ("form-ports", |size| {
        let mut app = fixture::wizard(size);
        fixture::typed(&mut app, "payments");
        fixture::keys(&mut app, "alt-2 down down enter");
        fixture::keys(&mut app, "T tab 8 0 tab tab");
        fixture::typed(&mut app, "a-name-that-is-long");
        app
    }),
    ("form-capacity", |size| {
        let mut app = fixture::wizard(size);
        fixture::typed(&mut app, "payments");
        fixture::keys(&mut app, "alt-3 space tab");
        fixture::typed(&mut app, "many");
        fixture::keys(&mut app, "tab tab 2 tab 1 2");
        app
    }),
    ("form-review", |size| {
        let mut app = fixture::wizard(size);
        fixture::keys(&mut app, "alt-7");
        app
    }),
];

/// Situations of which one size tells enough.
const ONCE: &[Situation] = &[
    ("traffic-reading", fixture::traffic::reading),
    ("traffic-denied", fixture::traffic::denied),
    ("traffic-partly", fixture::traffic::partly),
    ("traffic-host", |size| {
        let mut app = fixture::traffic::traffic(size);
        fixture::keys(&mut app, "enter");
        app
    }),
    ("traffic-cursor-and-errors", |size| {
        let mut app = fixture::traffic::traffic(size);
        fixture::keys(&mut app, "m left left left left left left left left left left left left");
        app
    }),
    ("traffic-frozen-flags", |size| {
        let mut app = fixture::traffic::traffic(size);
        fixture::keys(&mut app, "b b b f <");
        app
    }),
    ("traffic-compared-pods", |size| {
        let mut app = fixture::traffic::traffic(size);
        fixture::keys(&mut app, "b space space m m m");
        app
    }),
    ("connecting", fixture::connecting),
    ("empty", fixture::empty),
    ("denied", fixture::denied),
    ("stale", fixture::stale),
    ("many", |size| {
        let mut app = fixture::many(500, size);
        fixture::keys(&mut app, "end > >");
        app
    }),
    ("filtering", |size| {
        let mut app = fixture::fleet(TableKind::Pods, size);
        fixture::keys(&mut app, "/");
        fixture::typed(&mut app, "egress !status:running");
        app
    }),
    ("filter-of-nothing", |size| {
        let mut app = fixture::fleet(TableKind::Pods, size);
        fixture::keys(&mut app, "/");
        fixture::typed(&mut app, "nowhere");
        fixture::keys(&mut app, "enter");
        app
    }),
    ("finding", |size| {
        let mut app = fixture::yaml(size);
        fixture::keys(&mut app, "/");
        fixture::typed(&mut app, "port");
        app
    }),
    ("editor-finding", |size| {
        let mut app = fixture::editor(size);
        fixture::keys(&mut app, "ctrl-f");
        fixture::typed(&mut app, "tls");
        app
    }),
    ("editor-replacing", |size| {
        let mut app = fixture::editor(size);
        fixture::keys(&mut app, "ctrl-r");
        fixture::typed(&mut app, "http");
        fixture::keys(&mut app, "enter");
        fixture::typed(&mut app, "tcp");
        fixture::keys(&mut app, "enter");
        app
    }),
    ("editor-folded", |size| {
        let mut app = fixture::editor(size);
        fixture::keys(&mut app, "alt-a alt-a down down shift-down shift-down");
        app
    }),
    ("editor-broken", |size| {
        let text = "apiVersion: v1\nkind: Service\nmetadata:\n  name: [a\n---\nkind: Secret\n";
        fixture::writing(text, size)
    }),
    ("editor-sideways", |size| {
        let mut app = fixture::editor(size);
        fixture::keys(&mut app, "ctrl-f");
        fixture::typed(&mut app, "to be read");
        fixture::keys(&mut app, "enter end");
        app
    }),
    ("editor-wide-and-hostile", |size| {
        let text = "name: 日本語e\u{301}x\nesc: \u{1b}[2J\u{202e}left\n\ttab: 1\n\u{301}alone: 👩‍💻\n";
        let mut app = fixture::writing(text, size);
        fixture::keys(&mut app, "end left");
        app
    }),
    ("editor-too-long", |size| fixture::writing(&"a: 1\n".repeat(30_000), size)),
    ("editor-completing", |size| {
        let mut app = fixture::editor(size);
        fixture::learn(&mut app);
        fixture::keys(&mut app, "ctrl-g");
        fixture::typed(&mut app, "8");
        fixture::keys(&mut app, "enter end enter ctrl-space");
        fixture::typed(&mut app, "po");
        app
    }),
    ("editor-help", |size| {
        let mut app = fixture::editor(size);
        fixture::keys(&mut app, "f1");
        app
    }),
    ("logs-held", |size| {
        let mut app = fixture::logs(10_500, size);
        fixture::keys(&mut app, "t page-up");
        app
    }),
    ("logs-loading", |size| fixture::logs(0, size)),
    ("notice", |size| {
        let mut app = fixture::fleet(TableKind::Gateways, size);
        app.say(
            Tone::Bad,
            "User \"night-shift\" may not get deployments.apps in prod-eu, namespace istio-system. \
             Ask for a Role with get, list and watch on deployments, or open another context with :open-context.",
        );
        app
    }),
    ("nobody-keeps", fixture::kept),
    ("silent-keeps", |size| {
        let mut app = fixture::kept(size);
        fixture::keys(&mut app, "down");
        app
    }),
    ("unknown-keeps", |size| {
        let mut app = fixture::kept(size);
        fixture::keys(&mut app, "down down");
        app
    }),
    ("screen-keeps", |size| {
        let mut app = fixture::kept(size);
        fixture::keys(&mut app, "end");
        app
    }),
    ("form-placement", |size| {
        let mut app = fixture::wizard(size);
        fixture::typed(&mut app, "payments");
        fixture::keys(&mut app, "alt-4 space down enter");
        fixture::typed(&mut app, "topo");
        app
    }),
    ("form-service", |size| {
        let mut app = fixture::wizard(size);
        fixture::typed(&mut app, "payments");
        fixture::keys(&mut app, "alt-5 L down down down down space");
        app
    }),
    ("form-pods", |size| {
        let mut app = fixture::wizard(size);
        fixture::typed(&mut app, "payments");
        fixture::keys(&mut app, "alt-6 down down down enter");
        fixture::typed(&mut app, "certs");
        fixture::keys(&mut app, "tab p a y");
        app
    }),
    ("form-manifest", |size| {
        let mut app = fixture::wizard(size);
        fixture::typed(&mut app, "payments");
        fixture::keys(&mut app, "alt-2 ctrl-t");
        app
    }),
    ("form-single", |size| {
        let mut app = fixture::wizard(size);
        let object = json!({"apiVersion": "istio.alibabacloud.com/v1", "kind": "IstioGateway",
            "metadata": {"name": "out", "namespace": "istio-system"},
            "spec": {"replicaCount": 4, "ports": [{"port": 80}], "rollingMaxSurge": "25%"}});
        let path = "spec.rollingMaxSurge".parse().unwrap();
        let form = Form::single("1".to_owned(), "prod-eu".into(), object, &path).unwrap();
        let _ = app.open_form(form);
        fixture::keys(&mut app, "ctrl-u 1");
        app
    }),
    ("choose", |size| {
        let mut app = fixture::fleet(TableKind::Gateways, size);
        fixture::keys(&mut app, "o down");
        app
    }),
];

/// All situations.
fn every() -> impl Iterator<Item = &'static Situation> {
    SITUATIONS
        .iter()
        .chain(ONCE)
        .chain(panes::PICTURES)
        .chain(panes::ODD)
        .chain(kept::PICTURES)
        .chain(kept::ODD)
}

#[test]
fn every_screen_has_its_picture_at_three_sizes() {
    for (name, situation) in SITUATIONS {
        for size in SIZES {
            snapshot(name, size, &situation(size));
        }
    }
}

#[test]
fn every_odd_situation_has_its_picture() {
    for (name, situation) in ONCE {
        snapshot(name, NARROW, &situation(NARROW));
    }
}

#[test]
fn the_smallest_screen_has_its_pictures() {
    for (name, situation) in SITUATIONS {
        snapshot(name, geometry::SMALLEST, &situation(geometry::SMALLEST));
    }
}

#[test]
fn a_terminal_that_is_too_small_says_in_words_how_things_are() {
    for size in [(40, 12), (20, 6), (10, 3)] {
        snapshot("sentence", size, &fixture::fleet(TableKind::Gateways, size));
    }
    let mut app = fixture::editor((40, 12));
    fixture::typed(&mut app, "#");
    snapshot("sentence-editor", (40, 12), &app);
}

#[test]
fn the_ascii_set_draws_ascii_only() {
    for (name, situation) in every() {
        let text = text_of(&painted(&situation(NARROW), &look("mono", Depth::None, Glyphs::Ascii)).0);
        assert!(text.is_ascii(), "{name}:\n{text}");
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../tests/snapshots/ui");
    settings.set_prepend_module_to_snapshot(false);
    let app = fixture::fleet(TableKind::Gateways, NARROW);
    let text = text_of(&painted(&app, &look("mono", Depth::None, Glyphs::Ascii)).0);
    settings.bind(|| insta::assert_snapshot!("gateways-ascii", text));
}

#[test]
fn no_size_is_too_small_to_draw() {
    let look = Look::default();
    for (name, situation) in every() {
        let mut app = situation(NARROW);
        for width in (0..=50).chain([60, 61, 79]) {
            for height in (0..=20).step_by(if width % 5 == 0 { 1 } else { 7 }) {
                app.size = (width, height);
                app.settle();
                let (buffer, cursor) = painted(&app, &look);
                if let Some(at) = cursor {
                    assert!(at.x < width && at.y < height, "{name} at {width}x{height}: cursor at {at}");
                }
                assert_eq!(buffer.content.len(), usize::from(width) * usize::from(height));
            }
        }
    }
}

#[test]
fn a_frame_of_another_size_than_the_app_knows_is_drawn_all_the_same() {
    let app = fixture::fleet(TableKind::Gateways, (200, 60));
    let mut buffer = Buffer::empty(Rect::new(0, 0, 70, 16));
    draw(&app, &Look::default(), &mut buffer);
    assert!(text_of(&buffer).contains("egret"));
}

#[test]
fn control_characters_of_a_cluster_never_become_cells() {
    let mut app = fixture::hostile(NARROW);
    for keys in ["?", "esc", "enter", "esc", "l"] {
        let text = text_of(&painted(&app, &Look::default()).0);
        assert!(!text.chars().any(|c| c != '\n' && c.is_control()), "{text}");
        assert!(!text.contains('\u{202e}'), "{text}");
        fixture::keys(&mut app, keys);
    }
}

/// The cells of the first row that holds `word`, from where the word begins.
fn cells<'b>(buffer: &'b Buffer, word: &str) -> Vec<&'b Cell> {
    let width = usize::from(buffer.area.width);
    let row = buffer.content.chunks(width).find_map(|row| {
        let text: String = row.iter().map(|c| c.symbol().chars().next().unwrap_or(' ')).collect();
        text.find(word).map(|at| (row, text[..at].chars().count()))
    });
    let (row, at) = row.unwrap_or_else(|| panic!("no {word}"));
    row[at..at + word.len()].iter().collect()
}

const THEMES: [(&str, Depth); 6] = [
    ("default", Depth::True),
    ("light", Depth::True),
    ("default", Depth::TwoFiftySix),
    ("ansi", Depth::Sixteen),
    ("mono", Depth::True),
    ("default", Depth::None),
];

#[test]
fn a_cell_that_changed_is_marked_until_the_next_frame() {
    for (theme, depth) in THEMES {
        let look = look(theme, depth, Glyphs::Unicode);
        let mut app = fixture::fleet(TableKind::Gateways, NARROW);
        let before = painted(&app, &look).0;
        fixture::recovered(&mut app);
        let after = painted(&app, &look).0;
        let (was, is) = (cells(&before, "1/3"), cells(&after, "2/3   "));
        assert_ne!(was[0].style(), is[0].style(), "{theme} {depth:?}");
        assert!(is[0].modifier.contains(Modifier::UNDERLINED), "{theme} {depth:?}");
    }
}

#[test]
fn the_cursor_is_shown_only_while_something_is_typed() {
    let mut app = fixture::fleet(TableKind::Gateways, NARROW);
    let at = |app: &App| painted(app, &Look::default()).1.map(|p| (p.x, p.y));
    assert_eq!(at(&app), None);
    fixture::keys(&mut app, "/");
    fixture::typed(&mut app, "egress");
    assert_eq!(at(&app), Some((15, 20)));
    fixture::typed(&mut app, &"x".repeat(200));
    assert!(at(&app).is_some_and(|(x, _)| x < 80));
    fixture::keys(&mut app, "enter");
    assert_eq!(at(&app), None);
    fixture::keys(&mut app, ":");
    assert!(at(&app).is_some());
}

#[test]
fn the_header_says_production_as_a_word_in_every_theme_and_at_every_size() {
    for theme in ["default", "light", "ansi", "mono"] {
        let look = look(theme, Depth::True, Glyphs::default());
        for size in SIZES {
            let mut app = fixture::fleet(TableKind::Gateways, size);
            app.settings.production.insert("prod-eu".into());
            let header = |app: &App| {
                let (buffer, _) = painted(app, &look);
                (text_of(&buffer).lines().next().unwrap_or_default().to_owned(), buffer)
            };
            let (text, buffer) = header(&app);
            assert!(text.ends_with(" PROD RW"), "{text}");
            let word = &buffer.content[usize::from(size.0) - 8];
            assert_eq!(word.symbol(), "P");
            assert!(word.modifier.contains(Modifier::REVERSED | Modifier::BOLD), "{theme}");
            fixture::keys(&mut app, "end");
            assert!(header(&app).0.ends_with("  RW"), "prod-us is not marked: {}", header(&app).0);
        }
    }
}
