//! Making agents: by directories, by the service, and for the public.

use std::ffi::OsStr;

use serde_json::json;
use taskadefs::error::{Kind, Result};

use super::{AGENTS, NONE, PROMPT, SCOUT, read, rename, scout, write, write_by};
use crate::support::{
    harness::{Mount, TRUNCATE, me, pass},
    service::Fault,
};

const GENERATE: &str = ".taskade/agents/.generate";

/// A mount of a folder without agents, in which the directory of `Scout` was made.
async fn new() -> Mount {
    let mount = Mount::of("a").await;
    let agents = mount.place(AGENTS).await;
    assert_eq!(mount.names_of(agents).await, NONE);
    mount.vfs.mkdir(agents, OsStr::new("Scout"), 0o755_u32).await.unwrap();
    assert_eq!(mount.names_of(agents).await, ["Scout"]);
    mount
}

fn post(name: &str, prompt: &str) -> String {
    let data = json!({ "commands": [], "description": prompt });
    format!("POST f/agents {}", json!({ "name": name, "data": { "type": "data", "data": data } }))
}

async fn generate(mount: &Mount, text: &str) -> Result<()> {
    let opened = mount.vfs.open(mount.place(GENERATE).await, TRUNCATE, me()).await?;
    mount.vfs.write(opened.fh, 0, text.as_bytes()).await?;
    let result = mount.vfs.flush(opened.fh, me()).await;
    mount.vfs.release(opened.fh).await?;
    result
}

#[tokio::test(start_paused = true)]
async fn an_agent_is_made_with_its_first_prompt_and_not_before() {
    let mount = new().await;
    assert_eq!(read(&mount, "prompt.md").await.unwrap(), "");
    pass(10).await;
    assert_eq!((mount.writes(), mount.waiting()), (vec![], vec![]));
    rename(&mount, (AGENTS, "Scout"), (AGENTS, "Guide")).await.unwrap();
    rename(&mount, (AGENTS, "Guide"), (AGENTS, "Scout")).await.unwrap();
    write(&mount, "prompt.md", "Look.\n").await.unwrap();
    assert_eq!(mount.writes(), [post("Scout", "Look.")]);
    write(&mount, "prompt.md", "Nod.\n").await.unwrap();
    assert_eq!(mount.writes().len(), 1);
    assert_eq!(read(&mount, "prompt.md").await.unwrap(), "Nod.\n");
    assert_eq!(mount.names_of(mount.place(AGENTS).await).await, ["Scout"]);
    let again = mount.vfs.mkdir(mount.place(AGENTS).await, OsStr::new("Scout"), 0o755_u32).await;
    assert_eq!(again.unwrap_err().kind(), Kind::Exists);
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_is_made_offline_is_shown_and_made_once_also_after_a_crash() {
    let mut mount = new().await;
    mount.memory.set_offline(true);
    write(&mount, "prompt.md", "Look.\n").await.unwrap();
    write(&mount, "prompt.md", "Look twice.\n").await.unwrap();
    assert_eq!(read(&mount, "prompt.md").await.unwrap(), "Look twice.\n");
    assert_eq!(mount.waiting().len(), 1);
    mount.memory.set_offline(false);
    mount.crash().await;
    pass(90).await;
    assert_eq!(mount.writes(), [post("Scout", "Look twice.")]);
    assert_eq!(mount.names_of(mount.place(AGENTS).await).await, ["Scout"]);
}

#[tokio::test(start_paused = true)]
async fn a_create_is_never_repeated_blindly() {
    for fault in [Fault::After, Fault::Before(Kind::Ambiguous)] {
        let mount = new().await;
        mount.memory.fail_next([fault]);
        write(&mount, "prompt.md", "Look.\n").await.unwrap();
        pass(90).await;
        assert_eq!((mount.memory.agent_names(), mount.waiting()), (vec!["Scout".into()], vec![]));
        assert_eq!(read(&mount, "prompt.md").await.unwrap(), "Look.\n");
    }
    for requests in 0..4 {
        let mut mount = new().await;
        mount.memory.cut_after(Some(requests));
        write(&mount, "prompt.md", "Look.\n").await.unwrap();
        mount.memory.heal();
        mount.crash().await;
        pass(90).await;
        assert_eq!(mount.memory.agent_names(), ["Scout"], "after {requests}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_agent_stays_until_it_is_retried_or_given_up() {
    let mount = new().await;
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    assert_eq!(write(&mount, "prompt.md", "Look.\n").await.unwrap_err().errno(), libc::EACCES);
    assert_eq!(read(&mount, "prompt.md").await.unwrap(), "Look.\n");
    let ino = mount.place(&format!("{SCOUT}/prompt.md")).await;
    mount.vfs.retry(ino, false).await.unwrap();
    pass(1).await;
    assert_eq!(mount.writes(), [post("Scout", "Look.")]);
    let mount = new().await;
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    write(&mount, "prompt.md", "Look.\n").await.unwrap_err();
    mount.vfs.discard(mount.place(&format!("{SCOUT}/prompt.md")).await).await.unwrap();
    assert_eq!(mount.names_of(mount.place(AGENTS).await).await, NONE);
}

#[tokio::test(start_paused = true)]
async fn a_directory_that_nothing_was_written_to_is_removed_without_a_word() {
    let mount = new().await;
    mount.vfs.rmdir(mount.place(AGENTS).await, OsStr::new("Scout")).await.unwrap();
    pass(5).await;
    assert_eq!(mount.names_of(mount.place(AGENTS).await).await, NONE);
    assert_eq!((mount.writes(), mount.waiting()), (vec![], vec![]));
}

#[tokio::test(start_paused = true)]
async fn what_is_written_to_generate_is_made_an_agent_once_and_a_refusal_is_told() {
    let mount = scout().await;
    generate(&mount, "Answers.\n").await.unwrap();
    assert_eq!(mount.writes(), [r#"POST f/agent-generate {"text":"Answers."}"#]);
    assert_eq!(mount.names_of(mount.place(AGENTS).await).await, ["Scout", "Generated"]);
    generate(&mount, "\n").await.unwrap();
    assert_eq!(mount.writes(), NONE);
    mount.memory.fail_next([Fault::Before(Kind::PaymentRequired)]);
    assert_eq!(generate(&mount, "More.").await.unwrap_err().errno(), libc::EDQUOT);
    let path = "Acme/Marketing/.taskade/agents/.generate".to_owned();
    assert_eq!(mount.waiting(), [(path, "rejected", "generation")]);
    mount.vfs.discard(mount.place(GENERATE).await).await.unwrap();
    // What became of it is looked for, and nothing is asked for twice.
    for (fault, made) in [(Fault::After, 3), (Fault::Before(Kind::Ambiguous), 3)] {
        mount.memory.fail_next([fault]);
        let _ = generate(&mount, "Lost.").await;
        pass(90).await;
        assert_eq!(mount.memory.agent_names().len(), made);
    }
    assert_eq!(mount.waiting().len(), 1, "whether it is to be asked for again is the user's");
}

#[tokio::test(start_paused = true)]
async fn an_agent_is_published_by_writing_so_and_nothing_takes_it_back() {
    let mount = scout().await;
    for no in [r#"{"enabled":false}"#, "null"] {
        let error = write(&mount, "public.json", no).await.unwrap_err();
        assert_eq!(error.kind(), Kind::NotPermitted);
    }
    let odd = write_by(&mount, "public.json", TRUNCATE, "{}").await;
    assert_eq!(odd.unwrap_err().kind(), Kind::Invalid);
    assert_eq!(mount.writes(), NONE);
    write(&mount, "public.json", r#"{"enabled":true}"#).await.unwrap();
    assert_eq!(mount.writes(), ["PUT s/publicAccess {}"]);
    let wish = json!({ "publicUrl": "x", "preferences": { "theme": "dark" } });
    write(&mount, "public.json", &wish.to_string()).await.unwrap();
    assert_eq!(mount.writes(), [r#"PATCH s/public-agent {"preferences":{"theme":"dark"}}"#]);
    mount.memory.fail_next([Fault::Before(Kind::PaymentRequired)]);
    let refused = write(&mount, "public.json", r#"{"enabled":true}"#).await.unwrap_err();
    assert_eq!((refused.errno(), mount.waiting().len()), (libc::EDQUOT, 1));
}

#[tokio::test(start_paused = true)]
async fn an_agent_is_shown_once_while_nobody_knows_whether_it_is_made() {
    let mount = new().await;
    mount.memory.fail_next([Fault::After]);
    mount.memory.fail_next_reads(vec![Fault::Before(Kind::Unreachable); 50]);
    write(&mount, "prompt.md", "Look.\n").await.unwrap();
    pass(31).await;
    mount.memory.heal();
    for _ in 0..2 {
        assert_eq!(mount.names_of(mount.place(AGENTS).await).await, ["Scout"]);
        assert_eq!(mount.memory.agent_names(), ["Scout"]);
        pass(120).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_saved_while_an_agent_is_being_made_is_saved_to_it_once_it_is() {
    for is_killed in [false, true] {
        let mut mount = new().await;
        mount.memory.fail_next([Fault::After]);
        mount.memory.fail_next_reads(vec![Fault::Before(Kind::Unreachable); 50]);
        write(&mount, "prompt.md", "Look.\n").await.unwrap();
        assert_eq!(mount.writes(), [post("Scout", "Look.")]);
        let whole = read(&mount, "agent.json").await.unwrap();
        write(&mount, "prompt.md", "Look twice.\n").await.unwrap();
        write(&mount, "prompt.md", "Look thrice.\n").await.unwrap();
        rename(&mount, (AGENTS, "Scout"), (AGENTS, "Guide")).await.unwrap();
        rename(&mount, (AGENTS, "Guide"), (AGENTS, "Scout")).await.unwrap();
        assert_eq!(read(&mount, "prompt.md").await.unwrap(), "Look thrice.\n");
        if is_killed {
            mount.crash().await;
        }
        mount.memory.heal();
        pass(120).await;
        let id = &mount.memory.agents()[0]["id"];
        let data = json!({ "commands": [], "description": "Look thrice." });
        let patch = format!("PATCH {} {}", id.as_str().unwrap(), json!({ "data": data }));
        assert_eq!((mount.writes(), mount.waiting()), (vec![patch], vec![]), "{is_killed}");
        assert_eq!(mount.memory.agent_names(), ["Scout"]);
        assert_eq!(read(&mount, "prompt.md").await.unwrap(), "Look thrice.\n");
        // What was read of it before it was made has another id, and is of it all the same.
        write(&mount, "agent.json", &whole.replace("Look", "See")).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_saved_while_the_making_of_an_agent_is_refused_is_what_is_made_when_it_is_retried()
{
    let mount = new().await;
    mount.memory.fail_next([Fault::Before(Kind::Ambiguous), Fault::Before(Kind::Forbidden)]);
    mount.memory.fail_next_reads(vec![Fault::Before(Kind::Unreachable); 4]);
    write(&mount, "prompt.md", "Look.\n").await.unwrap();
    write(&mount, "prompt.md", "Look twice.\n").await.unwrap();
    pass(120).await;
    assert_eq!(mount.waiting(), [(PROMPT.to_owned(), "rejected", "save")]);
    assert_eq!(read(&mount, "prompt.md").await.unwrap(), "Look twice.\n");
    // All that was refused of it is tried again by its directory, the making of it first.
    write(&mount, "public.json", r#"{"enabled":true}"#).await.unwrap_err();
    for _ in 0..2 {
        mount.vfs.retry(mount.place(SCOUT).await, false).await.unwrap();
        pass(1).await;
    }
    let made = mount.memory.agents();
    let [made] = &made[..] else { panic!("{made:?}") };
    assert_eq!(made["data"]["description"], "Look twice.");
    assert!(mount.memory.is_agent_public(made["id"].as_str().unwrap()));
    assert_eq!(mount.waiting(), []);
}
