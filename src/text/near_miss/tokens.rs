//! Words with the punctuation around them.

use std::ops::Range;

/// Months, January first.
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Number words that can stand for one another. "One" is too often a pronoun.
pub(super) const NUMBER_WORDS: [&str; 11] =
    ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/// What stands between two white spaces: `("$1,200."` is the lead `("$`, the core `1,200` and the tail `."`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) lead: &'a str,
    pub(super) core: &'a str,
    pub(super) tail: &'a str,
    /// Where the core starts, in bytes of the content.
    pub(super) at: usize,
}

impl Token<'_> {
    /// Where the core stands.
    pub(super) fn range(&self) -> Range<usize> {
        self.at..self.at + self.core.len()
    }

    /// The core in lower case.
    pub(super) fn lower(&self) -> String {
        self.core.to_lowercase()
    }

    /// Does its first letter stand in upper case?
    pub(super) fn is_capitalised(&self) -> bool {
        self.core.starts_with(char::is_uppercase)
    }

    /// Nothing but white space before and after the core.
    pub(super) fn is_bare(&self) -> bool {
        self.lead.is_empty() && self.tail.is_empty()
    }
}

/// The tokens of a part of the content. Those without a letter or digit (dashes) have an empty core.
pub(super) fn tokens(content: &str, range: Range<usize>) -> Vec<Token<'_>> {
    let part = &content[range.clone()];
    let token = |word: &'_ str| {
        let start = range.start + (word.as_ptr() as usize - part.as_ptr() as usize);
        let body = word.trim_start_matches(|c: char| !c.is_alphanumeric());
        let lead = word.len() - body.len();
        let core = body.trim_end_matches(|c: char| !c.is_alphanumeric());
        (start, lead, core.len())
    };
    let words = part.split_whitespace();
    words
        .map(|word| {
            let (start, lead, core) = token(word);
            Token {
                lead: &word[..lead],
                core: &word[lead..lead + core],
                tail: &word[lead + core..],
                at: start + lead,
            }
        })
        .collect()
}

/// Number words and digits: what a unit may follow.
pub(super) fn is_quantity(token: &Token<'_>) -> bool {
    let word = matches!(token.core, "few" | "several" | "hundred" | "thousand" | "million" | "billion");
    is_number(token.core) || word || NUMBER_WORDS.contains(&token.lower().as_str())
}

/// Digits, perhaps with separators.
pub(super) fn is_number(core: &str) -> bool {
    core.starts_with(|c: char| c.is_ascii_digit())
        && core.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | '.'))
}
