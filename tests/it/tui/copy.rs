//! Copying.

use std::os::unix::fs::PermissionsExt as _;

use super::Place;
use crate::support::session::egret;

#[tokio::test]
async fn a_name_and_a_yaml_are_sent_to_the_clipboard_of_the_terminal() {
    let place = Place::new().await;
    place.pod("copied", &["main"]).await;
    let session = egret(place.cluster.kubeconfig(), &place.view("pods")).go();
    session
        .sees("1/1 clusters")
        .selects("copied")
        .keys("c")
        .sees("Sent `copied` to the terminal's clipboard");
    let raw = String::from_utf8(session.raw()).unwrap();
    assert!(raw.contains("\u{1b}]52;c;Y29waWVk\u{7}"), "{raw:?}");
    session
        .keys("C")
        .sees("kind: Pod")
        .sees("C again copies it")
        .keys("C")
        .sees("lines to the terminal's clipboard");
}

#[tokio::test]
async fn inside_tmux_the_text_goes_by_tmux_itself() {
    let place = Place::new().await;
    place.pod("copied", &["main"]).await;
    let bin = tempfile::tempdir().unwrap();
    let tmux = bin.path().join("tmux");
    std::fs::write(
        &tmux,
        format!("#!/bin/sh\necho \"$@\" > {0}/args\ncat > {0}/text\n", bin.path().display()),
    )
    .unwrap();
    std::fs::set_permissions(&tmux, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", bin.path().display());
    let start = egret(place.cluster.kubeconfig(), &place.view("pods"));
    let session = start.env("TMUX", "/tmp/tmux-0/default,1,0").env("PATH", path).go();
    session.sees("1/1 clusters").selects("copied").keys("c").sees("to tmux's buffer");
    assert_eq!(std::fs::read_to_string(bin.path().join("text")).unwrap(), "copied");
    assert_eq!(std::fs::read_to_string(bin.path().join("args")).unwrap(), "load-buffer -w -\n");
    assert!(!String::from_utf8_lossy(&session.raw()).contains("\u{1b}]52"));
}

#[tokio::test]
async fn a_tmux_that_refuses_is_told_with_its_own_words() {
    let place = Place::new().await;
    place.pod("copied", &["main"]).await;
    let bin = tempfile::tempdir().unwrap();
    let tmux = bin.path().join("tmux");
    std::fs::write(&tmux, "#!/bin/sh\necho 'no server running' >&2\nexit 1\n").unwrap();
    std::fs::set_permissions(&tmux, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", bin.path().display());
    let start = egret(place.cluster.kubeconfig(), &place.view("pods"));
    let session = start.env("TMUX", "x").env("PATH", path).go();
    session
        .sees("1/1 clusters")
        .selects("copied")
        .keys("c")
        .sees("tmux did not take the text: no server running");
}
