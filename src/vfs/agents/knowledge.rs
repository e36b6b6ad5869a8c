//! Links to what an agent knows: where they lead, and what a link stands for that a program makes.

use std::{
    ffi::{OsStr, OsString},
    path::{Component, Path, PathBuf},
};

use crate::{
    api::Knowledge,
    error::{Error, Kind, Result},
    file_name::PROJECT_SUFFIX,
    ids::{AgentId, ProjectId},
    sync::{locate, operation::agent::knowledge},
    vfs::{
        agents::place::AgentPlace,
        directory::{self, Found, no_entry},
        media,
        media_place::MediaPlace,
        names::{self, RESERVED, Titled},
        paths,
        types::Directory,
        volume::Vfs,
    },
};

/// What an agent knows, by the names of the links: those of what they lead to, as far as these were told.
pub(crate) fn links(
    vfs: &Vfs,
    directory: &Directory,
    agent: &AgentId,
) -> Vec<(OsString, AgentPlace)> {
    let known = knowledge::shown(&vfs.engine, &vfs.engine.agents.now(agent));
    let title = |id: &ProjectId| vfs.engine.listings.place_of(id).map(|(_, title)| title);
    let titled = |knowledge: &Knowledge| match knowledge {
        Knowledge::Project(project) => {
            let id = project.as_str().to_owned();
            let title = title(project).unwrap_or_else(|| id.clone());
            Titled { id, title, suffix: PROJECT_SUFFIX }
        }
        Knowledge::Media(media) => {
            let id = media.as_str().to_owned();
            let title = media::name_of(vfs, directory, media).unwrap_or_else(|| id.clone());
            Titled { id, title, suffix: "" }
        }
    };
    // The name of what the directory says of itself is taken.
    let readme = Titled { id: String::new(), title: "README".to_owned(), suffix: ".md" };
    let titled: Vec<Titled> = std::iter::once(readme).chain(known.iter().map(titled)).collect();
    let names = names::assign(&titled, &Default::default()).into_iter().skip(1);
    let place = |it| AgentPlace::Known(agent.clone(), it);
    names.map(OsString::from).zip(known.into_iter().map(place)).collect()
}

/// Where a link leads from `knowledge/`: the way to the file by the names that it was shown with, and to
/// nothing while it was never listed.
pub(crate) fn target(vfs: &Vfs, directory: &Directory, knowledge: &Knowledge) -> PathBuf {
    let engine = &vfs.engine;
    let project = match knowledge {
        Knowledge::Project(project) => project,
        // Its id stays one of its names.
        Knowledge::Media(media) => return Path::new("../../../media").join(media.as_str()),
    };
    let path = match engine.known(project) {
        Some(project) => paths::path_of(vfs, &project),
        None => engine.listings.place_of(project).map_or_else(
            || format!("{project}{PROJECT_SUFFIX}"),
            |(folder, title)| locate::path_of(engine, Some(project), &folder, &title),
        ),
    };
    // The way up from `knowledge/` of an agent to its workspace or folder, and from there to the root.
    let above = match directory {
        Directory::Root => 0,
        Directory::Workspace(_) => 1,
        Directory::Folder(_) => 2,
    };
    let mut way: PathBuf = std::iter::repeat_n("..", 4 + above).collect();
    way.push(path);
    way
}

/// What a link that is made in `knowledge/` leads to. A path from the root of the system may have the
/// mount anywhere on its way, and one that leads nowhere from the link may do so from the folder, as
/// whoever is there types it.
///
/// # Errors
/// [`Kind::NotFound`] if it is neither a project nor a medium of this mount.
pub(crate) async fn meant(vfs: &Vfs, directory: &Directory, target: &Path) -> Result<Knowledge> {
    let space = directory.space().ok_or_else(no_entry)?;
    let way = locate::way_in(&vfs.engine.journal, &vfs.engine.listings, space);
    let folder: Vec<OsString> = Path::new(&way).iter().map(OsStr::to_owned).collect();
    let mut candidates: Vec<Vec<OsString>> = Vec::new();
    if target.is_absolute() {
        let names = joined(&[], target);
        candidates.extend((0..names.len()).filter_map(|at| Some(names.get(at..)?.to_vec())));
    } else {
        let below = [RESERVED, "agents", "_", "knowledge"].map(OsString::from);
        let from_link: Vec<OsString> = folder.iter().cloned().chain(below).collect();
        candidates.extend([joined(&from_link, target), joined(&folder, target)]);
    }
    for names in candidates {
        if let Some(found) = find(vfs, &names).await? {
            return Ok(found);
        }
    }
    Err(Error::new(Kind::NotFound, "the link leads to no project and no medium of this mount")
        .at(target.display().to_string())
        .hint("link to the file of a project in the mount"))
}

/// The names on the way that a path is from a directory.
fn joined(from: &[OsString], path: &Path) -> Vec<OsString> {
    let mut names = from.to_vec();
    for component in path.components() {
        match component {
            Component::Normal(name) => names.push(name.to_owned()),
            Component::ParentDir => drop(names.pop()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    names
}

/// What is at a place below the root of the mount. Nothing of it is read.
async fn find(vfs: &Vfs, names: &[OsString]) -> Result<Option<Knowledge>> {
    let mut at = Directory::Root;
    let mut left = names.iter();
    while let Some(name) = left.next() {
        if name == RESERVED && at != Directory::Root {
            let [top, name] = left.as_slice() else { return Ok(None) };
            if top != "media" {
                return Ok(None);
            }
            return match media::find(vfs, &at, &MediaPlace::Directory, name).await {
                Ok(place) => Ok(media::id_of(vfs, &at, &place).map(Knowledge::Media)),
                Err(error) if error.kind() == Kind::NotFound => Ok(None),
                Err(error) => Err(error),
            };
        }
        match directory::find(vfs, &at, name).await? {
            Found::Directory(below) => at = below,
            Found::Project(project) if left.as_slice().is_empty() => {
                return Ok(project.id().map(Knowledge::Project));
            }
            Found::Project(_) | Found::Elsewhere | Found::Nothing => return Ok(None),
        }
    }
    Ok(None)
}
