//! Sessions of programs without a terminal: their system calls, in one process that lives on with
//! its buffer. This process is the program; whoever else looks is another one.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::fd::IntoRawFd,
    path::Path,
};

use taskadefs::server::Quirks;

use crate::{
    editors::sessions::{Desk, a_person_pauses},
    support::mount::until,
};

/// Closes a file and tells what `close(2)` says, which dropping it does not.
fn close(file: File) -> io::Result<()> {
    // SAFETY: the descriptor was just taken out of its owner, and is closed once.
    match unsafe { libc::close(file.into_raw_fd()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Writes into the file, and whatever `fdatasync` says goes by what `close` says. The local
/// history then files the file away.
fn vs_code(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
    file.write_all(text.as_bytes())?;
    let _ = file.sync_data();
    close(file)?;
    assert_eq!(fs::read_to_string(path)?, text, "the local history gets what was saved");
    Ok(())
}

/// Writes beside the file, and puts that in its place.
fn jetbrains(path: &Path, text: &str) -> io::Result<()> {
    let [temporary, old] = ["md___jb_tmp___", "md___jb_old___"].map(|new| path.with_extension(new));
    let mut file = File::create(&temporary)?;
    file.write_all(text.as_bytes())?;
    close(file)?;
    fs::rename(path, &old)?;
    let moved = fs::rename(&temporary, path);
    match moved {
        Ok(()) => fs::remove_file(&old)?,
        Err(_) => fs::rename(&old, path)?,
    }
    moved?;
    assert_eq!(fs::read_to_string(path)?, text, "the index gets what was saved");
    Ok(())
}

/// Writes into the file, looks at its times, and reads it for the index.
fn obsidian(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
    file.write_all(text.as_bytes())?;
    close(file)?;
    let saved = fs::metadata(path)?;
    assert_eq!(fs::read_to_string(path)?, text, "the index gets what was saved");
    assert_eq!(fs::metadata(path)?.modified()?, saved.modified()?, "no change by others");
    assert_eq!(saved.len(), text.len() as u64);
    Ok(())
}

/// Writes beside the file, keeps the old one as a backup, and renames over it, as GLib does.
fn gedit(path: &Path, text: &str) -> io::Result<()> {
    let temporary = path.with_file_name(".goutputstream-XK5OU2");
    let backup = path.with_extension("md~");
    let mut file = File::create_new(&temporary)?;
    file.write_all(text.as_bytes())?;
    close(file)?;
    let _ = fs::remove_file(&backup);
    fs::hard_link(path, &backup).or_else(|_| fs::rename(path, &backup))?;
    let moved = fs::rename(&temporary, path);
    if moved.is_err() {
        fs::remove_file(&temporary)?;
        fs::rename(&backup, path)?;
    }
    moved
}

type Save = fn(&Path, &str) -> io::Result<()>;

fn session(save: Save) {
    let desk = Desk::new();
    let path = desk.0.file();
    let mut buffer = desk.0.text();
    let edit = |buffer: &mut String, from: &str, to: &str| {
        assert!(buffer.contains(from), "{buffer}");
        *buffer = buffer.replace(from, to);
        save(&path, buffer).unwrap();
    };

    // What a colleague adds meanwhile stays, though this buffer never has it.
    desk.colleague_adds("theirs");
    edit(&mut buffer, "alpha", "ALPHA");
    edit(&mut buffer, "bravo", "BRAVO");
    edit(&mut buffer, "charlie", "CHARLIE");
    let mut now = vec![("alpha", "ALPHA"), ("bravo", "BRAVO"), ("charlie", "CHARLIE")];
    now.push(("theirs", "theirs"));
    desk.holds(&now);
    desk.others_see("theirs");

    // Reloaded and deleted, it is deleted.
    a_person_pauses();
    buffer = desk.0.text();
    edit(&mut buffer, "- [ ] theirs\n", "");
    now.pop();
    desk.holds(&now);

    // A refused text is kept, also when the program puts back what was there before it.
    desk.0.writes(&[]);
    let refused = format!("{buffer}```\n");
    save(&path, &refused).unwrap_err();
    desk.was_refused("line 27: a code block cannot be a task", &refused);
    save(&path, &buffer).unwrap();
    desk.was_refused("line 27: a code block cannot be a task", &refused);
    buffer.push_str("- [ ] code\n");
    save(&path, &buffer).unwrap();
    now.push(("code", "code"));
    desk.holds(&now);
    desk.all_is_saved();

    desk.0.writes(&[]);
    save(&path, "- [ ] ALPHA\n").unwrap_err();
    desk.was_refused("--allow-delete", "- [ ] ALPHA\n");
    edit(&mut buffer, "golf", "GOLF");
    now.push(("golf", "GOLF"));
    desk.holds(&now);
    desk.all_is_saved();
}

#[test]
fn a_session_as_in_vs_code() {
    session(vs_code);
}

#[test]
fn a_session_as_in_jetbrains() {
    session(jetbrains);
}

#[test]
fn a_session_as_in_obsidian() {
    session(obsidian);
}

#[test]
fn a_session_as_in_gedit() {
    session(gedit);
}

/// Obsidian Tasks ticks a box and says when, behind the date, which stays.
#[test]
fn a_task_that_obsidian_ticks_keeps_its_date() {
    let desk = Desk::on(Quirks::default(), &["--max-age", "0"]);
    let path = desk.0.file();
    let mut buffer = desk.0.text();
    buffer = buffer.replace("alpha", "alpha 📅 2026-12-01");
    obsidian(&path, &buffer).unwrap();
    let task = desk.task("alpha");
    let date = || {
        let store = desk.0.server().store();
        store.details(&desk.0.project, &task).unwrap().to_string()
    };
    until("the date", || date().contains("2026-12-01"));
    let ticked = "- [x] alpha 📅 2026-12-01 ✅ 2026-11-25";
    buffer = buffer.replace("- [ ] alpha 📅 2026-12-01", ticked);
    // The order of what ends a line is a canonical one, and so not that of the plugin.
    fs::write(&path, &buffer).unwrap();
    desk.all_is_saved();
    assert!(date().contains("2026-12-01"), "{}", date());
    assert!(desk.0.tree().starts_with("x alpha"), "{}", desk.0.tree());
    a_person_pauses();
    let shown = desk.0.text();
    let line = shown.lines().next().unwrap();
    assert!(line.contains("📅 2026-12-01") && line.contains("✅ 2026-11-25"), "{line}");
}
