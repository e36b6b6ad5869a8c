//! Logging in with the browser: the page is opened, or told, and the browser is waited for.

use std::{
    env,
    process::{Command, Stdio},
    time::Duration,
};

use super::{
    interrupt::Interrupt,
    login_arguments::LoginArgs,
    login_secret::LoginSecret,
    loopback::{Brought, Loopback},
    terminal::{say, tell},
};

use crate::{
    api::{
        oauth::{self, Asking, Endpoints},
        origin::Origin,
    },
    error::{Error, Kind, Result},
    printable::printable,
};

/// The word for a scope that has to be asked for.
const INVALID_SCOPE: &str = "invalid_scope";

/// Gets a token by way of the browser; `None` if somebody ended it.
///
/// # Errors
/// If the service gives none, or the browser does not come back in time.
pub(crate) async fn ask(args: &LoginArgs) -> Result<Option<LoginSecret>> {
    let mut interrupt = Interrupt::catch()?;
    tokio::select! {
        secret = granted(args) => secret.map(Some),
        () = interrupt.came() => Ok(None),
    }
}

async fn granted(args: &LoginArgs) -> Result<LoginSecret> {
    let personal = |error: Error| match error.kind() {
        Kind::Unreachable => error,
        _ => error.hint("make a personal access token, and run `taskadefs login` without --oauth"),
    };
    let origin = Origin::of(args.which.api_url())?;
    let endpoints = oauth::endpoints(&origin).await.map_err(personal)?;
    let loopback = Loopback::open().await?;
    let begun = Asking::begin(&origin, &endpoints, &loopback.address()).await;
    let asking = begun.map_err(personal)?;
    // What a service gives without being asked is what a person would want.
    let mut brought = wait(args, &endpoints, &asking, &loopback, None).await?;
    if brought == Brought::Denied(INVALID_SCOPE.to_owned()) && !endpoints.scopes.is_empty() {
        let scopes = endpoints.scopes.join(" ");
        tell(&format!("Taskade gives a token only for what is asked for: {}", printable(&scopes)));
        brought = wait(args, &endpoints, &asking, &loopback, Some(&scopes)).await?;
    }
    let code = match brought {
        Brought::Code(code) => code,
        Brought::Denied(why) => {
            let what = format!("Taskade gives no token ({why}); nothing was kept");
            return Err(personal(Error::new(Kind::Refused, what)));
        }
    };
    let granted = asking.redeem(&origin, &endpoints, &code).await.map_err(personal)?;
    let endpoint = endpoints.token.as_str();
    if granted.refresh.is_none() {
        tell(&"Taskade gives nothing to renew the token with: when it ends, log in again");
    }
    Ok(LoginSecret::granted(granted, None, &asking.client, endpoint))
}

/// Shows the page, and waits until the browser comes back from it.
async fn wait(
    args: &LoginArgs,
    endpoints: &Endpoints,
    asking: &Asking,
    loopback: &Loopback,
    scope: Option<&str>,
) -> Result<Brought> {
    let page = asking.page(endpoints, scope);
    say(&format!(
        "Open this page in a browser on this machine:\n\n  {}\n\n",
        printable(page.as_str())
    ))?;
    if !args.no_browser && has_display() {
        open(page.as_str());
    }
    let brought = loopback.brought(&asking.state, endpoints.issuer.as_deref());
    let waited: Duration = args.timeout;
    tokio::time::timeout(waited, brought).await.unwrap_or_else(|_| {
        let what = format!("no browser came back within {} s; nothing was kept", waited.as_secs());
        Err(Error::new(Kind::Unreachable, what).hint(
            "try again, or make a personal access token and run `taskadefs login` without --oauth",
        ))
    })
}

/// Whether there is a display for a browser to be on.
fn has_display() -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

/// Has the browser open a page. Nobody waits for it: the address is told as well.
fn open(page: &str) {
    let mut command = Command::new("xdg-open");
    command.arg(page).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Ok(mut child) = command.spawn() {
        // Whatever comes of it, it is not left as a zombie.
        std::thread::spawn(move || child.wait());
    }
}
