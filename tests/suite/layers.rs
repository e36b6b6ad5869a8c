//! Layers only call down, and no file of the crate needs one that needs it.
//!
//! What a file needs is what it imports and what it names by a path that begins at the crate. A name
//! that a module only passes on counts as of the file that defines it. Tests may look anywhere.
//!
//! What a project's replica is made of is written in its own room alone, by methods that keep what holds
//! of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use syn::{
    Attribute, ImplItem, Item, ItemUse, ReturnType, Type, UseTree, Visibility, visit::Visit,
};

/// The layers, the lowest first. A module belongs to the longest path that it begins with.
const LAYERS: [&[&str]; 21] = [
    &[
        "file_name",
        "kernel_thread",
        "lock_order",
        "memory",
        "model",
        "pidfs",
        "printable",
        "private_file",
        "secret",
    ],
    &["error"],
    &["clock", "database", "document", "plan"],
    &["text", "api"],
    &["replica", "server"],
    &["store"],
    &["sync::event", "sync::paths", "sync::settings", "sync::project", "sync::tasks"],
    &["sync::leaf"],
    &["sync::engine", "sync::orphans"],
    &["sync::rejected_copies", "sync::residency"],
    &["sync::transition"],
    &["sync::locate", "sync::presence", "sync::hiding", "sync::bases"],
    &["sync::policy"],
    &["sync::read", "sync::peek"],
    &["sync::upload", "sync::bundle"],
    &["sync::operation"],
    &["sync::write", "sync::build"],
    &["agenda", "task_list"],
    &["vfs"],
    &["fuse"],
    &["cli"],
];

type Module = Vec<String>;

/// What a file says of itself, its tests aside.
#[derive(Default)]
struct Source {
    /// What it imports or names, as it is spelled.
    named: Vec<Vec<String>>,
    /// What it passes on: the name, and what that is.
    passed_on: BTreeMap<String, Vec<String>>,
}

impl<'ast> Visit<'ast> for Source {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes: &[Attribute] = match item {
            Item::Mod(it) => &it.attrs,
            Item::Fn(it) => &it.attrs,
            Item::Impl(it) => &it.attrs,
            Item::Use(it) => &it.attrs,
            _ => &[],
        };
        if !attributes.iter().any(is_for_tests) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let is_passed_on = !matches!(item.vis, syn::Visibility::Inherited);
        each_import(&item.tree, &mut Vec::new(), &mut |path, name| {
            if is_passed_on {
                self.passed_on.insert(name.to_owned(), path.to_vec());
            } else {
                self.named.push(path.to_vec());
            }
        });
    }

    /// `pub(super)` names whom it is open to, and needs nobody.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let spelled = path.segments.iter().map(|segment| segment.ident.to_string());
        self.named.push(spelled.collect());
        syn::visit::visit_path(self, path);
    }
}

fn is_for_tests(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
}

fn each_import(tree: &UseTree, path: &mut Vec<String>, found: &mut impl FnMut(&[String], &str)) {
    match tree {
        UseTree::Path(it) => {
            path.push(it.ident.to_string());
            each_import(&it.tree, path, found);
            path.pop();
        }
        UseTree::Group(it) => it.items.iter().for_each(|tree| each_import(tree, path, found)),
        UseTree::Name(it) if it.ident == "self" => {
            let name = path.last().cloned().unwrap_or_default();
            found(path, &name);
        }
        UseTree::Name(it) => leaf(&it.ident.to_string(), &it.ident.to_string(), path, found),
        UseTree::Rename(it) => leaf(&it.ident.to_string(), &it.rename.to_string(), path, found),
        UseTree::Glob(_) => found(path, "*"),
    }
}

fn leaf(ident: &str, name: &str, path: &mut Vec<String>, found: &mut impl FnMut(&[String], &str)) {
    path.push(ident.to_owned());
    found(path, name);
    path.pop();
}

fn sources() -> BTreeMap<Module, Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = BTreeMap::new();
    for file in files(&root) {
        let relative = file.strip_prefix(&root).unwrap().with_extension("");
        let mut module: Module =
            relative.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        let is_test = module.iter().any(|part| part == "tests" || part.ends_with("_tests"));
        if is_test || module == ["main"] {
            continue;
        }
        module.pop_if(|last| last == "mod" || last == "lib");
        let text = fs::read_to_string(&file).unwrap();
        let parsed = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let mut source = Source::default();
        source.visit_file(&parsed);
        sources.insert(module, source);
    }
    assert!(sources.len() > 200, "only {} files were found", sources.len());
    sources
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The file that defines what a path means that is spelled in a module.
fn definer(sources: &BTreeMap<Module, Source>, module: &Module, path: &[String]) -> Option<Module> {
    let mut full = match path.first()?.as_str() {
        "crate" => path[1..].to_vec(),
        "self" | "super" => {
            let mut base = module.clone();
            let ups = path.iter().take_while(|part| *part == "self" || *part == "super").count();
            path[..ups].iter().filter(|part| *part == "super").for_each(|_| drop(base.pop()));
            base.extend_from_slice(&path[ups..]);
            base
        }
        // A module below this one, by its name alone; anything else is another crate, or local.
        first => {
            let below: Module = module.iter().cloned().chain([first.to_owned()]).collect();
            return sources.contains_key(&below).then_some(below);
        }
    };
    for _ in 0..8 {
        let at = (0..=full.len()).rev().find(|&end| sources.contains_key(&full[..end]))?;
        let next = full.get(at).and_then(|name| sources[&full[..at]].passed_on.get(name));
        let Some(next) = next else { return Some(full[..at].to_vec()) };
        let rest = full[at + 1..].to_vec();
        let here = full[..at].to_vec();
        full = match next.first().map(String::as_str) {
            Some("crate") => next[1..].to_vec(),
            Some("self") => here.into_iter().chain(next[1..].iter().cloned()).collect(),
            _ => return Some(here),
        };
        full.extend(rest);
    }
    None
}

/// Which files each file needs.
fn needs() -> BTreeMap<Module, BTreeSet<Module>> {
    let sources = sources();
    let of = |(module, source): (&Module, &Source)| {
        let named = source.named.iter().filter_map(|path| definer(&sources, module, path));
        let needed: BTreeSet<Module> = named.filter(|it| it != module && !it.is_empty()).collect();
        (module.clone(), needed)
    };
    sources.iter().map(of).collect()
}

fn layer(module: &Module) -> usize {
    let name = module.join("::");
    let fits = |room: &&str| name == **room || name.starts_with(&format!("{room}::"));
    LAYERS
        .iter()
        .position(|rooms| rooms.iter().any(fits))
        .unwrap_or_else(|| panic!("{name} is in no layer"))
}

#[test]
fn no_file_needs_one_of_a_layer_above() {
    let mut up = Vec::new();
    for (module, needed) in needs() {
        // A directory's own file declares what is in it, and `lib` everything.
        if module.is_empty() || module == ["sync"] {
            continue;
        }
        let above =
            needed.iter().filter(|other| *other != &["sync"] && layer(other) > layer(&module));
        up.extend(above.map(|other| format!("{} needs {}", module.join("::"), other.join("::"))));
    }
    assert!(up.is_empty(), "{up:#?}");
}

/// What is in a circle, or between two: takes away, again and again, what needs nothing that is left,
/// and what nothing that is left needs.
fn circles(mut needs: BTreeMap<Module, BTreeSet<Module>>) -> BTreeMap<Module, BTreeSet<Module>> {
    loop {
        let needed: BTreeSet<Module> = needs.values().flatten().cloned().collect();
        let count = needs.len();
        needs.retain(|module, needs| !needs.is_empty() && needed.contains(module));
        let left: BTreeSet<Module> = needs.keys().cloned().collect();
        needs.values_mut().for_each(|needs| needs.retain(|it| left.contains(it)));
        if needs.len() == count {
            return needs;
        }
    }
}

#[test]
fn no_files_need_each_other() {
    let circles = circles(needs());
    let told: Vec<String> = circles
        .iter()
        .map(|(module, needs)| {
            let needs: Vec<String> = needs.iter().map(|it| it.join("::")).collect();
            format!("{} needs {}", module.join("::"), needs.join(", "))
        })
        .collect();
    assert!(told.is_empty(), "{told:#?}");
}

#[test]
fn a_circle_is_found_and_what_only_leads_to_one_is_not_in_it() {
    let graph = |edges: &[(&str, &str)]| {
        let mut needs: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
        for (from, to) in edges {
            needs.entry(vec![(*from).to_owned()]).or_default().insert(vec![(*to).to_owned()]);
            needs.entry(vec![(*to).to_owned()]).or_default();
        }
        circles(needs).into_keys().flatten().collect::<Vec<_>>()
    };
    assert!(graph(&[("a", "b"), ("b", "c"), ("a", "c")]).is_empty());
    assert_eq!(graph(&[("a", "b"), ("b", "c"), ("c", "b"), ("c", "d")]), ["b", "c"]);
}

/// The room of the replica, and the structs of it that others may get hold of to change them.
const ROOM: &str = "replica";
const STATE: [&str; 3] = ["Replica", "PendingSave", "Relocation"];

/// Whether others than the files of one room see something in one of those.
fn is_open(visibility: &Visibility) -> bool {
    let room = ["crate".to_owned(), ROOM.to_owned()];
    match visibility {
        Visibility::Inherited => false,
        Visibility::Public(_) => true,
        Visibility::Restricted(it) => {
            let path: Vec<String> =
                it.path.segments.iter().map(|it| it.ident.to_string()).collect();
            path != room && path != ["self"] && path != ["super"]
        }
    }
}

/// What a method hands out to be written, if anything.
#[derive(Default)]
struct HandedOut(Vec<String>);

impl<'ast> Visit<'ast> for HandedOut {
    fn visit_type_reference(&mut self, it: &'ast syn::TypeReference) {
        if it.mutability.is_some() {
            let name = |path: &syn::TypePath| Some(path.path.segments.last()?.ident.to_string());
            let what = if let Type::Path(path) = &*it.elem { name(path) } else { None };
            self.0.push(what.unwrap_or_else(|| "something".to_owned()));
        }
        syn::visit::visit_type_reference(self, it);
    }
}

/// How others could write what a file of the room has of the replica.
fn ways_in(file: &syn::File) -> Vec<String> {
    let mut ways = Vec::new();
    for item in &file.items {
        match item {
            Item::Struct(it) if STATE.iter().any(|name| it.ident == name) => {
                let open = it.fields.iter().filter(|field| is_open(&field.vis));
                let named = open.filter_map(|field| field.ident.as_ref());
                ways.extend(named.map(|field| format!("{}::{field}", it.ident)));
            }
            Item::Impl(it) => {
                let methods = it.items.iter().filter_map(|item| match item {
                    ImplItem::Fn(it) if is_open(&it.vis) => Some(&it.sig),
                    _ => None,
                });
                for method in methods {
                    let mut handed_out = HandedOut::default();
                    if let ReturnType::Type(_, result) = &method.output {
                        handed_out.visit_type(result);
                    }
                    let others =
                        handed_out.0.into_iter().filter(|it| !STATE.contains(&it.as_str()));
                    ways.extend(others.map(|what| format!("{} gives &mut {what}", method.ident)));
                }
            }
            _ => {}
        }
    }
    ways
}

#[test]
fn a_replica_is_written_in_its_own_room_alone() {
    let room = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(ROOM);
    let mut found = BTreeSet::new();
    for path in files(&room) {
        if path.iter().any(|part| part == "tests") {
            continue;
        }
        let file = syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap();
        let ways = ways_in(&file);
        assert!(ways.is_empty(), "{}: {ways:#?}", path.display());
        let structs = file.items.iter().filter_map(|item| match item {
            Item::Struct(it) => Some(it.ident.to_string()),
            _ => None,
        });
        found.extend(structs.filter(|name| STATE.contains(&name.as_str())));
    }
    assert_eq!(found.len(), STATE.len(), "only {found:?} were found");
}

#[test]
fn an_open_field_and_a_reference_to_what_is_behind_a_private_one_are_found() {
    let file = syn::parse_file(
        "pub(crate) struct Replica {
            pub(crate) open: u32,
            pub opener: u32,
            pub(in crate::replica) room: u32,
            private: u32,
        }
        impl Replica {
            pub(crate) fn way(&mut self) -> Option<&mut Saved> { None }
            pub(crate) fn relocation(&mut self) -> Option<&mut Relocation> { None }
            pub(in crate::replica) fn own(&mut self) -> &mut u32 { &mut self.room }
        }",
    );
    let expected = ["Replica::open", "Replica::opener", "way gives &mut Saved"];
    assert_eq!(ways_in(&file.unwrap()), expected);
}
