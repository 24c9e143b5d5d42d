//! Logs of several containers, followed side by side as messages.

use std::sync::Arc;

use futures::future::join_all;

use super::effects::tell;
use super::looping::Inbox;
use crate::app::effect::{LogQuery, Ticket};
use crate::app::msg::{LogLine, Msg};
use crate::cluster::connect::Connection;
use crate::cluster::logs::{self, LogOf, Said};
use crate::model::clean::clean;

/// Follows the logs of a query until dropped.
pub(super) async fn follow_logs(c: Connection, ticket: Ticket, query: LogQuery, inbox: Inbox) {
    let several = query.pods.len() > 1 || query.pods.iter().any(|(_, containers)| containers.len() != 1);
    let each = query.pods.iter().flat_map(|(pod, containers)| containers.iter().map(move |c| (pod, c)));
    let tasks = each.map(|(pod, container)| {
        let log = LogOf {
            namespace: query.namespace.to_string(),
            pod: pod.to_string(),
            container: container.to_string(),
            previous: query.previous,
            tail: query.tail,
        };
        let source: Arc<str> =
            if several { clean(&format!("{}/{container}", short(pod))).as_ref().into() } else { "".into() };
        let (c, inbox) = (&c, &inbox);
        async move {
            let on = |said| match said {
                Said::Note(note) => tell(inbox, Msg::LogNote(ticket, note)),
                Said::Lines(lines) => {
                    let line = |(time, text): (_, String)| LogLine {
                        source: source.clone(),
                        time,
                        text: clean(&text).into_owned().into(),
                    };
                    tell(inbox, Msg::LogLines(ticket, lines.into_iter().map(line).collect()));
                }
            };
            logs::follow(c, &log, on).await;
        }
    });
    join_all(tasks).await;
}

/// The end of a pod's name tells pods of one Deployment apart.
fn short(pod: &str) -> &str {
    pod.rsplit_once('-').map_or(pod, |(_, end)| end)
}
