//! `cat`, `open` and `diff`: what a project says, where it is in the app, and what a save of it would send,
//! mounted or not.

use std::{
    env, fs,
    io::{IsTerminal, Read, Write},
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use super::{
    account,
    asks::{self, Ask},
    reach::ReachedPath,
    task_arguments::{CatArgs, DiffArgs, OpenArgs},
    terminal::{each, note, say, tell},
};

use crate::{
    api::DEFAULT_API_URL,
    error::{Error, Kind, Result},
    vfs::Whereabouts,
};

/// Longest text that may be saved as a project, in bytes.
const LONGEST: u64 = 16 << 20;

/// Prints what files say, as it is.
///
/// # Errors
/// If one cannot be read; those before it are printed.
pub(crate) fn cat(args: &CatArgs) -> Result<()> {
    let mut is_read = true;
    each(&args.paths, |path| {
        if !is_read {
            return Ok(());
        }
        let reached = ReachedPath::of(Some(path), &args.account)?;
        let said = reached.ask(&Ask::Text { path: reached.inside.clone() })?;
        let bytes = match (said["text"].as_str(), said["bytes"].as_array()) {
            (Some(text), _) => text.as_bytes().to_vec(),
            (None, bytes) => bytes.into_iter().flatten().filter_map(byte).collect(),
        };
        match std::io::stdout().write_all(&bytes) {
            // Whoever has read enough is not to be told.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                is_read = false;
                Ok(())
            }
            written => written.map_err(|error| Error::io("cannot print it", error)),
        }
    })
}

fn byte(value: &Value) -> Option<u8> {
    value.as_u64().and_then(|byte| u8::try_from(byte).ok())
}

/// Prints the address that something has in the app, and opens it where there is somebody to see it.
///
/// # Errors
/// If Taskade has nothing there.
pub(crate) fn open(args: &OpenArgs) -> Result<()> {
    let reached = ReachedPath::of(Some(&args.path), &args.account)?;
    let found = reached.ask(&Ask::Whereabouts { path: reached.inside.clone() })?;
    let found: Whereabouts = asks::understood(found)?;
    let address = address(&app(reached.reached.directory()), &found);
    say(&format!("{address}\n"))?;
    let has_display = ["WAYLAND_DISPLAY", "DISPLAY"]
        .iter()
        .any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()));
    if args.print || !has_display || !std::io::stdout().is_terminal() {
        return Ok(());
    }
    let mut browser = Command::new("xdg-open");
    browser.arg(&address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Err(error) = browser.status() {
        tell(&format_args!("nothing opens it: xdg-open: {error}"));
    }
    Ok(())
}

/// Where the app of an account is: at its API's host, or at Taskade's for a store that has no app.
fn app(account: &Path) -> String {
    let api = fs::read_to_string(account.join(account::API)).unwrap_or_default();
    let api = if api.contains("://") { api } else { DEFAULT_API_URL.to_owned() };
    api.split('/').take(3).collect::<Vec<_>>().join("/")
}

fn address(app: &str, found: &Whereabouts) -> String {
    match found {
        Whereabouts::Root => app.to_owned(),
        Whereabouts::Space(id) => format!("{app}/spaces/{id}"),
        Whereabouts::Project(id) => format!("{app}/d/{id}"),
    }
}

/// Says what saving a file as a project would send, a line for each request.
///
/// # Errors
/// What the save would be refused with.
pub(crate) fn diff(args: &DiffArgs) -> Result<()> {
    let text = args.file.as_deref().map(text_of).transpose()?;
    let reached = ReachedPath::of(Some(&args.path), &args.account)?;
    let planned = reached.ask(&Ask::Diff { path: reached.inside.clone(), text })?;
    let lines: Vec<&str> =
        planned.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if lines.is_empty() {
        note(&format_args!("{}: nothing would be sent", args.path.display()));
    }
    say(&lines
        .iter()
        .map(|line| crate::printable::printable(line).into_owned() + "\n")
        .collect::<String>())
}

fn text_of(file: &Path) -> Result<String> {
    let shown = file.display().to_string();
    let failed = |error| Error::io("cannot read it", error).at(&shown);
    let mut bytes = Vec::new();
    match file == Path::new("-") {
        true => std::io::stdin().take(LONGEST).read_to_end(&mut bytes).map_err(failed)?,
        false => fs::File::open(file)
            .and_then(|it| it.take(LONGEST).read_to_end(&mut bytes))
            .map_err(failed)?,
    };
    String::from_utf8(bytes).map_err(|_| {
        Error::new(Kind::Invalid, "it is no UTF-8 text").at(&shown).hint("save it in UTF-8")
    })
}

#[cfg(test)]
mod tests {
    use super::{Whereabouts, address};
    use crate::ids::{ProjectId, SpaceId};

    #[test]
    fn projects_and_spaces_have_addresses() {
        let app = "https://www.taskade.com";
        let project = Whereabouts::Project(ProjectId::new("Ab1"));
        assert_eq!(address(app, &project), "https://www.taskade.com/d/Ab1");
        let space = Whereabouts::Space(SpaceId::new("s1"));
        assert_eq!(address(app, &space), "https://www.taskade.com/spaces/s1");
        assert_eq!(address(app, &Whereabouts::Root), app);
    }
}
