//! The kubeconfig and the chosen clusters: whether they answer, how fast, and what this user may do there.
#![allow(clippy::disallowed_methods, reason = "it measures how long others take")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use kube::config::AuthInfo;
use tokio::time::timeout;

use super::Part;
use super::names::Names;
use crate::cli::Globals;
use crate::cluster::access::{self, Action};
use crate::cluster::connect::{self, Patience};
use crate::cluster::kubeconfig::{self, Contexts, Source};
use crate::cluster::read_only::ReadOnly;
use crate::cluster::{discovery, usage};
use crate::config::Settings;
use crate::model::fault::Fault;
use crate::model::name::{ClusterName, Kind};
use crate::setup;

/// What egret does, in the order in which somebody misses it: verb, kind, subresource.
const RIGHTS: &[(&str, Kind, &str)] = &[
    ("list", Kind::IstioGateway, ""),
    ("list", Kind::Deployment, ""),
    ("list", Kind::Pod, ""),
    ("list", Kind::Service, ""),
    ("get", Kind::Pod, "log"),
    ("get", Kind::Pod, "proxy"),
    ("create", Kind::Pod, "portforward"),
    ("create", Kind::Pod, "exec"),
    ("create", Kind::IstioGateway, ""),
    ("patch", Kind::IstioGateway, ""),
    ("delete", Kind::IstioGateway, ""),
];

/// Requests of which the quickest, the middle and the slowest are told.
const REQUESTS: usize = 5;

/// Longest for all that is asked of one cluster.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn parts(settings: &Settings, globals: &Globals, names: &mut Names) -> Vec<Part> {
    let mut about = Part::new("Kubeconfig");
    let contexts = match kubeconfig::read(globals.kubeconfig.as_deref()) {
        Ok(contexts) => contexts,
        Err(fault) => {
            about.say("wrong", names.fault(&fault));
            return vec![about];
        }
    };
    about.say("from", origin(&contexts, names));
    about.say("contexts", contexts.names.len().to_string());
    let current = contexts.current.as_ref().map(|name| names.of("context", name.as_str()));
    about.say("current", current.unwrap_or_else(|| "none".to_owned()));
    let chosen = match setup::chosen(&contexts, settings) {
        Ok(chosen) => chosen,
        Err(fault) => {
            about.say("wrong", names.fault(&fault));
            return vec![about];
        }
    };
    about.say("chosen", chosen.len().to_string());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let Ok(runtime) = runtime else {
        about.say("wrong", "no runtime can be started");
        return vec![about];
    };
    let namespace = setup::options(settings).namespaces.first().map_or(String::new(), ToString::to_string);
    let seen = runtime.block_on(join_all(chosen.iter().map(|cluster| look(&contexts, cluster, &namespace))));
    let mut parts = vec![about];
    for (cluster, seen) in chosen.iter().zip(seen) {
        parts.push(part(&contexts, settings, cluster, seen, names));
    }
    parts
}

fn origin(contexts: &Contexts, names: &Names) -> String {
    match &contexts.source {
        Source::Files(_) => {
            let listed = std::env::var("KUBECONFIG").unwrap_or_else(|_| "~/.kube/config".to_owned());
            let listed: Vec<String> = listed.split(':').map(|path| names.path(path)).collect();
            format!("{} (unless --kubeconfig names another)", listed.join(", "))
        }
        Source::InCluster => "the pod that egret runs in".to_owned(),
        Source::Handed(_) => "this process".to_owned(),
    }
}

/// What a cluster showed.
struct Seen {
    server: String,
    version: Option<Box<str>>,
    keeper: String,
    trips: Vec<Duration>,
    rights: Vec<Option<bool>>,
    metrics: Result<(), Fault>,
}

async fn look(contexts: &Contexts, cluster: &ClusterName, namespace: &str) -> Result<Seen, Fault> {
    let plugin = connect::plugin(contexts, cluster).map(Arc::new);
    let patience = Patience::default();
    // Nothing is written, whatever happens.
    let c = connect::connect(contexts, cluster, plugin, ReadOnly::demanded(), patience).await?;
    let known = discovery::facts(&c).await;
    if known.kubernetes.is_none() {
        // Its own words say why.
        discovery::resources(&c, "/api/v1").await?;
    }
    let looking = async {
        let mut trips = Vec::new();
        for _ in 0..REQUESTS {
            let begun = Instant::now();
            if discovery::resources(&c, "/apis/apps/v1").await.is_ok() {
                trips.push(begun.elapsed());
            }
        }
        trips.sort();
        let rights = join_all(RIGHTS.iter().map(|(verb, kind, subresource)| {
            access::may(&c, Action { verb, kind: *kind, subresource, namespace, name: "" })
        }))
        .await;
        let metrics = usage::of_pods(&c, namespace).await.map(drop);
        (trips, rights, metrics)
    };
    let (trips, rights, metrics) = timeout(PATIENCE, looking).await.unwrap_or_else(|_| {
        let slow = Fault::new(crate::model::fault::Reason::Unreachable, "not within 20 s", "");
        (Vec::new(), vec![None; RIGHTS.len()], Err(slow))
    });
    let keeper = known.keeper.as_ref().map_or("unknown".to_owned(), |keeper| format!("{keeper:?}"));
    Ok(Seen { server: c.server.to_string(), version: known.kubernetes, keeper, trips, rights, metrics })
}

fn part(
    contexts: &Contexts,
    settings: &Settings,
    cluster: &ClusterName,
    seen: Result<Seen, Fault>,
    names: &mut Names,
) -> Part {
    let mut part = Part::new("Cluster");
    part.say("context", names.of("context", cluster.as_str()));
    part.say("credentials", credentials(contexts, cluster, names));
    let marks = [
        (settings.read_only_in(cluster.as_str()), "read-only"),
        (settings.production_in(cluster.as_str()), "production"),
    ];
    let marks: Vec<&str> = marks.iter().filter(|(on, _)| *on).map(|(_, mark)| *mark).collect();
    part.say("marked", if marks.is_empty() { "no".to_owned() } else { marks.join(", ") });
    let seen = match seen {
        Ok(seen) => seen,
        Err(fault) => {
            part.say("does not answer", names.fault(&fault));
            return part;
        }
    };
    part.say("server", server(&seen.server, names));
    part.say("Kubernetes version", seen.version.as_deref().unwrap_or("not told").to_owned());
    part.say("gateways kept by", seen.keeper);
    let ms = |trip: &Duration| format!("{:.1}", trip.as_secs_f64() * 1000.0);
    part.say(
        "round trip",
        match (seen.trips.first(), seen.trips.get(seen.trips.len() / 2), seen.trips.last()) {
            (Some(best), Some(middle), Some(worst)) => {
                format!("{} ms ({}–{}, {} requests)", ms(middle), ms(best), ms(worst), seen.trips.len())
            }
            _ => "not measured".to_owned(),
        },
    );
    for ((verb, kind, subresource), may) in RIGHTS.iter().zip(&seen.rights) {
        let of = if subresource.is_empty() { String::new() } else { format!("/{subresource}") };
        let may = match may {
            Some(true) => "yes",
            Some(false) => "no",
            None => "unknown: the server did not say",
        };
        part.say(format!("may {verb} {}{of}", kind.resource().plural), may);
    }
    part.say(
        "metrics API",
        match seen.metrics {
            Ok(()) => "served".to_owned(),
            Err(fault) => names.fault(&fault),
        },
    );
    part
}

/// The server's address: scheme and port tell something, the host is a name.
fn server(url: &str, names: &mut Names) -> String {
    let Ok(uri) = url.parse::<http::Uri>() else { return names.of("server", url) };
    let host = names.of("server", uri.host().unwrap_or_default());
    let port = uri.port().map_or(String::new(), |port| format!(":{port}"));
    format!("{}://{host}{port}", uri.scheme_str().unwrap_or("https"))
}

/// The kind of the credentials; what they are is nobody's business.
fn credentials(contexts: &Contexts, cluster: &ClusterName, names: &mut Names) -> String {
    let Source::Files(config) = &contexts.source else { return "the pod's service account".to_owned() };
    let context = config.contexts.iter().find(|c| c.name == cluster.as_str());
    let user = context.and_then(|c| c.context.as_ref()).and_then(|c| c.user.clone()).unwrap_or_default();
    let info = config.auth_infos.iter().find(|a| a.name == user).and_then(|a| a.auth_info.as_ref());
    let kind = info.map_or("none".to_owned(), kind);
    match user.as_str() {
        "" => kind,
        user => format!("{kind} (user {})", names.of("user", user)),
    }
}

fn kind(info: &AuthInfo) -> String {
    let plugin = info.exec.as_ref().and_then(|exec| exec.command.as_deref());
    let plugin = plugin.map(|command| command.rsplit('/').next().unwrap_or(command));
    let kinds = [
        (plugin.is_some(), format!("plugin `{}`", plugin.unwrap_or_default())),
        (info.client_certificate.is_some(), "certificate in a file".to_owned()),
        (info.client_certificate_data.is_some(), "certificate in the kubeconfig".to_owned()),
        (info.token.is_some(), "token in the kubeconfig".to_owned()),
        (info.token_file.is_some(), "token in a file".to_owned()),
        (info.username.is_some(), "name and password".to_owned()),
        (info.auth_provider.is_some(), "auth provider".to_owned()),
        (info.impersonate.is_some(), "impersonates".to_owned()),
    ];
    let kinds: Vec<String> = kinds.into_iter().filter(|(is, _)| *is).map(|(_, kind)| kind).collect();
    if kinds.is_empty() { "none".to_owned() } else { kinds.join(", ") }
}
