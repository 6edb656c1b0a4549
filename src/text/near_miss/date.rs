//! Years, days, months and weekdays for others. No date comes out that the calendar lacks, nor a year after 2000 that is later
//! than the one that stood there: a text should not begin to speak of the future.

use super::passage::Edit;
use super::tokens::{MONTHS, Token};
use crate::dataset::Rng;
use crate::text::words::is_stop_word;

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The shortest that each month gets, so that 29 February never comes out.
const DAYS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Words before which a bare number of four digits is a year.
const BEFORE_YEARS: &[&str] = &[
    "about", "ad", "after", "and", "around", "before", "between", "by", "circa", "during", "early", "from",
    "in", "late", "mid", "of", "or", "since", "spring", "summer", "autumn", "fall", "winter", "the",
    "through", "till", "to", "until", "year", "years",
];

/// One change for each date of a sentence.
pub(super) fn edits(tokens: &[Token<'_>], rng: &mut Rng) -> Vec<Edit> {
    (0..tokens.len()).filter_map(|at| edit(tokens, at, rng)).collect()
}

/// Does the token at this place name a day or a year? Then it is no plain number.
pub(super) fn is_part_of_a_date(tokens: &[Token<'_>], at: usize) -> bool {
    year(tokens, at).is_some() || day(tokens, at).is_some()
}

fn edit(tokens: &[Token<'_>], at: usize, rng: &mut Rng) -> Option<Edit> {
    let token = &tokens[at];
    if let Some(to) = other_iso(token.core, rng) {
        return Some(Edit::new(token.range(), to));
    }
    if let Some(to) = other_weekday(tokens, at, rng).or_else(|| other_month(tokens, at, rng)) {
        return Some(Edit::new(token.range(), to));
    }
    if let Some(this) = year(tokens, at) {
        return other_year(tokens, this, rng).map(|to| Edit::new(token.at..token.at + 4, to.to_string()));
    }
    let (this, month) = day(tokens, at)?;
    let others: Vec<u32> = (1..=DAYS[month].min(28)).filter(|&day| day != this).collect();
    Some(Edit::new(token.range(), others[rng.below(others.len())].to_string()))
}

/// The month that a token names. "May" and "March" are verbs too, so they must stand beside a number or after "in".
fn month(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let token = tokens.get(at)?;
    let month = MONTHS.iter().position(|&name| name == token.core)?;
    let beside = |at: Option<usize>| {
        at.and_then(|at| tokens.get(at))
            .is_some_and(|token| token.core.starts_with(|c: char| c.is_ascii_digit()))
    };
    let before = at.checked_sub(1);
    let after = token.tail.is_empty() || token.tail == ",";
    let after_in = before.is_some_and(|at| {
        matches!(
            tokens[at].core,
            "in" | "In" | "since" | "Since" | "until" | "by" | "last" | "early" | "late" | "mid"
        )
    });
    let sure = !matches!(month, 2 | 4) || after_in || beside(before) || after && beside(Some(at + 1));
    sure.then_some(month)
}

/// The day of the month that a token is, and its month: "24" in "December 24, 1933" and in "24 December".
fn day(tokens: &[Token<'_>], at: usize) -> Option<(u32, usize)> {
    let token = tokens.get(at)?;
    let day: u32 = token.core.parse().ok().filter(|day| (1..=31).contains(day))?;
    let before = at.checked_sub(1).filter(|&at| tokens[at].tail.is_empty()).and_then(|at| month(tokens, at));
    let after = || month(tokens, at + 1).filter(|_| token.tail.is_empty());
    before.or_else(after).map(|month| (day, month))
}

/// The year, or the first year of the decade, that a token is.
fn year(tokens: &[Token<'_>], at: usize) -> Option<u32> {
    let token = tokens.get(at)?;
    let digits = token.core.strip_suffix('s').unwrap_or(token.core);
    let decade = digits.len() < token.core.len();
    let fits = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit());
    let year: u32 = digits.parse().ok().filter(|year| fits && (1000..2100).contains(year))?;
    if decade {
        return digits.ends_with('0').then_some(year);
    }
    if !token.lead.chars().all(|c| matches!(c, '(' | '"' | '“')) || token.tail.contains('%') {
        return None;
    }
    let enclosed = token.lead.ends_with('(') && token.tail.starts_with(')');
    let before = at.checked_sub(1).map(|at| tokens[at]);
    let after_month =
        at.checked_sub(1).is_some_and(|at| month(tokens, at).is_some() || day(tokens, at).is_some());
    let after_word = before.is_some_and(|before| BEFORE_YEARS.contains(&before.lower().as_str()));
    (enclosed || after_month || after_word && !counts_something(tokens, at)).then_some(year)
}

/// "In 1900 cases" is no year: a plural follows at once.
fn counts_something(tokens: &[Token<'_>], at: usize) -> bool {
    let next = tokens.get(at + 1).filter(|_| tokens[at].tail.is_empty());
    next.is_some_and(|next| {
        next.core.ends_with('s') && !next.is_capitalised() && !is_stop_word(&next.lower())
    })
}

/// Four digits that may be a year, though nothing says that they are: neither changed as a year nor as a number.
pub(super) fn may_be_a_year(tokens: &[Token<'_>], at: usize) -> bool {
    let core = tokens[at].core;
    let year = core.len() == 4 && core.parse::<u32>().is_ok_and(|year| (1000..2100).contains(&year));
    year && !counts_something(tokens, at)
}

/// Another year, at most 25 away, that stands between the same other years of the sentence.
fn other_year(tokens: &[Token<'_>], this: u32, rng: &mut Rng) -> Option<u32> {
    let others: Vec<u32> = (0..tokens.len()).filter_map(|at| year(tokens, at)).collect();
    let low = others
        .iter()
        .filter(|&&year| year < this)
        .max()
        .map_or(1000, |year| year + 1)
        .max(this.saturating_sub(25));
    let latest = if this >= 2000 { this } else { 1999.min(this + 25) };
    let high = others.iter().filter(|&&year| year > this).min().map_or(latest, |year| (year - 1).min(latest));
    let decade = this.is_multiple_of(10) && tokens.iter().any(|token| token.core == format!("{this}s"));
    let fits = |year: &u32| *year != this && !others.contains(year) && (!decade || year.is_multiple_of(10));
    let years: Vec<u32> = (low..=high).filter(fits).collect();
    years.get(rng.below(years.len())).copied()
}

fn other_month(tokens: &[Token<'_>], at: usize, rng: &mut Rng) -> Option<String> {
    let this = month(tokens, at)?;
    let neighbours = [at.checked_sub(1), Some(at + 1)];
    let days = neighbours.into_iter().flatten().filter_map(|at| day(tokens, at)).map(|(day, _)| day);
    let needed = days.max().unwrap_or(1);
    let named = |month: usize| tokens.iter().any(|token| token.core == MONTHS[month]);
    let others: Vec<usize> =
        (0..12).filter(|&other| other != this && DAYS[other] >= needed && !named(other)).collect();
    others.get(rng.below(others.len())).map(|&other| MONTHS[other].to_string())
}

/// Not in names such as "Good Friday" and "Friday the 13th".
fn other_weekday(tokens: &[Token<'_>], at: usize, rng: &mut Rng) -> Option<String> {
    let token = &tokens[at];
    let singular = token.core.strip_suffix('s').unwrap_or(token.core);
    let this = WEEKDAYS.iter().position(|&name| name == singular)?;
    let named = at > 1 && tokens[at - 1].is_capitalised() && tokens[at - 1].tail.is_empty();
    let next_named = tokens
        .get(at + 1)
        .is_some_and(|next| next.is_capitalised() && token.tail.is_empty() || next.core == "the");
    if named || next_named {
        return None;
    }
    let other = WEEKDAYS[(this + 1 + rng.below(6)) % 7];
    Some(format!("{other}{}", &token.core[singular.len()..]))
}

/// Another year, month or day of `2010-03-15`, as valid as that one.
fn other_iso(core: &str, rng: &mut Rng) -> Option<String> {
    let (year, month, day) = iso(core)?;
    let (mut other_year, mut other_month, mut other_day) = (year, month, day);
    match rng.below(3) {
        0 => other_year = year - 1 - rng.below(9) as u32,
        1 => other_month = (month + rng.below(11) as u32) % 12 + 1,
        _ => other_day = (day + rng.below(27) as u32) % 28 + 1,
    }
    // The shortest February of all, so that every year and month has the day.
    let last = DAYS.get(other_month as usize - 1)?;
    let other = format!("{other_year:04}-{other_month:02}-{:02}", other_day.min(*last));
    Some(other).filter(|other| other != core)
}

/// Year, month and day, if the calendar has them.
fn iso(core: &str) -> Option<(u32, u32, u32)> {
    let bytes = core.as_bytes();
    let form = bytes.len() == 10
        && bytes
            .iter()
            .enumerate()
            .all(|(at, b)| if matches!(at, 4 | 7) { *b == b'-' } else { b.is_ascii_digit() });
    if !form {
        return None;
    }
    let part = |range: std::ops::Range<usize>| core.get(range)?.parse::<u32>().ok();
    let (year, month, day) = (part(0..4)?, part(5..7)?, part(8..10)?);
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let days = DAYS.get((month as usize).checked_sub(1)?)? + u32::from(leap && month == 2);
    (year >= 1000 && (1..=days).contains(&day)).then_some((year, month, day))
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;

    fn years(text: &str) -> Vec<u32> {
        let tokens = tokens(text, 0..text.len());
        (0..tokens.len()).filter_map(|at| year(&tokens, at)).collect()
    }

    #[test]
    fn years_are_told_from_numbers() {
        assert_eq!(years("In 1869, he left; from 1892 to 1896 he wrote."), [1869, 1892, 1896]);
        assert_eq!(years("Born (1731) on May 4, 1700, in the 1720s."), [1731, 1700, 1720]);
        assert!(years("Of 1900 patients, 1850 paid in 2000 shops, see RFC 2119.").is_empty());
    }

    #[test]
    fn years_keep_their_order() {
        let text = "From 1918 to 1921 it was free.";
        let tokens = tokens(text, 0..text.len());
        for seed in 0..50 {
            let mut rng = Rng::new(seed);
            let first = other_year(&tokens, 1918, &mut rng).unwrap();
            let last = other_year(&tokens, 1921, &mut rng).unwrap();
            assert!((1893..1921).contains(&first) && first != 1918, "{first}");
            assert!((1919..=1946).contains(&last) && last != 1921, "{last}");
        }
    }

    #[test]
    fn iso_dates_are_the_calendar_s() {
        assert_eq!(iso("2024-02-29"), Some((2024, 2, 29)));
        for wrong in
            ["2023-02-29", "1900-02-29", "2024-13-01", "2024-00-10", "2024-04-31", "24-04-30", "2024/04/30"]
        {
            assert_eq!(iso(wrong), None, "{wrong}");
        }
    }
}
