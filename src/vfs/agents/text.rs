//! From what was written to a file of an agent to what the agent is to be. Pure.

use serde_json::{Map, Value};

use crate::{
    api::{AgentState, RemoteAgent},
    error::{Error, Kind, Result},
    ids::AgentId,
    sync::operation::agent::body::PublicWish,
};

/// An agent with another prompt: that of a file.
///
/// # Errors
/// [`Kind::Invalid`] for what is no text.
pub(crate) fn with_prompt(seen: &AgentState, text: &[u8]) -> Result<AgentState> {
    let text = std::str::from_utf8(text)
        .map_err(|error| Error::new(Kind::Invalid, "a prompt is text, in UTF-8").because(error))?;
    if text.contains('\0') {
        return Err(Error::new(Kind::Invalid, "a prompt has no NUL in it"));
    }
    let prompt = text.strip_suffix('\n').unwrap_or(text);
    let mut wanted = seen.clone();
    let known = seen.data.get(RemoteAgent::PROMPT).and_then(Value::as_str);
    if prompt != known.unwrap_or_default() {
        wanted.data.insert(RemoteAgent::PROMPT.to_owned(), prompt.into());
    }
    Ok(wanted)
}

/// An agent as the JSON of a file has it. What of it cannot be changed has to be as it is, if it is
/// there; its id may be the one that it had here before it was made.
///
/// # Errors
/// [`Kind::Invalid`] for what is no agent, or another one.
pub(crate) fn whole(agent: &RemoteAgent, first: &AgentId, text: &[u8]) -> Result<AgentState> {
    let invalid = |what: String| Error::new(Kind::Invalid, what);
    let written: Map<String, Value> = serde_json::from_slice(text)
        .map_err(|error| invalid("this is no JSON object".to_owned()).because(error))?;
    for (key, value) in &written {
        let is_first = key == "id" && value.as_str() == Some(first.as_str());
        let can_change = is_first || matches!(key.as_str(), "name" | "data");
        if !can_change && agent.item.get(key) != Some(value) {
            return Err(invalid(format!("{key:?} cannot be changed"))
                .hint("change `name`, and what is in `data`"));
        }
    }
    let name = match written.get("name") {
        Some(Value::String(name)) => name.clone(),
        None => agent.name.clone(),
        Some(_) => return Err(invalid("`name` is a text".to_owned())),
    };
    match written.get("data") {
        Some(Value::Object(data)) => Ok(AgentState { name, data: data.clone() }),
        _ => Err(invalid("`data` is an object".to_owned())),
    }
}

/// What is wanted of an agent as the public has it.
///
/// # Errors
/// [`Kind::NotPermitted`] for what takes it back, [`Kind::Invalid`] for what is no wish.
pub(crate) fn public(text: &[u8]) -> Result<PublicWish> {
    let invalid = |what: &str| {
        Error::new(Kind::Invalid, what)
            .hint(r#"write {"enabled": true} to publish, and `preferences` to change these"#)
    };
    let written: Value =
        serde_json::from_slice(text).map_err(|error| invalid("this is no JSON").because(error))?;
    let is_no = |value: &Value| matches!(value, Value::Null | Value::Bool(false));
    if is_no(&written) || written.get("enabled").is_some_and(is_no) {
        let what = "Taskade's API cannot take the publishing of an agent back";
        return Err(Error::new(Kind::NotPermitted, what).hint("do it in the app"));
    }
    let is_published = written.get("enabled") == Some(&Value::Bool(true));
    let preferences = written.get("preferences").and_then(Value::as_object).cloned();
    if !is_published && preferences.is_none() {
        return Err(invalid("this asks for nothing"));
    }
    Ok(PublicWish { is_published, preferences })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{public, whole, with_prompt};
    use crate::{
        api::{AgentState, RemoteAgent},
        error::Kind,
        ids::AgentId,
        text::prompt::prompt_text,
    };

    fn agent() -> RemoteAgent {
        let item = json!({ "id": "a", "name": "Scout", "space_id": "w", "new": 1,
                           "data": { "commands": [], "description": "Look." } });
        let Value::Object(item) = item else { unreachable!() };
        RemoteAgent { id: AgentId::new("a"), name: "Scout".to_owned(), item }
    }

    #[test]
    fn a_whole_agent_may_change_its_name_and_its_data_and_nothing_else() {
        let agent = agent();
        let read = |text: &str| whole(&agent, &AgentId::new("new"), text.as_bytes());
        let as_it_is = Value::from(agent.item.clone()).to_string();
        assert_eq!(read(&as_it_is).unwrap(), agent.state());
        let bare = read(r#"{"data":{"commands":[],"x":1}}"#).unwrap();
        assert_eq!((bare.name.as_str(), &bare.data["x"]), ("Scout", &json!(1)));
        assert_eq!(read(r#"{"name":"Clerk","data":{}}"#).unwrap().name, "Clerk");
        assert!(read(r#"{"id":"new","data":{}}"#).is_ok(), "as it was read before it was made");
        for refused in [
            "",
            "[]",
            r#"{"data":{}"#,
            r#"{"name":"x"}"#,
            r#"{"name":7,"data":{}}"#,
            r#"{"data":null}"#,
            r#"{"id":"b","data":{}}"#,
            r#"{"mine":1,"data":{}}"#,
        ] {
            assert_eq!(read(refused).unwrap_err().kind(), Kind::Invalid, "{refused}");
        }
    }

    #[test]
    fn publishing_is_asked_for_by_name_and_never_taken_back() {
        let read = |text: &str| public(text.as_bytes());
        let wish = read(r#"{"enabled":true}"#).unwrap();
        assert!(wish.is_published && wish.preferences.is_none());
        let wish = read(r#"{"publicUrl":"x","preferences":{"theme":"dark"}}"#).unwrap();
        assert_eq!((wish.is_published, wish.preferences.unwrap().len()), (false, 1));
        for no in ["null", "false", r#"{"enabled":false}"#, r#"{"enabled":null}"#] {
            assert_eq!(read(no).unwrap_err().kind(), Kind::NotPermitted, "{no}");
        }
        for odd in ["", "{", "{}", "true", r#"{"publicUrl":"x"}"#] {
            assert_eq!(read(odd).unwrap_err().kind(), Kind::Invalid, "{odd}");
        }
    }

    #[test]
    fn a_prompt_is_text_and_an_agent_without_one_gets_none_by_an_empty_file() {
        let none = AgentState { name: "x".to_owned(), data: Default::default() };
        assert_eq!(with_prompt(&none, b"").unwrap(), none);
        for refused in [&b"\xff"[..], b"a\0"] {
            assert_eq!(with_prompt(&none, refused).unwrap_err().kind(), Kind::Invalid);
        }
    }

    proptest! {
        #[test]
        fn a_prompt_comes_back_as_it_was_and_any_other_is_another(
            prompt in "[a\n\r ]{0,5}",
            other in "[a\n\r ]{0,5}",
        ) {
            let mut seen = agent().state();
            seen.data.insert("description".to_owned(), prompt.clone().into());
            prop_assert_eq!(&with_prompt(&seen, prompt_text(&prompt).as_bytes()).unwrap(), &seen);
            let changed = with_prompt(&seen, prompt_text(&other).as_bytes()).unwrap();
            prop_assert_eq!(changed == seen, prompt == other);
        }
    }
}
