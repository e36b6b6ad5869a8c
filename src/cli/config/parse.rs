//! Reading the config file: all that is in it, and all that is wrong with it.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    keys::{Keys, MOUNTPOINT, OF_PATHS, TOKENS},
    problem::{Problem, Problems},
    values::{self, Value},
};

use crate::{cli::options, sync::PathRule};

/// Longest file that is read.
const LONGEST: u64 = 1 << 20;

/// Options by their long names.
pub(super) type Options = BTreeMap<String, Value>;

/// What the config file says.
#[derive(Debug, Default)]
pub(crate) struct Config {
    pub(super) options: Options,
    pub(super) paths: Vec<PathRule>,
    pub(super) mounts: BTreeMap<String, NamedMount>,
}

/// A mount that has a name.
#[derive(Debug)]
pub(super) struct NamedMount {
    pub(super) mountpoint: PathBuf,
    pub(super) options: Options,
    pub(super) paths: Vec<PathRule>,
}

/// Reads a config file, which may be missing unless somebody has named it. Where there are problems the
/// rest is not to be used.
pub(super) fn read(path: &Path, is_named: bool) -> (Config, Vec<Problem>) {
    match text_of(path) {
        Ok(text) => of_text(&text),
        Err((error, _)) if error.kind() == io::ErrorKind::NotFound && !is_named => {
            (Config::default(), Vec::new())
        }
        Err((error, remedy)) => {
            let what = format!("cannot read the config file: {error}");
            (Config::default(), vec![Problem { line: None, what, remedy }])
        }
    }
}

type Unreadable = (io::Error, Option<String>);

fn text_of(path: &Path) -> Result<String, Unreadable> {
    let plain = |error| (error, None);
    let file = File::open(path).map_err(plain)?;
    let metadata = file.metadata().map_err(plain)?;
    // A device such as /dev/null belongs to all.
    if metadata.is_file() && metadata.mode() & 0o002 != 0 {
        let remedy = format!("chmod o-w {}", path.display());
        return Err((io::Error::other("everybody can write it"), Some(remedy)));
    }
    let mut text = String::new();
    file.take(LONGEST + 1).read_to_string(&mut text).map_err(plain)?;
    match text.len() as u64 > LONGEST {
        true => Err(plain(io::Error::other("it is longer than 1 MiB"))),
        false => Ok(text),
    }
}

/// What a text says, and what of it is not understood.
pub(super) fn of_text(text: &str) -> (Config, Vec<Problem>) {
    let mut reader = Reader { keys: Keys::of_mount(), problems: Problems::of(text) };
    let mut config = Config::default();
    match DeTable::parse(text) {
        Ok(table) => reader.all(table.get_ref(), &mut config),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            reader.problems.add(at, format!("this is no TOML: {}", error.message()));
        }
    }
    (config, reader.problems.all())
}

struct Reader<'a> {
    keys: Keys,
    problems: Problems<'a>,
}

impl Reader<'_> {
    fn all(&mut self, table: &DeTable<'_>, config: &mut Config) {
        for (key, value) in table {
            let at = key.span().start;
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("mounts", DeValue::Table(mounts)) => self.mounts(mounts, config),
                ("mounts", _) => {
                    self.problems.add(at, "`mounts` has a table for each: [mounts.NAME]")
                }
                ("paths", _) => config.paths = self.paths(value),
                (MOUNTPOINT, _) => {
                    self.problems.add(at, "`mountpoint` belongs to a mount: [mounts.NAME]");
                }
                (name, _) => self.option(name, at, value, &mut config.options),
            }
        }
    }

    fn mounts(&mut self, mounts: &DeTable<'_>, config: &mut Config) {
        for (key, value) in mounts {
            let (name, at) = (key.get_ref(), key.span().start);
            let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            if name.is_empty() || !name.chars().all(fits) || name.starts_with(['-', '.']) {
                let what = format!("`{name}` is no name of a mount: letters, digits, - and _ are");
                self.problems.add(at, what);
            }
            let DeValue::Table(table) = value.get_ref() else {
                self.problems.add(at, format!("`{name}` is to be a table: [mounts.{name}]"));
                continue;
            };
            if let Some(mount) = self.mount(name, at, table) {
                config.mounts.insert(name.to_string(), mount);
            }
        }
    }

    fn mount(&mut self, name: &str, at: usize, table: &DeTable<'_>) -> Option<NamedMount> {
        let (mut mountpoint, mut options, mut paths) = (None, Options::new(), Vec::new());
        let mut is_told = false;
        for (key, value) in table {
            let at = key.span().start;
            match (key.get_ref().as_ref(), value.get_ref()) {
                (MOUNTPOINT, DeValue::String(path)) => {
                    is_told = true;
                    match values::absolute(path) {
                        Ok(path) => mountpoint = Some(path),
                        Err(why) => self.problems.add(at, format!("`mountpoint` {why}")),
                    }
                }
                (MOUNTPOINT, _) => {
                    is_told = true;
                    self.problems.add(at, "`mountpoint` takes text in quotes");
                }
                ("paths", _) => paths = self.paths(value),
                (name, _) => self.option(name, at, value, &mut options),
            }
        }
        if !is_told {
            self.problems.add(at, format!("[mounts.{name}] has no `mountpoint`"));
        }
        Some(NamedMount { mountpoint: mountpoint?, options, paths })
    }

    fn option(&mut self, name: &str, at: usize, value: &Spanned<DeValue<'_>>, to: &mut Options) {
        let Some(option) = self.keys.find(name) else { return self.unknown(name, at) };
        match values::read(self.keys.command(), option, value.get_ref()) {
            Ok(value) => drop(to.insert(name.to_owned(), value)),
            Err(why) => self.problems.add(at, format!("`{name}` {why}")),
        }
    }

    fn unknown(&mut self, name: &str, at: usize) {
        if TOKENS.contains(&name) {
            return self.problems.add_with(
                at,
                "a token has no place in the config file",
                "take it out, and let `taskadefs login` keep it, or name a file of its own by `token-file`",
            );
        }
        let dashed = name.replace('_', "-");
        let what = match self.keys.find(&dashed) {
            Some(_) => format!("there is no `{name}`: it is `{dashed}`"),
            None => format!("there is no `{name}`: there are {}", self.keys.names().join(", ")),
        };
        self.problems.add(at, what);
    }

    fn paths(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<PathRule> {
        let tables = match value.get_ref() {
            DeValue::Array(items) => items.iter().map(|item| (item.get_ref(), item.span().start)),
            _ => {
                self.problems
                    .add(value.span().start, "`paths` is to be a list of tables: [[paths]]");
                return Vec::new();
            }
        };
        tables
            .filter_map(|(item, at)| match item {
                DeValue::Table(table) => self.path(table, at),
                _ => {
                    self.problems.add(at, "`paths` is to be a list of tables: [[paths]]");
                    None
                }
            })
            .collect()
    }

    fn path(&mut self, table: &DeTable<'_>, at: usize) -> Option<PathRule> {
        let (mut path, mut options) = (None, Options::new());
        for (key, value) in table {
            let (name, at) = (key.get_ref().as_ref(), key.span().start);
            match (name, value.get_ref()) {
                ("path", DeValue::String(text)) => {
                    path = names(text);
                    if path.is_none() {
                        let what = "`path` leads from the mount to a workspace, a folder or a \
                                    project, such as \"Acme/Archive\"";
                        self.problems.add(at, what);
                    }
                }
                ("path", _) => self.problems.add(at, "`path` takes text in quotes"),
                (name, _) if OF_PATHS.contains(&name) => self.option(name, at, value, &mut options),
                (name, _) => {
                    let there_are = OF_PATHS.join(", ");
                    let what =
                        format!("there is no `{name}` of a path: there are path, {there_are}");
                    self.problems.add(at, what);
                }
            }
        }
        if !table.keys().any(|key| key.get_ref() == "path") {
            self.problems.add(at, "[[paths]] has no `path`");
        }
        let text = |name| match options.get(name) {
            Some(Value::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        Some(PathRule {
            path: path?,
            max_age: text("max-age").and_then(|text| options::seconds(text).ok()),
            details: text("details").and_then(|text| options::details(text).ok()).map(|it| it.0),
            read_only: match options.get("read-only") {
                Some(Value::Switch(is_on)) => Some(*is_on),
                _ => None,
            },
        })
    }
}

/// The names that a path consists of; `None` if it leads to nothing that Taskade has.
fn names(path: &str) -> Option<Vec<String>> {
    let names: Vec<String> = path.trim_matches('/').split('/').map(str::to_owned).collect();
    names.iter().all(|name| !name.is_empty() && !name.starts_with('.')).then_some(names)
}

/// The modes of a config file that is there, for tests of others.
#[cfg(test)]
pub(super) fn written(dir: &Path, text: &str) -> PathBuf {
    let path = dir.join("config.toml");
    std::fs::write(&path, text).unwrap();
    path
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::{of_text, read, written};

    /// The problems of a text, as `LINE: WHAT`.
    fn problems(text: &str) -> Vec<String> {
        let found = of_text(text).1.into_iter();
        found.map(|it| format!("{}: {}", it.line.unwrap_or(0), it.what)).collect()
    }

    #[test]
    fn what_is_understood_has_no_problems() {
        let text = r#"
            max-age = 2.5
            details = ["dates", "notes"]
            ids = true
            markers = "tasks"
            token-file = "~/.token"
            [mounts.work]
            mountpoint = "/mnt/work"
            read-only = false
            api-url = "https://x.example/v1"
            [[mounts.work.paths]]
            path = "Acme/Archive/"
            read-only = true
            [[paths]]
            path = "Acme/Plan.md"
            details = "all"
            max-age = 600
        "#;
        assert_eq!(problems(text), [""; 0]);
        let config = of_text(text).0;
        assert_eq!(config.mounts["work"].paths[0].path, ["Acme", "Archive"]);
        assert_eq!(config.paths[0].max_age.unwrap().as_secs(), 600);
        assert_eq!(of_text("").1, []);
    }

    #[test]
    fn what_is_not_is_told_with_its_line_its_key_and_what_there_is() {
        for (text, told) in [
            ("max-age = \"30\"", "1: `max-age` takes a number, and this is text"),
            ("\nids = 1", "2: `ids` takes true or false, and this is a number"),
            ("markers = \"x\"", "1: `markers` cannot be `x`: there are auto, tasks"),
            ("max-age = -1", "1: `max-age` cannot be `-1`: not a length of time"),
            ("details = \"due\"", "1: `details` cannot be `due`: not one of dates"),
            ("max_age = 1", "1: there is no `max_age`: it is `max-age`"),
            ("colour = 1", "1: there is no `colour`: there are api-url, account, token-file, "),
            ("ready-fd = 3", "1: there is no `ready-fd`"),
            ("token-file = \"t\"", "1: `token-file` must be a whole path"),
            ("api-url = \"http://x.example\"", "1: `api-url` is no address to use"),
            ("mountpoint = \"/m\"", "1: `mountpoint` belongs to a mount: [mounts.NAME]"),
            ("\n\ntoken = \"tskdp_x\"", "3: a token has no place in the config file"),
            ("[mounts.a]\nids = true", "1: [mounts.a] has no `mountpoint`"),
            ("[mounts.\"a/b\"]\nmountpoint = \"/m\"", "1: `a/b` is no name of a mount"),
            ("[[paths]]\npath = \"A\"\nids = true", "3: there is no `ids` of a path"),
            ("[[paths]]\nread-only = true", "1: [[paths]] has no `path`"),
            ("[[paths]]\npath = \"A/.taskade\"", "2: `path` leads from the mount"),
            ("[paths]\npath = \"A\"", "1: `paths` is to be a list of tables"),
            ("max-age = ", "1: this is no TOML"),
        ] {
            let found = problems(text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!(found[0].starts_with(told), "{text}: {found:?}");
        }
    }

    #[test]
    fn all_problems_are_told_in_the_order_of_their_lines() {
        let found = problems("[mounts.a]\nids = 1\nmountpoint = \"m\"\n[[paths]]\nx = 1\n");
        let lines: Vec<&str> = found.iter().map(|it| it.split(':').next().unwrap()).collect();
        assert_eq!(lines, ["2", "3", "4", "5"], "{found:?}");
    }

    #[test]
    fn a_file_that_everybody_can_write_is_refused_and_none_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = written(dir.path(), "ids = true\n");
        assert_eq!(read(&path, true).1, []);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        let problems = read(&path, false).1;
        assert!(problems[0].what.contains("everybody can write it"), "{problems:?}");
        assert!(problems[0].remedy.as_ref().unwrap().starts_with("chmod o-w /"), "{problems:?}");
        let none = dir.path().join("none");
        assert_eq!(read(&none, false).1, []);
        assert_eq!(read(&none, true).1.len(), 1);
        assert_eq!(read("/dev/null".as_ref(), true).1, []);
    }
}
