//! Merging what is wanted of an agent with what others made of it: by its name and the keys of what it
//! is set to, each as a whole. Pure.

use serde_json::Value;

use crate::model::AgentState;

/// What an agent is to become.
#[derive(Debug, PartialEq)]
pub(crate) struct MergedAgent {
    pub(crate) state: AgentState,
    /// What both changed, each in another way: it is as wanted here.
    pub(crate) overridden: Vec<String>,
}

/// What was wanted of `base` on what others made of it: what either changed is changed.
pub(crate) fn merge(base: &AgentState, ours: &AgentState, theirs: &AgentState) -> MergedAgent {
    let mut overridden = Vec::new();
    let name = if ours.name == base.name { &theirs.name } else { &ours.name };
    if ours.name != base.name && theirs.name != base.name && theirs.name != ours.name {
        overridden.push("name".to_owned());
    }
    let mut data = theirs.data.clone();
    let keys: Vec<&String> = base.data.keys().chain(ours.data.keys()).collect();
    for key in keys {
        let (was, here) = (base.data.get(key), ours.data.get(key));
        let elsewhere: Option<&Value> = theirs.data.get(key);
        if here == was {
            continue;
        }
        if elsewhere != was && elsewhere != here && !overridden.contains(key) {
            overridden.push(key.clone());
        }
        match here {
            Some(here) => drop(data.insert(key.clone(), here.clone())),
            None => drop(data.remove(key)),
        }
    }
    MergedAgent { state: AgentState { name: name.clone(), data }, overridden }
}

/// What an agent that is `now` is without a change: what others did since stands.
pub(crate) fn without(before: &AgentState, after: &AgentState, now: &AgentState) -> AgentState {
    let mut wanted = now.clone();
    if now.name == after.name {
        wanted.name.clone_from(&before.name);
    }
    for key in before.data.keys().chain(after.data.keys()) {
        let (was, is) = (before.data.get(key), after.data.get(key));
        if was == is || now.data.get(key) != is {
            continue;
        }
        match was {
            Some(was) => drop(wanted.data.insert(key.clone(), was.clone())),
            None => drop(wanted.data.remove(key)),
        }
    }
    wanted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value};

    use super::{merge, without};
    use crate::model::AgentState;

    fn state() -> impl Strategy<Value = AgentState> {
        let data = prop::collection::hash_map("[ab]", 0..3_u8, 0..3);
        ("[xy]", data).prop_map(|(name, data)| {
            let data: Map<String, Value> =
                data.into_iter().map(|(key, value)| (key, value.into())).collect();
            AgentState { name, data }
        })
    }

    proptest! {
        #[test]
        fn what_nobody_else_changed_is_as_wanted_and_what_is_not_wanted_as_others_have_it(
            base in state(),
            other in state(),
        ) {
            let ours = merge(&base, &other, &base);
            prop_assert_eq!((&ours.state, ours.overridden.len()), (&other, 0));
            let theirs = merge(&base, &base, &other);
            prop_assert_eq!((&theirs.state, theirs.overridden.len()), (&other, 0));
            prop_assert_eq!(merge(&base, &other, &other).overridden.len(), 0);
        }

        #[test]
        fn a_change_is_taken_back_and_what_others_did_since_stands(
            before in state(),
            after in state(),
            now in state(),
        ) {
            prop_assert_eq!(&without(&before, &after, &after), &before);
            prop_assert_eq!(&without(&before, &before, &now), &now);
            let wanted = without(&before, &after, &now);
            for key in ["a", "b"] {
                let of = |state: &AgentState| state.data.get(key).cloned();
                let is_mine = of(&after) != of(&before) && of(&now) == of(&after);
                prop_assert_eq!(of(&wanted), if is_mine { of(&before) } else { of(&now) });
            }
        }

        #[test]
        fn every_key_is_somebodys_and_what_both_changed_is_told(
            base in state(),
            ours in state(),
            theirs in state(),
        ) {
            let merged = merge(&base, &ours, &theirs);
            for key in ["a", "b"] {
                let of = |state: &AgentState| state.data.get(key).cloned();
                let (was, here, there) = (of(&base), of(&ours), of(&theirs));
                let wanted = if here == was { &there } else { &here };
                prop_assert_eq!(&of(&merged.state), wanted);
                let collides = here != was && there != was && here != there;
                prop_assert_eq!(merged.overridden.contains(&key.to_owned()), collides);
            }
        }
    }
}
