//! What `--version` says: the version, the commit that was built and its date.
//!
//! A macro and no build script: what a build script tells is told to every target of its package, so
//! each commit would compile the library again. What this one looks at is noted for the one file that
//! calls it.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use proc_macro::TokenStream;

/// The commit, for builds outside a checkout.
const COMMIT: &str = "TASKADEFS_COMMIT";

/// The time of the sources, for builds outside a checkout (reproducible-builds.org).
const EPOCH: &str = "SOURCE_DATE_EPOCH";

/// The digits of a commit that are shown.
const DIGITS: usize = 10;

/// A string such as `0.1.0 (82e31c3b19 2026-11-27)`: the version of the package that this is called in,
/// its commit, and the day of that. The commit is the one of the checkout that the package is the root
/// of, else `TASKADEFS_COMMIT` with the day of `SOURCE_DATE_EPOCH`, else the one that `cargo package` has
/// noted.
#[proc_macro]
pub fn version(_: TokenStream) -> TokenStream {
    let dir = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let (built, watched) = match checkout(&dir) {
        Some((built, watched)) => (built, watched),
        None => (elsewhere().or_else(|| packaged(&dir)).unwrap_or_default(), Vec::new()),
    };
    let words = if built.is_empty() { version } else { format!("{version} ({built})") };
    let watched = watched.iter().filter_map(|path| path.to_str());
    let watches: String =
        watched.map(|path| format!("const _: &[u8] = include_bytes!({path:?});")).collect();
    let reads = [COMMIT, EPOCH].map(|name| format!("const _: Option<&str> = option_env!({name:?});"));
    let code = format!("{{ {watches} {} {words:?} }}", reads.concat());
    code.parse().unwrap_or_default()
}

/// The commit and day of a checkout, and the files that change with them.
fn checkout(dir: &Path) -> Option<(String, Vec<PathBuf>)> {
    let root = git(dir, &["rev-parse", "--show-toplevel"])?;
    if Path::new(&root).canonicalize().ok()? != dir.canonicalize().ok()? {
        return None;
    }
    let built = git(dir, &["-c", "core.abbrev=10", "log", "-1", "--format=%h %cs"])?;
    // Moves with each commit, checkout and rebase, where there is one.
    let log = git(dir, &["rev-parse", "--git-path", "logs/HEAD"]).map(|path| dir.join(path));
    if let Some(log) = log.filter(|log| log.is_file()) {
        return Some((built, vec![log]));
    }
    let mut watched = vec!["HEAD".to_owned(), "packed-refs".to_owned()];
    watched.extend(git(dir, &["symbolic-ref", "-q", "HEAD"]));
    let paths = watched.iter().filter_map(|name| git(dir, &["rev-parse", "--git-path", name]));
    Some((built, paths.map(|path| dir.join(path)).filter(|path| path.is_file()).collect()))
}

/// The commit and day that whoever builds says.
fn elsewhere() -> Option<String> {
    let commit = env::var(COMMIT).ok().filter(|commit| !commit.trim().is_empty())?;
    let day = env::var(EPOCH).ok().and_then(|seconds| seconds.trim().parse().ok()).map(day);
    Some(day.map_or_else(|| short(&commit), |day| format!("{} {day}", short(&commit))))
}

/// The commit that `cargo package` has noted.
fn packaged(dir: &Path) -> Option<String> {
    let noted = std::fs::read_to_string(dir.join(".cargo_vcs_info.json")).ok()?;
    let commit = noted.split("\"sha1\"").nth(1)?.split('"').nth(1)?;
    commit.chars().all(|digit| digit.is_ascii_hexdigit()).then(|| short(commit))
}

fn short(commit: &str) -> String {
    commit.trim().chars().take(DIGITS).collect()
}

/// A line of git about the checkout at `dir`, whatever the environment says of others.
fn git(dir: &Path, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("git");
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX"] {
        command.env_remove(name);
    }
    let output = command.arg("-C").arg(dir).args(arguments).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !said.is_empty()).then_some(said)
}

/// The day of a time in seconds since 1970, as `YYYY-MM-DD` (Hinnant, `civil_from_days`).
fn day(seconds: i64) -> String {
    let days = seconds.div_euclid(86_400) + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{day:02}", year + era * 400 + next)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_time_is_of_a_day() {
        for (seconds, day) in [
            (0, "1970-01-01"),
            (86_399, "1970-01-01"),
            (-1, "1969-12-31"),
            (951_782_400, "2000-02-29"),
            (1_795_737_600, "2026-11-27"),
        ] {
            assert_eq!(super::day(seconds), day);
        }
    }
}
