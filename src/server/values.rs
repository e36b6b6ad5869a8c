//! What values of custom fields are: in the store and in exports with their types, at the endpoints
//! what is put and what is told.

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use serde_json::{Value, json};

use crate::api::Moment;

/// What a value that is put is kept as, given what the document says of its field.
///
/// # Errors
/// The reason why it can be no value of this field.
pub(crate) fn kept(field: &Value, put: &Value) -> Result<Value, &'static str> {
    match (field["type"].as_str(), put) {
        (Some("Select"), Value::String(option)) if field["options"].get(option).is_some() => {
            Ok(json!({ "type": "Select", "optionId": option }))
        }
        (Some("Select"), _) => Err("value: the id of an option"),
        (Some("DateTime"), Value::String(text)) => match moment(text) {
            Some(moment) => Ok(json!({ "type": "DateTime", "dateTime": moment })),
            None => Err("value: a date, YYYY-MM-DD or with a time as ISO 8601 has it"),
        },
        (Some("DateTime"), _) => Err("value: a date as text"),
        _ => Ok(put.clone()),
    }
}

/// What the endpoints tell of a value: of a picked option its id (met in clients), else the value
/// with its type.
pub(crate) fn answered(kept: Value) -> Value {
    match (kept["type"].as_str(), &kept["optionId"]) {
        (Some("Select"), Value::String(option)) => option.as_str().into(),
        _ => kept,
    }
}

/// A date with or without a time of it, as ISO 8601 writes it. One with an offset is told in UTC.
fn moment(text: &str) -> Option<Moment> {
    let of = |at: DateTime, timezone: Option<&str>| {
        let clock = if at.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
        let time = Some(at.strftime(clock).to_string());
        Moment { date: at.date().to_string(), time, timezone: timezone.map(str::to_owned) }
    };
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(of(TimeZone::UTC.to_datetime(instant), Some("UTC")));
    }
    if text.contains(':') {
        return text.parse().ok().map(|at| of(at, None));
    }
    let date: Date = text.parse().ok()?;
    Some(Moment { date: date.to_string(), ..Moment::default() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{answered, kept, moment};

    fn date(text: &str) -> Option<Value> {
        kept(&json!({ "type": "DateTime" }), &text.into()).ok().map(|kept| kept["dateTime"].clone())
    }

    #[test]
    fn a_date_is_read_as_iso_has_it() {
        assert_eq!(date("2026-03-10"), Some(json!({ "date": "2026-03-10" })));
        let at = |time: &str| Some(json!({ "date": "2026-03-10", "time": time }));
        assert_eq!(date("2026-03-10T09:00"), at("09:00"));
        assert_eq!(date("2026-03-10 09:00:30.250"), at("09:00:30"));
        let utc = json!({ "date": "2026-03-10", "time": "09:00", "timezone": "UTC" });
        assert_eq!(date("2026-03-10T09:00:00Z"), Some(utc.clone()));
        assert_eq!(date("2026-03-10T11:00:00.000+02:00"), Some(utc));
        for text in ["", "soon", "2026-02-30", "2026-03-10T", "2026-03-10T25:00", "10.3.2026"] {
            assert_eq!(date(text), None, "{text}");
        }
        assert!(kept(&json!({ "type": "DateTime" }), &json!(20260310)).is_err());
    }

    #[test]
    fn an_option_is_put_and_told_by_its_id() {
        let field =
            json!({ "type": "Select", "options": { "o1": { "id": "o1", "name": "High" } } });
        let picked = kept(&field, &"o1".into()).unwrap();
        assert_eq!(picked, json!({ "type": "Select", "optionId": "o1" }));
        assert_eq!(answered(picked), json!("o1"));
        for none in [json!("High"), json!(""), json!(1)] {
            assert!(kept(&field, &none).is_err(), "{none}");
        }
        assert!(kept(&json!({ "type": "Select" }), &"o1".into()).is_err());
    }

    #[test]
    fn other_values_are_kept_and_told_as_they_are() {
        for value in [json!(2.5), json!("two")] {
            for kind in ["number", "string", "Rating"] {
                let kept = kept(&json!({ "type": kind }), &value).unwrap();
                assert_eq!(answered(kept), value);
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_is_a_panic(text in ".*", tail in "[-TZ:+. 0-9]*") {
            moment(&text);
            moment(&format!("2026-03-10{tail}"));
        }
    }
}
