//! What the mount's files are like to programs that only look: attributes, times, locks,
//! listings and names.

use std::{
    collections::{HashMap, HashSet},
    ffi::CString,
    fs::{self, OpenOptions},
    io::{self, Write},
    os::{
        fd::AsRawFd,
        unix::{
            ffi::OsStrExt,
            fs::{FileExt, FileTypeExt, MetadataExt, symlink},
        },
    },
    path::{Path, PathBuf},
};

use crate::support::mount::{Mounted, attribute, said, until};

const TASKS: &str = "one\n  one.a\ntwo\nthree";
const UNCHANGED: &str = "one\n  one.a\ntwo\nthree\n";
const CHANGED: &str = "- [ ] one\n  - [ ] one.a\n- [ ] 2\n- [ ] three\n";

/// Sets the access list of mode 0640, as vim does after it has written.
fn set_access_list(path: &Path) -> Result<(), i32> {
    // Version 2, then tag, permissions and id of the owner, the group and others (acl(5)).
    let mut list = vec![2, 0, 0, 0];
    for (tag, permissions) in [(0x01_u16, 6_u16), (0x04, 4), (0x20, 0)] {
        list.extend(tag.to_le_bytes());
        list.extend(permissions.to_le_bytes());
        list.extend(u32::MAX.to_le_bytes());
    }
    let path = CString::new(path.as_os_str().as_bytes()).unwrap();
    let name = c"system.posix_acl_access";
    // SAFETY: all pointers are valid for the call, and the size is that of the list.
    let result = unsafe {
        libc::setxattr(path.as_ptr(), name.as_ptr(), list.as_ptr().cast(), list.len(), 0)
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error().raw_os_error().unwrap()) }
}

#[test]
fn what_programs_do_to_attributes_is_no_save_and_no_error() {
    let mounted = Mounted::of(TASKS);
    mounted.ok("chmod 600 Plan.md && chmod u+x Plan.md && chown 0:0 Plan.md");
    mounted.ok("touch Plan.md && touch -d 2020-01-02 Plan.md && cp -a Plan.md $HOME/p");
    assert_eq!(set_access_list(&mounted.file()), Err(libc::EOPNOTSUPP));
    mounted.end();
    assert_eq!(mounted.writes(&[]), [""; 0]);
    assert_eq!(mounted.tree(), UNCHANGED);
}

#[test]
fn reading_moves_no_time_and_a_save_does() {
    let mounted = Mounted::of(TASKS);
    let times = || {
        let metadata = fs::metadata(mounted.file()).unwrap();
        (metadata.mtime(), metadata.mtime_nsec(), metadata.ctime(), metadata.ctime_nsec())
    };
    let before = times();
    mounted.ok("cat Plan.md; wc -c Plan.md; tail -n 1 Plan.md; grep -c one Plan.md");
    fs::write(mounted.file(), mounted.text()).unwrap();
    assert_eq!(times(), before, "neither a read nor an unchanged save is a change");
    fs::write(mounted.file(), CHANGED).unwrap();
    assert!(times() > before);
}

#[test]
fn a_change_made_elsewhere_moves_time_and_size() {
    let mounted = Mounted::with(TASKS, &["--max-age", "0"]);
    let before = fs::metadata(mounted.file()).unwrap();
    assert_eq!(mounted.text().len() as u64, before.len());
    mounted.server().store().add_elsewhere(&mounted.project, "theirs").unwrap();
    until("the change", || mounted.text().contains("theirs"));
    let after = fs::metadata(mounted.file()).unwrap();
    assert_eq!(after.len(), before.len() + "- [ ] theirs\n".len() as u64);
    assert!(after.modified().unwrap() > before.modified().unwrap());
    assert_eq!(after.ino(), before.ino());
}

#[test]
fn locks_hold_against_each_other() {
    let mounted = Mounted::of(TASKS);
    let file = OpenOptions::new().read(true).write(true).open(mounted.file()).unwrap();
    // SAFETY: the descriptor is open.
    assert_eq!(unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX) }, 0);
    let refused = mounted.sh("flock --nonblock --exclusive Plan.md true");
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    // SAFETY: the descriptor is open.
    assert_eq!(unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_UN) }, 0);
    mounted.ok("flock --nonblock --exclusive Plan.md true");
}

#[test]
fn the_size_of_a_growing_draft_is_no_one_elses_business() {
    let mounted = Mounted::of(TASKS);
    let file = OpenOptions::new().write(true).open(mounted.file()).unwrap();
    file.write_all_at(b"- [ ] a much longer line than there was before it\n", 0).unwrap();
    drop(file);
    let size = |path: &Path| fs::metadata(path).unwrap().len();
    assert_eq!(size(&mounted.file()), mounted.text().len() as u64);
    assert_eq!(attribute(&mounted.file(), "user.taskade.state").as_deref(), Some("clean"));
}

#[test]
fn programs_that_walk_the_tree_see_what_there_is() {
    let mounted = Mounted::of(TASKS);
    let text = mounted.text();
    assert_eq!(mounted.ok("find . -type f -size -1000c"), "./Plan.md\n");
    assert_eq!(
        mounted.ok("find . -type f -printf '%f %s\\n'"),
        format!("Plan.md {}\n", text.len())
    );
    assert_eq!(
        mounted.ok("du -b --apparent-size Plan.md | cut -f1").trim(),
        text.len().to_string()
    );
    mounted.ok("df . && stat -f . && ls -laR .. && test -d . -a -f Plan.md -a -r Plan.md");
    assert_eq!(mounted.ok("stat -c %h Plan.md").trim(), "1");
    assert_eq!(mounted.ok("stat -c %i Plan.md"), mounted.ok("stat -c %i ../Acme/Plan.md"));
    assert_eq!(mounted.writes(&[]), [""; 0]);
}

#[test]
fn the_listing_and_the_files_agree_on_types_and_inodes() {
    let mounted = Mounted::of(TASKS);
    fs::write(mounted.acme().join(".scratch"), "x").unwrap();
    fs::create_dir(mounted.acme().join(".dir")).unwrap();
    symlink("nowhere", mounted.acme().join(".link")).unwrap();
    let mut seen = 0;
    for entry in fs::read_dir(mounted.acme()).unwrap() {
        let entry = entry.unwrap();
        let metadata = fs::symlink_metadata(entry.path()).unwrap();
        assert_eq!(entry.file_type().unwrap(), metadata.file_type(), "{:?}", entry.path());
        assert!(!metadata.file_type().is_socket());
        seen += 1;
    }
    assert_eq!(seen, 4);
}

#[test]
fn listing_goes_on_while_projects_come_and_go() {
    let mounted = Mounted::of(TASKS);
    let stay: Vec<PathBuf> = (0..20).map(|n| mounted.acme().join(format!("Stay {n}.md"))).collect();
    for path in &stay {
        fs::write(path, "- [ ] a\n").unwrap();
    }
    let running = std::sync::atomic::AtomicBool::new(true);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..40 {
                let path = mounted.acme().join(format!(".scratch{n}"));
                fs::write(&path, "x").unwrap();
                fs::rename(&path, mounted.acme().join(format!(".other{n}"))).unwrap();
                if n % 2 == 0 {
                    fs::remove_file(mounted.acme().join(format!(".other{n}"))).unwrap();
                }
            }
            running.store(false, std::sync::atomic::Ordering::Release);
        });
        let mut last = false;
        while !last {
            last = !running.load(std::sync::atomic::Ordering::Acquire);
            let mut names = HashMap::new();
            for entry in fs::read_dir(mounted.acme()).unwrap() {
                *names.entry(entry.unwrap().path()).or_insert(0) += 1;
            }
            assert!(names.values().all(|count| *count == 1), "listed twice: {names:?}");
            assert!(stay.iter().all(|path| names.contains_key(path)), "what stays is listed");
        }
    });
}

#[test]
fn many_programs_edit_many_projects_at_once() {
    let mounted = Mounted::of(TASKS);
    let projects: Vec<_> = (0..8).map(|n| format!("Project {n}")).collect();
    for name in &projects {
        let text: String = (0..8).map(|n| format!("- [ ] task {n}\n")).collect();
        fs::write(mounted.acme().join(format!("{name}.md")), text).unwrap();
    }
    std::thread::scope(|scope| {
        for (editor, name) in projects.iter().enumerate() {
            let mounted = &mounted;
            scope.spawn(move || {
                for n in 0..8 {
                    let expression = format!("s/task {n}$/by {editor} {n}/");
                    mounted.ok(&format!("sed -i '{expression}' '{name}.md'"));
                }
            });
        }
    });
    for (editor, name) in projects.iter().enumerate() {
        let (id, _) = mounted.server().store().find_projects(name).unwrap().remove(0);
        let wanted: String = (0..8).map(|n| format!("by {editor} {n}\n")).collect();
        assert_eq!(mounted.server().store().tree(&id).unwrap(), wanted);
    }
    let (made, changed): (Vec<_>, Vec<_>) =
        mounted.writes(&[]).into_iter().partition(|write| write.starts_with("POST /projects "));
    assert_eq!((made.len(), changed.len()), (8, 64), "{changed:?}");
}

#[test]
fn many_programs_append_to_one_project_at_once() {
    let mounted = Mounted::of(TASKS);
    std::thread::scope(|scope| {
        for program in 0..6 {
            let mounted = &mounted;
            scope.spawn(move || {
                for n in 0..4 {
                    mounted.ok(&format!("echo '- [ ] from {program} {n}' >> Plan.md"));
                }
            });
        }
    });
    let tree = mounted.tree();
    let tasks: Vec<&str> = tree.lines().collect();
    assert_eq!(tasks.iter().collect::<HashSet<_>>().len(), tasks.len(), "twice: {tree}");
    assert_eq!(tasks.len(), 4 + 24, "{tree}");
    assert!(tree.starts_with(UNCHANGED), "{tree}");
}

#[test]
fn a_symlink_renamed_over_a_project_gives_nothing_of_the_machine_away() {
    let mounted = Mounted::of(TASKS);
    fs::write(mounted.dir.path().join("secret"), "- [ ] secret\n").unwrap();
    mounted.ok("ln -s $HOME/secret link");
    let refused = mounted.sh("mv link Plan.md");
    assert!(said(&refused).contains("not permitted"), "{}", said(&refused));
    mounted.ok("mkdir .d && mv .d/../link .d/link");
    assert!(!mounted.sh("mv -T .d Plan.md").status.success());
    mounted.end();
    assert_eq!(mounted.writes(&[]), [""; 0]);
    assert_eq!(mounted.tree(), UNCHANGED);
}

#[test]
fn names_that_no_project_can_have_are_refused_or_scratch() {
    let mounted = Mounted::of(TASKS);
    let long = format!("{}.md", "x".repeat(253));
    for (name, wanted) in [
        (long.as_bytes(), Some(libc::ENAMETOOLONG)),
        (b"not \xff UTF-8.md".as_slice(), None),
        (b"not \xff UTF-8".as_slice(), None),
        (b"-rf".as_slice(), None),
        (b"a\nb".as_slice(), None),
        (b".taskade".as_slice(), Some(libc::EISDIR)),
    ] {
        let path = mounted.acme().join(std::ffi::OsStr::from_bytes(name));
        let made = fs::File::create(&path).map(drop).map_err(|error| error.raw_os_error());
        assert_eq!(made.err().flatten(), wanted, "{path:?}");
        if wanted.is_none() {
            assert!(path.exists(), "{path:?}");
        }
    }
    assert_eq!(mounted.writes(&[]), [""; 0]);
}

#[test]
fn the_top_takes_no_projects_and_no_directories_are_made_or_removed() {
    let mounted = Mounted::of(TASKS);
    let made = fs::File::create(mounted.root.join("New.md")).unwrap_err();
    assert_eq!(made.raw_os_error(), Some(libc::EPERM));
    let mut scratch = fs::File::create(mounted.root.join(".scratch")).unwrap();
    scratch.write_all(b"x").unwrap();
    for refused in [
        fs::create_dir(mounted.root.join("Workspace")),
        fs::create_dir(mounted.acme().join("Folder")),
        fs::remove_dir(mounted.acme()),
        fs::rename(mounted.acme(), mounted.root.join("Other")),
    ] {
        assert_eq!(refused.unwrap_err().raw_os_error(), Some(libc::EPERM));
    }
    assert_eq!(mounted.writes(&[]), [""; 0]);
    assert_eq!(mounted.tree(), UNCHANGED);
}
