//! `share`: the links by which others see a project, and making them.

use std::io::IsTerminal;

use serde_json::Value;

use super::{
    asks::Ask,
    mounted_path::mounted_path,
    space_arguments::ShareArgs,
    terminal::{confirm, confirm_done, note, say, say_json},
};

use crate::{error::Result, printable::printable};

/// The links as the service has them, what they are for, the one that allows least first.
const LINKS: [(&str, &str); 3] =
    [("viewUrl", "to read"), ("checkUrl", "to tick"), ("editUrl", "to change")];

/// What it means to make them.
const MEANING: &str = "Whoever has a link can open the project, and change it with the one for that.\n\
                       taskadefs cannot take links back: only the app can.\n";

/// Prints the links of a project, or makes them.
///
/// # Errors
/// If it is no project, or what Taskade refuses with.
pub(crate) fn share(args: &ShareArgs) -> Result<()> {
    let place = mounted_path(&args.path)?;
    let is_asked = args.create && !args.yes && std::io::stdin().is_terminal();
    if is_asked {
        say(MEANING)?;
        if !confirm("Make them?")? {
            return confirm_done("no link was made\n");
        }
    }
    let path = place.inside.clone().unwrap_or_default();
    let links = place.ask(&Ask::Share { path, create: args.create })?;
    if args.json {
        return say_json(&links);
    }
    let lines = in_words(&links);
    if lines.is_empty() {
        note(&format_args!(
            "{}: not shared; `taskadefs share --create` makes its links",
            args.path.display()
        ));
    }
    say(&lines)
}

/// A link a line; links that are not known are shown by their names.
fn in_words(links: &Value) -> String {
    let Some(links) = links.as_object() else { return String::new() };
    let known = LINKS.iter().filter_map(|(name, what)| Some((*what, links.get(*name)?)));
    let is_known = |name: &str| LINKS.iter().any(|(known, _)| *known == name);
    let others = links.iter().filter(|(name, _)| !is_known(name));
    let others = others.map(|(name, link)| (name.as_str(), link));
    let line = |(what, link): (&str, &Value)| {
        let link = link.as_str().filter(|link| !link.is_empty())?;
        Some(format!("{:<10} {}\n", printable(what), printable(link)))
    };
    known.chain(others).filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::in_words;

    #[test]
    fn every_link_is_on_a_line_and_none_steers_the_terminal() {
        let links = json!({
            "editUrl": "https://x/e", "viewUrl": "https://x/v\u{1b}[2J", "later\n": "https://x/l",
            "checkUrl": null, "is": true,
        });
        let words =
            "to read    https://x/v\\x1b[2J\nto change  https://x/e\nlater\\n    https://x/l\n";
        assert_eq!(in_words(&links), words);
        for none in [Value::Null, json!({})] {
            assert_eq!(in_words(&none), "");
        }
    }
}
