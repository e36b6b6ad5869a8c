//! Editors and shells at the files of agents.

use std::fs;

use serde_json::json;

use super::Scene;
use crate::support::mount::{PROGRAM, until};

fn patch(prompt: &str) -> String {
    let data = json!({ "commands": [], "description": prompt });
    format!("PATCH /agents/A {}", json!({ "data": data }))
}

#[test]
fn every_way_of_saving_is_one_request() {
    let scene = Scene::of(&[], |_, _, _| {});
    scene.ok("ls .taskade/agents");
    scene.requests();
    for (script, prompt) in [
        ("echo 'By a shell.' > prompt.md", "By a shell."),
        ("echo 'And more.' >> prompt.md", "By a shell.\nAnd more."),
        ("sed -i 's/more/less/' prompt.md", "By a shell.\nAnd less."),
        ("perl -pi -e 's/less/none/' prompt.md", "By a shell.\nAnd none."),
        ("printf 'copied\\n' > $HOME/c; cp $HOME/c prompt.md", "copied"),
        ("printf 'moved\\n' > $HOME/m; mv $HOME/m prompt.md", "moved"),
        ("vim -es -u NONE -N -c 's/moved/vim/' -c wq prompt.md", "vim"),
        (
            "vim -es -u NONE -N --cmd 'set backup backupcopy=no' -c 's/vim/backup/' -c wq prompt.md",
            "backup",
        ),
    ] {
        scene.ok(&format!("cd .taskade/agents/Scout && {script}"));
        assert_eq!(scene.requests(), [patch(prompt)], "{script}");
        let text = fs::read_to_string(scene.scout().join("prompt.md")).unwrap();
        assert_eq!(text, format!("{prompt}\n"), "{script}");
    }
    scene
        .ok("cd .taskade/agents/Scout && jq '.name = \"Guide\"' agent.json > x && mv x agent.json");
    assert_eq!(scene.requests(), [r#"PATCH /agents/A {"name":"Guide"}"#]);
    assert_eq!(scene.ok("ls .taskade/agents"), "Guide\n");
    scene.mounted.end();
}

#[test]
fn an_agent_is_renamed_and_deleted_with_its_directory() {
    let scene = Scene::of(&[], |store, _, id| drop(store.add_convo(id, "Plans", "said").unwrap()));
    scene.ok("mv .taskade/agents/Scout .taskade/agents/Guide");
    assert_eq!(scene.requests().last().unwrap(), r#"PATCH /agents/A {"name":"Guide"}"#);
    scene.ok("rm -r .taskade/agents/Guide");
    assert_eq!(scene.ok("ls .taskade/agents"), "");
    until("it is deleted", || scene.requests().contains(&"DELETE /agents/A".to_owned()));
    assert!(scene.store().delete_agent_elsewhere(&scene.id).is_err());
    scene.mounted.end();
}

#[test]
fn an_agent_whose_conversations_nobody_listed_is_deleted_offline_and_at_taskade_later() {
    let mut scene =
        Scene::of(&[], |store, _, id| drop(store.add_convo(id, "Plans", "said").unwrap()));
    scene.ok("ls .taskade/agents");
    let (address, token) = (scene.mounted.address(), scene.mounted.server().token().clone());
    scene.mounted.stop_server();
    scene.ok("rm -r .taskade/agents/Scout");
    assert_eq!(scene.ok("ls .taskade/agents"), "");
    scene.mounted.start_server(address, token);
    until("it is deleted", || scene.requests().contains(&"DELETE /agents/A".to_owned()));
    scene.mounted.end();
}

#[test]
fn a_command_tells_what_was_done_to_agents_and_takes_it_back() {
    let scene = Scene::of(&[], |_, _, _| {});
    scene.ok("cat .taskade/agents/Scout/prompt.md; echo Nod. > .taskade/agents/Scout/prompt.md");
    let told = scene.ok(&format!("{PROGRAM} history .taskade/agents/Scout"));
    assert!(told.contains("agent edited: description"), "{told}");
    scene.ok(&format!("{PROGRAM} undo --yes .taskade/agents/Scout"));
    assert_eq!(scene.ok("cat .taskade/agents/Scout/prompt.md"), "Look around.\n");
    scene.ok("rm -r .taskade/agents/Scout");
    until("it is deleted", || scene.requests().contains(&"DELETE /agents/A".to_owned()));
    until("it is told", || scene.ok(&format!("{PROGRAM} history")).contains("agent deleted"));
    scene.ok(&format!("{PROGRAM} undo --yes"));
    assert_eq!(scene.ok("cat .taskade/agents/Scout/prompt.md"), "Look around.\n");
    scene.mounted.end();
}
