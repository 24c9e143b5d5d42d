//! What a controller tells of itself: that it waits, that it cannot ask, and that it stopped only if it worked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use egret::reconcile::Report;
use egret::reconcile::controller::{self, News, Observer};
use egret::reconcile::lease::Me;

use super::stage::{NAMESPACE, Stage};
use super::trouble::Trouble;
use crate::support::demo::run;

#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Observer for Heard {
    fn news(&self, news: &News) {
        self.0.lock().unwrap().push(match news {
            News::Leading { .. } => "leads".to_owned(),
            News::Waiting(_) => "waits".to_owned(),
            News::Stopped(why) => format!("stopped: {why}"),
            News::Failed(fault) => format!("{}: {}; {}", fault.reason, fault.summary, fault.hint),
        });
    }

    fn passed(&self, _: &str, _: &str, _: &Report, _: Duration) {}
}

/// What a controller tells until it is asked to stop, after a while.
async fn told(stage: &Stage, name: &str) -> Vec<String> {
    let heard = Arc::new(Heard::default());
    let settings = controller::Settings {
        keeper: stage.keeper(&Trouble::default()).await,
        namespace: NAMESPACE.to_owned(),
        me: Me { identity: name.to_owned(), version: "1".to_owned(), embedded: false },
        observer: heard.clone(),
    };
    controller::run(settings, tokio::time::sleep(Duration::from_secs(2))).await;
    heard.0.lock().unwrap().clone()
}

#[test]
fn only_who_kept_the_gateways_tells_that_it_stopped() {
    run(async {
        let stage = Stage::new(&[]);
        let (first, second) = tokio::join!(told(&stage, "one"), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            told(&stage, "other").await
        });
        assert_eq!(first, ["leads", "stopped: asked to stop"]);
        assert_eq!(second, ["waits"]);
        // It was given back.
        assert_eq!(told(&stage, "third").await, ["leads", "stopped: asked to stop"]);
    });
}

#[test]
fn a_cluster_that_does_not_answer_is_not_taken_for_one_that_somebody_else_keeps() {
    run(async {
        let stage = Stage::new(&[]);
        stage.world.faults().add("outage=home".parse().unwrap());
        let told = told(&stage, "one").await;
        assert_eq!(
            told,
            ["unreachable: home: it does not answer who keeps its gateways: nothing is written; \
              Is the server up, or the tunnel to it? egret asks again."]
        );
    });
}
