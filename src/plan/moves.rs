//! Which tasks have to move for one outline to become another.

use super::outline::Tree;

/// For each node of `to`, whether it is in `from` (its `origin`) and needs a move of its own:
/// its parent changed, or it is outside a longest run of siblings that kept their parent and
/// their order. What a moved task carries needs none, so this is the fewest moves possible.
pub(crate) fn movers(from: &Tree, to: &Tree, origin: &[Option<usize>]) -> Vec<bool> {
    let mut moves = vec![false; to.len()];
    let mut stayed: Vec<(usize, usize)> = Vec::new();
    for parent in std::iter::once(None).chain((0..to.len()).map(Some)) {
        let old_parent = parent.map(|node| origin[node]);
        stayed.clear();
        for &child in to.children(parent) {
            let Some(old) = origin[child] else { continue };
            let same_parent = match old_parent {
                None => from.parent(old).is_none(),
                Some(old_parent) => old_parent.is_some() && from.parent(old) == old_parent,
            };
            if same_parent {
                stayed.push((child, old));
            } else {
                moves[child] = true;
            }
        }
        let olds: Vec<usize> = stayed.iter().map(|&(_, old)| old).collect();
        for (&(child, _), stays) in stayed.iter().zip(longest_increasing(&olds)) {
            moves[child] = !stays;
        }
    }
    moves
}

/// Marks the members of one longest strictly increasing subsequence. O(n log n).
pub(crate) fn longest_increasing(values: &[usize]) -> Vec<bool> {
    let mut members = vec![true; values.len()];
    if values.is_sorted_by(|a, b| a < b) {
        return members;
    }
    members.fill(false);
    // tails[k] is where the best subsequence of length k + 1 ends.
    let mut tails: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(values.len());
    for (index, value) in values.iter().enumerate() {
        let length = tails.partition_point(|&tail| values[tail] < *value);
        before.push(length.checked_sub(1).map(|shorter| tails[shorter]));
        match tails.get_mut(length) {
            Some(tail) => *tail = index,
            None => tails.push(index),
        }
    }
    let mut member = tails.last().copied();
    while let Some(index) = member {
        members[index] = true;
        member = before[index];
    }
    members
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::longest_increasing;

    /// The length, by trying all predecessors.
    fn length(values: &[usize]) -> usize {
        let mut lengths: Vec<usize> = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let before = (0..index).filter(|&other| values[other] < *value);
            lengths.push(1 + before.map(|other| lengths[other]).max().unwrap_or(0));
        }
        lengths.into_iter().max().unwrap_or(0)
    }

    proptest! {
        #[test]
        fn the_members_increase_and_none_are_longer(
            values in prop::collection::vec(0..20_usize, 0..20),
        ) {
            let members = longest_increasing(&values);
            let run: Vec<usize> = values
                .iter()
                .zip(members)
                .filter_map(|(&value, member)| member.then_some(value))
                .collect();
            prop_assert!(run.is_sorted_by(|a, b| a < b));
            prop_assert_eq!(run.len(), length(&values));
        }
    }
}
