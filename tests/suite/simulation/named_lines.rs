//! Texts of the simulations: trees of lines, each of which has a name of its own.

/// The names of the lines in a text.
pub(crate) fn names(text: &str) -> Vec<String> {
    let words = text.split_whitespace();
    words.filter(|word| word.starts_with("u#")).map(str::to_owned).collect()
}

/// A deleted task stays if somebody put something into it: nothing of theirs may go with it.
pub(crate) fn has_children(tree: &str, name: &str) -> bool {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let mut lines = tree.lines().skip_while(|line| !names(line).contains(&name.to_owned()));
    match (lines.next(), lines.next()) {
        (Some(line), Some(next)) => depth(next) > depth(line),
        _ => false,
    }
}

pub(crate) fn rendered(tree: &str) -> String {
    let line = |line: &str| {
        let text = line.trim_start();
        let indent = &line[..line.len() - text.len()];
        match text.strip_prefix("x ") {
            Some(text) => format!("{indent}- [x] {text}\n"),
            None => format!("{indent}- [ ] {text}\n"),
        }
    };
    tree.lines().map(line).collect()
}

pub(crate) fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

/// No line may be more than one level below the one above it.
pub(crate) fn repair_depths(lines: &mut [String]) {
    let mut deepest = 0;
    for line in lines {
        let text = line.trim_start().to_owned();
        let depth = ((line.len() - text.len()) / 2).min(deepest);
        deepest = depth + 1;
        *line = format!("{}{text}", "  ".repeat(depth));
    }
}
