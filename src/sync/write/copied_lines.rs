//! Lines that are copies of others, in the same project or in one that the program has read: a point in
//! time shows as its day, and a copy of the line is to have the time as well.

use std::{collections::HashSet, sync::Arc};

use crate::{
    plan::{Details, Item, Key, Outline},
    replica::{pending::PendingSave, served::Process},
    sync::{engine::Engine, project::Project, write::elsewhere},
    text::{
        carried::{as_copied, may_show_less},
        moved::in_project,
    },
};

/// Gives new tasks of a save that is about to be journaled, by their keys, what their lines show less of
/// than the tasks have that they are copies of.
pub(crate) fn complete(
    engine: &Engine,
    project: &Project,
    process: Option<Process>,
    made: &HashSet<Key>,
    save: &mut PendingSave,
) {
    let is_short = |item: &Item| {
        made.contains(&item.key) && !item.text.is_empty() && may_show_less(&item.details)
    };
    if !save.target().items.iter().any(is_short) {
        return;
    }
    let has_of =
        |outline: &Outline, text: &str, says: &Details, there: &dyn Fn(&Details) -> Details| {
            let same = outline.items.iter().filter(|item| item.text == text);
            same.filter(|item| !item.details.is_unknown())
                .find_map(|item| as_copied(says, &there(&item.details)))
        };
    let others = process.map(|process| elsewhere::read_lately(engine, process, project.serial));
    let known = |other: &Arc<Project>| {
        let outline = other.lock().snapshot().map(|known| known.outline.clone());
        Some((outline?, other.format().fields.clone()))
    };
    let others: Vec<_> = others.iter().flatten().filter_map(known).collect();
    let fields = project.format().fields.clone();
    save.complete(made, |base, text, says| {
        let elsewhere = || {
            others.iter().find_map(|(outline, from)| {
                let there = |has: &Details| in_project(has, from.as_deref(), fields.as_deref());
                has_of(outline, text, says, &there)
            })
        };
        has_of(base, text, says, &Details::clone).or_else(elsewhere)
    });
}
