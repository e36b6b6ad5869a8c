//! Who answers for a path: the mount that it is in, the mount of the account that was named, or, where
//! nothing is mounted, this process.

use std::{
    path::{Component, Path, PathBuf},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    account,
    account_arguments::AccountArgs,
    asks::{self, Ask, Progress},
    config,
    mounted_path::{self, ANSWER_TIMEOUT},
    mountpoint,
    session::Access,
    unmounted::Unmounted,
};

use crate::{
    error::{Kind, Result},
    sync::Settings,
};

/// How long another command may have the account.
const TAKEN: Duration = Duration::from_secs(60);

/// How often it is looked whether it has it still.
const LOOK: Duration = Duration::from_millis(20);

/// Who answers for an account.
pub(super) enum Reached {
    /// The process that has it mounted; the account's directory.
    Mounted(PathBuf),
    /// This one, until this is dropped; the account's directory.
    Unmounted(PathBuf, Box<Unmounted>),
}

/// A path, and who answers for it.
pub(super) struct ReachedPath {
    pub(super) reached: Reached,
    /// The path relative to the mount, empty for its root.
    pub(super) inside: PathBuf,
    /// The path as it was given.
    given: PathBuf,
}

impl Reached {
    /// Who answers for the account that was named; without a token, for the only one that is mounted.
    ///
    /// # Errors
    /// If there is no token and nothing mounted, or the account cannot be opened.
    pub(super) fn account(args: &AccountArgs) -> Result<Self> {
        let access = match Access::of(args) {
            Ok(access) => access,
            // Who mounted has given it: what is mounted needs none.
            Err(no_token) if no_token.kind() == Kind::Unauthorized => {
                let mounted = mounted_path::only_mount(args.state_dir.as_deref());
                return match mounted {
                    Ok(account) => Ok(Reached::Mounted(account)),
                    Err(error) if error.kind() == Kind::NotFound => Err(no_token),
                    Err(error) => Err(error),
                };
            }
            Err(error) => return Err(error),
        };
        let directory = access.directory(args)?;
        let end = Instant::now() + TAKEN;
        loop {
            if asks::ask(&directory, &Ask::Status {}, ANSWER_TIMEOUT)?.is_some() {
                return Ok(Reached::Mounted(directory));
            }
            if account::is_taken(&directory)? && Instant::now() < end {
                std::thread::park_timeout(LOOK);
                continue;
            }
            let settings = Settings { paths: config::path_rules(), ..Settings::default() };
            match Unmounted::open(args, access.clone(), settings) {
                Ok(unmounted) => return Ok(Reached::Unmounted(directory, Box::new(unmounted))),
                // Somebody was faster.
                Err(error) if error.kind() == Kind::Exists && Instant::now() < end => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The account's directory.
    pub(super) fn directory(&self) -> &Path {
        match self {
            Reached::Mounted(directory) | Reached::Unmounted(directory, _) => directory,
        }
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// What the answer is an error with.
    pub(super) fn ask(&self, ask: &Ask) -> Result<Value> {
        self.follow(ask, |_| {})
    }

    /// As [`ask`](Self::ask), and tells how far it has come.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub(super) fn follow(&self, ask: &Ask, on_progress: impl FnMut(Progress)) -> Result<Value> {
        match self {
            Reached::Mounted(directory) => {
                asks::follow(directory, ask, ANSWER_TIMEOUT, on_progress)?.ok_or_else(asks::gone)
            }
            Reached::Unmounted(_, unmounted) => unmounted.follow(ask, ANSWER_TIMEOUT, on_progress),
        }
    }
}

impl ReachedPath {
    /// Who answers for a path: one in a mount, or one as below a mount's root. Without a path it is the
    /// current directory, if that is in a mount of the account that was named, else all of the account.
    ///
    /// # Errors
    /// If it is neither, or as [`Reached::account`].
    pub(super) fn of(path: Option<&Path>, args: &AccountArgs) -> Result<Self> {
        let Some(path) = path else { return Self::here(args) };
        if let Ok(Some((root, inside))) = mountpoint::mount_of(path) {
            let account = mounted_path::account_of(&root, path)?;
            return Ok(Self { reached: Reached::Mounted(account), inside, given: path.to_owned() });
        }
        let inside = path.components().filter(|part| *part != Component::CurDir);
        let inside: PathBuf = inside.collect();
        let is_below = inside.components().all(|part| matches!(part, Component::Normal(_)));
        if !is_below || path.starts_with(".") {
            return Err(mounted_path::not_in_a_mount(path)
                .hint("without a mount, name it as below one: WORKSPACE/PROJECT.md"));
        }
        Ok(Self { reached: Reached::account(args)?, given: path.to_owned(), inside })
    }

    /// Asks, and is told of places as this one was named.
    ///
    /// # Errors
    /// As [`Reached::ask`].
    pub(super) fn ask(&self, ask: &Ask) -> Result<Value> {
        self.follow(ask, |_| {})
    }

    /// As [`ask`](Self::ask), and tells how far it has come.
    ///
    /// # Errors
    /// As [`Reached::ask`].
    pub(super) fn follow(&self, ask: &Ask, on_progress: impl FnMut(Progress)) -> Result<Value> {
        self.reached.follow(ask, on_progress).map_err(|error| {
            match self.given.as_os_str().is_empty() {
                true => error,
                false => mounted_path::as_named(error, &self.given, Some(&self.inside)),
            }
        })
    }

    /// Who answers for a workspace or folder, or with an empty path for all of the account.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub(super) fn of_space(path: &Path, args: &AccountArgs) -> Result<Self> {
        match path.as_os_str().is_empty() {
            true => Self::here(args).and_then(|here| Self::all(here.reached)),
            false => Self::of(Some(path), args),
        }
    }

    /// What is meant if no path is given.
    fn here(args: &AccountArgs) -> Result<Self> {
        let Some((root, inside)) = mountpoint::mount_of(".".as_ref()).ok().flatten() else {
            return Self::all(Reached::account(args)?);
        };
        let is_other = |account: &Path| {
            let state_dir = account::state_dir(args.state_dir.as_deref());
            args.state_dir.is_some() && !state_dir.is_ok_and(|dir| account.starts_with(dir))
        };
        let account = mounted_path::account_of(&root, ".".as_ref());
        let is_named = args.account.is_some() || args.token_file.is_some() || args.local.is_some();
        let reached = match &account {
            Ok(account) if !is_named && !is_other(account) => Reached::Mounted(account.clone()),
            Err(error) if !is_named && args.state_dir.is_none() => return Err(error.clone()),
            _ => Reached::account(args)?,
        };
        match account {
            Ok(account) if account == reached.directory() => {
                Ok(Self { reached, inside, given: PathBuf::new() })
            }
            _ => Self::all(reached),
        }
    }

    fn all(reached: Reached) -> Result<Self> {
        Ok(Self { reached, inside: PathBuf::new(), given: PathBuf::new() })
    }

    /// A path relative to the mount, at or below this one, as it is found from here.
    pub(super) fn shown(&self, inside: &str) -> String {
        mounted_path::shown(inside, &self.given, &self.inside)
    }
}
