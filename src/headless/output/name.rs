//! `CLUSTER/NAMESPACE/NAME`, one a line; a cluster is its name alone.
//!
//! Not kubectl's `pod/name`: the kind was asked for, and with several clusters open a name without its
//! cluster says too little. A context may hold slashes itself, a namespace and a name cannot: the last two
//! parts are always theirs.

use std::io::{self, Write};

use super::Lines;
use crate::model::clean::clean;

/// Prints the names of the lines.
pub(super) fn print(lines: &Lines<'_>, out: &mut dyn Write) -> io::Result<()> {
    for item in lines.items {
        let id = item.id();
        let cluster = clean(id.cluster.as_str());
        if id.namespace.is_empty() {
            writeln!(out, "{cluster}")?;
        } else {
            writeln!(out, "{cluster}/{}/{}", clean(&id.namespace), clean(&id.name))?;
        }
    }
    Ok(())
}
