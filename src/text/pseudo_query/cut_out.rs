//! A document without the words of its query.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::text::markdown::link_targets;

/// The content without the places where the query's words stand, in their order; case, white space, punctuation and marks of
/// Markdown between them may differ. The content unchanged where they do not stand, or where nothing else does.
///
/// ```
/// use nearmiss::text::cut_out;
///
/// let content = "Keys Rotate the **signing\nkey** yearly! Old keys leak. ROTATE the signing key yearly.";
/// assert_eq!(cut_out(content, "Rotate the signing key yearly"), "Keys Old keys leak.");
/// assert_eq!(cut_out("Rotate.", "Rotate"), "Rotate.");
/// ```
pub fn cut_out(content: &str, query: &str) -> String {
    let wanted: Vec<String> =
        words(query, &link_targets(query)).into_iter().map(|(_, word)| word.to_lowercase()).collect();
    let mut rest = content.to_string();
    // Each cut takes words away, so this ends.
    while let Some(shorter) = cut_one(&rest, &wanted) {
        rest = shorter;
    }
    if rest.chars().any(char::is_alphanumeric) { rest } else { content.to_string() }
}

/// Without the first place where these words stand, given in lower case; none where they do not.
fn cut_one(content: &str, wanted: &[String]) -> Option<String> {
    let targets = link_targets(content);
    let found = words(content, &targets);
    if wanted.is_empty() {
        return None;
    }
    let equal = |window: &[(usize, &str)]| {
        window.iter().zip(wanted).all(|((_, word), wanted)| word.to_lowercase() == *wanted)
    };
    let window = found.windows(wanted.len()).find(|window| equal(window))?;
    let (start, (last, word)) = (window[0].0, window[wanted.len() - 1]);
    let range = with_marks(content, start..last + word.len(), &targets);
    let (before, after) = (content[..range.start].trim_end(), content[range.end..].trim_start());
    // A line or paragraph that ended beside the cut still ends there.
    let gap = [&content[before.len()..range.start], &content[range.end..content.len() - after.len()]];
    let between = match () {
        () if before.is_empty() || after.is_empty() => "",
        () if gap.iter().any(|gap| gap.contains("\n\n")) => "\n\n",
        () if gap.iter().any(|gap| gap.contains('\n')) => "\n",
        () => " ",
    };
    Some([before, between, after].concat())
}

/// The words with their places, those inside link targets left out; "a_b" is two.
fn words<'a>(text: &'a str, targets: &[Range<usize>]) -> Vec<(usize, &'a str)> {
    let mut found = Vec::new();
    for (at, word) in text.unicode_word_indices() {
        if targets.iter().any(|target| target.contains(&at)) {
            continue;
        }
        let parts = word.split('_').filter(|part| !part.is_empty());
        found.extend(parts.map(|part| (at + (part.as_ptr() as usize - word.as_ptr() as usize), part)));
    }
    found
}

/// Takes in what belongs to the words: opening marks before them, closing marks, link targets and the full stop after them.
fn with_marks(content: &str, words: Range<usize>, targets: &[Range<usize>]) -> Range<usize> {
    let opening =
        |c: char| matches!(c, '"' | '“' | '‘' | '(' | '[' | '*' | '_' | '`' | '!' | '$' | '€' | '£');
    let mut start = content[..words.start].trim_end_matches(opening).len();
    let line = content[..start].trim_end_matches([' ', '\t']);
    let unmarked = line.trim_end_matches('#');
    if unmarked.len() < line.len() && (unmarked.is_empty() || unmarked.ends_with('\n')) {
        start = unmarked.len();
    }
    let mut end = words.end;
    loop {
        match targets.iter().find(|target| target.start == end) {
            Some(target) => end = target.end,
            None => match content[end..].chars().next() {
                Some(c) if !c.is_alphanumeric() && !c.is_whitespace() && !opens(c) => end += c.len_utf8(),
                Some(c) if matches!(c, '*' | '_' | '`' | '"') => end += c.len_utf8(),
                _ => return start..end,
            },
        }
    }
}

fn opens(c: char) -> bool {
    matches!(c, '"' | '“' | '‘' | '(' | '[' | '*' | '_' | '`' | '#' | '$' | '€' | '£' | '-' | '–' | '—' | '>')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_the_words_goes_with_them() {
        let cases = [
            ("Keys_and_Doors Open them.", "Keys and Doors", "Open them."),
            ("One. Two three (four)! Five.", "Two three four", "One. Five."),
            ("See [the guide](https://x.y) and [it][1]. Go.", "See the guide and it", "Go."),
            ("A b.\n\n## Some keys\n\nText below.", "Some keys", "A b.\n\nText below."),
            ("Title Text one\ntwo. Rest.", "one two", "Title Text Rest."),
            ("a b c a b c", "b c", "a a"),
            (
                "Signing keys # Signing keys\n\nRotate them. SIGNING KEYS leak.",
                "Signing keys",
                "Rotate them. leak.",
            ),
            ("Abc def", "bc", "Abc def"),
            ("Abc def.", "Abc def", "Abc def."),
            ("Abc", "…", "Abc"),
            ("", "abc", ""),
        ];
        for (content, query, expected) in cases {
            assert_eq!(cut_out(content, query), expected, "{query:?} out of {content:?}");
        }
    }
}
