//! Any JSON value: for the properties that hold of whatever the service answers.

use proptest::prelude::*;
use serde_json::Value;

/// Values whose fields have these names and whose texts are like this, both as patterns.
pub(super) fn any_json(fields: &'static str, texts: &'static str) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        texts.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(fields, inner, 0..4)
                .prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}
