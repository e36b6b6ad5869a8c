//! What is in the directories of agents, and how it looks: made of listings and of what is known, and of
//! no request for what a file holds.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
    time::Duration,
};

use crate::{
    api::RemoteAgent,
    error::{Error, Kind, Result},
    file_name::PROJECT_SUFFIX,
    ids::{AgentId, ProjectId},
    sync::{locate, operation::agent::shown, read::agents},
    vfs::{
        agents::{
            content, names,
            place::{AgentPlace, ConvoFile},
        },
        directory::no_entry,
        names::{self as file_names, Titled},
        paths,
        types::{Attr, Directory, FileKind},
        volume::Vfs,
    },
};

/// What is in a directory, named.
///
/// # Errors
/// What listing it failed with, [`Kind::NotDirectory`] for what is none.
pub(crate) async fn children(
    vfs: &Vfs,
    directory: &Directory,
    place: &AgentPlace,
) -> Result<Vec<(OsString, AgentPlace)>> {
    let mut found: Vec<(OsString, AgentPlace)> =
        place.fixed().into_iter().map(|(name, place)| (name.into(), place)).collect();
    match place {
        AgentPlace::All => {
            let space = directory.space().ok_or_else(no_entry)?;
            let agents = shown::listed(&vfs.engine, space).await?;
            let one = |(name, id): (String, AgentId)| (name.into(), AgentPlace::One(id));
            found.extend(names::name_agents(vfs, space, &agents).into_iter().map(one));
        }
        AgentPlace::Knowledge(agent) => found.extend(known_projects(vfs, agent)),
        AgentPlace::Convos(agent) => found.extend(convos(vfs, agent).await?),
        _ if place.kind() == FileKind::Directory => {}
        _ => return Err(Error::new(Kind::NotDirectory, "a file")),
    }
    let (tree, now) = (vfs.tree(), vfs.engine.clock().now());
    found.retain(|(_, place)| !tree.agents.is_hidden(place, now));
    Ok(found)
}

/// What a name stands for in a directory.
///
/// # Errors
/// [`Kind::NotFound`] if there is no such thing, and as [`children`].
pub(crate) async fn child(
    vfs: &Vfs,
    directory: &Directory,
    place: &AgentPlace,
    name: &OsStr,
) -> Result<AgentPlace> {
    if let Some(fixed) = place.fixed_child(name) {
        let is_hidden = vfs.tree().agents.is_hidden(&fixed, vfs.engine.clock().now());
        return if is_hidden { Err(no_entry()) } else { Ok(fixed) };
    }
    let found = children(vfs, directory, place).await?;
    found.into_iter().find(|(known, _)| known == name).map(|(_, place)| place).ok_or_else(no_entry)
}

/// The conversations with an agent: what is known of each, and what was said as far as that is told.
async fn convos(vfs: &Vfs, agent: &AgentId) -> Result<Vec<(OsString, AgentPlace)>> {
    let listed = agents::convos(&vfs.engine, agent).await?;
    let mut found = Vec::with_capacity(listed.len() * ConvoFile::ALL.len());
    for ((stem, id), convo) in names::name_convos(&listed).into_iter().zip(listed.iter()) {
        for file in ConvoFile::ALL {
            if file == ConvoFile::Transcript && vfs.engine.agents.is_untold(agent, convo) {
                continue;
            }
            let name = format!("{stem}{}", file.suffix());
            found.push((name.into(), AgentPlace::Convo(agent.clone(), id.clone(), file)));
        }
    }
    Ok(found)
}

/// The projects that an agent is known to know, by the titles that they were listed with.
fn known_projects(vfs: &Vfs, agent: &AgentId) -> Vec<(OsString, AgentPlace)> {
    let known = vfs.engine.listings.knowledge(agent);
    let title = |id: &ProjectId| vfs.engine.listings.place_of(id).map(|(_, title)| title);
    let titled = |id: &ProjectId| Titled {
        id: id.as_str().to_owned(),
        title: title(id).unwrap_or_else(|| id.as_str().to_owned()),
        suffix: PROJECT_SUFFIX,
    };
    // The name of what the directory says of itself is taken.
    let readme = Titled { id: String::new(), title: "README".to_owned(), suffix: ".md" };
    let titled: Vec<Titled> = std::iter::once(readme).chain(known.iter().map(titled)).collect();
    let names = file_names::assign(&titled, &Default::default()).into_iter().skip(1);
    let place = |id| AgentPlace::Known(agent.clone(), id);
    names.map(OsString::from).zip(known.into_iter().map(place)).collect()
}

/// Where the link to a project leads from `knowledge/`: the way to its file by the names that it was
/// shown with, and to nothing while it was never listed.
pub(crate) fn target(vfs: &Vfs, directory: &Directory, project: &ProjectId) -> PathBuf {
    let engine = &vfs.engine;
    let path = match engine.known(project) {
        Some(project) => paths::path_of(vfs, &project),
        None => engine.listings.place_of(project).map_or_else(
            || format!("{project}{}", PROJECT_SUFFIX),
            |(folder, title)| locate::path_of(engine, Some(project), &folder, &title),
        ),
    };
    // The way up from `knowledge/` of an agent to its workspace or folder, and from there to the root.
    let above_mount = match directory {
        Directory::Root => 0,
        Directory::Workspace(_) => 1,
        Directory::Folder(_) => 2,
    };
    let mut way: PathBuf = std::iter::repeat_n("..", 4 + above_mount).collect();
    way.push(path);
    way
}

/// What `stat` shows, given what it shows of any place here.
pub(crate) fn attr(vfs: &Vfs, directory: &Directory, place: &AgentPlace, attr: Attr) -> Attr {
    let agent = match place {
        AgentPlace::One(id) | AgentPlace::File(id, _) => known(vfs, directory, id),
        _ => None,
    };
    let engine = &vfs.engine;
    let modified = agent.as_ref().map_or(engine.started(), |agent| {
        engine.agents.modified(agent, engine.started(), engine.clock().wall())
    });
    let attr = Attr { modified, changed: modified, accessed: modified, ..attr };
    match place {
        AgentPlace::Known(_, project) => Attr {
            kind: FileKind::Symlink,
            size: target(vfs, directory, project).as_os_str().len() as u64,
            mode: 0o777,
            links: 1,
            ..attr
        },
        AgentPlace::File(_, file) => {
            let text = agent.and_then(|agent| content::known_text(&agent, *file));
            let size = text.map_or(attr.size, |text| text.len() as u64);
            Attr { size, attr_ttl: Duration::ZERO, ..attr }
        }
        AgentPlace::KnowledgeReadme(_) => Attr { size: content::KNOWLEDGE.len() as u64, ..attr },
        _ => attr,
    }
}

/// An agent as it is shown, as far as it was ever read.
pub(crate) fn known(vfs: &Vfs, directory: &Directory, id: &AgentId) -> Option<RemoteAgent> {
    shown::known(&vfs.engine, directory.space()?, id)
}
