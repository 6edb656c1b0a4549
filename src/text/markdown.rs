//! As much Markdown as it takes to see what a reader sees: which lines belong together, and which are not prose.
//!
//! Plain text passes through: it is paragraphs between blank lines. The rules are CommonMark's (<https://spec.commonmark.org>)
//! for fences, ATX headings, list items, quotes and link definitions; indented code and setext headings are read as prose.

use std::ops::Range;

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BlockKind {
    /// An ATX heading of this level, 1 to 6.
    Heading(usize),
    /// A list item.
    Item,
    /// One row of a table.
    Row,
    /// A paragraph, or a quote.
    Prose,
}

/// A run of lines to be read as one, without the marker before it. Code, HTML lines, link definitions and rules are in none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) kind: BlockKind,
    /// Bytes of the text.
    pub(super) range: Range<usize>,
    /// Where its first line starts, marker included.
    pub(super) line: usize,
}

/// Characters in a link target, at most: nothing but an address and a title stands in one.
const LONGEST_TARGET: usize = 300;

/// The blocks of a text, in order.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut fence, mut open, mut start) = (None, false, 0);
    for line in text.split_inclusive('\n') {
        let (at, body) = (start, line.trim_end());
        start += line.len();
        let indent = body.len() - body.trim_start().len();
        let inner = &body[indent..];
        if let Some(opening) = fence {
            fence = Some(opening).filter(|_| !closes(inner, opening));
            continue;
        }
        fence = opens_fence(inner);
        let begun = match () {
            () if fence.is_some() || is_not_prose(inner) => None,
            () => begin(inner),
        };
        match begun {
            Some((kind, marker, content)) => {
                let from = at + indent + marker;
                blocks.push(Block { kind, range: from..from + content, line: at });
                open = kind == BlockKind::Item;
            }
            None if fence.is_some() || is_not_prose(inner) => open = false,
            None => match blocks.last_mut() {
                Some(last) if open => last.range.end = at + body.len(),
                _ => {
                    let quote = inner.len() - inner.trim_start_matches(['>', ' ']).len();
                    let range = at + indent + quote..at + body.len();
                    blocks.push(Block { kind: BlockKind::Prose, range, line: at });
                    open = true;
                }
            },
        }
    }
    blocks.retain(|block| text[block.range.clone()].chars().any(char::is_alphanumeric));
    blocks
}

/// The fence that a line opens: its character and how often it stands.
fn opens_fence(line: &str) -> Option<(char, usize)> {
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let count = line.chars().take_while(|&c| c == mark).count();
    // "```code```" in one line is a code span.
    (count >= 3 && !line[count..].contains('`')).then_some((mark, count))
}

fn closes(line: &str, (mark, count): (char, usize)) -> bool {
    line.len() >= count && line.chars().all(|c| c == mark)
}

/// Blank lines, rules, HTML lines, link definitions and the lines below a table's head.
fn is_not_prose(line: &str) -> bool {
    let html = line.starts_with('<') && line.ends_with('>') && !line.starts_with("<http");
    let definition = line.starts_with('[') && !line.starts_with("[^") && line.contains("]: ");
    html || definition || !line.chars().any(char::is_alphanumeric)
}

/// The kind, the length of the marker and that of the content, for a line that begins a block of its own.
fn begin(line: &str) -> Option<(BlockKind, usize, usize)> {
    if line.starts_with('|') {
        return Some((BlockKind::Row, 1, line.len() - 1));
    }
    let level = line.bytes().take_while(|&b| b == b'#').count();
    if (1..=6).contains(&level) && line[level..].starts_with([' ', '\t']) {
        let rest = line[level..].trim_start();
        let closing = rest.trim_end_matches('#');
        let content = if closing.ends_with([' ', '\t']) { closing.trim_end() } else { rest };
        return Some((BlockKind::Heading(level), line.len() - rest.len(), content.len()));
    }
    let marker = item_marker(line)?;
    let rest = line[marker..].trim_start();
    let rest = ["[ ] ", "[x] ", "[X] "].iter().find_map(|task| rest.strip_prefix(task)).unwrap_or(rest);
    Some((BlockKind::Item, line.len() - rest.len(), rest.len()))
}

/// The length of "- ", "* ", "+ ", "1. " or "1) ", with its white space.
fn item_marker(line: &str) -> Option<usize> {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let sign = line[digits..].chars().next()?;
    let fits = match digits {
        0 => matches!(sign, '-' | '*' | '+' | '•'),
        // A year ends sentences: "1984. It was a bright cold day".
        1..=3 => matches!(sign, '.' | ')'),
        _ => false,
    };
    let after = digits + sign.len_utf8();
    (fits && line[after..].starts_with([' ', '\t'])).then_some(after)
}

/// Where links point: the `(…)` of `[text](…)` and the `[…]` of `[text][…]`, as bytes of the text.
pub(super) fn link_targets(text: &str) -> Vec<Range<usize>> {
    let mut targets: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.match_indices(']') {
        let open = at + 1;
        let close = match text[open..].chars().next() {
            Some('(') => ')',
            Some('[') => ']',
            _ => continue,
        };
        // To look no further keeps the work linear.
        let mut window = text[open..].char_indices().take(LONGEST_TARGET);
        let Some((length, _)) = window.find(|&(_, c)| c == close) else { continue };
        let inside = &text[open + 1..open + length];
        if !inside.contains("\n\n") && targets.last().is_none_or(|last| last.end <= open) {
            targets.push(open..open + length + 1);
        }
    }
    targets
}

/// The text without marks of emphasis, code and links, its white space single: what a person would copy from the page.
pub(super) fn plain(text: &str) -> String {
    let targets = link_targets(text);
    let (mut out, mut in_code, mut escaped, mut line_start) = (String::new(), false, false, false);
    for (at, c) in text.char_indices() {
        let next = text[at + c.len_utf8()..].chars().next();
        let after_word = out.chars().next_back().is_some_and(char::is_alphanumeric);
        let before_word = next.is_some_and(char::is_alphanumeric);
        let literal = std::mem::take(&mut escaped) || in_code && c != '`';
        let dropped = match c {
            _ if targets.iter().any(|target| target.contains(&at)) => true,
            _ if literal => false,
            '`' => {
                in_code = !in_code;
                true
            }
            '*' => next.is_some_and(|c| !c.is_whitespace()) || !out.ends_with(' '),
            '_' => !(after_word && before_word),
            '[' | ']' => true,
            '>' => line_start,
            '!' => next == Some('['),
            '\\' => {
                escaped = next.is_some_and(|c| c.is_ascii_punctuation());
                escaped
            }
            _ => false,
        };
        line_start = c == '\n' || line_start && (c.is_whitespace() || c == '>');
        match c {
            _ if dropped => {}
            c if c.is_whitespace() && (out.is_empty() || out.ends_with(' ')) => {}
            c if c.is_whitespace() => out.push(' '),
            c => out.push(c),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds_and_texts(text: &str) -> Vec<(BlockKind, &str)> {
        blocks(text).into_iter().map(|block| (block.kind, &text[block.range])).collect()
    }

    #[test]
    fn blocks_are_told_apart() {
        use BlockKind::{Heading, Item, Prose, Row};
        let text = "## Keys ##\nOne\nline.\n\n- [ ] first\n  goes on\n2) second\n\n> quoted\n\n```sh\n# no heading\n```\nAfter.\n\
                    ---\n[ref]: https://x.y\n<br/>\n| a | b |\n|---|---|\n#hash";
        let expected = [
            (Heading(2), "Keys"),
            (Prose, "One\nline."),
            (Item, "first\n  goes on"),
            (Item, "second"),
            (Prose, "quoted"),
            (Prose, "After."),
            (Row, " a | b |"),
            (Prose, "#hash"),
        ];
        assert_eq!(kinds_and_texts(text), expected);
    }

    #[test]
    fn a_fence_that_is_never_closed_runs_to_the_end() {
        assert_eq!(kinds_and_texts("a\n~~~\nb\n```\nc"), [(BlockKind::Prose, "a")]);
    }

    #[test]
    fn plain_text_is_what_a_reader_sees() {
        let cases = [
            ("Use `a_b[0]` and *very*  _small_\nkeys.", "Use a_b[0] and very small keys."),
            ("See [the guide](https://x.y/z) or [this][ref], [that].", "See the guide or this, that."),
            ("2 * 3 is\n> six", "2 * 3 is six"),
            (r"not \*bold\*", "not *bold*"),
            ("snake_case stays! __init__ goes", "snake_case stays! init goes"),
        ];
        for (text, expected) in cases {
            assert_eq!(plain(text), expected);
        }
    }
}
