//! The laws of fields by their names.

use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Value, json};

use crate::{
    document::LineDetails,
    model::{FieldDefinition, FieldKind, FieldOption, FieldSchema},
    plan::{Details, PartialMap, TaskDetails},
    text::{
        details::{apply_line, to_line},
        fields::{FieldPlacement, FieldView},
    },
};

pub(super) fn schemas() -> impl Strategy<Value = FieldSchema> {
    let names = ["State", "state", "Owner", "Due", "due", "a [b]", "x:: y", ""];
    let kinds = select(vec!["string", "number", "Select", "DateTime", "Rating"]);
    let options = vec(("o[0-3]", select(vec!["🟡 Doing", "doing", "Done", "", "o1"])), 0..4);
    let field = (option::of(select(names.to_vec())), kinds, options);
    vec(field, 1..7).prop_map(|fields| {
        let mut schema = FieldSchema::default();
        for (at, (name, kind, options)) in fields.into_iter().enumerate() {
            let option = |(id, name): (String, &str)| FieldOption { id, name: name.to_owned() };
            schema.fields.push(FieldDefinition {
                id: format!("@f{at}"),
                name: name.map(str::to_owned),
                kind: FieldKind::from(kind.to_owned()),
                options: options.into_iter().map(option).collect(),
            });
        }
        schema
    })
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        "\\PC{0,4}".prop_map(Value::from),
        select(vec!["o0", "o1", "Doing", "2026-03-10", "2026-03-10T09:00", "12"])
            .prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(json!(null)),
        Just(json!(true)),
        Just(json!([1])),
        Just(
            json!({ "type": "DateTime", "dateTime": { "date": "2026-03-10", "timezone": "UTC" } })
        ),
    ]
}

pub(super) fn details() -> impl Strategy<Value = Details> {
    vec((0..8_usize, values()), 0..5).prop_map(|values| {
        let mut known: Vec<(String, Value)> = Vec::new();
        for (at, value) in values {
            let id = format!("@f{at}");
            if known.iter().all(|(other, _)| *other != id) {
                known.push((id, value));
            }
        }
        let fields = PartialMap { known, complete: true };
        Details::from(TaskDetails { fields, ..TaskDetails::default() })
    })
}

proptest! {
    #[test]
    fn an_untouched_line_changes_nothing(schema in schemas(), known in details()) {
        let view = FieldView::new(schema, FieldPlacement::Auto);
        let line = to_line(&known, view.as_ref());
        prop_assert_eq!(apply_line(&known, &line, view.as_ref()).unwrap(), known.clone());
        // Nor does one of which something else was touched.
        let more = LineDetails { due: Some("2026-12-01".to_owned()), ..line };
        let fields = apply_line(&known, &more, view.as_ref()).unwrap().parts().fields;
        prop_assert_eq!(fields, known.parts().fields);
    }

    #[test]
    fn what_a_line_says_is_shown_from_then_on(
        schema in schemas(),
        known in details(),
        other in details(),
    ) {
        let view = FieldView::new(schema, FieldPlacement::Auto);
        let line = to_line(&other, view.as_ref());
        let Ok(said) = apply_line(&known, &line, view.as_ref()) else { return Ok(()) };
        let shown = to_line(&said, view.as_ref());
        // The id by which an option shows that is gone may be the name of another one.
        let keys = |line: &LineDetails| -> std::collections::BTreeSet<String> {
            line.fields.iter().map(|(key, _)| key.clone()).collect()
        };
        prop_assert_eq!(keys(&shown), keys(&line));
        let again = apply_line(&known, &shown, view.as_ref()).map_err(|unfit| {
            TestCaseError::fail(unfit.reason)
        })?;
        prop_assert_eq!(to_line(&again, view.as_ref()), shown);
    }
}

#[test]
fn a_project_of_more_than_four_fields_has_them_below() {
    let schema = |count: usize| FieldSchema {
        fields: (0..count)
            .map(|at| FieldDefinition {
                id: format!("@f{at}"),
                name: None,
                kind: FieldKind::Text,
                options: Vec::new(),
            })
            .collect(),
    };
    let is_below =
        |count, placement| FieldView::new(schema(count), placement).map(|view| view.is_below());
    assert_eq!(is_below(4, FieldPlacement::Auto), Some(false));
    assert_eq!(is_below(5, FieldPlacement::Auto), Some(true));
    assert_eq!(is_below(5, FieldPlacement::Line), Some(false));
    assert_eq!(is_below(1, FieldPlacement::Below), Some(true));
    assert_eq!(is_below(1, FieldPlacement::None), None);
    assert_eq!(is_below(0, FieldPlacement::Below), None);
}

#[test]
fn an_option_is_meant_exactly_or_by_its_letters_where_one_has_them() {
    let option = |id: &str, name: &str| FieldOption { id: id.into(), name: name.into() };
    let options = vec![
        option("a", "🟡 In progress"),
        option("b", "Done"),
        option("c", "✅ done"),
        option("d", "Done"),
        option("e", "b"),
    ];
    let (id, kind) = ("@f".to_owned(), FieldKind::Select);
    let field = FieldDefinition { id, name: Some("State".into()), kind, options };
    let view = FieldView::new(FieldSchema { fields: vec![field] }, FieldPlacement::Auto).unwrap();
    let meant = |text: &str| {
        let fields = vec![("State".to_owned(), text.to_owned())];
        let line = LineDetails { fields, ..LineDetails::default() };
        let said = apply_line(&Details::none(), &line, Some(&view)).map_err(|it| it.reason)?;
        Ok::<_, String>(said.parts().fields.known[0].1.as_str().unwrap().to_owned())
    };
    for (text, id) in [
        ("🟡 In progress", "a"),
        ("in PROGRESS", "a"),
        ("🔴 in progress", "a"),
        ("Done", "b"),
        ("Done ~d", "d"),
        ("✅ done", "c"),
        ("b", "e"),
        ("d", "d"),
    ] {
        assert_eq!(meant(text).as_deref(), Ok(id), "{text}");
    }
    for text in ["DONE", "progress", "🟡"] {
        let reason = meant(text).unwrap_err();
        assert!(reason.contains("`Done ~d`") && reason.contains("`State`"), "{reason}");
    }
}
