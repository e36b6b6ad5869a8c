//! Parts of files, as `Range` asks for them (RFC 9110).

use super::answer::Answer;

impl Answer {
    /// The part of a file that is asked for. What is no file, or asked for in a way that is not
    /// understood, is given whole.
    pub(crate) fn part(mut self, range: &str) -> Self {
        let is_file = self.headers.iter().any(|(name, _)| *name == "content-disposition");
        if !is_file || self.status != 200 {
            return self;
        }
        let size = self.body.len();
        match part(range, size) {
            Part::Whole => self,
            Part::None => {
                let mut refusal = Self::refusal(416, "no such part");
                refusal.headers.push(("content-range", format!("bytes */{size}")));
                refusal
            }
            Part::Of(from, to) => {
                self.status = 206;
                self.body = self.body.slice(from..to);
                let content_range = format!("bytes {from}-{}/{size}", to.saturating_sub(1));
                self.headers.push(("content-range", content_range));
                self
            }
        }
    }
}

/// What a range means of so many bytes.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    None,
    /// From here up to, but not including, there.
    Of(usize, usize),
}

fn part(range: &str, size: usize) -> Part {
    let ends = range.strip_prefix("bytes=").and_then(|range| range.split_once('-'));
    let number = |text: &str| text.parse::<usize>().ok();
    match ends {
        Some(("", last)) => match number(last) {
            Some(0) => Part::None,
            Some(last) if size > 0 => Part::Of(size.saturating_sub(last), size),
            Some(_) => Part::None,
            None => Part::Whole,
        },
        Some((from, to)) => match (number(from), to, number(to)) {
            (Some(from), _, _) if from >= size => Part::None,
            (Some(from), "", _) => Part::Of(from, size),
            (Some(from), _, Some(to)) if to >= from => Part::Of(from, to.min(size - 1) + 1),
            _ => Part::Whole,
        },
        None => Part::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, part};

    #[test]
    fn a_part_is_what_the_range_says_and_all_where_it_says_nothing() {
        for (range, wanted) in [
            ("bytes=0-", Part::Of(0, 10)),
            ("bytes=3-5", Part::Of(3, 6)),
            ("bytes=3-99", Part::Of(3, 10)),
            ("bytes=-4", Part::Of(6, 10)),
            ("bytes=-40", Part::Of(0, 10)),
            ("bytes=10-", Part::None),
            ("bytes=-0", Part::None),
            ("bytes=5-3", Part::Whole),
            ("bytes=1-2,4-5", Part::Whole),
            ("bytes=", Part::Whole),
            ("lines=1-2", Part::Whole),
        ] {
            assert_eq!(part(range, 10), wanted, "{range}");
        }
        assert_eq!((part("bytes=0-", 0), part("bytes=-1", 0)), (Part::None, Part::None));
    }
}
