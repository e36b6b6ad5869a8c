//! Who has a mount in a mount namespace of its own, as containers and sandboxes do: it is a copy of what
//! was mounted when it began, and stays there when the mount is taken away here.

use std::{collections::HashSet, fs, path::Path};

use super::mounts;

/// How many of a mount's holders are named.
const NAMED: usize = 3;

/// A process of each other mount namespace that has the connection of a mount, in words; `None` if there
/// is none that this user may look at.
pub(crate) fn holders(connection: u32) -> Option<String> {
    let namespace = |process: &Path| fs::read_link(process.join("ns/mnt"));
    let mut seen: HashSet<_> = namespace(Path::new("/proc/self")).into_iter().collect();
    let mut holders = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let (process, name) = (entry.path(), entry.file_name());
        let Some(pid) = name.to_str().and_then(|pid| pid.parse::<u32>().ok()) else { continue };
        // One that is gone by now, or somebody else's, has none that can be told.
        if !namespace(&process).is_ok_and(|namespace| seen.insert(namespace)) {
            continue;
        }
        let table = fs::read(process.join("mountinfo")).unwrap_or_default();
        if mounts::has_connection(&table, connection) {
            let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
            holders.push(format!("{} ({pid})", name.trim()));
        }
    }
    let others = holders.len().saturating_sub(NAMED);
    holders.truncate(NAMED);
    if others > 0 {
        holders.push(format!("{others} others"));
    }
    (!holders.is_empty()).then(|| holders.join(", "))
}
