//! A token that changes: the request that was refused is sent once more, and only once.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use taskadefs::{
    api::{Client, HttpBackend, Priority, TokenSource},
    error::{Error, Kind, Result},
    secret::Token,
};

use super::{Service, TestClock};

/// Gives the first of these tokens, and the next when one is refused.
struct Changing {
    tokens: Mutex<Vec<Token>>,
    refused: AtomicUsize,
}

impl Changing {
    fn of(tokens: &[&str]) -> Arc<Self> {
        let tokens = tokens.iter().map(|token| Token::new(token).unwrap()).collect();
        Arc::new(Self { tokens: Mutex::new(tokens), refused: AtomicUsize::new(0) })
    }
}

#[async_trait]
impl TokenSource for Changing {
    async fn token(&self) -> Result<Token> {
        let ended = || Error::new(Kind::Unreachable, "it cannot be renewed now");
        self.tokens.lock().unwrap().first().cloned().ok_or_else(ended)
    }

    async fn after_refusal(&self, refused: &Token) -> Result<Option<Token>> {
        self.refused.fetch_add(1, Ordering::Relaxed);
        let mut tokens = self.tokens.lock().unwrap();
        if tokens.len() > 1 && tokens.first() == Some(refused) {
            tokens.remove(0);
        }
        Ok(tokens.first().filter(|token| *token != refused).cloned())
    }
}

fn client(service: &Service, tokens: &Arc<Changing>) -> Client {
    let url = service.running.url();
    let backend = HttpBackend::with_tokens(&url, tokens.clone(), TestClock::free());
    Client::new(Arc::new(backend.unwrap()))
}

#[tokio::test]
async fn what_was_refused_for_its_token_is_sent_once_more_with_another() {
    let service = Service::of("a").await;
    let tokens = Changing::of(&["old", service.running.token().expose()]);
    let client = client(&service, &tokens);
    client.complete_project(&service.project).await.unwrap();
    assert_eq!(service.statuses(), [401, 200]);
    client.workspaces(Priority::Foreground).await.unwrap();
    assert_eq!(service.statuses(), [401, 200, 200]);
}

#[tokio::test]
async fn a_second_refusal_stands() {
    let service = Service::of("a").await;
    let tokens = Changing::of(&["old", "older", "oldest"]);
    let client = client(&service, &tokens);
    let error = client.complete_project(&service.project).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthorized);
    assert!(error.to_string().contains("taskadefs login"), "{error}");
    assert_eq!((service.statuses(), tokens.refused.load(Ordering::Relaxed)), (vec![401; 2], 1));
}

#[tokio::test]
async fn without_a_token_nothing_is_sent_and_nothing_is_said_to_be_refused() {
    let service = Service::of("a").await;
    let client = client(&service, &Changing::of(&[]));
    let error = client.complete_project(&service.project).await.unwrap_err();
    assert_eq!((error.kind(), service.statuses().len()), (Kind::Unreachable, 0));
}
