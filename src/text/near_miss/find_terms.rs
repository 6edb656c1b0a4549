//! Finding the terms of a document: names, identifiers and key phrases, by their form and the words around them.

use std::collections::HashSet;
use std::ops::Range;

use super::passage::Passage;
use super::term::{Class, Term, is_plural, occurrences};
use super::tokens::{MONTHS, Token, is_number, tokens};
use crate::text::key_terms::KeyPhrase;
use crate::text::words::is_stop_word;

/// Words that follow a noun more often than a verb: "the pipe defines the" is no noun phrase, "the pipe of" is.
const FOLLOW_NOUNS: &[&str] = &[
    "and", "are", "as", "at", "by", "can", "for", "from", "had", "has", "have", "in", "is", "of", "on", "or",
    "should", "than", "that", "to", "was", "were", "when", "where", "which", "while", "who", "will", "with",
];

/// Words that tell a plural noun before them from a verb.
const PLURAL_FOLLOWS: &[&str] = &["are", "have", "of", "were"];

/// The terms of a document, each once, in the order of their first places.
pub(super) fn terms(passage: &Passage, phrases: &[KeyPhrase]) -> Vec<Term> {
    let mut terms: Vec<Term> = Vec::new();
    for clause in passage.clauses.iter().filter(|clause| clause.prose) {
        let tokens = tokens(&passage.content, clause.range.clone());
        let mut at = 0;
        // How many brackets and quotation marks are open at `read`.
        let (mut read, mut open) = (clause.range.start, 0);
        while at < tokens.len() {
            let length = name_length(&tokens, at);
            open += opened(&passage.content[read..tokens[at].at]);
            read = tokens[at].at;
            let term = match length {
                0 => identifier(&tokens, at),
                // Link texts and quotations are often titles, in which every word has a capital.
                _ if open > 0 => None,
                _ => name(&passage.content, &tokens, at, length),
            };
            terms.extend(term);
            at += length.max(1);
        }
        terms.extend(phrases.iter().filter_map(|phrase| key_phrase(passage, clause.range.clone(), phrase)));
    }
    let mut seen = HashSet::new();
    let plain = plain_words(passage);
    terms.retain(|term| {
        let also_plain =
            matches!(term.form.class, Class::Code { .. }) && plain.contains(&term.text.to_lowercase());
        seen.insert(term.text.clone()) && !also_plain && !stands_inside_a_name(term, &passage.content)
    });
    terms
}

/// The words that stand in prose without marks: where `clone` is one of them, swapping the code would hit the verb.
fn plain_words(passage: &Passage) -> HashSet<String> {
    let prose = passage.clauses.iter().filter(|clause| clause.prose);
    let tokens = prose.flat_map(|clause| tokens(&passage.content, clause.range.clone()));
    tokens.filter(|token| !token.lead.contains('`')).map(|token| token.lower()).collect()
}

/// "University" cannot be swapped at every place where one of them is "Carnegie Mellon University".
fn stands_inside_a_name(term: &Term, content: &str) -> bool {
    let capital = |word: Option<&str>| word.is_some_and(|word| word.starts_with(char::is_uppercase));
    let inside = |place: Range<usize>| {
        let before = content[..place.start].strip_suffix(' ').and_then(|text| text.split(' ').next_back());
        let after = content[place.end..].strip_prefix(' ').and_then(|text| text.split(' ').next());
        // "Later Whitney": a function word that begins a sentence is no part of the name.
        let part = |word: &&str| word.ends_with(char::is_alphanumeric) && !is_stop_word(&word.to_lowercase());
        capital(before.filter(part)) || capital(after)
    };
    term.form.class == Class::Name && term.places(content).into_iter().any(inside)
}

/// Opening brackets and quotation marks less closing ones.
fn opened(text: &str) -> isize {
    text.matches(['[', '“']).count() as isize - text.matches([']', '”']).count() as isize
}

/// How many tokens from here on make one capitalised name; "of" and its like may stand inside.
fn name_length(tokens: &[Token<'_>], at: usize) -> usize {
    let part = |at: usize| tokens.get(at).is_some_and(is_name_part);
    // The "H." of "William H. Brewer" is no end.
    let initial = |token: &Token<'_>| token.tail == "." && token.core.chars().count() == 1;
    let ends = |at: usize| {
        !tokens[at].tail.is_empty() && !initial(&tokens[at])
            || tokens[at].core.ends_with("'s")
            || tokens[at].core.ends_with("’s")
    };
    if !part(at) {
        return 0;
    }
    let mut last = at;
    while !ends(last) {
        let link =
            tokens.get(last + 1).is_some_and(|link| link.is_bare() && is_link(link.core)) && part(last + 2);
        match () {
            () if part(last + 1) && tokens[last + 1].lead.is_empty() => last += 1,
            () if link && tokens[last + 2].lead.is_empty() => last += 2,
            () => break,
        }
    }
    last + 1 - at
}

fn is_link(word: &str) -> bool {
    matches!(word, "of" | "de" | "la" | "du" | "von" | "van" | "der")
}

/// A capitalised word of letters, not an acronym.
fn is_name_part(token: &Token<'_>) -> bool {
    let word = stripped(token.core);
    let rest = word.chars().skip(1);
    let letters = word.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’'));
    let initial = word.chars().count() == 1 && token.tail == ".";
    token.is_capitalised()
        && letters
        && rest.filter(|c| c.is_uppercase()).count() <= 1
        && (initial || word.chars().any(char::is_lowercase))
}

/// Without the genitive's ending.
fn stripped(core: &str) -> &str {
    core.strip_suffix("'s").or_else(|| core.strip_suffix("’s")).unwrap_or(core)
}

/// A name of one to four words amid a sentence. One that begins the sentence is left alone: its first word may be any word.
fn name(content: &str, tokens: &[Token<'_>], at: usize, length: usize) -> Option<Term> {
    let (first, last) = (tokens[at], tokens[at + length - 1]);
    let before = tokens.get(at.checked_sub(1)?)?;
    let text = &content[first.at..last.at + stripped(last.core).len()];
    let skipped = |word: &str| {
        MONTHS.contains(&word)
            || matches!(word, "Listing" | "Figure" | "Table" | "Chapter" | "Section" | "Appendix" | "I")
    };
    let starts_anew = before.core.is_empty()
        || before.tail.contains([':', '.', '“', '"'])
        || first.lead.contains(['“', '"', '[', '`']);
    if length > 4 || starts_anew || text.chars().count() < 3 || text.split_whitespace().any(skipped) {
        return None;
    }
    Some(Term::new(
        &text.split_whitespace().collect::<Vec<_>>().join(" "),
        Class::Name,
        before,
        tokens.get(at + length).filter(|_| last.tail.is_empty()),
    ))
}

/// A token that no one would take for a plain word.
fn identifier(tokens: &[Token<'_>], at: usize) -> Option<Term> {
    let token = tokens[at];
    let core = stripped(token.core);
    let has = |test: fn(char) -> bool| core.chars().any(test);
    if core.len() < 2 || core.len() > 40 || !core.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return None;
    }
    if !core.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let upper = core.chars().filter(char::is_ascii_uppercase).count();
    let class = match () {
        () if core.contains('_') => Class::Snake,
        () if has(|c| c.is_ascii_digit()) => Class::WithDigits { upper: token.is_capitalised() },
        // Roman numbers count, they do not name.
        () if upper == core.len() && core.chars().all(|c| "IVXLCDM".contains(c)) => return None,
        // Longer ones are words for emphasis, "METHODS" above all.
        () if upper == core.len() && core.len() > 5 => return None,
        () if upper == core.len() => Class::Acronym,
        () if core.chars().skip(1).any(|c| c.is_ascii_uppercase()) && has(|c| c.is_ascii_lowercase()) => {
            Class::Camel
        }
        () if token.lead.ends_with('`') && token.tail.starts_with('`') && !is_stop_word(&token.lower()) => {
            Class::Code { upper: token.is_capitalised() }
        }
        () => return None,
    };
    let none = Token { lead: "", core: "", tail: "", at: 0 };
    let before = at.checked_sub(1).map_or(&none, |before| &tokens[before]);
    // "59 km2" is a measure.
    if is_number(before.core) {
        return None;
    }
    Some(Term::new(core, class, before, tokens.get(at + 1).filter(|_| token.tail.is_empty())))
}

/// A key phrase of one or two words that stands as a noun: in lower case, between a determiner and what follows nouns.
fn key_phrase(passage: &Passage, clause: Range<usize>, phrase: &KeyPhrase) -> Option<Term> {
    let text = phrase.text.as_str();
    let lower_case = text.chars().all(|c| c.is_lowercase() || matches!(c, ' ' | '-'));
    let verbal = text.ends_with("ly") || text.ends_with("ed");
    if !(1..=2).contains(&phrase.stems.len()) || !lower_case || verbal || text.len() < 4 {
        return None;
    }
    let place = occurrences(&passage.content[clause.clone()], text, true).into_iter().next()?;
    let place = place.start + clause.start..place.end + clause.start;
    let words = tokens(&passage.content, clause);
    let before = words.iter().rfind(|token| token.at < place.start).filter(|token| token.tail.is_empty())?;
    let last = words.iter().rfind(|token| token.at < place.end)?;
    let after = words.iter().find(|token| token.at >= place.end);
    let closed = !last.tail.is_empty() || after.is_none_or(|after| FOLLOW_NOUNS.contains(&after.core));
    let noun = match before.core {
        // "This book assumes" and "the closure returns" are no plurals.
        "a" | "an" | "this" | "each" | "every" => !is_plural(text),
        "the" => {
            !is_plural(text)
                || last.tail.is_empty() && after.is_some_and(|after| PLURAL_FOLLOWS.contains(&after.core))
        }
        "of" | "its" | "their" => true,
        _ => false,
    };
    (noun && closed).then(|| Term::new(text, Class::Phrase { ing: text.ends_with("ing") }, before, None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Document;

    fn found(text: &str) -> Vec<String> {
        let passage = Passage::new(&Document::new("x", "", text));
        terms(&passage, &[]).into_iter().map(|term| term.text).collect()
    }

    #[test]
    fn names_and_identifiers_are_found() {
        let text = "Later the University of Oxford sent Josiah Whitney's map to NASA. In May it used `parse_args`, HashMap, \
                    CD33 and Part II on a 2nd day.";
        assert_eq!(
            found(text),
            ["University of Oxford", "Josiah Whitney", "NASA", "parse_args", "HashMap", "CD33"]
        );
        assert!(found("Great Men lived. “Yes Sir” they said.").is_empty());
        // What is closed is over; what is not goes on to the end of the sentence.
        let text = "Then [see the Royal Mint and Isaac Newton, [or] the Great Fire] came Robert Hooke; “of Edmond Halley.";
        assert_eq!(found(text), ["Robert Hooke"]);
    }
}
