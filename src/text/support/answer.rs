//! An answer, sentence by sentence, held against the passages that it cites.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::marks::{Mark, marks, without};
use super::{Evidence, Support};
use crate::text::markdown::BlockKind;
use crate::text::sentences::marked_sentences;

/// A passage as the answer could cite it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CitedPassage {
    /// The number in brackets.
    pub citation: u32,
    /// May be empty.
    #[serde(default)]
    pub title: String,
    /// The passage itself.
    pub text: String,
}

/// One number in one citation mark.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Citation {
    /// As cited.
    pub number: u32,
    /// Is there a passage of this number? If not, nothing supports, and everything is missing.
    pub known: bool,
    /// 0..1, as [`Support::score`].
    pub support: f32,
    /// Words, names and numbers of the sentence that this passage does not hold.
    pub missing: Vec<String>,
    /// The passage negates what the sentence asserts, or the other way round.
    pub opposed: bool,
    /// The number's digits, in UTF-16 units of the answer.
    pub start: usize,
    /// Exclusive.
    pub end: usize,
}

/// A sentence with its marks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckedSentence {
    /// As in the answer, marks included.
    pub text: String,
    /// In UTF-16 units of the answer.
    pub start: usize,
    /// Exclusive.
    pub end: usize,
    /// In order; a number cited twice is here twice.
    pub citations: Vec<Citation>,
    /// One of the cited passages bears it out, or all of them together do. False without a citation.
    pub supported: bool,
}

/// What [`check_citations`] finds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckedAnswer {
    /// In order.
    pub sentences: Vec<CheckedSentence>,
    /// Numbers that are cited and that no passage has, ascending.
    pub unknown: Vec<u32>,
}

/// Splits an answer into sentences, finds what each cites, and holds it against those passages (titles included).
///
/// A mark behind a full stop belongs to the sentence before it, as far as both stand on one line. Headings and code claim
/// nothing and are left out. Of passages with the same number the last one counts.
///
/// ```
/// use nearmiss::text::{CitedPassage, check_citations};
///
/// let passages = [CitedPassage { citation: 1, title: "Keys".into(), text: "They expire after 90 days.".into() }];
/// let checked = check_citations("Keys expire after 90 days. [1] They are free. [2]", &passages);
/// assert!(checked.sentences[0].supported && !checked.sentences[1].supported);
/// assert_eq!((checked.sentences[0].end, checked.unknown), (30, vec![2]));
/// ```
pub fn check_citations(answer: &str, passages: &[CitedPassage]) -> CheckedAnswer {
    let evidence: HashMap<u32, Evidence> = passages
        .iter()
        .map(|passage| (passage.citation, Evidence::new(&format!("{}\n\n{}", passage.title, passage.text))))
        .collect();
    let marks = marks(answer);
    let plain = without(answer, &marks);
    let claims = claims(answer, &plain, &marks);
    let offsets = utf16_offsets(answer);
    let sentences = claims.iter().map(|claim| checked(answer, &plain, claim, &evidence, &offsets)).collect();
    let cited: BTreeSet<u32> =
        marks.iter().flat_map(|mark| &mark.numbers).map(|(number, _)| *number).collect();
    let unknown = cited.into_iter().filter(|number| !evidence.contains_key(number)).collect();
    CheckedAnswer { sentences, unknown }
}

/// A sentence and the marks that belong to it, in bytes of the answer.
struct Claim<'a> {
    range: Range<usize>,
    marks: Vec<&'a Mark>,
}

fn claims<'a>(answer: &str, plain: &str, marks: &'a [Mark]) -> Vec<Claim<'a>> {
    let prose = marked_sentences(plain).into_iter().filter(|s| !matches!(s.block, BlockKind::Heading(_)));
    let mut claims: Vec<Claim<'a>> = prose.map(|s| Claim { range: s.range, marks: Vec::new() }).collect();
    for mark in marks {
        // Sentences are in order: how many begin before the mark?
        let begun = claims.partition_point(|claim| claim.range.start <= mark.range.start);
        let same_line = |from: usize, to: usize| !answer[from..to].contains('\n');
        let before = begun.checked_sub(1).filter(|&at| {
            let end = claims[at].range.end;
            end >= mark.range.end || same_line(end.min(mark.range.start), mark.range.start)
        });
        let after = || {
            Some(begun).filter(|&at| at < claims.len() && same_line(mark.range.end, claims[at].range.start))
        };
        let Some(at) = before.or_else(after) else { continue };
        let claim = &mut claims[at];
        claim.range = claim.range.start.min(mark.range.start)..claim.range.end.max(mark.range.end);
        claim.marks.push(mark);
    }
    claims
}

fn checked(
    answer: &str,
    plain: &str,
    claim: &Claim<'_>,
    evidence: &HashMap<u32, Evidence>,
    offsets: &[usize],
) -> CheckedSentence {
    let asserted = &plain[claim.range.clone()];
    let numbers = || claim.marks.iter().flat_map(|mark| &mark.numbers);
    let citation = |(number, at): &(u32, Range<usize>)| {
        let passage = evidence.get(number);
        let Support { score, missing, opposed } = match passage {
            Some(passage) => passage.support(asserted),
            None => Support { score: 0.0, ..Evidence::default().support(asserted) },
        };
        let (start, end) = (offsets[at.start], offsets[at.end]);
        Citation { number: *number, known: passage.is_some(), support: score, missing, opposed, start, end }
    };
    let citations: Vec<Citation> = numbers().map(citation).collect();
    let known: Vec<&Evidence> = numbers().filter_map(|(number, _)| evidence.get(number)).collect();
    let alone = citations.iter().any(|citation| citation.known && citation.support >= super::SUPPORTED);
    let supported = alone || known.len() > 1 && Evidence::joined(known.into_iter()).support(asserted).holds();
    CheckedSentence {
        text: answer[claim.range.clone()].to_string(),
        start: offsets[claim.range.start],
        end: offsets[claim.range.end],
        citations,
        supported,
    }
}

/// For every byte of a text, and its end: how many UTF-16 units stand before it.
fn utf16_offsets(text: &str) -> Vec<usize> {
    let mut offsets = Vec::with_capacity(text.len() + 1);
    let mut units = 0;
    for c in text.chars() {
        offsets.extend(std::iter::repeat_n(units, c.len_utf8()));
        units += c.len_utf16();
    }
    offsets.push(units);
    offsets
}
