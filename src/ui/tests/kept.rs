//! Kept views, what happened, and a screen that stands still.

use super::*;
use crate::app::Msg;
use crate::model::fault::{Fault, Reason};
use crate::model::snapshot::{Link, Snapshot};
use crate::model::view::{Object, Shown, View, ViewChange, What};

const SMALL: (u16, u16) = (40, 12);

fn happened(size: (u16, u16)) -> App {
    let mut app = fixture::fleet(TableKind::Gateways, size);
    let lost = Fault::new(Reason::Unreachable, "connection reset", "");
    let there = (**app.cluster(&"prod-us".into()).unwrap()).clone();
    let gone = Link::Stale { since: fixture::now(), fault: lost, next_try: None };
    fixture::take(&mut app, Msg::Snapshot(std::sync::Arc::new(Snapshot { link: gone, ..there.clone() })));
    app.now += jiff::SignedDuration::from_secs(65);
    fixture::take(&mut app, Msg::Snapshot(std::sync::Arc::new(there)));
    for _ in 0..4 {
        let fault = Fault::new(
            Reason::Server,
            "prod-eu: deployments.apps istio-egressgateway was not changed: the server says 500, and that its store does \
             not answer at the moment",
            "Try again in a while.",
        );
        fixture::take(&mut app, Msg::Notice(fault));
    }
    app.now += jiff::SignedDuration::from_secs(10);
    app
}

fn notices(size: (u16, u16)) -> App {
    let mut app = happened(size);
    fixture::keys(&mut app, "z n");
    app
}

fn kept(size: (u16, u16)) -> App {
    let mut app = fixture::fleet(TableKind::Gateways, size);
    let rows = Shown { filter: "status:error".into(), sort: Some(("ready".into(), true)), wide: false };
    let errors = View { screen: "gateways".into(), rows, object: None };
    let object = Object {
        what: What::Gateway,
        cluster: "prod-eu".into(),
        namespace: "istio-system".into(),
        name: "egressgateway".into(),
        tab: "traffic".into(),
        rows: Shown::default(),
        find: String::new(),
        logs: false,
        window: "15m".into(),
        by: "host".into(),
    };
    let traffic = View { object: Some(object), ..errors.clone() };
    app.kept.views.take(ViewChange::Keep("all that is wrong".into(), errors));
    app.kept.views.take(ViewChange::Keep("payments at night".into(), traffic));
    app
}

fn listed(size: (u16, u16)) -> App {
    let mut app = kept(size);
    fixture::keys(&mut app, "g b down");
    app
}

fn held(size: (u16, u16)) -> App {
    let mut app = happened(size);
    fixture::keys(&mut app, "Z");
    app
}

pub(super) const PICTURES: &[Situation] =
    &[("notices", notices), ("kept-views", listed), ("held", held), ("new-notices", happened)];

pub(super) const ODD: &[Situation] = &[
    ("naming-a-view", |size| {
        let mut app = kept(size);
        fixture::keys(&mut app, "z b");
        app
    }),
    ("a-name-that-is-taken", |size| {
        let mut app = kept(size);
        fixture::keys(&mut app, "z b ctrl-u");
        fixture::typed(&mut app, "payments at night");
        fixture::keys(&mut app, "enter");
        app
    }),
    ("a-view-that-is-not-open", |size| {
        let mut app = kept(size);
        fixture::take(&mut app, Msg::Contexts(vec!["stage".into()]));
        let mut view = app.kept.views.bookmarks["payments at night"].clone();
        view.object.as_mut().unwrap().cluster = "stage".into();
        app.kept.views.take(ViewChange::Keep("stage".into(), view));
        fixture::keys(&mut app, "g b end enter");
        app
    }),
    ("notices-filtered", |size| {
        let mut app = notices(size);
        fixture::typed(&mut app, "again good");
        fixture::keys(&mut app, "enter");
        app.run(crate::app::Command::Notices, "");
        fixture::typed(&mut app, "bad store");
        fixture::keys(&mut app, "enter");
        app
    }),
];

#[test]
fn kept_views_notices_and_a_screen_that_stands_have_their_pictures() {
    for (name, situation) in PICTURES {
        for size in SIZES.into_iter().chain([SMALL]) {
            snapshot(name, size, &situation(size));
        }
    }
    for (name, situation) in ODD {
        snapshot(name, NARROW, &situation(NARROW));
    }
}

#[test]
fn an_answer_is_said_over_a_screen_that_stands_and_nothing_else_of_it_changes() {
    let mut app = held(NARROW);
    let look = Look::default();
    let still = painted(&app, &look).0;
    let mut over = still.clone();
    still::say_over(&app, &look, &mut over);
    assert_eq!(text_of(&over), text_of(&still));
    fixture::take(&mut app, Msg::Dumped(Ok("The screen is in a.txt.".into())));
    still::say_over(&app, &look, &mut over);
    let differ: Vec<usize> = text_of(&still)
        .lines()
        .zip(text_of(&over).lines())
        .enumerate()
        .filter_map(|(n, (a, b))| (a != b).then_some(n))
        .collect();
    assert_eq!(differ, [22]);
    assert!(text_of(&over).contains("The screen is in a.txt."));
}
