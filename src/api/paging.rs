//! Paging through a project's tasks: when a page is the last.
//!
//! `hasMore` is believed where it is given. Where it is not, a cursor to go on from means that
//! there may be more; without one, a page shorter than asked for is the end, unless its length
//! looks like a cap of the server's own (a multiple of 50): then one more request tells. No page
//! that was seen to be longer than another can have the other's length as its cap, so the doubt is
//! over once a longer page was seen.
//!
//! The task that a page is to begin after may be deleted or moved meanwhile. A service may then
//! refuse, or answer with no tasks at all, or with the first ones, and what was not listed would
//! pass for deleted. So no page is believed that lists a task again. Where the page before said
//! nothing, the next one is asked for from one task earlier, and has to begin with the last task
//! that is known. Where it said that there is more and nothing comes, which may also be its guess
//! from being full, the last task is looked for in the same way. What fails begins anew.
//!
//! A listing has a bound, past which it is an error: a service whose pages have no end would take
//! all memory and all requests.
//!
//! The pages are not of one moment. Promised is: a task that was there all the time, and moved
//! neither itself nor with what is above it, is listed once. Not promised is: one that moves from
//! what is still to come to what was listed already is missed until the next listing; one that is
//! made or deleted meanwhile may be listed or not.

use std::{
    collections::HashSet,
    sync::atomic::{AtomicUsize, Ordering},
};

use super::wire::Page;
use crate::model::RemoteTask;
use crate::{
    error::{Error, Kind, Result},
    ids::TaskId,
};

/// What a server's own cap would be a multiple of.
const LIKELY_CAP: usize = 50;

/// Most that one listing may have altogether: pages, tasks, and bytes of their texts and ids.
const MOST_PAGES: usize = 1000;
const MOST_TASKS: usize = 100_000;
const MOST_BYTES: usize = 64 << 20;

/// What was learnt about the server's pages.
#[derive(Debug, Default)]
pub(crate) struct Paging {
    /// The longest page that was ever seen: a cap is at least that.
    longest: AtomicUsize,
}

/// The pages of one listing, put together.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    tasks: Vec<RemoteTask>,
    seen: HashSet<TaskId>,
    /// The task that the next page has to begin with.
    expected: Option<TaskId>,
    /// Whether the page before said that there is more.
    promised: bool,
    /// Whether the page before was empty against what the one before it said.
    doubted: bool,
    /// What was taken in so far.
    taken: Bounded,
}

/// How much a listing has, kept within bounds.
#[derive(Debug, Default)]
pub(crate) struct Bounded {
    pages: usize,
    items: usize,
    bytes: usize,
}

impl Bounded {
    /// Counts a page of a listing of `what` with so many items, of so many bytes together.
    ///
    /// # Errors
    /// [`Kind::Refused`] past a bound: to ask again would end in the same.
    pub(crate) fn count(&mut self, what: &str, items: usize, bytes: usize) -> Result<()> {
        self.pages += 1;
        self.items += items;
        self.bytes += bytes;
        let past = match self {
            Self { items, .. } if *items > MOST_TASKS => format!("over {MOST_TASKS} {what}"),
            Self { bytes, .. } if *bytes > MOST_BYTES => {
                format!("over {} MiB of {what}", MOST_BYTES >> 20)
            }
            Self { pages, .. } if *pages > MOST_PAGES => {
                format!("over {MOST_PAGES} pages of {what}")
            }
            _ => return Ok(()),
        };
        Err(Error::new(Kind::Refused, format!("Taskade lists {past}, more than can be read"))
            .hint("split the project in the app, or look whether the service is what you think"))
    }
}

/// What to do after a page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Ask for the page after this task.
    After(String),
    /// That was all.
    End,
    /// The project changed, or a cursor led nowhere: what was listed so far is not to be trusted.
    Anew,
}

impl Paging {
    fn may_be_capped(&self, sent: usize) -> bool {
        let longest = self.longest.fetch_max(sent, Ordering::Relaxed);
        sent > 0 && sent.is_multiple_of(LIKELY_CAP) && sent >= longest
    }
}

impl Pages {
    /// Takes a page in.
    ///
    /// # Errors
    /// [`Kind::Protocol`] if pages go in circles, which must not pass for an end, and as
    /// [`Bounded::count`].
    pub(crate) fn take(&mut self, page: Page, paging: &Paging) -> Result<Next> {
        self.taken.count("tasks", page.sent, page.tasks.iter().map(bytes).sum())?;
        let (sent, before) = (page.sent, self.tasks.len());
        let expected = self.expected.take();
        let is_later = before > 0;
        let begins_wrong =
            expected.is_some() && page.tasks.first().map(|task| &task.id) != expected.as_ref();
        if begins_wrong {
            return Ok(Next::Anew);
        }
        if self.promised && sent == 0 {
            return Ok(self.doubt());
        }
        let (mut again, listed) = (0, page.tasks.len());
        for task in page.tasks {
            if self.seen.insert(task.id.clone()) {
                self.tasks.push(task);
            } else {
                again += 1;
            }
        }
        if is_later && again > usize::from(expected.is_some()) {
            return Ok(Next::Anew);
        }
        let capped = paging.may_be_capped(sent);
        let likely = sent >= Page::LIMIT || capped || page.next_cursor.is_some();
        let has_new = listed > again;
        let is_settled = std::mem::take(&mut self.doubted) && !has_new;
        if is_settled || !page.has_more.unwrap_or(has_new && likely) {
            return Ok(Next::End);
        }
        if !has_new {
            return Err(Error::new(Kind::Protocol, "Taskade's pages of tasks go in circles"));
        }
        // Where it is the last task it says nothing that is not known.
        let own = |given: &String| self.tasks.last().is_some_and(|last| last.id.as_str() == given);
        let given = page.next_cursor.filter(|given| page.has_more.is_some() || !own(given));
        Ok(Next::After(self.cursor(given, page.has_more.is_some())))
    }

    /// Where the next page begins, given what the service says; and what is to be expected of it.
    fn cursor(&mut self, given: Option<String>, promised: bool) -> String {
        self.promised = promised;
        let id = |task: &RemoteTask| task.id.as_str().to_owned();
        if let Some(given) = given {
            return given;
        }
        let overlapping = if promised { None } else { self.overlap() };
        overlapping.or_else(|| self.tasks.last().map(id)).unwrap_or_default()
    }

    /// Looks whether the last task is still there, after which nothing came.
    fn doubt(&mut self) -> Next {
        self.promised = false;
        self.doubted = true;
        self.overlap().map_or(Next::Anew, Next::After)
    }

    /// The task from which on a page begins with the last one, which is then expected of it.
    fn overlap(&mut self) -> Option<String> {
        let [.., before, last] = &self.tasks[..] else { return None };
        self.expected = Some(last.id.clone());
        Some(before.id.as_str().to_owned())
    }

    pub(crate) fn finish(self) -> Vec<RemoteTask> {
        self.tasks
    }
}

fn bytes(task: &RemoteTask) -> usize {
    let parent = task.parent.as_ref().map_or(0, |parent| parent.as_str().len());
    task.id.as_str().len() + task.text.len() + parent
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Next, Pages, Paging};
    use crate::{
        api::{RemoteTask, wire::Page},
        ids::TaskId,
    };

    const PAGE_LIMIT: usize = Page::LIMIT;

    fn task(number: usize) -> RemoteTask {
        let id = TaskId::new(number.to_string());
        RemoteTask {
            id,
            text: String::new(),
            parent: None,
            completed: false,
            spelled: Default::default(),
        }
    }

    /// Lists `total` tasks from a server with this cap. How many requests it took.
    fn list(paging: &Paging, total: usize, cap: usize, tells: bool) -> usize {
        let (mut pages, mut from, mut requests) = (Pages::default(), 0, 0);
        loop {
            let to = total.min(from + PAGE_LIMIT.min(cap));
            let tasks: Vec<RemoteTask> = (from..to).map(task).collect();
            let has_more = tells.then_some(to < total);
            requests += 1;
            let page = Page { sent: tasks.len(), tasks, has_more, next_cursor: None };
            match pages.take(page, paging).unwrap() {
                Next::After(id) => from = id.parse::<usize>().unwrap() + 1,
                Next::End => break,
                Next::Anew => panic!("nothing changed"),
            }
        }
        assert_eq!(pages.finish().len(), total);
        requests
    }

    #[test]
    fn small_projects_cost_one_request() {
        let paging = Paging::default();
        for total in [0, 1, 49, 51, 99, 101, 999] {
            assert_eq!(list(&paging, total, 1000, false), 1, "{total}");
        }
        // A longer page was seen: 100 is no cap.
        assert_eq!(list(&paging, 100, 1000, false), 1);
        assert_eq!(list(&paging, 2500, 1000, false), 3);
        assert_eq!(list(&paging, 2000, 1000, true), 2);
    }

    #[test]
    fn a_silent_cap_is_noticed_and_then_known() {
        let paging = Paging::default();
        assert_eq!(list(&paging, 100, 100, false), 2);
        assert_eq!(list(&paging, 250, 100, false), 3);
        assert_eq!(list(&paging, 50, 100, false), 1);
    }

    #[test]
    fn a_cursor_without_has_more_is_followed_until_it_leads_nowhere() {
        let (paging, mut pages) = (Paging::default(), Pages::default());
        let page = |tasks: Vec<RemoteTask>| {
            let next_cursor = Some("c".to_owned());
            Page { sent: tasks.len(), tasks, has_more: None, next_cursor }
        };
        let on = Next::After("c".to_owned());
        assert_eq!(pages.take(page(vec![task(1), task(2)]), &paging).unwrap(), on);
        assert_eq!(pages.take(page(vec![task(3)]), &paging).unwrap(), on);
        assert_eq!(pages.take(page(vec![]), &paging).unwrap(), Next::End);
        assert_eq!(pages.finish().len(), 3);
    }

    /// Pages of which some say whether there are more, and what comes of them.
    fn take_all(pages: Vec<(Vec<RemoteTask>, Option<bool>)>) -> (Vec<Next>, usize) {
        let (paging, mut taken) = (Paging::default(), Pages::default());
        let mut take = |(tasks, has_more): (Vec<RemoteTask>, _)| {
            let page = Page { sent: tasks.len(), tasks, has_more, next_cursor: None };
            taken.take(page, &paging).unwrap()
        };
        let next = pages.into_iter().map(&mut take).collect();
        (next, taken.finish().len())
    }

    fn full() -> Vec<RemoteTask> {
        (0..PAGE_LIMIT).map(task).collect()
    }

    fn after(number: usize) -> Next {
        Next::After(number.to_string())
    }

    #[test]
    fn a_cursor_that_is_gone_is_no_end() {
        // The first tasks, and what comes after another one.
        for gone in [full(), vec![task(500), task(2000)]] {
            let given = take_all(vec![(full(), Some(true)), (gone.clone(), Some(false))]);
            assert_eq!(given.0, [after(999), Next::Anew]);
            assert_eq!(take_all(vec![(full(), None), (gone, None)]).0, [after(998), Next::Anew]);
        }
        assert_eq!(take_all(vec![(full(), None), (vec![], None)]).0, [after(998), Next::Anew]);
    }

    #[test]
    fn an_empty_page_is_an_end_only_where_its_cursor_is_there() {
        let begun = |then| vec![(full(), Some(true)), (vec![], Some(false)), then];
        // The one before is gone too, or another task comes after it.
        for gone in [vec![], vec![task(2000)]] {
            let (next, _) = take_all(begun((gone, Some(false))));
            assert_eq!(next, [after(999), after(998), Next::Anew]);
        }
        // The page before only guessed that there is more, or all of them do.
        for has_more in [Some(false), Some(true), None] {
            let (next, listed) = take_all(begun((vec![task(999)], has_more)));
            assert_eq!((next, listed), (vec![after(999), after(998), Next::End], PAGE_LIMIT));
        }
        let more = vec![task(999), task(1000)];
        let (next, listed) = take_all(begun((more, Some(false))));
        assert_eq!((next, listed), (vec![after(999), after(998), Next::End], PAGE_LIMIT + 1));
        let alone = take_all(vec![(vec![task(0)], Some(true)), (vec![], Some(false))]);
        assert_eq!(alone.0, [after(0), Next::Anew]);
    }

    #[test]
    fn circles_are_an_error_and_not_an_end() {
        let (paging, mut pages) = (Paging::default(), Pages::default());
        let page =
            || Page { tasks: vec![task(1)], sent: 1, has_more: Some(true), next_cursor: None };
        assert_eq!(pages.take(page(), &paging).unwrap(), Next::After("1".to_owned()));
        assert_eq!(pages.take(page(), &paging).unwrap(), Next::Anew);
        let mut pages = Pages::default();
        let nothing = Page { tasks: vec![], sent: 1, has_more: Some(true), next_cursor: None };
        assert!(pages.take(nothing, &paging).is_err());
    }

    #[test]
    fn pages_without_end_end_in_an_error_with_the_reason() {
        for (size, text, reason) in [
            (PAGE_LIMIT, "", "over 100000 tasks"),
            (PAGE_LIMIT, "a text of many bytes".repeat(50).as_str(), "over 64 MiB of tasks"),
            (1, "", "over 1000 pages of tasks"),
        ] {
            let (paging, mut pages) = (Paging::default(), Pages::default());
            let error = (0_usize..).find_map(|page| {
                let named = |n| RemoteTask { text: text.to_owned(), ..task(page * size + n) };
                let tasks: Vec<RemoteTask> = (0..size).map(named).collect();
                let page = Page { sent: size, tasks, has_more: Some(true), next_cursor: None };
                pages.take(page, &paging).err()
            });
            let error = error.unwrap();
            assert!(error.to_string().contains(reason), "{error}");
            assert_eq!(error.kind(), crate::error::Kind::Refused);
        }
    }

    proptest! {
        #[test]
        fn every_task_is_listed_whatever_the_cap(
            totals in prop::collection::vec(0_usize..2400, 1..6),
            cap in prop_oneof![Just(1000_usize), Just(50), Just(100), Just(250), Just(500)],
            tells in any::<bool>(),
        ) {
            let paging = Paging::default();
            for total in totals {
                list(&paging, total, cap, tells);
            }
        }
    }
}
