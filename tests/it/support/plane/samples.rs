//! Gateways as others make them: `tests/data/gateways/*.yaml`.

use super::{Result, While};
use std::path::Path;

/// The texts of the sample manifests, in the order of their names. Those of Gateway API need
/// [`super::Options::gateway_api`].
pub fn sample_gateways() -> Result<Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/gateways");
    let what = format!("reading {}", folder.display());
    let mut files = Vec::new();
    for entry in folder.read_dir().while_doing(&what)? {
        files.push(entry.while_doing(&what)?.path());
    }
    files.sort();
    files.iter().map(|file| std::fs::read_to_string(file).while_doing(&what)).collect()
}
