//! Text files, line by line.

use crate::error::Error;

/// The lines that hold something, with their numbers from 1; a byte order mark is skipped.
pub(super) fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().enumerate();
    lines.map(|(at, line)| (at + 1, line)).filter(|(_, line)| !line.trim().is_empty())
}

/// A refusal that names the file and its line.
pub(super) fn at(file: &str, line: usize, reason: String) -> Error {
    Error::input(format!("{file}, line {line}"), reason)
}
