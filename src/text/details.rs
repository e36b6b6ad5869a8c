//! How what is known of a task is shown on its line, and what a line that was edited says of it.
//! Pure.
//!
//! `apply_line_by_ids(known, to_line_by_ids(known))` is `known`: a line that nobody touched changes
//! nothing, also where it shows less than what is known (a handle with a space, seconds, a period).
//! And `to_line_by_ids(apply_line_by_ids(known, line))` is `line`, up to the order of what has no
//! order.

use crate::{
    document::{self, Line, LineDetails, RenderOptions},
    model::{End, MAX_CONTENT_CHARS, Moment, Schedule},
    plan::{Details, Item, Known, PartialMap, TaskDetails},
    text::{
        checks::UNREADABLE,
        fields::{self, FieldView, Unfit},
    },
};

/// What a line shows of a task, of whose fields nothing is known but ids.
pub(crate) fn to_line_by_ids(details: &Details) -> LineDetails {
    to_line(details, None)
}

/// What a line shows of a task.
pub(crate) fn to_line(details: &Details, view: Option<&FieldView>) -> LineDetails {
    if details.is_unknown() {
        return LineDetails::default();
    }
    let parts = details.parts();
    let mut shown = LineDetails {
        assignees: parts.assignees.known.into_iter().map(|(handle, ())| handle).collect(),
        fields: fields::to_line(&parts.fields, view),
        note: parts.note.present().cloned(),
        ..LineDetails::default()
    };
    if let Some(Schedule { start, end }) = parts.date.present() {
        let end = match end {
            Some(End::Moment(end)) => Some(end),
            Some(End::Period { .. }) | None => None,
        };
        shown.zone = start.timezone.clone().or_else(|| end?.timezone.clone());
        let last = end.unwrap_or(start);
        (shown.due, shown.due_time) = (Some(last.date.clone()), minutes(last));
        if end.is_some() {
            (shown.start, shown.start_time) = (Some(start.date.clone()), minutes(start));
        }
    }
    shown.spellable(view.map(FieldView::keys))
}

/// The people and fields of a task that no line can show.
pub(crate) fn undisplayable(details: &Details) -> Details {
    let (shown, mut parts) = (to_line_by_ids(details), details.parts());
    parts.assignees.known.retain(|(handle, ())| !shown.assignees.contains(handle));
    parts.fields.known.retain(|(id, _)| shown.fields.iter().all(|(known, _)| known != id));
    let assignees = PartialMap { complete: false, ..parts.assignees };
    let fields = PartialMap { complete: false, ..parts.fields };
    Details::from(TaskDetails { assignees, fields, ..TaskDetails::default() })
}

/// What is known of a task from now on, whose line says this. Of a task that is to be created,
/// [`Details::none`] is known.
///
/// # Errors
/// The reason, where the line says what Taskade cannot keep.
pub(crate) fn apply_line(
    known: &Details,
    line: &LineDetails,
    view: Option<&FieldView>,
) -> Result<Details, Unfit> {
    let before = to_line(known, view);
    if before == *line {
        return Ok(known.clone());
    }
    let TaskDetails { date, note, assignees, fields } = known.parts();
    Ok(Details::from(TaskDetails {
        date: if of_date(&before) == of_date(line) { date } else { Known::of(schedule(line)?) },
        note: if before.note == line.note { note } else { Known::of(checked_note(line)?) },
        assignees: apply_people(assignees, &before, line),
        fields: fields::apply_line(fields, &before, line, view)?,
    }))
}

/// The same, of whose fields nothing is known but ids.
pub(crate) fn apply_line_by_ids(known: &Details, line: &LineDetails) -> Result<Details, String> {
    apply_line(known, line, None).map_err(|unfit| unfit.reason)
}

/// A task in words: its text and what is known of it, as on its line.
pub(crate) fn in_words(item: &Item, view: Option<&FieldView>) -> String {
    let details = to_line(&item.details, view);
    let mut words = item.text.clone();
    if details != LineDetails::default() {
        let line = Line { text: item.text.clone(), details, ..Line::default() };
        let options =
            RenderOptions { fields: view.map(FieldView::keys), ..RenderOptions::default() };
        let mut rendered = String::new();
        document::render_line(&line, &options, &mut rendered);
        let line = rendered.trim_start_matches('-').trim_start().trim_start_matches("[ ]");
        words = line.trim().replace("\n  >", " >");
    }
    words
}

pub(crate) fn apply_people(
    mut people: PartialMap<()>,
    before: &LineDetails,
    line: &LineDetails,
) -> PartialMap<()> {
    let is_gone =
        |handle: &String| before.assignees.contains(handle) && !line.assignees.contains(handle);
    people.known.retain(|(handle, ())| !is_gone(handle));
    for handle in &line.assignees {
        if people.get(handle).is_none() {
            people.known.push((handle.clone(), ()));
        }
    }
    in_order_of(&mut people, line.assignees.iter());
    people
}

/// Sorts by where the line has it; what the line cannot show stays behind.
pub(crate) fn in_order_of<'a, T>(
    set: &mut PartialMap<T>,
    line: impl Iterator<Item = &'a String> + Clone,
) {
    let place = |name: &str| line.clone().position(|shown| shown == name);
    set.known.sort_by_key(|(name, _)| place(name).unwrap_or(usize::MAX));
}

pub(crate) fn checked_note(line: &LineDetails) -> Result<Option<String>, String> {
    let Some(note) = &line.note else { return Ok(None) };
    if note.contains(['\n', '\r']) {
        return Err("its note has several lines, and Taskade takes one; join them".to_owned());
    }
    if note.contains(char::REPLACEMENT_CHARACTER) {
        return Err(UNREADABLE.to_owned());
    }
    if note.is_empty() {
        return Err("its note is empty; write something, or delete the `>`".to_owned());
    }
    let length = note.chars().count();
    if length > MAX_CONTENT_CHARS {
        return Err(format!(
            "its note has {length} characters, and at most {MAX_CONTENT_CHARS} can be saved; \
             shorten it"
        ));
    }
    Ok(Some(note.clone()))
}

/// Everything of a line that says when.
pub(crate) fn of_date(line: &LineDetails) -> [&Option<String>; 5] {
    [&line.start, &line.start_time, &line.due, &line.due_time, &line.zone]
}

/// When a line says that its task is due.
pub(crate) fn schedule(line: &LineDetails) -> Result<Option<Schedule>, String> {
    let LineDetails { start, start_time, due, due_time, zone, .. } = line;
    if of_date(line).iter().all(|part| part.is_none()) {
        return Ok(None);
    }
    let moment = |date: &String, time: &Option<String>| Moment {
        date: date.clone(),
        time: time.clone(),
        timezone: zone.clone(),
    };
    let Some(due) = due else {
        return Err(match start {
            Some(start) => format!("it starts on {start} and never ends; add `📅` and a day"),
            None => "a time or a time zone needs a day; add `📅` and a day".to_owned(),
        });
    };
    match start {
        None if start_time.is_some() => {
            Err("a start time needs a start day; add `🛫` and a day".to_owned())
        }
        None => Ok(Some(Schedule { start: moment(due, due_time), end: None })),
        Some(start) if (start, start_time) > (due, due_time) && (start != due || both(line)) => {
            Err(format!("it ends on {due}, before it starts on {start}; swap them"))
        }
        Some(start) => Ok(Some(Schedule {
            start: moment(start, start_time),
            end: Some(End::Moment(moment(due, due_time))),
        })),
    }
}

/// Whether both ends have a time: on one day, one without is the whole day.
pub(crate) fn both(line: &LineDetails) -> bool {
    line.start_time.is_some() && line.due_time.is_some()
}

/// `HH:MM`; seconds are not shown.
pub(crate) fn minutes(moment: &Moment) -> Option<String> {
    let time = moment.time.as_deref()?;
    Some(time.get(..5).unwrap_or(time).to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{apply_line_by_ids, in_words, to_line_by_ids};
    use crate::document::Line;
    use crate::document::LineDetails;
    use crate::document::ParseOptions;
    use crate::document::RenderOptions;
    use crate::document::parse;
    use crate::document::render;
    use crate::model::End;
    use crate::model::Moment;
    use crate::model::Schedule;
    use crate::plan::Details;
    use crate::plan::Item;
    use crate::plan::Key;
    use crate::plan::Known;
    use crate::plan::PartialMap;
    use crate::plan::TaskDetails;

    fn texts() -> impl Strategy<Value = String> {
        prop_oneof!["[ -~]{0,8}", "\\PC{0,6}", "[\\n\\r\\t a&;#0-9\\[\\]\\\\⏎]{0,8}"]
    }

    /// Days, times and zones as they should be, and as they should not.
    fn moments() -> impl Strategy<Value = Moment> {
        let date = prop_oneof![4 => "2026-1[0-2]-[0-2][1-9]", 1 => texts()];
        let time = prop_oneof![
            Just(None),
            "[01][0-9]:[0-5][0-9]".prop_map(Some),
            "[01][0-9]:[0-5][0-9]:[0-5][0-9]".prop_map(Some),
            texts().prop_map(Some),
        ];
        let zone = prop_oneof![
            2 => Just(None),
            2 => Just(Some("Europe/London".to_owned())),
            1 => texts().prop_map(Some),
        ];
        (date, time, zone).prop_map(|(date, time, timezone)| Moment { date, time, timezone })
    }

    fn schedules() -> impl Strategy<Value = Schedule> {
        let end = prop_oneof![
            Just(None),
            moments().prop_map(|end| Some(End::Moment(end))),
            texts().prop_map(|period| Some(End::Period { period })),
        ];
        (moments(), end).prop_map(|(start, end)| Schedule { start, end })
    }

    fn set<T: std::fmt::Debug>(
        names: impl Strategy<Value = String>,
        values: impl Strategy<Value = T>,
    ) -> impl Strategy<Value = PartialMap<T>> {
        (prop::collection::vec((names, values), 0..4), any::<bool>()).prop_map(
            |(named, complete)| {
                let mut known: Vec<(String, T)> = Vec::new();
                for (name, value) in named {
                    if known.iter().all(|(other, _)| *other != name) {
                        known.push((name, value));
                    }
                }
                PartialMap { known, complete }
            },
        )
    }

    fn values() -> impl Strategy<Value = Value> {
        prop_oneof![
            texts().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            Just(json!(["a", { "b": [] }])),
            Just(json!(true)),
        ]
    }

    /// Whatever the service may tell.
    fn details() -> impl Strategy<Value = Details> {
        let handles = prop_oneof![3 => "[a-z][a-z0-9._-]{0,6}", 1 => texts()];
        let ids = prop_oneof![3 => "@[a-z0-9]{1,6}", 1 => texts()];
        let parts = (
            prop::option::of(schedules()),
            prop::option::of(texts()),
            set(handles, Just(())),
            set(ids, values()),
        );
        let parts = parts.prop_map(|(date, note, assignees, fields)| TaskDetails {
            date: Known::of(date),
            note: Known::of(note.filter(|note| !note.is_empty())),
            assignees,
            fields,
        });
        prop_oneof![1 => Just(Details::default()), 9 => parts.prop_map(Details::from)]
    }

    fn sorted(mut shown: LineDetails) -> LineDetails {
        shown.assignees.sort();
        shown.fields.sort();
        shown
    }

    proptest! {
        #[test]
        fn an_untouched_line_changes_nothing(known in details()) {
            prop_assert_eq!(apply_line_by_ids(&known, &to_line_by_ids(&known)).unwrap(), known);
        }

        #[test]
        fn what_is_shown_is_read_back(known in details(), text in "[ -~]{0,12}", depth in 0..2_usize) {
            let task = Line { text, details: to_line_by_ids(&known), ..Line::default() };
            let lines = [Line::default(), Line { depth, ..task }];
            let text = render(&lines, &RenderOptions::default());
            let read = parse(text.as_bytes(), &ParseOptions::default()).unwrap();
            prop_assert_eq!(&read[1].details, &lines[1].details, "{}", text);
            prop_assert_eq!(apply_line_by_ids(&known, &read[1].details).unwrap(), known);
        }

        #[test]
        fn what_a_line_says_is_shown_from_then_on(known in details(), other in details()) {
            let line = to_line_by_ids(&other);
            if let Ok(applied) = apply_line_by_ids(&known, &line) {
                prop_assert_eq!(sorted(to_line_by_ids(&applied)), sorted(line.clone()));
                // And whatever no line can show has stayed.
                let (before, after) = (known.parts(), applied.parts());
                for (handle, ()) in &before.assignees.known {
                    let is_shown = to_line_by_ids(&known).assignees.contains(handle);
                    prop_assert!(is_shown || after.assignees.get(handle).is_some());
                }
            }
        }

        #[test]
        fn anything_can_be_put_in_words(details in details(), text in texts()) {
            let item = Item { key: Key::New(0), depth: 3, text, done: true, details, spelled: Default::default() };
            prop_assert!(!in_words(&item, None).contains("- [x]") || item.text.contains("- [x]"));
        }
    }

    #[test]
    fn a_value_is_a_number_only_where_it_was_none_or_one() {
        let field = |value: Option<Value>| {
            let known = value.map(|value| ("@f".to_owned(), value)).into_iter().collect();
            Details::from(TaskDetails {
                fields: PartialMap { known, complete: true },
                ..TaskDetails::default()
            })
        };
        let line = |text: &str| LineDetails {
            fields: vec![("@f".to_owned(), text.to_owned())],
            ..LineDetails::default()
        };
        let applied = |known: Option<Value>, text: &str| {
            apply_line_by_ids(&field(known), &line(text))
                .map(|applied| applied.parts().fields.known[0].1.clone())
        };
        assert_eq!(applied(None, "250"), Ok(json!(250)));
        assert_eq!(applied(Some(json!(7)), "2.5"), Ok(json!(2.5)));
        assert_eq!(applied(Some(json!("7")), "8"), Ok(json!("8")));
        for text in ["007", "1e3", "+1", "NaN", "high"] {
            assert_eq!(applied(None, text), Ok(json!(text)), "{text}");
        }
        assert!(applied(None, "").is_err());
        assert!(applied(Some(json!(["a"])), "b").is_err());
    }
}
