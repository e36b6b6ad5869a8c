//! The command line: from what the user typed to the exit code.
//!
#![doc = include_str!("options.md")]

mod abort;
mod account;
mod account_arguments;
mod agenda;
mod agent;
mod apart;
mod arguments;
mod asks;
mod background;
mod bundle;
mod commands;
mod control;
mod details;
mod doctor;
mod doctor_checks;
mod doctor_finding;
mod environment;
mod interrupt;
mod journald;
mod keyring;
mod log;
mod log_file;
mod login;
mod login_arguments;
mod login_oauth;
mod login_secret;
mod logins;
mod logout;
mod long_asks;
mod loopback;
mod mount;
mod mount_options;
mod mounted_path;
mod mountpoint;
mod mounts;
mod open_files;
mod options;
mod poll;
mod probe;
mod prompt;
mod serve;
mod session;
mod share;
mod space_arguments;
mod status;
mod status_watch;
mod stored_token;
mod sync;
mod terminal;
mod token_rotation;
mod unmount;
mod waiting;
mod whose;

use std::{ffi::OsString, process::ExitCode};

use clap::Parser;

use self::arguments::{Cli, Command};

use crate::{error::Result, vfs::control::README};

/// Runs the program. 0 done, 1 failed or something was refused, 2 usage.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let [_, command, mountpoint] = &arguments[..]
        && command == probe::COMMAND
    {
        return ended(probe::answer(mountpoint.as_ref()).map(|()| ExitCode::SUCCESS));
    }
    if let [_, help, topic] = &arguments[..]
        && help == "help"
        && topic == "agents"
    {
        return ended(terminal::say_as_is(README).map(|()| ExitCode::SUCCESS));
    }
    let arguments = mount_options::from_mount_helper(arguments);
    let cli = match parse(&arguments) {
        Ok(cli) => cli,
        Err(usage) => {
            terminal::tell_usage(&usage);
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2));
        }
    };
    ended(dispatch(cli.command, arguments))
}

fn ended(result: Result<ExitCode>) -> ExitCode {
    result.unwrap_or_else(|error| {
        terminal::tell(&error);
        ExitCode::FAILURE
    })
}

/// Parses the arguments; lists of `-o` are read as the flags that they stand for.
fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let cli = Cli::try_parse_from(arguments)?;
    match &cli.command {
        Command::Mount(args) if !args.o.is_empty() => Cli::try_parse_from(
            mount_options::with_flags(arguments.to_vec(), mount_options::flags(&args.o)),
        ),
        _ => Ok(cli),
    }
}

fn dispatch(command: Command, arguments: Vec<OsString>) -> Result<ExitCode> {
    match command {
        Command::Mount(args) if args.foreground => mount::foreground(&args),
        Command::Mount(args) => background::start(&args, arguments),
        Command::Umount(args) => unmount::unmount(&args),
        Command::Doctor(args) => return doctor::doctor(&args),
        Command::Login(args) => return login::login(&args),
        Command::Logout(args) => logout::logout(&args),
        Command::Status(args) => return status::status(&args),
        Command::Retry(args) => commands::retry(&args),
        Command::Details(args) => details::details(&args),
        Command::Discard(args) => commands::discard(&args),
        Command::Sync(args) => sync::sync(&args),
        Command::History(args) => commands::history(&args),
        Command::Undo(args) => commands::undo(&args),
        Command::Agenda(args) => agenda::agenda(&args),
        Command::Agent(args) => agent::agent(&args),
        Command::Bundle(args) => bundle::bundle(&args),
        Command::Share(args) => share::share(&args),
        Command::Serve(args) => serve::serve(&args),
    }
    .map(|()| ExitCode::SUCCESS)
}
