//! Folders for Python across the border: arrays of `{ path, bytes }`.

// The methods are documented where their users read of them: in the package's `engine.ts`.
#![allow(missing_docs)]
// As in `engine.rs`: calls on one engine follow one another.
#![allow(clippy::await_holding_refcell_ref)]

use super::convert::{bytes_of, error};
use super::engine::{Engine, Js};
use crate::encoder::ExportedFile;
use crate::error::{Error, Result};
use crate::tuner::FolderFormat;
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
impl Engine {
    #[wasm_bindgen(js_name = exportFolder)]
    pub async fn export_folder(&self, format: String) -> Js<Array> {
        let format = format_of(&format).map_err(error)?;
        let files = self.tuner()?.export_folder(format).await.map_err(error)?;
        files.into_iter().map(file_to_js).collect()
    }

    #[wasm_bindgen(js_name = importFolder)]
    pub async fn import_folder(&self, files: JsValue) -> Js<()> {
        let files = files_from_js(&files).map_err(error)?;
        self.tuner()?.import_folder(&files).await.map_err(error)
    }
}

fn format_of(name: &str) -> Result<FolderFormat> {
    match name {
        "sentence-transformers" => Ok(FolderFormat::SentenceTransformers),
        "peft" => Ok(FolderFormat::Peft),
        other => {
            let reason = format!("must be \"sentence-transformers\" or \"peft\", got \"{other}\"");
            Err(Error::input("format", reason))
        }
    }
}

fn file_to_js(file: ExportedFile) -> Js {
    let object = Object::new();
    Reflect::set(&object, &"path".into(), &file.path.into())?;
    Reflect::set(&object, &"bytes".into(), &Uint8Array::from(file.bytes.as_slice()))?;
    Ok(object.into())
}

fn files_from_js(files: &JsValue) -> Result<Vec<ExportedFile>> {
    if !Array::is_array(files) {
        return Err(Error::input("files", "must be an array of { path, bytes }"));
    }
    let one = |(at, file): (usize, JsValue)| {
        let field = |key: &str| format!("files[{at}].{key}");
        let get =
            |key: &str| Reflect::get(&file, &key.into()).map_err(|_| Error::input(field(key), "is missing"));
        let path = get("path")?.as_string().ok_or_else(|| Error::input(field("path"), "must be a string"))?;
        let bytes = bytes_of(get("bytes")?, || field("bytes"))?;
        Ok(ExportedFile { path, bytes })
    };
    Array::from(files).iter().enumerate().map(one).collect()
}
