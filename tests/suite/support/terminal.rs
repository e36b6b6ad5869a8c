//! Full-screen programs in a real terminal: tmux shows what a person would see, and types what
//! one would type. Each terminal has a tmux server of its own, which ends with it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

/// How long the screen may take to show something.
const DEADLINE: Duration = Duration::from_secs(30);

/// How long to leave the processor to others between two looks at the screen.
const PAUSE: Duration = Duration::from_millis(20);

/// Columns and rows: messages that name a path fit into one row.
const SIZE: (&str, &str) = ("160", "50");

/// What tmux is asked for the process that it began.
const SHELL: [&str; 3] = ["display-message", "-p", "#{pane_pid}"];

/// A program in a terminal.
pub struct Terminal {
    program: String,
    socket: PathBuf,
    /// The program's home, which also has the socket.
    home: tempfile::TempDir,
    /// The shell that runs the program, and leads its process group.
    pid: libc::pid_t,
}

impl Terminal {
    /// Begins a program, with its arguments as a shell reads them, in this directory. It has a
    /// home of its own and nobody's settings. The terminal outlives the program.
    pub fn run(dir: &Path, program: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let socket = home.path().join("tmux");
        let mut command = Command::new("timeout");
        command.args(["-k", "5", "60", "tmux", "-u", "-f", "/dev/null", "-S"]).arg(&socket);
        command.args(["start-server", ";", "set", "-s", "escape-time", "0", ";"]);
        command.args(["set", "-g", "status", "off", ";"]);
        command.args(["set", "-g", "default-terminal", "screen-256color", ";"]);
        command.args(["new-session", "-d", "-x", SIZE.0, "-y", SIZE.1, "-c"]).arg(dir);
        // tmux does not always hear of the end of what it began, and would end with it.
        command.arg(format!("{program}; echo $? >\"$HOME/ended\"; exec sleep 600"));
        command.env_clear().env("HOME", home.path()).env("LC_ALL", "C.UTF-8");
        command.env("PATH", std::env::var_os("PATH").unwrap()).env("SHELL", "/bin/sh");
        command.env("TERM", "xterm-256color").current_dir(home.path());
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "no terminal for {program}: {output:?}");
        let mut terminal = Self { program: program.to_owned(), socket, home, pid: 0 };
        terminal.pid = terminal.tmux(&SHELL).trim().parse().unwrap();
        terminal
    }

    /// Presses keys by the names that tmux has for them.
    pub fn press(&self, keys: &[&str]) -> &Self {
        self.tmux(&[&["send-keys"], keys].concat());
        self
    }

    /// Types a text.
    pub fn types(&self, text: &str) -> &Self {
        self.tmux(&["send-keys", "-l", "--", text]);
        self
    }

    /// Types a line, as at a prompt.
    pub fn enters(&self, text: &str) -> &Self {
        self.types(text).press(&["Enter"])
    }

    /// Waits until the screen shows this.
    pub fn shows(&self, text: &str) -> &Self {
        self.until(&format!("showed {text:?}"), |screen| screen.contains(text))
    }

    /// Waits until the screen shows this no more.
    pub fn hides(&self, text: &str) -> &Self {
        self.until(&format!("took {text:?} away"), |screen| !screen.contains(text))
    }

    /// Waits until the screen shows one of these. Which.
    pub fn shows_one_of<'a>(&self, texts: &[&'a str]) -> &'a str {
        let mut shown = None;
        self.until(&format!("showed one of {texts:?}"), |screen| {
            shown = texts.iter().copied().find(|text| screen.contains(text));
            shown.is_some()
        });
        shown.unwrap()
    }

    /// Waits until the screen is like this.
    pub fn until(&self, what: &str, mut like: impl FnMut(&str) -> bool) -> &Self {
        let end = Instant::now() + DEADLINE;
        loop {
            let screen = self.screen();
            if like(&screen) {
                return self;
            }
            assert!(
                Instant::now() < end,
                "{} never {what}; it is {}; its screen:\n{screen}\n--",
                self.program,
                self.state()
            );
            std::thread::park_timeout(PAUSE);
        }
    }

    /// Whether the screen comes to show this within a time.
    pub fn shows_within(&self, text: &str, time: Duration) -> bool {
        let end = Instant::now() + time;
        while Instant::now() < end {
            if self.screen().contains(text) {
                return true;
            }
            std::thread::park_timeout(PAUSE);
        }
        false
    }

    /// The screen as it is now.
    pub fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"]).trim_end().to_owned()
    }

    /// Waits until the program has ended by itself, with success.
    pub fn ends(&self) {
        let mut status = String::new();
        self.until("ended", |_| {
            status = fs::read_to_string(self.home.path().join("ended")).unwrap_or_default();
            status.ends_with('\n')
        });
        assert_eq!(status, "0\n", "{}: {}", self.program, self.screen());
    }

    /// What the kernel says of the program, for who has to find out why it does not answer.
    fn state(&self) -> String {
        let of = |pid: &str, name: &str| fs::read_to_string(format!("/proc/{pid}/{name}"));
        let shell = self.pid.to_string();
        let children = of(&shell, &format!("task/{shell}/children")).unwrap_or_default();
        let program = children.split_whitespace().next().unwrap_or(&shell);
        let status = of(program, "status").unwrap_or_default();
        let state = status.lines().find(|line| line.starts_with("State")).unwrap_or("gone");
        format!("{state:?} in {:?}", of(program, "wchan").unwrap_or_default())
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let output = self.try_tmux(arguments);
        assert!(output.status.success(), "{}: tmux {arguments:?}: {output:?}", self.program);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn try_tmux(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("timeout");
        command.args(["-k", "5", "60", "tmux", "-u", "-S"]).arg(&self.socket).args(arguments);
        command.env("LC_ALL", "C.UTF-8").stdin(Stdio::null()).output().unwrap()
    }
}

/// The program goes first: one that hangs at the mount under test must not keep its terminal.
impl Drop for Terminal {
    fn drop(&mut self) {
        let shell = self.try_tmux(&SHELL).stdout;
        if String::from_utf8_lossy(&shell).trim() == self.pid.to_string() {
            // SAFETY: a signal to the group of processes that this terminal began.
            unsafe { libc::kill(-self.pid, libc::SIGKILL) };
        }
        // Nothing can be done about a server that is gone already.
        self.try_tmux(&["kill-server"]);
    }
}
