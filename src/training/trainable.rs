//! What trains: a ladder, cheapest first.

use serde::{Deserialize, Serialize};

/// A rung. Word embeddings stay frozen on every one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Trainable {
    /// A residual linear map on frozen embeddings.
    #[default]
    Head,
    /// Low-rank updates of some linear maps.
    Lora,
    /// The last so many layers.
    Layers(usize),
    /// Every layer, positions and all norms.
    Full,
}

impl TryFrom<String> for Trainable {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        let layers = |count: &str| count.parse().ok().filter(|&count| count > 0).map(Self::Layers);
        let known = match word.as_str() {
            "head" => Some(Self::Head),
            "lora" => Some(Self::Lora),
            "full" => Some(Self::Full),
            other => other.strip_prefix("layers:").and_then(layers),
        };
        known.ok_or_else(|| {
            format!(
                "trainable must be \"head\", \"lora\", \"layers:1\" (or more) or \"full\", got \"{word}\""
            )
        })
    }
}

impl From<Trainable> for String {
    fn from(rung: Trainable) -> Self {
        match rung {
            Trainable::Head => "head".into(),
            Trainable::Lora => "lora".into(),
            Trainable::Layers(count) => format!("layers:{count}"),
            Trainable::Full => "full".into(),
        }
    }
}
