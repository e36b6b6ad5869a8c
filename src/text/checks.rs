//! What a text must not do: delete too much, or write back what could not be read. Pure.

use std::collections::HashMap;

use crate::{
    api::MAX_CONTENT_CHARS,
    document::Line,
    error::{Error, Kind, Result},
    plan::{Key, Outline},
};

/// Why a text that holds U+FFFD is not sent: it stands for what could not be read, by this program
/// (half of a surrogate pair in an answer) or by whoever wrote the file, and would replace it.
pub(crate) const UNREADABLE: &str = "the sign � stands for what could not be read, and saving it \
    would put it in place of that; write what is meant, or leave the line as it was";

/// Refuses changes that the service cannot take. `lines` are those of `ours`, in order.
pub(crate) fn check_changes(base: &Outline, ours: &Outline, lines: &[Line]) -> Result<()> {
    let before: HashMap<&Key, &str> =
        base.items.iter().map(|item| (&item.key, item.text.as_str())).collect();
    for (item, line) in ours.items.iter().zip(lines) {
        if before.get(&item.key) == Some(&item.text.as_str()) {
            continue;
        }
        let refuse = |reason: &str| {
            Err(Error::new(Kind::Invalid, format!("line {}: {reason}", line.number)))
        };
        if item.text.contains(['\n', '\r']) {
            return refuse("the line break ⏎ cannot be saved; make it two lines or a space");
        }
        if item.text.contains(char::REPLACEMENT_CHARACTER) {
            return refuse(UNREADABLE);
        }
        if item.text.chars().count() > MAX_CONTENT_CHARS {
            return refuse("the text is over 2,000 characters; split it");
        }
    }
    Ok(())
}

/// The marks that git leaves at a conflict: before our side, before what both came from, between the
/// sides, and after theirs.
const MARKS: [&str; 4] = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"];

/// Refuses a text in which git has left both sides of a conflict, unless its first mark is a task
/// of `base` already: then it is what somebody wrote about. Where one was left before and somebody
/// `is_settling` it, a single mark is one too: whoever saves half way has not done yet.
pub(crate) fn check_conflict_markers(
    text: &str,
    base: Option<&Outline>,
    is_settling: bool,
) -> Result<()> {
    let mark_of = |line: &str| mark_of(line).filter(|_| !is_known(line, base));
    let left = |number| Err(unsettled(number));
    let (mut begun, mut is_parted) = (None, false);
    for (number, line) in (1..).zip(text.lines()) {
        match (mark_of(line), begun) {
            (None, _) => {}
            (Some(_), _) if is_settling => return left(number),
            (Some(0), _) => (begun, is_parted) = (Some(number), false),
            (Some(2), Some(_)) => is_parted = true,
            (Some(3), Some(begun)) if is_parted => return left(begun),
            (Some(_), _) => {}
        }
    }
    Ok(())
}

/// The deletion guard: more than `most` tasks and more than half of the project.
pub(crate) fn check_deletions(base: &Outline, ours: &Outline, most: usize) -> Result<()> {
    let kept: std::collections::HashSet<&Key> = ours.items.iter().map(|item| &item.key).collect();
    let deleted = base.items.iter().filter(|item| !kept.contains(&item.key)).count();
    if deleted > most && deleted * 2 > base.items.len() {
        let what = format!("this save would delete {deleted} of {} tasks", base.items.len());
        return Err(Error::new(Kind::DeletionGuard, what).hint(
            "the text is kept and nothing was sent; if you mean it, run \
                 `taskadefs retry --allow-delete PATH`, or `taskadefs discard PATH` to give it up",
        ));
    }
    Ok(())
}

/// As [`check_conflict_markers`], in a text that was edited where git is at home: a single mark that names
/// its side, which `base` has not, is what is left of a conflict.
pub(crate) fn check_left_markers(text: &str, base: Option<&Outline>) -> Result<()> {
    check_conflict_markers(text, base, false)?;
    let names_its_side = |line: &str| matches!(mark_of(line), Some(0 | 3)) && line.contains(' ');
    let is_left = |line: &str| names_its_side(line) && !is_known(line, base);
    let left = (1..).zip(text.lines()).find(|(_, line)| is_left(line));
    left.map_or(Ok(()), |(number, _)| Err(unsettled(number)))
}

/// Which mark a line is.
fn mark_of(line: &str) -> Option<usize> {
    let is_it = |mark: &&str| {
        let rest = line.strip_prefix(*mark);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    MARKS.iter().position(is_it)
}

fn is_known(line: &str, base: Option<&Outline>) -> bool {
    let is_it = |outline: &Outline| outline.items.iter().any(|item| item.text == line.trim());
    base.is_some_and(is_it)
}

fn unsettled(number: usize) -> Error {
    let what = format!("line {number}: a conflict is left in it, so it is not sent");
    Error::new(Kind::Unsettled, what).hint("settle it, and save that")
}

#[cfg(test)]
mod tests {
    use super::{check_conflict_markers, check_left_markers};
    use crate::{
        error::Kind,
        plan::{Item, Key, Outline},
    };

    #[test]
    fn both_sides_of_a_conflict_are_refused_and_a_line_of_signs_is_not() {
        let left = "- a\n<<<<<<< HEAD\n- b\n||||||| base\n=======\n- c\n>>>>>>> theirs\n";
        let refused = check_conflict_markers(left, None, false).unwrap_err();
        assert!(refused.to_string().contains("line 2"), "{refused}");
        assert_eq!(refused.kind(), Kind::Unsettled);
        for fine in ["", "- <<<<<<< a\n- =======\n- >>>>>>> b\n", "Title\n=======\n", ">>>>>>> x\n"]
        {
            assert!(check_conflict_markers(fine, None, false).is_ok(), "{fine}");
        }
    }

    #[test]
    fn what_somebody_wrote_about_conflicts_can_be_saved_and_another_one_cannot() {
        let (key, text) = (Key::New(0), "<<<<<<< HEAD".to_owned());
        let (details, spelled) = (Default::default(), Default::default());
        let item = Item { key, depth: 0, text, done: false, details, spelled };
        let base = Outline { items: vec![item] };
        let about = "<<<<<<< HEAD\nmine\n=======\ntheirs\n>>>>>>> topic\n";
        assert!(check_conflict_markers(about, Some(&base), false).is_ok());
        let another = format!("{about}<<<<<<< Updated upstream\na\n=======\nb\n>>>>>>> Stashed\n");
        let refused = check_conflict_markers(&another, Some(&base), false).unwrap_err().to_string();
        assert!(refused.contains("line 6"), "{refused}");
    }

    #[test]
    fn where_git_is_at_home_a_mark_that_names_its_side_is_left_of_a_conflict() {
        for left in
            ["- a\n>>>>>>> theirs\n", "<<<<<<< HEAD\n- a\n", "<<<<<<< a\n=======\n>>>>>>> b\n"]
        {
            assert!(check_left_markers(left, None).is_err(), "{left}");
        }
        for fine in ["- a\n=======\n- b\n", ">>>>>>>\n", "- >>>>>>> x\n", ">>>>>>>> x\n"] {
            assert!(check_left_markers(fine, None).is_ok(), "{fine}");
        }
        let (details, spelled) = (Default::default(), Default::default());
        let text = ">>>>>>> theirs".to_owned();
        let item = Item { key: Key::New(0), depth: 0, text, done: false, details, spelled };
        let base = Outline { items: vec![item] };
        assert!(check_left_markers("- a\n>>>>>>> theirs\n", Some(&base)).is_ok(), "it is there");
    }

    #[test]
    fn whoever_settles_a_conflict_has_not_done_before_the_last_mark_is_gone() {
        for half in
            ["- a\n=======\n- b\n>>>>>>> x\n", "- a\n=======\n", "||||||| 1\n", "<<<<<<< x\n"]
        {
            assert!(check_conflict_markers(half, None, false).is_ok(), "{half}");
            assert!(check_conflict_markers(half, None, true).is_err(), "{half}");
        }
        for done in ["- a\n- b\n", "- a\n--------\n", "- ======= a\n", "========\n"] {
            assert!(check_conflict_markers(done, None, true).is_ok(), "{done}");
        }
    }
}
