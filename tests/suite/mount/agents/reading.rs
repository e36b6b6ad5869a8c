//! What is read of agents, and what that costs.

use std::{fs, os::unix::fs::MetadataExt};

use serde_json::{Value, json};
use taskadefs::server::{Fault, Quirks};

use super::Scene;
use crate::support::mount::until;

#[test]
fn an_agent_is_a_directory_whose_files_one_listing_tells() {
    let scene = Scene::of(&[], |_, _, _| {});
    assert!(scene.ok("ls .taskade").contains("agents\n"));
    assert_eq!(scene.requests(), [""; 0]);
    assert_eq!(scene.ok("ls .taskade/agents"), "Scout\n");
    assert_eq!(scene.requests(), [scene.listing()]);
    let listed = "agent.json\nconversations\nknowledge\nprompt.md\npublic.json\n";
    assert_eq!(scene.ok("ls .taskade/agents/Scout"), listed);
    let prompt = scene.scout().join("prompt.md");
    assert_eq!(fs::read_to_string(&prompt).unwrap(), "Look around.\n");
    let whole = fs::read(scene.scout().join("agent.json")).unwrap();
    let wanted = json!({ "id": scene.id, "name": "Scout", "space_id": scene.workspace,
                         "data": { "commands": [], "description": "Look around." } });
    assert_eq!(serde_json::from_slice::<Value>(&whole).unwrap(), wanted);
    assert_eq!(fs::metadata(&prompt).unwrap().size(), 13);
    assert_eq!(scene.requests(), [""; 0], "the listing has told all of it");
    scene.mounted.end();
}

#[test]
fn what_walks_through_agents_costs_their_listing_and_no_request_for_each() {
    let scene = Scene::of(&[], |store, workspace, _| {
        for number in 0..45 {
            store.add_agent(workspace, &format!("Agent {number}"), "x").unwrap();
        }
    });
    scene.ok("cd .taskade/agents && ls -lR */*.* */knowledge && du -s */*.*");
    scene.ok("cd .taskade/agents && grep -c . */prompt.md */agent.json");
    assert_eq!(scene.requests(), vec![scene.listing(); 3], "46 agents are three pages");
    scene.mounted.end();
}

#[test]
fn an_agent_that_is_older_is_read_again_by_itself_and_a_change_is_seen() {
    let scene = Scene::of(&["--max-age", "0"], |_, _, _| {});
    let prompt = scene.scout().join("prompt.md");
    assert_eq!(fs::read_to_string(&prompt).unwrap(), "Look around.\n");
    let before = fs::metadata(&prompt).unwrap().modified().unwrap();
    let nods = |_: &mut String, data: &mut serde_json::Map<String, Value>| {
        data.insert("description".to_owned(), "Nod.".into());
    };
    scene.store().change_agent_elsewhere(&scene.id, nods).unwrap();
    until("the change is seen", || fs::read_to_string(&prompt).unwrap() == "Nod.\n");
    let found = fs::metadata(&prompt).unwrap();
    assert!(found.modified().unwrap() > before);
    assert_eq!(found.size(), 5);
    scene.requests();
    fs::read(&prompt).unwrap();
    assert_eq!(scene.requests().last().unwrap(), "GET /agents/A");
    scene.store().delete_agent_elsewhere(&scene.id).unwrap();
    until("it is gone", || fs::read(&prompt).is_err());
    assert_eq!(scene.ok("ls .taskade/agents"), "");
    scene.mounted.end();
}

#[test]
fn a_name_stays_with_its_agent_across_remounts_and_is_made_safe() {
    let scene = Scene::of(&["--max-age", "0"], |store, workspace, _| {
        for name in ["Scout", "a/b", ".hidden", ""] {
            store.add_agent(workspace, name, name).unwrap();
        }
    });
    let names = scene.ok("ls .taskade/agents");
    let second: Vec<&str> = names.lines().filter(|name| name.starts_with("Scout ~")).collect();
    assert_eq!(second.len(), 1, "{names}");
    for name in ["Scout\n", "a／b\n", "．hidden\n", "Untitled\n"] {
        assert!(names.contains(name), "{names}");
    }
    scene.mounted.end();
    scene.store().delete_agent_elsewhere(&scene.id).unwrap();
    scene.mounted.begin();
    until("the first is gone", || !scene.scout().exists());
    assert!(scene.agents().join(second[0]).exists(), "the name of the other is its own");
    scene.mounted.end();
}

#[test]
fn public_json_is_null_before_and_tells_the_address_after() {
    let scene = Scene::of(&[], |_, _, _| {});
    let public = scene.scout().join("public.json");
    assert_eq!(fs::read_to_string(&public).unwrap(), "null\n");
    assert_eq!(scene.requests(), [scene.listing(), "GET /agents/A/public-agent".into()]);
    scene.store().publish_elsewhere(&scene.id).unwrap();
    let told: Value = serde_json::from_slice(&fs::read(&public).unwrap()).unwrap();
    assert!(told["publicUrl"].as_str().unwrap().starts_with("https://taskade.invalid/a/"));
    assert_eq!(told["preferences"], json!({}));
    scene.mounted.end();
}

#[test]
fn conversations_are_metadata_and_a_transcript_each() {
    let scene = Scene::of(&[], |store, _, id| {
        store.add_convo(id, "Plans", "**You**: hi\n\n**Scout**: ho").unwrap();
        store.add_convo(id, "Plans", "").unwrap();
    });
    let listed = scene.ok("ls .taskade/agents/Scout/conversations");
    let names: Vec<&str> = listed.lines().collect();
    assert_eq!(names.len(), 4, "{listed}");
    assert!(names.contains(&"Plans.json") && names.contains(&"Plans.md"), "{listed}");
    assert_eq!(scene.requests(), [scene.listing(), "GET /agents/A/convos/".into()]);
    let convos = scene.scout().join("conversations");
    let told = fs::read(convos.join("Plans.json")).unwrap();
    let told: Value = serde_json::from_slice(&told).unwrap();
    assert_eq!(told["title"], "Plans");
    assert_eq!(scene.requests(), [""; 0], "the listing has told that");
    let text = fs::read_to_string(convos.join("Plans.md")).unwrap();
    assert_eq!(text, "**You**: hi\n\n**Scout**: ho\n");
    let body = json!({ "agentId": "A", "convoId": told["id"], "includeTranscript": true });
    assert_eq!(scene.requests(), [format!("POST /api/v2/getConversation {body}")]);
    scene.mounted.end();
}

#[test]
fn a_transcript_that_is_not_told_is_not_found_and_not_listed_any_more() {
    let scene = Scene::of(&[], |store, _, id| drop(store.add_convo(id, "Plans", "said").unwrap()));
    let faults = scene.mounted.server().faults();
    faults.plan(Some("POST"), "/api/v2/getConversation", 0, 1, Fault::Status(404, None));
    let error = fs::read(scene.scout().join("conversations/Plans.md")).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
    assert_eq!(scene.ok("ls .taskade/agents/Scout/conversations"), "Plans.json\n");
    scene.mounted.end();
}

#[test]
fn knowledge_is_links_that_lead_to_the_projects_an_export_names() {
    let scene = Scene::of(&[], |store, workspace, id| {
        let (plan, _) = store.find_projects("Plan").unwrap().remove(0);
        store.teach_elsewhere(id, &plan).unwrap();
        let folder = store.add_folder(workspace, "Marketing").unwrap();
        let clerk = store.add_agent(&folder, "Clerk", "").unwrap();
        let launch = store.add_project(&folder, "Launch", "go").unwrap();
        store.teach_elsewhere(&clerk, &launch).unwrap();
    });
    let (scout, clerk) =
        (".taskade/agents/Scout/knowledge", "Marketing/.taskade/agents/Clerk/knowledge");
    assert_eq!(scene.ok(&format!("ls {scout}")), "README.md\n");
    scene.ok("cat Plan.md Marketing/Launch.md");
    until("the exports were read", || {
        let listed = scene.ok(&format!("ls {scout} {clerk}"));
        listed.contains("Plan.md") && listed.contains("Launch.md")
    });
    scene.ok(&format!("cmp {scout}/Plan.md Plan.md && cmp {clerk}/Launch.md Marketing/Launch.md"));
    let target = scene.ok(&format!("readlink {clerk}/Launch.md"));
    assert_eq!(target, "../../../../../../Acme/Marketing/Launch.md\n");
    assert!(scene.ok(&format!("cat {scout}/README.md")).contains("last export"));
    scene.mounted.end();
    scene.mounted.begin();
    assert_eq!(scene.ok(&format!("ls {scout}")), "Plan.md\nREADME.md\n");
    scene.mounted.end();
}

#[test]
fn agents_are_read_offline_and_refusals_are_told() {
    let quirks = Quirks { missing_is_null: true, extra_fields: true, ..Quirks::default() };
    let mut scene = Scene::with(quirks, &[], |store, _, id| {
        drop(store.add_convo(id, "Plans", "said").unwrap())
    });
    for (status, wanted) in [(401, libc::EACCES), (403, libc::EACCES), (402, libc::EDQUOT)] {
        let faults = scene.mounted.server().faults();
        faults.plan(Some("GET"), "/agents", 0, 1, Fault::Status(status, None));
        let error = fs::read_dir(scene.agents()).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(wanted), "{status}");
    }
    scene.ok("ls .taskade/agents/Scout/conversations");
    let whole = scene.ok("cat .taskade/agents/Scout/agent.json");
    assert!(whole.contains("\"llm\""), "unknown keys are kept: {whole}");
    scene.mounted.stop_server();
    assert_eq!(scene.ok("cat .taskade/agents/Scout/prompt.md"), "Look around.\n");
    assert_eq!(scene.ok("ls .taskade/agents/Scout/conversations").lines().count(), 2);
    let error = fs::read(scene.scout().join("conversations/Plans.md")).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EIO));
}
