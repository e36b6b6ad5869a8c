//! `bundle`: whole workspaces and folders to files, and files to projects, with a progress bar.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use rustix::{fs::Mode, process::umask};
use serde_json::Value;

use super::{
    asks::{Ask, ByteProgress, Progress},
    mounted_path::{MountedPath, mounted_path},
    mountpoint, presentation,
    space_arguments::{BundleArgs, BundleCommand, ExportBundleArgs, ImportBundleArgs},
    terminal::{confirm_done, note, say_json, tell},
    waiting::{counted, pending},
};

use crate::{
    error::{Error, Kind, Result},
    printable::printable,
};

/// What is counted of what Taskade made, as the answer has it, and in words for one and for more.
const SORTS: [(&str, &str, &str); 6] = [
    ("projects", "project", "projects"),
    ("agents", "agent", "agents"),
    ("templates", "template", "templates"),
    ("flows", "automation", "automations"),
    ("apps", "app", "apps"),
    ("media", "file", "files"),
];

/// How long what is quick goes unmentioned.
const GRACE: Duration = Duration::from_millis(500);

/// Does what is asked.
///
/// # Errors
/// What that failed with.
pub(crate) fn bundle(args: &BundleArgs) -> Result<()> {
    match &args.command {
        BundleCommand::Export(args) => export(args),
        BundleCommand::Import(args) => import(args),
    }
}

/// Exports a workspace or folder. Broken off, it leaves nothing behind.
fn export(args: &ExportBundleArgs) -> Result<()> {
    let place = mounted_path(&args.folder)?;
    let file = outside(&args.file)?;
    let path = place.inside.clone().unwrap_or_default();
    let told = carried_out(&place, &Ask::Export { path, file, mode: new_mode() }, &args.file)?;
    let projects = told["projects"].as_u64().map(|count| amount(count, "project", "projects"));
    let length = HumanBytes(told["length"].as_u64().unwrap_or_default());
    let shown = args.file.display().to_string();
    let words = projects.into_iter().chain([length.to_string()]).collect::<Vec<_>>().join(", ");
    confirm_done(&format!("{}: {words}\n", printable(&shown)))?;
    let status = place.ask(&Ask::Status {})?;
    let below = |path: &Path| place.inside.as_deref().is_none_or(|top| path.starts_with(top));
    let waiting = pending(&status).iter().filter(|change| below(change.path())).count();
    if waiting > 0 {
        let what = counted(waiting);
        tell(&format_args!("{what} not with Taskade yet, so not in it: `taskadefs sync` sends it"));
    }
    Ok(())
}

/// Imports a file into a workspace, and says what came.
fn import(args: &ImportBundleArgs) -> Result<()> {
    let place = mounted_path(&args.workspace)?;
    let file = outside(&args.file)?;
    let path = place.inside.clone().unwrap_or_default();
    let told = carried_out(&place, &Ask::Import { path, file }, &args.file)?;
    if args.json {
        say_json(&told)?;
    } else {
        let root = root_of(&args.workspace, place.inside.as_deref().unwrap_or(Path::new("")));
        confirm_done(&in_words(&told, &args.workspace, &root))?;
    }
    match lost(&told) {
        Some(error) => Err(error.at(args.workspace.display().to_string())),
        None => Ok(()),
    }
}

/// Where the mount is, as the path to something in it was given, or else from the root on: what is in it
/// is named by that.
fn root_of(given: &Path, inside: &Path) -> PathBuf {
    let above = |path: &Path| {
        let root = path.ancestors().nth(inside.components().count())?;
        path.ends_with(inside).then(|| root.to_owned())
    };
    let absolute = || above(&std::path::absolute(given).ok()?);
    above(given).or_else(absolute).unwrap_or_default()
}

/// What came, a line each.
fn in_words(told: &Value, workspace: &Path, root: &Path) -> String {
    let made = SORTS.iter().filter_map(|(name, one, more)| {
        let count = told["installed"][name].as_u64().filter(|count| *count > 0)?;
        Some(amount(count, one, more))
    });
    let made = made.collect::<Vec<_>>().join(", ");
    let mut words = match told["installed"].is_object() {
        true if made.is_empty() => "nothing was in it\n".to_owned(),
        true => format!("{}: {made}\n", printable(&workspace.display().to_string())),
        false => String::new(),
    };
    let projects = told["projects"].as_array().into_iter().flatten().filter_map(Value::as_str);
    for project in projects {
        let path = root.join(project).display().to_string();
        words.push_str(&format!("{}\n", printable(&path)));
    }
    if let Some(why) = told["unlisted"].as_str().filter(|_| told["installed"].is_object()) {
        words.push_str(&format!("which they are cannot be listed now: {}\n", printable(why)));
    }
    words
}

/// What it means that the answer was lost, if it was.
fn lost(told: &Value) -> Option<Error> {
    let why = told["lost"].as_str()?;
    let there = told["projects"].as_array().map_or(0, Vec::len) as u64;
    let expected = told["expected"].as_u64();
    let remedy = match (told["unlisted"].as_str(), there, expected) {
        (Some(why), ..) => format!(
            "it cannot be looked now what came ({why}): look once Taskade answers, and import it \
             again only if nothing is there"
        ),
        (None, 0, _) => "none of its projects is there yet: look again in a minute, and import it \
                         again only if there is still none"
            .to_owned(),
        (None, _, Some(expected)) if there >= expected => {
            "as many projects came as are in it: it is done, do not import it again".to_owned()
        }
        (None, _, expected) => {
            let of = expected.map_or_else(String::new, |expected| format!(" of {expected}"));
            format!(
                "{there}{of} projects are there, and the rest may still come: look again in a \
                 minute, and before you import it again remove with rm what is there"
            )
        }
    };
    let what = format!("the import was sent once and not repeated, and its answer was lost: {why}");
    Some(Error::new(Kind::Ambiguous, what).hint(remedy))
}

/// So many of something, in words.
fn amount(count: u64, one: &str, more: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {more}") }
}

/// The mode that a file has which this user makes.
fn new_mode() -> u32 {
    // There is one thread, and the mask is back before anything is made.
    let mask = umask(Mode::empty());
    umask(mask);
    (Mode::from_raw_mode(0o666) & !mask).as_raw_mode()
}

/// Where a file is, which must not be in a mount: the process that would serve it is the one that reads
/// or writes it.
fn outside(file: &Path) -> Result<PathBuf> {
    let absolute = std::path::absolute(file)
        .map_err(|error| Error::io("cannot find the file", error).at(file.display().to_string()))?;
    let directory = absolute.parent().unwrap_or(&absolute);
    let in_mount =
        mountpoint::mount_of(directory).map_err(|error| error.at(file.display().to_string()))?;
    let resolved = absolute.canonicalize().ok();
    let through_link = resolved.as_deref().map(mountpoint::mount_of).transpose()?.flatten();
    if in_mount.or(through_link).is_some() {
        return Err(Error::new(Kind::Invalid, "the file of a bundle cannot be in a mount")
            .at(file.display().to_string())
            .hint("name one elsewhere, such as in /tmp"));
    }
    Ok(absolute)
}

/// Has the mount do it, and shows on a terminal how far it is.
fn carried_out(place: &MountedPath, ask: &Ask, file: &Path) -> Result<Value> {
    let bar = bar(file);
    let mut is_told = false;
    let on_progress = |progress| {
        let Progress::Bytes(progress) = progress else { return };
        if progress.waits && !is_told && bar.elapsed() > GRACE {
            is_told = true;
            bar.suspend(|| note(&"Taskade takes 5 imports a minute: waiting for the next"));
        }
        show(&bar, progress);
    };
    let answer = place.follow(ask, on_progress);
    bar.finish_and_clear();
    // The mount was told where the file is from the root on.
    let absolute = std::path::absolute(file).unwrap_or_default();
    answer.map_err(|error| {
        error.renamed(|told| match told {
            Some(told) if Path::new(told) == absolute => Some(file.display().to_string()),
            told => told.map(str::to_owned),
        })
    })
}

/// A bar on a terminal; elsewhere nothing is drawn.
fn bar(file: &Path) -> ProgressBar {
    let bar = presentation::bar(Some(0));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    bar.set_prefix(printable(&name).into_owned());
    bar
}

fn show(bar: &ProgressBar, progress: ByteProgress) {
    let ByteProgress { done, total, waits } = progress;
    let is_there = total == Some(done);
    let template = match total {
        _ if waits || is_there => "{prefix} {spinner} {msg}",
        Some(_) => "{prefix} [{bar:24}] {bytes}/{total_bytes} {bytes_per_sec}",
        None => "{prefix} {spinner} {bytes} {bytes_per_sec}",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_message(if is_there { "all is there: waiting for Taskade" } else { "waiting" });
    bar.set_length(total.unwrap_or_default());
    bar.set_position(done);
    bar.tick();
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::{in_words, lost, root_of};

    #[test]
    fn what_came_is_named_as_the_workspace_was() {
        let told = json!({
            "installed": { "projects": 1, "agents": 2, "templates": 0 }, "lost": null,
            "expected": 1, "projects": ["Acme/a\u{1b}.md"], "unlisted": null,
        });
        let words = in_words(&told, Path::new("m/Acme"), Path::new("m"));
        assert_eq!(words, "m/Acme: 1 project, 2 agents\nm/Acme/a\\x1b.md\n");
        let root_of = |given: &str, inside: &str| root_of(Path::new(given), Path::new(inside));
        assert_eq!(root_of("/m/Acme/", "Acme"), Path::new("/m"));
        assert_eq!(root_of("Acme", "Acme"), Path::new(""));
        let here = std::env::current_dir().unwrap();
        let name = here.file_name().unwrap().to_str().unwrap();
        assert_eq!(root_of(".", name), here.parent().unwrap());
        assert!(lost(&told).is_none());
    }

    #[test]
    fn a_lost_answer_says_what_to_do_by_what_is_there() {
        let told = |projects: &[&str], expected: Option<u64>, unlisted: Option<&str>| {
            let told = json!({
                "installed": null, "lost": "it broke", "expected": expected, "projects": projects,
                "unlisted": unlisted,
            });
            lost(&told).unwrap().to_string()
        };
        assert!(told(&[], Some(2), None).contains("none of its projects is there yet"));
        assert!(told(&["a"], Some(2), None).contains("1 of 2 projects are there"));
        assert!(told(&["a"], None, None).contains("1 projects are there"));
        assert!(told(&["a", "b"], Some(2), None).contains("do not import it again"));
        assert!(told(&[], Some(2), Some("gone")).contains("(gone)"));
    }
}
