//! A document's content, cut into sentences in which something may be changed.

use std::ops::Range;

use crate::dataset::Document;
use crate::text::markdown::BlockKind;
use crate::text::sentences::marked_sentences;
use crate::text::words::Stems;

/// A sentence of a passage.
#[derive(Debug, Clone)]
pub(super) struct Clause {
    /// Bytes of the content.
    pub(super) range: Range<usize>,
    /// False for titles, headings and table rows: a change there may not show what it is about.
    pub(super) prose: bool,
}

/// A document as it is encoded, with its sentences.
#[derive(Debug, Clone)]
pub(super) struct Passage {
    pub(super) content: String,
    pub(super) clauses: Vec<Clause>,
}

impl Passage {
    pub(super) fn new(document: &Document) -> Self {
        let (title, text) = (document.title.trim(), document.text.trim());
        let content = document.content();
        // `Document::content` is title, space, text, trimmed. Markdown is read in the text alone, since a heading or fence at
        // its start is no longer at the start of a line in the content.
        let offset = content.len() - text.len();
        let mut clauses = Vec::new();
        if !title.is_empty() {
            clauses.push(Clause { range: 0..title.len(), prose: false });
        }
        for sentence in marked_sentences(text) {
            let prose = matches!(sentence.block, BlockKind::Prose | BlockKind::Item);
            let range = sentence.range.start + offset..sentence.range.end + offset;
            clauses.push(Clause { range, prose });
        }
        Self { content, clauses }
    }

    /// How near each sentence is to what a query asks: the content words they have in common.
    pub(super) fn overlaps(&self, query: &str, stems: &Stems) -> Vec<usize> {
        let mut asked = stems.content_words(query);
        asked.sort_unstable();
        asked.dedup();
        let overlap = |clause: &Clause| {
            let said = stems.content_words(&self.content[clause.range.clone()]);
            asked.iter().filter(|word| said.contains(word)).count()
        };
        self.clauses.iter().map(overlap).collect()
    }
}

/// One change at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    /// What is replaced, in bytes of the content.
    pub(super) range: Range<usize>,
    pub(super) to: String,
}

impl Edit {
    pub(super) fn new(range: Range<usize>, to: impl Into<String>) -> Self {
        Self { range, to: to.into() }
    }

    pub(super) fn apply(&self, content: &str) -> String {
        [&content[..self.range.start], &self.to, &content[self.range.end..]].concat()
    }
}
