//! What any Taskade does, whichever one it is.
//!
//! The service in memory, on which most tests stand, and the embedded server over HTTP are held to
//! the same laws, the server also where it is odd in ways that are documented or were met. What is
//! not documented is in no law: whether assigning adds or replaces, what a copy's ids are, whether
//! a title follows its node.

mod details;
mod nodes;
mod projects;
mod tasks;

use std::sync::Arc;

use serde_json::{Value, json};
use taskadefs::{
    api::{Client, ContentType, HttpBackend, NewTask, Position, Priority, RemoteTask, TypedText},
    clock::SystemClock,
    error::{Kind, Result},
    ids::{ProjectId, SpaceId, TaskId},
    model::Marker,
    server::{Assigning, Quirks, Running, Server, ServerConfig},
};

use crate::support::service::{
    Memory,
    details::{FIELDS, MEMBERS},
};

const READ: Priority = Priority::Foreground;

/// A Taskade with a workspace and a folder of it.
struct Taskade {
    client: Client,
    workspace: SpaceId,
    folder: SpaceId,
    behind: Behind,
}

/// What it is made of, for what the API cannot do or does not tell as it is.
enum Behind {
    Memory(Arc<Memory>),
    Server { running: Running, _dir: tempfile::TempDir },
}

impl Taskade {
    fn in_memory() -> Self {
        let memory = Memory::acme();
        memory.set_exports(true);
        let (workspace, folder) = (SpaceId::new("w"), SpaceId::new("f"));
        let client = Client::new(memory.clone());
        Self { client, workspace, folder, behind: Behind::Memory(memory) }
    }

    async fn over_http(quirks: Quirks) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = ServerConfig { quirks, ..ServerConfig::new(dir.path()) };
        let running = Server::start(config).await.unwrap();
        let workspace = running.store().add_workspace("Acme").unwrap();
        let folder = running.store().add_folder(&workspace, "Marketing").unwrap();
        for handle in MEMBERS {
            running.store().add_member(&workspace, handle, handle).unwrap();
        }
        let clock = Arc::new(SystemClock);
        let http = HttpBackend::new(&running.url(), Some(&running.token()), clock).unwrap();
        let client = Client::new(Arc::new(http));
        Self { client, workspace, folder, behind: Behind::Server { running, _dir: dir } }
    }

    /// A server that is as odd as it may be.
    async fn odd() -> Self {
        Self::over_http(Quirks {
            has_more: false,
            page_cap: Some(100),
            null_items: true,
            omits_empty_texts: true,
            update_answers_id_only: true,
            create_answers_name: false,
            assigning: Assigning::Adds,
            extra_fields: true,
            atomic_batches: false,
            ..Quirks::default()
        })
        .await
    }

    /// A project `Plan` of these tasks, two spaces a level.
    async fn plan(&self, tasks: &str) -> ProjectId {
        let listed = tasks.lines().map(|line| {
            let text = line.trim_start();
            format!("\n{}- {text}", &line[..line.len() - text.len()])
        });
        let markdown = format!("# Plan{}", listed.collect::<String>());
        let project = self.client.create_project(&self.folder, &markdown).await.unwrap();
        self.set_fields(&project, &FIELDS.map(|id| (id, json!({ "type": "number" }))));
        project
    }

    /// Gives a project that has none these fields.
    fn set_fields(&self, project: &ProjectId, fields: &[(&str, Value)]) {
        match &self.behind {
            Behind::Memory(memory) => memory.set_fields(project.as_str(), fields),
            Behind::Server { running, .. } => {
                let store = running.store();
                fields.iter().for_each(|(id, data)| store.add_field(project, id, data).unwrap());
            }
        }
    }

    /// Gives a task another format.
    fn set_format(&self, project: &ProjectId, task: &TaskId, format: Marker) {
        match &self.behind {
            Behind::Memory(memory) => {
                memory.format_elsewhere(project.as_str(), task.as_str(), format);
            }
            Behind::Server { running, .. } => {
                running.store().format_elsewhere(project, task, format).unwrap();
            }
        }
    }

    /// What the export of the folder has of a project, as it is.
    async fn exported(&self, project: &ProjectId) -> Value {
        let mut export = match &self.behind {
            Behind::Memory(memory) => memory.exported(self.folder.as_str()),
            Behind::Server { running, .. } => {
                let url = format!("{}/bundles/{}/export", running.url(), self.folder);
                let request = reqwest::Client::new().get(url);
                let answer = request.bearer_auth(running.token().expose()).send().await.unwrap();
                answer.json::<Value>().await.unwrap()["item"].take()
            }
        };
        assert_eq!(export["version"], "1");
        export["items"][project.as_str()].take()
    }

    async fn tasks(&self, project: &ProjectId) -> Vec<RemoteTask> {
        self.client.tasks(READ, project).await.unwrap()
    }

    /// The tasks below the title, in the form that [`plan`](Self::plan) takes, `x ` before a done
    /// one.
    async fn tree(&self, project: &ProjectId) -> String {
        let tasks = self.tasks(project).await;
        let depth = |task: &RemoteTask| {
            std::iter::successors(task.parent.as_ref(), |id| {
                tasks.iter().find(|task| task.id == **id).unwrap().parent.as_ref()
            })
            .count()
        };
        let line = |task: &RemoteTask| {
            let done = if task.completed { "x " } else { "" };
            format!("{}{done}{}", "  ".repeat(depth(task) - 1), task.text)
        };
        tasks[1..].iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// The task of this text.
    async fn id(&self, project: &ProjectId, text: &str) -> TaskId {
        let tasks = self.tasks(project).await;
        tasks.into_iter().find(|task| task.text == text).unwrap().id
    }
}

fn plain(text: &str) -> TypedText {
    TypedText { content_type: ContentType::Plain, text: text.to_owned() }
}

fn new_task(text: &str, anchor: Option<&TaskId>, position: Position) -> NewTask {
    NewTask { content: plain(text), anchor: anchor.cloned(), position }
}

fn kind<T>(result: Result<T>) -> Kind {
    result.err().unwrap().kind()
}

/// Holds every Taskade to each law.
macro_rules! contract {
    ($($file:ident: [$($law:ident,)*];)*) => {
        mod in_memory {
            use super::{Taskade, $($file),*};
            $($(
                #[tokio::test]
                async fn $law() {
                    $file::$law(&Taskade::in_memory()).await;
                }
            )*)*
        }

        mod over_http {
            use super::{Quirks, Taskade, $($file),*};
            $($(
                #[tokio::test]
                async fn $law() {
                    $file::$law(&Taskade::over_http(Quirks::default()).await).await;
                }
            )*)*
        }

        mod over_http_and_odd {
            use super::{Taskade, $($file),*};
            $($(
                #[tokio::test]
                async fn $law() {
                    $file::$law(&Taskade::odd().await).await;
                }
            )*)*
        }
    };
}

contract! {
    projects: [
        spaces_are_listed_by_id_and_name,
        a_project_is_made_of_markdown,
        an_archived_project_is_listed_and_comes_back,
        a_copy_has_the_same_tasks_and_leaves_the_original_alone,
        an_export_has_what_the_listings_have,
        a_share_link_is_there_once_it_was_made,
        members_fields_and_blocks_are_listed,
        what_is_not_there_is_not_found,
        what_cannot_be_an_id_is_not_even_sent,
    ];
    nodes: [
        an_export_has_a_node_for_each_task_with_its_format,
        what_is_created_is_a_checkbox_and_formats_stay_through_every_write,
        fields_are_told_by_exports_and_by_their_endpoint,
        values_have_their_types_in_exports_and_are_put_as_ids_and_texts,
        what_no_field_can_have_is_refused,
        a_copy_has_the_formats_and_the_fields,
    ];
    tasks: [
        tasks_are_made_at_every_place_in_the_order_of_their_batch,
        what_no_batch_may_have_is_refused_and_changes_nothing,
        an_update_changes_one_text,
        a_tick_changes_one_task_and_is_refused_where_nothing_would_change,
        a_move_takes_the_subtree_along_to_every_place,
        a_move_to_where_nothing_can_be_is_refused_and_changes_nothing,
        a_deletion_takes_the_subtree_and_comes_once,
        pages_follow_each_other_without_a_gap,
        every_task_is_listed_once_however_many_there_are,
    ];
    details: [
        a_date_is_put_replaced_and_taken_away_once,
        a_note_is_put_replaced_and_taken_away,
        who_is_named_is_who_does_it,
        only_members_can_do_a_task_and_only_theirs_can_be_taken,
        fields_have_numbers_and_texts,
        details_of_what_is_not_there_are_not_found,
        answers_about_a_task_come_as_they_are,
    ];
}
