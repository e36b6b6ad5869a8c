//! Which endpoint does what: the one list of them.

use std::collections::{BTreeMap, HashMap};

use super::{
    answer::{Answer, Outcome},
    call::Call,
    details, projects,
    shared::Shared,
    tasks,
};

/// What carries out a request for an endpoint.
type Handler = fn(&Shared, &Call<'_>) -> Outcome;

/// Every endpoint: its method, its path below the API's base, and what it does.
const ENDPOINTS: &[(&str, &str, Handler)] = &[
    ("GET", "/workspaces", projects::workspaces),
    ("GET", "/workspaces/{workspace}/folders", projects::folders),
    ("POST", "/workspaces/{workspace}/projects", projects::create_project_in),
    ("GET", "/folders/{folder}/projects", projects::projects),
    ("GET", "/bundles/{space}/export", projects::export),
    ("POST", "/projects", projects::create_project),
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
pub(crate) struct Routes(matchit::Router<HashMap<&'static str, Handler>>);

/// A request below the API's base, as it came.
pub(crate) struct Arrived<'a> {
    pub(crate) method: &'a str,
    /// Still percent-encoded: what is encoded is part of an id.
    pub(crate) path: &'a str,
    pub(crate) query: &'a HashMap<String, String>,
    /// `Content-Type`, empty if there is none.
    pub(crate) media_type: &'a str,
    pub(crate) body: &'a [u8],
}

impl Routes {
    /// Of all endpoints.
    ///
    /// # Errors
    /// If two paths cannot be told apart.
    pub(crate) fn new() -> Result<Self, matchit::InsertError> {
        let mut paths: BTreeMap<&str, HashMap<&str, Handler>> = BTreeMap::new();
        for (method, path, handler) in ENDPOINTS {
            paths.entry(path).or_default().insert(method, *handler);
        }
        let mut router = matchit::Router::new();
        for (path, methods) in paths {
            router.insert(path, methods)?;
        }
        Ok(Self(router))
    }

    /// Carries out a request.
    pub(crate) fn execute(&self, shared: &Shared, arrived: &Arrived<'_>) -> Answer {
        let Arrived { method, path, query, media_type, body } = *arrived;
        let found = self.0.at(path).ok();
        let found = found.and_then(|found| Some((*found.value.get(method)?, found.params)));
        let Some((handler, params)) = found else { return Answer::not_found("Not found") };
        let decode = |id: &str| percent_encoding::percent_decode_str(id).decode_utf8_lossy().into();
        let ids = params.iter().map(|(_, id)| decode(id)).collect();
        let outcome = handler(shared, &Call { ids, query, media_type, body });
        outcome.unwrap_or_else(|refusal| refusal)
    }
}

#[cfg(test)]
mod tests {
    use super::{ENDPOINTS, Routes};

    #[test]
    fn every_endpoint_is_found_by_its_path() {
        let routes = Routes::new().unwrap();
        for (method, path, _) in ENDPOINTS {
            // The names of what fills a path are segments as well.
            let path = path.replace(['{', '}'], "");
            let found = routes.0.at(&path).unwrap();
            assert!(found.value.contains_key(method), "{method} {path}");
        }
    }
}
