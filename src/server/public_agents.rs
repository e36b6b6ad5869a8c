//! What the endpoints do that are about agents as the public has them. Publishing cannot be taken back.

use serde_json::{Map, Value, json};

use super::{
    agent_requests::{UpdatePublicAgent, check_preferences},
    agents::find,
    answer::{Answer, Handled},
    call::ServedCall,
    projects::broken,
    requests,
    shared::Shared,
    store_agents::{Agent, PublicAgent},
};

/// A link to nowhere: a name below `.invalid` never resolves (RFC 2606).
fn url(public: &PublicAgent) -> String {
    format!("https://taskade.invalid/a/{}", public.id)
}

fn none() -> Answer {
    Answer::not_found("Public agent not found")
}

fn item(agent: &Agent, public: &PublicAgent) -> Value {
    let answered = ["avatar", "conversationStarters"];
    let data: Map<String, Value> = agent
        .data
        .iter()
        .filter(|(key, _)| answered.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let preferences = &public.preferences;
    json!({ "id": public.id, "name": agent.name, "data": data, "preferences": preferences })
}

pub(super) fn publish(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let agent = find(shared, call.id(0))?;
    let chatbot = [("mode".to_owned(), Value::from("chatbot"))].into_iter().collect();
    shared.store.publish(&agent.id, &chatbot).map_err(broken)?;
    let public = find(shared, &agent.id)?.public.ok_or_else(none)?;
    Ok(Answer::with(json!({ "publicUrl": url(&public) })))
}

pub(super) fn get(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    answered(&find(shared, call.id(0))?)
}

pub(super) fn get_by_public_id(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let agent = shared.store.public_agent(call.id(0)).map_err(broken)?;
    answered(&agent.ok_or_else(none)?)
}

fn answered(agent: &Agent) -> Handled {
    let public = agent.public.as_ref().ok_or_else(none)?;
    Ok(Answer::with(json!({ "item": item(agent, public), "publicUrl": url(public) })))
}

pub(super) fn update(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let request: UpdatePublicAgent = requests::read(call)?;
    check_preferences(&request.preferences)?;
    let agent = find(shared, call.id(0))?;
    let mut public = agent.public.clone().ok_or_else(none)?;
    public.preferences.extend(request.preferences);
    shared.store.set_preferences(&agent.id, &public.preferences).map_err(broken)?;
    Ok(Answer::item(item(&agent, &public)))
}
