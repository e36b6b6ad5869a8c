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
