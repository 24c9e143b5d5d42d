//! Which DestinationRules govern a client on its way to a Service, as istiod looks them up.
//!
//! In the client's namespace, then in the Service's, then in the root namespace; the first with a rule for the host
//! wins, even when the rule says nothing about TLS. Within a namespace the most specific host wins, and rules of the
//! same host are merged, oldest first. Source: istiod's `PushContext.destinationRule` and `mergeDestinationRule`.

use std::collections::BTreeMap;

use super::{ClientTls, DestinationRule, Mesh, MeshConfig, ObjectName, Route};

/// The cluster's domain where the Service's host does not say it.
const DOMAIN: &str = "cluster.local";

/// A Service by its complete host.
struct Service {
    host: String,
    namespace: String,
    domain: String,
}

impl Service {
    /// From a host as short or long as people write it: `gw`, `gw.ns`, `gw.ns.svc`, `gw.ns.svc.cluster.local`.
    fn new(host: &str, namespace: &str) -> Self {
        let mut labels = host.trim_end_matches('.').splitn(4, '.');
        let name = labels.next().unwrap_or_default();
        let namespace = labels.next().unwrap_or(namespace);
        // The third is `svc`.
        let domain = labels.nth(1).unwrap_or(DOMAIN);
        Self {
            host: format!("{name}.{namespace}.svc.{domain}"),
            namespace: namespace.to_owned(),
            domain: domain.to_owned(),
        }
    }

    /// A host in an object, complete. Istio completes names without a dot, and nothing else.
    fn resolve(&self, host: &str, namespace: &str) -> String {
        let bare = host != "*" && !host.contains('.');
        if bare { format!("{host}.{namespace}.svc.{}", self.domain) } else { host.to_owned() }
    }

    /// Whether a rule's host looks like this Service and is not: a dot, but not all of the domain.
    fn is_missed(&self, rule: &DestinationRule) -> bool {
        let rest = self.host.strip_prefix(&*rule.host);
        rule.host.contains('.') && rest.is_some_and(|rest| rest.starts_with('.'))
    }
}

fn names(scopes: &[String], namespace: &str) -> bool {
    scopes.iter().any(|scope| scope == namespace)
}

/// Whether `scopes` of an object in `home` leave it in its namespace.
fn stays(scopes: &[String], home: &str, by_default: bool) -> bool {
    match scopes {
        [] => by_default,
        [scope] => scope == "." || scope == home,
        _ => false,
    }
}

fn is_private(rule: &DestinationRule, config: &MeshConfig) -> bool {
    rule.workload.is_some() || stays(&rule.export_to, &rule.name.namespace, config.rules_private)
}

fn is_local(rule: &DestinationRule) -> bool {
    let scopes = &rule.export_to;
    let own = [".", "*", &rule.name.namespace];
    rule.workload.is_some() || scopes.is_empty() || own.iter().any(|scope| names(scopes, scope))
}

fn is_exported(rule: &DestinationRule, to: &str) -> bool {
    let scopes = &rule.export_to;
    scopes.is_empty() || names(scopes, "*") || names(scopes, to)
}

/// Which routes are seen from a namespace.
fn is_seen(route: &Route, config: &MeshConfig, client: &str) -> bool {
    let (scopes, home) = (&route.export_to, &*route.name.namespace);
    let everywhere = scopes.is_empty() && !config.routes_private;
    let at_home = home == client && (scopes.is_empty() || names(scopes, "."));
    everywhere || at_home || names(scopes, "*") || names(scopes, client)
}

/// What a mesh holds about one Service.
pub(super) struct Lookup<'m> {
    pub(super) mesh: &'m Mesh,
    /// The Service's complete host.
    pub(super) host: String,
    namespace: String,
    /// The rules for the Service, oldest first, each with how specific its host is.
    rules: Vec<(&'m DestinationRule, Rank)>,
    /// The routes that lead to it.
    routes: Vec<&'m Route>,
    /// A rule that looks as if it were for the Service and is for nothing.
    pub(super) missed: Option<&'m DestinationRule>,
}

/// A name stands before a pattern, a longer pattern before a shorter.
type Rank = (bool, usize);

impl<'m> Lookup<'m> {
    pub(super) fn new(mesh: &'m Mesh, host: &str, namespace: &str) -> Self {
        let service = Service::new(host, namespace);
        let meant = |rule: &'m DestinationRule| {
            let host = service.resolve(&rule.host, &rule.name.namespace);
            let fits = host.strip_prefix('*').map_or(host == service.host, |end| service.host.ends_with(end));
            fits.then(|| (rule, (!host.starts_with('*'), host.len())))
        };
        let mut rules: Vec<_> = mesh.destination_rules.iter().filter_map(meant).collect();
        rules.sort_by_key(|(rule, _)| (&rule.created, &rule.name.name));
        let leads = |route: &&Route| service.resolve(&route.host, &route.name.namespace) == service.host;
        let routes = mesh.routes.iter().filter(leads).collect();
        let missed = mesh.destination_rules.iter().find(|rule| service.is_missed(rule));
        Self { mesh, rules, routes, missed, host: service.host, namespace: service.namespace }
    }

    /// The rules of a namespace with the most specific host among those that `take` lets in.
    fn most_specific(
        &self,
        namespace: &str,
        take: impl Fn(&DestinationRule) -> bool,
    ) -> Vec<&'m DestinationRule> {
        let of = self.rules.iter().filter(|(rule, _)| rule.name.namespace == namespace && take(rule));
        let best = of.clone().map(|(_, rank)| rank).max();
        of.filter(|(_, rank)| Some(rank) == best).map(|(rule, _)| *rule).collect()
    }

    /// The rules that govern clients in a namespace, oldest first; none: Istio's defaults hold.
    pub(super) fn governing(&self, client: &str) -> Vec<&'m DestinationRule> {
        let config = &self.mesh.config;
        let root = &*config.root_namespace;
        // What the root namespace shares is for everyone, and so comes last even for clients that live there.
        let own = |rule: &DestinationRule| is_local(rule) && (client != root || is_private(rule, config));
        let found = self.most_specific(client, own);
        if !found.is_empty() {
            return found;
        }
        for namespace in [&self.namespace, root] {
            // The host is chosen before it is asked who may see the rule.
            let mut found = self.most_specific(namespace, |rule| !is_private(rule, config));
            found.retain(|rule| is_exported(rule, client));
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }

    /// The routes to a port of the Service that clients in a namespace see.
    pub(super) fn routes(&self, port: u16, client: &str) -> Vec<&'m Route> {
        let leads = |route: &&Route| {
            route.port.is_none_or(|to| to == port) && is_seen(route, &self.mesh.config, client)
        };
        self.routes.iter().copied().filter(leads).collect()
    }

    /// Namespaces in which something about the Service may differ from elsewhere, in order.
    pub(super) fn namespaces(&self) -> Vec<&'m str> {
        let rules = self.rules.iter().map(|(rule, _)| (&rule.name, &rule.export_to));
        let routes = self.routes.iter().map(|route| (&route.name, &route.export_to));
        let named = rules.chain(routes).flat_map(|(name, scopes)| {
            let scopes = scopes.iter().map(String::as_str).filter(|scope| !matches!(*scope, "." | "*" | "~"));
            scopes.chain([&*name.namespace])
        });
        let mut found: Vec<&str> = named.collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// What some rules of one host say together.
pub(super) struct Merged<'m> {
    rules: Vec<&'m DestinationRule>,
}

/// A rule's word about TLS, and where in it the word stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Said<'m> {
    pub(super) rule: &'m ObjectName,
    pub(super) tls: &'m ClientTls,
    /// Whether it stands under the port.
    pub(super) port: bool,
    /// The subset it stands under.
    pub(super) subset: Option<&'m str>,
}

impl<'m> Merged<'m> {
    /// The rules for clients with one `workloadSelector`, or for those whom no selector fits.
    pub(super) fn new(rules: &[&'m DestinationRule], workload: Option<&BTreeMap<String, String>>) -> Self {
        let rules = rules.iter().copied().filter(|rule| rule.workload.as_ref() == workload);
        Self { rules: rules.collect() }
    }

    /// The names of all subsets.
    pub(super) fn subsets(&self) -> Vec<&'m str> {
        let mut found: Vec<&str> = Vec::new();
        for subset in self.rules.iter().flat_map(|rule| &rule.subsets) {
            if !found.contains(&&*subset.name) {
                found.push(&subset.name);
            }
        }
        found
    }

    /// What decides about TLS to a port, by way of a subset or not.
    pub(super) fn said(&self, port: u16, subset: Option<&str>) -> Option<Said<'m>> {
        // Of several policies the oldest rule's counts, whole; so does the oldest subset of a name.
        let general = self.rules.iter().find_map(|rule| {
            let policy = rule.policy.as_ref()?;
            Some((rule, policy.ports.iter().find(|(number, _)| *number == port), &policy.tls))
        });
        let general = general.and_then(|(rule, entry, tls)| {
            let (tls, of_port) = entry.map_or((tls, false), |(_, tls)| (tls, true));
            Some(Said { rule: &rule.name, tls: tls.as_ref()?, port: of_port, subset: None })
        });
        let all = self.rules.iter().flat_map(|rule| rule.subsets.iter().map(move |one| (rule, one)));
        let Some((rule, own)) = all.into_iter().find(|(_, one)| Some(&*one.name) == subset) else {
            return general;
        };
        let Some(policy) = &own.policy else { return general };
        let word = |tls, port| Said { rule: &rule.name, tls, port, subset: Some(&own.name) };
        match policy.ports.iter().find(|(number, _)| *number == port) {
            Some((_, tls)) => tls.as_ref().map(|tls| word(tls, true)),
            None => policy.tls.as_ref().map(|tls| word(tls, false)).or(general),
        }
    }
}
