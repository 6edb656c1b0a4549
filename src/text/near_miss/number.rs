//! Numbers for other numbers of the same form.

use super::date::{is_part_of_a_date, may_be_a_year};
use super::passage::Edit;
use super::tokens::{NUMBER_WORDS, Token};
use crate::dataset::Rng;

/// Words after which a number only says where to look: "Figure 3" with another number says nothing false.
const REFERENCES: &[&str] = &[
    "appendix", "chapter", "eq", "equation", "example", "fig", "figs", "figure", "figures", "figs", "item",
    "line", "lines", "listing", "listings", "note", "no", "page", "pages", "p", "pp", "part", "ref",
    "section", "step", "table", "tables", "vol", "volume",
];

/// Marks that may stand before a number. Others make it something else: `#12`, `-5`, `[3]`, `v.2`.
const BEFORE: &str = "(\"'“‘`*_$€£¥~≈<>=≤≥";
/// Marks that may stand after one.
const AFTER: &str = ".,;:!?)\"'”’`*_%‰";

/// One change for each number of a sentence that can be changed.
pub(super) fn edits(tokens: &[Token<'_>], rng: &mut Rng) -> Vec<Edit> {
    let dated = |at: usize| is_part_of_a_date(tokens, at) || may_be_a_year(tokens, at);
    let standing = (0..tokens.len()).filter(|&at| stands_alone(tokens, at) && !dated(at));
    let edit = |at: usize| {
        let token = tokens[at];
        let next = tokens.get(at + 1).filter(|_| token.tail.is_empty());
        let percent =
            token.tail.starts_with('%') || next.is_some_and(|next| matches!(next.core, "percent" | "per"));
        let taken = |to: &str| tokens.iter().any(|other| other.core == to);
        // A few draws, so that no number of the same sentence is repeated.
        let to = (0..8).filter_map(|_| other_number(token.core, percent, rng)).find(|to| !taken(to))?;
        Some(Edit::new(token.range(), to))
    };
    standing.filter_map(edit).collect()
}

/// Is it a number, and not part of an identifier or a reference?
fn stands_alone(tokens: &[Token<'_>], at: usize) -> bool {
    let token = &tokens[at];
    let refers = at.checked_sub(1).is_some_and(|before| {
        let before = &tokens[before];
        REFERENCES.contains(&before.lower().as_str()) && !before.tail.contains([',', ';', ')'])
    });
    !refers && token.lead.chars().all(|c| BEFORE.contains(c)) && token.tail.chars().all(|c| AFTER.contains(c))
}

/// Another number in the form of this one, not above 100 for 100 per cent; none where it is no number.
fn other_number(core: &str, percent: bool, rng: &mut Rng) -> Option<String> {
    if let Some(number) = NUMBER_WORDS.iter().position(|word| core.eq_ignore_ascii_case(word)) {
        let near: Vec<usize> =
            (0..NUMBER_WORDS.len()).filter(|&n| n != number && n.abs_diff(number) <= 3).collect();
        let other = NUMBER_WORDS[near[rng.below(near.len())]];
        return Some(super::term::with_case_of(other, core));
    }
    if let Some(digits) = ordinal(core) {
        let digits = match digits.parse::<u64>().ok()? {
            0 => return None,
            // Centuries, editions and days of the month stay believable.
            this @ 1..=21 => {
                let near: Vec<u64> =
                    (this.saturating_sub(5).max(1)..=(this + 5).min(21)).filter(|&n| n != this).collect();
                near[rng.below(near.len())].to_string()
            }
            _ => other_digits(digits, rng)?,
        };
        return Some(format!("{digits}{}", ordinal_suffix(&digits)));
    }
    match core.split_once('.') {
        Some((whole, fraction)) if is_grouped(whole) && is_digits(fraction) => {
            let digits = [&whole.replace(',', ""), fraction].concat();
            fill_in(core, &other_fraction(&digits, rng)?)
        }
        None if core == "100" && percent => Some(format!("{}0", 2 + rng.below(8))),
        // "1 day": the noun would have to follow.
        None if is_grouped(core) && (core != "1" || percent) => {
            fill_in(core, &other_digits(&core.replace(',', ""), rng)?)
        }
        _ => None,
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Digits, or digits in groups of three: 1200 and 1,200, not 12,00.
fn is_grouped(text: &str) -> bool {
    let mut groups = text.split(',');
    let first = groups.next().unwrap_or_default();
    let mut rest = groups.peekable();
    let fits = rest.peek().is_none() || first.len() <= 3;
    is_digits(first) && fits && rest.all(|group| group.len() == 3 && is_digits(group))
}

/// The digits of "21st", when the suffix is the right one.
fn ordinal(core: &str) -> Option<&str> {
    let digits = core.get(..core.len().checked_sub(2)?)?;
    (is_digits(digits) && core[digits.len()..] == *ordinal_suffix(digits)).then_some(digits)
}

fn ordinal_suffix(digits: &str) -> &'static str {
    let teens = digits.ends_with("11") || digits.ends_with("12") || digits.ends_with("13");
    match digits.bytes().last() {
        Some(b'1') if !teens => "st",
        Some(b'2') if !teens => "nd",
        Some(b'3') if !teens => "rd",
        _ => "th",
    }
}

/// Writes the digits into the places of the digits of `form`: separators stay where they are.
fn fill_in(form: &str, digits: &str) -> Option<String> {
    let mut digits = digits.chars();
    let written: Option<String> =
        form.chars().map(|c| if c.is_ascii_digit() { digits.next() } else { Some(c) }).collect();
    written.filter(|_| digits.next().is_none())
}

/// Another whole number with as many digits and as many zeros at its end: 12000 may become 31000.
fn other_digits(digits: &str, rng: &mut Rng) -> Option<String> {
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return (digits == "0").then(|| (2 + rng.below(8)).to_string());
    }
    // "007" is a name.
    if significant.starts_with('0') {
        return None;
    }
    Some(format!("{}{}", other_value(significant, 2, rng)?, &digits[significant.len()..]))
}

/// The same for the digits of a decimal number, whose zeros at the start are its size.
fn other_fraction(digits: &str, rng: &mut Rng) -> Option<String> {
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return None;
    }
    Some(format!("{}{}", &digits[..digits.len() - significant.len()], other_value(significant, 1, rng)?))
}

/// Another value of as many digits: any other digit, or a value that differs by a fifth or more.
fn other_value(digits: &str, least: u64, rng: &mut Rng) -> Option<u64> {
    let value: u64 = digits.parse().ok().filter(|_| digits.len() <= 15)?;
    let (low, high) = match digits.len() {
        1 => (least, 9),
        n => (10u64.pow(n as u32 - 1), 10u64.pow(n as u32) - 1),
    };
    let gap = (value / 5).max(1);
    let below = (value.saturating_sub(gap) + 1).saturating_sub(low);
    let above = (high + 1).saturating_sub(value + gap);
    // Not more than about a factor of three away.
    let (below, above) = (below.min(2 * value / 3 + 1), above.min(value.saturating_mul(2).max(4)));
    let drawn = rng.below((below + above) as usize) as u64;
    let other = if drawn < below { value - gap - drawn } else { value + gap + (drawn - below) };
    // A zero at the end would change how round the number is.
    let other = if digits.len() > 1 && other.is_multiple_of(10) { other + 1 } else { other };
    (below + above > 0 && other != value && (low..=high).contains(&other)).then_some(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_kept() {
        let mut rng = Rng::new(1);
        for (core, zeros) in
            [("12,000", 3), ("1,234.50", 0), ("0.05", 0), ("17", 0), ("800", 2), ("21st", 0), ("5", 0)]
        {
            for _ in 0..200 {
                let Some(to) = other_number(core, false, &mut rng) else { panic!("{core} has no other") };
                let shape = |text: &str| -> String {
                    text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
                };
                assert_ne!(to, core);
                if core != "21st" {
                    assert_eq!(shape(&to), shape(core));
                    assert!(to.replace(',', "").ends_with(&"0".repeat(zeros)), "{core} to {to}");
                }
            }
        }
    }

    #[test]
    fn ordinals_take_their_suffix() {
        let cases =
            [("1", "st"), ("2", "nd"), ("3", "rd"), ("4", "th"), ("11", "th"), ("112", "th"), ("22", "nd")];
        for (digits, suffix) in cases {
            assert_eq!(ordinal_suffix(digits), suffix);
        }
        assert_eq!((ordinal("22nd"), ordinal("22th"), ordinal("nd")), (Some("22"), None, None));
    }

    #[test]
    fn what_is_no_number_has_no_other() {
        let mut rng = Rng::new(2);
        let other = other_number("100", true, &mut rng).and_then(|other| other.parse().ok());
        assert!(other.is_some_and(|other: u32| other < 100));
        for core in ["v2", "2.1.0", "12,00", "007", "0.0", "1", "", "1e5", "99999999999999999999", "ten-fold"]
        {
            assert_eq!(other_number(core, false, &mut rng), None, "{core}");
        }
    }
}
