//! Why a score is what it is.

use std::fmt;

use serde::Serialize;

/// A number, what it stands for, and the numbers that it was made from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// What the value is and how it comes from the details.
    pub description: String,
    /// The value.
    pub value: f32,
    /// What it was made from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Explanation>,
}

impl Explanation {
    /// A number that needs no further explanation.
    pub fn leaf(description: impl Into<String>, value: f32) -> Self {
        Self::node(description, value, Vec::new())
    }

    /// A number made from others.
    pub fn node(description: impl Into<String>, value: f32, details: Vec<Explanation>) -> Self {
        Self { description: description.into(), value, details }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        writeln!(f, "{:indent$}{:.4}  {}", "", self.value, self.description, indent = depth * 2)?;
        self.details.iter().try_for_each(|detail| detail.write(f, depth + 1))
    }
}

/// The tree, one line a number, indented.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}
