use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::*;
use crate::app::Msg;
use crate::app::replay::Wish;
use crate::demo::world::World;
use crate::metrics::{Missed, Scraped};
use crate::model::clock::Time as _;
use crate::model::fault::{Fault, Reason};
use crate::model::fleet::ClusterIds;
use crate::model::name::{ClusterName, Kind, ObjectKey};
use crate::recording::{Cluster, Header, Recorder, VERSION};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + second).unwrap()
}

fn fault() -> Fault {
    Fault::new(Reason::Unreachable, "no answer", "")
}

fn pod() -> ObjectKey {
    ObjectKey { cluster: "eu".into(), kind: Kind::Pod, namespace: "a".into(), name: "p".into() }
}

/// A recording of `eu` and `late`, of what is written into it; it ends after a minute.
fn recording(write: impl FnOnce(&mut Recorder<&mut Vec<u8>>)) -> Arc<Past> {
    let cluster = |name: &str| Cluster { name: name.into(), uid: None, kubernetes: None };
    let clusters = vec![cluster("eu"), cluster("late")];
    let mut bytes = Vec::new();
    let header = Header { version: VERSION, egret: String::new(), started: at(0), clusters };
    let mut recorder = Recorder::new(&mut bytes, header).unwrap();
    object(&mut recorder, 1, "eu");
    write(&mut recorder);
    for second in [2, 60] {
        let missed = Missed { pod: pod(), at: at(second), fault: fault() };
        recorder.scraped(&Scraped::Missed(Box::new(missed))).unwrap();
    }
    Arc::new(Past::read(&bytes).unwrap())
}

fn object(recorder: &mut Recorder<&mut Vec<u8>>, second: i64, cluster: &str) {
    let object = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "a", "name": "p"}});
    recorder.object(at(second), &cluster.into(), Kind::Pod, &object).unwrap();
}

/// A recording that is played, and what it tells.
struct Played {
    world: World,
    wishes: UnboundedSender<Wish>,
    told: UnboundedReceiver<Msg>,
    /// Whether its time stands.
    stands: bool,
}

impl Played {
    fn new(past: Arc<Past>, second: i64, speed: f64) -> Self {
        let options = Options { past, speed, from: at(second) };
        let stage = Stage::new(&options);
        let world = stage.world().clone();
        let (inbox, told) = unbounded_channel();
        let (wishes, receiver) = unbounded_channel();
        let player = Player::new(&options, stage, inbox, ClusterIds::default());
        tokio::spawn(player.play(receiver));
        Self { world, wishes, told, stands: speed == 0.0 }
    }

    fn by(&self, seconds: i64) {
        self.wishes.send(Wish::By(SignedDuration::from_secs(seconds))).unwrap();
    }

    /// Waits for a message; all that came until then.
    async fn until(&mut self, is_it: impl Fn(&Msg) -> bool) -> Vec<Msg> {
        let mut all = Vec::new();
        loop {
            let msg = self.told.recv().await.unwrap();
            // It tells no more at its end: what did not come by then does not come.
            let ended = matches!(&msg, Msg::Replaying(replay) if !replay.runs && !replay.settles);
            assert!(!ended || is_it(&msg) || self.stands, "{msg:?}");
            all.push(msg.clone());
            if is_it(&msg) {
                return all;
            }
        }
    }

    async fn settled(&mut self) -> Vec<Msg> {
        self.until(|msg| matches!(msg, Msg::Settled)).await
    }

    /// The clusters that do not answer now.
    fn lost(&self) -> Vec<String> {
        self.world.faults().rules().into_iter().filter_map(|rule| rule.which.cluster).collect()
    }

    fn second(&self) -> i64 {
        self.world.clock().now().as_second() - at(0).as_second()
    }
}

fn answers(cluster: &'static str) -> impl Fn(&Msg) -> bool {
    move |msg| matches!(msg, Msg::Answers(name) if *name == ClusterName::from(cluster))
}

#[test]
fn a_kind_that_was_refused_in_one_place_or_for_a_while_is_still_shown() {
    let past = recording(|recorder| {
        for kind in [Kind::Pod, Kind::HorizontalPodAutoscaler] {
            recorder.refused(at(50), &"eu".into(), Some(kind), &fault()).unwrap();
        }
        recorder.refused(at(50), &"late".into(), Some(Kind::Pod), &fault()).unwrap();
    });
    let may_read = |cluster: &str, plural: &str| {
        let rules = clusters::rules(&cluster.into(), &past)[0].1["rules"].clone();
        rules.as_array().unwrap().iter().any(|rule| rule["resources"][0] == plural)
    };
    assert!(may_read("eu", "pods"), "some were seen");
    assert!(!may_read("eu", "horizontalpodautoscalers"));
    assert!(!may_read("late", "pods"), "they were seen of another cluster only");
}

/// `eu` is lost from second 10 to 20.
fn an_outage() -> Arc<Past> {
    recording(|recorder| {
        recorder.refused(at(10), &"eu".into(), None, &fault()).unwrap();
        recorder.answers(at(20), &"eu".into()).unwrap();
    })
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_was_lost_is_lost_again_and_comes_back() {
    let mut played = Played::new(an_outage(), 2, 1.0);
    played.settled().await;
    assert_eq!(played.lost(), [""; 0]);
    let world = played.world.clone();
    played.until(|_| !world.faults().rules().is_empty()).await;
    assert_eq!((played.lost(), played.second()), (vec!["eu".to_owned()], 10));
    played.until(answers("eu")).await;
    assert_eq!((played.lost(), played.second()), (vec![], 20));
}

#[tokio::test(start_paused = true)]
async fn one_who_goes_into_an_outage_first_sees_what_was_there_and_then_that_it_is_lost() {
    let mut played = Played::new(an_outage(), 15, 0.0);
    assert_eq!(played.lost(), [""; 0], "its objects are read first");
    played.settled().await;
    assert_eq!(played.lost(), ["eu"]);
    played.by(-10);
    played.until(answers("eu")).await;
    assert_eq!(played.lost(), [""; 0]);
    played.settled().await;
    assert_eq!((played.lost(), played.second()), (vec![], 5));
    played.by(8);
    played.settled().await;
    assert_eq!(played.lost(), ["eu"]);
    played.by(20);
    played.settled().await;
    assert_eq!(played.lost(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_comes_late_is_not_there_before() {
    for answers_are_told in [true, false] {
        let past = recording(|recorder| {
            recorder.refused(at(0), &"late".into(), None, &fault()).unwrap();
            if answers_are_told {
                recorder.answers(at(30), &"late".into()).unwrap();
            }
            object(recorder, 30, "late");
        });
        let mut played = Played::new(past, 1, 1.0);
        assert_eq!(played.lost(), ["late"], "before anybody asks");
        played.settled().await;
        assert_eq!(played.lost(), ["late"]);
        played.until(answers("late")).await;
        assert_eq!((played.lost(), played.second()), (vec![], 30));
    }
}

#[tokio::test(start_paused = true)]
async fn a_moment_is_told_once_and_of_many_wishes_only_the_last_is_gone_to() {
    let mut played = Played::new(recording(|_| {}), 2, 0.0);
    let moments = |told: &[Msg]| told.iter().filter(|msg| matches!(msg, Msg::Rewound(_))).count();
    assert_eq!(moments(&played.settled().await), 1);
    // All are wished before the player has its turn: the first is made ready, then the last.
    (0..20).for_each(|_| played.by(2));
    assert_eq!(moments(&played.settled().await), 2);
    assert_eq!(played.second(), 42);
}

#[tokio::test(start_paused = true)]
async fn its_time_stands_until_one_sees_the_moment_that_was_gone_to() {
    let mut played = Played::new(recording(|_| {}), 2, 60.0);
    played.settled().await;
    assert_eq!(played.second(), 2);
    played.until(|msg| matches!(msg, Msg::Replaying(replay) if !replay.runs)).await;
    assert_eq!(played.second(), 60);
}

#[test]
fn a_file_that_is_empty_or_whose_first_line_is_cut_short_is_told_in_words() {
    let dir = tempfile::tempdir().unwrap();
    for (text, why) in [("", "it is empty"), (r#"{"is":"recording","ver"#, "its first line is no header")] {
        let file = dir.path().join("r");
        std::fs::write(&file, text).unwrap();
        let told = open(&file, 1.0, None).unwrap_err();
        assert!(told.contains(why), "{told}");
    }
}
