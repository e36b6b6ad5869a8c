//! What media go by: the name that they have at Taskade, where that was ever told, else their id. Of
//! equal names the later ones get a mark before their ending, and a name once given stays.

use crate::{
    api::RemoteMedia,
    file_name::{safe, stem_and_ending},
    ids::MediaId,
    store::media_names::names_of_media,
    sync::leaf::local_media::LocalMedia,
    vfs::{
        directory::{new_names, write_if},
        names::{self, Titled},
        types::Directory,
        volume::Vfs,
    },
};

/// What the id of what is not at Taskade begins with.
const HERE: &str = "here: ";

/// Names the media of a directory, in their order, and remembers the names that are new. What was made
/// here has the very name that it was given, and keeps it once it is uploaded.
pub(super) fn assign(
    vfs: &Vfs,
    directory: &Directory,
    locals: &[(String, LocalMedia)],
    medias: &[RemoteMedia],
) -> Vec<String> {
    let local = locals.iter().map(|(name, local)| match local {
        LocalMedia::Uploaded(id, _) => (id.as_str().to_owned(), title_of(vfs, id)),
        LocalMedia::Empty | LocalMedia::Uploading(_) => (format!("{HERE}{name}"), name.clone()),
    });
    let listed = medias.iter().map(|it| (it.id.as_str().to_owned(), title_of(vfs, &it.id)));
    let all: Vec<(String, String)> = local.chain(listed).collect();
    let titled: Vec<Titled<'_>> = all
        .iter()
        .map(|(id, name)| {
            let (title, suffix) = stem_and_ending(name);
            Titled { id: id.clone(), title: title.to_owned(), suffix }
        })
        .collect();
    let (mut names, is_new) = vfs.engine.journal().give_names(&key(directory), |known| {
        let mut given = known.clone();
        let by_programs = titled.iter().zip(locals);
        given.extend(
            by_programs.map(|(it, (name, _))| (it.id.clone(), (it.title.clone(), name.clone()))),
        );
        let names = names::assign(&titled, &given);
        let mut new = new_names(&titled, &names, known);
        new.retain(|given| !given.id.starts_with(HERE));
        (names, new)
    });
    write_if(vfs, is_new);
    names.split_off(locals.len().min(names.len()))
}

/// What a medium is called at Taskade, as far as that was told, made safe.
fn title_of(vfs: &Vfs, id: &MediaId) -> String {
    safe(&vfs.engine.medias.facts(id).name.unwrap_or_else(|| id.as_str().to_owned()))
}

/// The name that a medium of a directory goes by, if it was ever given one.
pub(super) fn name_of(vfs: &Vfs, directory: &Directory, id: &MediaId) -> Option<String> {
    let given = vfs.engine.journal().names(&key(directory));
    given.get(id.as_str()).map(|(_, name)| name.clone())
}

fn key(directory: &Directory) -> String {
    names_of_media(directory.key())
}
