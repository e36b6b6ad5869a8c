//! Share links.

use serde_json::Value;
use taskadefs::server::{Fault, Quirks};

use super::{Scene, failure};
use crate::support::{mount::said, terminal::Terminal};

#[test]
fn links_are_shown_once_they_are_made_and_each_costs_one_request() {
    let scene = Scene::new();
    let plan = "../mnt/Acme/Plan.md";
    scene.mounted.text();
    scene.requests();
    let link = format!("/projects/{}/shareLink", scene.mounted.project);
    let output = scene.run(&["share", plan]);
    assert!(output.stdout.is_empty());
    let told = format!("{plan}: not shared; `taskadefs share --create` makes its links");
    assert!(said(&output).contains(&told), "{}", said(&output));
    assert_eq!(scene.requests(), [format!("GET {link}")]);
    let made = scene.run(&["share", "--create", plan]);
    assert!(made.status.success() && said(&made).contains("to read    http"), "{}", said(&made));
    assert!(said(&made).contains("to change  http"), "{}", said(&made));
    assert_eq!(scene.requests(), [format!("PUT {link}")]);
    let shown = scene.run(&["share", plan]);
    assert_eq!(said(&shown), said(&made));
    let output = scene.run(&["share", "--json", plan]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(said(&shown).contains(told["viewUrl"].as_str().unwrap()), "{told}");
    let file = scene.text("Acme/.taskade/projects/Plan/share.json");
    assert_eq!(serde_json::from_str::<Value>(&file).unwrap(), told);
    scene.mounted.end();
}

#[test]
fn on_a_terminal_it_is_asked_before_links_are_made_that_cannot_be_taken_back() {
    let scene = Scene::new();
    let mount = scene.mounted.root.display().to_string();
    let terminal = Terminal::run(&scene.out(), "sh");
    let program = crate::support::mount::PROGRAM;
    terminal.enters(&format!("{program} share --create {mount}/Acme/Plan.md"));
    terminal
        .shows("only the app can.")
        .shows("Make them? [y/N]")
        .enters("n")
        .shows("no link was made");
    assert_eq!(scene.mounted.writes(&[]), <[String; 0]>::default());
    terminal.enters(&format!("{program} share --create {mount}/Acme/Plan.md"));
    terminal.until("asked again", |screen| screen.matches("[y/N]").count() == 2);
    terminal.enters("y").shows("to read    http").enters("exit").ends();
    assert_eq!(scene.mounted.writes(&[]), ["PUT /shareLink"]);
    scene.mounted.end();
}

#[test]
fn what_is_refused_or_no_project_is_told_and_what_may_have_been_made_is_to_be_looked_for() {
    let scene = Scene::new();
    let share = |path: &str| scene.run(&["share", "--create", &format!("../mnt/{path}")]);
    assert!(failure(&share("Acme")).contains("it is no project"));
    assert!(failure(&share("Acme/None.md")).contains("None.md"));
    assert!(failure(&share("../out")).contains("not in a mount"));
    for (fault, why) in [
        (Fault::Status(402, None), "see what Taskade's plans allow"),
        (Fault::Status(403, None), "whoever may edit the project can share it"),
        (Fault::DropAfter, "it may be shared: `taskadefs share` shows whether it is"),
    ] {
        scene.mounted.server().faults().plan(Some("PUT"), "/shareLink", 0, 1, fault.clone());
        let words = failure(&share("Acme/Plan.md"));
        assert!(words.contains("Acme/Plan.md") && words.contains(why), "{fault:?}: {words}");
    }
    let output = scene.run(&["share", "--yes", "../mnt/Acme/Plan.md"]);
    assert_eq!(output.status.code(), Some(2), "nothing is to be made: {}", said(&output));
    scene.mounted.end();
    let scene = Scene::on(Quirks::default(), &["--read-only"]);
    let output = scene.run(&["share", "--create", "../mnt/Acme/Plan.md"]);
    assert!(failure(&output).contains("the mount is read-only"));
    assert!(scene.run(&["share", "../mnt/Acme/Plan.md"]).status.success());
    assert_eq!(scene.mounted.writes(&[]), <[String; 0]>::default());
    scene.mounted.end();
}
