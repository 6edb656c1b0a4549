//! Values across the border.

use crate::encoder::Source;
use crate::error::{Error, Result};
use js_sys::{Reflect, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

/// An `Error` object with the stable `code`.
pub(super) fn error(error: Error) -> JsValue {
    let object = js_sys::Error::new(&error.to_string());
    object.set_name("NearmissError");
    // Setting a property of an object made a line above cannot fail.
    let _ = Reflect::set(&object, &"code".into(), &error.code().into());
    object.into()
}

/// Plain objects, arrays, numbers, strings, null, and bytes as a `Uint8Array`.
pub(super) fn to_js<T: Serialize + ?Sized>(value: &T) -> std::result::Result<JsValue, JsValue> {
    value
        .serialize(&serde_wasm_bindgen::Serializer::json_compatible().serialize_bytes_as_arrays(false))
        .map_err(|e| error(Error::Internal { reason: e.to_string() }))
}

/// Reads what a caller passed; undefined and null read as the default.
pub(super) fn from_js<T: DeserializeOwned + Default>(
    value: JsValue,
    field: &str,
) -> std::result::Result<T, JsValue> {
    if value.is_undefined() || value.is_null() {
        return Ok(T::default());
    }
    serde_wasm_bindgen::from_value(value).map_err(|e| error(Error::input(field, e.to_string())))
}

/// The bytes under a key of an object, if they are there.
pub(super) fn bytes(object: &JsValue, key: &str) -> Result<Option<Vec<u8>>> {
    Ok(array(object, key)?.map(|bytes| bytes.to_vec()))
}

/// A copy of a `Uint8Array`, which errors call by the name of `field`.
pub(super) fn bytes_of(value: JsValue, field: impl FnOnce() -> String) -> Result<Vec<u8>> {
    array_of(value, field).map(|bytes| bytes.to_vec())
}

#[wasm_bindgen]
extern "C" {
    /// A file that is read piece by piece, of which no copy is in memory.
    pub(super) type Reader;

    #[wasm_bindgen(method, getter)]
    fn length(this: &Reader) -> f64;

    /// So many bytes from `at` on.
    #[wasm_bindgen(method, catch)]
    fn read(this: &Reader, at: f64, length: f64) -> std::result::Result<JsValue, JsValue>;
}

/// Bytes that stay on the other side of the border until they are read: there in an array, or wherever a reader finds them.
pub(super) enum HeldBytes {
    Array(Uint8Array),
    Reader(Reader),
}

impl HeldBytes {
    /// Those under a key of an object, if they are there.
    pub(super) fn under(object: &JsValue, key: &str) -> Result<Option<Self>> {
        match value(object, key)? {
            Some(value) if Reflect::get(&value, &"read".into()).is_ok_and(|read| read.is_function()) => {
                Ok(Some(Self::Reader(value.unchecked_into())))
            }
            Some(value) => array_of(value, || format!("files.{key}")).map(|array| Some(Self::Array(array))),
            None => Ok(None),
        }
    }
}

impl Source for HeldBytes {
    fn length(&self) -> usize {
        match self {
            Self::Array(array) => array.length() as usize,
            Self::Reader(reader) => reader.length() as usize,
        }
    }

    fn read(&self, at: usize, into: &mut [u8]) -> Result<()> {
        let end = at.saturating_add(into.len());
        // Whoever passed the bytes may have given them away meanwhile.
        let shorter = || Error::input("files.weights", "is shorter than it was");
        if end > self.length() {
            return Err(shorter());
        }
        let piece = match self {
            // Offsets in a module of 32 bits.
            Self::Array(array) => array.subarray(at as u32, end as u32),
            Self::Reader(reader) => {
                let read = reader.read(at as f64, into.len() as f64);
                let failed = |e: JsValue| Error::input("files.weights", format!("could not be read: {e:?}"));
                array_of(read.map_err(failed)?, || "files.weights".into())?
            }
        };
        if piece.length() as usize != into.len() {
            return Err(shorter());
        }
        piece.copy_to(into);
        Ok(())
    }
}

fn array(object: &JsValue, key: &str) -> Result<Option<Uint8Array>> {
    value(object, key)?.map(|value| array_of(value, || format!("files.{key}"))).transpose()
}

fn value(object: &JsValue, key: &str) -> Result<Option<JsValue>> {
    let value = Reflect::get(object, &key.into()).map_err(|_| Error::input("files", "must be an object"))?;
    Ok((!value.is_undefined() && !value.is_null()).then_some(value))
}

fn array_of(value: JsValue, field: impl FnOnce() -> String) -> Result<Uint8Array> {
    value.dyn_into().map_err(|_| Error::input(field(), "must be a Uint8Array"))
}
