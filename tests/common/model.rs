//! The models that tests use: one checked in, one fetched by the set-up.

#![allow(dead_code, reason = "each test uses a part of this")]

use std::io::Write;
use std::path::{Path, PathBuf};

use nearmiss::encoder::ModelFiles;

/// The bytes of a model's files.
#[derive(Clone)]
pub struct Files {
    pub config: Vec<u8>,
    pub tokenizer: Vec<u8>,
    pub weights: Vec<u8>,
    pub pooling: Option<Vec<u8>>,
    pub sentence_bert: Option<Vec<u8>>,
    pub modules: Option<Vec<u8>>,
}

impl Files {
    fn read(folder: &Path) -> std::io::Result<Self> {
        let file = |name: &str| std::fs::read(folder.join(name));
        Ok(Self {
            config: file("config.json")?,
            tokenizer: file("tokenizer.json")?,
            weights: file("model.safetensors")?,
            pooling: file("1_Pooling/config.json").ok(),
            sentence_bert: file("sentence_bert_config.json").ok(),
            modules: file("modules.json").ok(),
        })
    }

    pub fn borrow(&self) -> ModelFiles<'_> {
        ModelFiles {
            config: &self.config,
            tokenizer: &self.tokenizer,
            weights: &self.weights,
            pooling: self.pooling.as_deref(),
            sentence_bert: self.sentence_bert.as_deref(),
            modules: self.modules.as_deref(),
        }
    }
}

/// The checked-in BERT of random weights.
pub fn tiny() -> Files {
    Files::read(&root().join("tests/fixtures/tiny-bert")).expect("the fixture is checked in")
}

/// all-MiniLM-L6-v2 where the set-up puts it; says so and gives none without it.
pub fn minilm() -> Option<Files> {
    let folder = root().join("www/public/models/all-MiniLM-L6-v2");
    let files = Files::read(&folder).ok();
    if files.is_none() {
        // Written past the harness, which swallows `eprintln!` of passing tests.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: {} is absent; `npm run build` fetches it",
            folder.display()
        );
    }
    files
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
