//! Who holds the lease of egret's reconcilers: the object, and what it means to whoever looks at it.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::clean::clean;
use super::fault::Fault;
use super::name::Kind;
use super::row::{Row, RowMeta};
use super::snapshot::{ClusterFacts, Keeper};

/// The name of the lease.
pub const LEASE: &str = "egret-controller";

/// On the lease: the version of its holder.
pub const VERSION: &str = "egret/version";

/// On the lease: `"true"` where its holder is a reconciler within a screen.
pub const EMBEDDED: &str = "egret/embedded";

/// Said of a holder within a screen.
pub const IN_A_SCREEN: &str = " (in a screen)";

/// How long a lease holds without being renewed, where it does not say so.
pub const HOLDS: Duration = Duration::from_secs(15);

/// How far the clock of a holder may be off before a lease that was never seen to change is taken for a dead one.
const SKEW: Duration = Duration::from_secs(60);

/// A lease as it was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lease {
    /// Metadata, of which only its state's number is kept.
    pub meta: RowMeta,
    /// Its holder and who that is; `holder.identity` is empty when it was given back.
    pub holder: By,
    /// `spec.renewTime`, by its holder's clock.
    pub renewed: Option<Timestamp>,
    /// How long it holds without being renewed.
    pub holds: Duration,
    /// How often the holder has changed.
    pub transitions: i64,
}

/// Somebody who holds a lease.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct By {
    /// `spec.holderIdentity`: of a reconciler of egret's, `host_process_random`.
    pub identity: Box<str>,
    /// Its version; empty when it does not say.
    pub version: Box<str>,
    /// Whether it is a reconciler within a screen.
    pub embedded: bool,
    /// `spec.acquireTime`: since when it holds the lease, by its own clock.
    pub since: Option<Timestamp>,
}

impl Lease {
    /// Reads a lease; what it does not say, or says wrongly, is as if it were not there.
    pub fn of(object: &Value) -> Self {
        let text = |value: &Value| -> Box<str> { value.as_str().unwrap_or_default().into() };
        let moment = |value: &Value| value.as_str().and_then(|text| text.parse().ok());
        let (metadata, spec) = (&object["metadata"], &object["spec"]);
        let marks = &metadata["annotations"];
        Self {
            meta: RowMeta { resource_version: text(&metadata["resourceVersion"]), ..RowMeta::default() },
            holder: By {
                identity: text(&spec["holderIdentity"]),
                version: text(&marks[VERSION]),
                embedded: marks[EMBEDDED] == "true",
                since: moment(&spec["acquireTime"]),
            },
            renewed: moment(&spec["renewTime"]),
            holds: spec["leaseDurationSeconds"].as_u64().map_or(HOLDS, Duration::from_secs),
            transitions: spec["leaseTransitions"].as_i64().unwrap_or_default(),
        }
    }

    /// Who holds it, as far as one look at `now` can tell.
    pub fn held(&self, now: Timestamp) -> Holder {
        if self.holder.identity.is_empty() {
            return Holder::Nobody;
        }
        let limit = self.holds.saturating_add(SKEW);
        let is_old =
            |at: &Timestamp| Duration::try_from(now.duration_since(*at)).is_ok_and(|old| old > limit);
        match self.renewed.filter(is_old) {
            Some(at) => self.silent(at),
            None => Holder::Held(self.holder.clone()),
        }
    }

    /// Its holder, of whom nothing was heard since a moment.
    pub fn silent(&self, since: Timestamp) -> Holder {
        Holder::Silent { by: self.holder.clone(), since }
    }
}

impl Row for Lease {
    const KIND: Kind = Kind::Lease;

    fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        Ok(Self::of(&serde_json::from_slice(json)?))
    }

    fn meta(&self) -> &RowMeta {
        &self.meta
    }
}

/// Who acts on the gateways of a cluster that egret keeps.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Holder {
    /// Not looked at: yet, or because egret does not keep the gateways.
    #[default]
    Unread,
    /// It could not be read: why.
    Unknown(Fault),
    /// There is no lease, or it was given back: nobody acts on gateways.
    Nobody,
    /// Somebody holds it and renews it.
    Held(By),
    /// Somebody holds it and has not renewed it for longer than it holds: gone, or without a way to the API server.
    Silent {
        /// Who.
        by: By,
        /// When it was last renewed.
        since: Timestamp,
    },
}

impl Holder {
    /// One word for scripts; `None` when it was not looked at.
    pub fn state(&self) -> Option<&'static str> {
        match self {
            Self::Unread => None,
            Self::Unknown(_) => Some("unknown"),
            Self::Nobody => Some("nobody"),
            Self::Held(_) => Some("held"),
            Self::Silent { .. } => Some("silent"),
        }
    }

    /// Who holds the lease, whether or not they are heard of.
    pub fn by(&self) -> Option<&By> {
        match self {
            Self::Held(by) | Self::Silent { by, .. } => Some(by),
            Self::Unread | Self::Unknown(_) | Self::Nobody => None,
        }
    }
}

impl By {
    /// The host, or the pod: the part of its identity that tells a person where it runs. Cleaned.
    pub fn host(&self) -> String {
        let mut parts = self.identity.rsplitn(3, '_');
        let host = match (parts.next(), parts.next(), parts.next()) {
            (Some(_), Some(process), Some(host)) if process.bytes().all(|b| b.is_ascii_digit()) => host,
            _ => &self.identity,
        };
        clean(host).into_owned()
    }

    /// egret and its version. Cleaned.
    pub fn name(&self) -> String {
        if self.version.is_empty() { "egret".to_owned() } else { format!("egret {}", clean(&self.version)) }
    }

    /// Said of one within a screen; begins with a space.
    pub fn place(&self) -> &'static str {
        if self.embedded { IN_A_SCREEN } else { "" }
    }
}

/// Who keeps the gateways of a cluster, and since when nobody does, in a few words: `egret 0.1.0 on bastion`.
pub fn kept_by(facts: &ClusterFacts) -> String {
    if facts.keeper != Keeper::Egret {
        return facts.keeper.to_string();
    }
    match &facts.holder {
        Holder::Unread => "egret".to_owned(),
        Holder::Unknown(_) => "egret, ?".to_owned(),
        Holder::Nobody => "egret, nobody running".to_owned(),
        Holder::Held(by) => format!("{} on {}{}", by.name(), by.host(), by.place()),
        Holder::Silent { since, .. } => format!("egret, silent since {}", super::columns::clock(*since)),
    }
}

/// The same for a line that has little room; empty when there is nothing to tell.
pub fn keeps(facts: &ClusterFacts) -> String {
    match (facts.keeper, &facts.holder) {
        (Keeper::Unknown, _) => String::new(),
        (Keeper::Nobody, _) => "nobody keeps".to_owned(),
        (Keeper::Other, _) => "another keeps".to_owned(),
        (Keeper::Egret, Holder::Nobody) => "egret: nobody keeps".to_owned(),
        (Keeper::Egret, Holder::Silent { since, .. }) => {
            format!("egret: silent since {}", super::columns::clock(*since))
        }
        (Keeper::Egret, Holder::Held(by)) => format!("{} keeps{}", by.name(), by.place()),
        (known, _) => format!("{known} keeps"),
    }
}

/// What it means that nobody is known to act on the gateways, and what to do next; empty while somebody does.
pub fn advice(facts: &ClusterFacts) -> String {
    if facts.keeper != Keeper::Egret {
        return String::new();
    }
    match &facts.holder {
        Holder::Unread | Holder::Held(_) => String::new(),
        Holder::Unknown(fault) => {
            // The row names the cluster.
            let what = fault.summary.split_once(": ").map_or(&*fault.summary, |(_, what)| what);
            format!("Who acts on gateways is unknown: {what}. {}", fault.hint)
        }
        Holder::Nobody => {
            "Nobody acts on IstioGateways: what is changed stays undone, what runs goes on. Start egret controller, or :keep."
                .to_owned()
        }
        Holder::Silent { by, since } => format!(
            "{} on {} is silent since {}: nobody acts on IstioGateways. Look whether it runs, or start another egret \
             controller.",
            by.name(),
            by.host(),
            super::columns::clock(*since)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fault::Reason;
    use serde_json::json;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn lease(spec: &Value, annotations: &Value) -> Lease {
        let object = json!({"metadata": {"name": LEASE, "resourceVersion": "7", "annotations": annotations}, "spec": spec});
        Lease::parse(object.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_lease_tells_who_holds_it_and_since_when() {
        let spec = json!({"holderIdentity": "bastion_4711_2b9c", "acquireTime": "2026-05-03T11:00:00.000000Z",
            "renewTime": "2026-05-03T11:52:00.000000Z", "leaseDurationSeconds": 15, "leaseTransitions": 3});
        let read = lease(&spec, &json!({VERSION: "0.1.0", EMBEDDED: "true"}));
        let by = By {
            identity: "bastion_4711_2b9c".into(),
            version: "0.1.0".into(),
            embedded: true,
            since: Some(at("2026-05-03T11:00:00Z")),
        };
        assert_eq!(read.holder, by);
        assert_eq!((read.holds, read.transitions, &*read.meta.resource_version), (HOLDS, 3, "7"));
        assert_eq!(read.held(at("2026-05-03T11:52:00Z")), Holder::Held(by.clone()));
        // A clock that is off by less than a minute is no death; what is an hour old is.
        assert_eq!(read.held(at("2026-05-03T11:53:15Z")), Holder::Held(by.clone()));
        assert_eq!(read.held(at("2026-05-03T11:50:00Z")), Holder::Held(by.clone()));
        let since = at("2026-05-03T11:52:00Z");
        assert_eq!(read.held(at("2026-05-03T12:52:00Z")), Holder::Silent { by, since });
    }

    #[test]
    fn a_lease_that_was_given_back_or_says_nothing_is_nobodys() {
        for spec in [
            json!({"holderIdentity": ""}),
            json!({}),
            Value::Null,
            json!({"holderIdentity": 7, "renewTime": []}),
        ] {
            let read = lease(&spec, &Value::Null);
            assert_eq!(
                (read.held(at("2026-05-03T11:52:00Z")), read.holds),
                (Holder::Nobody, HOLDS),
                "{spec}"
            );
        }
    }

    #[test]
    fn the_host_is_what_a_person_looks_for() {
        for (identity, host) in [
            ("bastion_4711_2b9c", "bastion"),
            ("my_host_4711_2b9c", "my_host"),
            ("egret-6f9d4c7b8-x2x9p", "egret-6f9d4c7b8-x2x9p"),
            ("some_other_thing", "some_other_thing"),
            ("evil\u{1b}[31m_1_2", "evil·[31m"),
            ("", ""),
        ] {
            assert_eq!(By { identity: identity.into(), ..By::default() }.host(), host, "{identity:?}");
        }
    }

    #[test]
    fn every_state_has_its_words_and_nobody_at_work_is_told_with_what_to_do() {
        let by = By { identity: "h_1_2".into(), version: "0.1.0\u{1b}".into(), embedded: false, since: None };
        let screen = By { embedded: true, ..by.clone() };
        let since = at("2026-05-03T11:52:00Z");
        let clock = crate::model::columns::clock(since);
        let denied = Fault::new(Reason::Denied, "c: no right to list leases", "Ask for a Role.");
        for (keeper, holder, row, header, is_told) in [
            (Keeper::Unknown, Holder::Unread, "?".to_owned(), String::new(), false),
            (Keeper::Nobody, Holder::Unread, "none".into(), "nobody keeps".into(), false),
            (Keeper::Other, Holder::Unread, "other".into(), "another keeps".into(), false),
            // What was read before another became the keeper.
            (Keeper::Asm, Holder::Nobody, "ASM".into(), "ASM keeps".into(), false),
            (Keeper::Egret, Holder::Unread, "egret".into(), "egret keeps".into(), false),
            (Keeper::Egret, Holder::Unknown(denied), "egret, ?".into(), "egret keeps".into(), true),
            (
                Keeper::Egret,
                Holder::Nobody,
                "egret, nobody running".into(),
                "egret: nobody keeps".into(),
                true,
            ),
            (
                Keeper::Egret,
                Holder::Held(by.clone()),
                "egret 0.1.0· on h".into(),
                "egret 0.1.0· keeps".into(),
                false,
            ),
            (
                Keeper::Egret,
                Holder::Held(screen),
                "egret 0.1.0· on h (in a screen)".into(),
                "egret 0.1.0· keeps (in a screen)".into(),
                false,
            ),
            (
                Keeper::Egret,
                Holder::Silent { by, since },
                format!("egret, silent since {clock}"),
                format!("egret: silent since {clock}"),
                true,
            ),
        ] {
            let facts = ClusterFacts { keeper, holder, ..ClusterFacts::default() };
            assert_eq!((kept_by(&facts), keeps(&facts)), (row, header), "{facts:?}");
            assert_eq!(!advice(&facts).is_empty(), is_told, "{facts:?}");
        }
    }
}
