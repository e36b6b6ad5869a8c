//! The command line as it is typed: which account a command is about.

use std::path::PathBuf;

use clap::Args;

use super::options;

use crate::api::DEFAULT_API_URL;

/// Which account, and where what is known of it is kept.
#[derive(Debug, Clone, Args)]
pub(super) struct AccountArgs {
    /// The API to talk to: https, or http on this machine
    #[arg(long, value_name = "URL", env = "TASKADE_API_URL", hide_env_values = true, default_value = DEFAULT_API_URL)]
    pub(super) api_url: String,
    /// Use what `taskadefs login --account NAME` kept, whatever token is set in the environment
    #[arg(long, value_name = "NAME", conflicts_with_all = ["token_file", "local"], value_parser = options::account)]
    pub(super) account: Option<String>,
    /// Read the token from this file, instead of TASKADE_TOKEN, TASKADE_API_KEY or what `login` kept
    #[arg(long, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,
    /// Mount a local store, served by an embedded server; needs no account
    #[arg(long, value_name = "DIR", conflicts_with = "token_file")]
    pub(super) local: Option<PathBuf>,
    /// Append every API call that a local store gets to this file, one JSON object a line
    #[arg(long, value_name = "FILE", requires = "local")]
    pub(super) log_requests: Option<PathBuf>,
    /// Where saves that wait, local files and the log are kept [default: the XDG state directory]
    #[arg(long, value_name = "DIR", env = "TASKADEFS_STATE_DIR", value_parser = options::path())]
    pub(super) state_dir: Option<PathBuf>,
}

impl AccountArgs {
    /// The URL of the API, without a slash at its end. A variable that is set to nothing is as
    /// good as not set.
    pub(super) fn api_url(&self) -> &str {
        options::api_url(&self.api_url)
    }
}
