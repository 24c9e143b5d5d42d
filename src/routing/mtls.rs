//! The state of every server of a gateway (R13).

use std::collections::BTreeMap;
use std::fmt;

use super::decide::{Because, Sends, Takes, sends, state};
use super::lookup::{Lookup, Merged};
use super::words::Meeting;
use super::{DestinationRule, Mesh, ObjectName, Route, Server, ServerTls};
use crate::model::istio_gateway::names::{TLS_MODE_ISTIO, TLS_MODE_LABEL};

/// How clients with a sidecar and one server of a gateway get along. A gateway has no permissive mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MtlsState {
    /// Clients send mesh mTLS, the server takes nothing else.
    Enforced,
    /// Both speak plaintext.
    Plaintext,
    /// Clients wrap what they send in TLS that the server does not open: mesh mTLS before a server of plaintext, of
    /// TLS of its own or of passthrough; TLS of a rule before plain HTTP.
    BrokenClientsSendMtls,
    /// The server wants a certificate, and clients show none (or none of the mesh).
    BrokenServerWantsMtls,
    /// The mesh keeps out: TLS, if there is any, is the application's or a rule's.
    Passthrough,
}

/// From what cannot stay to what is fine.
const WORST_FIRST: [MtlsState; 5] = [
    MtlsState::BrokenClientsSendMtls,
    MtlsState::BrokenServerWantsMtls,
    MtlsState::Plaintext,
    MtlsState::Passthrough,
    MtlsState::Enforced,
];

impl MtlsState {
    /// Whether no request gets through.
    pub fn is_broken(self) -> bool {
        matches!(self, Self::BrokenClientsSendMtls | Self::BrokenServerWantsMtls)
    }

    fn rank(self) -> usize {
        WORST_FIRST.iter().position(|state| *state == self).unwrap_or(WORST_FIRST.len())
    }
}

impl fmt::Display for MtlsState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Enforced => "enforced",
            Self::Plaintext => "plaintext",
            Self::BrokenClientsSendMtls => "broken: clients send mTLS",
            Self::BrokenServerWantsMtls => "broken: server wants mTLS",
            Self::Passthrough => "passthrough",
        })
    }
}

/// One server of a Gateway that configures the pods, and how clients get along with it.
///
/// Rules may decide differently for clients of one namespace, for clients with some labels, or by way of a subset.
/// There is one [`Case`] for each outcome; the worst stands in front, because it is what a change must not make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerMtls {
    /// The Gateway.
    pub gateway: ObjectName,
    /// The server's port.
    pub port: u16,
    /// Its protocol as written.
    pub protocol: String,
    /// Its hosts as written.
    pub hosts: Vec<String>,
    /// Its `tls.mode`; `None` without `tls`.
    pub tls: Option<ServerTls>,
    /// The worst case.
    pub worst: Case,
    /// All other cases, those of most clients first.
    pub others: Vec<Case>,
}

/// What becomes of some clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Whom it is about.
    pub clients: Clients,
    /// The state.
    pub state: MtlsState,
    /// What decides, in one sentence without its full stop.
    pub why: String,
    /// What to do; for broken states only.
    pub remedy: Option<String>,
    /// What else may go wrong, each a sentence.
    pub cautions: Vec<String>,
}

/// Clients that rules treat alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clients {
    /// Where they are.
    pub scope: Scope,
    /// The labels by which a rule's `workloadSelector` picks them; `None`: those whom none picks.
    pub workload: Option<BTreeMap<String, String>>,
    /// The subsets by which they come, `None` being the whole host; empty: it makes no difference.
    pub ways: Vec<Option<String>>,
}

/// Where clients are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In any namespace.
    Everywhere,
    /// In any namespace that has no case of its own.
    Elsewhere,
    /// In this namespace.
    Namespace(String),
}

impl fmt::Display for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scope {
            Scope::Everywhere => f.write_str("all clients")?,
            Scope::Elsewhere => f.write_str("clients in other namespaces")?,
            Scope::Namespace(namespace) => write!(f, "clients in {namespace}")?,
        }
        if let Some(labels) = &self.workload {
            let labels: Vec<_> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            write!(f, " with {}", labels.join(","))?;
        }
        if !self.ways.is_empty() {
            let way = |way: &Option<String>| {
                way.as_ref().map_or("the whole host".to_owned(), |s| format!("subset {s}"))
            };
            let ways: Vec<_> = self.ways.iter().map(way).collect();
            write!(f, " by {}", ways.join(", "))?;
        }
        Ok(())
    }
}

impl ServerMtls {
    /// The worst state.
    pub fn state(&self) -> MtlsState {
        self.worst.state
    }

    /// All cases, the worst first.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        std::iter::once(&self.worst).chain(&self.others)
    }

    fn is(&self, other: &Self) -> bool {
        (&self.gateway, self.port, &self.hosts) == (&other.gateway, other.port, &other.hosts)
    }

    /// What becomes here of the clients of a case of another time: what is said of just these, else of more.
    fn of(&self, clients: &Clients) -> Option<&Case> {
        self.cases()
            .filter_map(|case| Some((case.clients.nearness(clients)?, case)))
            .max_by_key(|(near, _)| *near)
            .map(|(_, case)| case)
    }
}

impl Clients {
    /// How well what is said of these fits some others; `None`: not at all.
    fn nearness(&self, others: &Self) -> Option<[bool; 3]> {
        let scope = match (&self.scope, &others.scope) {
            (Scope::Namespace(one), Scope::Namespace(other)) => (one == other).then_some(true)?,
            (Scope::Namespace(_), _) => return None,
            (_, Scope::Namespace(_)) => false,
            _ => true,
        };
        let workload = self.workload == others.workload;
        let ways = self.ways == others.ways || self.ways.iter().any(|way| others.ways.contains(way));
        (workload || self.workload.is_none()).then_some([scope, workload, ways])
    }
}

/// How clients with a sidecar get along with each server of the pods that carry `pod_labels`, behind the Service
/// `service_host` (in any length) in `namespace`. One line a server, in the order of the mesh's Gateways.
///
/// Not seen from here: PeerAuthentication (DISABLE there takes auto mTLS back), headless Services (auto mTLS leaves
/// them out), Sidecars that hide rules, clients without a sidecar, ambient ones, Gateways that claim one port in two
/// ways. `exportTo` of rules with one host in one namespace is taken rule by rule.
pub fn mtls(
    pod_labels: &BTreeMap<String, String>,
    service_host: &str,
    namespace: &str,
    mesh: &Mesh,
) -> Vec<ServerMtls> {
    let lookup = Lookup::new(mesh, service_host, namespace);
    let label = pod_labels.get(TLS_MODE_LABEL).is_some_and(|mode| mode == TLS_MODE_ISTIO);
    let gateways = mesh.gateways.iter().filter(|gateway| {
        gateway.selects(pod_labels) && (!mesh.gateways_scoped || gateway.name.namespace == namespace)
    });
    let mut lines = Vec::new();
    for gateway in gateways {
        let hops = gateway.servers.iter().map(|server| Hop { lookup: &lookup, server, label });
        lines.extend(hops.filter_map(|hop| hop.line(&gateway.name)));
    }
    lines
}

/// The servers that a change would break: those with clients that it finds unbroken and leaves broken. A server that
/// is new and broken counts; one that is broken for some clients and becomes so for others does, too.
pub fn breaks<'a>(before: &[ServerMtls], after: &'a [ServerMtls]) -> Vec<&'a ServerMtls> {
    let broken = |server: &&ServerMtls| {
        let was = before.iter().find(|old| old.is(server));
        server.cases().filter(|case| case.state.is_broken()).any(|case| {
            let was = was.and_then(|old| old.of(&case.clients));
            !was.is_some_and(|was| was.state.is_broken())
        })
    };
    after.iter().filter(broken).collect()
}

/// The way from clients to one server.
struct Hop<'m> {
    lookup: &'m Lookup<'m>,
    server: &'m Server,
    label: bool,
}

/// What clients of one place see.
struct Seen<'m> {
    scope: Scope,
    rules: Vec<&'m DestinationRule>,
    routes: Vec<&'m Route>,
}

/// What clients send and why, and the ways on which they do.
type Group<'m> = ((Sends, Because<'m>), Vec<Option<&'m str>>);

impl<'m> Hop<'m> {
    fn line(&self, gateway: &ObjectName) -> Option<ServerMtls> {
        let mut cases = self.cases();
        let worst = (0..cases.len()).min_by_key(|at| cases[*at].state.rank())?;
        let Server { port, protocol, hosts, tls } = self.server.clone();
        Some(ServerMtls {
            gateway: gateway.clone(),
            port,
            protocol,
            hosts,
            tls,
            worst: cases.remove(worst),
            others: cases,
        })
    }

    fn cases(&self) -> Vec<Case> {
        let seen = self.seen();
        let of = |routed: bool| seen.iter().flat_map(|seen| self.cases_of(seen, routed)).collect::<Vec<_>>();
        let routed = seen.iter().any(|seen| !seen.routes.is_empty());
        let cases = of(routed);
        // Routes that lead to subsets which no rule has lead nowhere: what is possible is told instead.
        if cases.is_empty() { of(false) } else { cases }
    }

    /// Most clients first, then the namespaces that see other rules or routes.
    fn seen(&self) -> Vec<Seen<'m>> {
        let look = |scope, namespace: &str| Seen {
            scope,
            rules: self.lookup.governing(namespace),
            routes: self.lookup.routes(self.server.port, namespace),
        };
        // No namespace has an empty name: this one sees what any unnamed one does.
        let mut most = look(Scope::Everywhere, "");
        let names = self.lookup.namespaces();
        let mut special: Vec<_> =
            names.into_iter().map(|name| look(Scope::Namespace(name.to_owned()), name)).collect();
        special.retain(|seen| (&seen.rules, &seen.routes) != (&most.rules, &most.routes));
        if !special.is_empty() {
            most.scope = Scope::Elsewhere;
        }
        std::iter::once(most).chain(special).collect()
    }

    fn cases_of(&self, seen: &Seen<'m>, routed: bool) -> Vec<Case> {
        let mut workloads = vec![None];
        for workload in seen.rules.iter().map(|rule| rule.workload.as_ref()) {
            if !workloads.contains(&workload) {
                workloads.push(workload);
            }
        }
        workloads.into_iter().flat_map(|workload| self.cases_for(seen, workload, routed)).collect()
    }

    /// The cases of clients that the same rules govern: one for each thing that its subsets make them send.
    fn cases_for(
        &self,
        seen: &Seen<'m>,
        workload: Option<&BTreeMap<String, String>>,
        routed: bool,
    ) -> Vec<Case> {
        let rules = Merged::new(&seen.rules, workload);
        let mut groups: Vec<Group<'m>> = Vec::new();
        for way in ways(&rules, &seen.routes, routed) {
            let sent = sends(&rules, self.server.port, way, self.lookup.mesh.config.auto_mtls, self.label);
            match groups.iter_mut().find(|(group, _)| *group == sent) {
                Some((_, ways)) => ways.push(way),
                None => groups.push((sent, vec![way])),
            }
        }
        let alike = groups.len() == 1;
        let case = |((sends, because), ways): Group<'m>| {
            let subset = ways.first().copied().flatten();
            let ways =
                if alike { Vec::new() } else { ways.iter().map(|way| way.map(str::to_owned)).collect() };
            let clients = Clients { scope: seen.scope.clone(), workload: workload.cloned(), ways };
            self.case(clients, sends, because, subset)
        };
        groups.into_iter().map(case).collect()
    }

    fn case(&self, clients: Clients, sends: Sends, because: Because<'m>, subset: Option<&'m str>) -> Case {
        let takes = Takes::of(self.server);
        let state = state(takes, sends);
        let meeting = Meeting {
            server: self.server,
            host: &self.lookup.host,
            takes,
            sends,
            because,
            state,
            subset,
            missed: self.lookup.missed,
        };
        let (why, remedy, cautions) = (meeting.why(), meeting.remedy(), meeting.cautions());
        Case { clients, state, why, remedy, cautions }
    }
}

/// The subsets by which clients can come, `None` being the whole host. With routes it is those they lead to; one that
/// no rule has is no way, since istiod makes no cluster for it.
fn ways<'m>(rules: &Merged<'m>, routes: &[&'m Route], routed: bool) -> Vec<Option<&'m str>> {
    let subsets = rules.subsets();
    if !routed {
        return std::iter::once(None).chain(subsets.into_iter().map(Some)).collect();
    }
    let mut ways: Vec<Option<&str>> = Vec::new();
    for way in routes.iter().map(|route| route.subset.as_deref()) {
        if !ways.contains(&way) && way.is_none_or(|name| subsets.contains(&name)) {
            ways.push(way);
        }
    }
    ways
}
