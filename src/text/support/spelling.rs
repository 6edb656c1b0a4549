//! Spellings: where one word ends and the next begins, and one form for those that are written in several.

/// Character by character, so that a word is the same at the end of a text and inside it: elsewhere a final sigma differs.
pub(super) fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c }).collect()
}

/// UAX #29 keeps "wgpu.device" and "5km" whole: parted at punctuation that is not between digits, and before the letters
/// behind leading digits. The endings of ordinals are dropped.
pub(super) fn parts(segment: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = segment;
    while let Some(part) = first_part(rest) {
        let after = part.as_ptr() as usize - rest.as_ptr() as usize + part.len();
        rest = &rest[after..];
        match part.find(char::is_alphabetic) {
            Some(0) | None => parts.push(part),
            Some(at) => {
                let (number, letters) = part.split_at(at);
                match fold(letters).as_str() {
                    // "1980s" is another thing than 1980.
                    "s" => parts.push(part),
                    "st" | "nd" | "rd" | "th" => parts.push(number),
                    _ => parts.extend([number, letters]),
                }
            }
        }
    }
    parts
}

/// The first run of letters, digits, marks and apostrophes; punctuation between digits belongs to it.
fn first_part(text: &str) -> Option<&str> {
    let from = text.find(char::is_alphanumeric)?;
    let body = &text[from..];
    let mut before = ' ';
    for (at, c) in body.char_indices() {
        let after = body[at + c.len_utf8()..].chars().next();
        let between_digits = before.is_numeric() && after.is_some_and(char::is_numeric);
        if matches!(c, '.' | ',' | ':' | ';' | '·' | '‧' | '‿') && !between_digits {
            return Some(&body[..at]);
        }
        before = c;
    }
    Some(body)
}

/// One spelling for a number: "12,000" and "12000", "3.50" and "3.5", "1,5" and "1.5", "05" and "5". What has the form of none
/// stays as it is; three digits behind a point may be thousands elsewhere, and stay too.
pub(super) fn canonical(number: &str) -> String {
    let (whole, fraction) =
        number.split_once('.').map_or((number, None), |(whole, rest)| (whole, Some(rest)));
    let groups: Vec<&str> = whole.split(',').collect();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !groups.iter().all(|group| digits(group)) || !fraction.is_none_or(digits) {
        return fold(number);
    }
    let thousands = groups[0].len() <= 3 && groups[1..].iter().all(|group| group.len() == 3);
    match (groups.as_slice(), fraction) {
        ([whole], fraction) => joined(whole, fraction),
        (_, fraction) if thousands => joined(&groups.concat(), fraction),
        ([whole, decimals], None) => joined(whole, Some(decimals)),
        _ => number.to_string(),
    }
}

fn joined(whole: &str, fraction: Option<&str>) -> String {
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        trimmed => trimmed,
    };
    match fraction {
        Some(decimals) if decimals.len() == 3 => format!("{whole}.{decimals}"),
        Some(decimals) => {
            format!("{whole}.{}", decimals.trim_end_matches('0')).trim_end_matches('.').to_string()
        }
        None => whole.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_spelling() {
        let cases = [
            ("12,000", "12000"),
            ("3.50", "3.5"),
            ("1,5", "1.5"),
            ("05", "5"),
            ("0", "0"),
            ("1,234.50", "1234.5"),
            ("12.000", "12.000"),
            ("1.2.3", "1.2.3"),
            ("1.0", "1"),
            ("12,34,56", "12,34,56"),
            ("000.00", "0"),
        ];
        for (written, key) in cases {
            assert_eq!(canonical(written), key, "{written}");
        }
    }

    #[test]
    fn words_end_at_punctuation_and_before_units() {
        let cases: [(&str, &[&str]); 6] = [
            ("wgpu.device", &["wgpu", "device"]),
            ("20MB", &["20", "MB"]),
            ("18th", &["18"]),
            ("1980s", &["1980s"]),
            ("v1.2", &["v1.2"]),
            ("12,000.5", &["12,000.5"]),
        ];
        for (segment, expected) in cases {
            assert_eq!(parts(segment), expected);
        }
        assert_eq!(fold("ΟΔΟΣ"), fold("οδος"));
    }
}
