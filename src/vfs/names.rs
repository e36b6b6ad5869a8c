//! Names: between Taskade titles, which may be anything, and file names. Pure.
//!
//! A name is its title made safe; titles that come out equal are told apart by the beginning of
//! the id. Names are injective: no two entries of a directory share one. A name once given stays
//! with its id for as long as the title stays.

use std::collections::{HashMap, HashSet};

use crate::file_name::{NAME_MAX, PROJECT_SUFFIX, fitted, safe};

/// The name that the mount keeps for itself in every directory.
pub(crate) const RESERVED: &str = ".taskade";

/// How many characters of an id tell equal names apart; more where that is not enough.
pub(crate) const ID_CHARS: usize = 4;

/// What is to be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Titled<'a> {
    /// Its id.
    pub(crate) id: String,
    /// Its title at Taskade.
    pub(crate) title: String,
    /// The ending of its name: [`PROJECT_SUFFIX`], that of another file, or nothing.
    pub(crate) suffix: &'a str,
}

/// Names every entry of a directory, in order. `given` has the names given earlier, as id →
/// (title then, name then); they come first, so that a newcomer never takes one.
pub(crate) fn assign(
    entries: &[Titled<'_>],
    given: &HashMap<String, (String, String)>,
) -> Vec<String> {
    let mut taken: HashSet<String> = HashSet::new();
    let mut names: Vec<Option<String>> = Vec::with_capacity(entries.len());
    for entry in entries {
        let kept = given.get(&entry.id).filter(|(title, name)| {
            *title == entry.title && name.ends_with(entry.suffix) && !taken.contains(name)
        });
        names.push(kept.map(|(_, name)| {
            taken.insert(name.clone());
            name.clone()
        }));
    }
    names
        .into_iter()
        .zip(entries)
        .map(|(name, entry)| {
            name.unwrap_or_else(|| {
                let name = free_name(entry, &taken);
                taken.insert(name.clone());
                name
            })
        })
        .collect()
}

pub(crate) fn free_name(entry: &Titled<'_>, taken: &HashSet<String>) -> String {
    let stem = safe(&entry.title);
    let plain = fitted(&stem, "", entry.suffix);
    if !taken.contains(&plain) {
        return plain;
    }
    let id: Vec<char> = safe(&entry.id).chars().collect();
    for length in ID_CHARS.min(id.len())..=id.len() {
        let mark: String = [' ', '~'].iter().chain(id.iter().take(length)).collect();
        if mark.len() + entry.suffix.len() > NAME_MAX {
            break;
        }
        let name = fitted(&stem, &mark, entry.suffix);
        if !taken.contains(&name) {
            return name;
        }
    }
    // Two entries with one id, or with ids that no name has room for: numbered, so that names stay
    // injective whatever is listed.
    let numbered = (2_u64..).map(|n| fitted(&stem, &format!(" ~{n}"), entry.suffix));
    numbered.into_iter().find(|name| !taken.contains(name)).unwrap_or(plain)
}

/// The title that a new project gets from its file name: the look-alikes mapped back. A line
/// break, which no title can hold, becomes a space. `None` if the name is not a project's, or holds
/// the sign for what could not be read: it must not become a title.
pub(crate) fn title(name: &str) -> Option<String> {
    if !is_project(name) || name.contains(char::REPLACEMENT_CHARACTER) {
        return None;
    }
    let stem = name.strip_suffix(PROJECT_SUFFIX)?;
    let mut title: String = stem.chars().map(original).collect();
    if title.starts_with('．') {
        title.replace_range(..'．'.len_utf8(), ".");
    }
    Some(title)
}

/// The title that a new workspace or folder gets from its name. `None` if the title would not show
/// under that name.
pub(crate) fn space_title(name: &str) -> Option<String> {
    let mut title: String = name.chars().map(original).collect();
    if title.starts_with('．') {
        title.replace_range(..'．'.len_utf8(), ".");
    }
    let is_shown_so = safe(&title) == name && !name.contains(char::REPLACEMENT_CHARACTER);
    is_shown_so.then_some(title)
}

pub(crate) fn original(c: char) -> char {
    match c {
        '／' => '/',
        '␊' | '␍' => ' ',
        '␡' => '\u{7f}',
        '\u{2400}'..='\u{241f}' => {
            char::from_u32(u32::from(c).saturating_sub(0x2400)).unwrap_or(' ')
        }
        _ => c,
    }
}

/// Whether a file of this name is a project; any other is scratch.
pub(crate) fn is_project(name: &str) -> bool {
    name.len() > PROJECT_SUFFIX.len() && name.ends_with(PROJECT_SUFFIX) && !name.starts_with('.')
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use proptest::prelude::*;

    use super::{Titled, assign, is_project, title};
    use crate::file_name::NAME_MAX;
    use crate::file_name::PROJECT_SUFFIX;

    fn titled(id: &str, title: &str) -> Titled<'static> {
        Titled { id: id.to_owned(), title: title.to_owned(), suffix: PROJECT_SUFFIX }
    }

    #[test]
    fn a_created_name_maps_back() {
        assert_eq!(title("a／b.md").as_deref(), Some("a/b"));
        assert_eq!(title("．hidden.md").as_deref(), Some(".hidden"));
        assert_eq!(title("two␊lines.md").as_deref(), Some("two lines"));
        assert_eq!(title("notes.txt"), None);
        assert_eq!(title("half a \u{fffd}.md"), None);
    }

    #[test]
    fn scratch_is_everything_that_is_not_a_project() {
        for scratch in [".P.md.swp", "P.md~", "4913", "sedAbCdEf", "#P.md#", ".md", ".x.md", "P"] {
            assert!(!is_project(scratch), "{scratch}");
        }
        assert!(is_project("P.md"));
        assert!(is_project("#1 plan.md"));
    }

    #[test]
    fn later_equal_names_carry_their_id_and_given_names_stay() {
        let entries = [titled("aaaa1", "Plan"), titled("bbbb2", "Plan"), titled("bbbb3", "Plan")];
        let names = assign(&entries, &HashMap::new());
        assert_eq!(names, ["Plan.md", "Plan ~bbbb.md", "Plan ~bbbb3.md"]);
        let given =
            HashMap::from([("bbbb2".to_owned(), ("Plan".to_owned(), "Plan.md".to_owned()))]);
        let names = assign(&entries, &given);
        assert_eq!(names, ["Plan ~aaaa.md", "Plan.md", "Plan ~bbbb.md"]);
    }

    #[test]
    fn long_names_are_cut_at_a_character() {
        let long = "é".repeat(300);
        let entries = [titled("aaaa1", &long), titled("bbbb2", &long)];
        let names = assign(&entries, &HashMap::new());
        assert!(names.iter().all(|name| name.len() <= NAME_MAX && name.ends_with(".md")));
        assert_ne!(names[0], names[1]);
    }

    #[test]
    fn ids_that_no_name_has_room_for_are_numbered() {
        let ids = ["a", "b", "c"].map(|end| format!("{}{end}", "é".repeat(300)));
        let entries = ids.each_ref().map(|id| titled(id, id));
        let names = assign(&entries, &HashMap::new());
        assert!(names.iter().all(|name| name.len() <= NAME_MAX));
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    }

    fn hostile_title() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-c/. ~]{0,4}",
            "[\\x00-\\x1f\\x7f]{0,3}",
            "(a|b) ~(aaaa|aaab)",
            Just("é".repeat(200)),
            any::<String>(),
        ]
    }

    proptest! {
        #[test]
        fn names_are_injective_and_legal(
            entries in prop::collection::vec(("[ab]{1,6}", hostile_title(), any::<bool>()), 0..24),
            given in prop::collection::hash_map("[ab]{1,6}", (hostile_title(), "[a-c]{1,3}\\.md"), 0..8),
        ) {
            let entries: Vec<Titled> = entries
                .into_iter()
                .map(|(id, title, is_project)| {
                    let suffix = if is_project { PROJECT_SUFFIX } else { "" };
                    Titled { id, title, suffix }
                })
                .collect();
            let names = assign(&entries, &given);
            prop_assert_eq!(names.len(), entries.len());
            let distinct: HashSet<&String> = names.iter().collect();
            prop_assert_eq!(distinct.len(), names.len());
            for (name, entry) in names.iter().zip(&entries) {
                prop_assert!(!name.is_empty() && name.len() <= NAME_MAX);
                prop_assert!(!name.contains(['/', '\0']) && !name.starts_with('.'));
                prop_assert!(entry.suffix.is_empty() || is_project(name));
            }
        }

        #[test]
        fn a_name_given_is_given_again(
            titles in prop::collection::vec(hostile_title(), 1..12),
        ) {
            let entries: Vec<Titled> =
                titles.iter().enumerate().map(|(n, title)| titled(&format!("id{n}"), title)).collect();
            let names = assign(&entries, &HashMap::new());
            let given: HashMap<_, _> = entries
                .iter()
                .zip(&names)
                .map(|(entry, name)| (entry.id.clone(), (entry.title.clone(), name.clone())))
                .collect();
            let mut reversed = entries.clone();
            reversed.reverse();
            let mut again = assign(&reversed, &given);
            again.reverse();
            prop_assert_eq!(again, names);
        }
    }
}
