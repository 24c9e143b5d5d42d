//! Every screen of the demo at every size.

use crate::support::demo::{Session, run};

/// How to come to each screen from the gateways, and a word that it shows where there is room.
const SCREENS: &[(&str, &str)] = &[
    ("2", "gateways"),
    ("1", "clusters"),
    ("3", "services"),
    ("4", "pods"),
    ("2 enter", "Health"),
    ("2 enter 2", "RESTARTS"),
    ("2 enter 3", "Endpoints"),
    ("2 enter 4", "Disruptions"),
    ("2 enter 5", "Keeper"),
    ("2 enter 6", "events◂"),
    ("2 enter 7", "apiVersion"),
    ("1 down K", "What it would do"),
    ("4 enter", "Containers"),
    ("4 l", "logs"),
    ("2 y", "apiVersion"),
    ("2 o", "sort"),
    ("2 /", "filter"),
    ("2 n", "basics"),
    ("2 N", "kind: IstioGateway"),
    ("2 E", "unchanged"),
    ("2 d", "What is lost"),
    ("2 enter e", "Set by"),
    ("2 z t", "theme"),
    ("2 z c", "contexts"),
    ("2 z b", "keep this view"),
    ("4 f", "port-forward"),
    ("2 z", "esc back"),
    ("4 g", "esc back"),
    ("?", "keys in the"),
    (":", "command"),
];

#[test]
fn every_screen_is_drawn_at_every_size_and_says_what_it_is() {
    run(async {
        for size in [(80, 24), (120, 40), (200, 60), (40, 12), (20, 5), (1, 1)] {
            let mut session = Session::open(1, size, &[]).await;
            for (keys, word) in SCREENS {
                session.keys(keys).await;
                let screen = session.screen();
                // Where there is no room the size that is needed is told in words.
                let word = if size.0 >= 60 { word } else { "60×14" };
                if size.0 >= 40 {
                    let shows = screen.to_lowercase().contains(&word.to_lowercase());
                    assert!(shows, "no {word:?} after {keys:?} at {size:?}:\n{screen}");
                }
                session.keys("esc esc esc").await;
            }
        }
    });
}
