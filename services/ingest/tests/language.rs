//! How well languages are recognised, measured on sentences that others collected.

#![expect(clippy::unwrap_used, reason = "helpers of tests: a failure shows where it is")]

use std::path::{Path, PathBuf};

use tandem_domain::LanguageTag;
use tandem_ingest::language::Detector;

/// Languages that are compiled in.
const LANGUAGES: [&str; 31] = [
    "ar", "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "he", "hi", "hr", "hu", "it", "ja", "ko", "lt",
    "lv", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "tr", "uk", "zh",
];
const DESK: [&str; 5] = ["de", "en", "es", "fr", "it"];

/// A detector for a desk that speaks these languages.
fn at_desk(languages: &[&str]) -> Detector {
    let languages: Vec<LanguageTag> = languages.iter().map(|name| name.parse().unwrap()).collect();
    Detector::new(&languages, 0.5)
}

fn corpus() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let corpus = std::env::var_os("TANDEM_CORPUS")
        .map_or(default, PathBuf::from)
        .join("lang/lingua-testdata");
    let found = corpus.is_dir().then_some(corpus);
    if found.is_none() {
        println!("skipped: no corpus");
    }
    found
}

/// The share of lines in a file of each language that are recognised, at a desk that speaks [`DESK`].
fn accuracy(corpus: &Path, file: &str, languages: &[&str]) -> f64 {
    let detector = at_desk(&DESK);
    let (mut right, mut all) = (0_u32, 0_u32);
    for language in languages {
        let text = std::fs::read_to_string(corpus.join(language).join(file)).unwrap();
        for line in text.lines().take(60) {
            right += u32::from(
                detector
                    .detect("", line)
                    .is_some_and(|(found, _)| found.as_str() == *language),
            );
            all += 1;
        }
    }
    f64::from(right) / f64::from(all)
}

#[test]
fn sentences_are_recognised_in_every_language() {
    let Some(corpus) = corpus() else { return };
    let accuracy = accuracy(&corpus, "sentences.txt", &LANGUAGES);
    assert!(accuracy > 0.98, "{accuracy}");
}

#[test]
fn two_words_are_enough_in_the_desks_languages() {
    let Some(corpus) = corpus() else { return };
    let accuracy = accuracy(&corpus, "word-pairs.txt", &DESK);
    assert!(accuracy > 0.92, "{accuracy}");
}

#[test]
fn a_language_that_the_desk_does_not_speak_is_named_too() {
    let text = "Dzień dobry, moja przesyłka nadal nie dotarła. Proszę o pilną odpowiedź.";
    let (language, confidence) = at_desk(&["de", "en"]).detect("Zamówienie 4711", text).unwrap();
    assert_eq!(language.as_str(), "pl");
    assert!(confidence > 0.9, "{confidence}");
}

#[test]
fn a_region_of_the_desk_counts_for_its_language() {
    let detect = |own: &[&str]| at_desk(own).detect("", "informação importante").unwrap();
    let ((language, preferred), (_, foreign)) = (detect(&["pt-BR"]), detect(&["de"]));
    assert_eq!(language.as_str(), "pt");
    assert!(preferred > foreign);
}

#[test]
fn without_words_there_is_no_language() {
    for text in ["", "12345 !!!", "> quoted words only", "https://a.example/"] {
        assert_eq!(at_desk(&["de"]).detect("", text), None, "{text}");
    }
}
