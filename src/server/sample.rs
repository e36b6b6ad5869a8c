//! The sample workspace: what a small company might have.

use super::Store;
use crate::error::Result;

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

/// Fills an empty store.
pub(crate) fn fill(store: &Store) -> Result<()> {
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
    for (folder, projects) in folders {
        let folder = store.add_folder(&acme, folder)?;
        for (name, tasks) in projects {
            store.add_project(&folder, name, tasks)?;
        }
    }
    Ok(())
}
