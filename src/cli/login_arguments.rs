//! The command line as it is typed, of logging in and out, and of looking what is wrong.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{account_arguments::AccountArgs, options};

use crate::api::DEFAULT_API_URL;

/// Whose login.
#[derive(Debug, Clone, Args)]
pub(super) struct WhichLogin {
    /// Under which name, where there is more than one
    #[arg(long, value_name = "NAME", value_parser = options::account)]
    pub(super) account: Option<String>,
    /// The API to talk to: https, or http on this machine
    #[arg(long, value_name = "URL", env = "TASKADE_API_URL", hide_env_values = true, default_value = DEFAULT_API_URL)]
    api_url: String,
    /// Where it is kept that somebody is logged in [default: the XDG state directory]
    #[arg(long, value_name = "DIR", env = "TASKADEFS_STATE_DIR", value_parser = options::path())]
    pub(super) state_dir: Option<PathBuf>,
}

impl WhichLogin {
    /// The URL of the API, without a slash at its end.
    pub(super) fn api_url(&self) -> &str {
        options::api_url(&self.api_url)
    }
}

/// Options of `login`.
#[derive(Debug, Args)]
pub(super) struct LoginArgs {
    #[command(flatten)]
    pub(super) which: WhichLogin,
    /// Log in with the browser, in place of a personal access token
    #[arg(long)]
    pub(super) oauth: bool,
    /// Only print the page to open, for another browser on this machine
    #[arg(long, requires = "oauth")]
    pub(super) no_browser: bool,
    /// How long to wait for the browser
    #[arg(long, value_name = "SECS", default_value = "300", value_parser = options::seconds)]
    pub(super) timeout: Duration,
}

/// Options of `doctor`.
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Where you want to mount
    pub(super) mountpoint: Option<PathBuf>,
    #[command(flatten)]
    pub(super) account: AccountArgs,
    /// As JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// Options of `logout`.
#[derive(Debug, Args)]
pub(super) struct LogoutArgs {
    #[command(flatten)]
    pub(super) which: WhichLogin,
}
