//! The one class that both builds export.

// The methods are documented where their users read of them: in the package's `engine.ts`.
#![allow(missing_docs)]
// Borrows are tried, never forced: a call that comes while another runs is refused, it does not panic.
#![allow(clippy::await_holding_refcell_ref)]

use super::convert::{HeldBytes, bytes, error, from_js, to_js};
use crate::dataset::{Document, Split};
use crate::encoder::{Encoder, KIND, ModelFiles, Tower};
use crate::error::{Error, Result};
use crate::mining::MiningOptions;
use crate::training::TrainOptions;
use crate::tuner::{CompareOptions, Event, Job, Mode, Scorer, SearchOptions, SearchStage, Tuner};
use serde::{Deserialize, Serialize};
use std::cell::{RefCell, RefMut};
use wasm_bindgen::prelude::*;
use web_time::Instant;

pub(super) type Js<T = JsValue> = std::result::Result<T, JsValue>;

/// A model with a corpus and judgments; see `engine.ts` for the contract.
#[wasm_bindgen]
pub struct Engine {
    // Calls on one engine follow one another; the host sees to that. A call that comes in between is refused.
    tuner: RefCell<Tuner>,
    job: RefCell<Option<(Job, Instant)>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct CreateOptions {
    max_length: Option<usize>,
    language: Option<String>,
    graph_from: Option<usize>,
    precision: Precision,
}

/// Of the weights that encode.
#[derive(Deserialize, Default, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Precision {
    #[default]
    Float32,
    Int8,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum JobRequest {
    Index,
    Mine {
        #[serde(default)]
        options: MiningOptions,
    },
    Evaluate {
        #[serde(default)]
        options: EvaluateOptions,
    },
    Compare {
        query: String,
        #[serde(default)]
        options: CompareOptions,
    },
    Train {
        #[serde(default)]
        options: Box<TrainOptions>,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct EvaluateOptions {
    split: Split,
    mode: Option<Mode>,
    rerank: Option<Scorer>,
    stages: Option<Vec<SearchStage>>,
}

impl Default for EvaluateOptions {
    fn default() -> Self {
        Self { split: Split::HeldOut, mode: None, rerank: None, stages: None }
    }
}

impl From<EvaluateOptions> for SearchOptions {
    fn from(EvaluateOptions { mode, rerank, stages, .. }: EvaluateOptions) -> Self {
        // By default what training changes is measured: dense search.
        let by_default = if stages.is_some() { Mode::default() } else { Mode::Dense };
        Self { mode: mode.unwrap_or(by_default), rerank, stages, ..Self::default() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Timed {
    #[serde(flatten)]
    event: Event,
    elapsed_ms: f64,
}

#[wasm_bindgen]
impl Engine {
    /// Opens the device and loads a model.
    pub async fn create(files: JsValue, options: JsValue) -> Js<Engine> {
        let options: CreateOptions = from_js(options, "options")?;
        let tuner = load(&files, options).await.map_err(error)?;
        Ok(Engine { tuner: RefCell::new(tuner), job: RefCell::new(None) })
    }

    /// Device and model.
    pub fn info(&self) -> Js {
        let tuner = self.tuner()?;
        let encoder = tuner.encoder();
        to_js(&serde_json::json!({
            "device": { "kind": KIND, "name": encoder.device_name() },
            "model": {
                "dimensions": encoder.dimensions(),
                "layers": encoder.config().num_hidden_layers,
                "parameters": encoder.parameters(),
                "maxLength": encoder.max_length(),
                "pooling": encoder.pooling(),
                "precision": if encoder.bits() == i8::BITS { "int8" } else { "float32" },
                "fingerprint": format!("{:016x}", encoder.fingerprint(Tower::Document)),
                "loaded": format!("{:016x}", tuner.loaded_fingerprint()),
            },
        }))
    }

    #[wasm_bindgen(js_name = addDocuments)]
    pub fn add_documents(&self, documents: JsValue) -> Js {
        let documents: Vec<Document> = from_js(documents, "documents")?;
        to_js(&self.tuner()?.add_documents(documents).map_err(error)?)
    }

    #[wasm_bindgen(js_name = removeDocuments)]
    pub fn remove_documents(&self, ids: JsValue) -> Js {
        let ids: Vec<String> = from_js(ids, "ids")?;
        let mut tuner = self.tuner()?;
        let removed = tuner.remove_documents(&ids);
        to_js(&serde_json::json!({ "removed": removed, "total": tuner.corpus().len() }))
    }

    pub fn documents(&self) -> Js {
        to_js(self.tuner()?.corpus().documents())
    }

    pub fn unencoded(&self) -> Js {
        to_js(&self.tuner()?.unencoded())
    }

    pub fn tokenize(&self, texts: JsValue) -> Js {
        let texts: Vec<String> = from_js(texts, "texts")?;
        to_js(&self.tuner()?.encoder().tokenize(&texts).map_err(error)?)
    }

    pub async fn encode(&self, texts: JsValue, side: JsValue) -> Js<Vec<f32>> {
        let (texts, tower) = texts_of(texts, side)?;
        let tuner = self.tuner()?;
        tuner.encode(&texts, tower).await.map(|rows| rows.into_vec()).map_err(error)
    }

    #[wasm_bindgen(js_name = encodeBase)]
    pub async fn encode_base(&self, texts: JsValue, side: JsValue) -> Js<Vec<f32>> {
        let (texts, tower) = texts_of(texts, side)?;
        let tuner = self.tuner()?;
        tuner.encoder().encode(&texts, tower).await.map(|rows| rows.into_vec()).map_err(error)
    }

    #[wasm_bindgen(js_name = loadVectors)]
    pub fn load_vectors(&self, texts: JsValue, side: JsValue, vectors: Vec<f32>) -> Js<()> {
        let (texts, tower) = texts_of(texts, side)?;
        self.tuner()?.load_vectors(&texts, tower, vectors).map_err(error)
    }

    pub fn vectors(&self, fingerprint: Option<String>, from: Option<usize>) -> Js {
        let tuner = self.tuner()?;
        let fingerprint = fingerprint_of(fingerprint)?;
        let (keys, rows) = tuner.vectors(fingerprint, from.unwrap_or(0));
        let object = js_sys::Object::new();
        js_sys::Reflect::set(&object, &"keys".into(), &to_js(&keys)?)?;
        js_sys::Reflect::set(&object, &"vectors".into(), &js_sys::Float32Array::from(rows))?;
        Ok(object.into())
    }

    #[wasm_bindgen(js_name = putVectors)]
    pub fn put_vectors(&self, keys: JsValue, vectors: Vec<f32>, fingerprint: Option<String>) -> Js<()> {
        let keys: Vec<String> = from_js(keys, "keys")?;
        self.tuner()?.put_vectors(&keys, vectors, fingerprint_of(fingerprint)?).map_err(error)
    }

    /// Replaces a job that is still in progress, which is then cancelled.
    pub fn start(&self, job: JsValue) -> Js<()> {
        if let Some(checkpoint) = checkpoint(&job)? {
            let job = Job::resume(&*self.tuner()?, &checkpoint).map_err(error)?;
            *self.job()? = Some((job, Instant::now()));
            return Ok(());
        }
        let request: JobRequest =
            serde_wasm_bindgen::from_value(job).map_err(|e| error(Error::input("options", e.to_string())))?;
        let tuner = self.tuner()?;
        let job = match request {
            JobRequest::Index => Job::index(&tuner),
            JobRequest::Mine { options } => Job::mine(&tuner, options),
            JobRequest::Evaluate { options } => Job::evaluate(&tuner, options.split, options),
            JobRequest::Compare { query, options } => Job::compare(&tuner, &query, options),
            JobRequest::Train { options } => Job::train(&tuner, *options),
        };
        *self.job()? = Some((job.map_err(error)?, Instant::now()));
        Ok(())
    }

    /// Does one piece of the job's work; null when it is over.
    pub async fn next(&self) -> Js {
        let mut tuner = self.tuner()?;
        let mut slot = self.job()?;
        let Some((job, started)) = slot.as_mut() else { return Ok(JsValue::NULL) };
        match job.next(&mut tuner).await {
            Ok(Some(event)) => to_js(&Timed { event, elapsed_ms: started.elapsed().as_secs_f64() * 1e3 }),
            ended => {
                *slot = None;
                ended.map(|_| JsValue::NULL).map_err(error)
            }
        }
    }

    pub fn cancel(&self) -> Js<()> {
        *self.job()? = None;
        Ok(())
    }

    /// Answers a `scoring` event.
    #[wasm_bindgen(js_name = putScores)]
    pub fn put_scores(&self, scores: Vec<f32>) -> Js<()> {
        match self.job()?.as_mut() {
            Some((job, _)) => job.put_scores(&scores).map_err(error),
            None => Err(error(Error::input("teacher", "gave scores, and no job is in progress"))),
        }
    }

    /// Drops the vectors of texts that are no longer there.
    #[wasm_bindgen(js_name = pruneVectors)]
    pub fn prune_vectors(&self) -> Js<()> {
        self.tuner()?.prune_vectors();
        Ok(())
    }

    pub fn keep(&self) -> Js<()> {
        self.tuner()?.keep().map_err(error)
    }

    pub fn rollback(&self) -> Js<()> {
        self.tuner()?.rollback().map_err(error)
    }

    pub async fn export(&self, format: String) -> Js<Vec<u8>> {
        if format != "safetensors" {
            return Err(error(Error::input("format", format!("must be \"safetensors\", got \"{format}\""))));
        }
        self.tuner()?.export().await.map_err(error)
    }

    /// Everything that was trained and is in use, as files to be imported one after another.
    pub async fn weights(&self) -> Js<js_sys::Array> {
        let files = self.tuner()?.weights().await.map_err(error)?;
        Ok(files.iter().map(|file| js_sys::Uint8Array::from(file.as_slice())).collect())
    }

    #[wasm_bindgen(js_name = resetWeights)]
    pub fn reset_weights(&self) -> Js<()> {
        self.tuner()?.reset_weights();
        Ok(())
    }

    pub async fn import(&self, bytes: Vec<u8>) -> Js<()> {
        self.tuner()?.import(&bytes).await.map_err(error)
    }
}

impl Engine {
    pub(super) fn tuner(&self) -> Js<RefMut<'_, Tuner>> {
        self.tuner.try_borrow_mut().map_err(|_| busy())
    }

    fn job(&self) -> Js<RefMut<'_, Option<(Job, Instant)>>> {
        self.job.try_borrow_mut().map_err(|_| busy())
    }
}

/// The bytes to go on from, where the options of a job have any.
fn checkpoint(job: &JsValue) -> Js<Option<Vec<u8>>> {
    let options = js_sys::Reflect::get(job, &"options".into())?;
    if !options.is_object() {
        return Ok(None);
    }
    bytes(&options, "resume").map_err(|_| error(Error::input("resume", "must be a Uint8Array")))
}

fn busy() -> JsValue {
    error(Error::Internal { reason: "a call came while another was still running".into() })
}

async fn load(files: &JsValue, options: CreateOptions) -> Result<Tuner> {
    let missing = |key: &'static str| move || Error::input(format!("files.{key}"), "is missing");
    let need = |key: &'static str| bytes(files, key)?.ok_or_else(missing(key));
    let (config, tokenizer) = (need("config")?, need("tokenizer")?);
    let weights = HeldBytes::under(files, "weights")?.ok_or_else(missing("weights"))?;
    let (pooling, sentence_bert) = (bytes(files, "pooling")?, bytes(files, "sentenceBert")?);
    let modules = bytes(files, "modules")?;
    let files = ModelFiles {
        config: &config,
        tokenizer: &tokenizer,
        weights: &weights,
        pooling: pooling.as_deref(),
        sentence_bert: sentence_bert.as_deref(),
        modules: modules.as_deref(),
    };
    let mut encoder = Encoder::load(files, options.max_length).await?;
    if options.precision == Precision::Int8 {
        encoder = encoder.in_eight_bits().await?;
    }
    let mut tuner = Tuner::new(encoder);
    if let Some(language) = &options.language {
        tuner.set_language(language)?;
    }
    if let Some(documents) = options.graph_from {
        tuner.set_graph_from(documents);
    }
    Ok(tuner)
}

/// A fingerprint as `info` gives it.
fn fingerprint_of(text: Option<String>) -> Js<Option<u64>> {
    let parse = |text: String| {
        u64::from_str_radix(&text, 16)
            .map_err(|_| error(Error::input("fingerprint", format!("\"{text}\" is none of a model"))))
    };
    text.map(parse).transpose()
}

fn texts_of(texts: JsValue, side: JsValue) -> Js<(Vec<String>, Tower)> {
    let texts = from_js(texts, "texts")?;
    match side.as_string().as_deref() {
        Some("query") => Ok((texts, Tower::Query)),
        Some("document") => Ok((texts, Tower::Document)),
        _ => Err(error(Error::input("as", "must be \"query\" or \"document\""))),
    }
}
