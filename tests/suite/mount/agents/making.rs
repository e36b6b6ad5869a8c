//! Making agents, what they know, and what everybody sees of them, on a real mount.

use std::{fs, process::Command};

use serde_json::{Value, json};
use taskadefs::server::Quirks;

use super::Scene;
use crate::support::mount::{PROGRAM, run, said, until};

#[test]
fn an_agent_is_made_known_to_and_published_by_shell_commands() {
    let scene = Scene::of(&[], |_, _, _| {});
    scene.ok("ls .taskade/agents");
    scene.requests();
    scene.ok("cd .taskade/agents && mkdir Guide && echo 'Lead the way.' > Guide/prompt.md");
    let data = json!({ "commands": [], "description": "Lead the way." });
    let body = json!({ "name": "Guide", "data": { "type": "data", "data": data } });
    let post = format!("POST /folders/{}/agents {body}", scene.workspace);
    assert_eq!(scene.requests(), [post]);
    assert_eq!(scene.ok("ls .taskade/agents"), "Guide\nScout\n");
    assert_eq!(scene.ok("cat .taskade/agents/Guide/prompt.md"), "Lead the way.\n");
    scene.ok("ln -s ../../../../Plan.md .taskade/agents/Scout/knowledge/");
    let known = json!({ "projectId": scene.mounted.project });
    assert_eq!(scene.requests(), [format!("POST /agents/A/knowledge/project {known}")]);
    scene.ok("cmp Plan.md .taskade/agents/Scout/knowledge/Plan.md");
    scene.ok("rm .taskade/agents/Scout/knowledge/Plan.md");
    until("it is known no longer", || {
        scene.requests().iter().any(|request| request.starts_with("DELETE /agents/A/knowledge"))
    });
    scene.ok(r#"echo '{"enabled": true}' > .taskade/agents/Scout/public.json"#);
    assert_eq!(scene.requests(), ["PUT /agents/A/publicAccess {}"]);
    let told: Value =
        serde_json::from_slice(&fs::read(scene.scout().join("public.json")).unwrap()).unwrap();
    let public = told["id"].as_str().unwrap();
    scene.requests();
    let url = scene.mounted.server().url();
    let token = scene.mounted.dir.path().join("store/token");
    let mut command = Command::new(PROGRAM);
    command.args(["agent", "show", public, "--api-url", &url, "--token-file"]).arg(&token);
    let output = run(&mut command);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["name"], "Scout");
    assert_eq!(scene.requests(), [format!("GET /public-agents/{public}")]);
    let mut command = Command::new(PROGRAM);
    command.args(["agent", "show", "nobody", "--api-url", &url, "--token-file"]).arg(&token);
    let output = run(&mut command);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("nobody"), "{}", said(&output));
    scene.mounted.end();
}

#[test]
fn what_is_generated_appears_and_credits_that_are_used_up_are_named() {
    let scene = Scene::of(&[], |_, _, _| {});
    scene.ok("echo 'Answers questions.' > .taskade/agents/.generate");
    let body = json!({ "text": "Answers questions." });
    let post = format!("POST /folders/{}/agent-generate {body}", scene.workspace);
    assert_eq!(scene.requests().last().unwrap(), &post);
    assert_eq!(scene.ok("ls .taskade/agents"), "Answers questions.\nScout\n");
    scene.mounted.end();
    let quirks = Quirks { out_of_credits: true, ..Quirks::default() };
    let scene = Scene::with(quirks, &[], |_, _, _| {});
    let refused = scene.mounted.sh("cd .taskade/agents; cp /dev/stdin .generate <<< 'Answers.'");
    assert!(said(&refused).contains("Disk quota exceeded"), "{}", said(&refused));
    let status = run(Command::new(PROGRAM).arg("status").arg(&scene.mounted.root));
    let status = said(&status);
    assert!(status.contains("agents/.generate") && status.contains("ai-credits"), "{status}");
    run(Command::new(PROGRAM).arg("discard").arg(scene.agents().join(".generate")));
    assert!(!scene.ok("cat ../.taskade/status.json").contains("ai-credits"));
    scene.mounted.end();
}

#[test]
fn what_a_program_has_of_a_new_agent_stays_when_that_gets_its_id_and_another_name() {
    let scene = Scene::of(&[], |store, workspace, _| {
        drop(store.add_media(workspace, "logo.png", "image/png", b"png").unwrap());
    });
    scene.ok("ls .taskade/agents");
    until("the name is learnt", || scene.ok("ls .taskade/media") == "logo.png\n");
    let listed = scene.ok("cd .taskade/agents && mkdir Guide && cd Guide && stat -c %i . \
         && ls -R . > $HOME/before && echo Lead. > prompt.md && ls -R . | cmp - $HOME/before \
         && cat public.json && stat -c %i . ../Guide");
    let inode = listed.lines().next().unwrap();
    assert_eq!(listed, format!("{inode}\nnull\n{inode}\n{inode}\n"));
    assert!(scene.requests().iter().all(|request| !request.contains("new")), "it has an id");
    let listed = scene.ok("cd .taskade/agents/Guide && ln -s ../../../../Plan.md knowledge/ \
         && ln -s ../../../media/logo.png knowledge/ && ls knowledge && mv ../Guide ../Lead \
         && ls knowledge conversations && rm knowledge/logo.png && cat ../Lead/prompt.md");
    let (known, rest) = listed.split_once("conversations:\n").unwrap();
    assert_eq!(known, "Plan.md\nREADME.md\nlogo.png\n");
    assert_eq!(rest, "\nknowledge:\nPlan.md\nREADME.md\nlogo.png\nLead.\n");
    scene.mounted.end();
}
