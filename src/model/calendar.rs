//! Which dates and times a line may hold.

/// Whether it is `YYYY-MM-DD`, padded, of a day that exists in the Gregorian calendar.
pub(crate) fn is_date(text: &str) -> bool {
    let [y @ .., b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return false };
    let [y1, y2, y3, y4] = y else { return false };
    let (Some(century), Some(year), Some(month), Some(day)) =
        (two_digits(*y1, *y2), two_digits(*y3, *y4), two_digits(*m1, *m2), two_digits(*d1, *d2))
    else {
        return false;
    };
    (1..=days_of(century * 100 + year, month)).contains(&day)
}

/// Whether it is `HH:MM`, padded, from `00:00` to `23:59`.
pub(crate) fn is_time(text: &str) -> bool {
    let [h1, h2, b':', m1, m2] = text.as_bytes() else { return false };
    two_digits(*h1, *h2).is_some_and(|hour| hour < 24)
        && two_digits(*m1, *m2).is_some_and(|minute| minute < 60)
}

/// Whether it is spelled like an IANA time zone name; whether the zone exists is not asked.
pub(crate) fn is_zone(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+-/".contains(&byte))
}

fn two_digits(tens: u8, ones: u8) -> Option<u32> {
    (tens.is_ascii_digit() && ones.is_ascii_digit())
        .then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
}

/// The number of days in a month; 0 for a month that is none.
fn days_of(year: u32, month: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    }
}
