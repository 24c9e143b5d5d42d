//! A plain Envoy with hosts that do well and badly in every way that statistics tell.

use crate::Shelf;
use crate::plane::web::{self, Load};
use crate::plane::{Bootstrap, Collected, Envoy, Error, Host, Result, Tags, Upstream, address};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType};
use serde_json::{Value, json};
use std::path::Path;

const HTTPS: &str = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3";

/// The load that is sent, as the README beside the captures says it.
fn load() -> Vec<Load> {
    vec![
        Load::code("api.example.com", 200, 40),
        Load::code("api.example.com", 404, 3),
        Load::code("api.example.com", 500, 2),
        Load { host: "api.example.com", path: "/bytes/100000".to_owned(), times: 2 },
        Load { host: "api.example.com", path: "/slow/120".to_owned(), times: 4 },
        Load { host: "api.example.com", path: "/reset".to_owned(), times: 1 },
        Load::code("half.example.com", 200, 30),
        Load::code("down.example.com", 200, 6),
        Load { host: "late.example.com", path: "/hang".to_owned(), times: 2 },
        Load::code("plain.example.com", 200, 3),
        Load::code("other.example.com", 200, 4),
        Load::code("mtls.example.com", 200, 5),
        Load::code("nobody.example.com", 200, 2),
    ]
}

pub(crate) async fn capture() -> Result<()> {
    let up = Upstream::start().await?;
    let mut nobody = Upstream::start().await?;
    let dead = nobody.port();
    nobody.stop().await;
    let dir = tempfile::tempdir().map_err(|why| Error(why.to_string()))?;
    certificates(dir.path())?;
    let mut told = Bootstrap::new(hosts(&up, dead, dir.path()));
    let tls = Upstream::start().await?;
    let tls_port = tls.port();
    drop(tls);
    told.listeners = vec![tls_listener(tls_port, dir.path())];
    told.secrets = vec![secret(dir.path())];
    for host in &mut told.hosts {
        // Where the TLS server is, is known only now.
        host.endpoints.iter_mut().filter(|port| **port == 0).for_each(|port| *port = tls_port);
    }

    let envoy = Envoy::start(&told).await?;
    let shelf = Shelf::new("bare", dir.path())?;
    web::send(envoy.port(), &load()).await?;
    let held = crowd(&envoy, &up).await?;
    // Histograms are told from the last flush, ten times a second.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    for (file, path) in [
        ("stats-usedonly.prom", "/stats/prometheus?usedonly"),
        ("clusters.txt", "/clusters"),
        ("ready.txt", "/ready"),
    ] {
        shelf.put(file, &envoy.get(path).await?)?;
    }
    for (file, path) in [
        ("clusters.json", "/clusters?format=json"),
        ("certs.json", "/certs"),
        ("server_info.json", "/server_info"),
        ("listeners.json", "/listeners?format=json"),
        ("config_dump.json", "/config_dump"),
    ] {
        shelf.put_json(
            file,
            &envoy.get(path).await?.replace(&envoy.dir().display().to_string(), "/etc/envoy"),
        )?;
    }
    drop(held);
    other_spellings(&up, &shelf).await
}

/// Fills a host to its limits: two requests under way, one that waits, and three more that are refused. The first three last
/// as long as the result lives.
async fn crowd(envoy: &Envoy, up: &Upstream) -> Result<Vec<tokio::task::JoinSet<Result<u16>>>> {
    let host = "narrow.example.com";
    let mut held = Vec::new();
    // One after the other: a second that waits for its connection would be one that waits too many.
    for _ in 0..2 {
        let before = up.asked();
        held.push(web::hold(envoy.port(), host, "/hang", 1).await);
        up.until_asked(before + 1).await;
    }
    held.push(web::hold(envoy.port(), host, "/hang", 1).await);
    let waiting = "/stats?filter=narrow.*upstream_rq_pending_active";
    while !envoy.get(waiting).await?.trim_end().ends_with(": 1") {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    web::send(envoy.port(), &[Load::code(host, 200, 3)]).await?;
    Ok(held)
}

/// The same little load, in Envoy's own spelling, and with no more than Istio collects by itself.
async fn other_spellings(up: &Upstream, shelf: &Shelf) -> Result<()> {
    let host = Host::new("api.example.com", up.port());
    let own = Bootstrap { tags: Tags::Envoy, istio: false, ..Bootstrap::new(vec![host.clone()]) };
    let less = Bootstrap { collected: Collected::Default, istio: false, ..Bootstrap::new(vec![host]) };
    for (file, told) in [("stats-own-tags.prom", own), ("stats-default.prom", less)] {
        let envoy = Envoy::start(&told).await?;
        web::send(envoy.port(), &[Load::code("api.example.com", 200, 5)]).await?;
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        shelf.put(file, &envoy.get("/stats/prometheus?usedonly").await?)?;
        shelf.put(&format!("whole-{file}"), &envoy.get("/stats/prometheus").await?)?;
    }
    Ok(())
}

fn hosts(up: &Upstream, dead: u16, dir: &Path) -> Vec<Host> {
    let eject = json!({"outlier_detection": {
        "consecutive_5xx": 3, "base_ejection_time": "600s", "max_ejection_percent": 50, "interval": "0.5s"}});
    let mut half = Host::new("half.example.com", up.port()).with(eject);
    half.endpoints.push(dead);
    let mut late = Host::new("late.example.com", up.port());
    late.route = json!({"timeout": "0.2s"});
    let narrow = json!({"circuit_breakers": {"thresholds": [{"max_connections": 2, "max_pending_requests": 1,
        "max_requests": 2, "max_retries": 1, "track_remaining": true}]}});
    let limit = json!({"circuit_breakers": {"thresholds": [{"max_connections": u32::MAX, "max_pending_requests": u32::MAX,
        "max_requests": u32::MAX, "max_retries": u32::MAX}]}});
    let mut narrow = Host::new("narrow.example.com", up.port()).with(narrow);
    narrow.route = json!({"timeout": "0s"});
    let mut nobody = Host::new("nobody.example.com", dead);
    nobody.endpoints.clear();
    let mut down = Host::new("down.example.com", dead);
    down.route = json!({"retry_policy": {"retry_on": "connect-failure", "num_retries": 1}});
    let mut secure = [
        // TLS is spoken to a server that has none.
        Host::new("plain.example.com", up.port()).with(tls_to("plain.example.com", dir)),
        // The server is another.
        Host::new("other.example.com", 0).with(tls_to("other.example.com", dir)),
        Host::new("mtls.example.com", 0).with(tls_to("mtls.example.com", dir)),
    ];
    secure.iter_mut().for_each(|host| host.port = 443);
    let mut all = vec![Host::new("api.example.com", up.port()).with(limit), half, down, late, narrow, nobody];
    all.extend(secure);
    all
}

/// TLS to a host whose certificate must be of our authority and hold for its name.
fn tls_to(name: &str, dir: &Path) -> Value {
    let file = |name: &str| json!({"filename": dir.join(name)});
    json!({"transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": {
    "@type": format!("{HTTPS}.UpstreamTlsContext"),
    "sni": name,
    "common_tls_context": {
        "validation_context": {"trusted_ca": file("ca.pem"),
            "match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": name}}]},
        "tls_certificates": [{"certificate_chain": file("client.pem"), "private_key": file("client.key")}],
    }}}})
}

/// A server that speaks TLS and says 200: it stands for hosts that do. Its certificate is a secret, as istiod brings them.
fn tls_listener(port: u16, dir: &Path) -> Value {
    json!({
        "name": "tls",
        "address": address(port),
        "filter_chains": [{
            "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": {
                "@type": format!("{HTTPS}.DownstreamTlsContext"),
                "require_client_certificate": true,
                "common_tls_context": {
                    "tls_certificate_sds_secret_configs": [{"name": "kubernetes://payments-tls"}],
                    "validation_context": {"trusted_ca": {"filename": dir.join("ca.pem")}},
                }}},
            "filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                "stat_prefix": "tls",
                "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
                    {"match": {"prefix": "/"}, "direct_response": {"status": 200}}]}]},
                "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}],
            }}],
        }],
    })
}

fn secret(dir: &Path) -> Value {
    let text = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap_or_default();
    json!({"name": "kubernetes://payments-tls", "tls_certificate": {
        "certificate_chain": {"inline_string": text("server.pem")}, "private_key": {"inline_string": text("server.key")}}})
}

/// An authority, and certificates of it: for a server of one name and an address, and for a client by its SPIFFE name.
fn certificates(dir: &Path) -> Result<()> {
    let made = || -> std::result::Result<Vec<(&str, String)>, rcgen::Error> {
        let mut ca = CertificateParams::new(Vec::new())?;
        // With one name for all, a certificate would be its own authority.
        ca.distinguished_name.push(DnType::CommonName, "an authority");
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        (ca.not_before, ca.not_after) = (rcgen::date_time_ymd(2026, 1, 1), rcgen::date_time_ymd(2036, 1, 1));
        let key = KeyPair::generate()?;
        let ca_pem = ca.self_signed(&key)?.pem();
        let issuer = Issuer::new(ca, key);
        let mut server = CertificateParams::new(vec!["mtls.example.com".to_owned(), "192.0.2.7".to_owned()])?;
        server.distinguished_name.push(DnType::CommonName, "a server");
        (server.not_before, server.not_after) =
            (rcgen::date_time_ymd(2026, 10, 1), rcgen::date_time_ymd(2027, 10, 1));
        let mut client = CertificateParams::new(Vec::new())?;
        client.distinguished_name.push(DnType::CommonName, "a client");
        let name = "spiffe://cluster.local/ns/istio-system/sa/istio-gateway";
        client.subject_alt_names = vec![SanType::URI(name.try_into()?)];
        (client.not_before, client.not_after) =
            (rcgen::date_time_ymd(2026, 11, 1), rcgen::date_time_ymd(2027, 1, 15));
        let (server_key, client_key) = (KeyPair::generate()?, KeyPair::generate()?);
        Ok(vec![
            ("ca.pem", ca_pem),
            ("server.pem", server.signed_by(&server_key, &issuer)?.pem()),
            ("server.key", server_key.serialize_pem()),
            ("client.pem", client.signed_by(&client_key, &issuer)?.pem()),
            ("client.key", client_key.serialize_pem()),
        ])
    };
    for (file, text) in made().map_err(|why| Error(why.to_string()))? {
        std::fs::write(dir.join(file), text).map_err(|why| Error(why.to_string()))?;
    }
    Ok(())
}
