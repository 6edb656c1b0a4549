//! Values across the border.

use crate::error::{Error, Result};
use js_sys::{Reflect, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;

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
    let value = Reflect::get(object, &key.into()).map_err(|_| Error::input("files", "must be an object"))?;
    if value.is_undefined() || value.is_null() {
        return Ok(None);
    }
    bytes_of(value, || format!("files.{key}")).map(Some)
}

/// A copy of a `Uint8Array`, which errors call by the name of `field`.
pub(super) fn bytes_of(value: JsValue, field: impl FnOnce() -> String) -> Result<Vec<u8>> {
    if !value.is_instance_of::<Uint8Array>() {
        return Err(Error::input(field(), "must be a Uint8Array"));
    }
    Ok(Uint8Array::from(value).to_vec())
}

use wasm_bindgen::JsCast;
