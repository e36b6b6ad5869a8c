//! Which endpoint does what: the one list of them.

use std::collections::{BTreeMap, HashMap};

use matchit::InsertError;

use super::{
    account, agents,
    answer::{Answer, Handled},
    bundles,
    call::ServedCall,
    details, knowledge, media, oauth, projects, public_agents,
    shared::Shared,
    tasks, templates,
};

/// What carries out a request for an endpoint.
type Handler = fn(&Shared, &ServedCall<'_>) -> Handled;

/// Whose bodies may be larger than others.
const UPLOAD: &str = "/medias/spaces/{space}/upload";
const IMPORT: &str = "/bundles/{space}/import";
const IMPORT_ARCHIVE: &str = "/bundles/{space}/import/zip";

/// Largest body of any other request, in bytes.
const MAX_BODY: usize = 4 << 20;

/// What v2 has alone, below its own base.
const V2: &[(&str, &str, Handler)] = &[("POST", "/getConversation", knowledge::transcript)];

/// Who one is.
pub(crate) const PING: &str = "/ping";

/// What is beside the API, below a base of its own: who one is, and how one comes to a token.
const OAUTH: &[(&str, &str, Handler)] = &[
    ("GET", PING, account::ping),
    ("POST", "/register", oauth::register),
    ("GET", "/authorize", oauth::authorize),
    ("POST", "/token", oauth::token),
];

/// What says where that is.
const WELL_KNOWN: &[(&str, &str, Handler)] =
    &[("GET", "/oauth-authorization-server", oauth::metadata)];

/// Every endpoint: its method, its path below the API's base, and what it does.
const ENDPOINTS: &[(&str, &str, Handler)] = &[
    ("GET", "/workspaces", projects::workspaces),
    ("GET", "/workspaces/{workspace}/folders", projects::folders),
    ("POST", "/workspaces/{workspace}/projects", projects::create_project_in),
    ("GET", "/folders/{folder}/projects", projects::projects),
    ("GET", "/folders/{folder}/agents", agents::list),
    ("POST", "/folders/{folder}/agents", agents::create),
    ("POST", "/folders/{folder}/agent-generate", agents::generate),
    ("GET", "/folders/{folder}/medias", media::list),
    ("GET", "/folders/{folder}/project-templates", templates::list),
    ("GET", "/me/projects", projects::mine),
    ("GET", "/agents/{agent}", agents::get),
    ("PATCH", "/agents/{agent}", agents::update),
    ("DELETE", "/agents/{agent}", agents::delete),
    ("PUT", "/agents/{agent}/publicAccess", public_agents::publish),
    ("GET", "/agents/{agent}/public-agent", public_agents::get),
    ("PATCH", "/agents/{agent}/public-agent", public_agents::update),
    ("GET", "/public-agents/{public}", public_agents::get_by_public_id),
    ("POST", "/agents/{agent}/knowledge/project", knowledge::teach_project),
    ("POST", "/agents/{agent}/knowledge/media", knowledge::teach_media),
    ("DELETE", "/agents/{agent}/knowledge/project/{project}", knowledge::unteach_project),
    ("DELETE", "/agents/{agent}/knowledge/media/{media}", knowledge::unteach_media),
    ("GET", "/agents/{agent}/convos/", knowledge::convos),
    ("GET", "/agents/{agent}/convos/{convo}", knowledge::convo),
    ("GET", "/medias/{media}", media::get),
    ("DELETE", "/medias/{media}", media::delete),
    ("GET", "/medias/{media}/download", media::download),
    ("GET", "/medias/spaces/{space}/download", media::download_all),
    ("POST", UPLOAD, media::upload),
    ("GET", "/bundles/{space}/export", bundles::export),
    ("GET", "/bundles/{space}/export/zip", bundles::export_archive),
    ("POST", IMPORT, bundles::import),
    ("POST", IMPORT_ARCHIVE, bundles::import_archive),
    ("POST", "/projects", projects::create_project),
    ("POST", "/projects/from-template", templates::create_project),
    ("GET", "/projects/{project}", projects::project),
    ("POST", "/projects/{project}/complete", projects::complete),
    ("POST", "/projects/{project}/restore", projects::restore),
    ("POST", "/projects/{project}/copy", projects::copy),
    ("GET", "/projects/{project}/members", details::members),
    ("GET", "/projects/{project}/fields", details::fields),
    ("GET", "/projects/{project}/blocks", details::blocks),
    ("GET", "/projects/{project}/shareLink", details::share_link),
    ("PUT", "/projects/{project}/shareLink", details::share),
    ("GET", "/projects/{project}/tasks", tasks::list),
    ("POST", "/projects/{project}/tasks", tasks::create),
    // The official document has the trailing slash.
    ("POST", "/projects/{project}/tasks/", tasks::create),
    ("GET", "/projects/{project}/tasks/{task}", tasks::get),
    ("PUT", "/projects/{project}/tasks/{task}", tasks::update),
    ("DELETE", "/projects/{project}/tasks/{task}", tasks::delete),
    ("POST", "/projects/{project}/tasks/{task}/complete", tasks::complete),
    ("POST", "/projects/{project}/tasks/{task}/uncomplete", tasks::uncomplete),
    ("PUT", "/projects/{project}/tasks/{task}/move", tasks::relocate),
    ("GET", "/projects/{project}/tasks/{task}/date", details::date),
    ("PUT", "/projects/{project}/tasks/{task}/date", details::set_date),
    ("DELETE", "/projects/{project}/tasks/{task}/date", details::clear_date),
    ("GET", "/projects/{project}/tasks/{task}/note", details::note),
    ("PUT", "/projects/{project}/tasks/{task}/note", details::set_note),
    ("DELETE", "/projects/{project}/tasks/{task}/note", details::clear_note),
    ("GET", "/projects/{project}/tasks/{task}/assignees", details::assignees),
    ("PUT", "/projects/{project}/tasks/{task}/assignees", details::assign),
    ("DELETE", "/projects/{project}/tasks/{task}/assignees/{handle}", details::unassign),
    ("GET", "/projects/{project}/tasks/{task}/fields", details::values),
    ("GET", "/projects/{project}/tasks/{task}/fields/{field}", details::value),
    ("PUT", "/projects/{project}/tasks/{task}/fields/{field}", details::set_value),
    ("DELETE", "/projects/{project}/tasks/{task}/fields/{field}", details::clear_value),
];

/// Finds what carries out a request.
pub(crate) struct Routes {
    v1: Router,
    v2: Router,
    oauth: Router,
    well_known: Router,
}

/// What methods of a path do, and the path as it is in the list.
type Methods = (&'static str, HashMap<&'static str, Handler>);

type Router = matchit::Router<Methods>;

/// What of the service is asked: a version of the API, or what is beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    V1,
    V2,
    OAuth,
    WellKnown,
}

/// A request below the base of a part, as it came.
pub(crate) struct Arrived<'a> {
    pub(crate) method: &'a str,
    /// Still percent-encoded: what is encoded is part of an id.
    pub(crate) path: &'a str,
    pub(crate) query: &'a HashMap<String, String>,
    /// `Content-Type`, empty if there is none.
    pub(crate) media_type: &'a str,
    pub(crate) body: &'a [u8],
    /// `Host`, empty if there is none.
    pub(crate) host: &'a str,
}

impl Routes {
    /// Of all endpoints.
    ///
    /// # Errors
    /// If two paths cannot be told apart.
    pub(crate) fn new() -> Result<Self, InsertError> {
        Ok(Self {
            v1: router(ENDPOINTS)?,
            v2: router(V2)?,
            oauth: router(OAUTH)?,
            well_known: router(WELL_KNOWN)?,
        })
    }

    /// Most bytes that the body of a request may have.
    pub(crate) fn most_bytes(&self, path: &str) -> usize {
        match self.v1.at(path).map(|found| found.value.0) {
            Ok(UPLOAD) => media::MAX_FILE,
            Ok(IMPORT | IMPORT_ARCHIVE) => bundles::MAX_ARCHIVE,
            _ => MAX_BODY,
        }
    }

    /// Carries out a request.
    pub(crate) fn execute(&self, shared: &Shared, part: Part, arrived: &Arrived<'_>) -> Answer {
        let Arrived { method, path, query, media_type, body, host } = *arrived;
        let router = match part {
            Part::V1 => &self.v1,
            Part::V2 => &self.v2,
            Part::OAuth => &self.oauth,
            Part::WellKnown => &self.well_known,
        };
        // The connection leaves the body away.
        let method = if method == "HEAD" { "GET" } else { method };
        let found = router.at(path).ok();
        let found = found.and_then(|found| Some((*found.value.1.get(method)?, found.params)));
        let Some((handler, params)) = found else { return Answer::not_found("Not found") };
        let decode = |id: &str| percent_encoding::percent_decode_str(id).decode_utf8_lossy().into();
        let ids = params.iter().map(|(_, id)| decode(id)).collect();
        let outcome = handler(shared, &ServedCall { ids, query, media_type, body, host });
        outcome.unwrap_or_else(|refusal| refusal)
    }
}

fn router(endpoints: &[(&'static str, &'static str, Handler)]) -> Result<Router, InsertError> {
    let mut paths: BTreeMap<&str, HashMap<&str, Handler>> = BTreeMap::new();
    for (method, path, handler) in endpoints {
        paths.entry(path).or_default().insert(method, *handler);
    }
    let mut router = matchit::Router::new();
    for (path, methods) in paths {
        router.insert(path, (path, methods))?;
    }
    Ok(router)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::{ENDPOINTS, Routes};

    const DOCUMENT: &str = include_str!("../../tests/data/taskade-openapi-v1.json");

    /// What fills a path has other names here.
    fn without_names(path: &str) -> String {
        let segment = |it: &str| if it.starts_with('{') { "{}".to_owned() } else { it.to_owned() };
        path.split('/').map(segment).collect::<Vec<_>>().join("/")
    }

    #[test]
    fn every_operation_of_the_document_is_an_endpoint_and_there_are_no_others() {
        let document: Value = serde_json::from_str(DOCUMENT).unwrap();
        let mut documented = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            let path = without_names(path);
            let methods = methods.as_object().unwrap().keys();
            documented.extend(methods.map(|method| (method.to_uppercase(), path.clone())));
        }
        let mut known: BTreeSet<(String, String)> = ENDPOINTS
            .iter()
            .map(|(method, path, _)| ((*method).to_owned(), without_names(path)))
            .collect();
        // Public clients leave the slash out.
        assert!(known.remove(&("POST".to_owned(), "/projects/{}/tasks".to_owned())));
        assert_eq!(known, documented);
    }

    #[test]
    fn every_endpoint_is_found_by_its_path() {
        let routes = Routes::new().unwrap();
        for (method, path, _) in ENDPOINTS {
            // The names of what fills a path are segments as well.
            let path = path.replace(['{', '}'], "");
            let found = routes.v1.at(&path).unwrap();
            assert!(found.value.1.contains_key(method), "{method} {path}");
        }
    }
}
