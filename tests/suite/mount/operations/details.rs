//! What a task has beside its text.

use serde_json::json;

use super::Scene;

/// With the member `alice` and the field `@cost`.
fn begun() -> Scene {
    Scene::read(|store, workspace| {
        store.add_member(workspace, "alice", "Alice").unwrap();
        let (plan, _) = store.find_projects("Plan").unwrap().remove(0);
        store.add_field(&plan, "@cost", &json!({ "type": "number" })).unwrap();
        Vec::new()
    })
}

/// A change of the last line.
fn line(text: &str) -> String {
    format!("sed -i '3s|two.*|two{text}|' Plan.md")
}

#[test]
fn a_date_is_written_on_the_line_and_read_as_json() {
    let scene = begun();
    let at = "/projects/<Plan>/tasks/<Plan/3>/date";
    let put = format!(r#"PUT {at} {{"start":{{"date":"2026-12-01"}}}}"#);
    scene.reaches("taskPutDate", &line(" 📅 2026-12-01"), &[&put]);
    let file = format!("cat .taskade/projects/Plan/tasks/{}/date.json", scene.mounted.ids()[2]);
    scene.reaches("taskGetDate", &file, &[&format!("GET {at}")]);
    scene.reaches("taskDeleteDate", &line(""), &[&format!("DELETE {at}")]);
    scene.mounted.end();
}

#[test]
fn a_note_is_written_below_the_line_and_read_as_json() {
    let scene = begun();
    let at = "/projects/<Plan>/tasks/<Plan/3>/note";
    let put = format!(r#"PUT {at} {{"type":"text/plain","value":"A note"}}"#);
    scene.reaches("taskNotePut", "echo '  > A note' >> Plan.md", &[&put]);
    let file = format!("cat .taskade/projects/Plan/tasks/{}/note.json", scene.mounted.ids()[2]);
    scene.reaches("taskNoteGet", &file, &[&format!("GET {at}")]);
    scene.reaches("taskNoteDelete", "sed -i '$d' Plan.md", &[&format!("DELETE {at}")]);
    scene.mounted.end();
}

#[test]
fn people_are_written_on_the_line_and_read_as_json() {
    let scene = begun();
    let at = "/projects/<Plan>/tasks/<Plan/3>/assignees";
    let put = format!(r#"PUT {at} {{"handles":["alice"]}}"#);
    scene.reaches("taskPutAssignees", &line(" @alice"), &[&format!("GET {at}"), &put]);
    let file =
        format!("cat .taskade/projects/Plan/tasks/{}/assignees.json", scene.mounted.ids()[2]);
    scene.reaches("taskAssigneesGet", &file, &[&format!("GET {at}")]);
    scene.reaches("taskDeleteAssignees", &line(""), &[&format!("DELETE {at}/alice")]);
    scene.mounted.end();
}

#[test]
fn fields_are_written_on_the_line_and_all_of_them_are_read_as_json() {
    let scene = begun();
    let at = "/projects/<Plan>/tasks/<Plan/3>/fields";
    let put = format!(r#"PUT {at}/%40cost {{"value":250}}"#);
    scene.reaches("taskFieldValuePut", &line(" [@cost:: 250]"), &[&put]);
    let file = format!("cat .taskade/projects/Plan/tasks/{}/fields.json", scene.mounted.ids()[2]);
    scene.reaches("taskFieldsValueGet", &file, &[&format!("GET {at}")]);
    scene.spares("taskFieldValueGet", &file, &[&format!("GET {at}")]);
    scene.reaches("taskFieldValueDelete", &line(""), &[&format!("DELETE {at}/%40cost")]);
    scene.mounted.end();
}
