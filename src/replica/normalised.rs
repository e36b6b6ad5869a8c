//! What the service has made of texts that it was sent: without their markup, without spaces at
//! their ends, with other escapes. Pure.
//!
//! A program that typed `**bold**` goes on with that, while the service says `bold`. That is one
//! text: who has the one before its eyes has seen the other. What the service makes of a text is
//! told by its answer, or by the first reading after it, if that says the same in other signs.

use std::collections::HashMap;

use crate::{
    ids::TaskId,
    plan::{Key, Outline},
};

/// How many texts of one task are remembered.
pub(crate) const REMEMBERED: usize = 4;

/// Of one project.
#[derive(Debug, Clone, Default)]
pub(crate) struct Normalised {
    /// The texts that were sent last and not read since.
    sent: HashMap<TaskId, String>,
    /// What was sent, and what the service made of it; the latest comes last.
    made: HashMap<TaskId, Vec<(String, String)>>,
    /// What of it is not in the log of served bases yet.
    pub(in crate::replica) news: Vec<(Key, String, String)>,
}

impl Normalised {
    /// Notes that a task was given a text, and what the service says that it is now if it does.
    pub(crate) fn sent(&mut self, task: &TaskId, text: &str, now: Option<&str>) {
        self.sent.insert(task.clone(), text.to_owned());
        if let Some(now) = now {
            self.note(task, text, now);
        }
    }

    /// Compares what was sent with the first reading since.
    pub(crate) fn read(&mut self, reading: &Outline) {
        if self.sent.is_empty() {
            return;
        }
        let mut sent = std::mem::take(&mut self.sent);
        for item in &reading.items {
            if let Key::Known(task) = &item.key
                && let Some(text) = sent.remove(task)
                && says(&text) == says(&item.text)
            {
                self.note(task, &text, &item.text);
            }
        }
    }

    /// Takes over what was known before a remount.
    pub(crate) fn keep(&mut self, key: &Key, sent: &str, now: &str) {
        if let Key::Known(task) = key {
            self.note(task, sent, now);
        }
    }

    /// What was sent of which task, and what became of it.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Key, &str, &str)> {
        self.made.iter().flat_map(|(task, texts)| {
            let key = Key::Known(task.clone());
            texts.iter().map(move |(sent, now)| (key.clone(), sent.as_str(), now.as_str()))
        })
    }

    /// Puts what the service made of the texts of `base` in their place, also in what was made of
    /// `base` where they were left as they are.
    pub(crate) fn settle(&self, base: &mut Outline, ours: &mut Outline) {
        if self.made.is_empty() {
            return;
        }
        for item in &mut base.items {
            let Some(now) = self.now(&item.key, &item.text) else { continue };
            let left = |our: &&mut crate::plan::Item| our.key == item.key && our.text == item.text;
            if let Some(our) = ours.items.iter_mut().find(left) {
                now.clone_into(&mut our.text);
            }
            now.clone_into(&mut item.text);
        }
    }

    fn now(&self, key: &Key, text: &str) -> Option<&str> {
        let Key::Known(task) = key else { return None };
        let texts = self.made.get(task)?;
        texts.iter().rev().find(|(sent, _)| sent == text).map(|(_, now)| now.as_str())
    }

    fn note(&mut self, task: &TaskId, sent: &str, now: &str) {
        let texts = self.made.entry(task.clone()).or_default();
        texts.retain(|(known, _)| known != sent);
        if sent != now {
            texts.push((sent.to_owned(), now.to_owned()));
            let key = Key::Known(task.clone());
            self.news.push((key, sent.to_owned(), now.to_owned()));
        }
        if texts.len() > REMEMBERED {
            texts.remove(0);
        }
        if texts.is_empty() {
            self.made.remove(task);
        }
    }
}

/// What a text says, whatever the signs: its letters and digits, or all of it if it has none.
pub(crate) fn says(text: &str) -> String {
    let mut text = text.to_owned();
    for (entity, sign) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'")] {
        text = text.replace(entity, sign);
    }
    text = text.replace("&amp;", "&");
    let letters: String = text.chars().filter(|sign| sign.is_alphanumeric()).collect();
    if letters.is_empty() { text.trim().to_owned() } else { letters }
}

#[cfg(test)]
mod tests {
    use super::Normalised;
    use crate::ids::TaskId;
    use crate::plan::Item;
    use crate::plan::Key;
    use crate::plan::Outline;

    fn outline(text: &str) -> Outline {
        let key = Key::Known(TaskId::new("t"));
        let text = text.to_owned();
        Outline {
            items: vec![Item {
                key,
                depth: 0,
                text,
                done: false,
                details: Default::default(),
                spelled: Default::default(),
            }],
        }
    }

    /// What is left of a text that was sent, read back as `read`, and is in a base as it was typed.
    fn in_base(sent: &str, read: &str) -> String {
        let mut normalised = Normalised::default();
        normalised.sent(&TaskId::new("t"), sent, None);
        normalised.read(&outline(read));
        let (mut base, mut ours) = (outline(sent), outline(sent));
        normalised.settle(&mut base, &mut ours);
        assert_eq!(base, ours);
        base.items[0].text.clone()
    }

    #[test]
    fn the_same_words_in_other_signs_are_what_the_service_made_of_them() {
        for (sent, read) in
            [("**bold**", "bold"), (" a  b ", "a b"), ("a \\* b", "a * b"), ("R & D", "R &amp; D")]
        {
            assert_eq!(in_base(sent, read), read);
        }
        assert_eq!(in_base("milk", "bread"), "milk", "other words are somebody's edit");
    }

    #[test]
    fn only_the_first_reading_tells_and_an_edit_stands() {
        let task = TaskId::new("t");
        let mut normalised = Normalised::default();
        normalised.sent(&task, "**a**", None);
        normalised.read(&outline("**a**"));
        normalised.read(&outline("a"));
        assert_eq!(normalised.all().count(), 0, "somebody took the markup away");
        normalised.sent(&task, "**a**", Some("a"));
        let (mut base, mut ours) = (outline("**a**"), outline("**a** b"));
        normalised.settle(&mut base, &mut ours);
        assert_eq!((base, ours), (outline("a"), outline("**a** b")));
    }
}
