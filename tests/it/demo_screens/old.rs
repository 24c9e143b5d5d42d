//! What has not changed for longer than the server remembers.

use std::time::Duration;

use crate::support::demo::{Session, run};

#[test]
fn an_object_older_than_the_history_is_watched_and_not_asked_for_again_and_again() {
    run(async {
        let mut session = Session::open(1, (120, 40), &[]).await;
        session.keys("/").await.type_in("egress-crm").await.keys("enter enter").await;
        session.sees("egress-crm").sees("2 wanted, 2 updated");
        let asked = session.requests("frankfurt");
        for _ in 0..10 {
            session.settle().await;
        }
        assert_eq!(session.requests("frankfurt"), asked, "20 seconds in which nothing changed");
        session.change("frankfurt", "istiogateways.istio.alibabacloud.com", "egress-crm", |object| {
            object["spec"]["replicaCount"] = 3.into()
        });
        session.advance(Duration::from_secs(10)).await;
        session.sees("3 wanted, 3 updated");
    });
}
