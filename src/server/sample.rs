//! The sample workspace: what a small company might have.

use serde_json::{Map, Value, json};

use super::{sample_pages, store::Store};
use crate::{
    api::{End, Moment, Schedule},
    error::Result,
    ids::{ProjectId, SpaceId, TaskId},
};

const INBOX: &str = "\
Reply to Priya about the venue deposit
Book a dentist appointment
x Renew the domain before it lapses
Ask Tom for the March invoices
Read: the incident review from Friday
Buy a present for Lena
  wrapping paper
  card
Cancel the old phone contract
x Send photos to Grandma";

const LAUNCH: &str = "\
Before the launch
  x Draft the announcement
  Get quotes from three early customers
    x Northwind
    Fabrikam
    Contoso
  Screenshots for the press kit
  Dry run of the demo with the whole team
Launch day
  Publish the blog post at 9:00
  Mail the newsletter
  Post in the community forum
  Watch the error dashboard for the first two hours
After the launch
  Collect feedback and answer every mail
  Write down what went wrong
  Thank the beta testers";

const NEWSLETTER: &str = "\
Choose the three stories
x Interview with the support team
Write the subject line (under 50 characters)
Proofread
Send a test to ourselves
  check it on a phone
  check it in dark mode
Schedule for Thursday 10:00";

const BUDGET: &str = "\
Advertising
  x Search: 4,000 a month
  Podcasts: decide by the end of the month
Events
  Booth at the spring fair
    x reserve
    design
    print
  Travel for two
Tools
  Replace the survey tool (renews in June)";

const SPRINT: &str = "\
Import from CSV
  x Parse quoted fields
  Detect the separator
  Tell the user which line failed and why
  Test with the file from Northwind
Search
  x Index titles
  Index notes
  needle: highlight what was found
Flaky test: checkout retries on a slow network
Upgrade the database to 16
  x rehearse on a copy
  pick a window
  do it
Review the open pull requests";

const INCIDENT: &str = "\
Summary: card payments failed for 31 minutes on Monday
What happened
  09:02 the new certificate was deployed
  09:05 first failed payment
  09:19 alarm
  09:33 rolled back
Why it took so long
  The alarm waits for 15 minutes of failures
  Nobody knew which dashboard to look at
What we will do
  x Alarm after 3 minutes
  Link the dashboard from the alarm
  Check certificates against the payment provider before a deploy";

const ONBOARDING: &str = "\
First day
  Laptop, badge, keys
  Accounts: mail, chat, source control
  Lunch with the team
First week
  Read the handbook
  Fix one small bug and deploy it
  Sit in on two support calls
First month
  Own a small feature from idea to release
  Tell us what confused you";

const TRIP: &str = "\
x Choose the week
Trains
  x outward
  back
Huts
  first night
  second night
Pack
  boots
  rain jacket
  map
  headlamp
Leave the keys with the neighbours";

const BOOKS: &str = "\
x The Mom Test
Working in Public
The Art of Doing Science and Engineering
A Pattern Language
x Thinking in Systems";

/// Who works there.
const PEOPLE: [(&str, &str); 3] =
    [("alice", "Alice Meyer"), ("bob", "Bob Okafor"), ("carol", "Carol Lindqvist")];

/// What is known of some tasks.
const DETAILS: [(&str, &str, SampleDetail); 17] = [
    ("Inbox", "Renew the domain before it lapses", SampleDetail::Due("2026-11-30")),
    ("Inbox", "Book a dentist appointment", SampleDetail::Due("2026-12-04")),
    (
        "Inbox",
        "Ask Tom for the March invoices",
        SampleDetail::Note("Only the ones from the printer"),
    ),
    ("Inbox", "Reply to Priya about the venue deposit", SampleDetail::Assigned(&["alice"])),
    ("Launch plan", "Draft the announcement", SampleDetail::Assigned(&["carol"])),
    ("Launch plan", "Screenshots for the press kit", SampleDetail::Assigned(&["bob", "carol"])),
    ("Launch plan", "Screenshots for the press kit", SampleDetail::Note("Light and dark, 2x")),
    (
        "Launch plan",
        "Dry run of the demo with the whole team",
        SampleDetail::At("2026-12-07", "15:30"),
    ),
    ("Launch plan", "Launch day", SampleDetail::Due("2026-12-09")),
    ("Launch plan", "Publish the blog post at 9:00", SampleDetail::At("2026-12-09", "09:00")),
    ("Launch plan", "After the launch", SampleDetail::Range("2026-12-10", "2026-12-16")),
    ("Budget", "Search: 4,000 a month", SampleDetail::Number(4000)),
    ("Budget", "Booth at the spring fair", SampleDetail::Number(2500)),
    ("Budget", "Booth at the spring fair", SampleDetail::Pick("high")),
    ("Sprint 12", "Detect the separator", SampleDetail::Assigned(&["bob"])),
    ("Sprint 12", "Test with the file from Northwind", SampleDetail::Number(3)),
    ("Sprint 12", "pick a window", SampleDetail::Due("2026-12-02")),
];

/// Something that is known of a task.
enum SampleDetail {
    /// A day.
    Due(&'static str),
    /// A day, and a time of it.
    At(&'static str, &'static str),
    /// The first day and the last.
    Range(&'static str, &'static str),
    Note(&'static str),
    Assigned(&'static [&'static str]),
    /// The value of the first field.
    Number(u32),
    /// An option of the second field.
    Pick(&'static str),
}

const NUMBER: &str = "@inc01";
const PRIORITY: &str = "@inc02";

/// Fills an empty store. One that is older than members and fields gets those.
pub(crate) fn fill(store: &Store) -> Result<()> {
    if store.is_empty()? {
        add_projects(store)?;
        equip(store)?;
        return add_details(store);
    }
    if store.has_no_members()? { equip(store) } else { Ok(()) }
}

fn add_projects(store: &Store) -> Result<()> {
    let acme = store.add_workspace("Acme")?;
    store.add_project(&acme, "Inbox", INBOX)?;
    let folders: [(&str, &[(&str, &str)]); 3] = [
        ("Marketing", &[("Launch plan", LAUNCH), ("Newsletter", NEWSLETTER), ("Budget", BUDGET)]),
        (
            "Engineering",
            &[("Sprint 12", SPRINT), ("Incident review", INCIDENT), ("Onboarding", ONBOARDING)],
        ),
        ("Personal", &[("Hiking trip", TRIP), ("Books", BOOKS)]),
    ];
    for (name, projects) in folders {
        let folder = store.add_folder(&acme, name)?;
        for (title, tasks) in projects {
            store.add_project(&folder, title, tasks)?;
        }
        match name {
            "Marketing" => {
                let table = sample_pages::add_table(store, &folder)?;
                sample_pages::add_others(store, &folder, &table)?;
            }
            "Engineering" => sample_pages::add_document(store, &folder).map(drop)?,
            _ => {}
        }
    }
    Ok(())
}

/// Adds people to each workspace, and fields to each project that has none.
fn equip(store: &Store) -> Result<()> {
    let number = json!({
        "type": "number", "displayName": "Estimate",
        "render": { "type": "text" }, "format": { "type": "decimal" },
    });
    let option = |(rank, id, name): (&str, &str, &str)| {
        (id.to_owned(), json!({ "id": id, "name": name, "rank": rank }))
    };
    let options = [("a", "low", "Low"), ("b", "medium", "Medium"), ("c", "high", "High")];
    let options: Map<String, Value> = options.into_iter().map(option).collect();
    let priority = json!({ "type": "Select", "displayName": "Priority", "options": options });
    for workspace in store.workspaces()? {
        for (handle, name) in PEOPLE {
            store.add_member(&SpaceId::new(&workspace.id), handle, name)?;
        }
        for folder in store.folders(&workspace.id)? {
            for project in store.projects(&folder.id)? {
                if !store.fields(&project.id)?.is_empty() {
                    continue;
                }
                let project = ProjectId::new(&project.id);
                store.add_field(&project, NUMBER, &number)?;
                store.add_field(&project, PRIORITY, &priority)?;
            }
        }
    }
    Ok(())
}

fn add_details(store: &Store) -> Result<()> {
    for (project, text, detail) in DETAILS {
        let Some((project, _)) = store.find_projects(project)?.into_iter().next() else { continue };
        let tasks = store.tasks(project.as_str())?;
        let Some(task) = tasks.0.iter().find(|task| task.text == text) else { continue };
        let task = TaskId::new(&task.id);
        match detail {
            SampleDetail::Due(day) => {
                store.date_elsewhere(&project, &task, Some(&due(day, None, None)))
            }
            SampleDetail::At(day, time) => {
                store.date_elsewhere(&project, &task, Some(&due(day, Some(time), None)))
            }
            SampleDetail::Range(first, last) => {
                store.date_elsewhere(&project, &task, Some(&due(first, None, Some(last))))
            }
            SampleDetail::Note(note) => store.note_elsewhere(&project, &task, Some(note)),
            SampleDetail::Assigned(handles) => store.assign_elsewhere(&project, &task, handles),
            SampleDetail::Number(number) => {
                store.field_elsewhere(&project, &task, NUMBER, Some(&number.into()))
            }
            SampleDetail::Pick(option) => {
                store.field_elsewhere(&project, &task, PRIORITY, Some(&option.into()))
            }
        }?;
    }
    Ok(())
}

fn due(day: &str, time: Option<&str>, last: Option<&str>) -> Schedule {
    let time = time.map(str::to_owned);
    let end = last.map(|last| Moment { date: last.to_owned(), ..Moment::default() });
    let start = Moment { date: day.to_owned(), time, timezone: None };
    Schedule { start, end: end.map(End::Moment) }
}

#[cfg(test)]
mod tests {
    use super::{DETAILS, Store, fill};
    use crate::ids::TaskId;

    #[test]
    fn every_detail_of_the_sample_has_its_task() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        fill(&store).unwrap();
        for (project, text, _) in DETAILS {
            let (project, _) = store.find_projects(project).unwrap().remove(0);
            let tasks = store.tasks(project.as_str()).unwrap();
            let task = tasks.0.iter().find(|task| task.text == text).unwrap();
            let details = store.details(&project, &TaskId::new(&task.id)).unwrap();
            assert!(!details.as_object().unwrap().is_empty(), "{text}");
        }
    }
}
