//! Which clusters answer: written when that changes.

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;

use crate::model::fault::Reason;
use crate::model::name::ClusterName;
use crate::model::snapshot::Link;
use crate::recording::Recorder;

/// The clusters that do not answer, as far as is written.
#[derive(Debug, Default)]
pub(super) struct Links(BTreeMap<ClusterName, Reason>);

impl Links {
    /// Writes what is not as it was written last.
    pub(super) fn write<'s, W: Write>(
        &mut self,
        links: impl Iterator<Item = (&'s ClusterName, &'s Link)>,
        now: Timestamp,
        recorder: &mut Recorder<W>,
    ) -> io::Result<()> {
        for (cluster, link) in links {
            if let Some(fault) = link.fault() {
                // Words of a fault may tell how often it was tried: that is no other fault.
                if self.0.insert(cluster.clone(), fault.reason) != Some(fault.reason) {
                    recorder.refused(now, cluster, None, fault)?;
                }
            } else if link.is_ready() && self.0.remove(cluster).is_some() {
                recorder.answers(now, cluster)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fault::Fault;
    use crate::recording::{Header, Past, VERSION, What};

    #[test]
    fn a_cluster_that_is_lost_and_comes_back_is_written_each_time_it_changes() {
        let now = Timestamp::UNIX_EPOCH;
        let header = Header { version: VERSION, egret: String::new(), started: now, clusters: Vec::new() };
        let mut bytes = Vec::new();
        let mut recorder = Recorder::new(&mut bytes, header).unwrap();
        let mut links = Links::default();
        let stale = |tries: u32| Link::Stale {
            since: now,
            fault: Fault::new(Reason::Unreachable, format!("{tries} tries"), ""),
            next_try: None,
        };
        let cluster: ClusterName = "eu".into();
        let connecting = Link::Connecting { since: now };
        for link in [connecting.clone(), Link::Ready, stale(1), stale(2), connecting, Link::Ready, stale(3)] {
            links.write([(&cluster, &link)].into_iter(), now, &mut recorder).unwrap();
        }
        let past = Past::read(&bytes).unwrap();
        let told: Vec<&str> = past
            .entries
            .iter()
            .map(|entry| match &entry.what {
                What::Refused(_, None, fault) => &fault.summary,
                What::Answers(_) => "answers",
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(told, ["1 tries", "answers", "3 tries"]);
    }
}
