//! Which candidates are eligible as negatives, and by which rule the others are not.

use serde::Serialize;

use super::candidates::{Candidate, Candidates};
use super::options::MiningOptions;

/// The rules, in the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Rule {
    /// Relevant to the query.
    Positive,
    /// A copy of a relevant document, word for word.
    Copy,
    /// A negative already, because somebody judged it.
    Labelled,
    /// Nearly the same words as a relevant document.
    NearDuplicate,
    /// Another chunk of a relevant document.
    Sibling,
    /// The title of a relevant document.
    SameTitle,
    /// Above positive − absolute margin.
    AbsoluteMargin,
    /// Above positive − |positive| × relative margin.
    RelativeMargin,
    /// Above the highest score allowed.
    MaxScore,
    /// Below the lowest score allowed.
    MinScore,
    /// As good as a positive to the teacher.
    Teacher,
}

impl Rule {
    /// All rules in order.
    pub const ALL: [Rule; 11] = [
        Self::Positive,
        Self::Copy,
        Self::Labelled,
        Self::NearDuplicate,
        Self::Sibling,
        Self::SameTitle,
        Self::AbsoluteMargin,
        Self::RelativeMargin,
        Self::MaxScore,
        Self::MinScore,
        Self::Teacher,
    ];
}

/// What one rule says about one candidate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Check {
    /// The rule.
    pub rule: Rule,
    /// What it looked at: a score or an overlap; none where there is nothing to measure.
    pub value: Option<f32>,
    /// What it allows; none where there is nothing to measure, or when the rule is off.
    pub limit: Option<f32>,
    /// May the candidate become a negative, as far as this rule goes?
    pub passed: bool,
}

/// The rules for one query.
pub(super) struct Rules<'a> {
    query: &'a Candidates,
    options: &'a MiningOptions,
    /// Scores of the weakest positive: the cautious choice, see [`super::mine`].
    lowest: Option<f32>,
    lowest_teacher: Option<f32>,
}

impl<'a> Rules<'a> {
    pub(super) fn new(query: &'a Candidates, options: &'a MiningOptions) -> Self {
        let lowest = query.lowest().map(|positive| positive.score);
        Self { query, options, lowest, lowest_teacher: query.lowest_teacher() }
    }

    /// The first rule that the candidate breaks.
    pub(super) fn broken(&self, candidate: &Candidate) -> Option<Rule> {
        Rule::ALL.into_iter().find(|&rule| !self.check(rule, candidate).passed)
    }

    /// Asks one rule.
    pub(super) fn check(&self, rule: Rule, candidate: &Candidate) -> Check {
        let (document, score) = (candidate.hit.position, candidate.hit.score);
        let (options, likeness) = (self.options, &candidate.likeness);
        let says = |passed| Check { rule, value: None, limit: None, passed };
        let at_most = |value: Option<f32>, limit: Option<f32>| {
            let passed = value.zip(limit).is_none_or(|(value, limit)| value <= limit);
            Check { rule, value, limit, passed }
        };
        match rule {
            Rule::Positive => says(!self.query.is_positive(document)),
            Rule::Copy => says(!self.query.copies.contains(&document)),
            Rule::Labelled => says(self.query.negatives.iter().all(|marked| marked.document != document)),
            Rule::NearDuplicate => {
                let (value, limit) = (likeness.jaccard.map(|(overlap, _)| overlap), options.near_duplicates);
                let passed = value.zip(limit).is_none_or(|(value, limit)| value < limit);
                Check { rule, value, limit, passed }
            }
            Rule::Sibling => says(!options.siblings || likeness.sibling.is_none()),
            Rule::SameTitle => says(!options.same_title || likeness.same_title.is_none()),
            Rule::AbsoluteMargin => {
                let limit = self.lowest.zip(options.absolute_margin).map(|(lowest, margin)| lowest - margin);
                at_most(Some(score), limit)
            }
            Rule::RelativeMargin => at_most(Some(score), below(self.lowest, options.relative_margin)),
            Rule::MaxScore => at_most(Some(score), options.max_score),
            Rule::MinScore => Check {
                passed: options.min_score.is_none_or(|min| score >= min),
                ..at_most(Some(score), options.min_score)
            },
            Rule::Teacher => {
                let limit = options.teacher.and(below(self.lowest_teacher, Some(options.teacher_margin)));
                at_most(likeness.teacher, limit)
            }
        }
    }
}

/// positive − |positive| × margin.
fn below(positive: Option<f32>, margin: Option<f32>) -> Option<f32> {
    positive.zip(margin).map(|(positive, margin)| positive - positive.abs() * margin)
}

/// Every rule's word on one candidate, in order.
pub fn checks(query: &Candidates, candidate: &Candidate, options: &MiningOptions) -> Vec<Check> {
    let rules = Rules::new(query, options);
    Rule::ALL.into_iter().map(|rule| rules.check(rule, candidate)).collect()
}

/// Positions of the candidates for which a teacher's word is needed: those that pass all other rules, as far down as the
/// range reaches, each once. Random spares are among them only where the others are few: asking about documents that are
/// hardly ever taken would cost as much as all other questions.
pub fn shortlist(query: &Candidates, options: &MiningOptions, documents: usize) -> Vec<usize> {
    let rules = Rules::new(query, options);
    let (_, range_max) = options.range(documents);
    let mut wanted: Vec<usize> = Vec::new();
    for list in &query.lists {
        let passed = list.hits.iter().filter(|candidate| rules.broken(candidate).is_none());
        wanted.extend(passed.take(range_max).map(|candidate| candidate.hit.position));
    }
    wanted.sort_unstable();
    wanted.dedup();
    // Half of them may yet fall to the teacher.
    if options.top_up && wanted.len() < 2 * options.num_negatives {
        let passed = query.spares.iter().filter(|candidate| rules.broken(candidate).is_none());
        wanted.extend(passed.take(options.num_negatives).map(|candidate| candidate.hit.position));
        wanted.sort_unstable();
        wanted.dedup();
    }
    wanted
}
