//! One training run, and what it came to.

use crate::cache::Cache;
use crate::collection::{Collection, Sides, normalise};
use crate::request::Request;
use nearmiss::dataset::{Judgment, Source, Split};
use nearmiss::encoder::{Encoder, ModelFiles};
use nearmiss::error::Error;
use nearmiss::mining::MiningOptions;
use nearmiss::training::TrainOptions;
use nearmiss::tuner::{Event, Job, SearchOptions, Tuner};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The files of one model, and the collection that was used last.
pub struct Worker {
    config: Vec<u8>,
    tokenizer: Vec<u8>,
    weights: Vec<u8>,
    pooling: Option<Vec<u8>>,
    sentence_bert: Option<Vec<u8>>,
    modules: Option<Vec<u8>>,
    cache: PathBuf,
    /// Round the weights that encode.
    eight_bits: bool,
    last: Option<(PathBuf, Collection, Cache)>,
}

impl Worker {
    /// Reads the model; fails when one of its files is missing.
    pub fn new(model: &Path, cache: &Path, eight_bits: bool) -> Result<Self, String> {
        let read = |name: &str| {
            let path = model.join(name);
            std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
        };
        Ok(Self {
            config: read("config.json")?,
            tokenizer: read("tokenizer.json")?,
            weights: read("model.safetensors")?,
            pooling: read("1_Pooling/config.json").ok(),
            sentence_bert: read("sentence_bert_config.json").ok(),
            modules: read("modules.json").ok(),
            cache: cache.to_owned(),
            eight_bits,
            last: None,
        })
    }

    /// Trains once from the original weights, or measures searches with them.
    pub fn run(&mut self, request: &Request) -> Result<Value, String> {
        match &request.searches {
            Some(searches) => pollster::block_on(self.measure(request, searches)),
            None => pollster::block_on(self.train(request)),
        }
    }

    /// A tuner of its own, so that nothing of one run reaches the next: filled, everything encoded.
    async fn filled(&mut self, request: &Request) -> Result<(Tuner, Map<String, Value>), String> {
        let mut tuner = Tuner::new(self.encoder().await?);
        let (collection, cache) = self.collection(&request.data, &tuner)?;
        let sides = collection.sides(request)?;
        let counts = counts(collection, &sides);
        tuner.add_documents(collection.documents.clone()).map_err(words)?;
        // In the order in which the command adds them: its runs can be reproduced.
        for side in [sides.train, sides.held_out] {
            tuner.add_judgments(side).map_err(words)?;
        }
        cache.fill(&mut tuner).await?;
        Ok((tuner, counts))
    }

    /// Metrics of each search, and seconds.
    async fn measure(&mut self, request: &Request, searches: &[Value]) -> Result<Value, String> {
        let (mut tuner, mut row) = self.filled(request).await?;
        let mut open = Vec::with_capacity(searches.len());
        for search in searches {
            let options: SearchOptions = read_options(search)?;
            let job = Job::evaluate(&tuner, Split::HeldOut, options).map_err(words)?;
            open.push((job, Value::Null, 0.0));
        }
        // Query by query rather than search by search: what one has encoded to compare token by token is at hand for the next.
        let mut left = open.len();
        while left > 0 {
            left = 0;
            for (job, metrics, seconds) in &mut open {
                let started = Instant::now();
                if let Some(event) = job.next(&mut tuner).await.map_err(words)? {
                    left += 1;
                    if let Event::Evaluated { after, .. } = event {
                        *metrics = serde_json::to_value(after).map_err(|error| error.to_string())?;
                    }
                }
                *seconds += started.elapsed().as_secs_f64();
            }
        }
        let measured = open
            .into_iter()
            .map(|(_, metrics, seconds)| json!({ "metrics": metrics, "seconds": rounded(seconds) }));
        let measured: Vec<Value> = measured.collect();
        row.insert("searches".into(), Value::Array(measured));
        Ok(Value::Object(row))
    }

    async fn train(&mut self, request: &Request) -> Result<Value, String> {
        let started = Instant::now();
        let mut options: TrainOptions = read_options(&request.options)?;
        let (mut tuner, counts) = self.filled(request).await?;
        let prepared = Instant::now();
        if let Some(mining) = &request.mine_once {
            mine_once(&mut tuner, read_options(mining)?).await?;
            options.negatives = nearmiss::mining::Strategy::Labelled;
        }
        let verdict = verdict(&mut tuner, options).await?;
        let mut row = counts;
        row.extend(verdict);
        row.insert("seconds".into(), rounded(prepared.elapsed().as_secs_f64()));
        row.insert("preparationSeconds".into(), rounded((prepared - started).as_secs_f64()));
        Ok(Value::Object(row))
    }

    async fn encoder(&self) -> Result<Encoder, String> {
        let files = ModelFiles {
            config: &self.config,
            tokenizer: &self.tokenizer,
            weights: &self.weights,
            pooling: self.pooling.as_deref(),
            sentence_bert: self.sentence_bert.as_deref(),
            modules: self.modules.as_deref(),
        };
        let encoder = Encoder::load(files, None).await.map_err(words)?;
        if self.eight_bits { encoder.in_eight_bits().await.map_err(words) } else { Ok(encoder) }
    }

    fn collection(&mut self, data: &Path, tuner: &Tuner) -> Result<(&Collection, &mut Cache), String> {
        if self.last.as_ref().is_none_or(|(path, ..)| path != data) {
            let cache = Cache::open(&self.cache, data, tuner);
            self.last = Some((data.to_owned(), Collection::read(data)?, cache));
        }
        match &mut self.last {
            Some((_, collection, cache)) => Ok((collection, cache)),
            None => Err("no collection".into()),
        }
    }
}

/// What is not given is as by default.
fn read_options<T: Default + DeserializeOwned>(options: &Value) -> Result<T, String> {
    if options.is_null() {
        return Ok(T::default());
    }
    serde_json::from_value(options.clone()).map_err(|error| format!("options: {error}"))
}

/// Negatives of the untrained model become judgments of the training side, and are all that is trained on besides the batch.
async fn mine_once(tuner: &mut Tuner, options: MiningOptions) -> Result<(), String> {
    let mut job = Job::mine(tuner, options).map_err(words)?;
    let mut mined = Vec::new();
    while let Some(event) = job.next(tuner).await.map_err(words)? {
        if let Event::Mined { examples, .. } = event {
            mined = examples;
        }
    }
    let negatives = mined.into_iter().flat_map(|example| {
        let negative = |document| Judgment {
            source: Source::Mined,
            split: Some(Split::Train),
            ..Judgment::not_relevant(example.query.clone(), document)
        };
        let documents = example.negatives.into_iter().filter_map(|negative| negative.document);
        documents.map(negative).collect::<Vec<_>>()
    });
    let mut seen = HashSet::new();
    let once = negatives.filter(|one| seen.insert((normalise(&one.query), one.document.clone())));
    tuner.add_judgments(once.collect()).map_err(words).map(drop)
}

/// Fields of the verdict, but for the queries one by one.
async fn verdict(tuner: &mut Tuner, options: TrainOptions) -> Result<Map<String, Value>, String> {
    let mut job = Job::train(tuner, options).map_err(words)?;
    let mut last = Value::Null;
    while let Some(event) = job.next(tuner).await.map_err(words)? {
        if let Event::Verdict(verdict) = event {
            last = serde_json::to_value(verdict).map_err(|error| error.to_string())?;
        }
    }
    let Value::Object(mut fields) = last else { return Err("training ended without a verdict".into()) };
    fields.remove("perQuery");
    Ok(fields)
}

fn counts(collection: &Collection, sides: &Sides) -> Map<String, Value> {
    let queries = |side: &[Judgment]| {
        side.iter().map(|judgment| normalise(&judgment.query)).collect::<HashSet<_>>().len()
    };
    let counts = json!({
        "documents": collection.documents.len(),
        "trainQueries": queries(&sides.train),
        "trainJudgments": sides.train.len(),
        "heldOutQueries": queries(&sides.held_out),
    });
    counts.as_object().cloned().unwrap_or_default()
}

fn rounded(seconds: f64) -> Value {
    json!((seconds * 100.0).round() / 100.0)
}

fn words(error: Error) -> String {
    error.to_string()
}
