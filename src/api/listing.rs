//! Listings of several pages, put together. Each page is a request of its own.

use std::collections::HashSet;

use serde_json::Value;

use super::{
    backend::Backend,
    endpoint::ask,
    endpoints::{
        GetAgents, GetBlocks, GetConvos, GetMedias, GetMembers, GetTasks, GetTemplates, ItemPage,
    },
    paging::{Bounded, Next, Pages, Paging},
    priority::Priority,
    wire, wire_agents,
};
use crate::{
    error::{Error, Kind, Result},
    ids::{AgentId, ProjectId, SpaceId},
    model::{RemoteAgent, RemoteConvo, RemoteMedia, RemoteTask, RemoteTemplate},
};

/// How often a project is listed before it is said to change too fast.
const LISTINGS: usize = 3;

/// All tasks of a project in outline order, the title node included.
pub(super) async fn list_tasks(
    backend: &dyn Backend,
    paging: &Paging,
    priority: Priority,
    project: &ProjectId,
) -> Result<Vec<RemoteTask>> {
    for _ in 0..LISTINGS {
        if let Some(tasks) = list_once(backend, paging, priority, project).await? {
            return Ok(tasks);
        }
    }
    Err(Error::new(Kind::Protocol, "the project changes while it is read")
        .hint("it is read again later"))
}

/// All pages; `None` if the project changed meanwhile so that they do not fit together.
async fn list_once(
    backend: &dyn Backend,
    paging: &Paging,
    priority: Priority,
    project: &ProjectId,
) -> Result<Option<Vec<RemoteTask>>> {
    let mut pages = Pages::default();
    let mut after: Option<String> = None;
    loop {
        let page = GetTasks { project, after: after.as_deref() };
        let page = match ask(backend, priority, page).await {
            // The task that the listing was to go on after may be gone.
            Err(error)
                if after.is_some() && matches!(error.kind(), Kind::Refused | Kind::NotFound) =>
            {
                return Ok(None);
            }
            page => page?,
        };
        match pages.take(page, paging)? {
            Next::After(id) => after = Some(id),
            Next::End => return Ok(Some(pages.finish())),
            Next::Anew => return Ok(None),
        }
    }
}

/// All pages of members, by number.
pub(super) async fn list_members(
    backend: &dyn Backend,
    priority: Priority,
    project: &ProjectId,
) -> Result<Value> {
    let mut members = PagedItems::default();
    for page in 1_usize.. {
        let page = ask(backend, priority, GetMembers { project, page }).await?;
        if !members.take("members", page, ItemPage::LIMIT)? {
            break;
        }
    }
    Ok(members.items.into())
}

/// All pages of media, by number.
pub(super) async fn list_medias(
    backend: &dyn Backend,
    priority: Priority,
    folder: &SpaceId,
) -> Result<Vec<RemoteMedia>> {
    let mut medias = PagedItems::default();
    for page in 1_usize.. {
        let page = ask(backend, priority, GetMedias { folder, page }).await?;
        if !medias.take("media", page, ItemPage::LIMIT)? {
            break;
        }
    }
    medias.items.iter().map(wire::media).collect()
}

/// All pages of templates, by number.
pub(super) async fn list_templates(
    backend: &dyn Backend,
    priority: Priority,
    folder: &SpaceId,
) -> Result<Vec<RemoteTemplate>> {
    let mut templates = PagedItems::default();
    for page in 1_usize.. {
        let page = ask(backend, priority, GetTemplates { folder, page }).await?;
        if !templates.take("templates", page, GetTemplates::LIMIT)? {
            break;
        }
    }
    templates.items.iter().map(wire::template).collect()
}

/// All pages of blocks, by the last block of the one before.
pub(super) async fn list_blocks(
    backend: &dyn Backend,
    priority: Priority,
    project: &ProjectId,
) -> Result<Value> {
    let mut blocks = PagedItems::default();
    let mut after: Option<String> = None;
    loop {
        let page = GetBlocks { project, after: after.as_deref() };
        let goes_on =
            blocks.take("blocks", ask(backend, priority, page).await?, ItemPage::LIMIT)?;
        let last = blocks.items.last().and_then(|block| block.get("id")?.as_str());
        match last.filter(|_| goes_on) {
            Some(last) => after = Some(last.to_owned()),
            None => return Ok(blocks.items.into()),
        }
    }
}

/// All pages of the agents of a folder, by number.
pub(super) async fn list_agents(
    backend: &dyn Backend,
    priority: Priority,
    folder: &SpaceId,
) -> Result<Vec<RemoteAgent>> {
    let mut agents = PagedItems::default();
    for page in 1_usize.. {
        let page = ask(backend, priority, GetAgents { folder, page }).await?;
        if !agents.take("agents", page, GetAgents::LIMIT)? {
            break;
        }
    }
    agents.items.into_iter().map(wire_agents::agent).collect()
}

/// All pages of the conversations with an agent, by number.
pub(super) async fn list_convos(
    backend: &dyn Backend,
    priority: Priority,
    agent: &AgentId,
) -> Result<Vec<RemoteConvo>> {
    let mut convos = PagedItems::default();
    for page in 1_usize.. {
        let page = ask(backend, priority, GetConvos { agent, page }).await?;
        if !convos.take("conversations", page, GetConvos::LIMIT)? {
            break;
        }
    }
    convos.items.into_iter().map(wire_agents::convo).collect()
}

/// The items of a listing so far, each once.
#[derive(Debug, Default)]
struct PagedItems {
    items: Vec<Value>,
    seen: HashSet<String>,
    taken: Bounded,
}

impl PagedItems {
    /// Takes a page in, of which `limit` items were asked for. Whether there may be another: one that
    /// is shorter is the last, and one that brings nothing new.
    fn take(&mut self, what: &str, page: ItemPage, limit: usize) -> Result<bool> {
        let before = self.items.len();
        let ItemPage { items, sent } = page;
        let written: Vec<String> = items.iter().map(Value::to_string).collect();
        self.taken.count(what, sent, written.iter().map(String::len).sum())?;
        let new = items
            .into_iter()
            .zip(written)
            .filter_map(|(item, written)| self.seen.insert(written).then_some(item));
        self.items.extend(new);
        Ok(sent >= limit && self.items.len() > before)
    }
}
