//! A round in progress: shortlist for the teacher, the teacher's word, selection.

use super::Mined;
use super::facts::Facts;
use super::gather::Sources;
use super::teacher::MaxSim;
use crate::dataset::{Document, JudgedQuery, NegativeSource};
use crate::encoder::Snapshot;
use crate::error::{Error, Result};
use crate::mining::{Candidates, Miner, MiningOptions, Teacher, shortlist};
use crate::text::{NearMiss, NearMisses};
use crate::tuner::Tuner;
use crate::tuner::events::Event;
use std::collections::HashMap;
use std::rc::Rc;
use web_time::Instant;

/// Most queries whose candidates are looked up in one pull. Each pull prepares all documents anew: with 1,000 queries over
/// 10,000 documents 256 took 191 ms in all, 1,024 took 179.
const QUERIES: usize = 1024;
/// Most hits looked at in one pull, unless a single query has more: bounds its time, and memory to 128 k × 80 bytes.
const HITS: usize = 1 << 17;

/// The teacher's word on a (query, document).
pub(in crate::tuner) type Scores = HashMap<(usize, usize), f32>;

/// Where a round stands.
enum Step {
    /// Which candidates the teacher must look at, from this query on.
    Shortlist(usize),
    MaxSim(Box<MaxSim>),
    /// The caller is asked query by query.
    Ask(std::vec::IntoIter<(usize, Vec<usize>)>),
    /// From this query on.
    Select(usize),
    Done,
}

/// One round.
pub(in crate::tuner) struct Round {
    queries: Vec<JudgedQuery>,
    sources: Sources,
    /// The state of the tuner that the round belongs to: positions are of no use in another.
    revision: u64,
    /// Other weights than those in use, under which the round goes on.
    weights: Option<Snapshot>,
    near_misses: Option<Rc<NearMisses>>,
    texts: Vec<NearMiss>,
    scores: Scores,
    wanted: Vec<(usize, Vec<usize>)>,
    /// Is the teacher asked about judged negatives too?
    asks_judged: bool,
    /// A question that the caller has not answered.
    asked: Option<(usize, Vec<usize>)>,
    miner: Option<Miner>,
    step: Step,
    mining_ms: f64,
}

impl Round {
    /// Begins a round over these queries, with the weights in use or with others. `scores`: what a teacher said before, and
    /// would say again; `asks_again`: although other candidates are to be expected.
    ///
    /// # Errors
    /// `InputInvalid` for an option, `InsufficientData` without documents.
    pub(in crate::tuner) async fn begin(
        tuner: &mut Tuner,
        options: MiningOptions,
        queries: Vec<JudgedQuery>,
        weights: Option<Snapshot>,
        scores: Scores,
        asks_again: bool,
    ) -> Result<Self> {
        options.validate()?;
        tuner.need_documents()?;
        let prepare = async |tuner: &mut Tuner| Ok((tuner.query_rows(&queries).await?, tuner.dense().await?));
        let (rows, dense) = match &weights {
            Some(weights) => tuner.with_weights(weights, prepare).await?,
            None => prepare(tuner).await?,
        };
        let started = Instant::now();
        let relations = tuner.relations();
        let facts: Vec<Facts> =
            queries.iter().map(|query| Facts::new(query, &tuner.corpus, &relations)).collect();
        let most_known = facts.iter().map(Facts::known).max().unwrap_or(0);
        let mut answers: Vec<usize> = facts.iter().flat_map(Facts::documents).collect();
        answers.sort_unstable();
        answers.dedup();
        let documents = tuner.corpus.len();
        // Rankings change a little with every round, and asking about what is new in them would encode most documents again:
        // later rounds choose among what the teacher has seen. What is drawn is new each time.
        let draws = [NegativeSource::Random, NegativeSource::InBatch]
            .iter()
            .any(|&source| options.draws_from(source));
        let asks = options.teacher.is_some() && (scores.is_empty() || asks_again || draws);
        let sources = Sources {
            depth: options.depth(documents, most_known),
            lexical: options.draws_from(NegativeSource::Bm25).then(|| tuner.lexical()),
            rows,
            dense,
            relations,
            facts,
            texts: queries.iter().map(|query| query.text.clone()).collect(),
            answers,
            options: options.clone(),
        };
        Ok(Self {
            near_misses: options.draws_from(NegativeSource::Synthetic).then(|| tuner.near_misses()),
            step: if asks { Step::Shortlist(0) } else { Step::Select(0) },
            miner: Some(Miner::new(options, documents, most_known)?),
            queries,
            sources,
            revision: tuner.revision,
            weights,
            texts: Vec::new(),
            scores,
            wanted: Vec::new(),
            asks_judged: false,
            asked: None,
            mining_ms: started.elapsed().as_secs_f64() * 1e3,
        })
    }

    /// The same, but the teacher is asked about judged negatives too: nothing to filter there, but much to learn from.
    pub(in crate::tuner) fn with_judged(self) -> Self {
        Self { asks_judged: true, ..self }
    }

    /// The next piece of work; none when the round is over.
    pub(in crate::tuner) async fn next(&mut self, tuner: &mut Tuner) -> Result<Option<Event>> {
        if tuner.revision != self.revision {
            let reason = "documents or weights changed while it ran; start it again";
            return Err(Error::input("mining", reason));
        }
        if let Some((query, _)) = &self.asked {
            let query = &self.queries[*query].text;
            return Err(Error::input("teacher", format!("gave no scores for the query {query:?}")));
        }
        loop {
            match &mut self.step {
                Step::Shortlist(from) => {
                    let from = *from;
                    let (candidates, until) = self.timed(|round| round.gather(from, tuner));
                    self.list(from, candidates, tuner.corpus.len());
                    self.step = match until < self.queries.len() {
                        true => Step::Shortlist(until),
                        false => self.ask(tuner),
                    };
                }
                Step::MaxSim(maxsim) => match maxsim.next(tuner, &mut self.scores).await? {
                    Some(event) => return Ok(Some(event)),
                    None => self.step = Step::Select(0),
                },
                Step::Ask(questions) => match questions.next() {
                    Some((query, documents)) => return Ok(Some(self.question(tuner, query, documents))),
                    None => self.step = Step::Select(0),
                },
                Step::Select(from) => {
                    let from = *from;
                    let until = self.timed(|round| round.select(from, tuner))?;
                    let total = self.queries.len();
                    if until < total {
                        self.step = Step::Select(until);
                        return Ok(Some(Event::Search { done: until, total }));
                    }
                    self.step = Step::Done;
                }
                Step::Done => return Ok(None),
            }
        }
    }

    /// Takes the caller's answer to the last question.
    ///
    /// # Errors
    /// `InputInvalid` when there was none, or it does not hold one finite number a document.
    pub(in crate::tuner) fn put_scores(&mut self, scores: &[f32]) -> Result<()> {
        let Some((query, documents)) = &self.asked else {
            return Err(Error::input("teacher", "gave scores that nobody asked for"));
        };
        if scores.len() != documents.len() {
            let reason =
                format!("must give {} scores, one a document, gave {}", documents.len(), scores.len());
            return Err(Error::input("teacher", reason));
        }
        if let Some(bad) = scores.iter().find(|score| !score.is_finite()) {
            return Err(Error::input("teacher", format!("gave the score {bad}: not a finite number")));
        }
        let keys = documents.iter().map(|&document| (*query, document));
        self.scores.extend(keys.zip(scores.iter().copied()));
        self.asked = None;
        Ok(())
    }

    /// The outcome, and the teacher's words for a later round.
    ///
    /// # Errors
    /// `InsufficientData` when no query had a positive.
    pub(in crate::tuner) fn finish(self) -> Result<(Mined, Scores)> {
        let over = || Error::Internal { reason: "a round that ended twice".into() };
        let mined = self.miner.ok_or_else(over)?.finish()?;
        let mut report = mined.report;
        report.mining_ms = self.mining_ms;
        let relevant = self.sources.facts.iter().map(Facts::relevant).collect();
        let (examples, suspects) = (mined.examples, mined.suspects);
        let near_misses = self.texts;
        Ok((Mined { queries: self.queries, relevant, examples, suspects, report, near_misses }, self.scores))
    }

    /// Candidates of the next queries, and where these end.
    fn gather(&self, from: usize, tuner: &Tuner) -> (Vec<Candidates>, usize) {
        let at_once = (HITS / self.sources.depth.max(1)).clamp(1, QUERIES);
        let until = (from + at_once).min(self.queries.len());
        (self.sources.gather(from..until, &tuner.corpus, &self.scores), until)
    }

    fn list(&mut self, from: usize, candidates: Vec<Candidates>, documents: usize) {
        for (at, candidates) in candidates.iter().enumerate() {
            let query = from + at;
            let mut wanted = shortlist(candidates, &self.sources.options, documents);
            if self.asks_judged {
                wanted.extend(candidates.negatives.iter().map(|marked| marked.document));
            }
            if !wanted.is_empty() {
                wanted.extend(candidates.positives.iter().map(|positive| positive.document));
            }
            wanted.retain(|&document| !self.scores.contains_key(&(query, document)));
            self.wanted.push((query, wanted));
        }
    }

    fn ask(&mut self, tuner: &Tuner) -> Step {
        let mut wanted = std::mem::take(&mut self.wanted);
        wanted.retain(|(_, documents)| !documents.is_empty());
        match self.sources.options.teacher {
            Some(Teacher::Given) => Step::Ask(wanted.into_iter()),
            _ => {
                let maxsim = MaxSim::new(tuner, &self.sources.texts, &wanted, self.weights.clone());
                Step::MaxSim(Box::new(maxsim))
            }
        }
    }

    fn question(&mut self, tuner: &Tuner, query: usize, documents: Vec<usize>) -> Event {
        let document = |&position: &usize| -> Document { tuner.corpus.documents()[position].clone() };
        let event = Event::Scoring {
            query: self.queries[query].text.clone(),
            documents: documents.iter().map(document).collect(),
        };
        self.asked = Some((query, documents));
        event
    }

    fn select(&mut self, from: usize, tuner: &Tuner) -> Result<usize> {
        let (mut candidates, until) = self.gather(from, tuner);
        for (at, candidates) in candidates.iter_mut().enumerate() {
            self.make_near_misses(from + at, candidates, tuner.corpus.len());
            let over = || Error::Internal { reason: "a selection after the round".into() };
            self.miner.as_mut().ok_or_else(over)?.add(from + at, candidates)?;
        }
        Ok(until)
    }

    /// Texts made from each positive, as many as a pair has places.
    fn make_near_misses(&mut self, query: usize, candidates: &mut Candidates, documents: usize) {
        let Some(maker) = &self.near_misses else { return };
        for positive in &mut candidates.positives {
            let (near, places) = (self.sources.texts[query].as_str(), self.sources.options.num_negatives);
            let made = maker.of(positive.document, Some(near), places);
            let first = documents + self.texts.len();
            positive.near_misses = (first..first + made.len()).collect();
            self.texts.extend(made);
        }
    }

    fn timed<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let started = Instant::now();
        let outcome = work(self);
        self.mining_ms += started.elapsed().as_secs_f64() * 1e3;
        outcome
    }
}
