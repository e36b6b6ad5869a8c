//! What a line leaves out of the values that it stands for: a point in time shows as its day, a date
//! without its seconds and without the second of two time zones, and what is no text, number or day does
//! not show at all. Whoever pastes such a line gives up none of it.

use serde_json::Value;

use crate::{
    model::{Schedule, calendar::is_date},
    plan::{Details, Known, PartialMap, TaskDetails},
    text::{
        details::{of_date, to_line_by_ids},
        fields::day,
    },
};

/// Details, as a line that was pasted says them, of the task that had those when it was cut: what the
/// line shows less of is what it was.
pub(crate) fn as_it_was(says: &Details, had: &Details) -> Details {
    if says.is_unknown() || had.is_unknown() {
        return says.clone();
    }
    let (mut parts, had) = (says.parts(), had.sendable().parts());
    let mut changed = false;
    if parts.date != had.date && shown_date(&parts.date) == shown_date(&had.date) {
        parts.date = had.date;
        changed = true;
    }
    for (id, value) in &mut parts.fields.known {
        if let Some(was) = had.fields.get(id).filter(|was| is_day_of(value, was)) {
            *value = was.clone();
            changed = true;
        }
    }
    if changed { Details::from(parts) } else { says.clone() }
}

/// What a line shows of a date that there is.
fn shown_date(date: &Known<Schedule>) -> Option<[Option<String>; 5]> {
    let date = Known::Present(date.present()?.clone());
    let line = to_line_by_ids(&TaskDetails { date, ..TaskDetails::default() }.into());
    Some(of_date(&line).map(Clone::clone))
}

/// Whether details show less on a line than there may be of them.
pub(crate) fn may_show_less(details: &Details) -> bool {
    if details.is_unknown() {
        return false;
    }
    let parts = details.parts();
    parts.date.present().is_some()
        || parts.fields.known.iter().any(|(_, value)| day_of(value).is_some())
}

/// Details, as a line says them that may be a copy of the line of a task that has those: what it shows
/// less of, if it shows all that there is of dates and fields.
pub(crate) fn as_copied(says: &Details, has: &Details) -> Option<Details> {
    let copied = as_it_was(says, has);
    let shown = |details: &Details| {
        let TaskDetails { date, mut fields, .. } = details.sendable().present().parts();
        let hidden = hidden(details).parts().fields;
        fields.known.retain(|(id, _)| hidden.get(id).is_none());
        (date, fields)
    };
    (copied != *says && shown(&copied) == shown(has)).then_some(copied)
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

    use super::{as_copied, as_it_was, hidden, may_show_less};
    use crate::{
        model::{End, Moment, Schedule},
        plan::{Details, Known, PartialMap, TaskDetails},
    };

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
    fn a_date_is_the_one_that_it_stood_for() {
        let moment = |time: &str, zone: &str| Moment {
            date: "2026-03-10".to_owned(),
            time: Some(time.to_owned()),
            timezone: Some(zone.to_owned()),
        };
        let of = |start: &Moment, end: Option<End>| {
            let date = Known::Present(Schedule { start: start.clone(), end });
            Details::from(TaskDetails { date, ..TaskDetails::default() })
        };
        let range = |from: &str, to: &str, zone: &str| {
            of(&moment(from, "Europe/London"), Some(End::Moment(moment(to, zone))))
        };
        let says = range("09:00", "10:30", "Europe/London");
        for was in [
            range("09:00:15", "10:30", "Europe/London"),
            range("09:00", "10:30:45", "Europe/Paris"),
        ] {
            assert_eq!(as_it_was(&says, &was), was);
            assert_eq!(as_copied(&says, &was), Some(was));
        }
        for was in [range("09:01", "10:30", "Europe/London"), of(&moment("09:00", "UTC"), None)] {
            assert_eq!(as_it_was(&says, &was), says);
            assert_eq!(as_copied(&says, &was), None);
        }
        // No request can say that.
        let (start, period) = (moment("09:00", "UTC"), End::Period { period: "P1D".to_owned() });
        let says = of(&start, None);
        assert_eq!(as_it_was(&says, &of(&start, Some(period))), says);
    }

    #[test]
    fn a_copied_line_shows_all_that_there_is_to_show() {
        let at = |value: Value, other: Value| {
            let known = vec![("@f".to_owned(), value), ("@g".to_owned(), other)];
            let fields = PartialMap { known, complete: true };
            Details::from(TaskDetails { fields, ..TaskDetails::default() })
        };
        let has = at(json!("2026-03-10T09:00"), json!(5));
        let says = at(json!("2026-03-10"), json!(5));
        assert!(may_show_less(&says) && !may_show_less(&of(json!("text"))));
        assert_eq!(as_copied(&says, &has), Some(has.clone()));
        assert_eq!(as_copied(&at(json!("2026-03-10"), json!(6)), &has), None);
        assert_eq!(as_copied(&of(json!("2026-03-10")), &has), None);
        assert_eq!(as_copied(&has, &has), None, "there is nothing to add");
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
