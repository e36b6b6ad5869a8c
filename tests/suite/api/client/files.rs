//! Files that are downloaded and uploaded: their bytes, their heads, and where the token goes on the way.

use std::{
    io::Write as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use taskadefs::{
    api::{
        FileBody, FileHead, FilePart, Priority, Receiver, Receiving,
        endpoints::{DownloadMedia, UploadMedia},
    },
    error::{Error, Kind, Result},
    ids::{MediaId, SpaceId},
    server::{Fault, Quirks},
};

use super::{
    Service,
    raw::{Raw, TOKEN, answer},
};

/// Takes a file into memory.
#[derive(Default)]
struct Taken {
    bytes: Mutex<Vec<u8>>,
    heads: Mutex<Vec<FileHead>>,
    is_unwanted: AtomicBool,
}

impl Receiver for Taken {
    fn received(&self) -> u64 {
        self.bytes.lock().unwrap().len() as u64
    }

    fn begin(&self, head: &FileHead) -> Result<bool> {
        self.heads.lock().unwrap().push(head.clone());
        // What comes from the beginning takes the place of what came before.
        self.bytes.lock().unwrap().truncate(head.from.try_into().unwrap());
        Ok(!self.is_unwanted.load(Ordering::Relaxed))
    }

    fn take(&self, bytes: &[u8]) -> Result<()> {
        self.bytes.lock().unwrap().extend(bytes);
        Ok(())
    }
}

impl Taken {
    fn heads(&self) -> Vec<FileHead> {
        self.heads.lock().unwrap().clone()
    }

    fn bytes(&self) -> Vec<u8> {
        self.bytes.lock().unwrap().clone()
    }
}

fn content() -> Vec<u8> {
    (0..=u8::MAX).cycle().take(300_000).collect()
}

/// A server with a file, and which that is.
async fn with_file(quirks: Quirks) -> (Service, MediaId) {
    let service = Service::with(quirks, "a").await;
    let store = service.running.store();
    let id = store.add_media(&service.workspace, "größe 1.png", "image/png", &content()).unwrap();
    (service, MediaId::new(id))
}

async fn download(client: &taskadefs::api::Client, id: &MediaId, taken: &Arc<Taken>) -> Result<()> {
    let receiver = Receiving(taken.clone());
    client.read(Priority::Foreground, DownloadMedia { media: id, receiver }).await
}

#[tokio::test]
async fn a_file_comes_with_its_name_and_length_and_byte_for_byte() {
    let (service, id) = with_file(Quirks::default()).await;
    let taken = Arc::new(Taken::default());
    download(&service.client, &id, &taken).await.unwrap();
    let name = Some("größe 1.png".to_owned());
    assert_eq!(taken.heads(), [FileHead { name, from: 0, length: Some(300_000) }]);
    assert_eq!(taken.bytes(), content());
    let missing = download(&service.client, &MediaId::new("none"), &taken).await.unwrap_err();
    assert_eq!(missing.kind(), Kind::NotFound);
}

#[tokio::test]
async fn the_head_alone_is_had_for_one_request() {
    let (service, id) = with_file(Quirks::default()).await;
    let taken = Arc::new(Taken { is_unwanted: AtomicBool::new(true), ..Taken::default() });
    download(&service.client, &id, &taken).await.unwrap();
    assert_eq!((taken.heads().len(), taken.bytes().len()), (1, 0));
    assert_eq!(service.statuses(), [200]);
}

#[tokio::test]
async fn what_broke_off_is_gone_on_with_where_parts_are_given_and_comes_whole_elsewhere() {
    for serves_ranges in [true, false] {
        let (service, id) = with_file(Quirks { serves_ranges, ..Quirks::default() }).await;
        service.running.faults().plan(Some("GET"), "/download", 0, 1, Fault::Truncated);
        let taken = Arc::new(Taken::default());
        download(&service.client, &id, &taken).await.unwrap();
        assert_eq!(taken.bytes(), content());
        let heads = taken.heads();
        assert_eq!(heads.len(), 2);
        assert_eq!(heads[1].from > 0, serves_ranges);
        assert_eq!(heads[1].length, Some(300_000));
        let statuses = if serves_ranges { [200, 206] } else { [200, 200] };
        assert_eq!(service.statuses(), statuses);
    }
}

#[tokio::test]
async fn a_file_that_is_elsewhere_is_asked_for_there_without_the_token() {
    let (service, id) = with_file(Quirks { downloads_redirect: true, ..Quirks::default() }).await;
    let taken = Arc::new(Taken::default());
    download(&service.client, &id, &taken).await.unwrap();
    assert_eq!(taken.bytes(), content(), "the same server by another name");
    let head = "200 OK\r\ncontent-disposition: attachment; filename=x.png";
    let elsewhere = Raw::answering(head, "bytes").await;
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let to = format!("{}/file?signed=1", elsewhere.url().replace("127.0.0.1", "localhost"));
        let api = Raw::answering(&format!("{status}\r\nlocation: {to}"), "").await;
        let taken = Arc::new(Taken::default());
        download(&api.client, &id, &taken).await.unwrap();
        assert_eq!(taken.bytes(), b"bytes");
    }
    let requests = elsewhere.requests();
    assert_eq!(requests.len(), 5);
    for request in requests {
        assert!(request.starts_with("GET /api/v1/file?signed=1 "), "{request}");
        assert!(!request.contains(TOKEN) && !request.contains("authorization"), "{request}");
    }
}

#[tokio::test]
async fn nobody_is_asked_for_a_file_over_plain_http_but_this_machine() {
    for to in
        ["http://taskade.com/f", "http://192.0.2.1/f", "ftp://127.0.0.1/f", "file:///etc/passwd"]
    {
        let api = Raw::answering(&format!("302 Found\r\nlocation: {to}"), "").await;
        let taken = Arc::new(Taken::default());
        let error = download(&api.client, &MediaId::new("m"), &taken).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Protocol, "{to}");
        assert_eq!((taken.heads().len(), api.requests().len()), (0, 1));
    }
    let api = Raw::answering("302 Found", "").await;
    let taken = Arc::new(Taken::default());
    assert!(download(&api.client, &MediaId::new("m"), &taken).await.is_err());
}

#[tokio::test]
async fn what_is_no_file_is_none() {
    let page = answer("200 OK\r\ncontent-type: text/html", "<html>sign in");
    let envelope = answer("200 OK\r\ncontent-type: application/json", r#"{"ok":false}"#);
    let part = answer("206 Partial\r\ncontent-disposition: attachment; filename=x", "bytes");
    for odd in [page, envelope, part] {
        let api = Raw::answering_in_turn(vec![odd]).await;
        let taken = Arc::new(Taken::default());
        let error = download(&api.client, &MediaId::new("m"), &taken).await.unwrap_err();
        assert_eq!((error.kind(), taken.heads().len()), (Kind::Protocol, 0));
    }
}

#[tokio::test]
async fn a_file_is_sent_as_it_is_with_its_name_and_type() {
    let service = Service::of("a").await;
    let file = FileBody::new("image/png", content());
    let (space, name) = (&service.workspace, "größe & more.png");
    let media =
        service.client.write(UploadMedia { space, name, file: file.clone() }).await.unwrap();
    assert_eq!(file.sent().load(Ordering::Relaxed), 300_000);
    assert_eq!(media.kind, "image");
    let taken = Arc::new(Taken::default());
    download(&service.client, &media.id, &taken).await.unwrap();
    assert_eq!(taken.bytes(), content());
    assert_eq!(taken.heads()[0].name.as_deref(), Some(name));
}

#[tokio::test]
async fn a_refused_upload_says_why_and_one_whose_answer_is_lost_is_in_doubt() {
    let service = Service::of("a").await;
    let upload = async |bytes: Vec<u8>| {
        let (space, file) = (&service.workspace, FileBody::new("text/plain", bytes));
        let asked = service.client.write(UploadMedia { space, name: "a.txt", file }).await;
        asked.map(drop).map_err(|error: Error| error.kind())
    };
    assert_eq!(upload(vec![0; (25 << 20) + 1]).await, Err(Kind::FileTooLarge));
    for (fault, kind) in [
        (Fault::Status(403, None), Kind::Forbidden),
        (Fault::Status(402, None), Kind::PaymentRequired),
        (Fault::DropAfter, Kind::Ambiguous),
        (Fault::Malformed, Kind::Ambiguous),
    ] {
        service.running.faults().plan(Some("POST"), "/upload", 0, 1, fault.clone());
        assert_eq!(upload(b"a".to_vec()).await, Err(kind), "{fault:?}");
    }
    let missing = UploadMedia {
        space: &SpaceId::new("none"),
        name: "a.txt",
        file: FileBody::new("text/plain", b"a".to_vec()),
    };
    assert_eq!(service.client.write(missing).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn a_file_is_sent_from_the_disk_between_what_stands_around_it_and_breaks_off_with_it() {
    let service = Service::of("a").await;
    let mut on_disk = tempfile::tempfile().unwrap();
    on_disk.write_all(&content()).unwrap();
    let on_disk = Arc::new(on_disk);
    let upload = async |length| {
        let literal = |text: &'static str| FilePart::Bytes(text.as_bytes().into());
        let parts = [literal("<"), FilePart::OnDisk(on_disk.clone(), length), literal(">")];
        let file = FileBody::of_parts("text/plain", parts);
        let (space, name) = (&service.workspace, "a.txt");
        service.client.write(UploadMedia { space, name, file }).await
    };
    let media = upload(300_000).await.unwrap();
    let taken = Arc::new(Taken::default());
    download(&service.client, &media.id, &taken).await.unwrap();
    assert_eq!(taken.bytes(), [b"<", &*content(), b">"].concat());
    // It was cut meanwhile.
    assert_eq!(upload(300_001).await.unwrap_err().kind(), Kind::Ambiguous);
    assert_eq!(
        service.client.medias(Priority::Foreground, &service.workspace).await.unwrap().len(),
        1
    );
}

#[tokio::test]
async fn an_upload_tells_its_length_and_the_token_once() {
    let body = r#"{"ok":true,"item":{"mediaId":"m","fileId":"f","kind":"image","downloadUrl":"https://x.example/f"}}"#;
    let api = Raw::answering("200 OK", body).await;
    let file = FileBody::new("image/png", b"abc".to_vec());
    let upload = UploadMedia { space: &SpaceId::new("s"), name: "a b.png", file };
    assert_eq!(api.client.write(upload).await.unwrap().id, MediaId::new("m"));
    let request = api.requests().remove(0).to_lowercase();
    assert!(request.starts_with("post /api/v1/medias/spaces/s/upload?filename=a+b.png "));
    assert!(request.contains("content-length: 3\r\n"), "{request}");
    assert!(request.contains("content-type: image/png\r\n"), "{request}");
    assert_eq!(request.matches(TOKEN).count(), 1);
}
