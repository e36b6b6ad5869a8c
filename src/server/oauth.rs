//! OAuth 2.0 as far as Taskade is known to have it: metadata (RFC 8414), registration (RFC 7591), the
//! authorization code with PKCE (RFC 7636), and refresh tokens. Nobody is asked: it approves.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::{
    answer::{Answer, Handled},
    call::ServedCall,
    oauth_state::{Grant, TokenPair},
    projects::broken,
    query,
    shared::Shared,
};

/// Where all of it is, as far as there is any.
pub(super) fn metadata(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let quirks = &shared.quirks.oauth;
    if !quirks.has_metadata {
        return Err(Answer::not_found("Not found"));
    }
    let origin = format!("http://{}", call.host);
    let token = quirks.token_endpoint.clone();
    let mut metadata = json!({
        "issuer": origin,
        "authorization_endpoint": format!("{origin}/oauth2/authorize"),
        "token_endpoint": token.unwrap_or_else(|| format!("{origin}/oauth2/token")),
        "registration_endpoint": format!("{origin}/oauth2/register"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
    });
    if !quirks.scopes.is_empty() {
        metadata["scopes_supported"] = json!(quirks.scopes);
    }
    Ok(Answer::bare(metadata))
}

/// Registers a public client.
pub(super) fn register(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    if !shared.quirks.oauth.registers {
        return Err(Answer::not_found("Not found"));
    }
    let asked: Value = serde_json::from_slice(call.body).unwrap_or_default();
    let redirects = asked["redirect_uris"].as_array().cloned().unwrap_or_default();
    let redirects: Vec<String> =
        redirects.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let is_local = |it: &String| it.starts_with("http://127.0.0.1:");
    if redirects.is_empty() || !redirects.iter().all(is_local) {
        return Err(refused("invalid_redirect_uri"));
    }
    let client = shared.oauth.register(redirects.clone()).map_err(broken)?;
    let mut answer = Answer::bare(json!({
        "client_id": client, "redirect_uris": redirects, "token_endpoint_auth_method": "none",
    }));
    answer.status = 201;
    Ok(answer)
}

/// Approves, and sends the browser back with a code.
pub(super) fn authorize(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let given = |name: &str| call.query.get(name).cloned().unwrap_or_default();
    let (client, redirect) = (given("client_id"), given("redirect_uri"));
    // Nobody is sent to where nobody asked to be sent to.
    if !shared.oauth.may_redirect(&client, &redirect) {
        return Err(refused("invalid_request"));
    }
    let is_whole = given("response_type") == "code"
        && given("code_challenge_method") == "S256"
        && !given("code_challenge").is_empty();
    let quirks = &shared.quirks.oauth;
    let scope = given("scope");
    let is_asked_for = |wanted: &String| scope.split(' ').any(|asked| asked == wanted);
    let denied = match &quirks.denied {
        Some(error) => Some(error.as_str()),
        None if !is_whole => Some("invalid_request"),
        None => (!quirks.scopes.iter().all(is_asked_for)).then_some("invalid_scope"),
    };
    let outcome = match denied {
        Some(error) => ("error", error.to_owned()),
        None => {
            let challenge = given("code_challenge");
            let grant = Grant { client, redirect: redirect.clone(), challenge };
            ("code", shared.oauth.grant(grant).map_err(broken)?)
        }
    };
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let (name, value) = (outcome.0, encoded(&outcome.1));
    Ok(Answer::redirect(format!("{redirect}?{name}={value}&state={}", encoded(&given("state")))))
}

/// Gives tokens for a code, or for a refresh token.
pub(super) fn token(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    if !call.media_type.starts_with("application/x-www-form-urlencoded") {
        return Err(refused("invalid_request"));
    }
    let form = query::pairs(&String::from_utf8_lossy(call.body));
    let given = |name: &str| form.get(name).map_or("", String::as_str);
    let pair = match given("grant_type") {
        "authorization_code" => of_code(shared, &form)?,
        "refresh_token" => shared
            .oauth
            .refresh(given("client_id"), given("refresh_token"))
            .map_err(broken)?
            .ok_or_else(|| refused("invalid_grant"))?,
        _ => return Err(refused("unsupported_grant_type")),
    };
    let mut answer = json!({ "access_token": pair.access, "token_type": "Bearer" });
    if let Some(refresh) = pair.refresh {
        answer["refresh_token"] = refresh.into();
    }
    if shared.quirks.oauth.tells_lifetime {
        answer["expires_in"] = shared.quirks.oauth.lifetime.as_secs().into();
    }
    Ok(Answer::bare(answer))
}

fn of_code(shared: &Shared, form: &HashMap<String, String>) -> Result<TokenPair, Answer> {
    let given = |name: &str| form.get(name).map_or("", String::as_str);
    let grant = shared.oauth.redeem(given("code")).ok_or_else(|| refused("invalid_grant"))?;
    let verifier = given("code_verifier");
    let hash = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
    let shown = Grant {
        client: given("client_id").to_owned(),
        redirect: given("redirect_uri").to_owned(),
        challenge: URL_SAFE_NO_PAD.encode(hash),
    };
    if shown != grant || !(43..=128).contains(&verifier.len()) {
        return Err(refused("invalid_grant"));
    }
    shared.oauth.tokens(&grant.client).map_err(broken)
}

/// A refusal as OAuth has it.
fn refused(error: &str) -> Answer {
    let mut answer = Answer::bare(json!({ "error": error, "error_description": "refused" }));
    answer.status = 400;
    answer
}
