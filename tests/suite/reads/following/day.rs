//! A working day with the limit on: what it takes, and that no save waits for what nobody waits for.

use std::time::Duration;

use taskadefs::{server::Quirks, sync::Settings};

use super::{Desk, Program};
use crate::support::{
    harness::{TRUNCATE, me},
    rng::Dice,
};

const DAY_SECONDS: usize = 8 * 3600;
const DAY: Duration = Duration::from_secs(DAY_SECONDS as u64);

const SAVES: usize = 200;
const SEARCHES: usize = 50;
const CHANGES: usize = 30;

/// The most requests that the day may take: as the README has it.
const MOST: usize = 2600;

/// The longest that a save may wait: no window of the limit is as short.
const SAVED: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, Copy)]
enum Deed {
    Save,
    Search,
    Change,
}

/// When what is done, spread over the day.
fn deeds(dice: &mut Dice) -> Vec<(Duration, Deed)> {
    let of = |deed, count| std::iter::repeat_n(deed, count);
    let deeds = of(Deed::Save, SAVES).chain(of(Deed::Search, SEARCHES));
    let mut deeds: Vec<(Duration, Deed)> = deeds
        .chain(of(Deed::Change, CHANGES))
        .map(|deed| (Duration::from_secs(dice.below(DAY_SECONDS) as u64), deed))
        .collect();
    deeds.sort_by_key(|(when, _)| *when);
    deeds
}

impl Desk {
    /// An editor saves the project with one more line.
    async fn save(&self, number: usize, line: &str) {
        let text = self.open(number, me()).await + line;
        let ino = self.ino(number).await;
        let begun = self.clock.passed();
        let save = async {
            let opened = self.vfs.open(ino, TRUNCATE, me()).await.unwrap();
            self.vfs.write(opened.fh, 0, text.as_bytes()).await.unwrap();
            self.vfs.flush(opened.fh, me()).await.unwrap();
            self.vfs.release(opened.fh).await.unwrap();
        };
        self.clock.during(save).await;
        let took = self.clock.passed() - begun;
        assert!(took <= SAVED, "a save of project {number} took {took:?}");
        let saved = self.running.store().tree(&self.projects[number].0).unwrap();
        assert!(
            saved.contains(line.trim_start_matches("- [ ] ").trim()),
            "not with Taskade: {line}"
        );
    }

    /// `rg` over everything.
    async fn search(&self) {
        let search = Program::new();
        for number in 0..self.projects.len() {
            self.open(number, search.id()).await;
        }
    }
}

#[tokio::test]
async fn a_working_day_meets_no_limit_and_no_save_waits_for_what_nobody_waits_for() {
    let settings = Settings { commit_wait: Duration::from_secs(600), ..Settings::default() };
    let desk = Desk::of(3, 15, Quirks::default(), settings).await;
    // Ten are open in an editor all day.
    for number in 0..10 {
        desk.open(number * 4, me()).await;
    }
    let mut dice = Dice(20_261_126);
    let begun = desk.clock.passed();
    for (number, (when, deed)) in deeds(&mut dice).into_iter().enumerate() {
        desk.clock.pass((begun + when).saturating_sub(desk.clock.passed())).await;
        let project = dice.below(10) * 4;
        match deed {
            Deed::Save => desk.save(project, &format!("- [ ] saved {number}\n")).await,
            Deed::Search => desk.search().await,
            Deed::Change => desk.add_in_the_app(project, &format!("changed {number}")),
        }
    }
    desk.clock.pass((begun + DAY).saturating_sub(desk.clock.passed())).await;
    let writes = desk.running.log().writes().len();
    let requests = desk.running.log().requests().into_iter();
    let listed = requests.filter(|it| it.method == "GET" && it.path.ends_with("/tasks")).count();
    let asked = desk.asked();
    assert_eq!(writes, SAVES, "a save is one request");
    // An export that waited for the budget is not slow.
    assert!(listed <= 10, "{listed} listings");
    assert!(asked <= MOST, "{asked}");
    // And whatever was changed in the app is in the files.
    for number in 0..10 {
        let text = desk.open(number * 4, me()).await;
        let tree = desk.running.store().tree(&desk.projects[number * 4].0).unwrap();
        assert_eq!(text.lines().count(), tree.lines().count(), "{text}\n{tree}");
    }
}
