//! The lines of a file.

use super::Scene;

#[test]
fn a_file_is_read_by_its_tasks() {
    let scene = Scene::of(&["--fields", "none", "--markers", "tasks"], |_, _| Vec::new());
    scene.prepare("ls");
    let tasks = ["GET /projects/<Plan>/tasks?limit=1000"];
    scene.reaches("projectTasksGet", "cat Plan.md", &tasks);
    let one = "cat .taskade/projects/Plan/tasks/*/task.json";
    let each = [
        "GET /projects/<Plan>/tasks/<Plan/1>",
        "GET /projects/<Plan>/tasks/<Plan/2>",
        "GET /projects/<Plan>/tasks/<Plan/3>",
    ];
    scene.reaches("taskGet", one, &each);
    scene.mounted.end();
}

#[test]
fn every_change_of_a_line_is_one_request() {
    let scene = Scene::read(|_, _| Vec::new());
    let changed =
        r#"PUT /projects/<Plan>/tasks/<Plan/3> {"content":"2","contentType":"text/plain"}"#;
    scene.reaches("taskPut", "sed -i 's/two/2/' Plan.md", &[changed]);
    let done = "POST /projects/<Plan>/tasks/<Plan/3>/complete";
    scene.reaches("taskComplete", "sed -i '3s/\\[ \\]/[x]/' Plan.md", &[done]);
    let undone = "POST /projects/<Plan>/tasks/<Plan/3>/uncomplete";
    scene.reaches("taskUncomplete", "sed -i '3s/\\[x\\]/[ ]/' Plan.md", &[undone]);
    let new = r#"{"content":"three","contentType":"text/plain","placement":"beforeend"}"#;
    let created = format!("POST /projects/<Plan>/tasks/ {{\"tasks\":[{new}]}}");
    scene.reaches("taskCreate", "echo '- [ ] three' >> Plan.md", &[&created]);
    scene.mounted.end();
}

#[test]
fn a_block_is_deleted_and_moved_as_a_whole() {
    let scene = Scene::read(|_, _| Vec::new());
    // Somebody may have put something into it that nobody here has read.
    let deleted =
        ["GET /projects/<Plan>/tasks?limit=1000", "DELETE /projects/<Plan>/tasks/<Plan/1>"];
    scene.reaches("taskDelete", "sed -i 1,2d Plan.md", &deleted);
    scene.mounted.end();
    let scene = Scene::read(|_, _| Vec::new());
    let moved = r#"PUT /projects/<Plan>/tasks/<Plan/3>/move {"target":{"position":"beforebegin","taskId":"<Plan/1>"}}"#;
    scene.reaches("taskMove", "sed -i -n '1,2H;3{G;s/\\n\\n/\\n/;p}' Plan.md", &[moved]);
    scene.mounted.end();
}
