//! Embeddings on disk: every text of a collection is encoded once for a model.

use nearmiss::dataset::{Judgment, Split};
use nearmiss::encoder::Tower;
use nearmiss::error::Error;
use nearmiss::tuner::{Job, Mode, Tuner};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// An encoding that is cut short loses at most this.
const SAVE_EVERY: Duration = Duration::from_secs(60);

/// Rows of untrained weights, under the tuner's own keys.
pub struct Cache {
    file: PathBuf,
    keys: Vec<String>,
    rows: Vec<f32>,
    /// Queries that have a row for certain.
    known: HashSet<String>,
}

impl Cache {
    /// What is there for this collection and model; nothing if the file is absent or cannot be read.
    pub fn open(folder: &Path, data: &Path, tuner: &Tuner) -> Self {
        let name = data.file_name().map_or("collection".into(), |name| name.to_string_lossy().into_owned());
        let file =
            folder.join(format!("{name}-{:016x}.vectors", tuner.encoder().fingerprint(Tower::Document)));
        let (keys, rows) = std::fs::read(&file).ok().and_then(|bytes| parse(&bytes)).unwrap_or_default();
        Self { file, keys, rows, known: HashSet::new() }
    }

    /// Gives an untrained tuner its vectors, and encodes what is missing of its documents and queries.
    pub async fn fill(&mut self, tuner: &mut Tuner) -> Result<(), String> {
        let failed = |error: Error| error.to_string();
        tuner.put_vectors(&self.keys, self.rows.clone(), None).map_err(failed)?;
        self.pull(tuner, Job::index(tuner).map_err(failed)?).await?;
        let judged = tuner.judgments().all();
        let queries: HashSet<String> =
            judged.into_iter().map(|judgment: &Judgment| judgment.query.clone()).collect();
        if !queries.is_subset(&self.known) {
            // An evaluation encodes the queries that it needs; its numbers are of no use here.
            let measurable =
                |side| tuner.judgments().queries(side, 0).iter().any(|query| !query.positives.is_empty());
            let sides: Vec<Split> =
                [Split::Train, Split::HeldOut].into_iter().filter(|side| measurable(*side)).collect();
            for side in sides {
                self.pull(tuner, Job::evaluate(tuner, side, Mode::Dense).map_err(failed)?).await?;
            }
            self.known.extend(queries);
        }
        if tuner.vectors(None, 0).0.len() > self.keys.len() { self.save(tuner) } else { Ok(()) }
    }

    /// Runs a job to its end, saving now and then.
    async fn pull(&mut self, tuner: &mut Tuner, mut job: Job) -> Result<(), String> {
        let mut saved = Instant::now();
        while job.next(tuner).await.map_err(|error| error.to_string())?.is_some() {
            if saved.elapsed() > SAVE_EVERY {
                self.save(tuner)?;
                eprintln!("{}: {} texts encoded", self.file.display(), self.keys.len());
                saved = Instant::now();
            }
        }
        Ok(())
    }

    /// Whole or not at all: a second process may be reading.
    fn save(&mut self, tuner: &Tuner) -> Result<(), String> {
        let (keys, rows) = tuner.vectors(None, 0);
        (self.keys, self.rows) = (keys, rows.to_vec());
        let part = self.file.with_extension(format!("part-{}", std::process::id()));
        let failed = |error: std::io::Error| format!("{}: {error}", part.display());
        if let Some(folder) = self.file.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        std::fs::write(&part, format(&self.keys, &self.rows)).map_err(failed)?;
        std::fs::rename(&part, &self.file).map_err(failed)
    }
}

/// A line of keys, then the rows as little-endian floats.
fn format(keys: &[String], rows: &[f32]) -> Vec<u8> {
    let mut bytes = keys.join(" ").into_bytes();
    bytes.push(b'\n');
    bytes.extend(rows.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

fn parse(bytes: &[u8]) -> Option<(Vec<String>, Vec<f32>)> {
    let end = bytes.iter().position(|&byte| byte == b'\n')?;
    let keys = std::str::from_utf8(&bytes[..end]).ok()?.split_whitespace().map(str::to_owned).collect();
    let (values, rest) = bytes[end + 1..].as_chunks::<4>();
    rest.is_empty().then(|| (keys, values.iter().map(|&value| f32::from_le_bytes(value)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let (keys, rows) = (vec!["0a".to_owned(), "ff".to_owned()], vec![0.5, -1.0, f32::MIN_POSITIVE, 10.0]);
        let bytes = format(&keys, &rows);
        assert_eq!(parse(&bytes), Some((keys, rows)));
        assert_eq!(parse(&bytes[..bytes.len() - 1]), None);
    }
}
