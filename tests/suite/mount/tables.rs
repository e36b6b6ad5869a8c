//! `table.csv` and `fields.json` of projects: every table, as Python's `csv` module and `json` read them
//! from a real mount.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Map, Value, json};
use taskadefs::{
    ids::SpaceId,
    server::{Exports, Fault, Quirks, Store},
};

use crate::support::mount::{Mounted, PROGRAM, said};

const TABLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tables");

const SHOWN: [&str; 6] = ["--markers", "auto", "--fields", "auto", "--max-age", "3600"];

/// Prints the rows of a table, the first of which are the names, as JSON; what it takes for no table
/// ends it.
const PYTHON: &str = r#"
import csv, json, sys
with open(sys.argv[1], newline="", encoding="utf-8") as file:
    rows = list(csv.reader(file, strict=True))
assert len({len(row) for row in rows}) == 1
print(json.dumps(rows))
"#;

fn mounted(quirks: Quirks, flags: &[&str]) -> Mounted {
    let import = |store: &Store, _: &SpaceId| {
        store.import_directory(Path::new(TABLES)).unwrap();
    };
    let mounted = Mounted::on(quirks, "a", flags, import);
    mounted.ok("ls ../tables ../tables/.taskade/projects/*");
    mounted.reads();
    mounted
}

/// The projects, by their titles.
fn projects() -> BTreeMap<String, Value> {
    let files = fs::read_dir(Path::new(TABLES).join("projects")).unwrap();
    let projects = files.map(|file| {
        let project: Value =
            serde_json::from_slice(&fs::read(file.unwrap().path()).unwrap()).unwrap();
        (words(&project["root"]["children"][0]), project)
    });
    projects.collect()
}

fn words(node: &Value) -> String {
    let ops = node["text"]["ops"].as_array().unwrap().iter();
    let text: String = ops.map(|op| op["insert"].as_str().unwrap()).collect();
    text.strip_suffix('\n').unwrap_or(&text).to_owned()
}

/// The rows of a project's table by their columns, with the names of the columns in order.
fn table(mounted: &Mounted, title: &str) -> (Vec<String>, Vec<BTreeMap<String, String>>) {
    fs::write(mounted.dir.path().join("read.py"), PYTHON).unwrap();
    let path = format!("../tables/.taskade/projects/{title}/table.csv");
    let read = mounted.ok(&format!("python3 $HOME/read.py '{path}'"));
    let mut rows: Vec<Vec<String>> = serde_json::from_str(&read).unwrap();
    let names = rows.remove(0);
    let row = |row: Vec<String>| names.iter().cloned().zip(row).collect::<BTreeMap<_, _>>();
    let rows: Vec<_> = rows.into_iter().map(row).collect();
    assert!(rows.iter().all(|row| row.len() == names.len()), "two columns of one name: {names:?}");
    (names, rows)
}

/// A cell without the apostrophe that keeps spreadsheets from calculating it.
fn plain(cell: &str) -> String {
    let inside = cell.trim_start_matches([' ', '\'']);
    match cell.strip_prefix('\'') {
        Some(text) if inside.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) => text.to_owned(),
        _ => cell.to_owned(),
    }
}

/// A value as a table shows it.
fn shown(field: &Value, value: &Value) -> String {
    match value["type"].as_str() {
        Some("Select") => {
            let id = value["optionId"].as_str().unwrap();
            field["options"][id]["name"].as_str().unwrap_or(id).to_owned()
        }
        Some("DateTime") => value["dateTime"]["date"].as_str().unwrap().to_owned(),
        _ => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
    }
}

/// Compares the rows of the nodes below one, from the first row on that is left.
fn check<'a>(
    node: &Value,
    (parent, depth): (&str, usize),
    columns: &[(String, &Value)],
    rows: &mut impl Iterator<Item = &'a BTreeMap<String, String>>,
) {
    for child in node["children"].as_array().unwrap() {
        let row = rows.next().expect("a row a task");
        let id = child["id"].as_str().unwrap();
        let done = child["completed"].as_bool().unwrap();
        assert_eq!((row["id"].as_str(), row["parent"].as_str()), (id, parent));
        assert_eq!(row["depth"], depth.to_string());
        assert_eq!(row["done"], done.to_string());
        assert_eq!(plain(&row["text"]), words(child));
        for (name, field) in columns {
            let value = &child["attributes"][field["id"].as_str().unwrap()];
            let value = if value.is_null() { String::new() } else { shown(field, value) };
            assert_eq!(plain(&row[name]), value, "{name} of {id}");
        }
        check(child, (id, depth + 1), columns, rows);
    }
}

/// The fields of a project in order, each with its id and the column that it is in.
fn columns<'a>(names: &[String], fields: &'a [Value]) -> Vec<(String, &'a Value)> {
    let of_fields = &names[5..names.len() - 4];
    assert_eq!(of_fields.len(), fields.len());
    of_fields.iter().cloned().zip(fields).collect()
}

fn fields(project: &Value) -> Vec<Value> {
    let empty = Map::new();
    let fields = project["root"]["fields"].as_object().unwrap_or(&empty);
    let with_id = fields.iter().map(|(id, field)| {
        let mut field = field.clone();
        field["id"] = id.clone().into();
        field
    });
    with_id.collect()
}

#[test]
fn python_reads_every_table_as_it_is_for_no_request_more() {
    let mounted = mounted(Quirks::default(), &SHOWN);
    mounted.ok("cat ../tables/*.md");
    mounted.reads();
    let mut count = 0;
    for (title, project) in projects() {
        let (names, rows) = table(&mounted, &title);
        assert_eq!(names[..5], ["id", "parent", "depth", "done", "text"]);
        assert_eq!(names[names.len() - 4..], ["start", "due", "people", "note"]);
        // Python's map has the members of the file in another order than Rust's.
        let mut fields = fields(&project);
        let file = format!("../tables/.taskade/projects/{title}/fields.json");
        let told: Vec<Value> = match fields.is_empty() {
            true => Vec::new(),
            false => serde_json::from_str(&mounted.ok(&format!("cat '{file}'"))).unwrap(),
        };
        fields.sort_by_key(|field| told.iter().position(|told| told["id"] == field["id"]));
        assert_eq!(told.len(), fields.len());
        for (told, field) in told.iter().zip(&fields) {
            let name = field["displayName"].as_str().or(field["title"].as_str());
            assert_eq!((told["name"].as_str(), &told["type"]), (name, &field["type"]));
            let options = told["options"].as_array().map_or(0, Vec::len);
            assert_eq!(options, field["options"].as_object().map_or(0, Map::len), "{told}");
        }
        let mut left = rows.iter();
        let title_node = &project["root"]["children"][0];
        check(title_node, ("", 0), &columns(&names, &fields), &mut left);
        assert!(left.next().is_none());
        count += rows.len();
    }
    assert_eq!((count, mounted.reads()), (43, Vec::new()));
    mounted.end();
}

#[test]
fn equal_names_are_told_apart_and_numbers_are_numbers() {
    let mounted = mounted(Quirks::default(), &SHOWN);
    let (names, rows) = table(&mounted, "Risk register 2026");
    let asked: Vec<String> = mounted.reads();
    assert_eq!(asked.len(), 2, "the first look: {asked:?}");
    let owners: Vec<_> = names.iter().filter(|name| name.starts_with("Owner")).collect();
    assert_eq!(owners, ["Owner", "Owner ~@sup09"]);
    assert_eq!((rows[0]["Level (P×I)"].as_str(), rows[0]["Due by"].as_str()), ("20", "2026-03-10"));
    assert_eq!(rows[0]["Code"], "R-001");
    mounted.end();
}

#[test]
fn what_is_typed_into_the_file_is_in_the_table_and_no_formula() {
    let mounted = mounted(Quirks::default(), &SHOWN);
    mounted.ok("echo '=HYPERLINK(\"http://x\") 📅 2026-12-01' >> '../tables/Campaign plan.md'");
    mounted.ok("cd '../tables/.taskade/projects/Campaign plan' && head -c 1 table.csv && cp table.csv $HOME/t.csv");
    let written = fs::read_to_string(mounted.dir.path().join("t.csv")).unwrap();
    assert!(written.contains("\"'=HYPERLINK(\"\"http://x\"\")\""), "{written}");
    let (_, rows) = table(&mounted, "Campaign plan");
    let last = rows.last().unwrap();
    assert_eq!(
        (last["text"].as_str(), last["due"].as_str()),
        ("'=HYPERLINK(\"http://x\")", "2026-12-01")
    );
    mounted.end();
}

#[test]
fn where_nothing_is_exported_there_are_no_fields_and_types_are_asked_for() {
    let mounted = mounted(Quirks { exports: Exports::Refused, ..Quirks::default() }, &SHOWN);
    let (names, rows) = table(&mounted, "Campaign plan");
    assert_eq!((names.len(), rows.len()), (5 + 4, 7));
    mounted.reads();
    let told = mounted.ok("cat '../tables/.taskade/projects/Campaign plan/fields.json'");
    let told: Vec<Value> = serde_json::from_str(&told).unwrap();
    let kinds: Vec<&Value> = told.iter().map(|field| &field["type"]).collect();
    assert_eq!(kinds, [&json!("Select"), &json!("Select"), &json!("string")]);
    assert_eq!(mounted.reads().len(), 1);
    mounted.end();
}

/// Opens what there is of the fields of a project without any, again and again.
fn open_of_document(mounted: &Mounted) -> Vec<String> {
    let open = "cd '../tables/.taskade/projects/Response plan (document)';
        for again in 1 2 3; do cat fields.json; wc -l < table.csv; done";
    let told = mounted.ok(open);
    let told: Vec<&str> = told.split_whitespace().collect();
    assert!(told.len() == 6 && told[0] == "[]" && told[0] == told[4], "{told:?}");
    mounted.reads()
}

#[test]
fn that_a_project_has_no_fields_is_asked_for_once() {
    let told = mounted(Quirks::default(), &SHOWN);
    told.ok("cat ../tables/*.md");
    told.reads();
    assert_eq!(open_of_document(&told), [""; 0], "the export has told");
    told.end();
    told.begin();
    told.ok("ls ../tables/.taskade/projects/*");
    told.reads();
    assert_eq!(open_of_document(&told), [""; 0], "the mount before knew");
    told.end();
    let refused = mounted(Quirks { exports: Exports::Refused, ..Quirks::default() }, &SHOWN);
    refused.ok("cat ../tables/*.md");
    refused.reads();
    let asked = open_of_document(&refused);
    assert!(asked.len() == 1 && asked[0].ends_with("/fields"), "{asked:?}");
    assert_eq!(open_of_document(&refused), [""; 0], "the listing of fields has told");
    refused.end();
}

#[test]
fn what_fields_a_project_has_is_asked_for_again_once_that_is_old() {
    let flags = ["--fields", "none", "--max-age", "0"];
    let mounted = mounted(Quirks::default(), &flags);
    mounted.ok("cat ../tables/*.md");
    mounted.reads();
    let asked = open_of_document(&mounted);
    assert_eq!(asked.iter().filter(|path| path.ends_with("/fields")).count(), 3, "{asked:?}");
    mounted.end();
}

/// What is told of a value that Taskade refuses: beside the refused text, in `status.json`, and by
/// `taskadefs status`.
#[test]
fn a_value_that_is_refused_is_told_by_the_name_of_its_field_with_what_would_be_right() {
    for (status, typed, value, line, takes) in [
        (400, "s/🔄 Doing/✅ Done/", "`✅ Done` for `Status`", 2, "`Status` takes one of `"),
        (
            422,
            "s/Print the poster/& [Responsible:: Bo]/",
            "`Bo` for `Responsible`",
            3,
            "`Responsible` takes a text",
        ),
    ] {
        let mounted = mounted(Quirks::default(), &SHOWN);
        mounted.ok("cat ../tables/*.md");
        mounted.server().faults().plan(
            Some("PUT"),
            "/fields/",
            0,
            100,
            Fault::Status(status, None),
        );
        let refused = mounted.sh(&format!(
            "sed '{typed}' '../tables/Campaign plan.md' > $HOME/text;
             cat $HOME/text > '../tables/Campaign plan.md'"
        ));
        assert!(!refused.status.success(), "{}", said(&refused));
        let reason = mounted.ok("cat ../.taskade/rejected/*Campaign*.reason");
        let json = mounted.ok("cat ../.taskade/status.json");
        let words = mounted.sh(&format!("{PROGRAM} status ..; {PROGRAM} status"));
        for told in [reason, json, said(&words)] {
            let told = told.replace('\n', " ");
            assert!(told.contains(&format!("Taskade does not take {value}")), "{told}");
            assert!(told.contains(&format!("line {line}: ")) && told.contains(takes), "{told}");
        }
        mounted.ok(&format!("{PROGRAM} discard '../tables/Campaign plan.md'"));
        mounted.end();
    }
}
