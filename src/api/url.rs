//! The address of the API, and whether a token may go there.

use std::net::IpAddr;

use reqwest::Url;

use crate::error::{Error, Kind, Result};

/// Taskade's own API.
pub const DEFAULT_API_URL: &str = "https://www.taskade.com/api/v1";

/// Reads an API URL and refuses one over which a token must not go.
///
/// # Errors
/// [`Kind::Invalid`] if it is no URL, has a password in it, or is plain `http://` to another
/// machine.
pub fn check_url(url: &str) -> Result<Url> {
    let base = Url::parse(url).map_err(|error| {
        let error = Error::new(Kind::Invalid, "the API URL is none").because(error);
        // What stands before an @ may be a password.
        if url.contains('@') { error } else { error.at(url) }
    })?;
    if !base.username().is_empty() || base.password().is_some() {
        return Err(Error::new(Kind::Invalid, "the API URL has a user or a password in it")
            .hint("leave all up to the @ away: the token is in TASKADE_TOKEN or --token-file"));
    }
    let safe = match base.scheme() {
        "https" => base.has_host(),
        "http" => is_loopback(&base),
        _ => false,
    };
    if !safe {
        return Err(Error::new(Kind::Invalid, "a token goes only over https, or to this machine")
            .at(url)
            .hint("use an https:// URL"));
    }
    Ok(base)
}

pub(super) fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::check_url;
    use crate::error::Kind;

    #[test]
    fn a_token_goes_over_https_or_to_this_machine_only() {
        for good in [
            "https://x.example/api",
            "http://127.0.0.1:1/api",
            "http://[::1]/",
            "http://localhost:8/",
        ] {
            assert!(check_url(good).is_ok(), "{good}");
        }
        for bad in [
            "http://x.example/",
            "http://127.0.0.1.example/",
            "ftp://x/",
            "nonsense",
            "http://10.0.0.1/",
        ] {
            assert_eq!(check_url(bad).unwrap_err().kind(), Kind::Invalid, "{bad}");
        }
    }

    #[test]
    fn a_password_in_the_url_is_refused_and_not_repeated() {
        for url in [
            "https://me:hunter2@x.example/api",
            "https://hunter2@x.example/api",
            "https://:hunter2@x.example/",
            "http://me:hunter2@127.0.0.1/",
            "https//me:hunter2@x.example",
        ] {
            let error = check_url(url).unwrap_err();
            assert_eq!(error.kind(), Kind::Invalid, "{url}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        assert!(check_url("https://x.example/a@b").is_ok());
    }
}
