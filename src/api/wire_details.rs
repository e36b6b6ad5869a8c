//! Answers about the details of tasks, read leniently: what is optional may be missing or null,
//! and there may be more than is known. What has no meaning is an error and never an absence.

use serde_json::Value;

use super::envelope::{Envelope, protocol, scalar};
use crate::{
    error::Result,
    model::{End, Moment, Schedule, plain_value},
};

impl Envelope {
    /// When a task is due; `None` if that was never said.
    pub(crate) fn schedule(&self) -> Result<Option<Schedule>> {
        self.item_or_null()?.as_ref().map(schedule).transpose()
    }

    /// The note of a task; `None` if it has none.
    pub(crate) fn note(&self) -> Result<Option<String>> {
        let Some(item) = self.item_or_null()? else { return Ok(None) };
        match item.get("value") {
            Some(Value::Null) => Ok(None),
            Some(value) => match scalar(value) {
                Some(note) => Ok(Some(note).filter(|note| !note.is_empty())),
                None => Err(protocol("the answer has a note that is no text")),
            },
            None => Err(protocol("the answer has a note without a value")),
        }
    }

    /// The handles of who does a task.
    pub(crate) fn handles(self) -> Result<Vec<String>> {
        let handle = |item: &Value| {
            let handle = item.get("handle").and_then(scalar).filter(|handle| !handle.is_empty());
            handle.ok_or_else(|| protocol("the answer has an assignee without a handle"))
        };
        self.listed()?.iter().map(handle).collect()
    }

    /// The values of a task's custom fields, by the ids of the fields. An item without an id says
    /// nothing.
    pub(crate) fn field_values(self) -> Result<Vec<(String, Value)>> {
        let value = |mut item: Value| {
            let id = item.get("fieldId").and_then(scalar).filter(|id| !id.is_empty())?;
            Some((id, plain_value(item.get_mut("value").map(Value::take).unwrap_or_default())))
        };
        Ok(self.listed()?.into_iter().filter_map(value).collect())
    }
}

fn schedule(item: &Value) -> Result<Schedule> {
    let start =
        given(item, "start").ok_or_else(|| protocol("the answer has a date without a start"))?;
    let end = given(item, "end").map(end).transpose()?;
    Ok(Schedule { start: moment(start)?, end })
}

fn end(value: &Value) -> Result<End> {
    match given(value, "period").and_then(scalar) {
        Some(period) if given(value, "date").is_none() => Ok(End::Period { period }),
        _ => moment(value).map(End::Moment),
    }
}

fn moment(value: &Value) -> Result<Moment> {
    let unreadable = || protocol("the answer has a date that cannot be read");
    // What is empty says as much as what is null.
    let text = |field: &str| match given(value, field) {
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(_) => Err(unreadable()),
        None => Ok(None),
    };
    let date = text("date")?.ok_or_else(unreadable)?;
    let moment = Moment { date, time: text("time")?, timezone: text("timezone")? };
    if moment.is_possible() { Ok(moment) } else { Err(unreadable()) }
}

/// A field that is there and not null.
fn given<'a>(value: &'a Value, field: &str) -> Option<&'a Value> {
    value.get(field).filter(|value| !value.is_null())
}

/// Reads an answer as everything that this file can.
#[cfg(fuzzing)]
pub(super) fn read_any(read: impl Fn() -> Result<Envelope>) {
    let _ = read().map(|answer| (answer.schedule(), answer.note(), answer.item_or_null()));
    let _ = (read().map(Envelope::handles), read().map(Envelope::field_values));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{End, Envelope, Moment, Schedule};
    use crate::{
        api::any_json::any_json,
        error::{Kind, Result},
    };

    fn read(body: &Value) -> Envelope {
        Envelope::read(body.to_string().as_bytes(), None).unwrap()
    }

    fn schedule(item: Value) -> Result<Option<Schedule>> {
        read(&json!({ "ok": true, "item": item })).schedule()
    }

    fn day(date: &str) -> Moment {
        Moment { date: date.to_owned(), ..Moment::default() }
    }

    #[test]
    fn a_date_is_read_with_whatever_is_missing_null_or_more() {
        let start = day("2026-12-01");
        for item in [
            json!({ "start": { "date": "2026-12-01" } }),
            json!({ "start": { "date": "2026-12-01", "time": null, "timezone": null }, "end": null }),
            json!({ "start": { "date": "2026-12-01", "time": "", "x": 1 }, "recurrence": {} }),
        ] {
            assert_eq!(schedule(item).unwrap(), Some(Schedule { start: start.clone(), end: None }));
        }
        assert_eq!(schedule(Value::Null).unwrap(), None);
        let whole = json!({ "start": { "date": "2026-12-01" }, "end": {
            "date": "2026-12-02", "time": "09:00", "timezone": "Europe/London" } });
        let end = Moment {
            time: Some("09:00".to_owned()),
            timezone: Some("Europe/London".to_owned()),
            ..day("2026-12-02")
        };
        assert_eq!(schedule(whole).unwrap().unwrap().end, Some(End::Moment(end)));
        let period = json!({ "start": { "date": "2026-12-01" }, "end": { "period": "P1D" } });
        let end = End::Period { period: "P1D".to_owned() };
        assert_eq!(schedule(period).unwrap().unwrap().end, Some(end));
    }

    #[test]
    fn a_date_that_means_nothing_is_an_error_and_not_an_absence() {
        let deep = format!(r#"{{"ok":true,"item":{}1{}}}"#, "[".repeat(200), "]".repeat(200));
        let deep = Envelope::read(deep.as_bytes(), None).unwrap();
        assert_eq!(deep.schedule().unwrap_err().kind(), Kind::Protocol);
        assert_eq!(read(&json!({ "ok": true })).schedule().unwrap_err().kind(), Kind::Protocol);
        let with = |key: &str, value: Value| {
            let mut start = json!({ "date": "2026-12-01" });
            start[key] = value;
            json!({ "start": start })
        };
        for item in [
            json!({}),
            json!([]),
            json!("2026-12-01"),
            json!({ "start": null }),
            json!({ "start": "2026-12-01" }),
            json!({ "start": {} }),
            with("date", json!(20261201)),
            with("date", json!("2026-02-30")),
            with("date", json!("2026-12-01T09:00:00.000Z")),
            with("time", json!("25:00")),
            with("time", json!(9)),
            with("timezone", json!({})),
            json!({ "start": { "date": "2026-12-01" }, "end": {} }),
            json!({ "start": { "date": "2026-12-01" }, "end": { "period": {} } }),
            json!({ "start": { "date": "2026-12-01" }, "end": "2026-12-02" }),
        ] {
            assert_eq!(schedule(item.clone()).unwrap_err().kind(), Kind::Protocol, "{item}");
        }
    }

    #[test]
    fn a_note_is_its_value_whatever_its_type() {
        let note = |item: Value| read(&json!({ "ok": true, "item": item })).note();
        let read_as = |item: Value| note(item).unwrap();
        assert_eq!(read_as(json!({ "type": "x/y", "value": "a\nb" })).as_deref(), Some("a\nb"));
        assert_eq!(read_as(json!({ "value": 7 })).as_deref(), Some("7"));
        for none in [Value::Null, json!({ "value": null }), json!({ "type": "x", "value": "" })] {
            assert_eq!(read_as(none), None);
        }
        for odd in [json!({}), json!({ "value": {} }), json!(["a"]), json!(true)] {
            assert_eq!(note(odd).unwrap_err().kind(), Kind::Protocol);
        }
    }

    #[test]
    fn assignees_and_values_are_read_past_nulls() {
        let handles = |items: Value| read(&json!({ "ok": true, "items": items })).handles();
        let two = json!([null, { "handle": "a", "displayName": null }, { "handle": "b", "x": 1 }]);
        assert_eq!(handles(two).unwrap(), ["a", "b"]);
        for odd in [json!([{}]), json!(["a"]), json!([{ "handle": "" }]), Value::Null, json!({})] {
            assert_eq!(handles(odd).unwrap_err().kind(), Kind::Protocol);
        }
        let values = |items: Value| read(&json!({ "ok": true, "items": items })).field_values();
        let some = json!([null, 1, { "value": 2 }, { "fieldId": null }, { "fieldId": "@a" },
            { "fieldId": "@b", "value": null }, { "fieldId": "@c", "value": [3], "x": 4 }]);
        let wanted = [("@a", Value::Null), ("@b", Value::Null), ("@c", json!([3]))];
        assert_eq!(values(some).unwrap(), wanted.map(|(id, value)| (id.to_owned(), value)));
        assert_eq!(values(Value::Null).unwrap_err().kind(), Kind::Protocol);
    }

    fn any_item() -> impl Strategy<Value = Value> {
        any_json(
            "(start|end|date|time|timezone|period|value|handle|fieldId)",
            "(2026-12-01|09:00|\\PC{0,4})",
        )
    }

    proptest! {
        /// What is read has only dates that can be.
        #[test]
        fn no_json_makes_a_reader_panic(item in any_item(), items in any_item()) {
            let body = json!({ "ok": true, "item": item, "items": items });
            if let Ok(Some(schedule)) = read(&body).schedule() {
                prop_assert!(schedule.start.is_possible());
            }
            let _ = read(&body).note();
            let _ = (read(&body).handles(), read(&body).field_values());
        }
    }
}
