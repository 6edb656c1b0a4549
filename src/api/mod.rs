//! The border to JavaScript: translates and delegates, nothing else.
//!
//! Plain objects and typed arrays cross; errors leave as `Error` objects with a `code`. The shapes are written down once,
//! in the package's `engine.ts`.

mod answering;
mod convert;
mod engine;
mod folders;
mod judging;
mod searching;

pub use engine::Engine;

use wasm_bindgen::prelude::wasm_bindgen;

#[cfg(feature = "webgpu")]
unsafe extern "C" {
    fn __wasm_call_ctors();
}

/// Runs once, when the module is instantiated.
#[wasm_bindgen(start)]
pub fn start() {
    // Shader dialects register themselves through constructors. The linker calls them at the top of every export unless
    // the module calls them itself, and calling twice registers twice.
    #[cfg(feature = "webgpu")]
    // SAFETY: the linker provides it, it takes nothing, and the start function runs once.
    unsafe {
        __wasm_call_ctors();
    }
    console_error_panic_hook::set_once();
}

/// The first fault of the GPU as `{ code, message }`, or undefined. Readable even after a panic has ended the instance.
#[wasm_bindgen]
pub fn fault() -> wasm_bindgen::JsValue {
    crate::encoder::check().err().map_or(wasm_bindgen::JsValue::UNDEFINED, convert::error)
}
