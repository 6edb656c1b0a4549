//! Why a document is, or is not, a negative for a query: its place and score, every rule's word, and what made it look right.

use super::Tuner;
use super::mining::Facts;
use super::search::need_query;
use crate::dataset::{JudgedQuery, Judgment, Split, same_query};
use crate::encoder::TokenEmbeddings;
use crate::error::{Error, Result};
use crate::index::{Explanation, Hit, align, flat};
use crate::mining::{Candidate, Candidates, Check, MiningOptions, Positive, checks};
use serde::Serialize;
use std::ops::Range;

/// The answer.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "documented where its users read of it: in the package's `types.ts`")]
pub struct Why {
    pub query: String,
    pub document: String,
    pub judgment: Option<Judgment>,
    pub dense: Option<Standing>,
    pub lexical: Standing,
    pub positives: Vec<PositiveStanding>,
    pub checks: Vec<Check>,
    pub eligible: bool,
    pub terms: Explanation,
    pub alignment: Vec<Aligned>,
}

/// Rank (from 1) and score in one stage; without a rank it was not found.
#[derive(Debug, Clone, Copy, Serialize)]
#[allow(missing_docs, reason = "documented where its users read of it: in the package's `types.ts`")]
pub struct Standing {
    pub rank: Option<usize>,
    pub score: f32,
}

/// A relevant document in dense search.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs, reason = "documented where its users read of it: in the package's `types.ts`")]
pub struct PositiveStanding {
    pub document: String,
    pub score: f32,
    pub rank: Option<usize>,
}

/// A word piece of the query and the one of the document that is nearest to it.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs, reason = "documented where its users read of it: in the package's `types.ts`")]
pub struct Aligned {
    pub query: Piece,
    pub document: Piece,
    pub similarity: f32,
}

/// A stretch of a text, in UTF-16 units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "documented where its users read of it: in the package's `types.ts`")]
pub struct Piece {
    pub text: String,
    pub start: usize,
    pub end: usize,
}

impl Tuner {
    /// Explains one document for one query, with the weights in use. The teacher is left out of account.
    ///
    /// # Errors
    /// `InputInvalid` for a blank query, an unknown document or an option; `DeviceLost`.
    pub async fn why(&mut self, query: &str, document: &str, options: &MiningOptions) -> Result<Why> {
        options.validate()?;
        need_query(query)?;
        let unknown = || Error::input("document", format!("no document has the id {document:?}"));
        let position = self.corpus.position(document).ok_or_else(unknown)?;
        let content = self.corpus.documents()[position].content();

        let judged = self.judged_query(query);
        let row = self.query_rows(std::slice::from_ref(&judged)).await?;
        let ranking = self.full_ranking(row.row(0)).await?;
        let place = |at: usize| ranking.iter().position(|hit| hit.position == at);
        let score = |at: usize| place(at).map(|place| ranking[place].score);

        let relations = self.relations();
        let facts = Facts::new(&judged, &self.corpus, &relations);
        let likeness = relations.likeness(&self.corpus, position, &facts.documents(), options);
        let candidate = Candidate { hit: Hit { position, score: score(position).unwrap_or(0.0) }, likeness };
        let scored =
            |&(at, weight): &(usize, f32)| Positive { weight, ..Positive::new(at, score(at).unwrap_or(0.0)) };
        let positives: Vec<Positive> = facts.positives.iter().map(scored).collect();
        let known = Candidates {
            positives: positives.clone(),
            negatives: facts.negatives,
            copies: facts.copies,
            ..Candidates::default()
        };
        let checks = checks(&known, &candidate, &MiningOptions { teacher: None, ..options.clone() });
        let standing = |positive: &Positive| PositiveStanding {
            document: self.corpus.documents()[positive.document].id.clone(),
            score: positive.score,
            rank: place(positive.document).map(|place| place + 1),
        };
        let positives = positives.iter().map(standing).collect();
        let dense =
            place(position).map(|place| Standing { rank: Some(place + 1), score: ranking[place].score });
        let lexical = self.lexical();
        let words = lexical.search(query, self.corpus.len());
        let word_rank = words.iter().position(|hit| hit.position == position).map(|place| place + 1);
        Ok(Why {
            judgment: self.judgment_of(query, document).cloned(),
            dense,
            lexical: Standing { rank: word_rank, score: lexical.score(query, position) },
            positives,
            eligible: checks.iter().all(|check| check.passed),
            checks,
            terms: lexical.explain(query, position),
            alignment: self.alignment(query, &content).await?,
            query: query.to_owned(),
            document: document.to_owned(),
        })
    }

    /// What was said about a query, on whichever side it stands; nothing, for one that nobody judged.
    fn judged_query(&self, query: &str) -> JudgedQuery {
        let all = Split::ALL.into_iter().flat_map(|split| self.queries(split));
        let found = all.into_iter().find(|judged| same_query(&judged.text, query));
        let text = query.to_owned();
        found.map_or(
            JudgedQuery { text: text.clone(), positives: Vec::new(), negatives: Vec::new() },
            |judged| JudgedQuery { text, ..judged },
        )
    }

    /// All documents that have a vector, best first.
    async fn full_ranking(&mut self, row: &[f32]) -> Result<Vec<Hit>> {
        let dense = self.dense().await?;
        let hits = flat::search(&dense.rows, row, dense.rows.len());
        Ok(dense.translate(hits))
    }

    async fn alignment(&mut self, query: &str, content: &str) -> Result<Vec<Aligned>> {
        let document = self.document_tokens(&[content.to_owned()]).await?;
        let query_tokens = self.query_tokens(query).await?;
        let aligned = |document| aligned(query, &query_tokens, content, document);
        Ok(document.first().map(aligned).unwrap_or_default())
    }
}

/// For each word piece of a query the one of a document that is nearest to it.
pub(super) fn aligned(
    query: &str,
    query_tokens: &TokenEmbeddings,
    content: &str,
    document_tokens: &TokenEmbeddings,
) -> Vec<Aligned> {
    let piece = |text: &str, tokens: &TokenEmbeddings, at: usize| piece(text, tokens.spans[at].clone());
    let pairs = align(&query_tokens.rows, &document_tokens.rows);
    let named = pairs.into_iter().map(|pair| Aligned {
        query: piece(query, query_tokens, pair.query_token),
        document: piece(content, document_tokens, pair.document_token),
        similarity: pair.similarity,
    });
    named.collect()
}

/// A stretch of a text, given in bytes, as JavaScript counts.
fn piece(text: &str, bytes: Range<usize>) -> Piece {
    let units = |text: &str| text.encode_utf16().count();
    let start = units(&text[..bytes.start]);
    let own = &text[bytes];
    Piece { text: own.to_owned(), start, end: start + units(own) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_counted_in_utf16() {
        let text = "a😀 ключ";
        let found = piece(text, text.find("ключ").unwrap()..text.len());
        assert_eq!(found, Piece { text: "ключ".into(), start: 4, end: 8 });
    }
}
