//! `login`: a token that was checked is kept, and whose it is.

use std::{
    collections::BTreeSet,
    io::{IsTerminal, Read},
    process::ExitCode,
    time::Duration,
};

use super::{
    account,
    asks::{self, Ask},
    environment,
    interrupt::INTERRUPTED,
    login_arguments::{LoginArgs, WhichLogin},
    login_oauth,
    login_secret::{self, LoginSecret},
    logins::{self, Login, LoginFile, Place, TokenKind},
    mounted_path::{self, ANSWER_TIMEOUT},
    prompt,
    terminal::{confirm_done, tell},
};

use crate::{
    api::{
        check_url,
        owner::{self, TokenCheck},
    },
    error::{Error, Kind, Result},
    ids::SpaceId,
    printable::printable,
    secret::Token,
};

/// Longest line of standard input that is read.
const LONGEST: u64 = 64 << 10;

/// How long another process may take that renews the token.
const TURN: Duration = Duration::from_secs(30);

const QUESTION: &str = "Make a personal access token at https://www.taskade.com/settings/api\n\
     Token (nothing is shown as you paste it): ";

/// What somebody logs in with.
struct Offered {
    secret: LoginSecret,
    kind: TokenKind,
    check: TokenCheck,
}

/// Logs somebody in.
///
/// # Errors
/// If Taskade does not know the token, or it cannot be kept: nothing has changed then.
pub(crate) fn login(args: &LoginArgs) -> Result<ExitCode> {
    check_url(args.which.api_url())?;
    // Only that they are set counts here. No child is to have them.
    let is_outdone = environment::take(&environment::TOKENS).is_some();
    let runtime =
        tokio::runtime::Runtime::new().map_err(|error| Error::io("cannot start", error))?;
    let ended = runtime.block_on(async {
        let offered = match args.oauth {
            true => of_browser(args).await?,
            false => of_person(args.which.api_url()).await?,
        };
        match offered {
            Some(offered) => keep(&args.which, offered).await.map(Some),
            None => Ok(None),
        }
    });
    runtime.shutdown_background();
    let Some((words, directory)) = ended? else {
        tell(&"nothing was kept");
        return Ok(ExitCode::from(INTERRUPTED));
    };
    confirm_done(&words)?;
    tell_mounts(&args.which, &directory)?;
    if is_outdone && args.which.account.is_none() {
        tell(&"TASKADE_TOKEN or TASKADE_API_KEY is set, and is used in place of what was kept now");
    }
    Ok(ExitCode::SUCCESS)
}

/// What a person has: a token, from the terminal or from one line of standard input. `None` if they end it.
async fn of_person(api: &str) -> Result<Option<Offered>> {
    let typed = match std::io::stdin().is_terminal() {
        true => prompt::secret(QUESTION).await?,
        false => Some(line()?),
    };
    let Some(typed) = typed else { return Ok(None) };
    let token = Token::new(&typed).ok_or_else(|| {
        let what = match typed.trim().is_empty() {
            true => "no token was given",
            false => "that cannot be a token",
        };
        Error::new(Kind::Invalid, what)
            .hint("a token is one word of printable characters, such as tskdp_…")
    })?;
    let check = owner::check(api, &token).await?;
    if let Err(error) = &check.workspaces {
        let is_known = check.owner.is_some() && error.kind() != Kind::Unauthorized;
        if !is_known {
            return Err(unchecked(error, &check));
        }
    }
    let secret = LoginSecret { access: token, renewal: None };
    Ok(Some(Offered { secret, kind: TokenKind::Personal, check }))
}

/// One line of standard input.
fn line() -> Result<String> {
    let mut text = Vec::new();
    let mut input = std::io::stdin().lock();
    let mut byte = [0];
    while text.len() < LONGEST as usize {
        match input.read(&mut byte) {
            Ok(0) => break,
            Ok(_) if byte == *b"\n" => break,
            Ok(_) => text.extend_from_slice(&byte),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::io("cannot read the token", error)),
        }
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// A token is not kept: why.
fn unchecked(error: &Error, check: &TokenCheck) -> Error {
    match (error.kind(), &check.owner) {
        (Kind::Unauthorized, None) => {
            Error::new(Kind::Unauthorized, "Taskade does not know the token, which is not kept")
                .hint("see that all of it was pasted, or make a new one")
        }
        (Kind::Unauthorized, Some(owner)) => Error::new(
            Kind::Unauthorized,
            format!("the API does not take the token of @{}, which is not kept", owner.handle),
        )
        .hint("make a personal access token"),
        (kind, _) => Error::new(kind, "the token cannot be checked, and is not kept")
            .because(error.clone())
            .hint("try again later, or check the network and --api-url"),
    }
}

/// What the browser brings. Where the API does not take that, a person is asked for a token.
async fn of_browser(args: &LoginArgs) -> Result<Option<Offered>> {
    let api = args.which.api_url();
    let Some(secret) = login_oauth::ask(args).await? else { return Ok(None) };
    let check = owner::check(api, &secret.access).await?;
    match &check.workspaces {
        Ok(_) => {}
        Err(error) if matches!(error.kind(), Kind::Unauthorized | Kind::Forbidden) => {
            tell(
                &"Taskade's API does not take what the browser brought: it wants a personal token",
            );
            return of_person(api).await;
        }
        Err(error) if check.owner.is_none() => return Err(unchecked(error, &check)),
        Err(_) => {}
    }
    Ok(Some(Offered { secret, kind: TokenKind::OAuth, check }))
}

/// Has the mounts of who has logged in go on with what was refused for want of a token that counts.
fn tell_mounts(which: &WhichLogin, directory: &str) -> Result<()> {
    for state_dir in mounted_path::state_dirs(which.state_dir.as_deref())? {
        let account = account::directory_named(&state_dir, directory);
        match asks::ask(&account, &Ask::Login {}, ANSWER_TIMEOUT) {
            Ok(Some(answer)) => match answer["refused"].as_u64().unwrap_or_default() {
                0 => {}
                1 => confirm_done("what was refused before goes on now\n")?,
                count => confirm_done(&format!("{count} changes that were refused go on now\n"))?,
            },
            Ok(None) => {}
            Err(error) => tell(&format_args!("a mount of theirs does not go on: {error}")),
        }
    }
    Ok(())
}

/// Keeps what somebody logs in with. What is to be said, and the name of their directory.
async fn keep(which: &WhichLogin, offered: Offered) -> Result<(String, String)> {
    let state_dir = account::state_dir(which.state_dir.as_deref())?;
    account::make_private(&state_dir)?;
    let name = which.account.as_deref().unwrap_or(logins::DEFAULT);
    let file = LoginFile::of(&state_dir, which.api_url(), name);
    let _lock = file.lock(TURN)?;
    let before = file.read()?;
    let listed = offered.check.workspaces.as_ref().ok();
    let workspaces: BTreeSet<SpaceId> =
        listed.into_iter().flatten().map(|space| space.id.clone()).collect();
    let owner = offered.check.owner;
    let mut login = Login {
        id: match &before {
            Some(before) => before.id.clone(),
            None => random_id()?,
        },
        account: name.to_owned(),
        api: which.api_url().to_owned(),
        directory: String::new(),
        kind: offered.kind,
        handle: owner.as_ref().map(|owner| owner.handle.clone()),
        name: owner.and_then(|owner| owner.name),
        workspaces,
        // A keyring may be there by now.
        place: None,
    };
    login.directory = directory(&state_dir, before.as_ref(), &login, &offered.secret.access);
    let why = login_secret::keep(&file, &mut login, &offered.secret).await?;
    let other = before.filter(|before| before.directory != login.directory);
    let count = listed.map(|listed| match listed.len() {
        1 => "; 1 workspace".to_owned(),
        count => format!("; {count} workspaces"),
    });
    let place = match (login.place, why) {
        (Some(Place::File), Some(why)) => {
            format!("the token is in {}, which only you can read ({why})", file.secret().display())
        }
        _ => "the token is in the keyring".to_owned(),
    };
    let mut words = format!(
        "logged in: {}{}\n{}\n",
        printable(&login.who()),
        count.unwrap_or_default(),
        printable(&place)
    );
    if let Some(other) = other {
        let other = other.who();
        words.push_str(&format!(
            "what waits of {} stays, and goes on once they log in\n",
            printable(&other)
        ));
    }
    Ok((words, login.directory))
}

/// The name of the directory that belongs to whoever logs in: the one that was theirs under this name, or
/// with this token; else one that follows from who they are.
fn directory(
    state_dir: &std::path::Path,
    before: Option<&Login>,
    login: &Login,
    token: &Token,
) -> String {
    if let Some(before) = before.filter(|before| is_same_person(before, login)) {
        return before.directory.clone();
    }
    let listed: Vec<&str> = login.workspaces.iter().map(SpaceId::as_str).collect();
    let who = match &login.handle {
        Some(handle) => format!("@{handle}"),
        None => listed.join(" "),
    };
    let own = account::hashed(&[&login.api, "login", &login.account, &who]);
    let is_there = |name: &str| state_dir.join("accounts").join(name).is_dir();
    let of_token = account::hashed(&[&login.api, token.expose()]);
    if !is_there(&own) && login.kind == TokenKind::Personal && is_there(&of_token) {
        return of_token;
    }
    own
}

/// Whether two logins are of one person. Where the service does not say, what they may see does.
fn is_same_person(before: &Login, login: &Login) -> bool {
    match (&before.handle, &login.handle) {
        (Some(before), Some(handle)) => before == handle,
        _ => !login.workspaces.is_empty() && before.workspaces == login.workspaces,
    }
}

/// What a token is found by in a keyring.
fn random_id() -> Result<String> {
    let mut bytes = [0_u8; 8];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::new(Kind::Storage, format!("no randomness: {error}")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
