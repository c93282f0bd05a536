//! Checks the commands that a page of docs shows: whether their real output is what the page shows.
//!
//! In a page, `…` stands for any text. Ids, digests and times differ from run to run: an id of the page
//! stands for the real id at its place, there and in later commands. White space does not count.

use std::collections::BTreeMap;

/// A command with the output that the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The command, without the prompt.
    pub command: String,
    /// The output.
    pub output: String,
}

/// The kinds of texts that differ from run to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Id,
    Digest,
    Time,
    /// The id of an assignment.
    Opaque,
}

/// The real texts of a page's ids, so far.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    real: BTreeMap<String, String>,
}

/// The blocks `console` of a page, or of a part of one. A command begins with `$`.
#[must_use]
pub fn examples(page: &str) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    let mut is_console = false;
    for line in page.lines() {
        if line.starts_with("```") {
            is_console = line == "```console";
        } else if let (true, Some(command)) = (is_console, line.strip_prefix("$ ")) {
            found.push(Example { command: command.to_owned(), output: String::new() });
        } else if let (true, Some(example)) = (is_console, found.last_mut()) {
            example.output.push_str(line);
            example.output.push('\n');
        }
    }
    found
}

impl Walk {
    /// A text of the page with the real ids.
    #[must_use]
    pub fn real(&self, text: &str) -> String {
        let replace = |text: String, (shown, real): (&String, &String)| text.replace(shown, real);
        self.real.iter().fold(text.to_owned(), replace)
    }

    /// Compares a real output with the one of the page.
    ///
    /// # Errors
    ///
    /// With the part of the page that is not in the output, or not in its place.
    pub fn compare(&mut self, shown: &str, real: &str) -> Result<(), String> {
        let words = words(real);
        let mut rest = words.as_slice();
        let parts: Vec<&str> = shown.split('…').collect();
        for (index, part) in parts.iter().enumerate() {
            let part_words = self::words(part);
            let (is_first, is_last) = (index == 0, index + 1 == parts.len());
            let places = 0..=rest.len().saturating_sub(part_words.len());
            let mut places = places.filter(|place| {
                (!is_first || *place == 0)
                    && (!is_last || part_words.is_empty() || place + part_words.len() == rest.len())
            });
            let found = places.find_map(|place| self.matched(&part_words, rest.get(place..)?));
            let Some((bindings, after)) = found else {
                return Err(format!("not as shown: {}\nin: {real}", part.trim()));
            };
            self.real = bindings;
            rest = after;
        }
        Ok(())
    }

    /// The bindings and the remaining words, if these words of the page are the first real ones.
    fn matched<'a>(
        &self,
        shown: &[&str],
        real: &'a [&'a str],
    ) -> Option<(BTreeMap<String, String>, &'a [&'a str])> {
        let (head, rest) = real.split_at_checked(shown.len())?;
        let mut bindings = self.real.clone();
        for (shown, real) in shown.iter().zip(head) {
            let is_same = match kind(shown) {
                None => shown == real,
                Some(of_page) if kind(real) != Some(of_page) => false,
                Some(Kind::Time) => true,
                Some(_) => {
                    let known = bindings.entry((*shown).to_owned());
                    known.or_insert_with(|| (*real).to_owned()) == real
                }
            };
            if !is_same {
                return None;
            }
        }
        Some((bindings, rest))
    }
}

/// The kind of a word that differs from run to run. The emulated tenant's own ids do not.
fn kind(word: &str) -> Option<Kind> {
    let is_hexadecimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let groups: Vec<usize> = word.split('-').map(str::len).collect();
    if groups == [8, 4, 4, 4, 12] && is_hexadecimal(&word.replace('-', "")) {
        return (!word.starts_with("c0a70500-")).then_some(Kind::Id);
    }
    let is_time = word.len() >= 20 && word.ends_with('Z') && word.get(10..11) == Some("T");
    match word.len() {
        64 if is_hexadecimal(word) => Some(Kind::Digest),
        _ if is_time => Some(Kind::Time),
        43 if word.starts_with("AAWnwAAAAECA") => Some(Kind::Opaque),
        _ => None,
    }
}

/// The words of a text, and each other character that is no white space.
fn words(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = length_of_word(rest);
        let length = if length == 0 { first.len_utf8() } else { length };
        let (word, after) = rest.split_at(length);
        found.push(word);
        rest = after.trim_start();
    }
    found
}

/// The length of the word with which a text begins. A colon is part of a time, and of nothing else.
fn length_of_word(text: &str) -> usize {
    let is_digit = |index: usize| text.as_bytes().get(index).is_some_and(u8::is_ascii_digit);
    let is_inside = |(index, one): &(usize, char)| match one {
        ':' => index.checked_sub(1).is_some_and(is_digit) && is_digit(index + 1),
        _ => one.is_alphanumeric() || "-_.+".contains(*one),
    };
    let end = text.char_indices().find(|place| !is_inside(place));
    end.map_or(text.len(), |(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOWN: &str = "84d7ad65-faef-562a-ac0e-0058a140ad1b";
    const REAL: &str = "11111111-2222-4333-8444-555555555555";
    const OTHER: &str = "66666666-7777-4888-8999-aaaaaaaaaaaa";

    #[test]
    fn a_page_has_its_commands_with_their_output() {
        let page = "text\n```console\n$ one -x\nits\noutput\n$ two\n```\n```sh\n$ three\n```\n";
        let expected = [("one -x", "its\noutput\n"), ("two", "")];
        let expected = expected.map(|(command, output)| Example {
            command: command.to_owned(),
            output: output.to_owned(),
        });
        assert_eq!(examples(page), expected);
    }

    #[test]
    fn an_id_stands_for_the_one_in_its_place() {
        let mut walk = Walk::default();
        walk.compare(&format!("id {SHOWN}\n"), &format!("id  {REAL}")).unwrap();
        assert_eq!(walk.real(&format!("show {SHOWN}")), format!("show {REAL}"));
        walk.compare(SHOWN, REAL).unwrap();
        walk.compare(SHOWN, OTHER).unwrap_err();
    }

    #[test]
    fn an_id_may_follow_a_colon() {
        let mut walk = Walk::default();
        walk.compare(&format!("urn:uuid:{SHOWN}"), &format!("urn:uuid:{REAL}")).unwrap();
        walk.compare(
            &format!("{{\"id\":\"{SHOWN}\",\"n\":3}}"),
            &format!("{{\"id\":\"{REAL}\",\"n\":3}}"),
        )
        .unwrap();
    }

    #[test]
    fn what_is_cut_may_be_anything_and_the_rest_must_be_there_in_order() {
        let compare = |shown: &str, real: &str| Walk::default().compare(shown, real).is_ok();
        assert!(compare(r#"{"a":1,…,"c":3,…}"#, r#"{"a":1,"b":2,"c":3,"d":{"e":5}}"#));
        assert!(compare("…\nend", "many lines\nend\n"));
        assert!(compare("at 2026-11-26T18:21:22Z", "at\n2027-01-01T00:00:00.123Z"));
        for (shown, real) in [
            (r#"{"c":3,…,"a":1,…}"#, r#"{"a":1,"b":2,"c":3}"#),
            ("start…", "no start"),
            ("…end", "end no"),
            ("all", "all of it"),
            ("c0a70500-0000-4000-8000-0000000000c0", "c0a70500-0000-4000-8000-0000000000d0"),
            ("at 2026-11-26T18:21:22Z", "at noon"),
        ] {
            assert!(!compare(shown, real), "{shown} {real}");
        }
    }
}
