//! When bundles were imported: the service takes few in a while, and counts all of an account.

use std::time::{Duration, SystemTime};

use crate::lock_order::Ordered;

/// How many imports there may be in a window.
const MOST: usize = 5;

/// A minute, and how long one may be on its way.
pub(crate) const WINDOW: Duration = Duration::from_secs(62);

/// The imports of this mount.
#[derive(Debug, Default)]
pub(crate) struct Imports(Ordered<Vec<SystemTime>>);

impl Imports {
    /// Takes a place in the window, counting these of earlier mounts. How long it is until there is one,
    /// if there is none.
    ///
    /// # Errors
    /// That time.
    pub(crate) fn begin(&self, now: SystemTime, earlier: &[SystemTime]) -> Result<(), Duration> {
        let mut begun = self.0.lock();
        let age = |then: &SystemTime| now.duration_since(*then).unwrap_or_default();
        begun.retain(|then| age(then) < WINDOW);
        let mut ages: Vec<Duration> = begun.iter().chain(earlier).map(age).collect();
        ages.retain(|age| *age < WINDOW);
        ages.sort();
        // The last of those that fill the window must leave it.
        match ages.get(MOST - 1) {
            Some(age) => Err(WINDOW - *age),
            None => {
                begun.push(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{Imports, MOST, WINDOW};

    #[test]
    fn the_next_one_waits_for_the_first_of_a_full_window() {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        let at = |seconds| start + Duration::from_secs(seconds);
        let (imports, earlier) = (Imports::default(), [at(0), at(2)]);
        for seconds in [10, 11, 12] {
            assert_eq!(imports.begin(at(seconds), &earlier), Ok(()));
        }
        assert_eq!(earlier.len() + 3, MOST);
        assert_eq!(imports.begin(at(20), &earlier), Err(WINDOW - Duration::from_secs(20)));
        let free = start + WINDOW;
        assert_eq!(imports.begin(free, &earlier), Ok(()));
        assert_eq!(imports.begin(free, &earlier), Err(Duration::from_secs(2)));
        assert_eq!(imports.begin(free + WINDOW, &[]), Ok(()));
    }
}
