//! What the endpoints do that are about what agents know, and about the conversations with them.

use serde_json::{Value, json};

use super::{
    agent_requests::{TeachMedia, TeachProject},
    agents::{self, DEFAULT_PAGE, item},
    answer::{Answer, Handled},
    call::ServedCall,
    media,
    projects::{self, broken},
    requests,
    shared::Shared,
    store_agents::{Convo, Knowledge},
};

pub(super) fn teach_project(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let request: TeachProject = requests::read(call)?;
    agents::find(shared, call.id(0))?;
    projects::find(shared, &request.project_id)?;
    teach(shared, call.id(0), Knowledge::Project, &request.project_id)
}

pub(super) fn teach_media(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let request: TeachMedia = requests::read(call)?;
    agents::find(shared, call.id(0))?;
    media::find(shared, &request.media_id)?;
    teach(shared, call.id(0), Knowledge::Media, &request.media_id)
}

fn teach(shared: &Shared, agent: &str, of: Knowledge, subject: &str) -> Handled {
    shared.store.teach(agent, of, subject).map_err(broken)?;
    Ok(Answer::item(item(shared, &agents::find(shared, agent)?)))
}

pub(super) fn unteach_project(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    unteach(shared, call, Knowledge::Project)
}

pub(super) fn unteach_media(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    unteach(shared, call, Knowledge::Media)
}

fn unteach(shared: &Shared, call: &ServedCall<'_>, of: Knowledge) -> Handled {
    agents::find(shared, call.id(0))?;
    match shared.store.unteach(call.id(0), of, call.id(1)).map_err(broken)? {
        true => Ok(Answer::ok()),
        false => Err(Answer::not_found("Knowledge not found")),
    }
}

pub(super) fn convos(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let page = requests::page(call.query, DEFAULT_PAGE)?;
    agents::find(shared, call.id(0))?;
    let convos = shared.store.convos(call.id(0)).map_err(broken)?;
    Ok(Answer::items(page.of(&convos).iter().map(convo_item).collect()))
}

pub(super) fn convo(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    agents::find(shared, call.id(0))?;
    Ok(Answer::item(convo_item(&find_convo(shared, call.id(0), call.id(1))?)))
}

fn find_convo(shared: &Shared, agent: &str, id: &str) -> Result<Convo, Answer> {
    let convo = shared.store.convo(agent, id).map_err(broken)?;
    convo.ok_or_else(|| Answer::not_found("Conversation not found"))
}

/// `Convo`, which has no messages.
fn convo_item(convo: &Convo) -> Value {
    json!({
        "id": convo.id, "space_agent_id": convo.agent, "status": convo.status,
        "title": convo.title, "data": convo.data,
    })
}

/// `getConversation` of v2, the only one that tells what was said.
pub(super) fn transcript(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let request: requests::GetConversation = requests::read(call)?;
    agents::find(shared, &request.agent_id)?;
    let convo = find_convo(shared, &request.agent_id, &request.convo_id)?;
    let mut answer = json!({ "item": convo_item(&convo) });
    if request.include_transcript {
        answer["transcript"] = convo.transcript.into();
    }
    Ok(Answer::with(answer))
}
