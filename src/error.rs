//! Everything that can go wrong, once.
//!
//! Each variant carries what a person needs to mend it and maps to one stable `code`, which is what JavaScript sees.
//! No JavaScript type stands here: `api` translates.

/// The one error type of the crate.
// Each field is named in the message of its variant.
#[allow(missing_docs)]
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// No usable WebGPU adapter, or one that lacks a feature the stack needs.
    #[error("WebGPU cannot be used: {reason}. Choose the CPU device instead.")]
    WebGpuUnavailable { reason: String },
    /// The GPU went away, or reported an error that makes its results worthless.
    #[error(
        "the GPU device was lost: {reason}. Documents and judgments are intact; start again in a fresh page or worker, or use the CPU device."
    )]
    DeviceLost { reason: String },
    /// An allocation failed or would exceed the address space.
    #[error("out of memory: {reason}. Use smaller batches, shorter inputs, or fewer documents.")]
    OutOfMemory { reason: String },
    /// A model file that cannot be read, or an architecture this encoder does not have.
    #[error("the model's {file} cannot be used: {reason}")]
    ModelInvalid { file: String, reason: String },
    /// Weights, embeddings or an adapter made for another model.
    #[error("made for another model: {what} is {got}, this model has {expected}")]
    ModelMismatch { what: String, expected: String, got: String },
    /// `tokenizer.json` cannot be read, or failed on a text.
    #[error("the tokenizer cannot be used: {reason}")]
    TokenizerInvalid { reason: String },
    /// Something a caller passed in.
    #[error("{field}: {reason}")]
    InputInvalid { field: String, reason: String },
    /// Too little to index, mine, train on or measure.
    #[error("not enough data: {what} (needs at least {needed}, has {got})")]
    InsufficientData { what: String, needed: usize, got: usize },
    /// The caller gave up.
    #[error("cancelled")]
    Aborted,
    /// A bug of ours.
    #[error("internal error: {reason}")]
    Internal { reason: String },
}

/// `Result` with the crate's error.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The stable name that JavaScript callers switch on.
    pub fn code(&self) -> &'static str {
        match self {
            Error::WebGpuUnavailable { .. } => "WEBGPU_UNAVAILABLE",
            Error::DeviceLost { .. } => "DEVICE_LOST",
            Error::OutOfMemory { .. } => "OUT_OF_MEMORY",
            Error::ModelInvalid { .. } => "MODEL_INVALID",
            Error::ModelMismatch { .. } => "MODEL_MISMATCH",
            Error::TokenizerInvalid { .. } => "TOKENIZER_INVALID",
            Error::InputInvalid { .. } => "INPUT_INVALID",
            Error::InsufficientData { .. } => "INSUFFICIENT_DATA",
            Error::Aborted => "ABORTED",
            Error::Internal { .. } => "INTERNAL",
        }
    }

    /// Shorthand for the most common refusal.
    pub fn input(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Error::InputInvalid { field: field.into(), reason: reason.into() }
    }
}
