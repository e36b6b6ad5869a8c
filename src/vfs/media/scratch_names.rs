//! Which names in `media/` are the programs' own, and never sent: what editors and copiers write before a
//! file is what it is to be. Pure.

/// The endings of files that are not complete.
const ENDINGS: [&str; 8] =
    [".tmp", ".temp", ".part", ".partial", ".crdownload", ".swp", ".swo", ".swx"];

/// What programs begin the names of temporary files with, and how long those are.
const TEMPORARY: [(&str, usize); 2] = [("sed", 9), ("tmp", 11)];

/// Whether a file of this name is kept on this machine.
pub(crate) fn is_scratch(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let is_temporary = |(prefix, length): &(&str, usize)| {
        let rest = name.strip_prefix(prefix).filter(|_| name.len() == *length);
        rest.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
    };
    name.starts_with('.')
        || name.ends_with('~')
        || (name.starts_with('#') && name.ends_with('#'))
        || name.chars().all(|c| c.is_ascii_digit())
        || ENDINGS.iter().any(|ending| lower.ends_with(ending))
        || TEMPORARY.iter().any(is_temporary)
}

#[cfg(test)]
mod tests {
    use super::is_scratch;

    #[test]
    fn what_editors_leave_on_the_way_is_scratch_and_what_people_call_files_is_not() {
        for scratch in [
            ".logo.svg.swp",
            "logo.svg~",
            "4913",
            "#logo.svg#",
            ".#logo.svg",
            "sedAbC123",
            "tmpx1_y2z3w",
            "big.bin.part",
            "a.TMP",
            ".DS_Store",
        ] {
            assert!(is_scratch(scratch), "{scratch}");
        }
        for file in [
            "logo.svg",
            "sediment",
            "tmp",
            "template.png",
            "2026.pdf",
            "README",
            "#1 plan.png",
            "a~b.png",
        ] {
            assert!(!is_scratch(file), "{file}");
        }
    }
}
