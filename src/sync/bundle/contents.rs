//! What a file is, whatever it is called: whether it is a whole bundle, and how many projects are in
//! it. However long it is, a piece of it is in memory.

use std::{
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek},
};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use zip::{ZipArchive, result::ZipError};

use crate::{
    error::{Error, Kind, Result},
    model::BundleFormat,
};

/// What every ZIP archive begins with.
const ZIP: &[u8] = b"PK";

/// What the paths of projects in an archive begin with.
const PROJECTS: &str = "projects/";

/// What an archive has beside a directory for each sort of item.
const MANIFEST: &str = "manifest.json";

/// What the type of a project is in a list of all sorts of items.
const PROJECT: &str = "space-bundle-project-item";

/// What was seen of a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Contents {
    /// How many projects are in it, where that can be counted.
    pub(crate) projects: Option<usize>,
}

/// Looks at all that a file holds.
///
/// # Errors
/// [`Kind::Invalid`] if it is no whole bundle of this format.
pub(crate) fn look(mut file: &File, format: BundleFormat) -> Result<Contents> {
    let failed = |error| Error::io("cannot read the bundle", error);
    file.rewind().map_err(failed)?;
    let mut reader = BufReader::new(file);
    let is_archive = reader.fill_buf().map_err(failed)?.starts_with(ZIP);
    let is_room = |byte: &io::Result<u8>| byte.as_ref().is_ok_and(u8::is_ascii_whitespace);
    let first = reader.bytes().find(|byte| !is_room(byte)).transpose().map_err(failed)?;
    file.rewind().map_err(failed)?;
    match (format, first) {
        (BundleFormat::Zip | BundleFormat::Tsk, _) if is_archive => archive(file),
        (BundleFormat::Json | BundleFormat::Tsk, Some(b'{')) => json(file, format),
        (_, None) => Err(Error::new(Kind::Invalid, "it is empty")),
        (_, Some(b'<')) => {
            Err(Error::new(Kind::Invalid, format!("it is a page of the web, and no {format}")))
        }
        (BundleFormat::Json, _) if is_archive => {
            Err(Error::new(Kind::Invalid, "it is a ZIP archive, and no JSON bundle")
                .hint("call it .zip"))
        }
        (BundleFormat::Zip, Some(b'{')) => {
            Err(Error::new(Kind::Invalid, "it is JSON, and no ZIP archive")
                .hint("call it .json, or .tsk if it is one"))
        }
        _ => Err(Error::new(Kind::Invalid, format!("it is no {format}"))),
    }
}

/// An archive says at its end what is in it: one that was broken off has none.
fn archive(file: &File) -> Result<Contents> {
    let broken =
        |error: ZipError| Error::new(Kind::Invalid, "it is no whole ZIP archive").because(error);
    let archive = ZipArchive::new(BufReader::new(file)).map_err(broken)?;
    let (mut projects, mut is_by_sorts) = (0, true);
    for name in archive.file_names() {
        let name = name.map_err(broken)?;
        // One may have all of its items in one file.
        is_by_sorts &= name.contains('/') || name == MANIFEST;
        projects += usize::from(name.starts_with(PROJECTS) && !name.ends_with('/'));
    }
    Ok(Contents { projects: is_by_sorts.then_some(projects) })
}

fn json(file: &File, format: BundleFormat) -> Result<Contents> {
    let read: serde_json::Result<JsonBundle> = serde_json::from_reader(BufReader::new(file));
    let bundle = read.map_err(|error| {
        Error::new(Kind::Invalid, format!("it is no whole {format}")).because(error)
    })?;
    match (bundle.items, bundle.projects, bundle.item) {
        (Some(items), ..) => Ok(Contents { projects: Some(items.0) }),
        (None, Some(projects), _) if format == BundleFormat::Tsk => {
            Ok(Contents { projects: Some(projects.0) })
        }
        (None, _, Some(_)) => {
            Err(Error::new(Kind::Invalid, "it is an answer of the API, and no bundle")
                .hint("the bundle is its \"item\": jq .item"))
        }
        _ => Err(Error::new(Kind::Invalid, format!("it is no {format}: it has no \"items\""))),
    }
}

/// What tells a bundle.
#[derive(Deserialize)]
struct JsonBundle {
    items: Option<ItemCount>,
    /// Where each sort of item has a list of its own.
    projects: Option<ListCount>,
    item: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct ItemKind {
    #[serde(rename = "type")]
    kind: String,
}

/// How many projects are among the items.
struct ItemCount(usize);

impl<'de> Deserialize<'de> for ItemCount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items;

        impl<'de> Visitor<'de> for Items {
            type Value = ItemCount;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of items by their ids")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ItemCount, A::Error> {
                let mut count = 0;
                while let Some((_, item)) = map.next_entry::<IgnoredAny, ItemKind>()? {
                    count += usize::from(item.kind == PROJECT);
                }
                Ok(ItemCount(count))
            }
        }

        deserializer.deserialize_map(Items)
    }
}

/// How many there are.
struct ListCount(usize);

impl<'de> Deserialize<'de> for ListCount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;

        impl<'de> Visitor<'de> for List {
            type Value = ListCount;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ListCount, A::Error> {
                let mut count = 0;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(ListCount(count))
            }
        }

        deserializer.deserialize_seq(List)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::look;
    use crate::model::BundleFormat::{self, Json, Tsk, Zip};

    fn seen(content: &[u8], format: BundleFormat) -> Result<Option<usize>, String> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        look(&file, format).map(|it| it.projects).map_err(|error| error.to_string())
    }

    fn zip(names: &[&str]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for name in names {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(b"{}").unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn a_whole_bundle_is_known_and_its_projects_are_counted() {
        let deep = "[".repeat(5000) + &"]".repeat(5000);
        let json = format!(
            r#" {{"version":"1","items":{{"a":{{"deep":{deep},"type":"space-bundle-project-item"}},
            "b":{{"type":"space-bundle-agent-item"}}}},"more":1}}"#
        );
        assert_eq!(seen(json.as_bytes(), Json), Ok(Some(1)));
        assert_eq!(seen(json.as_bytes(), Tsk), Ok(Some(1)));
        assert_eq!(seen(br#"{"version":"1.1","projects":[{},{}]}"#, Tsk), Ok(Some(2)));
        let archive = zip(&["manifest.json", "projects/a.json", "projects/b.json", "media/x"]);
        assert_eq!(seen(&archive, Zip), Ok(Some(2)));
        assert_eq!(seen(&archive, Tsk), Ok(Some(2)));
        assert_eq!(seen(&zip(&["manifest.json"]), Zip), Ok(Some(0)));
        assert_eq!(seen(&zip(&["bundle.json"]), Zip), Ok(None));
    }

    #[test]
    fn what_is_none_says_what_it_is() {
        let archive = zip(&["projects/a.json"]);
        for (content, format, why) in [
            (&b""[..], Zip, "it is empty"),
            (b" \n", Json, "it is empty"),
            (b"<!doctype html><p>Sign in", Zip, "a page of the web, and no ZIP archive"),
            (b"<html>", Json, "a page of the web"),
            (&archive, Json, "call it .zip"),
            (&archive[..archive.len() - 9], Zip, "no whole ZIP archive"),
            (br#"{"items":{}}"#, Zip, "call it .json"),
            (br#"{"items":{"a":{"type":"x"}"#, Json, "no whole JSON bundle"),
            (br#"{"items":{"a":{}}}"#, Json, "no whole JSON bundle"),
            (br#"{"items":{}}x"#, Json, "no whole JSON bundle"),
            (br#"{"ok":true,"item":{"items":{}}}"#, Json, "jq .item"),
            (br#"{"version":"1.1","projects":[]}"#, Json, "it has no \"items\""),
            (b"text", Json, "it is no JSON bundle"),
            (b"text", Tsk, "it is no Taskade app kit"),
        ] {
            let error = seen(content, format).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
