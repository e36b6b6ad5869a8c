//! OAuth beside the API: what leads to a token, what a token opens, and how long.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Response, Url};
use serde_json::{Value, json};
use taskadefs::server::{OAuthQuirks, Quirks};

use super::{Service, answer};

/// 43 characters, as few as a verifier may have.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

const REDIRECT: &str = "http://127.0.0.1:7/callback";

/// A server, as a program that wants a token knows it.
struct Program {
    service: Service,
    client: String,
}

impl Program {
    async fn registered(quirks: OAuthQuirks) -> Self {
        let service = Service::with(Quirks { oauth: quirks, ..Quirks::default() }).await;
        let mut program = Self { service, client: String::new() };
        let (status, told) = program.register(&[REDIRECT]).await;
        assert_eq!(status, 201);
        program.client = told["client_id"].as_str().unwrap().to_owned();
        program
    }

    fn at(&self, path: &str) -> String {
        self.service.running.url().replace("/api/v1", path)
    }

    async fn register(&self, redirects: &[&str]) -> (u16, Value) {
        let body = json!({ "client_name": "x", "redirect_uris": redirects });
        answer(self.service.client.post(self.at("/oauth2/register")).json(&body)).await
    }

    async fn authorize(&self, changes: &[(&str, &str)]) -> Response {
        let hash = ring::digest::digest(&ring::digest::SHA256, VERIFIER.as_bytes());
        let challenge = URL_SAFE_NO_PAD.encode(hash);
        let mut pairs = vec![
            ("response_type", "code"),
            ("client_id", &self.client),
            ("redirect_uri", REDIRECT),
            ("state", "s t&"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in changes {
            pairs.retain(|(known, _)| known != name);
            pairs.push((name, value));
        }
        let url = Url::parse_with_params(&self.at("/oauth2/authorize"), pairs).unwrap();
        self.service.client.get(url).send().await.unwrap()
    }

    /// What the browser comes back with.
    async fn came_back(&self, changes: &[(&str, &str)]) -> (String, String) {
        let response = self.authorize(changes).await;
        assert_eq!(response.status().as_u16(), 302);
        let to = Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
        assert!(to.as_str().starts_with(REDIRECT), "{to}");
        let pairs: Vec<(String, String)> = to.query_pairs().into_owned().collect();
        assert_eq!(pairs[1], ("state".to_owned(), "s t&".to_owned()));
        pairs[0].clone()
    }

    async fn token(&self, form: &[(&str, &str)]) -> (u16, Value) {
        answer(self.service.client.post(self.at("/oauth2/token")).form(form)).await
    }

    async fn of_code(&self, code: &str, verifier: &str) -> (u16, Value) {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("client_id", &self.client),
            ("code_verifier", verifier),
        ];
        self.token(&form).await
    }

    async fn refresh(&self, refresh: &str) -> (u16, Value) {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh),
            ("client_id", &self.client),
        ];
        self.token(&form).await
    }

    /// Tokens, by the way of a person who says yes.
    async fn tokens(&self) -> Value {
        let (name, code) = self.came_back(&[]).await;
        assert_eq!(name, "code");
        let (status, tokens) = self.of_code(&code, VERIFIER).await;
        assert_eq!(status, 200, "{tokens}");
        tokens
    }

    /// What the API, and what says whose a token is, answer to this one.
    async fn opens(&self, token: &Value) -> (u16, u16) {
        let token = token.as_str().unwrap();
        let ask = |url: String| answer(self.service.client.get(url).bearer_auth(token));
        let api = ask(format!("{}/workspaces", self.service.running.url())).await.0;
        (api, ask(self.at("/oauth2/ping")).await.0)
    }
}

#[tokio::test]
async fn a_code_with_its_verifier_is_a_token_once() {
    let program = Program::registered(OAuthQuirks::default()).await;
    let metadata = program.at("/.well-known/oauth-authorization-server");
    let (status, metadata) = answer(program.service.client.get(metadata)).await;
    assert_eq!(status, 200);
    assert_eq!(metadata["token_endpoint"], program.at("/oauth2/token"));
    assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
    let tokens = program.tokens().await;
    assert_eq!(tokens["expires_in"], 3600);
    assert_eq!(program.opens(&tokens["access_token"]).await, (200, 200));
    assert_eq!(program.opens(&tokens["refresh_token"]).await, (401, 401));
    let (_, code) = program.came_back(&[]).await;
    let refused = json!({ "error": "invalid_grant", "error_description": "refused" });
    assert_eq!(program.of_code(&code, &VERIFIER.replace('d', "e")).await, (400, refused.clone()));
    assert_eq!(program.of_code(&code, VERIFIER).await, (400, refused), "it counted once");
    // Nothing of it is in the log of requests.
    let log = format!("{:?}", program.service.running.log().requests());
    for secret in [&*code, VERIFIER, tokens["access_token"].as_str().unwrap()] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[tokio::test]
async fn a_browser_is_sent_only_to_who_registered() {
    let program = Program::registered(OAuthQuirks::default()).await;
    assert_eq!(program.register(&["https://elsewhere.example/"]).await.0, 400);
    assert_eq!(program.register(&[]).await.0, 400);
    for changes in [("redirect_uri", "http://127.0.0.1:7/other"), ("client_id", "client_none")] {
        assert_eq!(program.authorize(&[changes]).await.status().as_u16(), 400, "{changes:?}");
    }
    for changes in [("code_challenge", ""), ("code_challenge_method", "plain")] {
        let (name, value) = program.came_back(&[changes]).await;
        assert_eq!((&*name, &*value), ("error", "invalid_request"), "{changes:?}");
    }
}

#[tokio::test]
async fn tokens_end_are_renewed_and_are_taken_back() {
    let lifetime = Duration::ZERO;
    let program = Program::registered(OAuthQuirks { lifetime, ..OAuthQuirks::default() }).await;
    let tokens = program.tokens().await;
    assert_eq!(program.opens(&tokens["access_token"]).await, (401, 401), "its time is over");
    let old = tokens["refresh_token"].as_str().unwrap();
    let (status, renewed) = program.refresh(old).await;
    assert_eq!(status, 200);
    assert_ne!(renewed["access_token"], tokens["access_token"]);
    assert_eq!(program.refresh(old).await.0, 400, "another took its place");
    let other = renewed["refresh_token"].as_str().unwrap();
    program.service.running.revoke(true);
    assert_eq!(program.refresh(other).await.0, 400);
}

#[tokio::test]
async fn what_is_unknown_of_oauth_can_be_chosen() {
    let quirks = OAuthQuirks {
        has_metadata: false,
        tells_lifetime: false,
        rotates: false,
        opens_api: false,
        has_ping: false,
        ..OAuthQuirks::default()
    };
    let program = Program::registered(quirks).await;
    let metadata = program.at("/.well-known/oauth-authorization-server");
    assert_eq!(answer(program.service.client.get(metadata)).await.0, 404);
    let tokens = program.tokens().await;
    assert_eq!(tokens.get("expires_in"), None);
    assert_eq!(program.opens(&tokens["access_token"]).await, (401, 404));
    let refresh = tokens["refresh_token"].as_str().unwrap();
    for _ in 0..2 {
        let (status, renewed) = program.refresh(refresh).await;
        assert_eq!((status, renewed.get("refresh_token")), (200, None), "the old one counts on");
    }
    let denied = Some("access_denied".to_owned());
    let program = Program::registered(OAuthQuirks { denied, ..OAuthQuirks::default() }).await;
    let came_back = program.came_back(&[]).await;
    assert_eq!(came_back, ("error".to_owned(), "access_denied".to_owned()));
    let quirks = OAuthQuirks { registers: false, ..OAuthQuirks::default() };
    let service = Service::with(Quirks { oauth: quirks, ..Quirks::default() }).await;
    let program = Program { service, client: String::new() };
    assert_eq!(program.register(&[REDIRECT]).await.0, 404);
}
