//! Installing bundles: everything is created, nothing is overwritten, and all of it or nothing.

use std::collections::HashMap;

use rusqlite::{Connection, params};
use serde::Serialize;

use super::{
    import::add_imported,
    incoming::{Incoming, IncomingAgent, IncomingMedia},
    store::{Store, failed},
    store_details::to_json,
    token::{random_name, random_ulid, random_uuid},
};
use crate::{error::Result, ids::SpaceId};

/// `BundleInstallation`: what was installed, in numbers and without ids.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Installation {
    pub(crate) id: String,
    pub(crate) project_count: usize,
    pub(crate) flow_count: usize,
    pub(crate) agent_count: usize,
    pub(crate) template_count: usize,
    pub(crate) media_count: usize,
    pub(crate) app_count: usize,
}

impl Store {
    /// Installs a bundle in a space. Its projects have new ids, and their tasks those of the bundle.
    pub(crate) fn install(&self, space: &SpaceId, bundle: &Incoming) -> Result<Installation> {
        let mut inner = self.lock();
        let transaction = inner.connection.transaction().map_err(failed)?;
        let mut ids: HashMap<&str, String> = HashMap::new();
        for (of, project) in &bundle.projects {
            ids.insert(of, add_imported(&transaction, space.as_str(), project)?);
        }
        for agent in &bundle.agents {
            add_agent(&transaction, space.as_str(), agent, &ids)?;
        }
        for (name, item) in &bundle.templates {
            let item = to_json(item).map_err(failed)?;
            let sql = "INSERT INTO templates (id, space, name, item) VALUES (?1, ?2, ?3, ?4)";
            let id = random_name(16)?;
            transaction.execute(sql, [&id, space.as_str(), name, &item]).map_err(failed)?;
        }
        for item in bundle.flows.iter().chain(&bundle.apps) {
            let item = to_json(item).map_err(failed)?;
            let sql = "INSERT INTO kept_items (id, space, item) VALUES (?1, ?2, ?3)";
            let id = random_ulid()?;
            transaction.execute(sql, [&id, space.as_str(), &item]).map_err(failed)?;
        }
        for media in &bundle.medias {
            add_media(&transaction, space.as_str(), media)?;
        }
        transaction.commit().map_err(failed)?;
        Ok(Installation {
            id: random_uuid()?,
            project_count: bundle.projects.len(),
            flow_count: bundle.flows.len(),
            agent_count: bundle.agents.len(),
            template_count: bundle.templates.len(),
            media_count: bundle.medias.len(),
            app_count: bundle.apps.len(),
        })
    }
}

/// Adds an agent, which knows those projects of the bundle that it knew, and no others.
fn add_agent(
    connection: &Connection,
    space: &str,
    agent: &IncomingAgent,
    projects: &HashMap<&str, String>,
) -> Result<()> {
    let (id, data) = (random_ulid()?, to_json(&agent.data).map_err(failed)?);
    let sql = "INSERT INTO agents (id, space, name, data) VALUES (?1, ?2, ?3, ?4)";
    connection.execute(sql, [&id, space, &agent.name, &data]).map_err(failed)?;
    for project in agent.knows.iter().filter_map(|of| projects.get(of.as_str())) {
        let sql = "INSERT OR IGNORE INTO agent_knowledge (agent, kind, subject)
                   VALUES (?1, 'project', ?2)";
        connection.execute(sql, [&id, project]).map_err(failed)?;
    }
    Ok(())
}

fn add_media(connection: &Connection, space: &str, media: &IncomingMedia) -> Result<()> {
    let (id, file) = (random_uuid()?, random_uuid()?);
    let sql = "INSERT INTO medias (id, space, name, media_type, content, file)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let params = params![id, space, media.name, media.media_type, media.content, file];
    connection.execute(sql, params).map(drop).map_err(failed)
}
