//! Answers, held against the passages that they cite.

// The methods are documented where their users read of them: in the package's `engine.ts`.
#![allow(missing_docs)]

use super::convert::{from_js, to_js};
use super::engine::{Engine, Js};
use crate::text::{CitedPassage, check_citations};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
impl Engine {
    #[wasm_bindgen(js_name = checkCitations)]
    pub fn check_citations(&self, answer: &str, passages: JsValue) -> Js {
        let passages: Vec<CitedPassage> = from_js(passages, "passages")?;
        to_js(&check_citations(answer, &passages))
    }
}
