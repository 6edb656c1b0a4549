//! The map of the rooms, held: a file of `src` may name only the rooms below its own.
//!
//!     api ─► tuner ─► training, mining, evaluation, index, text ─► encoder, loss
//!         ─► embeddings, tokenizer, dataset ─► error
//!
//! Every `crate::room` outside comments counts, in a `use` line or not, tests included.

use std::path::{Path, PathBuf};

/// Each room and what it may import. `mining` may know the shape of a hit, and nothing else of its neighbour; `training` may
/// name the choices of mining, which are among the choices of a run.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("embeddings", &["error"]),
    ("tokenizer", &["error"]),
    ("dataset", &["error"]),
    ("loss", &["embeddings", "dataset", "error"]),
    ("encoder", &["embeddings", "tokenizer", "dataset", "error"]),
    ("index", &["embeddings", "dataset", "error"]),
    ("mining", &["index::Hit", "embeddings", "dataset", "error"]),
    ("evaluation", &["embeddings", "dataset", "error"]),
    ("text", &["embeddings", "tokenizer", "dataset", "error"]),
    (
        "training",
        &[
            "encoder",
            "loss",
            "mining::Curriculum",
            "mining::MiningOptions",
            "mining::Strategy",
            "text::AugmentOptions",
            "embeddings",
            "tokenizer",
            "dataset",
            "error",
        ],
    ),
    (
        "tuner",
        &[
            "training",
            "mining",
            "evaluation",
            "index",
            "text",
            "encoder",
            "loss",
            "embeddings",
            "tokenizer",
            "dataset",
            "error",
        ],
    ),
    (
        "api",
        &[
            "tuner",
            "training",
            "mining",
            "evaluation",
            "index",
            "text",
            "encoder",
            "loss",
            "embeddings",
            "tokenizer",
            "dataset",
            "error",
        ],
    ),
];

/// The imports of `source`, a file of `room`, that the map forbids.
fn forbidden(room: &str, source: &str) -> Vec<String> {
    let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == room) else {
        return vec![format!("{room} is not on the map: add it to MAY_IMPORT and to the design")];
    };
    let own = format!("{room}::");
    let fine = |import: &String| {
        *import == room
            || import.starts_with(&own)
            || allowed.iter().any(|allowed| import == allowed || import.starts_with(&format!("{allowed}::")))
    };
    imports(source).into_iter().filter(|import| !fine(import)).collect()
}

/// Every path below `crate` that the source names: `use crate::{a, b::{C, D}}` gives a, b::C and b::D.
fn imports(source: &str) -> Vec<String> {
    let code: String = source.lines().map(without_comment).collect::<Vec<_>>().join("\n");
    let paths = code.match_indices("crate::").filter(|(at, _)| !is_part_of_a_word(&code[..*at]));
    paths.flat_map(|(at, prefix)| expand(&code[at + prefix.len()..])).collect()
}

fn without_comment(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

fn is_part_of_a_word(before: &str) -> bool {
    before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// The paths that a path or a group of them, at the start of `rest`, stands for.
fn expand(rest: &str) -> Vec<String> {
    let rest = rest.trim_start();
    if let Some(group) = rest.strip_prefix('{') {
        return split_group(group).into_iter().flat_map(expand).collect();
    }
    let name: String = rest.chars().take_while(|&c| c.is_alphanumeric() || c == '_' || c == '*').collect();
    match rest[name.len()..].strip_prefix("::") {
        Some(tail) if !name.is_empty() => {
            expand(tail).into_iter().map(|tail| format!("{name}::{tail}")).collect()
        }
        _ => vec![name],
    }
}

/// The items of a group whose opening brace is already read.
fn split_group(group: &str) -> Vec<&str> {
    let (mut items, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' if depth == 0 => {
                items.push(&group[start..at]);
                start = at + 1;
            }
            '}' => {
                items.push(&group[start..at]);
                break;
            }
            _ => {}
        }
    }
    items.retain(|item| !item.trim().is_empty());
    items
}

/// Rust files below a folder, in order.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    // A crate of its own cannot name this one: Cargo refuses circles.
    entries.retain(|path| !path.join("Cargo.toml").exists());
    let files = entries.into_iter().flat_map(|path| match path.is_dir() {
        true => rust_files(&path),
        false => vec![path],
    });
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

#[test]
fn no_room_imports_upwards_or_sideways() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = rust_files(&src);
    assert!(files.len() > 20, "the rooms were found below {}", src.display());
    let mut found = Vec::new();
    for path in files {
        let inside = path.strip_prefix(&src).unwrap();
        let first = Path::new(inside.components().next().unwrap().as_os_str());
        let room = first.file_stem().unwrap().to_str().unwrap();
        if room == "lib" {
            continue; // declares the rooms
        }
        let source = std::fs::read_to_string(&path).unwrap();
        found.extend(
            forbidden(room, &source).into_iter().map(|import| format!("{}: {import}", inside.display())),
        );
    }
    assert!(found.is_empty(), "imports against the map:\n{}", found.join("\n"));
}

#[test]
fn a_forbidden_import_is_caught() {
    let upward = "use crate::tuner::Tuner;";
    assert_eq!(forbidden("index", upward), ["tuner::Tuner"]);
    let sideways = "use crate::{error::Result, evaluation::{Metrics, Report}};";
    assert_eq!(forbidden("mining", sideways), ["evaluation::Metrics", "evaluation::Report"]);
    let inline = "let x = crate::encoder::load();";
    assert_eq!(forbidden("evaluation", inline), ["encoder::load"]);
    assert_eq!(forbidden("mining", "use crate::index::{Hit, Bm25};"), ["index::Bm25"]);
    assert_eq!(forbidden("loss", "pub(crate) use crate::\n    text::Chunk;"), ["text::Chunk"]);
    assert_eq!(forbidden("mining", "use crate::{\n    error::Error,\n    training,\n};"), ["training"]);
    assert_eq!(forbidden("attic", "").len(), 1, "a room that is not on the map");
}

#[test]
fn allowed_imports_pass() {
    let source = "
        //! See crate::tuner.
        use crate::dataset::{Corpus, Document}; // not crate::api
        pub use crate::index::Hit;
        use crate::mining::filters;
        use my_crate::tuner;
        pub(crate) fn f() -> crate::error::Result<()> {}
    ";
    assert_eq!(forbidden("mining", source), Vec::<String>::new());
}
