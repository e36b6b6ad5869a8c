//! Spaces as wholes.

use super::Scene;
use crate::support::mount::PROGRAM;

#[test]
fn the_first_look_into_a_space_reads_its_export() {
    let scene = Scene::of(&[], |_, _| Vec::new());
    scene.prepare("ls");
    let read = ["GET /bundles/<Acme>/export", "GET /projects/<Plan>/tasks?limit=1000"];
    scene.reaches("bundleExport", "cat Plan.md", &read);
    scene.mounted.end();
}

#[test]
fn a_space_is_exported_and_imported_as_a_file() {
    let scene = Scene::of(&[], |_, _| Vec::new());
    scene.prepare("ls; echo '{\"version\": \"1\", \"items\": {}}' > $HOME/none.json");
    let bundle = |words: &str| format!("{PROGRAM} bundle {words}");
    let export = bundle("export . $HOME/a.json");
    scene.reaches("bundleExport", &export, &["GET /bundles/<Acme>/export"]);
    for format in ["tsk", "zip"] {
        let export = bundle(&format!("export . $HOME/a.{format}"));
        let request = format!("GET /bundles/<Acme>/export/zip?format={format}");
        scene.reaches("bundleExportZip", &export, &[request]);
    }
    let listed = ["GET /folders/<Acme>/projects", "GET /workspaces/<Acme>/folders"];
    let between = |request| [listed[0], listed[1], request, listed[0], listed[1]];
    let post = r#"POST /bundles/<Acme>/import {"bundleData":{"items":{},"version":"1"}}"#;
    scene.reaches("bundleImport", &bundle("import . $HOME/none.json"), &between(post));
    let post = "POST /bundles/<Acme>/import/zip";
    scene.reaches("bundleImportZip", &bundle("import . $HOME/a.zip"), &between(post));
    scene.mounted.end();
}
