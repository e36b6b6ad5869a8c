//! Spaces as wholes.

use super::Scene;

#[test]
fn the_first_look_into_a_space_reads_its_export() {
    let scene = Scene::of(&[], |_, _| Vec::new());
    scene.prepare("ls");
    let read = ["GET /bundles/<Acme>/export", "GET /projects/<Plan>/tasks?limit=1000"];
    scene.reaches("bundleExport", "cat Plan.md", &read);
    scene.mounted.end();
}
