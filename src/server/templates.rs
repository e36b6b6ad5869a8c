//! What the endpoints do that are about templates of projects.

use serde_json::json;

use super::{
    agents::DEFAULT_PAGE,
    answer::{Answer, Handled},
    bundle,
    call::ServedCall,
    imported::Imported,
    projects::{broken, check_space, with_nulls, written},
    requests::{self, FromTemplate},
    shared::Shared,
    store::Store,
    store_templates::Template,
};
use crate::{
    error::{Error, Kind, Result},
    ids::{ProjectId, SpaceId},
};

pub(super) fn list(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let page = requests::page(call.query, DEFAULT_PAGE)?;
    check_space(shared, call.id(0))?;
    let templates = shared.store.templates(call.id(0)).map_err(broken)?;
    let item = |template: &Template| json!({ "id": template.id, "name": template.name });
    Ok(Answer::items(with_nulls(shared, page.of(&templates).iter().map(item).collect())))
}

pub(super) fn create_project(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let request: FromTemplate = requests::read(call)?;
    if request.template_id.is_empty() {
        return Err(Answer::bad_request("templateId: not empty"));
    }
    check_space(shared, &request.folder_id)?;
    let template = shared.store.template(&request.template_id).map_err(broken)?;
    let template = template.ok_or_else(|| Answer::not_found("Template not found"))?;
    let project = Imported::of_value(template.item).map_err(|why| Answer::refusal(500, &why))?;
    let folder = SpaceId::new(&request.folder_id);
    let id = shared.store.import(&folder, &project).map_err(broken)?;
    Ok(written(
        shared,
        match shared.quirks.create_answers_name {
            true => json!({ "id": id, "name": template.name }),
            false => json!({ "id": id }),
        },
    ))
}

impl Store {
    /// Makes a template of a project, as somebody else would. Its id.
    ///
    /// # Errors
    /// If the store cannot be used, or there is no such project.
    pub fn add_template(&self, space: &SpaceId, name: &str, of: &ProjectId) -> Result<String> {
        if self.project(of.as_str())?.is_none() {
            return Err(Error::new(Kind::NotFound, "no such project"));
        }
        let mut item = bundle::project_item(self, of.as_str())?;
        if let Some(title) = item.pointer_mut("/root/children/0/text/ops/0/insert") {
            *title = name.into();
        }
        self.make_template(space.as_str(), name, &item)
    }
}
