//! What media go by: the name that they have at Taskade, where that was ever told, else their id. Of
//! equal names the later ones get a mark before their ending, and a name once given stays.

use crate::{
    api::RemoteMedia,
    file_name::safe,
    vfs::{directory, names::Titled, types::Directory, volume::Vfs},
};

/// Longest ending of a name, with its dot: what is longer is none.
const LONGEST_ENDING: usize = 17;

/// Names the media of a directory, in their order, and remembers the names that are new.
pub(super) fn assign(vfs: &Vfs, directory: &Directory, medias: &[RemoteMedia]) -> Vec<String> {
    let key = format!("media of {}", directory.key());
    let named: Vec<(String, String)> = medias
        .iter()
        .map(|media| {
            let id = media.id.as_str().to_owned();
            let name = vfs.engine.medias.facts(&media.id).name.unwrap_or_else(|| id.clone());
            (id, safe(&name))
        })
        .collect();
    let titled: Vec<Titled<'_>> = named
        .iter()
        .map(|(id, name)| {
            let (title, suffix) = parts(name);
            Titled { id: id.clone(), title: title.to_owned(), suffix }
        })
        .collect();
    directory::given(vfs, &key, &titled, [])
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
