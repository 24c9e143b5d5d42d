//! The control plane that the other tests run on.

use crate::support::plane::{self, Cluster, Options, table};

#[tokio::test]
async fn a_cluster_starts() {
    let start = std::time::Instant::now();
    let cluster = Cluster::start(Options::default()).await.unwrap();
    eprintln!("up after {:?}", start.elapsed());
    let nodes = table(&cluster.admin().await, "/api/v1/nodes").await.unwrap();
    assert_eq!(nodes.cell("node-0", "Status"), "Ready");
}
