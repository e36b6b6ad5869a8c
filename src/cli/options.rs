//! Values of options, and the ways to give them: flags, `-o` lists, and `mount(8)`'s arguments.

use std::{ffi::OsString, time::Duration};

use clap::ValueEnum;

use crate::{
    error::{Error, Kind, Result},
    sync::Wording,
};

/// Generic mount options that mean nothing here, or are always so.
const IGNORED: [&str; 22] = [
    "rw",
    "auto",
    "noauto",
    "user",
    "nouser",
    "users",
    "owner",
    "group",
    "nofail",
    "_netdev",
    "defaults",
    "dev",
    "nodev",
    "suid",
    "nosuid",
    "exec",
    "noexec",
    "atime",
    "noatime",
    "relatime",
    "async",
    "default_permissions",
];

/// `--content-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ContentTypeArg {
    /// Plain, but Markdown where a text has characters that Markdown gives a meaning
    #[default]
    Auto,
    /// Always text/plain
    Plain,
    /// Always text/markdown
    Markdown,
}

impl From<ContentTypeArg> for Wording {
    fn from(choice: ContentTypeArg) -> Self {
        match choice {
            ContentTypeArg::Auto => Wording::Auto,
            ContentTypeArg::Plain => Wording::Plain,
            ContentTypeArg::Markdown => Wording::Markdown,
        }
    }
}

/// Reads seconds, which may have a fraction.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "not a length of time".to_owned())
}

/// Rewrites what `mount(8)` passes (`SOURCE MOUNTPOINT -o OPTS`) and `-o` lists into long flags.
///
/// # Errors
/// [`Kind::Invalid`] if an argument of `-o` is missing.
pub(crate) fn expand(arguments: Vec<OsString>) -> Result<Vec<OsString>> {
    let arguments = from_mount_helper(arguments);
    if arguments.get(1).is_none_or(|command| command != "mount") {
        return Ok(arguments);
    }
    let mut expanded = Vec::with_capacity(arguments.len());
    let mut rest = arguments.into_iter();
    while let Some(argument) = rest.next() {
        let list = match argument.to_str() {
            Some("-o") => {
                let list = rest.next().and_then(|list| list.into_string().ok());
                Some(list.ok_or_else(|| Error::new(Kind::Invalid, "-o needs a list of options"))?)
            }
            Some(argument) if !argument.starts_with("--") => {
                argument.strip_prefix("-o").map(str::to_owned)
            }
            _ => None,
        };
        match list {
            Some(list) => expanded.extend(flags(&list)),
            None => expanded.push(argument),
        }
    }
    Ok(expanded)
}

fn from_mount_helper(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let known = ["mount", "umount", "serve", "help"];
    let is_helper = arguments.len() >= 3
        && arguments
            .get(1)
            .and_then(|first| first.to_str())
            .is_some_and(|source| !source.starts_with('-') && !known.contains(&source));
    if !is_helper {
        return arguments;
    }
    let source = std::mem::replace(&mut arguments[1], "mount".into());
    if source.to_str().is_some_and(|source| source.contains("://")) {
        arguments.extend(["--api-url".into(), source]);
    }
    arguments
}

/// The flags that a list such as `ro,max-age=10` stands for.
fn flags(list: &str) -> Vec<OsString> {
    let mut flags = Vec::new();
    for option in list.split(',').filter(|option| !option.is_empty()) {
        let (name, value) = match option.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (option, None),
        };
        if IGNORED.contains(&name) || name.starts_with("x-") || name.starts_with("comment") {
            continue;
        }
        let name = match name {
            "ro" => "read-only".to_owned(),
            name => name.replace('_', "-"),
        };
        flags.push(format!("--{name}").into());
        flags.extend(value.map(OsString::from));
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::{expand, seconds};

    fn expanded(arguments: &[&str]) -> Vec<String> {
        let arguments = arguments.iter().map(Into::into).collect();
        expand(arguments).unwrap().into_iter().map(|a| a.into_string().unwrap()).collect()
    }

    #[test]
    fn lists_of_options_become_flags() {
        let from = ["taskadefs", "mount", "/m", "-o", "rw,ro,max_age=1.5,ids,x-systemd.automount"];
        let to = ["taskadefs", "mount", "/m", "--read-only", "--max-age", "1.5", "--ids"];
        assert_eq!(expanded(&from), to);
        assert_eq!(
            expanded(&["t", "mount", "/m", "-oallow_other"]),
            ["t", "mount", "/m", "--allow-other"]
        );
    }

    #[test]
    fn the_mount_helper_calls_with_source_and_mountpoint() {
        assert_eq!(
            expanded(&["t", "taskade", "/m", "-o", "ro"]),
            ["t", "mount", "/m", "--read-only"]
        );
        let with_url = expanded(&["t", "https://x.example/v1", "/m"]);
        assert_eq!(with_url, ["t", "mount", "/m", "--api-url", "https://x.example/v1"]);
    }

    #[test]
    fn seconds_may_have_a_fraction_but_no_sign() {
        assert_eq!(seconds("0.25").unwrap().as_millis(), 250);
        assert!(seconds("-1").is_err() && seconds("x").is_err() && seconds("NaN").is_err());
    }
}
