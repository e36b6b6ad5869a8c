//! `status`: what is mounted where, what waits, and what was refused.

use std::{
    fs,
    path::Path,
    process::ExitCode,
    time::{Duration, SystemTime},
};

use indicatif::HumanBytes;
use serde_json::Value;

use super::{
    account,
    arguments::StatusArgs,
    asks::{self, Ask},
    mounted_path::{ANSWER_TIMEOUT, accounts, mounted_here, mounted_path, state_dirs},
    mounts, status_watch,
    terminal::{say, say_json},
};

use crate::{
    clock::{duration_in_words, parse_rfc3339, rfc3339},
    error::Result,
    printable::printable,
    sync::{Overridden, Peeked, PeekedSave, Unmoved, peek},
};

/// Tells how every mount of the state directory stands, or one. The exit code says whether
/// something was refused.
///
/// # Errors
/// If the mount does not answer.
pub(crate) fn status(args: &StatusArgs) -> Result<ExitCode> {
    if args.watch {
        let args = args.clone();
        let look = move || {
            let (all, with) = look(&args)?;
            let words = match args.json {
                true => format!("{}\n", Value::from(all.clone())),
                false => shown(&all, &with),
            };
            Ok((all, words))
        };
        return status_watch::watch(look).map(|()| ExitCode::SUCCESS);
    }
    let (all, with) = look(args)?;
    match args.json {
        true => say_json(&Value::from(all.clone()))?,
        false => say(&shown(&all, &with))?,
    }
    Ok(if all.iter().any(is_refused) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// How all of them stand, in lines.
fn shown(all: &[Value], with: &str) -> String {
    match all.is_empty() {
        true => format!("nothing is mounted{with}, and nothing waits\n"),
        false => all.iter().map(in_words).collect(),
    }
}

/// How every mount of the state directory stands, or one, and which state directory was looked at.
fn look(args: &StatusArgs) -> Result<(Vec<Value>, String)> {
    let (accounts, with) = match &args.mountpoint {
        Some(mountpoint) => (vec![mounted_path(mountpoint)?.account], String::new()),
        None => {
            let named = args.state_dir.as_deref();
            let dirs = state_dirs(named)?;
            let mut accounts = accounts(&dirs)?;
            let here = mounted_here(named).transpose()?;
            accounts.extend(here.filter(|here| !accounts.contains(here)));
            let dirs: Vec<String> = dirs.iter().map(|dir| dir.display().to_string()).collect();
            (accounts, format!(" with {}", printable(&dirs.join(" or "))))
        }
    };
    let mut all = Vec::new();
    for account in accounts {
        let value = match asks::ask(&account, &Ask::Status {}, ANSWER_TIMEOUT)? {
            Some(value) => with_absence(value),
            None => offline_status(&account)?,
        };
        all.extend((!value.is_null()).then_some(value));
    }
    Ok((all, with))
}

/// How a mount stands, and whether it is no longer where it was mounted.
fn with_absence(mut status: Value) -> Value {
    let mountpoint = status["mountpoint"].as_str();
    if mountpoint.is_some_and(|mountpoint| !mounts::is_mounted(Path::new(mountpoint))) {
        status["unmounted"] = true.into();
    }
    status
}

/// Whether Taskade or this program has refused something that nobody has settled: a save, a removal
/// or a move.
pub(super) fn is_refused(status: &Value) -> bool {
    let of = |name: &str| status[name].as_array().cloned().unwrap_or_default();
    of("saves").iter().any(|save| save["state"] == "rejected")
        || !of("refused_removals").is_empty()
        || !of("moves").is_empty()
}

/// What the journal of an account holds that nobody has mounted; null if nothing.
///
/// # Errors
/// If it cannot be read.
pub(super) fn offline_status(account: &Path) -> Result<Value> {
    let Peeked { saves, overridden, unmoved, refused_removals } = peek(account)?;
    if saves.is_empty()
        && overridden.is_empty()
        && unmoved.is_empty()
        && refused_removals.is_empty()
    {
        return Ok(Value::Null);
    }
    let shown = |time| rfc3339(time);
    let save = |PeekedSave { path, kind, reason, since }| {
        let state = if reason.is_some() { "rejected" } else { "pending" };
        serde_json::json!({
            "path": path, "state": state, "kind": kind, "reason": reason, "since": shown(since),
        })
    };
    let saves: Vec<Value> = saves.into_iter().map(save).collect();
    let conflict = |it: Overridden| {
        let (path, file) = (format!("{}.md", it.title), format!(".taskade/conflicts/{}", it.file));
        serde_json::json!({ "path": path, "file": file, "since": shown(it.since) })
    };
    let conflicts: Vec<Value> = overridden.into_iter().map(conflict).collect();
    let unmoved = unmoved.into_iter().map(|Unmoved { title, reason, since, .. }| {
        serde_json::json!({
            "path": format!("{title}.md"), "reason": reason, "since": shown(since),
        })
    });
    let moves: Vec<Value> = unmoved.collect();
    let handle = account::owner_of(account);
    let account = fs::read_to_string(account.join(account::NAME)).ok();
    Ok(serde_json::json!({
        "pid": null, "account": account, "saves": saves, "conflicts": conflicts, "moves": moves,
        "refused_removals": refused_removals, "handle": handle,
    }))
}

/// How an account stands, in lines: which it is, then each save that waits or was refused.
pub(super) fn in_words(status: &Value) -> String {
    let text = |value: &Value| printable(value.as_str().unwrap_or_default()).into_owned();
    let account = match status["handle"].as_str() {
        // Who has logged in is in the name already.
        Some(handle) if !text(&status["account"]).contains(&format!("@{handle}")) => {
            format!("@{} at {}", printable(handle), text(&status["account"]))
        }
        _ => text(&status["account"]),
    };
    let mut words = match (status["mountpoint"].as_str(), status["pid"].as_u64()) {
        (Some(mountpoint), Some(pid)) => {
            let mountpoint = printable(mountpoint);
            match status["unmounted"] == true {
                true => format!("{mountpoint}: {account}, {NO_LONGER} {pid}"),
                false => format!("{mountpoint}: {account}, mounted by process {pid}"),
            }
        }
        (None, Some(pid)) => format!("mounted by process {pid}"),
        _ if account.is_empty() => format!("not mounted; {GO_ON}"),
        _ => format!("{account}: not mounted; {GO_ON}"),
    };
    if let (Some(remaining), Some(limit)) = (status["remaining"].as_u64(), status["limit"].as_u64())
    {
        words.push_str(&format!(", {remaining} of {limit} requests left"));
    }
    if let Some(reset) = status["reset"].as_u64() {
        words.push_str(&format!(", all again in {reset} s"));
    }
    if let Some(age) = status["last_answer"].as_str().and_then(age) {
        words.push_str(&format!("\nTaskade answered last {} ago", duration_in_words(age)));
    }
    if let Some(bytes @ 1..) = status["cache"].as_u64() {
        words.push_str(&format!(", the cache takes {}", HumanBytes(bytes)));
    }
    if !status["offline_since"].is_null() {
        words.push_str(&format!("\noffline since {}", text(&status["offline_since"])));
    }
    if !status["trouble"].is_null() {
        words.push_str(&format!("\ntrouble: {}", text(&status["trouble"])));
    }
    if !status["login"].is_null() {
        words.push_str(&format!("\nlogin: {}", text(&status["login"])));
    }
    for error in status["errors"].as_array().into_iter().flatten() {
        let age = error["since"].as_str().and_then(age).map(duration_in_words);
        // What is wrong now was told.
        if error["reason"] != status["trouble"] {
            let reason = text(&error["reason"]);
            words.push_str(&format!("\n{} ago: {reason}", age.unwrap_or_default()));
        }
    }
    for finding in status["journal"].as_array().into_iter().flatten() {
        words.push_str(&format!("\njournal: {}", text(finding)));
    }
    let saves = status["saves"].as_array().cloned().unwrap_or_default();
    if saves.is_empty() && !is_refused(status) {
        words.push_str("\neverything is saved");
    }
    for save in &saves {
        let (state, path) = (text(&save["state"]), text(&save["path"]));
        let reason = match save["kind"].as_str() {
            Some("removal") => "removed, and not archived yet".to_owned(),
            Some("deletion") if save["reason"].is_null() => "removed, and not deleted yet".into(),
            Some("upload") if save["reason"].is_null() => uploading(&save["progress"]),
            Some("restoration") if save["reason"].is_null() => "back, and not restored yet".into(),
            _ => without_path(&text(&save["reason"]), &path).to_owned(),
        };
        words.push_str(&format!("\n{state}\t{path}\t{reason}"));
        if let Some(age) = save["since"].as_str().and_then(age) {
            let gap = if reason.is_empty() { "" } else { " " };
            words.push_str(&format!("{gap}({} ago)", duration_in_words(age)));
        }
    }
    let refused = status["refused_removals"].as_array().map_or(0, Vec::len);
    if refused > 0 {
        words.push_str(&format!(
            "\n{refused} files were not removed, since they were more than --max-archive allows at \
             once; `taskadefs retry --allow-delete DIR` removes them, `discard DIR` does not"
        ));
    }
    for conflict in status["conflicts"].as_array().into_iter().flatten() {
        let (path, file) = (text(&conflict["path"]), text(&conflict["file"]));
        words.push_str(&format!(
            "\nconflict\t{path}\toverrode changes made elsewhere; look at {file} and remove it"
        ));
    }
    for unmoved in status["moves"].as_array().into_iter().flatten() {
        let (path, reason) = (text(&unmoved["path"]), text(&unmoved["reason"]));
        let reason = without_path(&reason, &path);
        words.push_str(&format!("\nnot moved\t{path}\t{reason}"));
    }
    words.push('\n');
    words
}

/// A reason beside the path that it is of, which it begins with where it stands alone.
fn without_path<'a>(reason: &'a str, path: &str) -> &'a str {
    reason.strip_prefix(path).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(reason)
}

/// How far an upload is, in words.
fn uploading(progress: &Value) -> String {
    match (progress["sent"].as_u64(), progress["length"].as_u64()) {
        (Some(sent), Some(length @ 1..)) => {
            format!("uploading, {} % are sent", sent * 100 / length)
        }
        _ => "to be uploaded".to_owned(),
    }
}

/// What is told of a mount that is no longer where it was, before its process.
const NO_LONGER: &str = "no longer mounted there; what waits is sent, and whoever has it open, or in a mount \
     namespace of its own, is served, by process";

/// What to do where nothing is mounted.
const GO_ON: &str = "mount it or run `taskadefs sync` to go on";

/// How long ago a moment is, in whole seconds, and in whole minutes from an hour on.
pub(super) fn age(since: &str) -> Option<Duration> {
    let since = parse_rfc3339(since)?;
    let seconds = SystemTime::now().duration_since(since).unwrap_or_default().as_secs();
    Some(Duration::from_secs(if seconds < 3600 { seconds } else { seconds - seconds % 60 }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::in_words;

    #[test]
    fn a_mount_says_which_it_is_what_waits_and_how_old_it_is() {
        let since = std::time::SystemTime::now() - std::time::Duration::from_secs(7325);
        let since = crate::clock::rfc3339(since);
        let status = json!({
            "pid": 7, "mountpoint": "/m", "account": "https://x.example/v1",
            "limit": 30, "remaining": 2, "reset": 41, "trouble": null,
            "saves": [
                { "path": "Acme/a.md", "state": "pending", "reason": null, "since": since },
                { "path": "Acme/b\u{1b}.md", "state": "rejected", "reason": "no\nway", "since": since },
                { "path": "c\u{1b}.md", "state": "rejected", "reason": "c\u{1b}.md: no", "since": since },
            ],
        });
        assert_eq!(
            in_words(&status),
            "/m: https://x.example/v1, mounted by process 7, 2 of 30 requests left, all again in 41 s\n\
             pending\tAcme/a.md\t(2h 2m ago)\n\
             rejected\tAcme/b\\x1b.md\tno\\nway (2h 2m ago)\n\
             rejected\tc\\x1b.md\tno (2h 2m ago)\n"
        );
    }
}
