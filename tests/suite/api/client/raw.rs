//! A server that answers with given bytes, one connection a request.

use std::sync::{Arc, Mutex};

use taskadefs::{
    api::{Client, HttpBackend},
    secret::Token,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

use super::TestClock;

pub const TOKEN: &str = "tskdp_very-secret";

/// The server. Dropped, it stops.
pub struct Raw {
    pub clock: Arc<TestClock>,
    pub client: Client,
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
    accepting: JoinHandle<()>,
}

impl Raw {
    /// Answers every request with a head (status line and headers) and a body.
    pub async fn answering(head: &str, body: impl AsRef<[u8]>) -> Self {
        Self::answering_in_turn(vec![answer(head, body)]).await
    }

    /// Answers with each in turn, and then again with the last.
    pub async fn answering_in_turn(answers: Vec<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api/v1", listener.local_addr().unwrap());
        let clock = TestClock::free();
        let client = HttpBackend::new(&url, Token::new(TOKEN).as_ref(), clock.clone()).unwrap();
        let client = Client::new(Arc::new(client));
        let requests = Arc::new(Mutex::default());
        let accepting = tokio::spawn(serve(listener, answers, Arc::clone(&requests)));
        Self { clock, client, url, requests, accepting }
    }

    /// The URL of its API.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The heads of the requests so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// An answer that ends with its connection unless the head says how long it is.
pub fn answer(head: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {head}\r\nconnection: close\r\n\r\n").into_bytes();
    bytes.extend_from_slice(body.as_ref());
    bytes
}

async fn serve(listener: TcpListener, answers: Vec<Vec<u8>>, requests: Arc<Mutex<Vec<String>>>) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            // A client that leaves before it has asked is not a request.
            let Ok(byte) = stream.read_u8().await else { break };
            head.push(byte);
        }
        let number = {
            let mut requests = requests.lock().unwrap();
            requests.push(String::from_utf8(head).unwrap());
            requests.len() - 1
        };
        let answer = &answers[number.min(answers.len() - 1)];
        // A client may have read enough.
        let _ = stream.write_all(answer).await;
        let _ = stream.shutdown().await;
    }
}
