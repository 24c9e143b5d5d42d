//! `pods/x/log`.

use bytes::Bytes;
use futures::Stream;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::watch;

use super::Answer;
use super::request::Ask;
use crate::demo::cluster::SimulatedCluster;
use crate::demo::envoy::access::Sample;
use crate::demo::log_text::{Line, Run};
use crate::demo::state::State;
use crate::demo::status::{Cause, Status};
use crate::demo::store::{Key, Object};

/// What is asked of a log.
#[derive(Clone, Debug)]
struct Wish {
    container: String,
    previous: bool,
    stamps: bool,
    tail: Option<usize>,
    since: Option<Timestamp>,
}

/// Opens a log.
///
/// # Errors
/// A pod or container that is not there, or has not run.
pub(super) fn open(state: &State, cluster: &SimulatedCluster, ask: &Ask) -> Result<Answer, Status> {
    let key = Key::new("pods", &ask.namespace, &ask.name);
    let pod = state.store.get(&key).cloned().ok_or_else(|| Status::not_found(&ask.resource, &ask.name))?;
    check_options(ask)?;
    let wish = wish(ask, &pod, state.now)?;
    let lines = match run(state, &pod, &wish)? {
        Some(run) => run.lines(state.now),
        None => return Ok(Answer::Nothing),
    };
    let mut lines: Vec<Line> = lines.into_iter().filter(|l| wish.since.is_none_or(|s| l.at >= s)).collect();
    let surplus = wish.tail.map_or(0, |tail| lines.len().saturating_sub(tail));
    lines.drain(..surplus);
    if !ask.query.is("follow") || wish.previous {
        return Ok(Answer::Log(text(&lines, wish.stamps)));
    }
    let first = Bytes::from(text(&lines, wish.stamps));
    let follow = Follow {
        cluster: cluster.clone(),
        revisions: cluster.revisions(),
        key,
        wish,
        at: state.now,
        first: Some(first),
    };
    Ok(Answer::Lines(Box::pin(follow.stream())))
}

fn text(lines: &[Line], stamps: bool) -> String {
    let mut text = String::new();
    for line in lines {
        if stamps {
            text.push_str(&line.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ ").to_string());
        }
        text.push_str(&line.text);
        text.push('\n');
    }
    text
}

/// Refuses options that cannot be.
fn check_options(ask: &Ask) -> Result<(), Status> {
    let least = |field: &str, least: i64, why: &str| -> Result<Option<Cause>, Status> {
        let number = ask.query.number(field)?.filter(|n| *n < least);
        Ok(number.map(|n| Cause::invalid(field, &serde_json::json!(n), why)))
    };
    let mut causes: Vec<Cause> = [
        least("tailLines", 0, "must be greater than or equal to 0")?,
        least("sinceSeconds", 1, "must be greater than 0")?,
        least("limitBytes", 1, "must be greater than 0")?,
    ]
    .into_iter()
    .flatten()
    .collect();
    if ask.query.get("sinceSeconds").is_some() && ask.query.get("sinceTime").is_some() {
        causes.push(Cause::forbidden("[]", "at most one of `sinceTime` or `sinceSeconds` may be specified"));
    }
    if causes.is_empty() { Ok(()) } else { Err(Status::wrong_options("PodLogOptions", &ask.name, &causes)) }
}

fn wish(ask: &Ask, pod: &Value, now: Timestamp) -> Result<Wish, Status> {
    let containers = || pod["spec"]["containers"].as_array().into_iter().flatten();
    let inits = pod["spec"]["initContainers"].as_array().into_iter().flatten();
    let names: Vec<&str> = containers().chain(inits).filter_map(|c| c["name"].as_str()).collect();
    let container = match ask.query.get("container").filter(|c| !c.is_empty()) {
        Some(name) if names.contains(&name) => name.to_owned(),
        Some(name) => {
            return Err(Status::bad_request(format!("container {name} is not valid for pod {}", ask.name)));
        }
        None if containers().count() == 1 => names.first().copied().unwrap_or_default().to_owned(),
        None => {
            let own: Vec<&str> = containers().filter_map(|c| c["name"].as_str()).collect();
            let why = format!(
                "a container name must be specified for pod {}, choose one of: [{}]",
                ask.name,
                own.join(" ")
            );
            return Err(Status::bad_request(why));
        }
    };
    let seconds =
        ask.query.number("sinceSeconds")?.map(|s| std::time::Duration::from_secs(s.max(0).unsigned_abs()));
    let ago = seconds.and_then(|s| now.checked_sub(s).ok());
    Ok(Wish {
        container,
        previous: ask.query.is("previous"),
        stamps: ask.query.is("timestamps"),
        tail: ask.query.number("tailLines")?.and_then(|n| usize::try_from(n).ok()),
        since: ago.or_else(|| ask.query.get("sinceTime")?.parse().ok()),
    })
}

/// The run of a container that a wish is about; none: nothing has been written yet.
fn run<'a>(state: &State, pod: &'a Value, wish: &'a Wish) -> Result<Option<Run<'a>>, Status> {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let container = wish.container.as_str();
    let lists = ["containerStatuses", "initContainerStatuses"].map(|l| pod["status"][l].as_array());
    let status = lists.into_iter().flatten().flatten().find(|s| s["name"] == container);
    let Some(status) = status else {
        // A pod without a node has no kubelet to ask.
        if pod["spec"]["nodeName"].as_str().is_none_or(str::is_empty) {
            return Ok(None);
        }
        let why = format!("container {container:?} in pod {name:?} is waiting to start: ContainerCreating");
        return Err(Status::bad_request(why));
    };
    let time = |v: &Value| v.as_str().and_then(|t| t.parse::<Timestamp>().ok());
    let sample = || Sample::of(state, pod);
    let ended = |of: &Value| {
        let (start, end) = (time(&of["startedAt"])?, time(&of["finishedAt"])?);
        let exit = of["exitCode"].as_i64().unwrap_or_default();
        Some(Run { pod, container, start, end: Some(end), exit, sample: sample() })
    };
    if wish.previous {
        let missing = || {
            Status::bad_request(format!(
                "previous terminated container {container:?} in pod {name:?} not found"
            ))
        };
        return ended(&status["lastState"]["terminated"]).map(Some).ok_or_else(missing);
    }
    let now = &status["state"];
    if let Some(start) = time(&now["running"]["startedAt"]) {
        return Ok(Some(Run { pod, container, start, end: None, exit: 0, sample: sample() }));
    }
    if let Some(run) = ended(&now["terminated"]).or_else(|| ended(&status["lastState"]["terminated"])) {
        return Ok(Some(run));
    }
    let reason = match now["waiting"]["reason"].as_str() {
        Some("ErrImagePull" | "ImagePullBackOff") => "trying and failing to pull image",
        Some("InvalidImageName") => "InvalidImageName",
        Some(reason) => reason,
        None => "ContainerCreating",
    };
    Err(Status::bad_request(format!("container {container:?} in pod {name:?} is waiting to start: {reason}")))
}

/// A log that is followed.
struct Follow {
    cluster: SimulatedCluster,
    revisions: watch::Receiver<u64>,
    key: Key,
    wish: Wish,
    at: Timestamp,
    first: Option<Bytes>,
}

impl Follow {
    /// The next lines; none: the container or its pod is gone.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(first) = self.first.take().filter(|f| !f.is_empty()) {
            return Some(first);
        }
        loop {
            let pod: Object = self.cluster.with(|state| state.store.get(&self.key).cloned())?;
            let run = self.cluster.with(|state| run(state, &pod, &self.wish)).ok().flatten()?;
            let now = self.cluster.clock().now();
            let new: Vec<Line> = run.lines(now).into_iter().filter(|l| l.at > self.at).collect();
            self.at = now;
            if !new.is_empty() {
                return Some(text(&new, self.wish.stamps).into());
            }
            if run.end.is_some() {
                return None;
            }
            let wait = run
                .next(now)
                .and_then(|at| self.cluster.clock().lasts(at.duration_since(now).try_into().ok()?));
            let due = async {
                match wait {
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                changed = self.revisions.changed() => changed.ok()?,
                () = due => {}
            }
        }
    }

    fn stream(self) -> impl Stream<Item = Bytes> + Send {
        futures::stream::unfold(self, async |mut follow| {
            let lines = follow.next().await?;
            Some((lines, follow))
        })
    }
}
