//! The command lines of the servers of one cluster.

use super::cluster::Ports;
use std::path::Path;

/// The annotation selector of the pods and nodes whose status KWOK leaves alone.
pub(super) const DISREGARDED: &str = "egret.test/kubelet=none";

/// Who the servers are to the API server: the audit log leaves them out.
pub(super) const SERVER_USER: &str = "egret-test:control-plane";

/// What to log of whom. The metadata of what the users of the tests ask, once a request is answered (a watch: once
/// it is open, and again when it ends), and nothing of the servers.
pub(super) const AUDIT_POLICY: &str = r#"apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  users: ["egret-test:control-plane", "system:apiserver", "system:anonymous"]
- level: Metadata
"#;

pub(super) fn etcd(dir: &Path, ports: Ports) -> Vec<String> {
    let client = format!("http://127.0.0.1:{}", ports.etcd);
    let peer = format!("http://127.0.0.1:{}", ports.etcd_peer);
    vec![
        format!("--data-dir={}", dir.join("etcd").display()),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=default={peer}"),
        "--unsafe-no-fsync".to_owned(),
        "--log-level=warn".to_owned(),
    ]
}

pub(super) fn apiserver(dir: &Path, ports: Ports) -> Vec<String> {
    let file = |name: &str| dir.join(name).display().to_string();
    vec![
        format!("--etcd-servers=http://127.0.0.1:{}", ports.etcd),
        format!("--secure-port={}", ports.api),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--tls-cert-file={}", file("server.crt")),
        format!("--tls-private-key-file={}", file("server.key")),
        format!("--client-ca-file={}", file("ca.crt")),
        format!("--service-account-key-file={}", file("accounts.pub")),
        format!("--service-account-signing-key-file={}", file("accounts.key")),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
        "--authorization-mode=RBAC".to_owned(),
        "--allow-privileged".to_owned(),
        "--disable-admission-plugins=ServiceAccount".to_owned(),
        "--kubelet-preferred-address-types=InternalIP".to_owned(),
        format!("--audit-policy-file={}", file("audit-policy.yaml")),
        format!("--audit-log-path={}", file("audit.log")),
        // Requests do not wait for the log; each entry is written as it comes.
        "--audit-log-mode=batch".to_owned(),
        "--profiling=false".to_owned(),
    ]
}

pub(super) fn controller_manager(dir: &Path) -> Vec<String> {
    let file = |name: &str| dir.join(name).display().to_string();
    vec![
        format!("--kubeconfig={}", file("servers.kubeconfig")),
        format!("--service-account-private-key-file={}", file("accounts.key")),
        format!("--root-ca-file={}", file("ca.crt")),
        "--use-service-account-credentials=false".to_owned(),
        "--leader-elect=false".to_owned(),
        "--secure-port=0".to_owned(),
        "--kube-api-qps=1000".to_owned(),
        "--kube-api-burst=1000".to_owned(),
        "--concurrent-deployment-syncs=20".to_owned(),
        "--concurrent-replicaset-syncs=20".to_owned(),
        "--profiling=false".to_owned(),
    ]
}

pub(super) fn scheduler(dir: &Path) -> Vec<String> {
    vec![
        format!("--kubeconfig={}", dir.join("servers.kubeconfig").display()),
        "--leader-elect=false".to_owned(),
        "--secure-port=0".to_owned(),
        "--kube-api-qps=1000".to_owned(),
        "--kube-api-burst=1000".to_owned(),
        "--profiling=false".to_owned(),
    ]
}

pub(super) fn kwok(dir: &Path, ports: Ports) -> Vec<String> {
    let file = |name: &str| dir.join(name).display().to_string();
    vec![
        format!("--kubeconfig={}", file("servers.kubeconfig")),
        "--manage-all-nodes=true".to_owned(),
        format!("--disregard-status-with-annotation-selector={DISREGARDED}"),
        format!("--enable-crds={}", super::kwok::KINDS),
        format!("--config={}", file("kwok.yaml")),
        "--node-ip=127.0.0.1".to_owned(),
        format!("--node-port={}", ports.kubelet),
        format!("--tls-cert-file={}", file("server.crt")),
        format!("--tls-private-key-file={}", file("server.key")),
    ]
}
