//! What the pages show of a file is what a file shows.

use std::{fs, path::Path};

use super::{super::FieldKeys, ParseOptions, RenderOptions, parse, render};
use crate::model::{FieldDefinition, FieldKind, FieldSchema};

/// The fields of the examples.
const FIELDS: [&str; 7] =
    ["State", "Owner", "Cost a month", "Level", "Due by", "Notes [internal]", "@inc01"];

#[test]
fn examples_are_canonical() {
    let field = |name: &str| FieldDefinition {
        id: if name.starts_with('@') { name.to_owned() } else { format!("@{}", name.len()) },
        name: (!name.starts_with('@')).then(|| name.to_owned()),
        kind: FieldKind::Text,
        options: Vec::new(),
    };
    let keys = FieldKeys::of(&FieldSchema { fields: FIELDS.map(field).into() });
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (page, least) in [("README.md", 2), ("src/document/format.md", 4)] {
        let text = fs::read_to_string(root.join(page)).unwrap();
        let examples = text.split("```markdown\n").skip(1);
        let examples: Vec<_> = examples.map(|it| it.split("```").next().unwrap()).collect();
        assert!(examples.len() >= least, "{page}");
        for example in examples {
            let options = ParseOptions { fields: Some(&keys), ..ParseOptions::default() };
            let lines = parse(example.as_bytes(), &options).unwrap();
            let below = example.contains("\n  [");
            let rendering =
                RenderOptions { fields: Some(&keys), below, ..RenderOptions::default() };
            assert_eq!(render(&lines, &rendering), example, "{page}");
        }
    }
}
