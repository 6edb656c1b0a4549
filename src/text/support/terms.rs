//! What a text asserts, term by term: words by their stems, names, numbers, and which of them are negated.

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::spelling::{canonical, fold, parts};
use crate::text::words::{Stems, is_stop_word};

/// English words that negate what follows; those ending in "n't" do so too.
const NEGATIONS: &[&str] =
    &["cannot", "neither", "never", "no", "nobody", "none", "nor", "not", "nothing", "nowhere", "without"];

/// Words that end what a negation reaches over, as punctuation does.
const CLAUSE_WORDS: &[&str] = &["although", "and", "because", "but", "though", "whereas", "while"];

/// Content words that one negation reaches over: "not expire after 90 days" negates expire, 90 and days.
const REACH: usize = 3;

/// "One" is too often a pronoun; longer numbers are seldom written as words.
const NUMBER_WORDS: [&str; 11] =
    ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/// May and March are left out: they are verbs too.
const CALENDAR: &[&str] = &[
    "january",
    "february",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// Stems. Other units have too many spellings ("km", "kilometres") for another one to be an error.
const UNITS_OF_TIME: &[&str] =
    &["second", "minut", "hour", "day", "week", "month", "year", "decad", "centuri"];

/// Words that mean the same as a sign.
const SIGNS: &[(&str, &str)] =
    &[("percent", "%"), ("dollar", "$"), ("dollars", "$"), ("euro", "€"), ("euros", "€"), ("yen", "¥")];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Says little: found in passages, never asked for in claims.
    Function,
    Word,
    /// Capitalised inside a sentence, or with capitals inside the word.
    Name,
    /// With another one in its place the sentence is false: digits, a number word, an identifier with digits such as "sha256",
    /// a sign such as "%", a month, a weekday, and the unit of time behind a number.
    Exact,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Term {
    /// What is compared: a stem, or a number in one spelling.
    pub(super) key: String,
    /// As it stands in the text, but for compatibility forms (NFKC).
    pub(super) written: String,
    pub(super) kind: Kind,
    /// Which negation of the text reaches it, counted from 0.
    pub(super) negation: Option<usize>,
}

impl Term {
    /// How much it matters that a passage holds it. Frequent words are short (Zipf's law of abbreviation), so the logarithm
    /// of the length stands in for information where there is no corpus to count in; names count double, numbers and
    /// their like threefold, as an answer is wrong with another one in their place.
    pub(super) fn weight(&self) -> f32 {
        let length = (1.0 + self.key.chars().count() as f32).ln();
        match self.kind {
            Kind::Function => 0.0,
            Kind::Word => length,
            Kind::Name => 2.0 * length,
            Kind::Exact => 3.0 * length,
        }
    }
}

/// The terms of a text in order, function words included.
pub(super) fn terms(text: &str) -> Vec<Term> {
    let text: String = text.nfkc().map(|c| if c == '_' { ' ' } else { straight(c) }).collect();
    let mut reader = Reader::default();
    let mut segments = text.split_word_bounds().filter(|segment| !segment.trim().is_empty()).peekable();
    while let Some(segment) = segments.next() {
        if let Some(sign) = unit_sign(segment) {
            reader.push(sign.to_string(), segment, Kind::Exact);
        } else if !segment.chars().any(char::is_alphanumeric) {
            reader.punctuation(segment);
        } else {
            let next = segments.peek().map(|next| fold(next)).unwrap_or_default();
            parts(segment).into_iter().for_each(|part| reader.word(part, &next));
        }
    }
    reader.end_clause();
    reader.terms
}

/// Builds the terms, and knows which clause it is in.
#[derive(Default)]
struct Reader {
    stems: Stems,
    terms: Vec<Term>,
    inside_sentence: bool,
    /// Where the terms of this clause begin.
    clause: usize,
    negations: usize,
    /// Content words that the last negation still reaches over.
    reach: usize,
}

impl Reader {
    fn word(&mut self, part: &str, next: &str) {
        let folded = fold(part);
        let begins = !std::mem::replace(&mut self.inside_sentence, true);
        if CLAUSE_WORDS.contains(&folded.as_str()) {
            self.end_clause();
        }
        // "Not only X but also Y" asserts both.
        let negates = NEGATIONS.contains(&folded.as_str()) || folded.ends_with("n't");
        if negates && next != "only" {
            self.negations += 1;
            self.reach = REACH;
        }
        if let Some(number) = NUMBER_WORDS.iter().position(|&word| word == folded) {
            self.push((number + 2).to_string(), part, Kind::Exact);
        } else if part.starts_with(char::is_numeric) {
            self.push(canonical(part), part, Kind::Exact);
        } else if part.contains(char::is_numeric) {
            self.push(folded, part, Kind::Exact);
        } else if let Some((_, sign)) = SIGNS.iter().find(|(word, _)| *word == folded) {
            self.push((*sign).to_string(), part, Kind::Exact);
        } else {
            let key = self.stems.of(&folded);
            let counted = self.terms.last().is_some_and(|term| term.key.starts_with(char::is_numeric));
            let kind = match () {
                () if negates => Kind::Function,
                () if counted && UNITS_OF_TIME.contains(&key.as_str()) => Kind::Exact,
                () if CALENDAR.contains(&folded.as_str()) => Kind::Exact,
                () if is_stop_word(&folded) => Kind::Function,
                () if is_name(part, begins) => Kind::Name,
                () => Kind::Word,
            };
            self.push(key, part, kind);
        }
    }

    fn punctuation(&mut self, segment: &str) {
        if segment.contains([',', ';', ':', '(', ')', '.', '!', '?', '…', '。', '！', '？', '、', '，'])
        {
            self.end_clause();
        }
        if segment.contains(['.', '!', '?', '…', '。', '！', '？']) {
            self.inside_sentence = false;
        }
    }

    fn push(&mut self, key: String, written: &str, kind: Kind) {
        let reached = kind != Kind::Function && self.reach > 0;
        self.reach -= usize::from(reached);
        let negation = reached.then(|| self.negations - 1);
        self.terms.push(Term { key, written: written.to_string(), kind, negation });
    }

    /// A negation that no content word follows means the one before it: "rotation is not needed".
    fn end_clause(&mut self) {
        if self.reach == REACH {
            let before = self.terms[self.clause..].iter_mut().rev().find(|term| term.kind != Kind::Function);
            if let Some(term) = before {
                term.negation = Some(self.negations - 1);
            }
        }
        self.reach = 0;
        self.clause = self.terms.len();
    }
}

fn straight(c: char) -> char {
    if c == '\u{2019}' { '\'' } else { c }
}

fn unit_sign(segment: &str) -> Option<&str> {
    matches!(segment, "%" | "‰" | "$" | "€" | "£" | "¥").then_some(segment)
}

fn is_name(word: &str, begins_sentence: bool) -> bool {
    let inner = word.chars().skip(1).any(char::is_uppercase);
    inner || !begins_sentence && word.starts_with(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str, kind: Kind) -> Vec<String> {
        terms(text).into_iter().filter(|term| term.kind == kind).map(|term| term.key).collect()
    }

    #[test]
    fn names_are_told_by_capitals_inside_a_sentence() {
        assert_eq!(
            keys("Rotate keys with Ada. Every WebGPU key. NASA", Kind::Name),
            ["ada", "webgpu", "nasa"]
        );
        assert_eq!(keys("a file of read_file", Kind::Word), ["file", "read", "file"]);
    }

    #[test]
    fn signs_dates_and_units_of_time_are_exact() {
        assert_eq!(
            keys("50% or 50 percent, $5, 5 dollars", Kind::Exact),
            ["50", "%", "50", "%", "$", "5", "5", "$"]
        );
        assert_eq!(
            keys("90 days, a 6-hour day on Monday in July", Kind::Exact),
            ["90", "day", "6", "hour", "monday", "juli"]
        );
    }

    #[test]
    fn negations_reach_over_three_content_words_of_their_clause() {
        let negated = |text: &str| -> Vec<String> {
            terms(text).into_iter().filter(|term| term.negation.is_some()).map(|term| term.key).collect()
        };
        let cases: [(&str, &[&str]); 7] = [
            ("Keys do not expire after 90 days unless revoked", &["expir", "90", "day"]),
            ("It won’t melt, so keep it", &["melt"]),
            ("Rotation is not needed.", &["rotat"]),
            ("Not only iron but also salt", &[]),
            ("It never rusts and always shines", &["rust"]),
            ("No. It rusts.", &[]),
            ("Without salt", &["salt"]),
        ];
        for (text, expected) in cases {
            assert_eq!(negated(text), expected, "{text}");
        }
    }
}
