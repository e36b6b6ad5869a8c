//! The request budget: nothing is sent that the service would refuse.

use std::time::Duration;

use taskadefs::{
    api::Priority,
    error::Kind,
    server::{Fault, Quirks},
};

use super::{
    Service, TestClock,
    raw::{Raw, answer},
    until,
};

const READ: Priority = Priority::Foreground;
const EMPTY: &str = r#"{"ok":true,"items":[]}"#;

#[tokio::test]
async fn nothing_is_sent_between_a_429_and_its_end() {
    let service = Service::on(TestClock::held(), Quirks::default(), "a").await;
    service.running.faults().plan(None, "", 0, 1, Fault::Status(429, Some(23.727)));
    let spawn = |priority| {
        let client = service.client.clone();
        tokio::spawn(async move { client.workspaces(priority).await })
    };
    let first = spawn(Priority::Save);
    until(|| service.client.budget().unwrap().waiting == 1).await;
    let others: Vec<_> = (0..5).map(|_| spawn(READ)).collect();
    until(|| service.client.budget().unwrap().waiting == 6).await;
    assert_eq!(service.statuses(), [429]);
    service.clock.let_go(1);
    first.await.unwrap().unwrap();
    for other in others {
        other.await.unwrap().unwrap();
    }
    assert_eq!(service.statuses(), [429, 200, 200, 200, 200, 200, 200]);
    let slept = service.clock.sleeps()[0].as_secs_f64();
    assert!((23.0..=23.727).contains(&slept), "{slept}");
}

#[tokio::test]
async fn a_429_waits_as_long_as_any_header_says() {
    let waits = [
        ("retry-after: 7", 7.0),
        ("retry-after: 0.2", 0.2),
        ("x-rate-limit-reset: 23.727", 23.727),
        ("retry-after: 7\r\nx-rate-limit-reset: 23.727", 7.0),
        ("date: Wed, 21 Oct 2015 07:28:00 GMT\r\nretry-after: Wed, 21 Oct 2015 07:28:07 GMT", 7.0),
        ("retry-after: -1\r\nx-rate-limit-reset: 23.727", 23.727),
        // Nothing that can be read: a whole window.
        ("x-none: 1", 60.0),
        ("retry-after: Wed, 21 Oct 2015 07:28:00 GMT", 60.0),
        ("retry-after: -1", 60.0),
        ("retry-after: NaN", 60.0),
    ];
    for (header, seconds) in waits {
        let refused = answer(&format!("429 Too Many Requests\r\n{header}"), "");
        let raw = Raw::answering_in_turn(vec![refused, answer("200 OK", EMPTY)]).await;
        raw.client.workspaces(READ).await.unwrap();
        let slept = raw.clock.slept().as_secs_f64();
        assert_eq!(raw.requests().len(), 2, "{header}");
        assert!((seconds - 1.0..=seconds + 0.2).contains(&slept), "{header}: {slept}");
    }
}

#[tokio::test]
async fn a_limit_that_only_the_code_tells_is_kept_too() {
    let body = r#"{"ok":false,"code":"TOO_MANY_REQUESTS","message":"m"}"#;
    for status in ["200 OK", "400 Bad Request"] {
        let refused = answer(&format!("{status}\r\nretry-after: 7"), body);
        let raw = Raw::answering_in_turn(vec![refused, answer("200 OK", EMPTY)]).await;
        raw.client.workspaces(READ).await.unwrap();
        let slept = raw.clock.slept().as_secs_f64();
        assert_eq!(raw.requests().len(), 2, "{status}");
        assert!((6.0..=7.2).contains(&slept), "{status}: {slept}");
    }
}

#[tokio::test]
async fn a_request_without_an_answer_is_taken_for_one_that_counts() {
    let quirks = Quirks { rate_limit: Some(3), ..Quirks::default() };
    let service = Service::on(TestClock::held(), quirks, "a").await;
    service.client.workspaces(Priority::Save).await.unwrap();
    service.running.faults().plan(None, "", 0, 2, Fault::DropAfter);
    for _ in 0..2 {
        assert_eq!(service.create("t").await.unwrap_err().kind(), Kind::Ambiguous);
    }
    assert_eq!(service.client.budget().unwrap().remaining, Some(0));
    let client = service.client.clone();
    let waiting = tokio::spawn(async move { client.workspaces(Priority::Save).await });
    until(|| !service.clock.sleeps().is_empty()).await;
    assert_eq!(service.statuses().len(), 3);
    waiting.abort();
}

#[tokio::test]
async fn a_429_that_says_no_wait_is_not_answered_with_a_storm() {
    for header in ["retry-after: 0", "x-rate-limit-reset: 0.000"] {
        let raw = Raw::answering(&format!("429 Too Many Requests\r\n{header}"), "").await;
        let error = raw.client.workspaces(READ).await.unwrap_err();
        assert_eq!(error.kind(), Kind::RateLimited);
        assert!(raw.requests().len() <= 12, "{header}: {}", raw.requests().len());
    }
}

#[tokio::test]
async fn patience_with_a_limit_has_an_end() {
    let raw = Raw::answering("429 Too Many Requests\r\nretry-after: 40", "").await;
    let error = raw.client.workspaces(READ).await.unwrap_err();
    assert_eq!((error.kind(), raw.requests().len()), (Kind::RateLimited, 3));
    assert!(raw.clock.slept() <= Duration::from_secs(90));
    // Nobody waits for what nobody waits for.
    let raw = Raw::answering("429 Too Many Requests\r\nretry-after: 40", "").await;
    let error = raw.client.workspaces(Priority::Background).await.unwrap_err();
    assert_eq!((error.kind(), raw.requests().len()), (Kind::RateLimited, 1));
    assert_eq!(raw.clock.slept(), Duration::ZERO);
}

#[tokio::test]
async fn the_last_of_the_budget_is_kept_for_saves() {
    let quirks = Quirks { rate_limit: Some(30), ..Quirks::default() };
    let service = Service::on(TestClock::held(), quirks, "").await;
    while service.client.workspaces(Priority::Background).await.is_ok() {}
    assert_eq!(service.statuses().len(), 15);
    for _ in 15..27 {
        service.client.workspaces(READ).await.unwrap();
    }
    let client = service.client.clone();
    let reader = tokio::spawn(async move { client.workspaces(READ).await });
    until(|| service.client.budget().unwrap().waiting == 1).await;
    for _ in 27..30 {
        service.create("t").await.unwrap();
    }
    assert_eq!(service.statuses(), [200; 30]);
    assert_eq!(service.client.budget().unwrap().remaining, Some(0));
    assert!(!reader.is_finished());
    reader.abort();
}

#[tokio::test]
async fn a_limit_that_is_not_told_is_met_and_then_kept() {
    let quirks = Quirks { rate_limit: Some(3), tells_limit: false, ..Quirks::default() };
    let service = Service::with(quirks, "").await;
    for _ in 0..3 {
        service.client.workspaces(READ).await.unwrap();
    }
    // The server's minute does not pass here: it is asked once a minute.
    let error = service.client.workspaces(READ).await.unwrap_err();
    assert_eq!(error.kind(), Kind::RateLimited);
    assert_eq!(service.statuses(), [200, 200, 200, 429, 429]);
}

#[tokio::test]
async fn headers_that_make_no_sense_are_none() {
    let nonsense = "x-rate-limit-limit: many\r\nx-rate-limit-remaining: -3\r\n\
                    x-rate-limit-reset: soon";
    let raw = Raw::answering(&format!("200 OK\r\n{nonsense}"), EMPTY).await;
    for _ in 0..5 {
        raw.client.workspaces(READ).await.unwrap();
    }
    assert_eq!((raw.requests().len(), raw.clock.slept()), (5, Duration::ZERO));
    let budget = raw.client.budget().unwrap();
    assert_eq!((budget.limit, budget.remaining, budget.reset), (None, None, None));
}
