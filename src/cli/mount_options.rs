//! The ways to give options beside flags: `-o` lists, and `mount(8)`'s arguments.

use std::ffi::OsString;

use clap::CommandFactory;

use super::{arguments::Cli, command_place};

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
    let behind = command_place::behind(&arguments, 1);
    arguments.splice(behind..behind, flags);
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

    use super::{flags, from_mount_helper, with_flags};

    fn owned(arguments: &[&str]) -> Vec<OsString> {
        arguments.iter().map(Into::into).collect()
    }

    #[test]
    fn lists_of_options_become_flags() {
        let lists = ["rw,ro,max_age=1.5,,ids".to_owned(), "x-systemd.automount,nofail".to_owned()];
        assert_eq!(flags(&lists), owned(&["--read-only", "--max-age=1.5", "--ids"]));
        assert_eq!(flags(&["token-file=--ids".to_owned()]), owned(&["--token-file=--ids"]));
        assert_eq!(flags(&["dev,suid,nonempty,comment=x".to_owned()]), owned(&[]));
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
}
