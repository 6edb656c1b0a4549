//! Slips of the keyboard.

use unicode_segmentation::UnicodeSegmentation;

use crate::dataset::Rng;

/// Letters of a word that is mistyped, at least.
const LEAST_LETTERS: usize = 4;

/// The keys of a QWERTY keyboard; each row stands half a key to the right of the one above.
const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

/// The word with one slip: a neighbouring key in place of a letter, two letters transposed, one left out or one doubled (the
/// four of Damerau, CACM 7(3), 1964, his insertion being of the same letter). Words that are not ASCII only have letters
/// transposed, whose keyboard nobody knows. Words with digits, or with fewer than four letters, stay as they are.
pub(super) fn mistype(word: &str, rng: &mut Rng) -> String {
    let mut signs: Vec<&str> = word.graphemes(true).collect();
    let is_letter = |sign: &str| sign.chars().next().is_some_and(char::is_alphabetic);
    let letters: Vec<usize> = (0..signs.len()).filter(|&at| is_letter(signs[at])).collect();
    if letters.len() < LEAST_LETTERS || word.chars().any(char::is_numeric) {
        return word.to_owned();
    }
    let at = letters[rng.below(letters.len())];
    let kind = if word.is_ascii() { rng.below(4) } else { 3 };
    match kind {
        0 => {
            let keys = neighbours(signs[at]);
            let key = &keys[rng.below(keys.len())];
            return [&signs[..at], &[key.as_str()], &signs[at + 1..]].concat().concat();
        }
        1 => drop(signs.remove(at)),
        2 => signs.insert(at, signs[at]),
        _ => {
            let pairs =
                letters.windows(2).filter(|pair| pair[0] + 1 == pair[1] && signs[pair[0]] != signs[pair[1]]);
            let pairs: Vec<usize> = pairs.map(|pair| pair[0]).collect();
            if !pairs.is_empty() {
                let first = pairs[rng.below(pairs.len())];
                signs.swap(first, first + 1);
            }
        }
    }
    signs.concat()
}

/// The letters around an ASCII letter, in its case; the letter itself for anything else.
fn neighbours(letter: &str) -> Vec<String> {
    let place =
        ROWS.iter().enumerate().find_map(|(row, keys)| Some((row, keys.find(&letter.to_ascii_lowercase())?)));
    let Some((row, column)) = place else { return vec![letter.to_owned()] };
    let mut near = Vec::new();
    let mut add = |row: usize, columns: [Option<usize>; 2]| {
        let keys = columns.into_iter().flatten().filter_map(|column| ROWS.get(row)?.get(column..column + 1));
        near.extend(keys.map(str::to_owned));
    };
    add(row, [column.checked_sub(1), Some(column + 1)]);
    add(row + 1, [column.checked_sub(1), Some(column)]);
    if let Some(above) = row.checked_sub(1) {
        add(above, [Some(column), Some(column + 1)]);
    }
    if letter.chars().all(char::is_uppercase) {
        near.iter_mut().for_each(|key| *key = key.to_uppercase());
    }
    near
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn all(word: &str) -> BTreeSet<String> {
        (0..4000).map(|seed| mistype(word, &mut Rng::new(seed))).collect()
    }

    #[test]
    fn neighbours_are_those_on_the_keyboard() {
        let of = |letter: &str| {
            let mut keys = neighbours(letter);
            keys.sort();
            keys.concat()
        };
        assert_eq!([of("s"), of("q"), of("p"), of("m"), of("G")], ["adewxz", "aw", "lo", "jkn", "BFHTVY"]);
    }

    #[test]
    fn all_slips_of_a_word_and_no_other() {
        // By hand: each letter left out, doubled, transposed with the next, or a key beside it hit.
        let omitted = ["ast", "mst", "mat", "mas"];
        let doubled = ["mmast", "maast", "masst", "mastt"];
        let transposed = ["amst", "msat", "mats"];
        let hit = ["jast", "kast", "nast"].into_iter();
        let hit = hit.chain(["mqst", "mwst", "msst", "mzst"]);
        let hit = hit.chain(["maat", "madt", "maet", "mawt", "maxt", "mazt"]);
        let hit = hit.chain(["masr", "masy", "masf", "masg"]);
        let expected = omitted.into_iter().chain(doubled).chain(transposed).chain(hit);
        assert_eq!(all("mast"), expected.map(str::to_owned).collect());
    }

    #[test]
    fn what_has_no_keyboard_is_transposed_and_numbers_are_left_alone() {
        assert_eq!(all("über"), ["büer", "übre", "üebr"].map(str::to_owned).into());
        // An accent of its own stays on its letter.
        assert_eq!(all("aaae\u{301}"), BTreeSet::from(["aae\u{301}a".to_owned()]));
        for word in ["key", "b2b2", "１２abcd", "aa-a", ""] {
            assert_eq!(all(word), BTreeSet::from([word.to_owned()]));
        }
        assert_eq!(all("éééé"), BTreeSet::from(["éééé".to_owned()]));
    }
}
