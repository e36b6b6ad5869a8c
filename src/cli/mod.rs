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
mod command_place;
mod commands;
mod config;
mod control;
mod dashed_text;
mod details;
mod doctor;
mod doctor_checks;
mod doctor_finding;
mod edits;
mod environment;
mod files;
mod install_arguments;
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
mod manual;
mod mount;
mod mount_options;
mod mounted_path;
mod mountpoint;
mod mounts;
mod namespaces;
mod open_files;
mod options;
mod plain;
mod plain_arguments;
mod poll;
mod presentation;
mod probe;
mod prompt;
mod reach;
mod reading_bar;
mod remedies;
mod serve;
mod service_manager;
mod session;
mod share;
mod space_arguments;
mod status;
mod status_watch;
mod stored_token;
mod sync;
mod task_arguments;
mod tasks;
mod terminal;
mod token_rotation;
mod unmount;
mod unmounted;
mod version;
mod waiting;
mod whose;

use std::{ffi::OsString, process::ExitCode};

use clap::{ArgMatches, CommandFactory, FromArgMatches};

use self::arguments::{Cli, Command};

use crate::{
    error::{Error, Result},
    vfs::control::README,
};

/// Runs the program. 0 done, 1 failed or something was refused, 2 usage. `version` is what `--version`
/// says.
pub fn run(arguments: impl IntoIterator<Item = OsString>, version: &'static str) -> ExitCode {
    version::note(version);
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
    let arguments = dashed_text::marked(mount_options::from_mount_helper(arguments));
    match parse(&arguments) {
        Ok(cli) => {
            if cli.quiet {
                presentation::be_quiet();
            }
            ended(dispatch(cli.command, arguments))
        }
        Err(Unparsed::Usage(usage)) => {
            terminal::tell_usage(&usage);
            ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2))
        }
        Err(Unparsed::Config(error)) => ended(Err(error)),
    }
}

fn ended(result: Result<ExitCode>) -> ExitCode {
    result.unwrap_or_else(|error| {
        terminal::tell_error(error);
        ExitCode::FAILURE
    })
}

/// Why it is not known what is to be done.
enum Unparsed {
    /// What was typed.
    Usage(clap::Error),
    /// What is in the config file.
    Config(Error),
}

impl From<clap::Error> for Unparsed {
    fn from(usage: clap::Error) -> Self {
        Self::Usage(usage)
    }
}

/// Parses the arguments; lists of `-o` are read as the flags that they stand for, and the config file as
/// what was not typed.
fn parse(arguments: &[OsString]) -> Result<Cli, Unparsed> {
    let (mut cli, mut matches) = read(arguments)?;
    let mut arguments = arguments.to_vec();
    if let Command::Mount(args) = &cli.command
        && !args.o.is_empty()
    {
        arguments = mount_options::with_flags(arguments, mount_options::flags(&args.o));
        (cli, matches) = read(&arguments)?;
    }
    let config = match config::load() {
        Ok(config) => config,
        // What takes a mount away, and what is about the file itself, works all the same.
        Err(error) if is_needed_always(&cli.command) => {
            tracing::debug!(%error, "without the config file");
            config::Config::default()
        }
        Err(error) => return Err(Unparsed::Config(error)),
    };
    let typed = arguments.len();
    let arguments = config::with_config(arguments, &matches, &config);
    if arguments.len() > typed {
        (cli, _) = read(&arguments)?;
    }
    match &mut cli.command {
        Command::Mount(args) => config::settle(&config, args).map_err(Unparsed::Config)?,
        Command::Umount(args) => args.mountpoint = config::of_name(&config, &args.mountpoint),
        _ => {}
    }
    Ok(cli)
}

/// Whether a command is to work though the config file is not understood.
fn is_needed_always(command: &Command) -> bool {
    !matches!(command, Command::Mount(_) | Command::Sync(_))
}

fn read(arguments: &[OsString]) -> Result<(Cli, ArgMatches), clap::Error> {
    let mut command = Cli::command().version(version::words()).color(presentation::color_choice());
    let matches = command.try_get_matches_from_mut(arguments)?;
    let cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    Ok((cli, matches))
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
        Command::Add(args) => edits::add(&args),
        Command::Done(args) => edits::done(&args),
        Command::List(args) => tasks::list(&args),
        Command::Find(args) => tasks::find(&args),
        Command::Cat(args) => files::cat(&args),
        Command::Open(args) => files::open(&args),
        Command::Diff(args) => files::diff(&args),
        Command::Export(args) => plain::export(&args),
        Command::Import(args) => plain::import(&args),
        Command::Serve(args) => serve::serve(&args),
        Command::Completions(args) => manual::completions(&args),
        Command::Man(args) => manual::man(&args),
    }
    .map(|()| ExitCode::SUCCESS)
}
