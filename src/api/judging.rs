//! The judgments of an engine.

// The methods are documented where their users read of them: in the package's `engine.ts`.
#![allow(missing_docs)]

use super::convert::{error, from_js, to_js};
use super::engine::{Engine, Js};
use crate::dataset::feedback::{FeedbackOptions, Impression};
use crate::dataset::history::Change;
use crate::dataset::{Judgment, Split, beir, from_jsonl, to_jsonl};
use crate::error::Error;
use crate::text::PseudoOptions;
use serde::Deserialize;
use serde_json::json;
use wasm_bindgen::prelude::*;

#[derive(Deserialize)]
struct Pair {
    query: String,
    document: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Beir {
    queries: String,
    qrels: String,
}

#[wasm_bindgen]
impl Engine {
    #[wasm_bindgen(js_name = addJudgments)]
    pub fn add_judgments(&self, judgments: JsValue) -> Js {
        let judgments: Vec<Judgment> = from_js(judgments, "judgments")?;
        let total = self.tuner()?.add_judgments(judgments).map_err(error)?;
        to_js(&json!({ "total": total }))
    }

    #[wasm_bindgen(js_name = removeJudgments)]
    pub fn remove_judgments(&self, judgments: JsValue) -> Js {
        let pairs: Vec<Pair> = from_js(judgments, "judgments")?;
        let pairs = pairs.iter().map(|p| (p.query.as_str(), p.document.as_str()));
        let removed = self.tuner()?.remove_judgments(pairs);
        to_js(&json!({ "removed": removed }))
    }

    pub fn judgments(&self) -> Js {
        to_js(&self.tuner()?.judgments().all().collect::<Vec<_>>())
    }

    pub fn undo(&self) -> Js {
        to_js(&self.tuner()?.undo())
    }

    pub fn redo(&self) -> Js {
        to_js(&self.tuner()?.redo())
    }

    pub fn history(&self) -> Js {
        to_js(&self.tuner()?.judgments().history().collect::<Vec<Change>>())
    }

    pub fn conflicts(&self) -> Js {
        to_js(&self.tuner()?.conflicts())
    }

    #[wasm_bindgen(js_name = exportJudgments)]
    pub fn export_judgments(&self, format: String, split: JsValue) -> Js {
        let split: Option<Split> = from_js(split, "split")?;
        let tuner = self.tuner()?;
        match format.as_str() {
            "jsonl" if split.is_some() => {
                let reason = "only \"beir\" is written split by split; \"jsonl\" carries each judgment's own";
                Err(error(Error::input("split", reason)))
            }
            "jsonl" => Ok(to_jsonl(tuner.judgments().all()).map_err(error)?.into()),
            "beir" => {
                let (queries, qrels) = tuner.export_beir(split).map_err(error)?;
                to_js(&json!({ "queries": queries, "qrels": qrels }))
            }
            _ => Err(error(Error::input("format", format!("must be \"jsonl\" or \"beir\", got {format:?}")))),
        }
    }

    #[wasm_bindgen(js_name = importJudgments)]
    pub fn import_judgments(&self, input: JsValue, split: JsValue) -> Js {
        let split: Option<Split> = from_js(split, "split")?;
        let judgments = match input.as_string() {
            Some(jsonl) => from_jsonl(&jsonl).map_err(error)?,
            None => {
                let files: Beir = from_js(input, "judgments")?;
                let queries = beir::read_queries(&files.queries).map_err(error)?;
                let qrels = beir::read_qrels(&files.qrels).map_err(error)?;
                beir::judgments(&queries, &qrels, None).map_err(error)?
            }
        };
        let on = |judgment: Judgment| Judgment { split: split.or(judgment.split), ..judgment };
        let judgments = judgments.into_iter().map(on).collect();
        let (added, total) = self.tuner()?.import_judgments(judgments).map_err(error)?;
        to_js(&json!({ "added": added, "total": total }))
    }

    #[wasm_bindgen(js_name = pseudoQueries)]
    pub fn pseudo_queries(&self, options: JsValue) -> Js {
        let options: PseudoOptions = from_js(options, "options")?;
        to_js(&self.tuner()?.pseudo_queries(&options).map_err(error)?)
    }

    pub fn feedback(&self, impressions: JsValue, options: JsValue) -> Js {
        let impressions: Vec<Impression> = from_js(impressions, "impressions")?;
        let options: FeedbackOptions = from_js(options, "options")?;
        to_js(&self.tuner()?.feedback(&impressions, &options).map_err(error)?)
    }
}
