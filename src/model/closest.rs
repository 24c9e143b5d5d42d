//! The word that somebody most likely meant.

/// The candidate that someone who typed `word` most likely meant.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Below this two words have little more in common than their letters.
    const ALIKE: f64 = 0.75;
    let scored = candidates.into_iter().map(|c| (strsim::jaro_winkler(word, c), c));
    let (score, best) = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (score >= ALIKE).then_some(best)
}
