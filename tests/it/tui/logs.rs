//! Logs on the screen.

use super::Place;
use crate::support::session::egret;

#[tokio::test]
async fn a_log_is_followed_held_searched_and_told_with_its_times() {
    let place = Place::new().await;
    place.running_pod("chatty", &["main"]).await;
    let log = place.cluster.logs_of(&place.client, &place.name, "chatty", &["main"]).await.unwrap().remove(0);
    for n in 0..100 {
        log.line_at(&format!("2026-01-01T00:{:02}:{:02}Z", n / 60, n % 60), &format!("line {n:03}")).unwrap();
    }
    let session = egret(place.cluster.kubeconfig(), &place.view("pods")).size(80, 24).go();
    session.sees("1/1 clusters").selects("chatty").keys("l").sees("line 099").sees("following");
    log.line("the newest").unwrap();
    session.sees("the newest");

    session.keys("f").sees("held").sees("the newest");
    log.line("not yet seen").unwrap();
    session.sees("102 lines").sees("the newest");
    assert!(!session.screen().contains("not yet seen"), "{}", session.screen());
    session.keys("f").sees("following").sees("not yet seen");
    session.keys("up").sees("held").keys("G").sees("following");
    session.keys("g g").sees("line 000").sees("held");
    session.keys("t").sees("2026-01-01T00:00:00.000Z line 000").keys("t").sees_not("2026-01-01T00");

    session.keys("G").sees("not yet seen").keys("/");
    session.type_in("line 02");
    session.sees("in 10 lines").keys("enter").sees("line 029").keys("N").sees("line 028").keys("n");
    session.sees("line 029").keys("esc").sees_not("find:");
    let long = "long ".repeat(40) + "END";
    log.line(&long).unwrap();
    session.keys("G").sees("long long").sees_not("END");
    session
        .keys("w")
        .sees("END")
        .keys("w")
        .sees_not("END")
        .keys("right right right right right right right right");
    session.keys("right right right right right right right right").sees("END").sees("from column");
    session.keys("esc").sees("egret › pods").selects("chatty");
}

#[tokio::test]
async fn the_containers_of_a_pod_are_shown_together_or_one_by_one() {
    let place = Place::new().await;
    place.running_pod("two", &["first", "second"]).await;
    let logs = place.cluster.logs_of(&place.client, &place.name, "two", &["first", "second"]).await.unwrap();
    logs[0].line("from the first").unwrap();
    logs[1].line("from the second").unwrap();
    let session = egret(place.cluster.kubeconfig(), &place.view("pods")).go();
    session.sees("1/1 clusters").selects("two").keys("l").sees("all containers");
    session.sees("two/first from the first").sees("two/second from the second");
    session.keys("a").sees("· first ·").sees("from the first").sees_not("from the second");
    session.keys("a").sees("· second ·").sees("from the second").sees_not("from the first");
    session.keys("a").sees("all containers").sees("from the first").sees("from the second");
}

#[tokio::test]
async fn the_log_before_the_last_restart_is_told_apart() {
    let place = Place::new().await;
    place.running_pod("restarted", &["main"]).await;
    let logs = place.cluster.logs_of(&place.client, &place.name, "restarted", &["main"]).await.unwrap();
    logs[0].line("after").unwrap();
    logs[0].previous("before").unwrap();
    let session = egret(place.cluster.kubeconfig(), &place.view("pods")).go();
    session.sees("1/1 clusters").selects("restarted").keys("L").sees("before the last restart");
    session.sees_not("  after");
    session
        .keys("p")
        .sees("following · all containers")
        .sees("after")
        .keys("p")
        .sees("before the last restart");
}

#[tokio::test]
async fn a_log_without_a_line_says_that_it_has_none() {
    let place = Place::new().await;
    place.running_pod("silent", &["main"]).await;
    place.cluster.logs_of(&place.client, &place.name, "silent", &["main"]).await.unwrap();
    let session = egret(place.cluster.kubeconfig(), &place.view("pods")).go();
    session.sees("1/1 clusters").selects("silent").keys("l").sees("The log has no line yet");
}
