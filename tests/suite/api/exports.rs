//! Real exports: what Taskade gave out is read, and comes back from its text.

use std::{collections::BTreeSet, fs};

use serde_json::{Value, json};
use taskadefs::{
    api::read_export,
    document::{Line, ParseOptions, RenderOptions, parse, render},
    plan::{OnlyRoot, Outline},
};

const PROJECTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/data/projects");

/// An export of all of them, and how many they are.
fn export() -> (String, usize) {
    let mut items = serde_json::Map::new();
    for entry in fs::read_dir(PROJECTS).unwrap() {
        let path = entry.unwrap().path();
        let mut item: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        item["type"] = "space-bundle-project-item".into();
        items.insert(path.file_stem().unwrap().to_str().unwrap().to_owned(), item);
    }
    let count = items.len();
    (json!({ "items": items }).to_string(), count)
}

#[test]
fn real_exports_are_read_whole_and_come_back_from_their_text() {
    let (export, count) = export();
    let read = read_export(&export).unwrap();
    assert_eq!((read.len(), count), (13, 13));
    let nodes: usize = read.values().map(|exported| exported.tasks.len()).sum();
    assert_eq!(nodes, export.matches(r#""ops":"#).count());
    for exported in read.values() {
        let listing = Outline::from_listing(&exported.tasks, "", OnlyRoot::IsTitle);
        assert!(listing.title.is_some());
        let lines: Vec<Line> = (listing.outline.items.iter())
            .map(|item| Line {
                depth: item.depth,
                done: item.done,
                text: item.text.clone(),
                ..Line::default()
            })
            .collect();
        let text = render(&lines, &RenderOptions::default());
        let mut parsed = parse(text.as_bytes(), &ParseOptions::default()).unwrap();
        parsed.iter_mut().for_each(|line| line.number = 0);
        assert_eq!(parsed, lines);
    }
}

#[test]
fn what_real_exports_are_made_of_is_known() {
    let read = read_export(&export().0).unwrap();
    let traits: BTreeSet<&str> =
        read.values().flat_map(|exported| &exported.traits).map(String::as_str).collect();
    assert_eq!(
        traits.into_iter().collect::<Vec<_>>(),
        [
            "format bullet",
            "format checkbox",
            "format h1",
            "format h2",
            "format none",
            "format number",
            "format text",
            "text bold",
            "text italic",
            "text link",
            "text paragraph",
            "type text",
        ]
    );
}
