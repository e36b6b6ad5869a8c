//! What a line leaves out of the values that it stands for: a point in time shows as its day, and what
//! is no text, number or day does not show at all. Whoever pastes such a line gives up none of it.

use serde_json::Value;

use crate::{
    model::calendar::is_date,
    plan::{Details, PartialMap, TaskDetails},
    text::fields::day,
};

/// Details, as a line that was pasted says them, of the task that had those when it was cut: what the
/// line shows less of is what it was.
pub(crate) fn as_it_was(says: &Details, had: &Details) -> Details {
    if says.is_unknown() || had.is_unknown() {
        return says.clone();
    }
    let (mut parts, had) = (says.parts(), had.parts());
    let mut changed = false;
    for (id, value) in &mut parts.fields.known {
        if let Some(was) = had.fields.get(id).filter(|was| is_day_of(value, was)) {
            *value = was.clone();
            changed = true;
        }
    }
    if changed { Details::from(parts) } else { says.clone() }
}

/// What there is of fields whose values a line does not show that shows them by their names.
pub(crate) fn hidden(details: &Details) -> Details {
    let mut fields = details.parts().fields;
    fields.known.retain(|(_, value)| match value {
        Value::Null | Value::Array(_) => true,
        Value::Object(_) => day_of(value).is_none(),
        Value::String(_) | Value::Number(_) | Value::Bool(_) => false,
    });
    let fields = PartialMap { complete: false, ..fields };
    Details::from(TaskDetails { fields, ..TaskDetails::default() })
}

/// Whether a value is the day of a point in time.
fn is_day_of(value: &Value, point: &Value) -> bool {
    value != point && value.as_str().is_some_and(|value| day_of(point) == Some(value))
}

/// The day of a value that is one, or a point in time.
fn day_of(value: &Value) -> Option<&str> {
    let of_object = || value.get("dateTime")?.get("date")?.as_str();
    value.as_str().map(day).or_else(of_object).filter(|day| is_date(day))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{as_it_was, hidden};
    use crate::plan::{Details, PartialMap, TaskDetails};

    fn of(value: Value) -> Details {
        let fields = PartialMap { known: vec![("@f".to_owned(), value)], complete: true };
        Details::from(TaskDetails { fields, ..TaskDetails::default() })
    }

    #[test]
    fn a_day_is_the_point_in_time_that_it_stood_for() {
        let zoned =
            json!({ "type": "DateTime", "dateTime": { "date": "2026-03-10", "timezone": "UTC" } });
        for was in [json!("2026-03-10T09:00"), zoned, json!("2026-03-10")] {
            assert_eq!(as_it_was(&of(json!("2026-03-10")), &of(was.clone())), of(was));
        }
        for was in [json!("2026-03-11T09:00"), json!("soon"), json!(2026), json!(["2026-03-10"])] {
            let says = of(json!("2026-03-10"));
            assert_eq!(as_it_was(&says, &of(was)), says);
        }
    }

    #[test]
    fn what_no_line_shows_is_hidden() {
        for (value, is_hidden) in [
            (json!(["a"]), true),
            (json!(null), true),
            (json!({ "type": "Rating" }), true),
            (json!({ "dateTime": { "date": "2026-03-10" } }), false),
            (json!("a"), false),
            (json!(1), false),
            (json!(true), false),
        ] {
            let known = hidden(&of(value.clone())).parts().fields.known;
            assert_eq!(known.len(), usize::from(is_hidden), "{value}");
        }
    }
}
