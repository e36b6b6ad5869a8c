//! Where a request goes: the template of a path, as the API has it, and the ids that fill it.
//!
//! An id is one segment, whatever it holds. It is opaque text from the network, so it must not
//! be able to name another endpoint: `DELETE` of a task without an id would be asked of the list.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;

use crate::error::{Error, Kind, Result};

/// All but the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where what v2 alone has is at the origin of the API, whatever the base of v1 is.
const V2: &str = "/api/v2";

/// Which version of the API a path is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    V1,
    V2,
}

/// A path below the base of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    version: Version,
    template: &'static str,
    ids: Vec<String>,
}

impl Path {
    /// A template, whose segments in braces are the ids, in their order.
    ///
    /// # Errors
    /// [`Kind::Invalid`] for an id that would not be a segment: nothing is sent then.
    pub(crate) fn new<const N: usize>(template: &'static str, ids: [&str; N]) -> Result<Self> {
        debug_assert_eq!(template.matches('{').count(), N, "{template}");
        if let Some(id) = ids.iter().find(|id| matches!(**id, "" | "." | "..")) {
            return Err(Error::new(Kind::Invalid, format!("{id:?} cannot be an id")));
        }
        Ok(Self { version: Version::V1, template, ids: ids.map(str::to_owned).to_vec() })
    }

    /// A path of v2, without ids in it.
    pub(crate) fn of_v2(template: &'static str) -> Self {
        Self { version: Version::V2, template, ids: Vec::new() }
    }

    /// The path as the API has it, without a slash before it.
    pub fn template(&self) -> &'static str {
        self.template
    }

    /// What fills the template.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// The project or space that it is about, for taking turns; empty if none.
    pub(crate) fn subject(&self) -> &str {
        self.ids.first().map_or("", String::as_str)
    }

    /// The whole URL. The base keeps its path, with or without a slash at its end.
    pub(crate) fn below(&self, base: &Url) -> Url {
        let mut path = match self.version {
            Version::V1 => base.path().trim_end_matches('/').to_owned(),
            Version::V2 => V2.to_owned(),
        };
        let mut ids = self.ids.iter();
        for segment in self.template.split('/') {
            path.push('/');
            match segment.strip_prefix('{').and_then(|_| ids.next()) {
                Some(id) => path.extend(utf8_percent_encode(id, ENCODED)),
                None => path.push_str(segment),
            }
        }
        let mut url = base.clone();
        url.set_path(&path);
        url.set_query(None);
        url.set_fragment(None);
        url
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reqwest::Url;

    use super::Path;
    use crate::error::Kind;

    fn task(id: &str) -> Path {
        Path::new("projects/{project}/tasks/{task}", ["p", id]).unwrap()
    }

    #[test]
    fn the_base_keeps_its_path() {
        for base in ["https://x.example/api/v1", "https://x.example/api/v1/?q#f"] {
            let url = task("a/b?c#d").below(&Url::parse(base).unwrap());
            assert_eq!(url.as_str(), "https://x.example/api/v1/projects/p/tasks/a%2Fb%3Fc%23d");
        }
        let url =
            Path::new("workspaces", []).unwrap().below(&Url::parse("https://x.example").unwrap());
        assert_eq!(url.as_str(), "https://x.example/workspaces");
        let url = Path::of_v2("getConversation");
        for base in ["https://x.example/api/v1/", "https://x.example/proxy?q"] {
            let url = url.below(&Url::parse(base).unwrap());
            assert_eq!(url.as_str(), "https://x.example/api/v2/getConversation");
        }
    }

    #[test]
    fn what_is_no_segment_is_refused_before_anything_is_sent() {
        for id in ["", ".", ".."] {
            let error = Path::new("projects/{project}", [id]).unwrap_err();
            assert_eq!(error.kind(), Kind::Invalid);
            assert!(error.kind().is_certain());
        }
    }

    /// The URL parser drops tabs and line ends, so that these would become `..`.
    #[test]
    fn dots_with_a_line_end_between_stay_one_segment() {
        let base = Url::parse("https://x.example/api").unwrap();
        for (id, segment) in [(".\n.", ".%0A."), ("\t..", "%09.."), ("%2e%2e", "%252e%252e")] {
            assert_eq!(task(id).below(&base).path(), format!("/api/projects/p/tasks/{segment}"));
        }
    }

    proptest! {
        #[test]
        fn an_id_is_one_segment_and_comes_back(id in "\\PC{1,8}|[./\\\\%?#\t\r\n ]{1,4}") {
            prop_assume!(id != "." && id != "..");
            let url = task(&id).below(&Url::parse("https://x.example/api").unwrap());
            let segments: Vec<&str> = url.path_segments().unwrap().collect();
            prop_assert_eq!(&segments[..4], ["api", "projects", "p", "tasks"]);
            prop_assert_eq!(segments.len(), 5);
            let decoded = percent_encoding::percent_decode_str(segments[4]).decode_utf8();
            prop_assert_eq!(decoded.unwrap(), id);
        }
    }
}
