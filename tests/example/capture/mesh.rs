//! The proxy as a gateway's pod has it: under pilot-agent, configured by istiod, with certificates.

use crate::Shelf;
use crate::plane::web::{self, Load};
use crate::plane::{Cluster, Options, Result, Upstream, gateway_pod};
use serde_json::json;

pub(crate) async fn capture() -> Result<()> {
    let cluster = Cluster::start(Options::default()).await?;
    cluster.start_istio().await?;
    let up = Upstream::start().await?;
    let client = cluster.admin().await;
    let gateway = gateway_pod(&client, "istio-system", "egress", "api.example.com", up.port()).await?;
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
        // Statistics of histograms are told from the last flush.
        tokio::time::sleep(std::time::Duration::from_secs(6)).await;
        for (file, port, path) in [
            ("stats-15090.prom", agent.prometheus, "/stats/prometheus?usedonly"),
            ("stats-15020.prom", agent.status, "/stats/prometheus"),
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
        ] {
            shelf.put_json(file, &agent.get(agent.admin, path).await?)?;
        }
    }
    Ok(())
}
