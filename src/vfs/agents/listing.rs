//! What is in the directories of agents, and how it looks: made of listings and of what is known, and of
//! no request for what a file holds.

use std::{
    ffi::{OsStr, OsString},
    time::Duration,
};

use crate::{
    api::{Knowledge, RemoteAgent},
    error::{Error, Kind, Result},
    ids::AgentId,
    sync::{operation::agent::shown, read::agents},
    vfs::{
        agents::{
            content, knowledge, names,
            place::{AgentPlace, ConvoFile},
        },
        directory::no_entry,
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
            let one = |(name, id): (String, AgentId)| {
                (name.into(), AgentPlace::One(vfs.engine.agents.first(&id)))
            };
            found.extend(names::name_agents(vfs, space, &agents).into_iter().map(one));
        }
        AgentPlace::Knowledge(agent) => found.extend(knowledge::links(vfs, directory, agent)),
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
    let named = found.iter().find(|(known, _)| known == name);
    // The id of a medium stays one of its names: its name may be learnt at any time.
    let is_it = |place: &AgentPlace| match place {
        AgentPlace::Known(_, Knowledge::Media(media)) => name == media.as_str(),
        _ => false,
    };
    let named = named.or_else(|| found.iter().find(|(_, place)| is_it(place)));
    named.map(|(_, place)| place.clone()).ok_or_else(no_entry)
}

/// The conversations with an agent: what is known of each, and what was said as far as that is told.
async fn convos(vfs: &Vfs, agent: &AgentId) -> Result<Vec<(OsString, AgentPlace)>> {
    let id = &vfs.engine.agents.now(agent);
    if shown::is_new(&vfs.engine, id) {
        return Ok(Vec::new());
    }
    let listed = agents::convos(&vfs.engine, id).await?;
    let mut found = Vec::with_capacity(listed.len() * ConvoFile::ALL.len());
    for ((stem, _), convo) in names::name_convos(&listed).into_iter().zip(listed.iter()) {
        for file in ConvoFile::ALL {
            if file == ConvoFile::Transcript && vfs.engine.agents.is_untold(id, convo) {
                continue;
            }
            let name = format!("{stem}{}", file.suffix());
            found.push((name.into(), AgentPlace::Convo(agent.clone(), convo.id.clone(), file)));
        }
    }
    Ok(found)
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
        AgentPlace::Known(_, known) => Attr {
            kind: FileKind::Symlink,
            size: knowledge::target(vfs, directory, known).as_os_str().len() as u64,
            mode: 0o777,
            links: 1,
            ..attr
        },
        AgentPlace::File(id, file) => {
            let told = || agent.and_then(|agent| content::known_text(&agent, *file));
            let text = content::typed_text(vfs, id, *file).or_else(told);
            let size = text.map_or(attr.size, |text| text.len() as u64);
            Attr { size, attr_ttl: Duration::ZERO, ..attr }
        }
        AgentPlace::Generate => Attr { size: content::GENERATE.len() as u64, ..attr },
        AgentPlace::KnowledgeReadme(_) => Attr { size: content::KNOWLEDGE.len() as u64, ..attr },
        _ => attr,
    }
}

/// An agent as it is shown, as far as it was ever read.
pub(crate) fn known(vfs: &Vfs, directory: &Directory, id: &AgentId) -> Option<RemoteAgent> {
    shown::known(&vfs.engine, directory.space()?, id)
}
