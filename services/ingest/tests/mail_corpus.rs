//! Mail that others collected: every file is read, and read as they say it should be.

#![expect(clippy::unwrap_used, reason = "helpers of tests: a failure shows where it is")]

use std::path::{Path, PathBuf};

use serde_json::Value;
use tandem_ingest::mail::{self, Gap, ParsedMail};

fn corpus() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let corpus = std::env::var_os("TANDEM_CORPUS")
        .map_or(default, PathBuf::from)
        .join("email");
    let found = corpus.is_dir().then_some(corpus);
    if found.is_none() {
        println!("skipped: no corpus");
    }
    found
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.push(path);
        }
    }
    found.sort();
}

#[test]
fn every_file_is_read_and_its_attachments_are_found_again() {
    let Some(corpus) = corpus() else { return };
    let mut files = Vec::new();
    files_below(&corpus, &mut files);
    assert!(files.len() > 300, "{} files", files.len());
    for file in files {
        let raw = std::fs::read(&file).unwrap();
        let mail = mail::parse(&raw);
        assert!(mail.text.len() <= mail::TEXT_BYTES, "{}", file.display());
        for attachment in &mail.attachments {
            let content = mail::attachment(&raw, attachment.part).unwrap();
            assert_eq!(content.len() as u64, attachment.size, "{}", file.display());
        }
        let stored = serde_json::to_vec(&mail).unwrap();
        assert_eq!(
            serde_json::from_slice::<ParsedMail>(&stored).unwrap(),
            mail,
            "{}",
            file.display()
        );
    }
}

/// The expected structure of a message, as its collectors wrote it down.
struct Expected(Value);

impl Expected {
    fn header(&self, name: &str) -> Option<&Value> {
        let headers = self.0["parts"][0]["headers"].as_array()?;
        headers
            .iter()
            .rev()
            .find(|header| header["name"] == name)
            .map(|header| &header["value"])
    }

    fn text_field(&self, name: &str) -> Option<String> {
        let text = self.header(name)?["Text"].as_str()?;
        let line: String = text
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(900)
            .collect();
        Some(line.trim().to_owned()).filter(|line| !line.is_empty())
    }

    /// Addresses of a field; none where they are in groups.
    fn addresses(&self, name: &str) -> Option<Vec<String>> {
        let list = self.header(name)?["Address"]["List"].as_array()?;
        let addresses = list.iter().filter_map(|one| one["address"].as_str());
        Some(addresses.map(|address| address.trim().to_owned()).collect())
    }

    /// The text of the first body part, where it is plain text that needed no repair.
    fn text(&self) -> Option<&str> {
        let part = &self.0["parts"][usize::try_from(self.0["text_body"].get(0)?.as_u64()?).ok()?];
        let sound = part["is_encoding_problem"] == false && self.0["text_body"].as_array()?.len() == 1;
        part["body"]["Text"]
            .as_str()
            .filter(|text| sound && !text.contains('\u{fffd}'))
    }

    /// How many attachments there are; none given where one is a message: there they go into it, and here it is one
    /// attachment whatever is in it.
    fn attachments(&self) -> Option<usize> {
        let has_message = self.0["parts"]
            .as_array()?
            .iter()
            .any(|part| part["body"].get("Message").is_some());
        (!has_message).then(|| self.0["attachments"].as_array().map_or(0, Vec::len))
    }
}

#[test]
fn fields_and_text_are_what_the_collectors_say() {
    let Some(corpus) = corpus() else { return };
    let (mut subjects, mut authors, mut texts, mut messages) = (0, 0, 0, 0);
    let mut files = Vec::new();
    files_below(&corpus.join("mail-parser/resources/eml"), &mut files);
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "eml"))
    {
        let Ok(json) = std::fs::read(file.with_extension("json")) else {
            continue;
        };
        // The messages of a digest count as its text here, and as attachments there.
        if String::from_utf8_lossy(&json).contains("\"digest\"") {
            continue;
        }
        let expected = Expected(serde_json::from_slice(&json).unwrap());
        let mail = mail::parse(&std::fs::read(file).unwrap());
        let name = file.display();
        messages += 1;
        if let Some(subject) = expected.text_field("subject") {
            let start: String = mail.subject.clone().unwrap_or_default().chars().take(900).collect();
            assert_eq!(start.trim(), subject, "{name}");
            subjects += 1;
        }
        if let Some(from) = expected.addresses("from") {
            let addresses: Vec<_> = mail.from.iter().filter_map(|from| from.address.clone()).collect();
            assert_eq!(addresses, from, "{name}");
            authors += 1;
        }
        if let Some(id) = expected.text_field("message_id") {
            assert_eq!(mail.message_id, Some(id), "{name}");
        }
        if let Some(text) = expected.text().filter(|_| !mail.gaps.contains(&Gap::NoCharset)) {
            assert_eq!(
                mail.text.trim(),
                text.replace("\r\n", "\n").replace('\0', "").trim(),
                "{name}"
            );
            texts += 1;
        }
        if let Some(attachments) = expected
            .attachments()
            .filter(|_| !mail.gaps.contains(&Gap::UndecodableBytes))
        {
            assert_eq!(mail.attachments.len(), attachments, "{name}");
        }
    }
    // Enough of them were compared at all.
    assert!(
        messages > 90 && subjects > 50 && authors > 50 && texts > 30,
        "{messages} {subjects} {authors} {texts}"
    );
}

#[test]
fn bounces_of_the_corpus_are_recognised() {
    let Some(corpus) = corpus() else { return };
    let mut reports = Vec::new();
    files_below(
        &corpus.join("mikel-mail/spec/fixtures/emails/multipart_report_emails"),
        &mut reports,
    );
    let recognised = reports.iter().filter(|file| {
        let mail = mail::parse(&std::fs::read(file).unwrap());
        let origin = mail::Origin {
            mail_from: Some("a@b"),
            is_ours: false,
            is_desk_address: &|_| false,
        };
        !mail::classify(&mail, &origin).opens_ticket()
    });
    assert_eq!(recognised.count(), reports.len());
}
