//! Where the two servers may differ, and why.

/// Case (`*`: all), path in an answer (`*`: any one part, `**`: any number), reason.
pub(super) const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("*", "/**/nodeName", "the scheduler chooses among equals by chance"),
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
