//! The documents in the order in which they came.

use std::collections::HashMap;

use super::Document;
use crate::error::{Error, Result};

/// What [`Corpus::add`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A new id: the document stands last.
    Added,
    /// A known id with other content: replaced where it stood.
    Updated,
    /// Nothing to do.
    Unchanged,
}

/// Documents by id and by position.
///
/// A position is the row of the document in every embedding table and index made from this corpus; it moves only when a
/// document before it is removed.
#[derive(Debug, Clone, Default)]
pub struct Corpus {
    documents: Vec<Document>,
    positions: HashMap<String, usize>,
}

impl Corpus {
    /// Adds a document, or replaces the one of the same id.
    ///
    /// # Errors
    /// `INPUT_INVALID` when the id is empty or blank.
    pub fn add(&mut self, document: Document) -> Result<Change> {
        if document.id.trim().is_empty() {
            return Err(Error::input("document.id", "must not be empty"));
        }
        match self.positions.get(&document.id) {
            Some(&at) if self.documents[at] == document => Ok(Change::Unchanged),
            Some(&at) => {
                self.documents[at] = document;
                Ok(Change::Updated)
            }
            None => {
                self.positions.insert(document.id.clone(), self.documents.len());
                self.documents.push(document);
                Ok(Change::Added)
            }
        }
    }

    /// Removes a document; later ones move up. False when there was none of this id.
    pub fn remove(&mut self, id: &str) -> bool {
        let Some(at) = self.positions.remove(id) else {
            return false;
        };
        self.documents.remove(at);
        for (moved, document) in self.documents[at..].iter().enumerate() {
            self.positions.insert(document.id.clone(), at + moved);
        }
        true
    }

    /// Removes documents in one pass; the ids that were there, as given.
    pub fn remove_all<'a>(&mut self, ids: &'a [String]) -> Vec<&'a String> {
        let gone: Vec<&String> = ids.iter().filter(|id| self.positions.remove(*id).is_some()).collect();
        if !gone.is_empty() {
            self.documents.retain(|document| self.positions.contains_key(&document.id));
            for (at, document) in self.documents.iter().enumerate() {
                self.positions.insert(document.id.clone(), at);
            }
        }
        gone
    }

    /// The document of this id.
    pub fn get(&self, id: &str) -> Option<&Document> {
        self.position(id).map(|at| &self.documents[at])
    }

    /// Where the document of this id stands.
    pub fn position(&self, id: &str) -> Option<usize> {
        self.positions.get(id).copied()
    }

    /// All documents by position.
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// How many documents there are.
    pub fn len(&self) -> usize {
        self.documents.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// For each position, the first position whose document has the same content: its own, unless it is a copy.
    ///
    /// A copy of a relevant document is relevant too, whatever the judgments say, so mining must not take it as a negative.
    pub fn originals(&self) -> Vec<usize> {
        let mut first = HashMap::new();
        let contents = self.documents.iter().map(Document::content).enumerate();
        contents.map(|(at, content)| *first.entry(content).or_insert(at)).collect()
    }
}
