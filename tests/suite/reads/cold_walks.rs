//! What a walk through many spaces costs of which nothing is known, and what is trusted of the exports
//! of one because of another. On real mounts.

use std::{
    fs,
    time::{Duration, Instant},
};

use taskadefs::{
    ids::SpaceId,
    server::{Exports, Quirks, Store},
};

use crate::support::mount::{Mounted, until};

/// Beside the workspace itself.
const FOLDERS: usize = 10;

/// How long a slow service takes for each answer.
const LATENCY: Duration = Duration::from_millis(100);

/// How often is looked at what a machine that is busy may not show each time.
const ATTEMPTS: usize = 3;

fn folder(number: usize) -> String {
    format!("Folder {number:02}")
}

fn fill(store: &Store, workspace: &SpaceId, name: &str, tasks: &str) {
    let folder = store.add_folder(workspace, name).unwrap();
    for number in 0..4 {
        store.add_project(&folder, &format!("{name} {number}"), tasks).unwrap();
    }
}

fn seeded(store: &Store, workspace: &SpaceId) {
    for number in 0..FOLDERS {
        fill(store, workspace, &folder(number), "one\nneedle\nthree");
    }
}

/// The requests for tasks and for exports so far, and all.
fn asked(mounted: &Mounted) -> (usize, usize, usize) {
    let reads = mounted.reads();
    let count = |what: &str| reads.iter().filter(|path| path.ends_with(what)).count();
    (count("/tasks"), count("/export"), reads.len())
}

#[test]
fn a_cold_search_is_two_requests_a_space_and_three() {
    let searches = [
        "grep -r needle .. --include='*.md' | wc -l",
        "rg --no-ignore --threads 8 needle .. -g '*.md' -g '!.taskade' | wc -l",
        "find .. -name '*.md' -not -path '*/.taskade/*' -print0 | xargs -0 -P8 -n1 cat | grep -c needle",
    ];
    for search in searches {
        let mut mounted = searched(search);
        let mut reads = asked(&mounted);
        // A reader waits half a second for an export: where one takes longer, as on a machine that is
        // busy, another space is compared as well. That is not so each time.
        for _ in 1..ATTEMPTS {
            if reads.0 > 1 {
                mounted.end();
                mounted = searched(search);
                reads = asked(&mounted);
            }
        }
        let (tasks, exports, all) = reads;
        let spaces = FOLDERS + 1;
        assert!(exports <= spaces && tasks <= 1, "{search}: {tasks} listings, {exports} exports");
        assert!(all <= 2 * spaces + 3, "{search}: {all} requests");
        mounted.ok(search);
        assert_eq!(asked(&mounted), (0, 0, 0), "{search}");
        mounted.end();
    }
}

/// A first search through a mount that has read nothing.
fn searched(search: &str) -> Mounted {
    let mounted = Mounted::on(Quirks::default(), "needle", &["--max-age", "3600"], seeded);
    let found: usize = mounted.ok(search).trim().parse().unwrap();
    assert_eq!(found, 4 * FOLDERS + 1, "{search}");
    mounted
}

#[test]
fn what_was_compared_in_one_space_is_trusted_in_the_next_over_a_remount() {
    let mounted = Mounted::on(Quirks::default(), "needle", &["--max-age", "3600"], seeded);
    assert_eq!(mounted.text(), "- [ ] needle\n");
    let first = asked(&mounted);
    assert_eq!((first.0, first.1), (1, 1));
    mounted.end();
    mounted.begin();
    let text = |number: usize| {
        let path = mounted.acme().join(folder(number)).join(format!("{} 0.md", folder(number)));
        fs::read_to_string(path).unwrap()
    };
    assert_eq!(text(0), "- [ ] one\n- [ ] needle\n- [ ] three\n");
    let next = asked(&mounted);
    assert_eq!((next.0, next.1), (0, 1));
    mounted.end();
}

#[test]
fn once_an_export_differs_each_space_is_compared_by_itself() {
    let seed = |store: &Store, workspace: &SpaceId| {
        fill(store, workspace, "A plain", "one\ntwo");
        fill(store, workspace, "B marked", "a *marked* one");
        fill(store, workspace, "C plain", "three");
    };
    let quirks = Quirks { exports: Exports::Different, ..Quirks::default() };
    let mounted = Mounted::on(quirks, "plain", &["--max-age", "3600"], seed);
    let read = |name: &str| {
        let text = fs::read_to_string(mounted.acme().join(name).join(format!("{name} 0.md")));
        let (tasks, exports, _) = asked(&mounted);
        (text.unwrap(), tasks, exports)
    };
    assert_eq!(read("B marked"), ("- [ ] a *marked* one\n".to_owned(), 1, 1));
    // What agrees in one space is not taken for all of them any more, over a remount neither.
    assert_eq!(read("A plain"), ("- [ ] one\n- [ ] two\n".to_owned(), 1, 1));
    mounted.end();
    mounted.begin();
    mounted.ok("ls 'C plain'");
    mounted.reads();
    assert_eq!(read("C plain"), ("- [ ] three\n".to_owned(), 1, 1));
    mounted.end();
}

/// Most requests under way at a time, and all of them, of a cold search at a slow service.
fn overlapped(quirks: Quirks, script: &str) -> (usize, usize) {
    let quirks = Quirks { latency: LATENCY, ..quirks };
    let mounted = Mounted::on(quirks, "needle", &["--max-age", "3600"], seeded);
    mounted.ok(script);
    let most = mounted.server().log().most_under_way();
    let all = mounted.reads().len();
    mounted.end();
    (most, all)
}

#[test]
fn a_walk_through_spaces_finds_the_next_ones_on_their_way_and_costs_no_request_more() {
    // One program, one project after the other.
    let mut most_of_all = 0;
    for _ in 0..ATTEMPTS {
        let (most, all) = overlapped(Quirks::default(), "grep -r needle .");
        assert!(all <= 2 * (FOLDERS + 1) + 3, "{all} requests");
        most_of_all = most.max(most_of_all);
        if most >= 6 {
            return;
        }
    }
    panic!("{most_of_all} at a time");
}

#[test]
fn who_looks_into_a_few_spaces_has_no_others_read() {
    let cat = "cat Plan.md 'Folder 00/Folder 00 1.md'";
    let (_, all) = overlapped(Quirks::default(), cat);
    // The walk is led by two once it is in its second space.
    assert!(all <= 2 + 3 + 2 + 2 * 2, "{all} requests");
    let (_, one) = overlapped(Quirks::default(), "cat 'Folder 04/Folder 04 1.md'");
    assert!(one <= 2 + 3, "{one} requests");
}

#[test]
fn a_walk_within_the_limit_meets_no_refusal_and_waits_for_no_other_minute() {
    let quirks = || Quirks { rate_limit: Some(30), ..Quirks::default() };
    for search in ["grep -r needle .", "rg --no-ignore --threads 8 needle . -g '!.taskade'"] {
        let begun = Instant::now();
        let (_, all) = overlapped(quirks(), search);
        assert!(all <= 2 * (FOLDERS + 1) + 3, "{search}: {all} requests");
        assert!(begun.elapsed() < Duration::from_secs(30), "{search} waits for the next minute");
    }
}

#[test]
fn where_little_is_left_nothing_is_read_ahead() {
    let cat = "cat Plan.md 'Folder 00/Folder 00 1.md'";
    let on = |limit| {
        let quirks = Quirks { rate_limit: Some(limit), latency: LATENCY, ..Quirks::default() };
        let mounted = Mounted::on(quirks, "needle", &["--max-age", "3600"], seeded);
        mounted.ok(cat);
        mounted
    };
    let count = |mounted: &Mounted| mounted.server().log().requests().len();
    // What is read ahead, nobody waits for.
    let led = on(30);
    until("others are read ahead", || count(&led) > 2 + 3 + 2);
    led.end();
    let unled = on(12);
    unled.end();
    assert!(count(&unled) <= 2 + 3 + 2, "{} requests", count(&unled));
}

#[test]
fn who_lists_spaces_and_reads_nothing_has_nothing_read() {
    let mounted = Mounted::on(Quirks::default(), "needle", &["--max-age", "3600"], seeded);
    mounted.ok("cat Plan.md && ls -R .");
    let (tasks, exports, all) = asked(&mounted);
    assert_eq!((tasks, exports), (1, 1), "those of who reads");
    assert_eq!(all, 3 + FOLDERS + 2);
    mounted.end();
}
