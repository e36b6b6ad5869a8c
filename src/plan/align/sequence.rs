//! Pairing two sequences without crossings.

/// Most cells of one table: enough for two gaps of 500 lines.
const MAX_CELLS: usize = 1 << 18;

/// How much of each sequence is looked at at a time where the table would be larger.
const WINDOW: usize = 160;

/// The pairs `(i, j)`, ascending in both, of greatest total `weight(i, j)`; a pair of weight 0 is
/// none. Of equal totals, the one with the earlier pairs.
///
/// Where `olds * news` exceeds a bound, a window moves along both sequences and what is paired
/// in its first half stands, so that the time is linear and a pair that is far out of step is
/// missed.
pub(super) fn pair_in_order(
    olds: usize,
    news: usize,
    mut weight: impl FnMut(usize, usize) -> u32,
) -> Vec<(usize, usize)> {
    if olds.saturating_mul(news) <= MAX_CELLS {
        return best_pairs(0..olds, 0..news, &mut weight);
    }
    let mut pairs = Vec::new();
    let (mut old, mut new) = (0, 0);
    while old < olds && new < news {
        let (old_end, new_end) = (olds.min(old + WINDOW), news.min(new + WINDOW));
        let found = best_pairs(old..old_end, new..new_end, &mut weight);
        if old_end == olds && new_end == news {
            pairs.extend(found);
            break;
        }
        let (old_half, new_half) = (old + WINDOW / 2, new + WINDOW / 2);
        let sure = found.iter().take_while(|&&(i, j)| i < old_half || j < new_half);
        pairs.extend(sure);
        let (i, j) = pairs.last().map_or((0, 0), |&(i, j)| (i + 1, j + 1));
        // Half a window further on at least one side, or else on both.
        (old, new) = if i >= old_half || j >= new_half {
            (i.max(old), j.max(new))
        } else {
            (old_half, new_half)
        };
    }
    pairs
}

fn best_pairs(
    olds: std::ops::Range<usize>,
    news: std::ops::Range<usize>,
    weight: &mut impl FnMut(usize, usize) -> u32,
) -> Vec<(usize, usize)> {
    let width = news.len() + 1;
    // best[i * width + j]: the greatest total for what follows the i-th old and the j-th new.
    let mut best = vec![0_u32; (olds.len() + 1) * width];
    for i in (0..olds.len()).rev() {
        for j in (0..news.len()).rev() {
            let skip = best[(i + 1) * width + j].max(best[i * width + j + 1]);
            let here = weight(olds.start + i, news.start + j);
            let pair = if here == 0 { 0 } else { here + best[(i + 1) * width + j + 1] };
            best[i * width + j] = skip.max(pair);
        }
    }
    let mut pairs = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < olds.len() && j < news.len() {
        let total = best[i * width + j];
        let here = weight(olds.start + i, news.start + j);
        if here > 0 && total == here + best[(i + 1) * width + j + 1] {
            pairs.push((olds.start + i, news.start + j));
            (i, j) = (i + 1, j + 1);
        } else if total == best[(i + 1) * width + j] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::{MAX_CELLS, pair_in_order};

    #[test]
    fn the_greatest_weight_wins_over_the_greatest_number() {
        let weights = [[1, 0], [9, 1]];
        assert_eq!(pair_in_order(2, 2, |i, j| weights[i][j]), [(1, 0)]);
    }

    #[test]
    fn of_equals_the_earliest_are_paired() {
        assert_eq!(pair_in_order(3, 2, |_, _| 1), [(0, 0), (1, 1)]);
    }

    #[test]
    fn a_window_follows_long_sequences_that_are_out_of_step() {
        let len = 2_000;
        assert!(len * len > MAX_CELLS, "too short for a window");
        let shift = |i: usize| if i < 700 { i } else { i + 30 };
        let pairs = pair_in_order(len, len + 30, |i, j| u32::from(shift(i) == j));
        assert_eq!(pairs, (0..len).map(|i| (i, shift(i))).collect::<Vec<_>>());
    }

    #[test]
    fn a_window_passes_what_has_no_partner() {
        let pairs = pair_in_order(3_000, 3_000, |i, j| u32::from(i == 2_999 && j == 2_999));
        assert_eq!(pairs, [(2_999, 2_999)]);
        assert!(pair_in_order(3_000, 3_000, |_, _| 0).is_empty());
    }
}
