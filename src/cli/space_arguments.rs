//! The command line as it is typed, of the commands about what is in an account beside saves: agents,
//! bundles and share links.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::account_arguments::AccountArgs;

/// What is done with an agent.
#[derive(Debug, Args)]
pub(super) struct AgentArgs {
    #[command(subcommand)]
    pub(super) command: AgentCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum AgentCommand {
    /// Print a published agent as JSON: one request
    Show(ShowAgentArgs),
}

/// Options of `agent show`.
#[derive(Debug, Args)]
pub(super) struct ShowAgentArgs {
    /// The last part of the agent's public address
    #[arg(value_name = "PUBLIC_ID")]
    pub(super) public: String,
    #[command(flatten)]
    pub(super) account: AccountArgs,
}

/// What is done with a bundle.
#[derive(Debug, Args)]
pub(super) struct BundleArgs {
    #[command(subcommand)]
    pub(super) command: BundleCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum BundleCommand {
    /// Write all that Taskade exports of a workspace or folder to a file: one request. What is there
    /// under its name is replaced once all of it has come
    Export(ExportBundleArgs),
    /// Make all that is in a file anew in a workspace, and say which projects came. Nothing is
    /// overwritten, twice makes everything twice, and `undo` does not take it back. Taskade takes 5 a
    /// minute: the next waits
    Import(ImportBundleArgs),
}

/// Options of `bundle export`.
#[derive(Debug, Args)]
pub(super) struct ExportBundleArgs {
    /// A workspace or folder in a mount
    pub(super) folder: PathBuf,
    /// Where to: .json (without media), .zip or .tsk, by its ending
    pub(super) file: PathBuf,
}

/// Options of `bundle import`.
#[derive(Debug, Args)]
pub(super) struct ImportBundleArgs {
    /// A workspace in a mount
    pub(super) workspace: PathBuf,
    /// What was exported: .json, .zip or .tsk; archives of up to 50 MB
    pub(super) file: PathBuf,
    /// As JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// Options of `share`.
#[derive(Debug, Args)]
pub(super) struct ShareArgs {
    /// A project's file
    pub(super) path: PathBuf,
    /// Make the links, if there are none: whoever has one can open the project, and change it with
    /// that for changing. taskadefs cannot take them back, only the app can
    #[arg(long)]
    pub(super) create: bool,
    /// Do not ask before they are made. Without a terminal nothing is asked either
    #[arg(short, long, requires = "create")]
    pub(super) yes: bool,
    /// As JSON, as the API has it
    #[arg(long)]
    pub(super) json: bool,
}
