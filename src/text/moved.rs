//! What the fields of a task are in another project, which has fields of its own: those of the same name
//! and kind there. Pure.

use serde_json::Value;

use crate::{
    model::{FieldDefinition, FieldKind, FieldSchema},
    plan::Details,
    text::fields::FieldView,
};

/// Details of a task of a project with the fields `from`, as a task of one with the fields `to` can have
/// them: an option is the one of its name there. What has no counterpart is left out. Where the fields of
/// either are not known they go by their ids.
pub(crate) fn in_project(
    details: &Details,
    from: Option<&FieldView>,
    to: Option<&FieldView>,
) -> Details {
    let (Some(from), Some(to)) = (from, to) else { return details.clone() };
    let (from, to) = (from.schema(), to.schema());
    if details.is_unknown() || from == to {
        return details.clone();
    }
    let mut parts = details.parts();
    let known = std::mem::take(&mut parts.fields.known);
    for (id, value) in known {
        let there = match from.find(&id) {
            Some(field) => counterpart(field, from, to)
                .and_then(|there| Some((there.id.clone(), value_in(field, there, value)?))),
            None => Some((id, value)),
        };
        if let Some((id, value)) = there {
            parts.fields.put(&id, value);
        }
    }
    parts.into()
}

/// The field of the same name and kind in another project: of several the one that is in the same place
/// among them. One without a name is known by its id.
fn counterpart<'a>(
    field: &FieldDefinition,
    from: &FieldSchema,
    to: &'a FieldSchema,
) -> Option<&'a FieldDefinition> {
    let name = |field: &FieldDefinition| match field.name.as_deref().map(str::trim) {
        None | Some("") => field.id.clone(),
        Some(name) => name.to_owned(),
    };
    let is_like = |other: &&FieldDefinition| name(other) == name(field) && other.kind == field.kind;
    let at = from.fields.iter().filter(is_like).position(|other| other.id == field.id)?;
    to.fields.iter().filter(is_like).nth(at)
}

/// The value that a field has for one of its counterpart.
fn value_in(field: &FieldDefinition, there: &FieldDefinition, value: Value) -> Option<Value> {
    let option = value.as_str().filter(|_| field.kind == FieldKind::Select);
    let Some(option) = option else { return Some(value) };
    let name = field.options.iter().find(|known| known.id == option).map(|known| &known.name);
    let by_name = name.and_then(|name| there.options.iter().find(|known| known.name == *name));
    let found = by_name.or_else(|| there.options.iter().find(|known| known.id == option))?;
    Some(found.id.clone().into())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::in_project;
    use crate::{
        model::{FieldDefinition, FieldKind, FieldOption, FieldSchema},
        plan::{Details, PartialMap, TaskDetails},
        text::fields::{FieldPlacement, FieldView},
    };

    /// Its id, name, kind and options.
    type Field<'a> = (&'a str, &'a str, &'a str, &'a [(&'a str, &'a str)]);

    fn view(fields: &[Field<'_>]) -> FieldView {
        let option = |(id, name): &(&str, &str)| FieldOption {
            id: (*id).to_owned(),
            name: (*name).to_owned(),
        };
        let field = |(id, name, kind, options): &Field<'_>| FieldDefinition {
            id: (*id).to_owned(),
            name: Some((*name).to_owned()).filter(|name| !name.is_empty()),
            kind: FieldKind::from((*kind).to_owned()),
            options: options.iter().map(option).collect(),
        };
        let schema = FieldSchema { fields: fields.iter().map(field).collect() };
        FieldView::new(schema, FieldPlacement::Auto).unwrap()
    }

    fn details(fields: &[(&str, Value)]) -> Details {
        let known = fields.iter().map(|(id, value)| ((*id).to_owned(), value.clone())).collect();
        let fields = PartialMap { known, complete: true };
        Details::from(TaskDetails { fields, ..TaskDetails::default() })
    }

    #[test]
    fn fields_are_known_by_name_and_kind_and_options_by_name() {
        let from = view(&[
            ("@a", "State", "Select", &[("o", "Open"), ("d", "Done"), ("x", "Ended")]),
            ("@b", "At", "DateTime", &[]),
            ("@c", "Level", "number", &[]),
            ("@d", "Owner", "string", &[]),
            ("@e", "Owner", "string", &[]),
            ("@f", "", "number", &[]),
            ("@g", "Nowhere", "string", &[]),
        ]);
        let to = view(&[
            ("@f", "", "number", &[]),
            ("@1", "Owner", "string", &[]),
            ("@c", "State", "Select", &[("1", "Done"), ("o", "On hold")]),
            ("@2", "Owner", "string", &[]),
            ("@3", "At", "DateTime", &[]),
            ("@4", "Level", "string", &[]),
        ]);
        let at = json!("2026-03-10T09:00");
        let had = details(&[
            ("@a", json!("d")),
            ("@b", at.clone()),
            ("@c", json!(5)),
            ("@d", json!("Ann")),
            ("@e", json!("Bob")),
            ("@f", json!(1)),
            ("@g", json!("gone")),
            ("@undefined", json!("as it is")),
        ]);
        let has = details(&[
            ("@c", json!("1")),
            ("@3", at),
            ("@1", json!("Ann")),
            ("@2", json!("Bob")),
            ("@f", json!(1)),
            ("@undefined", json!("as it is")),
        ]);
        assert_eq!(in_project(&had, Some(&from), Some(&to)), has);
        for (option, there) in [("o", Some("o")), ("x", None)] {
            let there: Vec<_> = there.map(|there| ("@c", json!(there))).into_iter().collect();
            let found = in_project(&details(&[("@a", json!(option))]), Some(&from), Some(&to));
            assert_eq!(found, details(&there), "{option}");
        }
        for (from, to) in [(None, Some(&to)), (Some(&from), None), (Some(&from), Some(&from))] {
            assert_eq!(in_project(&had, from, to), had);
        }
    }
}
