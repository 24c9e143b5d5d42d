//! `DestinationRule`: what clients do on their way to a host, as far as TLS goes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::ObjectName;
use super::part::{self, Part};
use crate::model::open_enum::open_enum;
use crate::model::tolerant::Tolerant;

open_enum! {
    /// `tls.mode` of a policy. Left out of a `tls` it is DISABLE, the zero of Istio's enum.
    ClientMode {
        /// No TLS.
        Disable = "DISABLE",
        /// TLS without a client certificate.
        Simple = "SIMPLE",
        /// TLS with a client certificate that the rule names.
        Mutual = "MUTUAL",
        /// Mesh mTLS, with certificates that Istio issues.
        IstioMutual = "ISTIO_MUTUAL",
    }
}

/// A `DestinationRule`, as far as it decides about TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationRule {
    /// Its name.
    pub name: ObjectName,
    /// When it was made, as written: of several for one host the oldest comes first.
    pub created: String,
    /// The host as written: complete, with a leading `*`, or a Service's name in the rule's namespace.
    pub host: String,
    /// What holds for the whole host.
    pub policy: Option<Policy>,
    /// What holds for parts of it.
    pub subsets: Vec<Subset>,
    /// Labels of the clients it is for; `None`: all. Such a rule stays in its namespace.
    pub workload: Option<BTreeMap<String, String>>,
    /// Namespaces that see it: names, `.` or `*`; none: the mesh's default.
    pub export_to: Vec<String>,
}

/// What a `trafficPolicy` says about TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// For every port that is not in `ports`.
    pub tls: Option<ClientTls>,
    /// For single ports. An entry replaces all of the policy, so one without TLS takes the general TLS away.
    pub ports: Vec<(u16, Option<ClientTls>)>,
}

/// How clients connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientTls {
    /// What they send.
    pub mode: ClientMode,
    /// The server name they ask for; without one Istio's own, `outbound_.80_._.host`.
    pub sni: Option<String>,
}

/// A part of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subset {
    /// What routes call it.
    pub name: String,
    /// What differs from the rule's policy.
    pub policy: Option<Policy>,
}

/// Reads a `DestinationRule` of any version of `networking.istio.io`. Never fails: what cannot be read is in
/// `unread`, and the value is `None` when that decides whom the rule is for (name, host, `workloadSelector`,
/// `exportTo`). A mode that cannot be read is [`ClientMode::Other`].
pub fn read_destination_rule(object: &Value) -> Tolerant<Option<DestinationRule>> {
    part::read(object, |object| {
        let spec = object.need("spec")?;
        let workload = match spec.field("workloadSelector") {
            Some(selector) => {
                selector.object()?.field("matchLabels").map_or(Some(BTreeMap::new()), |l| l.pairs())?
            }
            None => BTreeMap::new(),
        };
        Some(DestinationRule {
            name: object.object_name()?,
            created: object.created(),
            host: spec.need("host")?.text()?,
            policy: spec.field("trafficPolicy").map(|part| policy(&part)),
            subsets: spec.list("subsets").iter().filter_map(subset).collect(),
            // A selector without labels is for all, as none is.
            workload: Some(workload).filter(|labels| !labels.is_empty()),
            export_to: spec.export_to()?,
        })
    })
}

fn policy(part: &Part<'_>) -> Policy {
    let entry = |entry: &Part<'_>| Some((entry.need("port")?.need("number")?.port()?, tls(entry)));
    Policy { tls: tls(part), ports: part.list("portLevelSettings").iter().filter_map(entry).collect() }
}

fn tls(policy: &Part<'_>) -> Option<ClientTls> {
    let tls = policy.field("tls")?;
    let mode = ClientMode::from(&*tls.mode("DISABLE"));
    let sni = tls.field("sni").and_then(|sni| sni.text()).filter(|sni| !sni.is_empty());
    Some(ClientTls { mode, sni })
}

fn subset(part: &Part<'_>) -> Option<Subset> {
    Some(Subset {
        name: part.need("name")?.text()?,
        policy: part.field("trafficPolicy").map(|part| policy(&part)),
    })
}
