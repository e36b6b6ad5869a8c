//! A search through what was read before the last mount.

use std::{collections::BTreeMap, time::Duration};

use taskadefs::{server::Quirks, sync::Settings};

use super::{Desk, HOUR, Program};

/// Spaces, and projects of each.
const SPACES: usize = 6;
const PROJECTS: usize = 8;

impl Desk {
    async fn search_all(&self) {
        let search = Program::new();
        for number in 0..SPACES * PROJECTS {
            assert!(self.open(number, search.id()).await.contains("two.a"));
        }
    }

    /// How often each listing of tasks and each export was asked for, and forgets it.
    fn readings(&self) -> BTreeMap<String, usize> {
        let mut readings = BTreeMap::new();
        for request in self.running.log().requests() {
            if request.path.ends_with("/tasks") || request.path.ends_with("/export") {
                *readings.entry(request.path).or_default() += 1;
            }
        }
        self.asked();
        readings
    }
}

#[tokio::test]
async fn a_search_after_a_remount_is_nothing_within_the_age_and_an_export_a_space_after_it() {
    let settings = Settings { max_age: HOUR, ..Settings::default() };
    let mut desk = Desk::of(SPACES, PROJECTS, Quirks::default(), settings).await;
    desk.search_all().await;
    // What is read in the background is behind it.
    desk.clock.pass(Duration::from_secs(180)).await;
    desk.asked();
    desk.remount().await;
    desk.search_all().await;
    desk.clock.pass(Duration::from_secs(180)).await;
    assert_eq!(desk.asked(), 0, "within the age");
    desk.clock.pass(HOUR).await;
    desk.remount().await;
    let begun = desk.clock.passed();
    desk.search_all().await;
    assert!(desk.clock.passed() - begun < Duration::from_secs(1), "nobody waits for it");
    desk.clock.pass(Duration::from_secs(600)).await;
    let readings = desk.readings();
    assert!(readings.keys().all(|path| path.ends_with("/export")), "{readings:?}");
    assert!(readings.values().all(|times| *times == 1), "{readings:?}");
    assert!((1..=SPACES).contains(&readings.len()), "{readings:?}");
}
