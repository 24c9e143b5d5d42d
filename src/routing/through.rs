//! What leads through a gateway: Gateways that open servers in its pods, and what sends traffic to its Service.

use std::collections::BTreeMap;

use super::{Mesh, ObjectName};

/// What leads through a gateway, each sorted by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Through {
    /// Gateways that select its pods by label, each with the hosts of its servers. A Gateway without a selector opens its
    /// servers in all gateways, and is nobody's in particular: it is left out.
    pub gateways: Vec<(ObjectName, Vec<String>)>,
    /// VirtualServices that lead to its Service.
    pub routes: Vec<ObjectName>,
    /// DestinationRules about its Service.
    pub rules: Vec<ObjectName>,
}

impl Through {
    /// What leads to the pods that carry `labels`, behind the Service `service` in `namespace`.
    pub fn of(labels: &BTreeMap<String, String>, service: &str, namespace: &str, mesh: &Mesh) -> Self {
        let selects = |selector: &BTreeMap<String, String>| {
            !selector.is_empty() && selector.iter().all(|(key, value)| labels.get(key) == Some(value))
        };
        let hosts = |gateway: &super::Gateway| {
            let all = gateway.servers.iter().flat_map(|server| &server.hosts);
            sorted(all.map(|host| host.split_once('/').map_or(&**host, |(_, host)| host).to_owned()))
        };
        let gateways = mesh.gateways.iter().filter(|gateway| selects(&gateway.selector));
        let is_here = |host: &str, from: &ObjectName| is_service(host, &from.namespace, service, namespace);
        let routes = mesh.routes.iter().filter(|route| is_here(&route.host, &route.name));
        let rules = mesh.destination_rules.iter().filter(|rule| is_here(&rule.host, &rule.name));
        Self {
            gateways: sorted(gateways.map(|gateway| (gateway.name.clone(), hosts(gateway)))),
            routes: sorted(routes.map(|route| route.name.clone())),
            rules: sorted(rules.map(|rule| rule.name.clone())),
        }
    }

    /// Whether nothing leads there.
    pub fn is_empty(&self) -> bool {
        self.gateways.is_empty() && self.routes.is_empty()
    }
}

fn sorted<T: Ord>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = all.collect();
    all.sort();
    all.dedup();
    all
}

/// Whether a host, as an object in the namespace `from` writes it, is this Service: with or without the ends that
/// Kubernetes lets one leave out.
fn is_service(host: &str, from: &str, service: &str, namespace: &str) -> bool {
    let mut parts = host.splitn(3, '.');
    let name = parts.next() == Some(service);
    match (parts.next(), parts.next()) {
        (None, _) => name && from == namespace,
        (Some(there), rest) => name && there == namespace && rest.is_none_or(|rest| rest.starts_with("svc")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::routing::{read_destination_rule, read_gateway, read_virtual_service};

    #[test]
    fn what_leads_through_a_gateway_is_found_by_its_pods_labels_and_its_services_names() {
        let gateway = |name: &str, selector, hosts| {
            let object = json!({"metadata": {"name": name, "namespace": "a"}, "spec": {"selector": selector,
                "servers": [{"port": {"number": 80, "protocol": "HTTP"}, "hosts": hosts}]}});
            read_gateway(&object).value.unwrap()
        };
        let routes = |name: &str, namespace: &str, host: &str| {
            let object = json!({"metadata": {"name": name, "namespace": namespace},
                "spec": {"http": [{"route": [{"destination": {"host": host}}]}]}});
            read_virtual_service(&object).value
        };
        let rule = json!({"metadata": {"name": "r", "namespace": "b"}, "spec": {"host": "istio-out.ns.svc.cluster.local"}});
        let mesh = Mesh {
            gateways: vec![
                gateway("b", json!({"istio": "out"}), json!(["x/two.com", "one.com", "one.com"])),
                gateway("other", json!({"istio": "in"}), json!(["no.com"])),
                gateway("all", json!({}), json!(["*"])),
            ],
            routes: ["istio-out.ns.svc.cluster.local", "istio-out.ns", "istio-out", "istio-out.other.svc"]
                .into_iter()
                .zip(["long", "short", "elsewhere", "wrong"])
                .flat_map(|(host, name)| routes(name, "b", host))
                .chain(routes("near", "ns", "istio-out"))
                .collect(),
            destination_rules: read_destination_rule(&rule).value.into_iter().collect(),
            ..Mesh::default()
        };
        let labels = BTreeMap::from([("istio".to_owned(), "out".to_owned())]);
        let through = Through::of(&labels, "istio-out", "ns", &mesh);
        let names = |all: &[ObjectName]| all.iter().map(|name| name.name.clone()).collect::<Vec<_>>();
        assert_eq!(through.gateways.len(), 1);
        assert_eq!(through.gateways[0].1, ["one.com", "two.com"]);
        assert_eq!(names(&through.routes), ["long", "short", "near"]);
        assert_eq!(names(&through.rules), ["r"]);
        assert!(Through::of(&BTreeMap::new(), "istio-none", "ns", &mesh).is_empty());
    }
}
