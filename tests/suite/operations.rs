//! The page of Taskade's operations, the document that has them, and the tests on real mounts: each has
//! all of them, and the page names what really reaches each. That the embedded server has them is shown
//! where its routes are, and by `server::document`, which asks for each.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use syn::{Expr, ExprMethodCall, ItemFn, Lit, visit::Visit};

use crate::support::document::{Operation, operations};

/// The page, below the root of the repository.
const PAGE: &str = "src/api/operations.md";

/// Where the tests are that reach operations, as modules of this suite.
const ROOM: &str = "mount::operations";

/// What a row says that nothing reaches, before the reason.
const NOTHING: &str = "nothing: ";

/// A row of the page.
#[derive(Debug)]
struct PageRow {
    operation: Operation,
    /// What reaches it; or [`NOTHING`], and why.
    reached_by: String,
    /// The test that shows it.
    test: String,
}

impl PageRow {
    /// What a line of a table says. Each has the same four cells.
    fn of(line: &str) -> Self {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [id, request, reached_by, test] = cells.as_slice() else {
            panic!("{PAGE}: four cells are wanted: {line}");
        };
        let quoted = |cell: &str| {
            let inner = cell.strip_prefix('`').and_then(|cell| cell.strip_suffix('`'));
            let inner = inner.filter(|inner| !inner.contains('`'));
            inner.unwrap_or_else(|| panic!("{PAGE}: `{cell}` alone is wanted: {line}")).to_owned()
        };
        let request = quoted(request);
        let (method, path) = request.split_once(' ').unwrap();
        let operation =
            Operation { id: quoted(id), method: method.to_owned(), path: path.to_owned() };
        let said = reached_by.strip_prefix(NOTHING).unwrap_or(reached_by);
        assert!(!said.is_empty() && said != "nothing:", "{PAGE}: nothing is said: {line}");
        Self { operation, reached_by: (*reached_by).to_owned(), test: quoted(test) }
    }

    fn is_reached(&self) -> bool {
        !self.reached_by.starts_with(NOTHING)
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The rows of all tables of the page.
fn rows() -> Vec<PageRow> {
    let page = fs::read_to_string(root().join(PAGE)).unwrap();
    let is_row = |line: &&str| line.starts_with('|') && !line.starts_with("| Operation |");
    page.lines().filter(is_row).filter(|line| !line.starts_with("|---")).map(PageRow::of).collect()
}

/// Which operations a test reaches, and which it shows to be spared.
#[derive(Debug, Default)]
struct Exercised {
    reached: BTreeSet<String>,
    spared: BTreeSet<String>,
}

impl<'a> Visit<'a> for Exercised {
    fn visit_expr_method_call(&mut self, call: &'a ExprMethodCall) {
        syn::visit::visit_expr_method_call(self, call);
        let first = match call.args.first() {
            Some(Expr::Lit(literal)) => &literal.lit,
            _ => return,
        };
        let Lit::Str(operation) = first else { return };
        match call.method.to_string().as_str() {
            "reaches" | "reaches_beside" | "has_reached" => self.reached.insert(operation.value()),
            "spares" => self.spared.insert(operation.value()),
            _ => return,
        };
    }
}

/// What each test of the room exercises. A test that is not run is none.
fn exercised() -> BTreeMap<String, Exercised> {
    let room = root().join("tests/suite").join(ROOM.replace("::", "/"));
    let files = fs::read_dir(room).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|file| !file.ends_with("mod.rs")).flat_map(tests_of).collect()
}

fn tests_of(file: PathBuf) -> Vec<(String, Exercised)> {
    let module = file.file_stem().unwrap().to_str().unwrap().to_owned();
    let parsed = syn::parse_file(&fs::read_to_string(&file).unwrap()).unwrap();
    let has = |function: &ItemFn, name| function.attrs.iter().any(|it| it.path().is_ident(name));
    let test = |item| match item {
        syn::Item::Fn(function) if has(&function, "test") && !has(&function, "ignore") => {
            let mut found = Exercised::default();
            found.visit_item_fn(&function);
            Some((format!("{ROOM}::{module}::{}", function.sig.ident), found))
        }
        _ => None,
    };
    parsed.items.into_iter().filter_map(test).collect()
}

#[test]
fn the_page_has_every_operation_of_the_document_once_and_no_other() {
    let mut listed: Vec<Operation> = rows().into_iter().map(|row| row.operation).collect();
    listed.sort();
    let mut wanted = operations();
    wanted.sort();
    let missing: Vec<&Operation> = wanted.iter().filter(|it| !listed.contains(it)).collect();
    let others: Vec<&Operation> = listed.iter().filter(|it| !wanted.contains(it)).collect();
    assert!(missing.is_empty() && others.is_empty(), "missing: {missing:#?}, others: {others:#?}");
    assert_eq!(listed, wanted, "each once");
}

/// The tests hold these calls to the exact requests when they run.
#[test]
fn every_row_is_exercised_by_the_test_that_it_names() {
    let tests = exercised();
    for row in rows() {
        let (id, name) = (&row.operation.id, &row.test);
        let test = tests.get(name).unwrap_or_else(|| panic!("{id}: there is no test {name}"));
        let calls = if row.is_reached() { &test.reached } else { &test.spared };
        assert!(calls.contains(id), "{name} does not show that {id}: {}", row.reached_by);
        let other =
            |test: &Exercised| if row.is_reached() { false } else { test.reached.contains(id) };
        assert!(!tests.values().any(other), "a test reaches {id}, which is reached by nothing");
    }
}
