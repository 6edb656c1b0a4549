//! The part of a text that a person should see first, and the words in it to mark.

use super::Bm25;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// A stretch of a text, and what to mark in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// Bytes of the text; both ends are char boundaries.
    pub range: Range<usize>,
    /// Bytes of the text, inside `range`, rising: words that share a term with the query.
    pub highlights: Vec<Range<usize>>,
}

/// The window of about `length` characters (never cut inside a word) whose words share the most with the query: each of the
/// query's terms counts once, by its rarity in the index; among equals the earliest. The beginning where nothing is shared.
///
/// It begins with a sentence where one begins shortly before the first marked word (`starts`: where sentences begin, in bytes).
pub fn snippet(index: &Bm25, query: &str, text: &str, length: usize, starts: &[usize]) -> Snippet {
    let wanted: HashMap<String, f32> =
        index.analyzer().terms(query).into_iter().map(|term| (term.clone(), index.rarity(&term))).collect();
    let words = index.analyzer().spans(text);
    let matches: Vec<(&str, Range<usize>)> = words
        .iter()
        .filter(|(term, _)| wanted.contains_key(term))
        .map(|(term, at)| (term.as_str(), at.clone()))
        .collect();
    let first = best_window(&matches, &wanted, text, length).unwrap_or(0);
    let begin = begin(text, first, length, starts);
    let range = begin..end(text, begin, length);
    let inside = |at: &Range<usize>| at.start >= range.start && at.end <= range.end;
    let highlights = matches.into_iter().map(|(_, at)| at).filter(inside).collect();
    Snippet { range, highlights }
}

/// Start of the first match of the best window.
fn best_window(
    matches: &[(&str, Range<usize>)],
    wanted: &HashMap<String, f32>,
    text: &str,
    length: usize,
) -> Option<usize> {
    let mut best: Option<(f32, usize)> = None;
    for (number, (_, first)) in matches.iter().enumerate() {
        let end = end(text, first.start, length);
        let mut seen = HashSet::new();
        let inside = matches[number..].iter().take_while(|(_, at)| at.end <= end);
        let worth: f32 = inside.filter(|(term, _)| seen.insert(*term)).map(|(term, _)| wanted[*term]).sum();
        if best.is_none_or(|(most, _)| worth > most) {
            best = Some((worth, first.start));
        }
    }
    best.map(|(_, start)| start)
}

/// Where a window begins whose first match stands at `first`: at the sentence around it if that is near, else a little before.
fn begin(text: &str, first: usize, length: usize, starts: &[usize]) -> usize {
    let sentence = starts.iter().copied().take_while(|&start| start <= first).last().unwrap_or(0);
    let before = text.get(sentence..first).map_or(0, |between| between.chars().count());
    if before <= length / 3 {
        return sentence;
    }
    let lead = text[..first].char_indices().rev().take(length / 6).last().map_or(first, |(at, _)| at);
    // Not inside a word.
    text[lead..first]
        .find(char::is_whitespace)
        .map_or(first, |space| lead + space + text[lead + space..].chars().next().map_or(0, char::len_utf8))
}

/// Where about `length` characters from `begin` end: at the text's end, or before the word that would be cut.
fn end(text: &str, begin: usize, length: usize) -> usize {
    let rest = &text[begin..];
    let Some((cut, _)) = rest.char_indices().nth(length) else { return text.len() };
    let space = rest[..cut].rfind(char::is_whitespace);
    // A word as long as the window is cut after all.
    begin + space.filter(|&space| space > cut / 2).unwrap_or(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(query: &str, text: &str, length: usize, starts: &[usize]) -> (String, Vec<String>) {
        let index = Bm25::new([text, "bread and butter", "keys and bread"]);
        let found = snippet(&index, query, text, length, starts);
        let marked = found.highlights.iter().map(|at| text[at.clone()].to_owned()).collect();
        (text[found.range].to_owned(), marked)
    }

    #[test]
    fn the_window_holds_most_of_the_query_and_begins_with_a_sentence() {
        let text = "A note about bread. Nothing here. To rotate the signing key, make a new one. Then the old key goes.";
        let starts = [0, 20, 34, 78];
        let (shown, marked) = cut("how do I rotate signing keys", text, 48, &starts);
        assert_eq!(shown, "To rotate the signing key, make a new one. Then");
        assert_eq!(marked, ["rotate", "signing", "key"]);
    }

    #[test]
    fn without_a_shared_word_it_is_the_beginning() {
        let (shown, marked) = cut("volcano", "One two three four five six", 12, &[0]);
        assert_eq!((shown.as_str(), marked.len()), ("One two", 0));
        assert_eq!(cut("volcano", "", 12, &[]).0, "");
        assert_eq!(cut("", "ключ", 12, &[]).0, "ключ");
    }

    #[test]
    fn a_late_match_has_a_little_before_it() {
        let text = format!("{} signing key {}", "filler words ".repeat(20).trim(), "more ".repeat(20).trim());
        let (shown, marked) = cut("signing key", &text, 60, &[0]);
        assert!(shown.starts_with("words") || shown.starts_with("filler"), "{shown}");
        assert_eq!(marked, ["signing", "key"]);
    }
}
