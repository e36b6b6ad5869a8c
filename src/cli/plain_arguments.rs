//! The command line as it is typed, of the commands that keep folders as plain files.

use std::path::PathBuf;

use clap::Args;

use super::account_arguments::AccountArgs;

/// Options of `export`.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// Where to; it is made if it is not there
    pub(super) dir: PathBuf,
    /// Only what is in a workspace or folder, named as below a mount's root: its files are at the top
    #[arg(long, value_name = "PATH")]
    pub(super) space: Option<PathBuf>,
    /// Keep the directory as a git repository: one commit an export, which says what was done
    #[arg(long)]
    pub(super) git: bool,
    /// Remove files of projects that are gone, however many they are
    #[arg(long)]
    pub(super) allow_delete: bool,
    #[command(flatten)]
    pub(super) account: AccountArgs,
}

/// Options of `import`.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// What was exported, and edited since
    pub(super) dir: PathBuf,
    /// Say what would be sent, a line for each request, and send nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Only what was changed between two commits of the directory's repository, whatever its files are now
    #[arg(long, value_name = "A..B")]
    pub(super) git_range: Option<String>,
    /// Which workspace or folder it is of, where that is not known: in a clone of what was exported
    #[arg(long, value_name = "PATH")]
    pub(super) space: Option<PathBuf>,
    /// However many tasks it deletes, or projects it completes
    #[arg(long)]
    pub(super) allow_delete: bool,
    #[command(flatten)]
    pub(super) account: AccountArgs,
}
