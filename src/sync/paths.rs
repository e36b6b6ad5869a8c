//! What the user chose for single paths of the mount. Pure.

use std::time::Duration;

use crate::api::TaskResource;

/// What holds at a path and below it, where it says so.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PathRule {
    /// The names that lead there from the root of the mount.
    pub path: Vec<String>,
    /// In place of [`Settings::max_age`](crate::sync::Settings::max_age).
    pub max_age: Option<Duration>,
    /// In place of [`Settings::details`](crate::sync::Settings::details).
    pub details: Option<Vec<TaskResource>>,
    /// Whether nothing may be written.
    pub read_only: Option<bool>,
}

/// What holds at paths. Of several that say something, the one that leads deepest counts; of two of the
/// same path, the later.
#[derive(Debug, Clone, Default)]
pub struct PathRules(Vec<PathRule>);

impl PathRules {
    /// These rules.
    pub fn of(mut rules: Vec<PathRule>) -> Self {
        // Stable: of the same path the later stays later.
        rules.sort_by_key(|rule| rule.path.len());
        Self(rules)
    }

    /// Whether there is nothing to be asked.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is said of a path such as `Acme/Archive/Plan.md`, nearest last.
    fn at<'a>(&'a self, path: &'a str) -> impl DoubleEndedIterator<Item = &'a PathRule> {
        let leads = move |rule: &PathRule| {
            let mut names = path.split('/').filter(|name| !name.is_empty());
            rule.path.iter().all(|wanted| names.next() == Some(wanted))
        };
        self.0.iter().filter(move |rule| leads(rule))
    }

    pub(crate) fn max_age(&self, path: &str) -> Option<Duration> {
        self.at(path).rev().find_map(|rule| rule.max_age)
    }

    pub(crate) fn details(&self, path: &str) -> Option<Vec<TaskResource>> {
        self.at(path).rev().find_map(|rule| rule.details.clone())
    }

    pub(crate) fn read_only(&self, path: &str) -> Option<bool> {
        self.at(path).rev().find_map(|rule| rule.read_only)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{PathRule, PathRules};

    fn rule(path: &str, age: Option<u64>, read_only: Option<bool>) -> PathRule {
        let path = path.split('/').map(str::to_owned).collect();
        PathRule { path, max_age: age.map(Duration::from_secs), details: None, read_only }
    }

    #[test]
    fn the_deepest_path_that_says_something_counts() {
        let rules = PathRules::of(vec![
            rule("Acme/Archive", Some(600), None),
            rule("Acme", Some(60), Some(true)),
            rule("Acme/Archive/Open.md", None, Some(false)),
        ]);
        let age = |path| rules.max_age(path).map(|age| age.as_secs());
        assert_eq!(age("Acme"), Some(60));
        assert_eq!(age("Acme/"), Some(60));
        assert_eq!(age("Acme/Archive/Open.md"), Some(600));
        assert_eq!(age("Acme/Archives/x.md"), Some(60), "names are whole");
        assert_eq!(age("Beta/Archive"), None);
        assert_eq!(rules.read_only("Acme/Archive/Open.md"), Some(false));
        assert_eq!(rules.read_only("Acme/Archive/Shut.md"), Some(true));
        assert_eq!(rules.read_only(""), None);
    }

    #[test]
    fn of_two_of_one_path_the_later_counts() {
        let rules = PathRules::of(vec![rule("A", Some(1), None), rule("A", Some(2), None)]);
        assert_eq!(rules.max_age("A/x.md"), Some(Duration::from_secs(2)));
    }
}
