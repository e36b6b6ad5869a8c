//! What media go by: the name that they have at Taskade, where that was ever told, else their id. Of
//! equal names the later ones get a mark before their ending, and a name once given stays.

use crate::{
    api::RemoteMedia,
    file_name::safe,
    ids::MediaId,
    vfs::{directory, names::Titled, types::Directory, volume::Vfs},
};

/// Longest ending of a name, with its dot: what is longer is none.
const LONGEST_ENDING: usize = 17;

/// Names the media of a directory, in their order, and remembers the names that are new.
pub(super) fn assign(
    vfs: &Vfs,
    directory: &Directory,
    locals: &[String],
    medias: &[RemoteMedia],
) -> Vec<String> {
    let named: Vec<(String, String)> = medias
        .iter()
        .map(|media| {
            let id = media.id.as_str().to_owned();
            let name = vfs.engine.medias.facts(&media.id).name.unwrap_or_else(|| id.clone());
            (id, safe(&name))
        })
        .collect();
    let of_local = |name: &String| (format!("here: {name}"), name.clone());
    let all: Vec<(String, String)> = locals.iter().map(of_local).chain(named).collect();
    let titled: Vec<Titled<'_>> = all
        .iter()
        .map(|(id, name)| {
            let (title, suffix) = parts(name);
            Titled { id: id.clone(), title: title.to_owned(), suffix }
        })
        .collect();
    // What was made here has the very name that it was given.
    let given = titled.iter().zip(locals);
    let given = given.map(|(it, name)| (it.id.clone(), (it.title.clone(), name.clone())));
    let mut names = directory::given(vfs, &key(directory), &titled, given);
    names.split_off(locals.len().min(names.len()))
}

/// The name that a medium of a directory goes by, if it was ever given one.
pub(super) fn name_of(vfs: &Vfs, directory: &Directory, id: &MediaId) -> Option<String> {
    let given = vfs.engine.journal().names(&key(directory));
    given.get(id.as_str()).map(|(_, name)| name.clone())
}

fn key(directory: &Directory) -> String {
    format!("media of {}", directory.key())
}

/// A name before its ending, and that.
fn parts(name: &str) -> (&str, &str) {
    let is_word = |ending: &str| ending.chars().skip(1).all(char::is_alphanumeric);
    let at = name.rfind('.').filter(|at| *at > 0 && name.len() - at <= LONGEST_ENDING);
    match at.map(|at| name.split_at(at)) {
        Some((stem, ending)) if is_word(ending) => (stem, ending),
        _ => (name, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn an_ending_is_short_and_not_all_there_is() {
        for (name, wanted) in [
            ("logo.png", ("logo", ".png")),
            ("a.tar.gz", ("a.tar", ".gz")),
            ("README", ("README", "")),
            (".png", (".png", "")),
            ("Meeting of 1. December 2026", ("Meeting of 1. December 2026", "")),
            ("dot.", ("dot", ".")),
        ] {
            assert_eq!(parts(name), wanted);
        }
    }
}
