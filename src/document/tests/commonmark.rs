//! A second parser of Markdown sees headings, lists and paragraphs where they are meant.

use comrak::{
    Arena, Options,
    nodes::{AstNode, ListType, NodeValue},
    parse_document,
};
use proptest::prelude::*;

use super::{
    super::{Line, shown_markers},
    formatted,
    strategies::{formatted_lines, outlines},
};
use crate::model::Marker;

/// What a block is.
#[derive(Debug, PartialEq, Eq)]
enum Block {
    Heading(u8),
    Paragraph,
    /// An item of a list that is inside of so many others.
    Item(Marker, usize),
    Note,
    /// Something that no outline has.
    Other(String),
}

/// The blocks of a document, in order.
fn blocks(text: &str) -> Vec<Block> {
    let arena = Arena::new();
    let root = parse_document(&arena, text, &Options::default());
    let mut blocks = Vec::new();
    root.children().for_each(|node| walk(node, 0, &mut blocks));
    blocks
}

fn walk<'a>(node: &'a AstNode<'a>, depth: usize, blocks: &mut Vec<Block>) {
    match &node.data.borrow().value {
        NodeValue::Heading(heading) if depth == 0 => blocks.push(Block::Heading(heading.level)),
        NodeValue::Paragraph => blocks.push(Block::Paragraph),
        // What is quoted is a note, and its Markdown nobody's.
        NodeValue::BlockQuote => blocks.push(Block::Note),
        NodeValue::List(list) => {
            let marker = match list.list_type {
                ListType::Bullet => Marker::Bullet,
                ListType::Ordered => Marker::Number,
            };
            for item in node.children() {
                blocks.push(Block::Item(marker, depth));
                let mut children = item.children().peekable();
                // The paragraph that is the item's text.
                children.next_if(|child| child.data.borrow().value == NodeValue::Paragraph);
                children.for_each(|child| walk(child, depth + 1, blocks));
            }
        }
        other => blocks.push(Block::Other(format!("{other:?}"))),
    }
}

/// What is meant.
fn meant(lines: &[Line]) -> Vec<Block> {
    let mut blocks = Vec::new();
    // For each open line, whether it is an item.
    let mut open: Vec<bool> = Vec::new();
    for (line, marker) in lines.iter().zip(shown_markers(lines)) {
        open.truncate(line.depth);
        let depth = open.iter().filter(|is_item| **is_item).count();
        blocks.push(match marker {
            Marker::Heading(level) => Block::Heading(level),
            Marker::Paragraph => Block::Paragraph,
            Marker::Number => Block::Item(Marker::Number, depth),
            Marker::Bullet | Marker::Checkbox => Block::Item(Marker::Bullet, depth),
        });
        open.push(!matches!(marker, Marker::Heading(_) | Marker::Paragraph));
        blocks.extend(line.details.note.as_ref().map(|_| Block::Note));
    }
    blocks
}

proptest! {
    #[test]
    fn commonmark_agrees_on_hostile_texts(mut lines in formatted_lines()) {
        lines.iter_mut().for_each(|line| line.anchor = None);
        let text = formatted(&lines);
        prop_assert_eq!(blocks(&text), meant(&lines), "{}", text);
    }

    #[test]
    fn commonmark_agrees_on_outlines(lines in outlines()) {
        let text = formatted(&lines);
        prop_assert_eq!(blocks(&text), meant(&lines), "{}", text);
    }
}
