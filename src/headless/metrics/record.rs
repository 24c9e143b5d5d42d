//! `egret metrics --record`: what is seen of gateways and read of their proxies, to a file as it comes.

mod links;
mod objects;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use super::find;
use super::session::{Came, Session};
use super::{LIMIT, say};
use crate::cli::Metrics;
use crate::cluster::kubeconfig::Contexts;
use crate::config::Settings;
use crate::headless::{Outcome, Streams};
use crate::metrics::Scraped;
use crate::model::clean::clean;
use crate::model::fault::Fault;
use crate::recording::{Cluster, Header, Recorder, VERSION};
use crate::sources::Heard;
use links::Links;
use objects::Objects;

/// Records until it was long enough or `stop` ends.
///
/// # Errors
/// When the error stream cannot be written. A file that cannot be is told there.
pub async fn record(
    wish: &Metrics,
    file: &Path,
    settings: &Settings,
    contexts: Contexts,
    stop: impl Future<Output = ()>,
    streams: &mut Streams<'_>,
) -> io::Result<Outcome> {
    let shown = file.display();
    if !wish.force && file.exists() {
        streams.complain(format!("{shown} is there already; --force writes over it"))?;
        return Ok(Outcome::Usage);
    }
    let mut session = match Session::open(wish, settings, contexts) {
        Ok(session) => session,
        Err(fault) => return streams.fails(&fault),
    };
    let mut stop = std::pin::pin!(stop);
    tokio::select! {
        biased;
        () = &mut stop => return Ok(Outcome::Done),
        () = session.settle(LIMIT) => {}
    }
    for fault in session.faults() {
        say(&fault, streams)?;
    }
    if let Some(why) = unknown(&session, &wish.gateways) {
        streams.complain(why)?;
        return Ok(Outcome::Failed);
    }
    let recorder = create(file, wish.force).and_then(|out| Recorder::new(out, header(&session)));
    let recorder = match recorder {
        Ok(recorder) => recorder,
        Err(why) => return streams.wrong(file, &why.to_string()),
    };
    let count = session.named(&wish.gateways).len();
    let gateways = if count == 1 { "gateway" } else { "gateways" };
    streams.complain(format!("recording {count} {gateways} to {shown}; ctrl-c ends it"))?;
    let mut recording = Recording {
        session,
        recorder,
        objects: Objects::new(),
        links: Links::default(),
        faults: Vec::new(),
        read: 0,
    };
    let clock = recording.session.clock().clone();
    let lasts = wish.lasts.unwrap_or(Duration::MAX);
    let ended = tokio::select! {
        biased;
        () = &mut stop => Ok(()),
        () = clock.sleep(lasts), if wish.lasts.is_some() => Ok(()),
        ended = recording.go(&wish.gateways, streams) => ended,
    };
    if let Err(Trouble::File(why)) = &ended {
        return streams.wrong(file, &why.to_string());
    }
    if let Err(Trouble::Streams(why)) = ended {
        return Err(why);
    }
    recording.told(streams)?;
    let lines = recording.recorder.lines();
    streams.complain(format!("{shown}: {lines} lines; `egret replay {shown}` plays it"))?;
    Ok(if recording.read == 0 && count > 0 { Outcome::Failed } else { Outcome::Done })
}

/// What can go wrong: the recording, or telling of it.
enum Trouble {
    File(io::Error),
    Streams(io::Error),
}

struct Recording {
    session: Session,
    recorder: Recorder<File>,
    objects: Objects,
    links: Links,
    /// What was told of pods that cannot be read.
    faults: Vec<(String, Fault)>,
    /// How many scrapes there are.
    read: u64,
}

impl Recording {
    /// Records what comes, for ever.
    async fn go(&mut self, names: &[String], streams: &mut Streams<'_>) -> Result<(), Trouble> {
        loop {
            let (states, now) = (self.session.states(), self.session.now());
            let links = states.iter().map(|state| (&state.cluster, &state.link));
            self.links.write(links, now, &mut self.recorder).map_err(Trouble::File)?;
            let gateways = self.session.named(names);
            self.session.read(gateways.iter().cloned().collect());
            self.objects.follow(&self.session);
            self.objects.write(&self.session, &gateways, now, &mut self.recorder).map_err(Trouble::File)?;
            loop {
                // Objects and states change what is to be written; what proxies say is written as it is.
                tokio::select! {
                    came = self.session.next() => match came {
                        Some(Came::Heard(heard)) => self.heard(&heard, streams)?,
                        Some(Came::State) | None => break,
                    },
                    () = self.objects.changed() => break,
                }
            }
        }
    }

    fn heard(&mut self, heard: &Heard, streams: &mut Streams<'_>) -> Result<(), Trouble> {
        match heard {
            Heard::Scraped(scraped) => {
                self.recorder.scraped(scraped).map_err(Trouble::File)?;
                match scraped {
                    Scraped::Scrape(_) => self.read += 1,
                    Scraped::Missed(missed) => {
                        let what = (missed.pod.name.to_string(), missed.fault.clone());
                        if !self.faults.contains(&what) {
                            say(&missed.fault, streams).map_err(Trouble::Streams)?;
                            self.faults.push(what);
                        }
                    }
                }
            }
            Heard::Admin(seen) => self.recorder.seen(seen).map_err(Trouble::File)?,
            Heard::Usage(cluster, usage) => {
                self.recorder.usage(self.session.now(), cluster, usage).map_err(Trouble::File)?;
            }
        }
        Ok(())
    }

    /// What is missing in it.
    fn told(&self, streams: &mut Streams<'_>) -> io::Result<()> {
        if self.read == 0 {
            streams.complain("no proxy was read: only objects are in the recording")?;
        }
        Ok(())
    }
}

fn header(session: &Session) -> Header {
    let cluster = |s: &std::sync::Arc<crate::model::snapshot::Snapshot>| Cluster {
        name: s.cluster.clone(),
        uid: s.facts.uid.clone(),
        kubernetes: s.facts.kubernetes.clone(),
    };
    Header {
        version: VERSION,
        egret: env!("CARGO_PKG_VERSION").to_owned(),
        started: session.now(),
        clusters: session.states().iter().map(cluster).collect(),
    }
}

/// The first name that no gateway has, in words.
fn unknown(session: &Session, names: &[String]) -> Option<String> {
    let fleet = session.fleet();
    let unknown = names.iter().find(|name| find::all(&fleet, name).is_empty())?;
    Some(clean(&find::nothing(&fleet, &session.states(), unknown)).into_owned())
}

/// Makes the file, for its owner alone.
fn create(path: &Path, force: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    let options = if force { options.create(true).truncate(true) } else { options.create_new(true) };
    let file = options.open(path)?;
    // One that was there before may have been open to others. What is no file (/dev/stdout) has no such rights.
    if file.metadata()?.is_file() {
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(file)
}
