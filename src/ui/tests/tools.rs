//! Pictures of the tools for pods and Services.

use std::sync::Arc;

use super::*;
use crate::app::effect::Effect;
use crate::app::{Command, Msg, update};
use crate::model::exec::{Ended, News};
use crate::model::forward;

/// Two port-forwards: one that works, one whose connections fail.
fn forwards(size: (u16, u16)) -> App {
    let mut app = fixture::fleet(TableKind::Gateways, size);
    for (port, local) in [("15000", 15000), ("80", 34567)] {
        drop(app.run(Command::PortForward, port));
        let ticket = app.forwards.last().unwrap().ticket;
        drop(update(&mut app, Msg::Forward(ticket, forward::News::Listening(local))));
    }
    let counts = forward::Counts {
        now: 1,
        all: 12,
        failed: 3,
        last: Some("egressgateway-1-0 port 80: connect: connection refused".into()),
        is_failing: true,
        pod: Some("istio-egressgateway-1-0".into()),
    };
    let ticket = app.forwards.last().unwrap().ticket;
    drop(update(&mut app, Msg::Forward(ticket, forward::News::Counted(counts))));
    fixture::keys(&mut app, "z f j");
    app.settle();
    app
}

/// A command that failed, and said what a terminal would obey.
fn output(size: (u16, u16)) -> App {
    let mut app = fixture::fleet(TableKind::Pods, size);
    let effects = app.run(Command::Exec, "curl -sS 'http://a b/'");
    let Some(Effect::Exec(ticket, _)) = effects.into_iter().next() else { panic!("it runs") };
    let said = (0..30).map(|n| format!("line {n} of what it says\n")).collect::<String>();
    for news in [News::Said(said), News::Full, News::Ended(Ended::Exit(6))] {
        drop(update(&mut app, Msg::Exec(ticket, news)));
    }
    app.settle();
    app
}

#[test]
fn port_forwards_and_what_commands_say_are_told_at_every_size() {
    for size in SIZES.into_iter().chain([(60, 14)]) {
        snapshot("forwards", size, &forwards(size));
        snapshot("exec-output", size, &output(size));
    }
    // So small that nothing else is drawn, it is told what is in front, and that its keys do nothing.
    for (situation, told) in [
        (forwards as fn((u16, u16)) -> App, "The list of port-forwards is in front. esc closes it."),
        (output, "is in front. esc closes it."),
    ] {
        let mut app = situation(NARROW);
        fixture::take(&mut app, Msg::Resize(40, 12));
        let flat = |app: &App| picture(app).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat(&app).contains(told), "{}", picture(&app));
        fixture::keys(&mut app, "c");
        assert!(
            flat(&app).contains("Nothing was done: the terminal is too small for it"),
            "{}",
            picture(&app)
        );
        fixture::take(&mut app, Msg::Resize(20, 4));
        assert!(!picture(&app).is_empty());
    }
}

#[test]
fn a_port_is_asked_for_with_what_each_is_and_production_is_named() {
    let mut app = fixture::fleet(TableKind::Gateways, NARROW);
    let cluster = app.acting_on().unwrap().cluster.clone();
    app.settings.production.insert(cluster);
    fixture::keys(&mut app, "f");
    app.settle();
    snapshot("forward-which", NARROW, &app);
    assert!(picture(&app).contains("PROD"));
}

#[test]
fn what_pods_use_stands_beside_them_where_there_is_room() {
    let size = (200, 60);
    let mut app = fixture::fleet(TableKind::Pods, size);
    fixture::keys(&mut app, "w");
    let used = app.clusters[0].pods.iter().take(2).map(|pod| crate::model::usage::PodUsage {
        namespace: pod.meta.namespace.to_string().into(),
        name: pod.meta.name.to_string().into(),
        containers: vec![("istio-proxy".into(), 0.12, 68_157_440.0)],
        at: app.now,
        window: std::time::Duration::from_secs(30),
    });
    let used: Arc<[_]> = used.collect();
    let cluster = app.clusters[0].cluster.clone();
    drop(update(&mut app, Msg::Usage(cluster, Ok(used))));
    app.settle();
    snapshot("pods-use", size, &app);
}
