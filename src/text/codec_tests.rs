//! The laws of files with markers and fields, over every project at hand.

use std::{fs, path::Path, sync::Arc};

use serde_json::{Value, json};

use crate::{
    api::read_export,
    document::{Line, Markers},
    model::Marker,
    plan::{Details, OnlyRoot, Outline, PartialMap, TaskDetails, align, script},
    text::{
        codec::{FileFormat, wanted},
        fields::{FieldPlacement, FieldView},
    },
};

/// The projects in this folder of the repository, as their export tells them.
fn projects(folder: &str) -> Vec<(Outline, FileFormat, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut items = serde_json::Map::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mut item: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        item["type"] = "space-bundle-project-item".into();
        items.insert(path.file_stem().unwrap().to_str().unwrap().to_owned(), item);
    }
    let read = read_export(&json!({ "items": items }).to_string()).unwrap();
    assert_eq!(read.len(), items.len());
    let of = |exported: crate::api::Exported| {
        let listing = Outline::from_listing(&exported.tasks, "", OnlyRoot::IsTitle);
        let mut outline = listing.outline;
        for item in &mut outline.items {
            let crate::plan::Key::Known(id) = &item.key else { continue };
            let known = exported.values.get(id).cloned().unwrap_or_default();
            let fields = PartialMap { known, complete: true };
            item.details = Details::from(TaskDetails { fields, ..TaskDetails::default() });
        }
        let fields = FieldView::new(exported.fields, FieldPlacement::Auto).map(Arc::new);
        let format = FileFormat { ids: false, markers: Markers::Auto, fields };
        (outline, format, listing.title.unwrap().text)
    };
    read.into_values().map(of).collect()
}

fn all() -> Vec<(Outline, FileFormat, String)> {
    let real = projects("benches/data/projects");
    real.into_iter().chain(projects("tests/data/tables/projects")).collect()
}

fn table(title: &str) -> (Outline, FileFormat, String) {
    all().into_iter().find(|(.., name)| name == title).unwrap()
}

/// What a save of this text comes to.
fn saved(base: &Outline, format: &FileFormat, title: &str, text: &str) -> Result<Outline, String> {
    let lines = format.parse(text.as_bytes(), title, base).map_err(|error| error.to_string())?;
    let wanted: Vec<_> = lines.iter().map(wanted).collect();
    let mut ours = align(base, &wanted, base.next_new());
    format.say(base, &mut ours, &lines).map_err(|error| error.to_string())?;
    Ok(ours)
}

#[test]
fn an_unchanged_file_plans_nothing() {
    for (base, auto, title) in all() {
        let by_line = auto.fields.as_ref().and_then(|view| {
            FieldView::new(view.schema().clone(), FieldPlacement::Line).map(Arc::new)
        });
        for format in [
            auto.clone(),
            FileFormat { markers: Markers::Tasks, ..auto.clone() },
            FileFormat { ids: true, fields: by_line, ..auto.clone() },
            FileFormat::default(),
        ] {
            let text = format.render(&base);
            for title in [&title, &base.items[0].text] {
                let ours = saved(&base, &format, title, &text).unwrap();
                assert_eq!(script(&base, &ours), [], "{text}");
                assert_eq!(ours, base, "{text}");
                assert!(ours.is_spelled_like(&base), "{text}");
                assert_eq!(format.render(&ours), text);
            }
        }
    }
}

#[test]
fn most_headings_of_real_projects_stay_headings() {
    let is_heading = |marker: &Marker| matches!(marker, Marker::Heading(_));
    let (mut expected, mut shown) = (0, 0);
    for (outline, format, _) in projects("benches/data/projects") {
        let lines: Vec<Line> = format.lines(&outline);
        expected += lines.iter().filter(|line| is_heading(&line.marker)).count();
        shown += crate::document::shown_markers(&lines).iter().filter(|it| is_heading(it)).count();
    }
    assert_eq!((expected, shown), (34, 34));
}

#[test]
fn a_table_shows_its_fields() {
    let (outline, format, _) = table("Campaign plan");
    assert_eq!(
        format.render(&outline),
        "## Autumn campaign\n\
         - [x] Write the course page [Phase:: 📋 Prepare] [Status:: ✅ Done] [Responsible:: Ana]\n\
         - Print the poster [Phase:: 📋 Prepare] [Status:: 🔄 Doing]\n\
         - Post on the channel [Phase:: 🚀 Launch] [Status:: ⏳ To do]\n\
         ## Spring campaign\n\
         - Book the room [Status:: gone-option]\n\
         - Nothing planned yet\n"
    );
    let (outline, format, _) = table("Risk register 2026");
    let text = format.render(&outline);
    let first = "- [ ] Night shift without a deputy\n  [Code:: R-001]\n  [Area / Process:: Operations \
                 — North]\n  [Level (P×I):: 20]\n  [State:: 🔴 Open]\n  [Due by:: 2026-03-10]\n  \
                 [What we do about it:: Keep a list of deputies by region; the shift lead calls them \
                 in order and writes down whom.]\n- [ ] Delivery note not signed\n";
    assert!(text.starts_with(first), "{text}");
    for line in [
        "\n  [Level (P×I):: 12.5]\n",
        "\n  [What we do about it:: Replace within 48 h \\:: see the contract \\[annex B\\].]\n",
        "\n  [Notes \\[internal\\]:: two lines⏎in one value]\n",
        "\n  [Owner ~@sup09:: second field of the same name]\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn a_document_shows_its_formats() {
    let (outline, format, _) = table("Response plan (document)");
    let text = format.render(&outline);
    let expected =
        "- Response plan\n  - Who is called when something happens, and in which order.\n";
    assert!(text.starts_with(expected), "{text}");
    assert!(
        text.ends_with("# Second part\n\nBold start and a link\n\n## Sub\n- deep\n  - x\n"),
        "{text}"
    );
}

#[test]
fn nothing_is_sent_for_a_marker_and_what_was_typed_stays() {
    let (base, format, title) = table("Campaign plan");
    let text = format.render(&base);
    let typed = text.replace("- Nothing planned", "1. Nothing planned");
    let ours = saved(&base, &format, &title, &typed).unwrap();
    assert_eq!(script(&base, &ours), []);
    assert_eq!(format.render(&ours), typed);
    // A line becomes a heading, and what followed it is below it.
    let typed = text.replace("- Post on", "### Post on").replace("- Book", "- new\n- Book");
    let ours = saved(&base, &format, &title, &typed).unwrap();
    assert_eq!(script(&base, &ours).len(), 1);
    assert_eq!(format.render(&ours), typed);
}

#[test]
fn what_was_told_is_kept_where_it_cannot_show() {
    let (base, format, title) = table("Response plan (document)");
    let text = format.render(&base);
    let typed = text.replace("# Second part\n", "# Second part\n- more\n");
    let ours = saved(&base, &format, &title, &typed).unwrap();
    // The heading that shows as a bullet is one for all that.
    assert_eq!(ours.items[0].spelled.0, Some(Marker::Heading(1)));
    assert_eq!(format.render(&ours), typed);
}

#[test]
fn an_edited_value_is_one_change() {
    let (base, format, title) = table("Risk register 2026");
    let text = format.render(&base);
    let changes = |from: &str, to: &str| {
        let typed = text.replacen(from, to, 1);
        assert_ne!(typed, text, "{from}");
        let ours = saved(&base, &format, &title, &typed)?;
        let ops = script(&base, &ours);
        Ok::<_, String>(ops.iter().map(|op| format!("{op:?}")).collect::<Vec<_>>())
    };
    for (from, to, op) in [
        ("State:: 🔴 Open", "State:: 🟢 Done", r#"Field("@sup04", Some(String("done")))"#),
        ("State:: 🔴 Open", "@sup04:: in PROGRESS", r#"Field("@sup04", Some(String("doing")))"#),
        ("  [State:: 🔴 Open]\n", "", r#"Field("@sup04", None)"#),
        ("Level (P×I):: 20", "level (p×i):: 2.5", r#"Field("@sup03", Some(Number(2.5)))"#),
        ("Due by:: 2026-03-10", "Due by:: 2026-03-11", r#""@sup05", Some(String("2026-03-11"))"#),
        ("Code:: R-001", "Code:: 7", r#"Field("@sup01", Some(String("7")))"#),
    ] {
        let ops = changes(from, to).unwrap();
        assert!(ops.len() == 1 && ops[0].contains(op), "{ops:?}");
    }
    for (from, to, reasons) in [
        ("State:: 🔴 Open", "State:: soon", ["line 5", "`🟡 In progress`"]),
        ("Level (P×I):: 20", "Level (P×I):: high", ["line 4", "takes a number"]),
        ("Code:: R-001", "Cod:: R-001", ["line 2", "`Area / Process`"]),
        ("Due by:: 2026-03-10", "Due by:: soon", ["line 6", "takes a day"]),
        ("[Code:: R-001]", "[Code:: R-001] [@sup01:: R-1]", ["line 2", "gives two"]),
        ("[Code:: R-001]", "[@nope:: R-001]", ["line 2", "`Area / Process`"]),
        ("[Code:: R-001]", "[Code:: R-001", ["line 1", "write `[Code:: R-001]`"]),
    ] {
        let reason = changes(from, to).unwrap_err();
        assert!(reasons.iter().all(|part| reason.contains(part)), "{reason}");
    }
}
