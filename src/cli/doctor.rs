//! `doctor`: looks at all that a mount needs, one thing a line, and says what to do about what is wrong.

use std::{process::ExitCode, time::Duration};

use serde_json::Value;

use super::{
    account, doctor_checks as checks,
    doctor_finding::{Finding, Verdict},
    login_arguments::DoctorArgs,
    presentation,
    session::Access,
    terminal::{say_as_is, say_json},
    version,
};

use crate::{
    api::{
        origin::{self, Presence},
        owner,
    },
    error::{Error, Kind, Result},
};

/// How long all of it may take. Each request has a shorter end of its own.
const DEADLINE: Duration = Duration::from_secs(50);

/// Looks at everything, and exits with 1 if something is wrong.
///
/// # Errors
/// If nothing can be said.
pub(crate) fn doctor(args: &DoctorArgs) -> Result<ExitCode> {
    // The token is taken out of the environment while this process has one thread.
    let access = Access::of(&args.account);
    let mut findings = vec![
        Finding::ok("version", format!("taskadefs {}", version::words())),
        checks::fuse_device(),
        checks::fusermount(),
        checks::other_users(),
    ];
    findings.extend(checks::config_file());
    findings.extend(args.mountpoint.as_deref().map(checks::place_to_mount));
    match account::state_dir(args.account.state_dir.as_deref()) {
        Ok(state_dir) => {
            findings.extend(checks::state_directory(&state_dir));
            findings.push(checks::disk_space(&state_dir));
        }
        Err(error) => findings.push(Finding::failed("state directory", &error)),
    }
    findings.push(checks::proxy());
    findings.extend(of_service(args, access)?);
    match args.json {
        true => say_json(&serde_json::to_value(&findings).unwrap_or(Value::Null))?,
        false => {
            let is_coloured = presentation::has_colours(&std::io::stdout());
            let lines = findings.iter().map(|finding| finding.line(is_coloured));
            say_as_is(&lines.collect::<String>())?;
        }
    }
    let is_ill = findings.iter().any(|finding| finding.verdict == Verdict::Fail);
    Ok(if is_ill { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What is to be asked of the service, within a time.
fn of_service(args: &DoctorArgs, access: Result<Access>) -> Result<Vec<Finding>> {
    if let Ok(Access::Store(_)) = access {
        return Ok(vec![Finding::ok("API", "a local store needs none")]);
    }
    let runtime =
        tokio::runtime::Runtime::new().map_err(|error| Error::io("cannot start", error))?;
    let url = args.account.api_url();
    let findings = runtime.block_on(async {
        let asked = async {
            let mut findings = api(url, origin::presence(url).await);
            findings.push(token(url, access).await);
            findings
        };
        tokio::time::timeout(DEADLINE, asked).await.unwrap_or_else(|_| {
            let found = format!("{url} did not answer in time");
            vec![Finding::fail("API", found, "check the network and --api-url")]
        })
    });
    // Nobody waits for what did not answer.
    runtime.shutdown_background();
    Ok(findings)
}

fn api(url: &str, presence: Result<Presence>) -> Vec<Finding> {
    let presence = match presence {
        Ok(presence) => presence,
        Err(error) => {
            let fix = "check the network, the proxy and --api-url";
            return vec![Finding::fail("API", format!("{url}: {error}"), fix)];
        }
    };
    let (status, took) = (presence.status.as_u16(), presence.took.as_millis());
    let found = format!("{url} answers in {took} ms");
    let reached = match presence.status.is_server_error() {
        true => Finding::warn("API", format!("{found}, with {status}"), "try again later"),
        false => Finding::ok("API", found),
    };
    vec![reached, checks::clock(presence.date)]
}

/// Whether the token counts, and whose it is.
async fn token(url: &str, access: Result<Access>) -> Finding {
    const CHECK: &str = "token";
    let access = match access {
        Ok(access) => access,
        Err(error) => return Finding::failed(CHECK, &error),
    };
    let is_login = matches!(access, Access::Login(_));
    let origin = match &access {
        Access::Login(login) => format!("logged in as {}", login.1.who()),
        _ => "a token was given".to_owned(),
    };
    let asked = async {
        let token = access.tokens().await?.token().await?;
        owner::check(url, &token).await
    };
    let check = match asked.await {
        Ok(check) => check,
        Err(error) => return Finding::failed(CHECK, &error),
    };
    let owner = check.owner.filter(|_| !is_login);
    let whose = owner.map(|owner| format!(", of @{}", owner.handle)).unwrap_or_default();
    match check.workspaces {
        Ok(listed) => {
            let count = match listed.len() {
                1 => "1 workspace".to_owned(),
                count => format!("{count} workspaces"),
            };
            Finding::ok(CHECK, format!("{origin}{whose}, opens {count}"))
        }
        Err(error) if error.kind() == Kind::Unauthorized => Finding::fail(
            CHECK,
            format!("{origin}, and Taskade does not know it"),
            "run `taskadefs login`",
        ),
        Err(error) => Finding::warn(CHECK, format!("{origin}{whose}: {error}"), "try again later"),
    }
}
