//! The system prompt of an agent as the text of its file.

/// A prompt as its file has it: lines, as editors want them; an empty one is an empty file.
pub(crate) fn prompt_text(prompt: &str) -> String {
    match prompt {
        "" => String::new(),
        prompt => format!("{prompt}\n"),
    }
}
