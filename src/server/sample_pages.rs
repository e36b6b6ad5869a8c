//! A document and a table of the sample workspace, as most real projects are one or the other; and what
//! a folder may hold beside projects.

use serde_json::{Map, Value, json};

use super::{store::Store, store_agents::Knowledge};
use crate::{
    error::Result,
    ids::{ProjectId, SpaceId, TaskId},
};

const DEPLOY: &str = "\
# How we deploy
Everybody may deploy, on any day but Friday.
# Before
- [ ] The pipeline is green
- [ ] Somebody else has read the change
- [ ] Support knows, if customers will see it
# The deploy itself
1. Announce it in the channel
2. Press the button
3. Watch the error dashboard for ten minutes
## When it goes wrong
Roll back first, ask questions later.
- The button is on the same page
  - it takes two minutes
- Then write an incident review
";

const STATE: &str = "@sup01";
const OWNER: &str = "@sup02";
const COST: &str = "@sup03";
const ENDS: &str = "@sup04";

/// State, owner, cost a month and the day on which the contract ends, of each supplier.
const SUPPLIERS: [(&str, &str, &str, u32, &str); 6] = [
    ("Printer in Leith", "running", "Carol Lindqvist", 420, "2027-03-31"),
    ("Newsletter service", "running", "Alice Meyer", 89, "2026-12-15"),
    ("Survey tool", "ending", "Alice Meyer", 59, "2026-12-31"),
    ("Stock photos", "talking", "Carol Lindqvist", 30, ""),
    ("Booth builder", "talking", "Bob Okafor", 2500, ""),
    ("Translation agency", "ended", "Bob Okafor", 0, "2026-10-01"),
];

/// Adds the document.
pub(super) fn add_document(store: &Store, folder: &SpaceId) -> Result<ProjectId> {
    store.add_markdown(folder, DEPLOY)
}

/// Adds the table, with four fields.
pub(super) fn add_table(store: &Store, folder: &SpaceId) -> Result<ProjectId> {
    let lines: Vec<&str> = SUPPLIERS.iter().map(|supplier| supplier.0).collect();
    let project = store.add_project(folder, "Suppliers", &lines.join("\n"))?;
    for (id, data) in fields() {
        store.add_field(&project, id, &data)?;
    }
    for (task, supplier) in store.task_ids(&project)?.iter().zip(SUPPLIERS) {
        add_values(store, &project, task, supplier)?;
    }
    Ok(project)
}

const EDITOR: &str = "\
You edit what goes out to customers. You shorten, you take out what nobody asked for, and you say what \
is missing. You never invent a number.";

const TALK: &str = "\
**Alice**: Is this subject line too long?

**Editor**: It is. Say what changes for the reader, in six words.
";

const LOGO: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64">
<circle cx="32" cy="32" r="28" fill="#2a7"/>
</svg>
"##;

/// Adds an agent that knows a project, with a conversation; a file; and a template of that project.
pub(super) fn add_others(store: &Store, folder: &SpaceId, project: &ProjectId) -> Result<()> {
    let agent = store.add_agent(folder, "Editor", EDITOR)?;
    store.teach(&agent, Knowledge::Project, project.as_str())?;
    store.add_convo(&agent, "Subject lines", TALK)?;
    store.add_media(folder, "logo.svg", "image/svg+xml", LOGO.as_bytes())?;
    store.add_template(folder, "Supplier list", project).map(drop)
}

fn fields() -> [(&'static str, Value); 4] {
    let option = |(rank, (id, name)): (usize, (&str, &str))| {
        (id.to_owned(), json!({ "id": id, "name": name, "rank": rank.to_string() }))
    };
    let states = [
        ("talking", "🟡 In progress"),
        ("running", "🟢 Running"),
        ("ending", "🟠 Ends soon"),
        ("ended", "⚪ Ended"),
    ];
    let states: Map<String, Value> = states.into_iter().enumerate().map(option).collect();
    [
        (STATE, json!({ "type": "Select", "displayName": "State", "options": states })),
        (OWNER, json!({ "type": "string", "displayName": "Owner" })),
        (
            COST,
            json!({
                "type": "number", "displayName": "Cost a month",
                "render": { "type": "text" }, "format": { "type": "decimal" },
            }),
        ),
        (ENDS, json!({ "type": "DateTime", "title": "Ends" })),
    ]
}

fn add_values(
    store: &Store,
    project: &ProjectId,
    task: &TaskId,
    (_, state, owner, cost, ends): (&str, &str, &str, u32, &str),
) -> Result<()> {
    let values = [(STATE, json!(state)), (OWNER, json!(owner)), (COST, json!(cost))];
    let ends = Some((ENDS, json!(ends))).filter(|(_, ends)| ends != "");
    for (field, value) in values.into_iter().chain(ends) {
        store.field_elsewhere(project, task, field, Some(&value))?;
    }
    Ok(())
}
