//! `.taskade/recent/`: the projects that were viewed last, as links to their files, newest first by
//! time of change.
//!
//! The links are on the local disk, as all of `.taskade/` is, and made anew when somebody looks into
//! the directory and what was viewed is told anew: so they are there without the service, and after a
//! remount. Taskade tells an order and no times. A link has the time at which its project was first
//! seen where it is in the order; what stays in the order keeps its time. A project of which it is not
//! known where it is has no link, nor has one that is archived.

use std::{
    collections::HashMap,
    ffi::OsStr,
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use crate::{
    error::Result,
    file_name::PROJECT_SUFFIX,
    ids::ProjectId,
    kernel_thread,
    sync::{ListIntent, read::viewed},
    vfs::{
        control::{RECENT, is_control},
        directory::{self, child},
        inode::Node,
        local::LocalFile,
        names::{self, Titled},
        tree::inner::LocalEntry,
        types::{Directory, Ino, SetAttr},
        volume::Vfs,
    },
};

/// From `.taskade/recent/` to the root of the mount.
const UP: &str = "../..";

/// How far the times of two links are apart that came into the order together.
const APART: Duration = Duration::from_millis(1);

/// A link that there is to be.
#[derive(Debug, PartialEq, Eq)]
struct Link {
    name: String,
    target: PathBuf,
}

/// Whether a name is that of the directory.
pub(crate) fn is_recent(vfs: &Vfs, parent: Ino, name: &OsStr) -> bool {
    name == RECENT
        && matches!(vfs.tree().inodes.get(parent),
            Some(Node::Scratch(Some((above, name)))) if is_control(*above, name))
}

/// Has the links say what was viewed last, as far as that is told: a program that walks through many
/// directories gets what is known. What goes wrong leaves them as they were.
pub(crate) async fn refresh(vfs: &Vfs, list_intent: ListIntent) {
    let _turn = vfs.recent.lock().await;
    let viewed = viewed::viewed(&vfs.engine, list_intent).await;
    kernel_thread::leave().await;
    let dir = vfs.control.join(RECENT);
    if let Err(error) = write(&dir, &links(vfs, &viewed), vfs.now()) {
        tracing::warn!(%error, "the links to what was viewed last are out of date");
    }
}

/// The links to these projects, in their order.
fn links(vfs: &Vfs, viewed: &[ProjectId]) -> Vec<Link> {
    let found: Vec<(&ProjectId, PathBuf)> =
        viewed.iter().filter_map(|id| Some((id, path_of(vfs, id).ok()??))).collect();
    let titled = |(id, path): &&(&ProjectId, PathBuf)| Titled {
        id: id.as_str().to_owned(),
        title: stem(path),
        suffix: PROJECT_SUFFIX,
    };
    // Whatever the order is, the same one of equal names has it as it is.
    let mut by_id: Vec<&(&ProjectId, PathBuf)> = found.iter().collect();
    by_id.sort_by_key(|(id, _)| *id);
    let all: Vec<Titled> = by_id.iter().map(titled).collect();
    let names = names::assign(&all, &HashMap::new());
    let names: HashMap<&ProjectId, String> = by_id.iter().map(|(id, _)| *id).zip(names).collect();
    let link = |(id, path): &(&ProjectId, PathBuf)| {
        Some(Link { name: names.get(id)?.clone(), target: Path::new(UP).join(path) })
    };
    found.iter().filter_map(link).collect()
}

/// The name of a file without its ending. It is safe already, and stays as it is.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.strip_suffix(PROJECT_SUFFIX).unwrap_or(&name).to_owned()
}

/// Where a project is shown below the root of the mount, by what was listed; `None` if it is not.
fn path_of(vfs: &Vfs, id: &ProjectId) -> Result<Option<PathBuf>> {
    let engine = &vfs.engine;
    let known = engine.known(id).map(|project| project.folder());
    let Some(folder) = known.or_else(|| Some(engine.listings.place_of(id)?.0)) else {
        return Ok(None);
    };
    let (mut path, mut at) = (PathBuf::new(), Directory::Root);
    for (_, space) in engine.listings.way_to(&folder) {
        let entries = directory::known_entries(vfs, &at);
        let Some(name) = entries.name_of_space(&space.id) else { return Ok(None) };
        path.push(name);
        at = child(&at, &space);
    }
    if at == Directory::Root {
        return Ok(None);
    }
    let entries = directory::known_entries(vfs, &at);
    let tree = vfs.tree();
    let is_it = |local: &LocalEntry| matches!(local, LocalEntry::New(project) if project.id().as_ref() == Some(id));
    let local = tree.locals.get(&at).and_then(|it| it.iter().find(|(_, local)| is_it(local)));
    let listed = entries.name_of(id).filter(|name| tree.local(&at, name).is_none());
    Ok(local.map(|(name, _)| name.as_os_str()).or(listed).map(|name| path.join(name)))
}

/// Has a directory hold these links and nothing else.
fn write(dir: &Path, links: &[Link], now: SystemTime) -> io::Result<()> {
    let mut there = HashMap::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let (target, time) = (fs::read_link(entry.path()).ok(), entry.metadata()?.modified()?);
        there.insert(entry.file_name(), (target, time));
    }
    let known = links.iter().map(|link| there.get(OsStr::new(&link.name)));
    let known: Vec<Option<SystemTime>> = known.map(|it| it.map(|(_, time)| *time)).collect();
    for (link, time) in links.iter().zip(times(&known, now)) {
        let is_there = there.remove(OsStr::new(&link.name));
        if is_there == Some((Some(link.target.clone()), time)) {
            continue;
        }
        let (path, new) = (dir.join(&link.name), dir.join(".new"));
        drop(fs::remove_file(&new));
        symlink(&link.target, &new)?;
        LocalFile::at(&new)?.set(&SetAttr { modified: Some(time), ..SetAttr::default() })?;
        fs::rename(new, path)?;
    }
    there.keys().try_for_each(|name| fs::remove_file(dir.join(name)))
}

/// The times of links in their order, newest first, of which these are known.
fn times(known: &[Option<SystemTime>], now: SystemTime) -> Vec<SystemTime> {
    let mut kept: Vec<SystemTime> = Vec::new();
    for time in known.iter().rev() {
        match time {
            Some(time) if kept.last().is_none_or(|below| below < time) => kept.push(*time),
            _ => break,
        }
    }
    let new = known.len() - kept.len();
    let rank = |rank: usize| APART.saturating_mul(u32::try_from(rank).unwrap_or(u32::MAX));
    let first = kept.last().map_or(now, |below| now.max(*below + rank(new)));
    (0..new).map(|at| first - rank(at)).chain(kept.into_iter().rev()).collect()
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        path::PathBuf,
        time::{Duration, SystemTime},
    };

    use super::{Link, times, write};

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn what_stays_in_the_order_keeps_its_time_and_the_times_tell_the_order() {
        let falls = |times: &[SystemTime]| times.is_sorted_by(|one, other| one > other);
        let first = times(&[None, None, None], at(10));
        assert_eq!(first[0], at(10));
        assert!(falls(&first));
        let of = |places: &[Option<usize>]| {
            let known: Vec<_> = places.iter().map(|place| place.map(|at| first[at])).collect();
            times(&known, at(20))
        };
        assert_eq!(of(&[Some(0), Some(1), Some(2)]), first);
        // The last one is viewed, and a new one.
        let moved = of(&[None, Some(2), Some(0), Some(1)]);
        assert_eq!((moved[0], &moved[2..]), (at(20), &first[..2]));
        assert!(falls(&moved));
        assert_eq!(of(&[Some(0), Some(2)]), [first[0], first[2]], "one is gone");
        // A clock that went back.
        assert!(falls(&times(&[None, None, Some(at(30))], at(5))));
        assert!(times(&[], at(1)).is_empty());
    }

    #[test]
    fn links_that_are_right_stay_and_others_go() {
        let dir = tempfile::tempdir().unwrap();
        let link = |name: &str, target: &str| Link { name: name.into(), target: target.into() };
        let shown = || {
            let mut shown: Vec<(String, PathBuf, SystemTime)> = fs::read_dir(dir.path())
                .unwrap()
                .map(|entry| {
                    let entry = entry.unwrap();
                    let time = entry.metadata().unwrap().modified().unwrap();
                    let target = fs::read_link(entry.path()).unwrap();
                    (entry.file_name().into_string().unwrap(), target, time)
                })
                .collect();
            shown.sort_by_key(|(_, _, time)| std::cmp::Reverse(*time));
            shown
        };
        let names = || shown().into_iter().map(|(name, _, _)| name).collect::<Vec<_>>();
        write(dir.path(), &[link("b", "../b"), link("a", "../a")], at(10)).unwrap();
        assert_eq!(names(), ["b", "a"]);
        let before = shown();
        write(dir.path(), &[link("b", "../b"), link("a", "../a")], at(20)).unwrap();
        assert_eq!(shown(), before);
        write(dir.path(), &[link("c", "../c"), link("a", "../x/a")], at(30)).unwrap();
        assert_eq!(names(), ["c", "a"]);
        assert_eq!(shown()[1].1, PathBuf::from("../x/a"));
        assert_eq!(shown()[1].2, before[1].2);
    }
}
