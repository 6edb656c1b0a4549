//! Searching with an engine, and what search is used for.

// The methods are documented where their users read of them: in the package's `engine.ts`.
#![allow(missing_docs)]
// As in `engine.rs`: calls on one engine follow one another.
#![allow(clippy::await_holding_refcell_ref)]

use super::convert::{error, from_js, to_js};
use super::engine::{Engine, Js};
use crate::mining::MiningOptions;
use crate::tuner::{ContextOptions, SearchOptions, VectorIndex};
use serde::Deserialize;
use wasm_bindgen::prelude::*;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct VectorOptions {
    k: usize,
    index: VectorIndex,
    ef: Option<usize>,
}

impl Default for VectorOptions {
    fn default() -> Self {
        Self { k: 10, index: VectorIndex::Auto, ef: None }
    }
}

#[wasm_bindgen]
impl Engine {
    pub async fn search(&self, query: String, options: JsValue) -> Js {
        let options: SearchOptions = from_js(options, "options")?;
        let mut tuner = self.tuner()?;
        to_js(&tuner.search(&query, &options).await.map_err(error)?)
    }

    #[wasm_bindgen(js_name = searchVector)]
    pub async fn search_vector(&self, vector: Vec<f32>, options: JsValue) -> Js {
        let VectorOptions { k, index, ef } = from_js(options, "options")?;
        to_js(&self.tuner()?.search_vector(&vector, k, index, ef).await.map_err(error)?)
    }

    pub async fn context(&self, query: String, options: JsValue) -> Js {
        let options: ContextOptions = from_js(options, "options")?;
        to_js(&self.tuner()?.context(&query, &options).await.map_err(error)?)
    }

    /// Why a document is, or is not, a negative for a query.
    pub async fn why(&self, query: String, document: String, options: JsValue) -> Js {
        let options: MiningOptions = from_js(options, "options")?;
        to_js(&self.tuner()?.why(&query, &document, &options).await.map_err(error)?)
    }
}
