//! The laws of a replica: of random sequences of transitions, and of every order of events in the
//! smallest worlds.

mod creation;
mod decisions;
mod deeds;
mod exploration;
mod outcomes;
mod rebasing;
mod residency;
mod sequences;
mod small_world;
mod steps;
mod verdicts;
mod world;

use std::sync::Arc;

use crate::plan::Outline;

/// A text that tells any two outlines apart that a file would.
fn render(outline: &Outline) -> Arc<[u8]> {
    let mut text = String::new();
    for item in &outline.items {
        let done = if item.done { 'x' } else { ' ' };
        text.push_str(&"  ".repeat(item.depth));
        text.push_str(&format!("- [{done}] {} {:?}\n", item.text, item.details));
    }
    Arc::from(text.into_bytes())
}

/// The outline without the details, which no listing tells.
fn listed(outline: &Outline) -> Outline {
    let mut outline = outline.clone();
    outline.items.iter_mut().for_each(|item| item.details = Default::default());
    outline
}
