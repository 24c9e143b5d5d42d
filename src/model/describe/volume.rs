//! Volumes: where they come from. A Secret is only named (R27).

use serde_json::Value;

use super::read::{is_true, list, scalar, text};
use super::words::{DASH, joined, one_line};

/// Sources whose name is one field of theirs: key, word, path of the name.
const NAMED: [(&str, &str, &str); 6] = [
    ("secret", "Secret", "/secretName"),
    ("configMap", "ConfigMap", "/name"),
    ("persistentVolumeClaim", "PersistentVolumeClaim", "/claimName"),
    ("hostPath", "path on the node", "/path"),
    ("csi", "CSI driver", "/driver"),
    ("image", "image", "/reference"),
];

/// Name and source of a volume: `istio-token`, `token for istio-ca`.
pub(super) fn volume(volume: &Value) -> (String, String) {
    let name = text(volume, "/name").map_or_else(|| DASH.to_owned(), one_line);
    (name, one_line(&source(volume)))
}

fn source(volume: &Value) -> String {
    for (key, word, path) in NAMED {
        if let Some(source) = volume.get(key) {
            let optional = if is_true(source, "/optional") { ", optional" } else { "" };
            return format!("{word} {}{optional}", text(source, path).unwrap_or(DASH));
        }
    }
    if let Some(empty) = volume.get("emptyDir") {
        let medium = text(empty, "/medium").map(|medium| format!("in {}", medium.to_lowercase()));
        let limit = scalar(empty, "/sizeLimit").map(|limit| format!("at most {limit}"));
        return joined(["empty directory".to_owned()].into_iter().chain(medium).chain(limit), ", ");
    }
    if let Some(projected) = volume.get("projected") {
        return joined(list(projected, "/sources").iter().map(projection), ", ");
    }
    if let Some(fields) = volume.get("downwardAPI") {
        return format!("fields of the pod{}", fields_of(fields));
    }
    // Each volume has a name and one source; what egret has no words for keeps Kubernetes' own.
    let other =
        volume.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).find(|key| *key != "name");
    other.unwrap_or(DASH).to_owned()
}

fn projection(source: &Value) -> String {
    let named =
        |key: &str, word: &str| Some(format!("{word} {}", text(source.get(key)?, "/name").unwrap_or(DASH)));
    let token = || {
        let token = source.get("serviceAccountToken")?;
        let audience = text(token, "/audience").unwrap_or("the API server");
        Some(format!("token for {audience}"))
    };
    let fields = || source.get("downwardAPI").map(|fields| format!("fields of the pod{}", fields_of(fields)));
    let other = || source.as_object()?.keys().next().cloned();
    let known = named("secret", "Secret").or_else(|| named("configMap", "ConfigMap"));
    known.or_else(token).or_else(fields).or_else(other).unwrap_or_else(|| DASH.to_owned())
}

fn fields_of(source: &Value) -> String {
    let paths = list(source, "/items").iter().filter_map(|item| {
        text(item, "/fieldRef/fieldPath").or_else(|| text(item, "/resourceFieldRef/resource"))
    });
    let paths = joined(paths, ", ");
    if paths.is_empty() { paths } else { format!(" ({paths})") }
}
