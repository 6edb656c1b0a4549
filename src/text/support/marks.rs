//! Where an answer cites: `[1]`, `[2, 3]`, `[1][2]`.

use std::ops::Range;

/// Digits of a citation's number, at most: longer ones are years and amounts in brackets, and `[2024]` is within.
const DIGITS: usize = 4;

/// One pair of brackets with numbers in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// Bytes of the text, brackets included.
    pub(super) range: Range<usize>,
    /// Each number, and the bytes of its digits.
    pub(super) numbers: Vec<(u32, Range<usize>)>,
}

/// The citation marks of a text, in order. Those in code spans and the texts of links, as in `[1](address)`, are none.
pub(super) fn marks(text: &str) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find(['[', '`']) {
        let open = at + found;
        if text[open..].starts_with('`') {
            at = after_code(text, open);
            continue;
        }
        at = open + 1;
        let Some(length) = text[at..].find([']', '[']) else { break };
        let Some(numbers) = numbers(text, at..at + length) else { continue };
        let end = at + length + 1;
        if text[at + length..].starts_with(']') && !text[end..].starts_with('(') {
            marks.push(Mark { range: open..end, numbers });
            at = end;
        }
    }
    marks
}

/// Behind the code span that opens here, or behind the backticks when they close nothing on their line.
fn after_code(text: &str, open: usize) -> usize {
    let ticks = text[open..].bytes().take_while(|&b| b == b'`').count();
    let fence = &text[open..open + ticks];
    let body = open + ticks;
    let line = text[body..].find('\n').map_or(text.len(), |length| body + length);
    text[body..line].find(fence).map_or(body, |length| body + length + ticks)
}

/// Numbers parted by commas or semicolons, and nothing else; none for anything else.
fn numbers(text: &str, inside: Range<usize>) -> Option<Vec<(u32, Range<usize>)>> {
    let mut numbers = Vec::new();
    let mut from = inside.start;
    for part in text[inside].split([',', ';']) {
        let digits = part.trim();
        let fits = (1..=DIGITS).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        let number: u32 = digits.parse().ok().filter(|_| fits)?;
        let start = from + (part.len() - part.trim_start().len());
        numbers.push((number, start..start + digits.len()));
        from += part.len() + 1;
    }
    Some(numbers)
}

/// The text with every mark blanked out, byte for byte: what follows a full stop then follows it at once.
pub(super) fn without(text: &str, marks: &[Mark]) -> String {
    let mut blank = String::with_capacity(text.len());
    let mut at = 0;
    for mark in marks {
        blank.push_str(&text[at..mark.range.start]);
        blank.extend(std::iter::repeat_n(' ', mark.range.len()));
        at = mark.range.end;
    }
    blank.push_str(&text[at..]);
    blank
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_numbers_in_brackets() {
        let cases: [(&str, &[&[u32]]); 9] = [
            ("Keys expire [1].", &[&[1]]),
            ("a[2, 3][1]b", &[&[2, 3], &[1]]),
            ("[ 4 ;5 ]", &[&[4, 5]]),
            ("[0] [[7]]", &[&[0], &[7]]),
            ("[] [a] [1a] [1-3] [-1] [1,] [12345] [", &[]),
            ("see [1](https://x.y) and [2]", &[&[2]]),
            ("`rows[1]` or ``a ` b [2]`` but [3]", &[&[3]]),
            ("a ` b [1]\n` [2]", &[&[1], &[2]]),
            ("[１]", &[]),
        ];
        for (text, expected) in cases {
            let found: Vec<Vec<u32>> = marks(text)
                .iter()
                .map(|mark| mark.numbers.iter().map(|(number, _)| *number).collect())
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn spans_are_those_of_brackets_and_digits() {
        let text = "é [10, 2] x";
        let found = marks(text);
        assert_eq!(&text[found[0].range.clone()], "[10, 2]");
        assert_eq!(found[0].numbers.iter().map(|(_, at)| &text[at.clone()]).collect::<Vec<_>>(), ["10", "2"]);
        assert_eq!(without(text, &found), "é         x");
    }
}
