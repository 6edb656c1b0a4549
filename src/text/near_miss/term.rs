//! A term that a document is about: what it looks like, and where it stands.

use std::ops::Range;

use super::tokens::Token;
use crate::text::words::is_stop_word;

/// What a term looks like. Only terms of one form are exchanged for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Form {
    pub(super) class: Class,
    words: usize,
    /// Before a plain word: "Soviet troops", "British naval supremacy".
    modifies: bool,
    /// After a definite article where it first stands: "the Soviet Union", but "Moscow".
    definite: bool,
    plural: bool,
    /// Starts with the letter of a vowel: takes "an".
    vowel: bool,
}

/// What sort of word or words it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Class {
    /// Capitalised words amid a sentence.
    Name,
    /// NATO, HTTP.
    Acronym,
    /// `CD33`, `i32`.
    WithDigits { upper: bool },
    /// `readFile`, `HashMap`.
    Camel,
    /// `read_file`.
    Snake,
    /// A plain word between backticks.
    Code { upper: bool },
    /// A key phrase in lower case whose last word ends in "ing", or does not.
    Phrase { ing: bool },
}

/// A term of a document.
#[derive(Debug, Clone)]
pub(super) struct Term {
    pub(super) text: String,
    pub(super) form: Form,
    /// The word before its first place, lower case: says what part it plays ("in Paris", "by Chopin").
    pub(super) before: String,
}

impl Term {
    /// A lone lower-case word seldom makes a document's meaning; anything else does.
    pub(super) fn is_strong(&self) -> bool {
        !matches!(self.form, Form { class: Class::Phrase { .. }, words: 1, .. })
    }

    /// Where it stands in a content. Only a key phrase may begin a sentence there, with a capital: `rhs` is not `Rhs`.
    pub(super) fn places(&self, content: &str) -> Vec<Range<usize>> {
        occurrences(content, &self.text, self.is_phrase())
    }

    /// What to write where `like` stood: a key phrase takes its capital.
    pub(super) fn in_place_of(&self, like: &str) -> String {
        if self.is_phrase() { with_case_of(&self.text, like) } else { self.text.clone() }
    }

    fn is_phrase(&self) -> bool {
        matches!(self.form.class, Class::Phrase { .. })
    }

    pub(super) fn new(text: &str, class: Class, before: &Token<'_>, after: Option<&Token<'_>>) -> Self {
        let before = if before.tail.is_empty() { before.lower() } else { String::new() };
        let form = Form {
            class,
            words: text.split_whitespace().count(),
            modifies: class == Class::Name
                && after.is_some_and(|after| {
                    after.core.starts_with(char::is_lowercase) && !is_stop_word(after.core)
                }),
            definite: before == "the",
            plural: matches!(class, Class::Name | Class::Phrase { .. }) && is_plural(text),
            vowel: text.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']),
        };
        Self { text: text.to_string(), form, before }
    }
}

/// `word` with its first letter in the case of that of `like`.
pub(super) fn with_case_of(word: &str, like: &str) -> String {
    let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
    match like.chars().next() {
        Some(c) if c.is_uppercase() => first.to_uppercase() + rest,
        Some(c) if c.is_lowercase() => first.to_lowercase() + rest,
        _ => word.to_string(),
    }
}

/// Where `term` stands as whole words in `text`, white space being any; perhaps also with a capital.
pub(super) fn occurrences(text: &str, term: &str, or_capital: bool) -> Vec<Range<usize>> {
    let mut words = term.split_whitespace();
    let Some(first) = words.next() else { return Vec::new() };
    let rest: Vec<&str> = words.collect();
    let flipped = capitalised(first).filter(|_| or_capital);
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut starts: Vec<usize> = text.match_indices(first).map(|(at, _)| at).collect();
    starts.extend(flipped.iter().flat_map(|flipped| text.match_indices(flipped.as_str())).map(|(at, _)| at));
    starts.sort_unstable();
    for start in starts {
        let Some(end) = end_of(text, start + first.len(), &rest) else { continue };
        let whole = !text[..start].ends_with(is_word) && !text[end..].starts_with(is_word);
        if whole && found.last().is_none_or(|last| last.end <= start) {
            found.push(start..end);
        }
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The word with a capital, where that is as long.
fn capitalised(word: &str) -> Option<String> {
    let first = word.chars().next().filter(|c| c.is_lowercase())?;
    let flipped = first.to_uppercase().collect::<String>() + &word[first.len_utf8()..];
    Some(flipped).filter(|flipped| flipped.len() == word.len())
}

/// The end of the match when the other words follow, each after white space.
fn end_of(text: &str, mut at: usize, rest: &[&str]) -> Option<usize> {
    for word in rest {
        let after = text[at..].trim_start();
        if after.len() == text.len() - at || !after.starts_with(word) {
            return None;
        }
        at = text.len() - after.len() + word.len();
    }
    Some(at)
}

/// By its ending.
pub(super) fn is_plural(text: &str) -> bool {
    text.ends_with('s') && !text.ends_with("ss") && !text.ends_with("us") && !text.ends_with("is")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn occurrences_are_whole_words() {
        let text = "Key key keys a key\nring key_x KEY";
        assert_eq!(occurrences(text, "key", true), [0..3, 4..7, 15..18]);
        assert_eq!(occurrences(text, "key", false), [4..7, 15..18]);
        assert_eq!(occurrences(text, "key ring", true).first(), Some(&(15..23)));
        assert!(occurrences(text, "Ring", true).is_empty() && occurrences(text, " ", true).is_empty());
    }
}
