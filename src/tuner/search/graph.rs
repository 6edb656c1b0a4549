//! The graph of neighbours over the documents' embeddings, and bringing it after them.

use super::dense::Dense;
use super::stage::VectorIndex;
use crate::error::Result;
use crate::index::{EF, Hit, Hnsw, HnswOptions};
use crate::tuner::Tuner;
use crate::tuner::events::Event;
use nearmiss_kernels::{FNV_OFFSET, fnv1a};
use std::collections::HashMap;
use std::rc::Rc;

/// Documents from which on a graph is made. Scoring 50,000 of 384 numbers takes about as long as encoding the query does; the graph needs a
/// minute and more to be made and answers in a millisecond (see bench/results, search).
pub(in crate::tuner) const GRAPH_FROM: usize = 50_000;
/// Rows that are linked in one pull: about 0.1 s.
const TOGETHER: usize = 64;

/// A graph, and the rows that it is about.
pub(in crate::tuner) struct Graph {
    hnsw: Hnsw,
    dense: Rc<Dense>,
}

/// A graph on its way.
pub(in crate::tuner) struct Growing {
    hnsw: Hnsw,
    dense: Rc<Dense>,
    /// Rows that are not in it yet.
    todo: std::vec::IntoIter<usize>,
    total: usize,
}

impl Tuner {
    /// The nearest documents: by the graph, where there is one for exactly these embeddings, unless all are to be scored.
    pub(super) fn nearest(
        &self,
        dense: &Rc<Dense>,
        query: &[f32],
        k: usize,
        index: VectorIndex,
        ef: Option<usize>,
    ) -> Vec<Hit> {
        match &self.graph {
            Some(graph) if index != VectorIndex::Exact && Rc::ptr_eq(&graph.dense, dense) => {
                dense.translate(graph.hnsw.search(&dense.rows, query, k, ef.unwrap_or(EF)))
            }
            _ => dense.search(query, k),
        }
    }

    /// Makes a graph from so many documents on.
    pub fn set_graph_from(&mut self, documents: usize) {
        self.graph_from = documents;
    }

    /// What remains to be done for a graph over the present embeddings; none where there are too few, or it is there.
    pub(in crate::tuner) async fn grow(&mut self) -> Result<Option<Growing>> {
        if self.corpus.len() < self.graph_from {
            self.graph = None;
            return Ok(None);
        }
        let dense = self.dense().await?;
        if self.graph.as_ref().is_some_and(|graph| Rc::ptr_eq(&graph.dense, &dense)) {
            return Ok(None);
        }
        let known = self.stored(&dense).or_else(|| self.followed(&dense));
        let hnsw = known.unwrap_or_else(|| Hnsw::new(HnswOptions::default()));
        let todo: Vec<usize> = (0..dense.rows.len()).filter(|&row| !hnsw.contains(row)).collect();
        Ok(Some(Growing { hnsw, dense, total: todo.len(), todo: todo.into_iter() }))
    }

    /// The graph that was put back, if it is about these embeddings.
    fn stored(&mut self, dense: &Dense) -> Option<Hnsw> {
        let bytes = self.stored_graph.take()?;
        let (sum, graph) = bytes.split_at_checked(8)?;
        (sum == dense.digest().to_le_bytes()).then(|| Hnsw::from_bytes(graph, dense.rows.len()).ok())?
    }

    /// The graph as it was, without what has gone, under the new numbers; none where other weights made it, or little of it is left.
    fn followed(&self, dense: &Dense) -> Option<Hnsw> {
        let graph = self.graph.as_ref().filter(|graph| graph.dense.weights == dense.weights)?;
        let mut rows: HashMap<u64, Vec<u32>> = HashMap::with_capacity(dense.keys.len());
        for (row, &key) in dense.keys.iter().enumerate().rev() {
            rows.entry(key).or_default().push(row as u32);
        }
        let to: Vec<Option<u32>> = graph.dense.keys.iter().map(|key| rows.get_mut(key)?.pop()).collect();
        let leaving: Vec<usize> = (0..to.len()).filter(|&row| to[row].is_none()).collect();
        if leaving.len() > to.len() / 2 {
            return None;
        }
        let mut hnsw = graph.hnsw.clone();
        hnsw.remove(&graph.dense.rows, &leaving);
        hnsw.renumber(&to);
        Some(hnsw)
    }

    /// The graph, to be stored; none where there is none.
    pub fn graph(&self) -> Option<Vec<u8>> {
        let graph = self.graph.as_ref()?;
        let mut bytes = graph.dense.digest().to_le_bytes().to_vec();
        bytes.extend(graph.hnsw.to_bytes());
        Some(bytes)
    }

    /// Puts a graph back, for the next index job to look at: it is taken where documents and weights are those that it was made for.
    pub fn put_graph(&mut self, bytes: Vec<u8>) {
        self.stored_graph = Some(bytes);
    }
}

#[cfg(test)]
impl Graph {
    /// Finds nothing.
    pub(in crate::tuner) fn empty(dense: Rc<Dense>) -> Self {
        Self { hnsw: Hnsw::new(HnswOptions::default()), dense }
    }
}

impl Growing {
    /// Links some rows; none when all are linked, and the graph is in use.
    pub(in crate::tuner) fn next(&mut self, tuner: &mut Tuner) -> Option<Event> {
        let before = self.todo.len();
        for row in self.todo.by_ref().take(TOGETHER) {
            self.hnsw.insert(&self.dense.rows, row);
        }
        if before > 0 {
            return Some(Event::Graph { done: self.total - self.todo.len(), total: self.total });
        }
        let hnsw = std::mem::replace(&mut self.hnsw, Hnsw::new(HnswOptions::default()));
        tuner.graph = Some(Graph { hnsw, dense: self.dense.clone() });
        None
    }
}

impl Dense {
    /// Names these embeddings: what they were made from, and numbers of the first and the last, which another adapter changes.
    fn digest(&self) -> u64 {
        let keys = self.keys.iter().fold(FNV_OFFSET, |hash, key| fnv1a(hash, &key.to_le_bytes()));
        let ends = [self.rows.rows().next(), self.rows.rows().last()];
        ends.into_iter().flatten().flatten().fold(keys, |hash, value| fnv1a(hash, &value.to_le_bytes()))
    }
}
