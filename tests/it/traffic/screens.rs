//! The same in a terminal.

use super::site::Site;
use crate::support::plane::web::{self, Load};
use crate::support::plane::{Bootstrap, Host, Upstream};
use crate::support::session::{PATIENCE, Session, egret};

/// Opens the traffic of a gateway, and waits until its proxy was read.
fn traffic(site: &Site) -> Session {
    let session = egret(site.cluster.kubeconfig(), "--read-only -n istio-system").go();
    session.sees(&site.name).keys("/");
    session.type_in(&site.name);
    session.keys("enter").selects(&site.name).keys("t");
    // Only then is what comes after it told from what was there before.
    session.sees("traffic").says("Nothing went through it in the last");
    session
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_traffic_tab_tells_which_host_fails_how_much_and_why() {
    let (good, mut bad) = (Upstream::start().await.unwrap(), Upstream::start().await.unwrap());
    let hosts = vec![Host::new("good.example.com", good.port()), Host::new("bad.example.com", bad.port())];
    let site = Site::start(&Bootstrap::new(hosts)).await;
    let session = traffic(&site);
    let load = [Load::code("good.example.com", 200, 50), Load::code("bad.example.com", 200, 30)];
    web::send(site.envoy.port(), &load).await.unwrap();
    bad.stop().await;
    web::send(site.envoy.port(), &[Load::code("bad.example.com", 200, 10)]).await.unwrap();
    // 30 of 40 came through, whatever the window.
    let row = |s: &str, host: &str, success: &str| {
        let line = s.lines().find(|line| line.contains(host))?;
        line.split_whitespace().any(|word| word == success).then(|| line.to_owned())
    };
    session.wait_until("the rows tell what was sent", PATIENCE, |s| {
        row(s, "good.example.com", "100").is_some()
            && row(s, "bad.example.com", "75").is_some_and(|line| line.contains("UF"))
    });
    session.selects("bad.example.com").says("The gateway could not connect to the host.");
    // By code: 80 answers 200, 10 answers 503.
    session.keys("b").keys("b").sees("503");
    drop(session);
}
