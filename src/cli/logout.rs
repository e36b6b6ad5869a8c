//! `logout`: forgets the token of somebody, and says what there still is of them.

use std::{path::Path, time::Duration};

use super::{
    account,
    asks::{self, Ask},
    login_arguments::LogoutArgs,
    login_secret,
    logins::{self, LoginFile},
    status::offline_status,
    terminal::confirm_done,
    waiting::{counted, pending},
};

use crate::{
    error::{Error, Kind, Result},
    printable::printable,
};

/// How long another process may take that renews the token, and a mount to answer.
const TURN: Duration = Duration::from_secs(30);
const ANSWER: Duration = Duration::from_secs(10);

/// Logs somebody out.
///
/// # Errors
/// If nobody is logged in under that name, or the token cannot be removed from where it is.
pub(crate) fn logout(args: &LogoutArgs) -> Result<()> {
    let which = &args.which;
    let state_dir = account::state_dir(which.state_dir.as_deref())?;
    let name = which.account.as_deref().unwrap_or(logins::DEFAULT);
    let file = LoginFile::of(&state_dir, which.api_url(), name);
    let found = file.read()?.filter(|login| login.place.is_some());
    let Some(mut login) = found else { return Err(nobody(&state_dir, name)) };
    let _lock = file.lock(TURN)?;
    let runtime =
        tokio::runtime::Runtime::new().map_err(|error| Error::io("cannot start", error))?;
    runtime.block_on(login_secret::forget(&file, &mut login))?;
    let mut words = format!("logged out: {}\n", printable(&login.who()));
    let directory = state_dir.join("accounts").join(&login.directory);
    let mounted = asks::ask(&directory, &Ask::Status {}, ANSWER);
    let status = match &mounted {
        Ok(Some(status)) => {
            let at = status["mountpoint"].as_str().unwrap_or("some place");
            words.push_str(&format!(
                "{} is still mounted and goes on with the token it has; `taskadefs umount` ends that\n",
                printable(at)
            ));
            status.clone()
        }
        Err(error) => {
            words.push_str(&format!("a mount of theirs does not answer: {error}\n"));
            offline_status(&directory).unwrap_or_default()
        }
        Ok(None) if directory.is_dir() => offline_status(&directory)?,
        Ok(None) => serde_json::Value::Null,
    };
    let waiting = pending(&status).len();
    if waiting > 0 {
        words.push_str(&format!(
            "{} of theirs stay in the journal, and are sent once they log in again\n",
            counted(waiting)
        ));
    }
    words.push_str("Taskade itself still knows the token: delete it there if others may have it\n");
    confirm_done(&words)
}

/// Nobody is logged in under this name.
fn nobody(state_dir: &Path, name: &str) -> Error {
    let what = match name {
        logins::DEFAULT => "nobody is logged in".to_owned(),
        name => format!("nobody is logged in as {name}"),
    };
    let others = logins::names(state_dir);
    let error = Error::new(Kind::NotFound, what);
    match others.is_empty() {
        true => error.hint("there is nothing to forget; `taskadefs login` logs in"),
        false => error.hint(format!("somebody is as {}: --account NAME", others.join(", "))),
    }
}
