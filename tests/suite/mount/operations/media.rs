//! Files that are no projects.

use super::{NONE, Scene};

#[test]
fn a_file_is_listed_downloaded_uploaded_and_deleted() {
    let scene = Scene::read(|store, workspace| {
        let media = store.add_media(workspace, "a.png", "image/png", b"png").unwrap();
        vec![("a.png", media)]
    });
    let listed = "GET /folders/<Acme>/medias?limit=100&page=1";
    let download = "GET /medias/<a.png>/download";
    scene.reaches("mediasGet", "ls .taskade/media", &[listed, download]);
    scene.await_media("a.png");
    scene.reaches("mediaDownload", "cat .taskade/media/a.png", &[download]);
    // A file by itself is told to be what the listing has told.
    scene.spares("mediaGet", "ls -l .taskade/media; cat .taskade/media/a.png", &NONE);
    // All files of a space at once are files that nobody asked for.
    scene.spares("mediaDownloadAll", "cp .taskade/media/* $HOME/", &NONE);
    let upload = "POST /medias/spaces/<Acme>/upload?filename=b.txt";
    scene.reaches("mediaUpload", "echo b > .taskade/media/b.txt", &[upload]);
    scene.reaches("mediaDelete", "rm .taskade/media/a.png", &["DELETE /medias/<a.png>"]);
    scene.mounted.end();
}
