//! In which order clusters and their kinds arrive is chance: afterwards nobody sees it.

use std::time::Duration;

use egret::demo::fault::{Effect, Rule, Which};
use egret::demo::story;
use ratatui::buffer::Buffer;
use ratatui::style::Modifier;

use super::same::differing;
use crate::support::demo::{Session, run};

/// What is late: a cluster, or a kind of all clusters.
const LATE: &[(Option<&str>, Option<&str>)] = &[
    (Some("frankfurt"), None),
    (Some("audit"), None),
    (Some("singapore"), None),
    (None, Some("pods")),
    (None, Some("deployments")),
    (None, Some("services")),
    (None, Some("endpointslices")),
    (None, Some("istiogateways")),
    (None, Some("horizontalpodautoscalers")),
];

/// The gateways and the clusters when all is there, and the lists of some came later than the others.
async fn opened(late: Option<(Option<&str>, Option<&str>)>) -> [Buffer; 2] {
    let world = story::world(1, 0.0);
    if let Some((cluster, resource)) = late {
        let which = Which {
            cluster: cluster.map(str::to_owned),
            resource: resource.map(str::to_owned),
            verb: Some("list".to_owned()),
            nth: None,
        };
        // A fixed rule is not told on the screen.
        world.faults().fix(Rule { which, effect: Effect::Delay(Duration::from_millis(700)) });
    }
    // Few rows and little room: what stood there for a moment would take it from others.
    let mut session = Session::of(world, 1, (80, 24), &[]).await;
    session.sees("4/5 clusters");
    let gateways = session.buffer();
    [gateways, session.keys("1").await.buffer()]
}

#[test]
fn what_arrives_late_is_shown_as_if_it_had_always_been_there() {
    let all_at_once = run(opened(None));
    for late in LATE {
        for (as_ever, screen) in all_at_once.iter().zip(run(opened(Some(*late)))) {
            assert!(screen == *as_ever, "{late:?} late:\n{}", differing(as_ever, &screen));
        }
    }
}

#[test]
fn what_changes_when_all_is_there_is_marked() {
    run(async {
        let mut session = Session::open(1, (120, 40), &[]).await;
        let marked = |session: &Session| {
            let cells = session.buffer().content;
            cells.iter().filter(|c| c.modifier.contains(Modifier::UNDERLINED)).count()
        };
        let before = marked(&session);
        session.change("frankfurt", "deployments.apps", "istio-egress-crm", |object| {
            object["spec"]["replicas"] = 3.into()
        });
        session.settle().await;
        session.sees("2/3");
        assert!(marked(&session) > before, "{}", session.screen());
    });
}
