//! Sentences and sections.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::markdown::{BlockKind, blocks};

/// Words after which a full stop seldom ends a sentence, sorted, lower case. UAX #29 itself knows none.
const ABBREVIATIONS: &[&str] = &[
    "al", "approx", "ca", "capt", "cf", "col", "dr", "e.g", "ed", "eds", "eq", "esp", "fig", "figs", "gen",
    "gov", "i.e", "lt", "mr", "mrs", "ms", "mt", "nos", "pp", "prof", "rev", "sen", "sgt", "st", "vol", "vs",
];

/// A sentence, and what kind of block it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sentence {
    /// Bytes of the text.
    pub(super) range: Range<usize>,
    pub(super) block: BlockKind,
}

/// Where the sentences of a text stand, as ranges of its bytes: trimmed, in order, none without a letter or digit.
///
/// Boundaries are those of UAX #29, but a single line break is white space, as in wrapped text, while blank lines, Markdown
/// headings, list items and table rows always part sentences; markers before them belong to none. Initials and some English
/// abbreviations ("Dr.", "e.g.") do not end a sentence. Fenced code, HTML lines and link definitions are left out.
///
/// ```
/// let text = "# Keys\nRotate them, says Dr. Li,\nevery year. Why?\n- They leak.";
/// let sentences = nearmiss::text::sentences(text);
/// let sentences: Vec<&str> = sentences.into_iter().map(|range| &text[range]).collect();
/// assert_eq!(sentences, ["Keys", "Rotate them, says Dr. Li,\nevery year.", "Why?", "They leak."]);
/// ```
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    marked_sentences(text).into_iter().map(|sentence| sentence.range).collect()
}

pub(super) fn marked_sentences(text: &str) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    for block in blocks(text) {
        let raw = &text[block.range.clone()];
        // One byte for one byte, so that offsets hold. A line break would end a sentence for UAX #29.
        let unwrapped = without_code(&raw.replace(['\n', '\r'], " ").replace(" >", "  "));
        for range in split(&unwrapped) {
            let part = &raw[range.clone()];
            let from = block.range.start + range.start + (part.len() - part.trim_start().len());
            let range = from..from + part.trim().len();
            if text[range.clone()].chars().any(char::is_alphanumeric) {
                sentences.push(Sentence { range, block: block.kind });
            }
        }
    }
    sentences
}

/// The text with the punctuation of its code spans replaced, byte for byte: `panic!` ends no sentence.
fn without_code(text: &str) -> String {
    let mut in_code = false;
    let masked = text.chars().map(|c| {
        in_code ^= c == '`';
        if in_code && matches!(c, '.' | '!' | '?') { '-' } else { c }
    });
    masked.collect()
}

/// UAX #29's sentences, those after an abbreviation joined with the one before.
fn split(text: &str) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    for (at, part) in text.split_sentence_bound_indices() {
        let end = at + part.len();
        match parts.last_mut() {
            Some(last) if ends_in_abbreviation(&text[last.clone()]) => last.end = end,
            _ => parts.push(at..end),
        }
    }
    parts
}

fn ends_in_abbreviation(sentence: &str) -> bool {
    let Some(body) = sentence.trim_end().strip_suffix('.') else { return false };
    let word = body.rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
    let mut letters = word.chars();
    let initial = letters.next().is_some_and(char::is_uppercase) && letters.next().is_none();
    // "I." and a lone letter end lists and sentences ("vitamin C."), but initials of names are far more common.
    initial && word != "I" || ABBREVIATIONS.binary_search(&word.to_lowercase().as_str()).is_ok()
}

/// A Markdown ATX heading and what stands below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heading<'a> {
    /// Number of `#`, 1 to 6.
    pub level: usize,
    /// The heading without its marks, else as written.
    pub title: &'a str,
    /// Everything down to the next heading of the same or a higher rank, sections below it included; trimmed.
    pub section: &'a str,
}

/// The Markdown headings (`# Title`) of a text, in order. Lines in fenced code are none.
///
/// ```
/// let headings = nearmiss::text::headings("# A\none\n## B\ntwo\n# C\nthree");
/// assert_eq!((headings[0].title, headings[0].section), ("A", "one\n## B\ntwo"));
/// assert_eq!((headings[1].level, headings[1].section), (2, "two"));
/// ```
pub fn headings(text: &str) -> Vec<Heading<'_>> {
    let found: Vec<(usize, Range<usize>, usize)> = blocks(text)
        .into_iter()
        .filter_map(|block| match block.kind {
            BlockKind::Heading(level) => Some((level, block.range, block.line)),
            _ => None,
        })
        .collect();
    let heading = |(number, (level, range, _)): (usize, &(usize, Range<usize>, usize))| {
        let next = found[number + 1..].iter().find(|(other, ..)| other <= level);
        let end = next.map_or(text.len(), |&(_, _, line)| line);
        let below = text[range.end..].find('\n').map_or(text.len(), |length| range.end + length);
        Heading {
            level: *level,
            title: text[range.clone()].trim(),
            section: text[below.min(end)..end].trim(),
        }
    };
    found.iter().enumerate().map(heading).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        sentences(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn abbreviations_are_sorted_for_the_binary_search() {
        assert!(ABBREVIATIONS.is_sorted());
    }

    #[test]
    fn sentences_end_where_a_reader_stops() {
        let cases: [(&str, &[&str]); 8] = [
            ("It calls `panic! Now.` first. Done.", &["It calls `panic! Now.` first.", "Done."]),
            ("It costs 3.50 euros. Cheap!", &["It costs 3.50 euros.", "Cheap!"]),
            ("J. S. Bach wrote it. We play it.", &["J. S. Bach wrote it.", "We play it."]),
            ("Keys (cf. Smith et al. 2001) leak.", &["Keys (cf. Smith et al. 2001) leak."]),
            ("one\n\ntwo", &["one", "two"]),
            ("1. Open it.\n2. Close it.", &["Open it.", "Close it."]),
            ("これはペンです。それは本です。", &["これはペンです。", "それは本です。"]),
            (" \n\n…\n```\ncode. More code.\n```", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(texts(text), expected, "{text:?}");
        }
    }

    #[test]
    fn quotes_run_over_lines() {
        assert_eq!(texts("> One\n> sentence. Two."), ["One\n> sentence.", "Two."]);
    }

    #[test]
    fn headings_in_code_are_none() {
        let found = headings("intro\n```\n# code\n```\n### Real one ###\n\nbelow\n");
        assert_eq!(found, [Heading { level: 3, title: "Real one", section: "below" }]);
        assert_eq!(headings("# Last"), [Heading { level: 1, title: "Last", section: "" }]);
        assert!(headings("#none\n####### seven").is_empty());
    }
}
