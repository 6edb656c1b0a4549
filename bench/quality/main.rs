//! Trains and measures on whole collections, natively: the worker behind `node bench/quality.mjs`.
//!
//! In: one [`Request`] a line on standard input. Out: for each, in order, one JSON line on standard output: the request,
//! what the collection came to, every field of the verdict but `perQuery`, and seconds; or the request with an `error`.
//! Embeddings of untrained weights are kept on disk, so a collection is encoded once and trained on many times.
//!
//! ```sh
//! echo '{"data": "../shared/data/cranfield", "train": "qrels.tsv", "folds": {"of": 5, "fold": 0}}' |
//!   cargo run --features cpu --example quality -- MODEL CACHE
//! ```

mod cache;
mod collection;
mod request;
mod run;

use request::Request;
use run::Worker;
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (model, cache, eight_bits) = match arguments.as_slice() {
        [model, cache] => (model, cache, false),
        [model, cache, precision] if precision == "int8" => (model, cache, true),
        _ => {
            eprintln!("usage: quality MODEL CACHE [int8] < requests.jsonl");
            return ExitCode::from(2);
        }
    };
    match work(Path::new(model), Path::new(cache), eight_bits) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

/// Answers every line until there are no more. A request that fails is answered too: the next may well be fine.
fn work(model: &Path, cache: &Path, eight_bits: bool) -> Result<(), String> {
    let mut worker = Worker::new(model, cache, eight_bits)?;
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| error.to_string())?;
        if line.trim().is_empty() {
            continue;
        }
        let answer = answer(&mut worker, &line);
        writeln!(out, "{answer}").and_then(|()| out.flush()).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn answer(worker: &mut Worker, line: &str) -> Value {
    let run = |worker: &mut Worker| {
        let request: Request = serde_json::from_str(line).map_err(|error| error.to_string())?;
        worker.run(&request)
    };
    let asked: Value = serde_json::from_str(line).unwrap_or_default();
    match run(worker) {
        Ok(row) => json!({ "request": asked, "row": row }),
        Err(error) => json!({ "request": asked, "error": error }),
    }
}
