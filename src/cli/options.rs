//! Values of options, and the ways to give them: flags, `-o` lists, and `mount(8)`'s arguments.

use std::{collections::BTreeSet, ffi::OsString, path::PathBuf, time::Duration};

use clap::{
    CommandFactory, ValueEnum,
    builder::{OsStringValueParser, TypedValueParser},
};

use super::Cli;
use crate::{api::TaskResource, sync::Wording};

/// Generic mount options that mean nothing here, or are always so.
const IGNORED: [&str; 35] = [
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
    "comment",
    "dev",
    "nodev",
    "suid",
    "nosuid",
    "exec",
    "noexec",
    "atime",
    "noatime",
    "diratime",
    "nodiratime",
    "relatime",
    "norelatime",
    "strictatime",
    "nostrictatime",
    "lazytime",
    "nolazytime",
    "async",
    "sync",
    "dirsync",
    "silent",
    "loud",
    "default_permissions",
    "nonempty",
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

/// Reads days, which may have a fraction.
pub(crate) fn days(text: &str) -> Result<Duration, String> {
    let days: f64 = text.parse().map_err(|_| "not a number of days".to_owned())?;
    Duration::try_from_secs_f64(days * 86_400.0).map_err(|_| "not a length of time".to_owned())
}

/// Kinds of details.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Resources(pub(crate) Vec<TaskResource>);

/// Reads kinds of details, separated by `,` or `+`. Lists of options are split at commas.
pub(crate) fn details(text: &str) -> Result<Resources, String> {
    let mut resources = BTreeSet::new();
    for name in text.split([',', '+']).map(str::trim).filter(|name| !name.is_empty()) {
        match name {
            "dates" => drop(resources.insert(TaskResource::Date)),
            "assignees" | "people" => drop(resources.insert(TaskResource::Assignees)),
            "notes" => drop(resources.insert(TaskResource::Note)),
            "fields" => drop(resources.insert(TaskResource::Fields)),
            "all" => resources.extend(TaskResource::DETAILS),
            _ => return Err("not one of dates, assignees, notes, fields and all".to_owned()),
        }
    }
    Ok(Resources(resources.into_iter().collect()))
}

/// Reads a path, which may be empty: a variable that is set to nothing is as good as not set.
pub(crate) fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// Rewrites `SOURCE MOUNTPOINT -o OPTS`, as `mount(8)` calls by way of `mount.fuse3`, into `mount`.
/// A source that is a URL is the API's. Everything else stays as it is: above all a mistyped
/// command is no source.
pub(crate) fn from_mount_helper(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let Some([source, _, rest @ ..]) = arguments.get(1..) else { return arguments };
    let Some(source) = source.to_str().map(str::to_owned) else { return arguments };
    let is_url = source.contains("://");
    let has_list = rest.first().and_then(|next| next.to_str()).is_some_and(|o| o.starts_with("-o"));
    let mut commands = Cli::command();
    // Adds `help`.
    commands.build();
    let is_command = source.starts_with('-') || commands.find_subcommand(&source).is_some();
    if is_command || !(is_url || has_list) {
        return arguments;
    }
    let api = is_url.then(|| format!("--api-url={source}").into());
    arguments.splice(1..2, std::iter::once(OsString::from("mount")).chain(api));
    arguments
}

/// Puts flags right behind the command, where neither `--` nor another option can swallow them.
/// What the user gave comes later and has the last word.
pub(crate) fn with_flags(
    mut arguments: Vec<OsString>,
    flags: impl IntoIterator<Item = OsString>,
) -> Vec<OsString> {
    let behind_command = arguments.len().min(2);
    arguments.splice(behind_command..behind_command, flags);
    arguments
}

/// The flags that lists such as `ro,max-age=10` stand for.
pub(crate) fn flags(lists: &[String]) -> Vec<OsString> {
    let options = lists.iter().flat_map(|list| list.split(',')).filter(|option| !option.is_empty());
    options.filter_map(flag).collect()
}

fn flag(option: &str) -> Option<OsString> {
    let (name, value) = match option.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (option, None),
    };
    if IGNORED.contains(&name) || name.starts_with("x-") {
        return None;
    }
    let name = if name == "ro" { "read-only".to_owned() } else { name.replace('_', "-") };
    // One argument, so that no value can be taken for another option.
    Some(value.map_or_else(|| format!("--{name}"), |value| format!("--{name}={value}")).into())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::{details, flags, from_mount_helper, seconds, with_flags};
    use crate::api::TaskResource;

    fn owned(arguments: &[&str]) -> Vec<OsString> {
        arguments.iter().map(Into::into).collect()
    }

    #[test]
    fn lists_of_options_become_flags() {
        let lists = ["rw,ro,max_age=1.5,,ids".to_owned(), "x-systemd.automount,nofail".to_owned()];
        assert_eq!(flags(&lists), owned(&["--read-only", "--max-age=1.5", "--ids"]));
        assert_eq!(flags(&["token-file=--ids".to_owned()]), owned(&["--token-file=--ids"]));
        assert_eq!(flags(&["dev,suid,nonempty,comment=x".to_owned()]), owned(&[]));
    }

    #[test]
    fn kinds_of_details_are_separated_by_commas_or_in_lists_by_plus() {
        let both = vec![TaskResource::Date, TaskResource::Note];
        for text in ["dates,notes", "notes+dates", " dates , notes,dates"] {
            assert_eq!(details(text).unwrap().0, both, "{text}");
        }
        assert_eq!(details("all,dates").unwrap().0, TaskResource::DETAILS);
        assert_eq!(details("").unwrap().0, []);
        assert!(details("dates,due").is_err());
        assert_eq!(
            flags(&["details=dates+notes,ro".to_owned()]),
            owned(&["--details=dates+notes", "--read-only"])
        );
    }

    #[test]
    fn flags_go_where_nothing_swallows_them() {
        let arguments = owned(&["t", "mount", "--", "/m"]);
        assert_eq!(
            with_flags(arguments, owned(&["--ids"])),
            owned(&["t", "mount", "--ids", "--", "/m"])
        );
    }

    #[test]
    fn the_mount_helper_calls_with_source_and_mountpoint() {
        let helper = |arguments: &[&str]| from_mount_helper(owned(arguments));
        assert_eq!(
            helper(&["t", "taskade", "/m", "-o", "rw,ids"]),
            owned(&["t", "mount", "/m", "-o", "rw,ids"])
        );
        let url = "--api-url=https://x.example/v1";
        assert_eq!(helper(&["t", "https://x.example/v1", "/m"]), owned(&["t", "mount", url, "/m"]));
    }

    #[test]
    fn a_command_is_no_source_and_neither_is_a_mistyped_one() {
        for arguments in [
            &["t", "unmount", "/m"][..],
            &["t", "mount", "/m", "-o", "ro"],
            &["t", "umount", "/m", "--lazy"],
            &["t", "help", "mount", "-o"],
            &["t", "-o", "ro", "/m"],
            &["t", "status", "/m", "--json"],
            &["t"],
        ] {
            assert_eq!(from_mount_helper(owned(arguments)), owned(arguments));
        }
    }

    #[test]
    fn seconds_may_have_a_fraction_but_no_sign() {
        assert_eq!(seconds("0.25").unwrap().as_millis(), 250);
        assert!(seconds("-1").is_err() && seconds("x").is_err() && seconds("NaN").is_err());
    }
}
