//! Where the two servers may differ, and why.

/// Case (`*`: all), path in an answer (`*`: any one part, `**`: any number), reason.
pub(super) const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("*", "/**/nodeName", "the scheduler chooses among equals by chance"),
    ("the version", "/body/gitCommit", "what a build says of itself"),
    ("the version", "/body/goVersion", "what a build says of itself"),
    ("the version", "/body/compiler", "what a build says of itself"),
    ("the version", "/body/platform", "what a build says of itself"),
    ("the core group", "/body/serverAddressByClientCIDRs/0/serverAddress", "where a server is"),
    ("a pod changes in few ways", "/body/message", "the server shows a difference of Go structures"),
    (
        "a pod changes in few ways",
        "/body/details/causes/0/message",
        "the server shows a difference of Go structures",
    ),
    ("a table is answered when it is asked for", "/**", "egret reads objects, never tables"),
    (
        "everybody may ask for versions, groups and themselves",
        "/body/serverAddressByClientCIDRs/0/serverAddress",
        "where a server is",
    ),
    (
        "everybody may ask for versions, groups and themselves",
        "/body/resources",
        "what egret does not use is not served",
    ),
    (
        "everybody may ask for versions, groups and themselves",
        "/body/gitCommit",
        "what a build says of itself",
    ),
    (
        "everybody may ask for versions, groups and themselves",
        "/body/goVersion",
        "what a build says of itself",
    ),
    (
        "everybody may ask for versions, groups and themselves",
        "/body/compiler",
        "what a build says of itself",
    ),
    (
        "everybody may ask for versions, groups and themselves",
        "/body/platform",
        "what a build says of itself",
    ),
    ("one is told who one is", "/body/status/userInfo/extra", "which certificate somebody came with"),
    ("*", "/**/terminatingReplicas", "KWOK's pods end at once, ours take a moment"),
    ("a pod that is deleted is replaced", "/body/status/**", "KWOK's kubelet says less than a real one"),
    (
        "a pod that is deleted is replaced",
        "/body/metadata/managedFields",
        "KWOK's kubelet says less than a real one",
    ),
    (
        "a deployment makes a replica set, which makes pods",
        "/managedFields",
        "KWOK's kubelet says less than a real one",
    ),
    (
        "patches that only built-in kinds take are refused",
        "/**",
        "strategic merge patches are kubectl's: nothing of egret's sends one",
    ),
    ("a body that cannot be read is refused", "/body/message", "the server shows a structure of Go's"),
    (
        "what is being deleted cannot be brought back",
        "/body/metadata/managedFields/**",
        "what a patch says of the time of deletion is ignored, and owned by nobody",
    ),
    (
        "a service gets the endpoints of its ready pods",
        "/body/items/0/metadata/generation",
        "KWOK's pods are ready at once, ours take a moment",
    ),
    (
        "a merge patch that is none is refused",
        "/**/message",
        "the server shows the patched object in its own order",
    ),
    ("a merge patch is validated", "/**/message", "the server shows the patched object in its own order"),
    (
        "an unknown field in a patch is warned of or refused",
        "/**/message",
        "the server shows the patched object in its own order",
    ),
    (
        "deleting answers with what was deleted",
        "/body/metadata/managedFields/0/fieldsV1/f:endpoints",
        "an empty list of endpoints is as good as none here, and nobody owns it",
    ),
    ("*", "/**/storageVersionHash", "a hash of the name of a group that is another each time"),
];

/// Whether a path of a case is excepted.
pub(super) fn excepted(case: &str, path: &str) -> bool {
    EXCEPTIONS.iter().any(|(of, pattern, _)| (*of == "*" || *of == case) && matches(pattern, path))
}

fn matches(pattern: &str, path: &str) -> bool {
    let parts = |text: &str| text.split('/').skip(1).map(str::to_owned).collect::<Vec<_>>();
    fits(&parts(pattern), &parts(path))
}

/// `**` is any number of parts.
fn fits(pattern: &[String], path: &[String]) -> bool {
    match (pattern, path) {
        ([], []) => true,
        ([any, rest @ ..], _) if any == "**" => (0..=path.len()).any(|skip| fits(rest, &path[skip..])),
        ([part, rest @ ..], [is, path @ ..]) => (part == "*" || part == is) && fits(rest, path),
        _ => false,
    }
}
