//! What the endpoints do that are about agents themselves. Nothing thinks here: what is generated,
//! or made of a template, is canned and says so.

use serde_json::{Map, Value, json};

use super::{
    agent_requests::{CreateAgent, GenerateAgent, Source, UpdateAgent, check_data},
    answer::{Answer, Handled},
    call::ServedCall,
    projects::{broken, check_space, with_nulls},
    requests,
    shared::Shared,
    store_agents::Agent,
};

/// How many agents or conversations a page has without `limit`.
pub(super) const DEFAULT_PAGE: usize = 20;

/// The feature that generating an agent uses up.
const CREDITS: &str = "ai-credits";

pub(super) fn list(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let page = requests::page(call.query, DEFAULT_PAGE)?;
    check_space(shared, call.id(0))?;
    let agents = shared.store.agents(call.id(0)).map_err(broken)?;
    let items = page.of(&agents).iter().map(|agent| item(shared, agent));
    Ok(Answer::items(with_nulls(shared, items.collect())))
}

/// `SpaceAgent`.
pub(super) fn item(shared: &Shared, agent: &Agent) -> Value {
    let mut data = agent.data.clone();
    if shared.quirks.extra_fields {
        data.insert("llm".to_owned(), json!({ "type": "auto" }));
    }
    json!({ "id": agent.id, "name": agent.name, "space_id": agent.space, "data": data })
}

pub(super) fn find(shared: &Shared, id: &str) -> Result<Agent, Answer> {
    let agent = shared.store.agent(id).map_err(broken)?;
    agent.ok_or_else(|| Answer::not_found("Agent not found"))
}

/// What is there, as an item that may be null where nothing is.
pub(super) fn found_or_null(shared: &Shared, found: Result<Value, Answer>) -> Handled {
    match found {
        Err(refusal) if refusal.status == 404 && shared.quirks.missing_is_null => {
            Ok(Answer::item(Value::Null))
        }
        found => found.map(Answer::item),
    }
}

pub(super) fn get(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    found_or_null(shared, find(shared, call.id(0)).map(|agent| item(shared, &agent)))
}

pub(super) fn create(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let request: CreateAgent = requests::read(call)?;
    let data = match request.data {
        Source::Data(of) => {
            check_data(&of.data, &Map::new())?;
            of.data
        }
        Source::Template(of) => {
            of.template.check()?;
            let prompt = format!("A canned {}: this server has no templates.", of.template.kind);
            let avatar = of.template.avatar.map(|avatar| json!(avatar));
            canned(&prompt, avatar)
        }
    };
    make(shared, call.id(0), &request.name, &data)
}

pub(super) fn generate(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let request: GenerateAgent = requests::read(call)?;
    check_space(shared, call.id(0))?;
    if shared.quirks.out_of_credits {
        return Err(Answer::payment_required("no AI credits are left", CREDITS));
    }
    let name: Vec<&str> = request.text.split_whitespace().take(4).collect();
    let name = if name.is_empty() { "Agent".to_owned() } else { name.join(" ") };
    let prompt = format!("Canned: this server generates nothing. Asked for was: {}", request.text);
    make(shared, call.id(0), &name, &canned(&prompt, None))
}

fn canned(prompt: &str, avatar: Option<Value>) -> Map<String, Value> {
    let mut data = Map::new();
    data.insert("commands".to_owned(), json!([]));
    data.insert("description".to_owned(), prompt.into());
    data.extend(avatar.map(|avatar| ("avatar".to_owned(), avatar)));
    data
}

fn make(shared: &Shared, space: &str, name: &str, data: &Map<String, Value>) -> Handled {
    check_space(shared, space)?;
    let id = shared.store.make_agent(space, name, data).map_err(broken)?;
    Ok(Answer::item(item(shared, &find(shared, &id)?)))
}

pub(super) fn update(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let request: UpdateAgent = requests::read(call)?;
    let mut agent = find(shared, call.id(0))?;
    if let Some(mut data) = request.data {
        let mut known = agent.data.clone();
        if shared.quirks.extra_fields {
            // What was told by this quirk is no part of what is kept.
            known.insert("llm".to_owned(), Value::Null);
        }
        check_data(&data, &known)?;
        data.retain(|key, _| key != "llm" || agent.data.contains_key(key));
        match shared.quirks.patches_merge {
            true => agent.data.extend(data),
            false => agent.data = data,
        }
    }
    let name = request.name.unwrap_or(agent.name);
    shared.store.set_agent(&agent.id, &name, &agent.data).map_err(broken)?;
    found_or_null(shared, find(shared, &agent.id).map(|agent| item(shared, &agent)))
}

pub(super) fn delete(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    match shared.store.delete_agent(call.id(0)).map_err(broken)? {
        true => Ok(Answer::ok()),
        false => Err(Answer::not_found("Agent not found")),
    }
}
