//! Two projects exchange their names at once, as by `mv --exchange`.

use std::{ffi::CString, fs, os::unix::fs::MetadataExt};

use taskadefs::server::{Fault, Quirks};

use crate::support::mount::{Mounted, until};

/// renameat2(2) with RENAME_EXCHANGE in the workspace's directory. The errno, or 0.
fn exchange(mounted: &Mounted, one: &str, other: &str) -> i32 {
    let path = |name| CString::new(mounted.acme().join(name).to_str().unwrap()).unwrap();
    let (one, other) = (path(one), path(other));
    let flags = libc::RENAME_EXCHANGE;
    // SAFETY: both are valid C strings.
    let done = unsafe {
        libc::renameat2(libc::AT_FDCWD, one.as_ptr(), libc::AT_FDCWD, other.as_ptr(), flags)
    };
    if done == 0 { 0 } else { std::io::Error::last_os_error().raw_os_error().unwrap() }
}

fn mounted() -> Mounted {
    let mounted = Mounted::on(Quirks::default(), "one\ntwo", &[], |store, workspace| {
        store.add_project(workspace, "Other", "other").unwrap();
        let sales = store.add_folder(workspace, "Sales").unwrap();
        store.add_project(&sales, "Third", "third").unwrap();
    });
    mounted.ok("cat *.md Sales/*.md");
    mounted
}

fn is_exchanged(mounted: &Mounted) {
    assert_eq!(mounted.ok("cat Plan.md"), "- [ ] other\n");
    assert_eq!(mounted.ok("cat Other.md"), "- [ ] one\n- [ ] two\n");
    assert_eq!(mounted.ok("ls"), "Other.md\nPlan.md\nSales\n");
}

#[test]
fn two_projects_exchange_their_names_and_keep_their_tasks_and_inodes() {
    let mounted = mounted();
    let ino = |name: &str| fs::metadata(mounted.acme().join(name)).unwrap().ino();
    let (plan, other) = (ino("Plan.md"), ino("Other.md"));
    mounted.server().log().clear();
    assert_eq!(exchange(&mounted, "Plan.md", "Other.md"), 0);
    is_exchanged(&mounted);
    assert_eq!((ino("Other.md"), ino("Plan.md")), (plan, other));
    mounted.ok("echo '- [ ] three' >> Other.md; sed -i '$d' Other.md");
    mounted.end();
    let writes = mounted.server().log().writes();
    let of = |end: &str| writes.iter().filter(|write| write.path.ends_with(end)).count();
    assert_eq!(of("/restore"), 0, "{writes:?}");
    mounted.begin();
    is_exchanged(&mounted);
    assert_eq!(exchange(&mounted, "Plan.md", "Other.md"), 0);
    assert_eq!(mounted.ok("cat Plan.md"), "- [ ] one\n- [ ] two\n");
    assert_eq!(exchange(&mounted, "Plan.md", "Sales/Third.md"), 0);
    assert_eq!(mounted.ok("cat Plan.md Sales/Third.md"), "- [ ] third\n- [ ] one\n- [ ] two\n");
    assert_eq!(mounted.ok("ls . Sales"), ".:\nOther.md\nPlan.md\nSales\n\nSales:\nThird.md\n");
    mounted.end();
    mounted.begin();
    assert_eq!(mounted.ok("cat Plan.md Sales/Third.md"), "- [ ] third\n- [ ] one\n- [ ] two\n");
    mounted.end();
}

#[test]
fn offline_names_are_exchanged_at_once_and_at_taskade_later() {
    let mut mounted = mounted();
    let (address, token) = (mounted.address(), mounted.server().token());
    mounted.stop_server();
    assert_eq!(exchange(&mounted, "Plan.md", "Other.md"), 0);
    is_exchanged(&mounted);
    mounted.start_server(address, token);
    until("the exchange", || {
        let status = fs::read_to_string(mounted.root.join(".taskade/status.json")).unwrap();
        status.contains("\"saves\": []")
    });
    is_exchanged(&mounted);
    mounted.end();
    mounted.begin();
    is_exchanged(&mounted);
    mounted.end();
}

#[test]
fn what_taskade_refuses_leaves_both_where_they_were_and_what_cannot_be_is_einval() {
    let mounted = mounted();
    mounted.ok("echo x > .scratch");
    assert_eq!(exchange(&mounted, "Plan.md", ".scratch"), libc::EINVAL);
    assert_eq!(exchange(&mounted, "Plan.md", "Sales"), libc::EINVAL);
    assert_eq!(exchange(&mounted, "Plan.md", "None.md"), libc::ENOENT);
    for skip in [0, 1] {
        mounted.server().faults().plan(None, "/copy", skip, 1, Fault::Status(403, None));
        assert_eq!(exchange(&mounted, "Plan.md", "Sales/Third.md"), libc::EACCES, "{skip}");
        mounted.server().faults().clear();
        until("all is still", || {
            mounted.ok("ls; ls Sales") == "Other.md\nPlan.md\nSales\nThird.md\n"
        });
        assert_eq!(mounted.ok("cat Plan.md Sales/Third.md"), "- [ ] one\n- [ ] two\n- [ ] third\n");
    }
    mounted.end();
    mounted.begin();
    assert_eq!(mounted.ok("cat Plan.md Sales/Third.md"), "- [ ] one\n- [ ] two\n- [ ] third\n");
    mounted.end();
}
