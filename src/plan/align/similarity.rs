//! How alike two texts are.

/// Most character pairs that one alignment compares. Beyond, nothing is similar.
const BUDGET: usize = 12_000_000;

/// The likeness of a text to one that begins or ends with all of its words, at least.
const CONTAINED: u32 = 650;

/// Compares old texts with new ones, within a budget.
pub(super) struct Similarity<'a> {
    old: Vec<Profile<'a>>,
    new: Vec<Profile<'a>>,
    budget: usize,
}

/// A text and, once it has been compared, its pairs of neighbouring characters, sorted.
struct Profile<'a> {
    text: &'a str,
    pairs: Option<Vec<u64>>,
}

impl<'a> Similarity<'a> {
    pub(super) fn new(old: &[&'a str], new: &[&'a str]) -> Self {
        let profiles = |texts: &[&'a str]| {
            texts.iter().map(|&text| Profile { text, pairs: None }).collect::<Vec<_>>()
        };
        Self { old: profiles(old), new: profiles(new), budget: BUDGET }
    }

    /// The share of common character pairs (Dice's coefficient, ignoring case) in thousandths;
    /// 0 below `threshold`, for blank texts, and once the budget is spent.
    pub(super) fn permille(&mut self, old: usize, new: usize, threshold: u32) -> u32 {
        let (old_text, new_text) = (self.old[old].text, self.new[new].text);
        if old_text.trim().is_empty() || new_text.trim().is_empty() {
            return 0;
        }
        let cost = self.old[old].cost() + self.new[new].cost();
        let Some(left) = self.budget.checked_sub(cost) else { return 0 };
        self.budget = left;
        let (old, new) = (self.old[old].pairs(), self.new[new].pairs());
        let total = old.len() + new.len();
        let contained = if is_contained(old_text, new_text) { CONTAINED } else { 0 };
        let at_most = ratio(old.len().min(new.len()), total).max(contained);
        if at_most < threshold {
            return 0;
        }
        let likeness = ratio(common(old, new), total).max(contained);
        if likeness < threshold { 0 } else { likeness }
    }
}

impl Profile<'_> {
    /// What comparing it costs; indexing it first takes about ten times as long.
    fn cost(&self) -> usize {
        self.pairs.as_ref().map_or(10 * self.text.len(), Vec::len)
    }

    fn pairs(&mut self) -> &[u64] {
        let text = self.text;
        self.pairs.get_or_insert_with(|| character_pairs(text))
    }
}

fn character_pairs(text: &str) -> Vec<u64> {
    let mut before = u64::from(' ');
    let letters = text.trim().chars().flat_map(char::to_lowercase);
    let mut pairs: Vec<u64> = letters
        .chain([' '])
        .map(|letter| {
            let pair = before << 32 | u64::from(letter);
            before = u64::from(letter);
            pair
        })
        .collect();
    pairs.sort_unstable();
    pairs
}

fn ratio(common: usize, total: usize) -> u32 {
    u32::try_from(2000 * common / total.max(1)).unwrap_or(0)
}

/// How many elements two sorted lists have in common.
fn common(mut left: &[u64], mut right: &[u64]) -> usize {
    let mut count = 0;
    while let ([a, left_after @ ..], [b, right_after @ ..]) = (left, right) {
        match a.cmp(b) {
            std::cmp::Ordering::Less => left = left_after,
            std::cmp::Ordering::Greater => right = right_after,
            std::cmp::Ordering::Equal => {
                count += 1;
                (left, right) = (left_after, right_after);
            }
        }
    }
    count
}

/// Whether the longer text begins or ends with all of the shorter one, at a word's end.
fn is_contained(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim(), other.trim());
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    let cut = |rest: &str, next: Option<char>| {
        rest.is_empty() || next.is_some_and(|letter| !letter.is_alphanumeric())
    };
    long.strip_prefix(short).is_some_and(|rest| cut(rest, rest.chars().next()))
        || long.strip_suffix(short).is_some_and(|rest| cut(rest, rest.chars().next_back()))
}

/// The numbers that a text mentions, in order. Lines that differ in them are seldom one line
/// that was edited and moved, more often two of a series.
pub(super) fn numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_digit()).filter(|digits| !digits.is_empty())
}

/// The words by which a text can be found again: runs of letters and digits; in scripts without
/// spaces, pairs of neighbouring letters.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for run in text.split(|letter: char| !letter.is_alphanumeric()).filter(|run| !run.is_empty()) {
        let run = run.to_lowercase();
        if run.chars().all(|letter| letter < '\u{2e80}') {
            words.push(run);
        } else {
            let letters: Vec<char> = run.chars().collect();
            words.extend(letters.windows(2).map(String::from_iter));
        }
    }
    words.sort_unstable();
    words.dedup();
    words
}

#[cfg(test)]
mod tests {
    use super::{Similarity, numbers, words};

    fn permille(old: &str, new: &str) -> u32 {
        Similarity::new(&[old], &[new]).permille(0, 0, 1)
    }

    #[test]
    fn edits_are_similar_and_other_texts_are_not() {
        assert_eq!(permille("Ship it", "ship it "), 1000);
        assert!(permille("buy milk", "buy oat milk") > 700);
        assert!(permille("recieve the parcel", "receive the parcel") > 700);
        assert!(permille("call Bob", "write the report") < 300);
        assert!(permille("b", "b edited") >= 650);
        assert!(permille("買い物に行く", "買い物に行った") > 600);
    }

    #[test]
    fn blank_texts_are_like_nothing() {
        assert_eq!(permille("", ""), 0);
        assert_eq!(permille(" ", "a"), 0);
    }

    #[test]
    fn beyond_the_budget_nothing_is_similar() {
        let mut similarity = Similarity::new(&["buy milk"], &["buy oat milk"]);
        similarity.budget = 10;
        assert_eq!(similarity.permille(0, 0, 1), 0);
    }

    #[test]
    fn words_and_numbers_of_a_text() {
        assert_eq!(words("Buy 2 x Milk, buy!"), ["2", "buy", "milk", "x"]);
        assert_eq!(words("買い物"), ["い物", "買い"]);
        assert_eq!(numbers("page 12 of v3.1").collect::<Vec<_>>(), ["12", "3", "1"]);
    }
}
