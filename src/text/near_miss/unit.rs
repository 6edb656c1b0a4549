//! Units for others of the same dimension.

use super::passage::Edit;
use super::tokens::{Token, is_number, is_quantity};
use crate::dataset::Rng;

/// Symbols, by dimension. Those that are as often something else after a number ("in", "B", "C", "K", "t") are left out.
const SYMBOLS: &[&[&str]] = &[
    &["nm", "µm", "mm", "cm", "m", "km", "mi"],
    &["nm", "μm", "mm", "cm", "m", "km", "mi"],
    &["km²", "m²", "ha"],
    &["ng", "µg", "mg", "g", "kg"],
    &["ng", "μg", "mg", "g", "kg"],
    &["mL", "L"],
    &["µl", "ml", "l"],
    &["nM", "µM", "mM"],
    &["nM", "μM", "mM"],
    &["bytes", "KB", "MB", "GB", "TB"],
    &["kB", "MB", "GB"],
    &["KiB", "MiB", "GiB", "TiB"],
    &["kbps", "Mbps", "Gbps"],
    &["ns", "µs", "ms", "s", "min", "h"],
    &["ns", "μs", "ms", "s", "min", "h"],
    &["sec", "min", "hr"],
    &["secs", "mins", "hrs"],
    &["Hz", "kHz", "MHz", "GHz"],
    &["W", "kW", "MW", "GW"],
    &["mV", "V", "kV"],
    &["Pa", "kPa", "MPa", "bar"],
    &["°C", "°F"],
    &["km/h", "mph", "m/s"],
    &["USD", "EUR", "GBP"],
];

/// Plural words, by dimension. The singular lacks the s ([`singular`] knows the exceptions).
const WORDS: &[&[&str]] = &[
    &[
        "nanoseconds",
        "microseconds",
        "milliseconds",
        "seconds",
        "minutes",
        "hours",
        "days",
        "weeks",
        "months",
        "years",
        "decades",
        "centuries",
    ],
    &["millimetres", "centimetres", "metres", "kilometres", "miles"],
    &["millimeters", "centimeters", "inches", "feet", "yards", "meters", "kilometers", "miles"],
    &["milligrams", "grams", "kilograms", "tonnes"],
    &["ounces", "tons"],
    &["millilitres", "litres"],
    &["milliliters", "liters", "gallons"],
    &["acres", "hectares"],
    &["bits", "bytes", "kilobytes", "megabytes", "gigabytes", "terabytes"],
    &["volts", "kilovolts"],
    &["watts", "kilowatts", "megawatts", "gigawatts"],
    &["dollars", "euros"],
];

/// Signs before an amount.
const CURRENCIES: [char; 4] = ['$', '€', '£', '¥'];

/// One change for each unit of a sentence that stands with a number.
pub(super) fn edits(tokens: &[Token<'_>], rng: &mut Rng) -> Vec<Edit> {
    (0..tokens.len()).filter_map(|at| edit(tokens, at, rng)).collect()
}

fn edit(tokens: &[Token<'_>], at: usize, rng: &mut Rng) -> Option<Edit> {
    let token = &tokens[at];
    if let Some((from, to)) = other_currency(token, rng) {
        return Some(Edit::new(token.at - from.len_utf8()..token.at, to));
    }
    if is_number(token.core) && token.tail.starts_with('%') {
        let end = token.range().end;
        return Some(Edit::new(end..end + 1, "‰"));
    }
    let before = at.checked_sub(1).map(|before| &tokens[before]).filter(|before| before.tail.is_empty());
    // "70 years", "5 km", "percent"
    if let Some(before) = before.filter(|before| is_quantity(before)) {
        let start = token.range().start - if token.lead.ends_with('°') { '°'.len_utf8() } else { 0 };
        let unit = whole_unit(tokens, at, start);
        let singular = before.core == "1";
        let to = other_unit(unit, is_number(before.core), singular, rng)?;
        return Some(Edit::new(start..start + unit.len(), to));
    }
    // "70-year", "5km", "21°C"
    let (number, unit) = attached(token)?;
    if unit == "s" && is_decade(number, tokens, at) {
        return None;
    }
    let hyphenated = number.ends_with('-');
    let to = match hyphenated {
        true => other_word(unit, true, rng),
        false => other_symbol(unit, rng).map(str::to_string),
    }?;
    let start = token.at + number.len();
    Some(Edit::new(start..start + unit.len(), to))
}

/// "1820s", "the 90s", "early 80s" are no seconds.
fn is_decade(number: &str, tokens: &[Token<'_>], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| tokens[before].lower()).unwrap_or_default();
    let dated = matches!(before.as_str(), "the" | "and" | "in" | "early" | "mid" | "late");
    number.ends_with('0') && (number.len() > 2 || dated)
}

/// The core, with the degree sign before it or the ² after it.
fn whole_unit<'a>(tokens: &[Token<'a>], at: usize, start: usize) -> &'a str {
    let token = tokens[at];
    if start < token.at {
        // The lead ends in the degree sign, and both are parts of one text.
        return match token.core {
            "C" => "°C",
            "F" => "°F",
            _ => token.core,
        };
    }
    token.core
}

/// Splits "5km" into "5" and "km", "70-year-old" into "70-" and "year".
fn attached<'a>(token: &Token<'a>) -> Option<(&'a str, &'a str)> {
    if !token.lead.chars().all(|c| matches!(c, '(' | '"' | '“' | '~' | '<' | '>' | '≈' | '`')) {
        return None;
    }
    let digits = token.core.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',')?;
    let (number, rest) = token.core.split_at(digits);
    if !is_number(number) {
        return None;
    }
    match rest.strip_prefix('-') {
        Some(rest) => Some((&token.core[..=digits], rest.split('-').next()?)),
        None => Some((number, rest)),
    }
}

/// Per mille is a fair exchange for per cent only where there is nothing better.
pub(super) fn is_weak(edit: &Edit) -> bool {
    matches!(edit.to.as_str(), "‰" | "per mille")
}

/// The sign right before an amount, and another.
fn other_currency(token: &Token<'_>, rng: &mut Rng) -> Option<(char, char)> {
    let sign = token.lead.chars().next_back()?;
    let this = CURRENCIES.iter().position(|&currency| currency == sign)?;
    let other = CURRENCIES[(this + 1 + rng.below(CURRENCIES.len() - 1)) % CURRENCIES.len()];
    token.core.starts_with(|c: char| c.is_ascii_digit()).then_some((sign, other))
}

/// Another unit: a symbol only after digits, a word after any number.
fn other_unit(unit: &str, after_digits: bool, singular: bool, rng: &mut Rng) -> Option<String> {
    let other = match unit {
        "percent" => Some("per mille".to_string()),
        _ => other_word(unit, singular, rng),
    };
    other.or_else(|| other_symbol(unit, rng).filter(|_| after_digits).map(str::to_string))
}

fn other_symbol(unit: &str, rng: &mut Rng) -> Option<&'static str> {
    let (group, this) =
        SYMBOLS.iter().find_map(|group| Some((group, group.iter().position(|&name| name == unit)?)))?;
    Some(group[neighbour(this, group.len(), rng)])
}

fn other_word(unit: &str, is_singular: bool, rng: &mut Rng) -> Option<String> {
    let form = |plural: &str| if is_singular { singular(plural) } else { plural.to_string() };
    let found =
        WORDS.iter().find_map(|group| Some((group, group.iter().position(|name| form(name) == unit)?)));
    let (group, this) = found?;
    Some(form(group[neighbour(this, group.len(), rng)]))
}

/// The unit before or after this one: nobody would believe "18 centuries of age".
fn neighbour(this: usize, n: usize, rng: &mut Rng) -> usize {
    let low = this.saturating_sub(1);
    let high = (this + 1).min(n - 1);
    let drawn = low + rng.below(high - low);
    if drawn >= this { drawn + 1 } else { drawn }
}

fn singular(plural: &str) -> String {
    match plural {
        "feet" => "foot".into(),
        "inches" => "inch".into(),
        "centuries" => "century".into(),
        plural => plural.trim_end_matches('s').into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;

    fn changed(text: &str, seed: u64) -> Vec<String> {
        let edits = edits(&tokens(text, 0..text.len()), &mut Rng::new(seed));
        edits.into_iter().map(|edit| edit.apply(text)).collect()
    }

    #[test]
    fn units_are_found_in_every_form() {
        for text in [
            "It is 5 km.",
            "(5km)",
            "a 70-year-old man",
            "ten years on",
            "at 21 °C",
            "at 21°C",
            "1 day",
            "for $3.50",
        ] {
            let changed = changed(text, 3);
            assert!(changed.len() == 1 && changed[0] != text, "{text}: {changed:?}");
        }
        assert_eq!(changed("at 21 °C, say", 0), ["at 21 °F, say"]);
        assert_eq!(changed("(21°F)", 0), ["(21°C)"]);
        assert_eq!(changed("~30% or 3 percent", 0), ["~30‰ or 3 percent", "~30% or 3 per mille"]);
    }

    #[test]
    fn words_without_a_number_are_no_units() {
        for text in [
            "The second hour of days.",
            "I am ten m tall",
            "in seconds",
            "v2 s",
            "the m in km",
            "a 2nd day",
            "the 1820s",
            "in the late 90s",
        ] {
            assert!(changed(text, 0).is_empty(), "{text}");
        }
    }

    #[test]
    fn neighbours_are_near_and_others() {
        let mut rng = Rng::new(5);
        for n in 2..12 {
            for this in (0..n).flat_map(|this| std::iter::repeat_n(this, 40)) {
                let other = neighbour(this, n, &mut rng);
                assert!(other < n && other != this && other.abs_diff(this) == 1);
            }
        }
    }

    #[test]
    fn groups_hold_two_and_no_unit_twice() {
        for group in SYMBOLS.iter().chain(WORDS) {
            let mut sorted = group.to_vec();
            sorted.sort_unstable();
            sorted.dedup();
            assert!(sorted.len() == group.len() && group.len() > 1, "{group:?}");
        }
    }
}
