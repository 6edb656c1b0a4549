//! Values across the border.

use crate::encoder::Source;
use crate::error::{Error, Result};
use js_sys::{Reflect, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
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

/// Bytes that stay on the other side of the border until they are read.
pub(super) struct HeldBytes(Uint8Array);

impl HeldBytes {
    /// Those under a key of an object, if they are there.
    pub(super) fn under(object: &JsValue, key: &str) -> Result<Option<Self>> {
        Ok(array(object, key)?.map(Self))
    }
}

impl Source for HeldBytes {
    fn length(&self) -> usize {
        self.0.length() as usize
    }

    fn read(&self, at: usize, into: &mut [u8]) -> Result<()> {
        let end = at.saturating_add(into.len());
        // Whoever passed the bytes may have given them away meanwhile.
        if end > self.length() {
            return Err(Error::input("files.weights", "is shorter than it was"));
        }
        // Offsets in a module of 32 bits.
        self.0.subarray(at as u32, end as u32).copy_to(into);
        Ok(())
    }
}

fn array(object: &JsValue, key: &str) -> Result<Option<Uint8Array>> {
    let value = Reflect::get(object, &key.into()).map_err(|_| Error::input("files", "must be an object"))?;
    if value.is_undefined() || value.is_null() {
        return Ok(None);
    }
    array_of(value, || format!("files.{key}")).map(Some)
}

fn array_of(value: JsValue, field: impl FnOnce() -> String) -> Result<Uint8Array> {
    value.dyn_into().map_err(|_| Error::input(field(), "must be a Uint8Array"))
}
