//! Agents, what they know, and the conversations with them.

use serde_json::json;

use super::Scene;
use crate::support::mount::PROGRAM;

/// With the agent `Scout`.
fn begun(flags: &[&str]) -> Scene {
    let scene = Scene::of(flags, |store, workspace| {
        let scout = store.add_agent(workspace, "Scout", "Look around.").unwrap();
        let convo = store.add_convo(&scout, "Plans", "said").unwrap();
        let media = store.add_media(workspace, "a.png", "image/png", b"png").unwrap();
        vec![("Scout", scout), ("Plans", convo), ("a.png", media)]
    });
    scene.prepare("ls . Marketing");
    scene
}

#[test]
fn an_agent_is_listed_changed_made_and_deleted_as_a_directory() {
    let scene = begun(&[]);
    let listed = ["GET /folders/<Acme>/agents?limit=20&page=1"];
    scene.reaches("folderAgentGet", "ls .taskade/agents; cat .taskade/agents/*/*.md", &listed);
    let data = json!({ "commands": [], "description": "Look up." });
    let patch = format!("PATCH /agents/<Scout> {}", json!({ "data": data }));
    scene.reaches("agentUpdate", "echo Look up. > .taskade/agents/Scout/prompt.md", &[&patch]);
    let data = json!({ "type": "data", "data": { "commands": [], "description": "Lead." } });
    let post = format!("POST /folders/<Acme>/agents {}", json!({ "name": "Guide", "data": data }));
    let make = "cd .taskade/agents && mkdir Guide && echo Lead. > Guide/prompt.md";
    scene.reaches("folderCreateAgent", make, &[&post]);
    let removed = ["GET /agents/<Scout>/convos/?limit=20&page=1", "DELETE /agents/<Scout>"];
    scene.reaches("deleteAgent", "rm -r .taskade/agents/Scout", &removed);
    scene.mounted.end();
}

#[test]
fn an_agent_that_is_older_is_read_by_itself() {
    let scene = begun(&["--max-age", "0"]);
    scene.prepare("cat .taskade/agents/Scout/prompt.md");
    let read = ["GET /agents/<Scout>"];
    scene.reaches_beside("agentGet", "cat .taskade/agents/Scout/prompt.md", &read);
    scene.mounted.end();
}

#[test]
fn an_agent_is_generated_from_a_description() {
    let scene = begun(&[]);
    scene.prepare("ls .taskade/agents");
    let post = r#"POST /folders/<Acme>/agent-generate {"text":"Answers."}"#;
    scene.reaches("folderAgentGenerate", "echo Answers. > .taskade/agents/.generate", &[post]);
    scene.mounted.end();
}

#[test]
fn an_agent_is_published_and_read_as_everybody_reads_it() {
    let scene = begun(&[]);
    scene.prepare("ls .taskade/agents");
    let file = ".taskade/agents/Scout/public.json";
    let read = ["GET /agents/<Scout>/public-agent"];
    scene.reaches("agentPublicGet", &format!("cat {file}"), &read);
    let publish = format!("echo '{{\"enabled\": true}}' > {file}");
    let published = ["PUT /agents/<Scout>/publicAccess {}"];
    scene.reaches("agentPublicAccessEnable", &publish, &published);
    let change = format!("echo '{{\"preferences\": {{\"theme\": \"dark\"}}}}' > {file}");
    let changed = [r#"PATCH /agents/<Scout>/public-agent {"preferences":{"theme":"dark"}}"#];
    scene.reaches("agentPublicUpdate", &change, &changed);
    scene.name("Public", &format!("jq -j .id {file}"));
    let (url, token) = (scene.mounted.server().url(), "$HOME/store/token");
    let show =
        format!("{PROGRAM} agent show $(jq -j .id {file}) --api-url {url} --token-file {token}");
    scene.reaches("publicAgentGet", &show, &[read[0], "GET /public-agents/<Public>"]);
    scene.mounted.end();
}

#[test]
fn what_an_agent_knows_is_links() {
    let scene = begun(&[]);
    scene.mounted.ok("ls .taskade/agents");
    scene.await_media("a.png");
    scene.prepare("ls .taskade/media");
    let knowledge = ".taskade/agents/Scout/knowledge";
    let link = |target: &str| format!("ln -s ../../../../{target} {knowledge}/");
    let taught = [r#"POST /agents/<Scout>/knowledge/project {"projectId":"<Plan>"}"#];
    scene.reaches("agentKnowledgeProjectCreate", &link("Plan.md"), &taught);
    let taught = [r#"POST /agents/<Scout>/knowledge/media {"mediaId":"<a.png>"}"#];
    scene.reaches("agentKnowledgeMediaCreate", &link(".taskade/media/a.png"), &taught);
    let remove = |name: &str| format!("rm {knowledge}/{name}");
    let forgotten = ["DELETE /agents/<Scout>/knowledge/project/<Plan>"];
    scene.reaches("agentKnowledgeProjectRemove", &remove("Plan.md"), &forgotten);
    let forgotten = ["DELETE /agents/<Scout>/knowledge/media/<a.png>"];
    scene.reaches("agentKnowledgeMediaRemove", &remove("a.png"), &forgotten);
    scene.mounted.end();
}

#[test]
fn conversations_are_listed_and_one_that_is_older_is_read_by_itself() {
    let scene = begun(&["--max-age", "0"]);
    scene.prepare("ls .taskade/agents/Scout");
    let convos = ".taskade/agents/Scout/conversations";
    let listed = ["GET /agents/<Scout>/convos/?limit=20&page=1"];
    scene.reaches_beside("agentConvosGet", &format!("ls {convos}"), &listed);
    let read =
        ["GET /agents/<Scout>/convos/<Plans>", "GET /agents/<Scout>/convos/?limit=20&page=1"];
    scene.reaches_beside("agentConvoGet", &format!("cat {convos}/Plans.json"), &read);
    scene.mounted.end();
}
