//! Whether every language says everything. The failure lists what is missing, so that it can be translated from there.

use super::{ALL, ENGLISH, FILESTACK};
use bowerbird_protocol::problem::ProblemCode;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The plural categories of each language, as CLDR has them for whole numbers, and those that may be there as well: `many` of the
/// Romance languages is for millions, of which nobody chooses so many, and `other` says it too.
const CATEGORIES: &[(&[&str], &[&str], &[&str])] = &[
    (&["en", "da", "de", "nl", "no", "sv", "tr"], &["one", "other"], &[]),
    (&["ca", "es", "fr", "it", "pt"], &["one", "other"], &["many"]),
    (&["he"], &["one", "two", "other"], &[]),
    (&["pl", "ru"], &["one", "few", "many", "other"], &[]),
    (&["ar"], &["zero", "one", "two", "few", "many", "other"], &[]),
    (&["ja", "ko", "vi", "zh"], &["other"], &[]),
];

#[test]
fn the_frame_says_what_the_rest_would() {
    let first: Sentences = serde_json::from_str(super::FIRST).unwrap();
    let all: Sentences = serde_json::from_str(ENGLISH).unwrap();
    for (key, sentence) in &first {
        assert_eq!(all.get(key), Some(sentence), "{key}");
    }
}

type Sentences = Map<String, Value>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/text")
}

fn english() -> Sentences {
    let mut all: Sentences = serde_json::from_str(ENGLISH).unwrap();
    all.extend(serde_json::from_str::<Sentences>(include_str!("../ui/outward/words.json")).unwrap());
    all
}

fn read(language: &str) -> Result<Sentences, String> {
    let text = std::fs::read_to_string(folder().join(format!("{language}.json"))).map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

fn categories(language: &str) -> (BTreeSet<&'static str>, BTreeSet<&'static str>) {
    let (_, needed, allowed) = CATEGORIES.iter().find(|(languages, ..)| languages.contains(&language)).unwrap();
    (needed.iter().copied().collect(), allowed.iter().copied().collect())
}

fn placeholders(sentence: &str) -> BTreeSet<&str> {
    sentence.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect()
}

/// A sentence by plural category; one without plural forms has the category ``.
fn forms(value: &Value) -> BTreeMap<&str, &str> {
    match value {
        Value::Object(forms) => forms.iter().map(|(name, form)| (name.as_str(), form.as_str().unwrap_or(""))).collect(),
        other => [("", other.as_str().unwrap_or(""))].into(),
    }
}

/// What is wrong with a language's sentence.
fn faults(language: &str, english: &Value, translated: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let (english, translated) = (forms(english), forms(translated));
    let found: BTreeSet<&str> = translated.keys().copied().collect();
    let (needed, allowed) = if english.contains_key("") { ([""].into(), [].into()) } else { categories(language) };
    faults.extend(needed.difference(&found).map(|form| format!("has no form '{form}'")));
    faults.extend(found.iter().filter(|form| !needed.contains(*form) && !allowed.contains(*form)).map(|form| {
        if form.is_empty() { "has no plural forms".to_owned() } else { format!("has a form '{form}' too many") }
    }));
    let standard = english.get("").or_else(|| english.get("other")).copied().unwrap_or("");
    let known = placeholders(standard);
    // What the form for one thing need not say, because it is the number itself.
    let mut number =
        english.get("one").map(|one| known.difference(&placeholders(one)).copied().collect::<BTreeSet<_>>());
    if let Some(number) = &mut number {
        number.insert("count");
    }
    for (category, sentence) in &translated {
        let has = placeholders(sentence);
        // In Russian, 21 photos are `one` too.
        let stands_for_one_number = matches!(*category, "zero" | "one" | "two") && language != "ru";
        let may_lack = number.clone().filter(|_| stands_for_one_number).unwrap_or_default();
        let missing = known.iter().filter(|name| !has.contains(*name) && !may_lack.contains(*name));
        faults.extend(missing.map(|name| format!("{category}: {{{name}}} is missing")));
        faults.extend(has.difference(&known).map(|name| format!("{category}: there is no {{{name}}}")));
        if sentence.trim().is_empty() || sentence.trim() != *sentence || sentence.contains("  ") {
            faults.push(format!("{category}: is empty or has spaces too many"));
        }
        if language != "en" && english.values().any(|form| form == sentence) && sentence.split(' ').count() > 3 {
            faults.push(format!("{category}: is English"));
        }
    }
    faults
}

#[test]
fn every_language_says_everything() {
    let english = english();
    let mut faults_of_all = Vec::new();
    for language in ALL.iter().filter(|language| **language != "en") {
        let sentences = match read(language) {
            Ok(sentences) => sentences,
            Err(error) => {
                faults_of_all.push(format!("{language}.json: {error}"));
                continue;
            }
        };
        for (key, standard) in &english {
            match sentences.get(key) {
                None => faults_of_all.push(format!("{language}.json: {key} is missing: {standard}")),
                Some(sentence) => {
                    let faults = faults(language, standard, sentence);
                    faults_of_all.extend(faults.iter().map(|fault| format!("{language}.json: {key}: {fault}")));
                }
            }
        }
        let extra = sentences.keys().filter(|key| !english.contains_key(*key));
        faults_of_all.extend(extra.map(|key| format!("{language}.json: {key} is not in en.json")));
    }
    let count = faults_of_all.len();
    assert!(count == 0, "{count} faults in src/text:\n{}", faults_of_all.join("\n"));
}

#[test]
fn there_is_a_file_for_each_language_and_no_other() {
    let names = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let found: BTreeSet<String> = names.filter_map(|name| Some(name.strip_suffix(".json")?.to_owned())).collect();
    let expected: BTreeSet<String> = ALL.iter().copied().chain(["filestack", "first"]).map(str::to_owned).collect();
    assert_eq!(found, expected);
}

#[test]
fn what_a_translation_lacks_is_found() {
    let one = |english: Value, language: &str, translated: Value| faults(language, &english, &translated).join("; ");
    let count = serde_json::json!({"one": "{count} photo", "other": "{count} of {maxFiles} photos"});
    let fitting = serde_json::json!({"one": "Ein Foto", "other": "{count} von {maxFiles} Fotos"});
    assert_eq!(one(count.clone(), "de", fitting.clone()), "");
    assert_eq!(one(count.clone(), "ja", fitting), "has a form 'one' too many");
    let polish = serde_json::json!({"one": "zdjęcie", "other": "{count} z {maximum} zdjęć"});
    let faults = one(count.clone(), "pl", polish);
    assert!(faults.contains("has no form 'few'; has no form 'many'"), "{faults}");
    assert!(faults.contains("{maxFiles} is missing") && faults.contains("no {maximum}"), "{faults}");
    let russian = serde_json::json!({"one": "Одно фото", "few": "{count} из {maxFiles}", "many": "{count} из {maxFiles}", "other": "{count} из {maxFiles}"});
    assert_eq!(one(count.clone(), "ru", russian), "one: {count} is missing; one: {maxFiles} is missing");
    assert_eq!(
        one(count, "de", "Fotos".into()),
        "has no form 'one'; has no form 'other'; has no plural forms; : {count} is missing; : {maxFiles} is missing"
    );
    assert_eq!(one("Close this window now".into(), "de", "Close this window now".into()), ": is English");
    assert_eq!(one("Close".into(), "de", " ".into()), ": is empty or has spaces too many");
}

#[test]
fn every_problem_has_a_sentence_for_visitors() {
    let english = english();
    let names = ProblemCode::ALL.iter().map(|code| code.as_str()).chain(["other", "unreachable"]);
    for name in names {
        assert!(english.get(&format!("problem.{name}")).is_some_and(Value::is_string), "no sentence for {name}");
    }
}

#[test]
fn every_source_has_a_name_for_visitors() {
    let english = english();
    for source in crate::sources::ALL.iter().chain([&crate::sources::pages::SOURCE]) {
        let key = format!("source.{}", source.name);
        assert!(english.get(&key).is_some_and(Value::is_string), "no name for {}", source.name);
    }
}

#[test]
fn plural_sentences_have_the_forms_of_english() {
    for (key, value) in english() {
        if let Some(forms) = value.as_object() {
            assert_eq!(forms.keys().collect::<Vec<_>>(), ["one", "other"], "{key}");
        }
    }
}

#[test]
fn phrases_of_filestack_lead_to_sentences() {
    let english = english();
    let phrases: BTreeMap<String, String> = serde_json::from_str(FILESTACK).unwrap();
    for (phrase, keys) in &phrases {
        for key in keys.split_whitespace() {
            let Some(sentence) = english.get(key) else { panic!("{phrase}: there is no {key}") };
            assert!(!forms(sentence).values().any(|form| form == phrase), "{phrase}: {key} says just that");
        }
    }
    // These are the same in both pickers, and need no entry.
    let same = [
        "A new page will open to connect your account.",
        "Connect {providerName}",
        "Deselect All",
        "Done",
        "Facebook",
        "Go back",
        "Instagram",
        "Select From",
        "Sign Out",
        "Try again",
    ];
    for phrase in same {
        let said = english.values().any(|sentence| forms(sentence).values().any(|form| *form == phrase));
        assert!(
            said || phrases.contains_key(phrase),
            "«{phrase}» of Filestack's leads nowhere; give it an entry in filestack.json"
        );
    }
}
