//! Columns of a person's own: chosen on the screen, saved, there again, and in `egret get`.

use std::process::Command;

use super::Place;
use crate::support::session::egret;

/// The cells of a pod as `egret get pods` prints them, with this config.
fn got(place: &Place, config: &std::path::Path, pod: &str, more: &str) -> Vec<String> {
    let line = format!("get pods {pod} -n {} {more}", place.name);
    let mut command = Command::new(env!("CARGO_BIN_EXE_egret"));
    command.args(line.split_whitespace()).env_clear().env("HOME", config.parent().unwrap());
    command.env("KUBECONFIG", place.cluster.kubeconfig()).env("EGRET_CONFIG", config);
    let out = command.output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(out.status.success(), "{text}{}", String::from_utf8_lossy(&out.stderr));
    text.lines().nth(1).unwrap().split_whitespace().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_column_of_a_path_is_added_seen_saved_and_there_again() {
    let place = Place::new().await;
    place.pod("a", &["main", "side"]).await;
    place.pod("b", &["other"]).await;
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("config.toml");
    std::fs::write(&config, "# mine\ntheme = 'mono'\n").unwrap();
    let start =
        || egret(place.cluster.kubeconfig(), &place.view("pods")).env("EGRET_CONFIG", &config).size(80, 24);
    let session = start().go();
    session.sees("1/1 clusters").sees("1/2 in").keys("down").selects(" b ");
    session.keys("z w").sees("columns of pods").keys("a").sees("label:KEY or JSON path:");
    session.type_in("{.spec.containers[*].name}");
    session.keys("enter").sees("id of the column: name-2").keys("ctrl-u");
    session.type_in("parts");
    session.keys("enter").sees("JSON path {.spec.containers[*].name}");
    // The pods are listed again for it, and the cursor stays where it was.
    session.sees("PARTS").sees("main,side").keys("s").sees("columns.pods is saved").keys("esc");
    session.sees_not("columns of pods").selects(" b ");
    // What changes is read like what was listed.
    place.pod("c", &["late"]).await;
    session.sees("late").command("sort parts").command("filter parts:/^[ml]/").sees("2 of 3");
    session.keys("esc").sees_not("filter:").keys("q");

    let text = std::fs::read_to_string(&config).unwrap();
    assert!(text.starts_with("# mine\ntheme = 'mono'\n"), "{text}");
    let session = start().go();
    session.sees("1/1 clusters").sees("PARTS").sees("main,side").keys("q");

    let pod = place.pods().get("a").await.unwrap();
    let names: Vec<String> = pod.spec.unwrap().containers.into_iter().map(|c| c.name).collect();
    assert_eq!(got(&place, &config, "a", "").last(), Some(&names.join(",")));
    assert_eq!(got(&place, &config, "a", "-o wide").last(), Some(&names.join(",")));
    assert_eq!(got(&place, &config, "", "--sort parts:desc --filter parts:/^[mo]/").last().unwrap(), "other");
}
