//! Workspaces, folders, and what is listed in them.

use super::{NONE, Scene};

#[test]
fn workspaces_are_listed_by_mounting_and_folders_by_listing() {
    let scene = Scene::of(&[], |_, _| Vec::new());
    scene.has_reached("workspacesGet", &["GET /workspaces"]);
    let listed = ["GET /folders/<Acme>/projects", "GET /workspaces/<Acme>/folders"];
    scene.reaches("workspaceFoldersGet", "ls", &listed);
    scene.reaches("folderProjectsGet", "ls Marketing", &["GET /folders/<Marketing>/projects"]);
    scene.spares("workspacesGet", "ls -R ..", &NONE);
    scene.mounted.end();
}

#[test]
fn what_was_viewed_is_links() {
    let scene = Scene::read(|_, _| Vec::new());
    let viewed = ["GET /me/projects?limit=100&sort=viewed-desc"];
    scene.reaches("meProjectsGet", "ls ../.taskade/recent", &viewed);
    scene.mounted.end();
}
