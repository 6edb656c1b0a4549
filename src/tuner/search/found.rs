//! From positions to what a person sees.

// The fields are documented where their users read of them: in the package's `types/search.ts`.
#![allow(missing_docs)]

use super::explain::place;
use super::options::SearchOptions;
use super::pipeline::Trace;
use super::stage::SearchStage;
use super::tokens::TOGETHER;
use crate::dataset::Document;
use crate::error::Result;
use crate::index::{Bm25, Explanation, Hit, snippet};
use crate::text::sentences;
use crate::tuner::Tuner;
use crate::tuner::why::{Aligned, aligned};
use serde::Serialize;
use std::collections::HashMap;
use std::ops::Range;

/// Rank (from 1) and score of a hit in one stage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Place {
    /// From 1.
    pub rank: usize,
    /// Comparable within one list of one stage.
    pub score: f32,
}

/// What to show of a hit's text first. Numbers count UTF-16 units, as JavaScript does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Excerpt {
    pub text: String,
    /// Where in the document's text it begins.
    pub start: usize,
    /// Beginnings and ends, in this text, of words that the query has too.
    pub highlights: Vec<[usize; 2]>,
}

/// The document of which hits are chunks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    pub id: String,
    /// Chunks of it among all that was found, this one included.
    pub hits: usize,
}

/// A hit with its document, as a person sees it.
#[derive(Debug, Clone, Serialize)]
pub struct Found<'a> {
    #[serde(flatten)]
    pub document: &'a Document,
    pub score: f32,
    /// From 1.
    pub rank: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dense: Option<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lexical: Option<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fusion: Option<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rerank: Option<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snippet: Option<Excerpt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alignment: Option<Vec<Aligned>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
    /// Further chunks of the same document, best first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<Found<'a>>,
}

/// The hits of one page, with those of the same document behind the first.
struct Grouped {
    /// From 1, over all pages.
    rank: usize,
    hits: Vec<Hit>,
    group: Option<Group>,
}

impl Tuner {
    /// The page that was asked for, with everything that was asked for.
    pub(super) async fn page(
        &mut self,
        query: &str,
        trace: &Trace,
        options: &SearchOptions,
    ) -> Result<Vec<Found<'_>>> {
        let page = self.grouped(&trace.hits, options);
        let lexical = self.lexical();
        let shown: Vec<usize> = page.iter().flat_map(|group| &group.hits).map(|hit| hit.position).collect();
        let mut alignments = match options.explain {
            true => self.alignments(query, &shown).await?,
            false => HashMap::new(),
        };
        let documents = self.corpus.documents();
        let mut one = |hit: &Hit, rank: usize, group: Option<Group>| {
            let document = &documents[hit.position];
            Found {
                document,
                score: hit.score,
                rank,
                dense: trace.place(hit.position, |stage| matches!(stage, SearchStage::Dense { .. })),
                lexical: trace.place(hit.position, |stage| matches!(stage, SearchStage::Lexical { .. })),
                fusion: trace.place(hit.position, |stage| matches!(stage, SearchStage::Fusion { .. })),
                rerank: trace.place(hit.position, |stage| matches!(stage, SearchStage::Rerank { .. })),
                snippet: options
                    .snippet_length()
                    .map(|length| excerpt(&lexical, query, &document.text, length)),
                explanation: options.explain.then(|| trace.explain(&lexical, query, hit.position)).flatten(),
                alignment: alignments.remove(&hit.position),
                group,
                more: Vec::new(),
            }
        };
        let found = page.into_iter().filter_map(|Grouped { rank, hits, group }| {
            let (first, others) = hits.split_first()?;
            let mut found = one(first, rank, group);
            found.more = others.iter().map(|hit| one(hit, rank, None)).collect();
            Some(found)
        });
        Ok(found.collect())
    }

    fn grouped(&self, hits: &[Hit], options: &SearchOptions) -> Vec<Grouped> {
        let Some(most) = options.per_document else {
            let page = hits.iter().enumerate().skip(options.offset).take(options.k);
            return page.map(|(at, hit)| Grouped { rank: at + 1, hits: vec![*hit], group: None }).collect();
        };
        let mut groups: Vec<(String, usize, Vec<Hit>)> = Vec::new();
        let mut at: HashMap<&str, usize> = HashMap::new();
        for hit in hits {
            let document = &self.corpus.documents()[hit.position];
            let id = document.parent.as_deref().unwrap_or(&document.id);
            let number = *at.entry(id).or_insert(groups.len());
            if number == groups.len() {
                groups.push((id.to_owned(), 0, Vec::new()));
            }
            let (_, count, chunks) = &mut groups[number];
            *count += 1;
            if chunks.len() < most {
                chunks.push(*hit);
            }
        }
        let page = groups.into_iter().enumerate().skip(options.offset).take(options.k);
        let group = |(at, (id, count, hits)): (usize, (String, usize, Vec<Hit>))| Grouped {
            rank: at + 1,
            hits,
            group: Some(Group { id, hits: count }),
        };
        page.map(group).collect()
    }

    /// How each of these documents meets the query, token by token.
    async fn alignments(&mut self, query: &str, positions: &[usize]) -> Result<HashMap<usize, Vec<Aligned>>> {
        let query_tokens = self.query_tokens(query).await?;
        let mut found = HashMap::with_capacity(positions.len());
        for positions in positions.chunks(TOGETHER) {
            let contents: Vec<String> =
                positions.iter().map(|&at| self.corpus.documents()[at].content()).collect();
            let tokens = self.document_tokens(&contents).await?;
            for ((&at, content), own) in positions.iter().zip(&contents).zip(&tokens) {
                found.insert(at, aligned(query, &query_tokens, content, own));
            }
        }
        Ok(found)
    }
}

impl Trace {
    /// Where a document stood in the last stage of a kind that found it.
    fn place(&self, position: usize, kind: impl Fn(&SearchStage) -> bool) -> Option<Place> {
        let mut steps = self.behind(position).steps.iter().rev().filter(|step| kind(&step.stage));
        let (rank, score) = steps.find_map(|step| place(&step.hits, position))?;
        Some(Place { rank, score })
    }
}

/// The part of a text to show first.
pub(in crate::tuner) fn excerpt(index: &Bm25, query: &str, text: &str, length: usize) -> Excerpt {
    let starts: Vec<usize> = sentences(text).into_iter().map(|sentence| sentence.start).collect();
    let found = snippet(index, query, text, length, &starts);
    let units = |range: Range<usize>| text[range].encode_utf16().count();
    let (begin, mut at, mut seen) = (found.range.start, found.range.start, 0);
    let mut highlights = Vec::with_capacity(found.highlights.len());
    for mark in found.highlights {
        let start = seen + units(at..mark.start);
        let end = start + units(mark.clone());
        highlights.push([start, end]);
        (at, seen) = (mark.end, end);
    }
    Excerpt { text: text[found.range].to_owned(), start: units(0..begin), highlights }
}
