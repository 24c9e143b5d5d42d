//! A gateway whose pod is a real Envoy, under a load that never ends.

use std::convert::Infallible;
use std::time::Duration;

use futures::future::{pending, try_join_all};

use crate::plane::web::{self, Load};
use crate::plane::{Bootstrap, Cluster, Envoy, Error, Host, Result, Upstream, put_gateway};

/// Its name.
const NAME: &str = "lively-egress";

/// Hosts, and requests a second for each. The second one fails now and then.
const HOSTS: [(&str, u32); 3] = [("api.example.com", 20), ("pay.example.com", 5), ("hooks.example.com", 2)];

/// How long the host that fails answers.
const ANSWERS: Duration = Duration::from_secs(90);

/// How long nobody listens there then.
const FAILS: Duration = Duration::from_secs(60);

/// Ports of a gateway's pod that tell how it does.
const PORTS: [u16; 3] = [15_000, 15_020, 15_090];

/// Has a gateway in each cluster carry traffic; ends when that cannot go on.
pub(crate) async fn run(clusters: &[Cluster], tell: fn(&str)) -> Error {
    let ended = try_join_all(clusters.iter().map(|cluster| one(cluster, tell))).await;
    match ended {
        Ok(none) if none.is_empty() => pending().await,
        Ok(never) => match never[0] {},
        Err(why) => why,
    }
}

async fn one(cluster: &Cluster, tell: fn(&str)) -> Result<Infallible> {
    let mut upstreams = Vec::new();
    for _ in HOSTS {
        upstreams.push(Upstream::start().await?);
    }
    let hosts = HOSTS.iter().zip(&upstreams).map(|((name, _), upstream)| Host::new(name, upstream.port()));
    let envoy = Envoy::start(&Bootstrap::new(hosts.collect())).await?;
    let client = cluster.admin().await;
    let pod = put_gateway(&client, NAME).await?;
    let pod = pod.metadata.name.unwrap_or_default();
    cluster.forward(&client, "istio-system", &pod, &PORTS, envoy.admin()).await?;
    tell(&format!("{}: {NAME} carries traffic through port {}", cluster.name(), envoy.port()));
    let load = try_join_all(HOSTS.map(|(host, rate)| send(envoy.port(), host, rate)));
    let failing = async {
        loop {
            tokio::time::sleep(ANSWERS).await;
            upstreams[1].stop().await;
            tell(&format!("{}: nobody listens at {} any more", cluster.name(), HOSTS[1].0));
            tokio::time::sleep(FAILS).await;
            upstreams[1].start_again().await?;
            tell(&format!("{}: {} answers again", cluster.name(), HOSTS[1].0));
        }
    };
    tokio::select! {
        sent = load => sent.map(|never: Vec<Infallible>| never[0]),
        failed = failing => failed,
    }
}

async fn send(port: u16, host: &'static str, rate: u32) -> Result<Infallible> {
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
    loop {
        ticks.tick().await;
        web::send(port, &[Load::code(host, 200, 1)]).await?;
    }
}
