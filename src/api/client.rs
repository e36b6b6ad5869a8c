//! What taskadefs asks of Taskade: any endpoint by its type, and in one call what takes several.
//!
//! A listing is complete or it is an error: the part that was got is never returned.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use serde_json::Value;
use tokio::sync::watch;

use super::{
    backend::Backend,
    endpoint::{Endpoint, ask},
    endpoints::{
        DeleteAssignee, DeleteDate, DeleteField, DeleteNote, GetFields, GetShareLink, PutAssignees,
        PutDate, PutField, PutNote,
    },
    ledger::BudgetStatus,
    listing::{
        list_agents, list_blocks, list_convos, list_medias, list_members, list_tasks,
        list_templates,
    },
    outage::Gone,
    paging::Paging,
    priority::Priority,
    resource::Resource,
};
use crate::{
    error::Result,
    ids::{AgentId, ProjectId, SpaceId, TaskId},
    model::{RemoteAgent, RemoteConvo, RemoteMedia, RemoteTask, RemoteTemplate, SetDetail},
};

/// A user of one service. Its clones know what it knows.
#[derive(Clone)]
pub struct Client {
    backend: Arc<dyn Backend>,
    paging: Arc<Paging>,
    standing: Arc<Mutex<Standing>>,
}

/// How it stands with the service.
#[derive(Default)]
struct Standing {
    /// What was wrong when it was last asked, if anything was.
    trouble: Option<String>,
    /// When it last answered.
    answered: Option<SystemTime>,
    /// What went wrong last, and when: the newest last, and none twice in a row.
    errors: VecDeque<(SystemTime, String)>,
}

/// How many errors are remembered.
const REMEMBERED: usize = 5;

/// A program waits for what is read about a project or space as long as this is there.
pub(crate) struct Wanted {
    backend: Arc<dyn Backend>,
    subject: String,
}

impl Drop for Wanted {
    fn drop(&mut self) {
        self.backend.want(&self.subject, false);
    }
}

impl Client {
    /// A user of this service.
    pub fn new(backend: Arc<dyn Backend>) -> Self {
        Self { backend, paging: Arc::default(), standing: Arc::default() }
    }

    /// Asks for something.
    ///
    /// # Errors
    /// As [`Backend::send`].
    pub async fn read<E: Endpoint>(&self, priority: Priority, endpoint: E) -> Result<E::Answer> {
        const { assert!(E::METHOD.is_read(), "what changes something is sent by `write`") };
        let answer = ask(&*self.backend, priority, endpoint).await;
        if E::IS_TELLING { self.asked(answer) } else { self.heard(answer) }
    }

    /// Changes something.
    ///
    /// # Errors
    /// As [`Backend::send`].
    pub async fn write<E: Endpoint>(&self, endpoint: E) -> Result<E::Answer> {
        const { assert!(!E::METHOD.is_read(), "what changes nothing is sent by `read`") };
        let answer = ask(&*self.backend, Priority::Save, endpoint).await;
        if E::IS_TELLING { self.asked(answer) } else { self.heard(answer) }
    }

    /// What was wrong when the service was last asked, if anything was.
    pub fn trouble(&self) -> Option<String> {
        self.standing().trouble.clone()
    }

    /// When the service last answered, if it has.
    pub(crate) fn answered(&self) -> Option<SystemTime> {
        self.standing().answered
    }

    /// What went wrong last, the newest last.
    pub(crate) fn errors(&self) -> Vec<(SystemTime, String)> {
        self.standing().errors.iter().cloned().collect()
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of the request budget, if there is one.
    pub fn budget(&self) -> Option<BudgetStatus> {
        self.backend.budget()
    }

    /// As [`Backend::outage`].
    pub fn outage(&self) -> Option<watch::Receiver<Option<Gone>>> {
        self.backend.outage()
    }

    /// As [`Backend::token_changes`].
    pub(crate) fn token_changes(&self) -> Option<watch::Receiver<u64>> {
        self.backend.token_changes()
    }

    /// A program waits for what is read about a project or space, whoever asks, until what this returns
    /// is dropped. See [`Backend::want`].
    pub(crate) fn want(&self, subject: &str) -> Wanted {
        self.backend.want(subject, true);
        Wanted { backend: self.backend.clone(), subject: subject.to_owned() }
    }

    /// As [`Backend::hurry`].
    pub fn hurry(&self) {
        self.backend.hurry();
    }

    /// Notes what became of asking.
    fn asked<T>(&self, result: Result<T>) -> Result<T> {
        let mut standing = self.standing();
        let now = result.as_ref().err().map(ToString::to_string);
        match &now {
            Some(error) if standing.trouble.as_ref() != Some(error) => {
                standing.errors.push_back((SystemTime::now(), error.clone()));
                let many = standing.errors.len().saturating_sub(REMEMBERED);
                drop(standing.errors.drain(..many));
            }
            Some(_) => {}
            None => standing.answered = Some(SystemTime::now()),
        }
        match (&standing.trouble, &now) {
            (before, Some(error)) if before.as_ref() != Some(error) => {
                tracing::warn!(%error, "the service was asked in vain");
            }
            (Some(_), None) => tracing::info!("the service answers again"),
            _ => {}
        }
        standing.trouble = now;
        result
    }

    /// As [`asked`](Self::asked), where a refusal says nothing of how the account stands.
    fn heard<T>(&self, result: Result<T>) -> Result<T> {
        match &result {
            Err(error) if !error.kind().is_transient() => result,
            _ => self.asked(result),
        }
    }
}

/// What is made of several requests, or of one of several.
///
/// # Errors
/// As [`Backend::send`].
impl Client {
    /// All tasks of a project in outline order, every page of them, the title node included.
    pub async fn tasks(&self, priority: Priority, project: &ProjectId) -> Result<Vec<RemoteTask>> {
        self.asked(list_tasks(&*self.backend, &self.paging, priority, project).await)
    }

    /// The media of a folder, every page of them.
    pub async fn medias(&self, priority: Priority, folder: &SpaceId) -> Result<Vec<RemoteMedia>> {
        self.heard(list_medias(&*self.backend, priority, folder).await)
    }

    /// All agents of a folder, every page of them.
    pub async fn agents(&self, priority: Priority, folder: &SpaceId) -> Result<Vec<RemoteAgent>> {
        self.heard(list_agents(&*self.backend, priority, folder).await)
    }

    /// All conversations with an agent, every page of them.
    pub async fn convos(&self, priority: Priority, agent: &AgentId) -> Result<Vec<RemoteConvo>> {
        self.heard(list_convos(&*self.backend, priority, agent).await)
    }

    /// What the service answers about a project, as it is: the value of `item` or `items`.
    pub async fn resource(
        &self,
        priority: Priority,
        project: &ProjectId,
        resource: Resource,
    ) -> Result<Value> {
        match resource {
            Resource::Members => self.heard(list_members(&*self.backend, priority, project).await),
            Resource::Blocks => self.heard(list_blocks(&*self.backend, priority, project).await),
            Resource::Fields => Ok(self.read(priority, GetFields { project }).await?.into()),
            Resource::ShareLink => self.read(priority, GetShareLink { project }).await,
        }
    }

    /// The templates of projects in a folder, every page of them.
    pub async fn templates(
        &self,
        priority: Priority,
        folder: &SpaceId,
    ) -> Result<Vec<RemoteTemplate>> {
        self.heard(list_templates(&*self.backend, priority, folder).await)
    }

    /// Writes something that a task has beside its text, or takes it away.
    pub async fn set_detail(
        &self,
        project: &ProjectId,
        task: &TaskId,
        detail: SetDetail<'_>,
    ) -> Result<()> {
        match detail {
            SetDetail::Date(Some(date)) => self.write(PutDate { project, task, date }).await,
            SetDetail::Date(None) => self.write(DeleteDate { project, task }).await,
            SetDetail::Note(Some(note)) => self.write(PutNote { project, task, note }).await,
            SetDetail::Note(None) => self.write(DeleteNote { project, task }).await,
            SetDetail::Assign(handles) => self.write(PutAssignees { project, task, handles }).await,
            SetDetail::Unassign(handle) => {
                self.write(DeleteAssignee { project, task, handle }).await
            }
            SetDetail::Field(field, Some(value)) => {
                self.write(PutField { project, task, field, value }).await
            }
            SetDetail::Field(field, None) => self.write(DeleteField { project, task, field }).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use async_trait::async_trait;
    use serde_json::json;

    use super::{Backend, Client, Priority, Resource};
    use crate::{
        api::{Envelope, Request},
        error::{Error, Kind, Result},
        ids::ProjectId,
    };

    /// Fails as it is told to.
    #[derive(Default)]
    struct Failing(Mutex<Option<Kind>>);

    #[async_trait]
    impl Backend for Failing {
        async fn send(&self, request: &mut dyn Request) -> Result<()> {
            let failure = *self.0.lock().unwrap();
            request.take(match failure {
                Some(kind) => Err(Error::new(kind, "no")),
                None => Envelope::of(&json!({ "items": [] })),
            })
        }
    }

    #[tokio::test]
    async fn a_refusal_is_trouble_where_it_tells_how_the_account_stands() {
        let (failing, project) = (Arc::new(Failing::default()), ProjectId::new("p"));
        let client = Client::new(failing.clone());
        let fails = |kind| *failing.0.lock().unwrap() = kind;
        let read = Priority::Foreground;
        let members = async || client.resource(read, &project, Resource::Members).await;
        let workspaces = async || client.workspaces(read).await;
        fails(Some(Kind::Forbidden));
        assert!(members().await.is_err());
        assert_eq!(client.trouble(), None);
        assert!(workspaces().await.is_err());
        assert!(client.clone().trouble().is_some(), "clones know it as well");
        fails(None);
        members().await.unwrap();
        assert_eq!(client.trouble(), None);
        fails(Some(Kind::Unreachable));
        assert!(members().await.is_err());
        assert!(client.trouble().is_some());
        fails(None);
        workspaces().await.unwrap();
        assert_eq!(client.trouble(), None);
    }
}
