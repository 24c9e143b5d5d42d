//! The proxy as a gateway's pod has it: under pilot-agent, configured by istiod, with certificates.

use crate::Shelf;
use crate::plane::web::{self, Load};
use crate::plane::{Cluster, Error, Options, Result, Upstream, apply_yaml, gateway_pod};
use serde_json::json;

pub(crate) async fn capture() -> Result<()> {
    let cluster = Cluster::start(Options::default()).await?;
    cluster.start_istio().await?;
    let up = Upstream::start().await?;
    let client = cluster.admin().await;
    let gateway = gateway_pod(&client, "istio-system", "egress", "api.example.com", up.port()).await?;
    secure(&client, &gateway.pod).await?;
    for (folder, more) in
        [("agent", json!({})), ("agent-all", json!({"proxyStatsMatcher": {"inclusionRegexps": [".*"]}}))]
    {
        let agent = cluster.start_agent("istio-system", &gateway.pod, more).await?;
        gateway.until_served().await?;
        let shelf = Shelf::new(folder, agent.dir())?;
        web::send(
            gateway.port,
            &[Load::code("api.example.com", 200, 9), Load::code("api.example.com", 503, 1)],
        )
        .await?;
        // What needs certificates comes after what does not.
        let there = async {
            while !agent
                .get(agent.admin, crate::SECRETS)
                .await
                .is_ok_and(|text| text.contains("payments-tls"))
            {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        };
        let there = tokio::time::timeout(std::time::Duration::from_secs(60), there).await;
        there.map_err(|_| Error("istiod brings no certificate out of a Secret".to_owned()))?;
        // Statistics of histograms are told from the last flush.
        tokio::time::sleep(std::time::Duration::from_secs(6)).await;
        for (file, port, path) in [
            ("stats-15090.prom", agent.prometheus, "/stats/prometheus?usedonly"),
            ("stats-15020.prom", agent.status, "/stats/prometheus?usedonly"),
            ("ready.txt", agent.admin, "/ready"),
        ] {
            shelf.put(file, &agent.get(port, path).await?)?;
        }
        for (file, path) in [
            ("clusters.json", "/clusters?format=json"),
            ("certs.json", "/certs"),
            ("server_info.json", "/server_info"),
            ("listeners.json", "/listeners?format=json"),
            ("config_dump.json", "/config_dump"),
            ("secrets.json", crate::SECRETS),
        ] {
            shelf.put_json(file, &agent.get(agent.admin, path).await?)?;
        }
    }
    Ok(())
}

/// Two servers more: one for workloads of the mesh, and one with a certificate out of a Secret, which istiod gives to whose
/// account may list them.
async fn secure(client: &kube::Client, gateway: &str) -> Result<()> {
    let names = vec!["payments.example.com".to_owned(), "*.payments.example.com".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).map_err(|why| Error(why.to_string()))?;
    let meta = json!({"name": gateway, "namespace": "istio-system"});
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": gateway});
    for object in [
        json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
            "metadata": {"name": "payments-tls", "namespace": "istio-system"},
            "stringData": {"tls.crt": made.cert.pem(), "tls.key": made.signing_key.serialize_pem()}}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": meta,
            "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list", "watch"]}]}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": meta, "roleRef": role,
            "subjects": [{"kind": "ServiceAccount", "name": gateway, "namespace": "istio-system"}]}),
        json!({"apiVersion": "networking.istio.io/v1", "kind": "Gateway",
            "metadata": {"name": "secure", "namespace": "istio-system"},
            "spec": {"selector": {"app": gateway, "istio": gateway}, "servers": [
                {"port": {"number": 443, "name": "https", "protocol": "HTTPS"}, "hosts": ["api.example.com"],
                    "tls": {"mode": "ISTIO_MUTUAL"}},
                {"port": {"number": 8443, "name": "https-own", "protocol": "HTTPS"}, "hosts": ["payments.example.com"],
                    "tls": {"mode": "SIMPLE", "credentialName": "payments-tls"}}]}}),
    ] {
        apply_yaml(client, &object.to_string()).await?;
    }
    Ok(())
}
