//! Spellings that mean the same word, and the word that a misspelt one was probably meant to be.

/// The significant letters of a word: lower case, without `_`, `-`, spaces and characters that cannot be seen.
fn letters(word: &str) -> impl Iterator<Item = char> + '_ {
    let is_invisible = |char| {
        matches!(
            char,
            '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}'
        )
    };
    word.chars()
        .filter(move |char| {
            !matches!(char, '_' | '-') && !char.is_whitespace() && !is_invisible(*char)
        })
        .flat_map(char::to_lowercase)
}

/// `word` reduced to its significant letters.
pub(crate) fn folded(word: &str) -> String {
    letters(word).collect()
}

/// Whether `word` reduces to `folded`; does not allocate.
pub(crate) fn is_same(folded: &str, word: &str) -> bool {
    letters(word).eq(folded.chars())
}

/// The candidate that differs from `word` by at most one or two typos; the first one if several do.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    const CHARS_MAX: usize = 32;
    let word = folded(word);
    let length = word.chars().count();
    if !(3..=CHARS_MAX).contains(&length) {
        return None;
    }
    let typos_max = if length < 5 { 1 } else { 2 };
    candidates
        .map(|candidate| (distance(&word, &folded(candidate)), candidate))
        .filter(|(typos, _)| *typos <= typos_max)
        .min_by_key(|(typos, _)| *typos)
        .map(|(_, candidate)| candidate)
}

/// The number of letters to insert, delete, replace or swap to turn one word into the other.
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().collect();
    let to: Vec<char> = to.chars().collect();
    let mut before_last = vec![0; to.len() + 1];
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1; to.len() + 1];
        for (j, b) in to.iter().enumerate() {
            row[j + 1] = (last[j] + usize::from(a != b))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                row[j + 1] = row[j + 1].min(before_last[j - 1] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[to.len()]
}
