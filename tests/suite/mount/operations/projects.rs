//! Projects as wholes, and what they have beside their tasks.

use super::{NONE, Scene};
use crate::support::mount::PROGRAM;

/// What creates `New` of a line, in the home folder of a workspace.
fn creation() -> [String; 2] {
    let body =
        r##"{"content":"# New\n\n- a\n","contentType":"text/markdown","folderId":"<Acme>"}"##;
    [format!("POST /projects {body}"), "GET /projects/<New>/tasks?limit=1000".to_owned()]
}

#[test]
fn a_new_file_is_a_project_of_its_folder() {
    let scene = Scene::read(|_, _| Vec::new());
    scene.reaches("projectCreate", "echo '- [ ] a' > New.md", &creation());
    scene.mounted.end();
}

#[test]
fn a_new_file_of_a_workspace_is_one_of_its_home_folder() {
    let scene = Scene::read(|_, _| Vec::new());
    scene.spares("workspaceCreateProject", "echo '- [ ] a' > New.md", &creation());
    scene.mounted.end();
}

#[test]
fn a_file_that_is_removed_is_archived_and_one_that_is_moved_out_restored() {
    let scene = Scene::read(|_, _| Vec::new());
    scene.reaches("projectComplete", "rm Plan.md", &["POST /projects/<Plan>/complete"]);
    let restored = ["POST /projects/<Plan>/restore"];
    scene.reaches("projectRestore", "mv .taskade/archive/Plan.md .", &restored);
    scene.mounted.end();
}

#[test]
fn a_copy_is_a_copy() {
    let scene = Scene::read(|_, _| Vec::new());
    let requests = [
        r#"POST /projects/<Plan>/copy {"folderId":"<Acme>","projectTitle":"Copy"}"#,
        "GET /projects/<Copy>/tasks?limit=1000",
    ];
    scene.reaches("projectCopy", "cp Plan.md Copy.md", &requests);
    scene.mounted.end();
}

#[test]
fn a_copy_of_a_template_is_made_from_it() {
    let scene = Scene::read(|store, workspace| {
        let model = store.add_project(workspace, "Model", "plan").unwrap();
        let template = store.add_template(workspace, "Sprint", &model).unwrap();
        vec![("T", template)]
    });
    let listed = ["GET /folders/<Acme>/project-templates?limit=20&page=1"];
    scene.reaches("folderProjectTemplatesGet", "ls .taskade/templates", &listed);
    let requests = [
        r#"POST /projects/from-template {"folderId":"<Acme>","templateId":"<T>"}"#,
        "GET /projects/<Sprint>/tasks?limit=1000",
    ];
    scene.reaches("projectFromTemplate", "cp .taskade/templates/Sprint.md .", &requests);
    scene.mounted.end();
}

#[test]
fn a_new_name_is_believed_when_the_project_has_it() {
    let scene = Scene::read(|_, _| Vec::new());
    scene.name_title();
    let requests = [
        r#"PUT /projects/<Plan>/tasks/<Title> {"content":"New","contentType":"text/plain"}"#,
        "GET /projects/<Plan>",
    ];
    scene.reaches("projectGet", "mv Plan.md New.md", &requests);
    scene.mounted.end();
}

#[test]
fn what_a_project_has_beside_its_tasks_is_json() {
    let scene = Scene::read(|_, _| Vec::new());
    let of = |name: &str| format!("cat .taskade/projects/Plan/{name}.json");
    let members = ["GET /projects/<Plan>/members?limit=100&page=1"];
    scene.reaches("projectMembersGet", &of("members"), &members);
    scene.reaches("projectBlocksGet", &of("blocks"), &["GET /projects/<Plan>/blocks?limit=100"]);
    let link = ["GET /projects/<Plan>/shareLink"];
    scene.reaches("projectShareLinkGet", &of("share"), &link);
    let share = "echo '{\"enabled\": true}' > .taskade/projects/Plan/share.json";
    scene.reaches("projectShareLinkEnable", share, &["PUT /projects/<Plan>/shareLink"]);
    scene.spares("projectFieldsGet", &of("fields"), &NONE);
    scene.mounted.end();
}

#[test]
fn links_are_printed_and_made_by_a_command() {
    let scene = Scene::read(|_, _| Vec::new());
    let share = format!("{PROGRAM} share --create --yes Plan.md");
    scene.reaches("projectShareLinkEnable", &share, &["PUT /projects/<Plan>/shareLink"]);
    let share = format!("{PROGRAM} share Plan.md");
    scene.reaches("projectShareLinkGet", &share, &["GET /projects/<Plan>/shareLink"]);
    scene.mounted.end();
}

#[test]
fn fields_are_asked_for_where_no_export_tells_them() {
    let scene = Scene::of(&["--fields", "none"], |_, _| Vec::new());
    scene.prepare("ls; cat Plan.md");
    let fields = ["GET /projects/<Plan>/fields"];
    scene.reaches("projectFieldsGet", "cat .taskade/projects/Plan/fields.json", &fields);
    scene.mounted.end();
}
