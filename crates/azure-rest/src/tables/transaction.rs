//! Transactions: several changes in the body of one request ("Performing entity group transactions").

use azure_core::http::Url;

use super::{
    change::Change,
    request::{ENTITIES, Request, address},
};

/// The media type of a transaction's body. The parts are JSON without raw line breaks, so they cannot
/// contain a boundary.
const MEDIA_TYPE: &str = "multipart/mixed; boundary=batch_4d2f9c61";
const BATCH: &str = "--batch_4d2f9c61";
const CHANGES_TYPE: &str = "multipart/mixed; boundary=changeset_b7e05a38";
const CHANGES: &str = "--changeset_b7e05a38";

/// The start of a status line.
const STATUS_LINE: &str = "HTTP/1.1 ";

/// The request of a transaction.
pub(super) fn request(service: &Url, table: &str, changes: &[Change]) -> Request {
    let mut body = format!("{BATCH}\r\nContent-Type: {CHANGES_TYPE}\r\n\r\n");
    for change in changes {
        body.push_str(CHANGES);
        body.push_str(
            "\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n",
        );
        part(&mut body, service, &Request::of(table, change));
    }
    body.push_str(&format!("{CHANGES}--\r\n{BATCH}--\r\n"));
    Request::post("$batch".to_owned(), (MEDIA_TYPE, body))
}

fn part(body: &mut String, service: &Url, request: &Request) {
    let url = address(service, &request.path, &[]);
    body.push_str(&format!(
        "{} {url} HTTP/1.1\r\nAccept: {ENTITIES}\r\nDataServiceVersion: 3.0\r\n\
         Prefer: return-no-content\r\n",
        request.method
    ));
    if let Some(etag) = &request.etag {
        body.push_str(&format!("If-Match: {etag}\r\n"));
    }
    if let Some((media_type, _)) = &request.body {
        body.push_str(&format!("Content-Type: {media_type}\r\n"));
    }
    let json = request.body.as_ref().map_or("", |(_, json)| json);
    body.push_str(&format!("\r\n{json}\r\n"));
}

/// What the answer to a transaction says about its changes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Inner<'a> {
    /// All changes were made; their number.
    Made(usize),
    /// A change was refused with this status and body, and none was made.
    Refused(u16, &'a [u8]),
}

/// Reads the answer to a transaction. The first refusal counts: the service sends only that one.
pub(super) fn read(answer: &[u8]) -> Inner<'_> {
    let text = std::str::from_utf8(answer).unwrap_or_default();
    let mut made = 0;
    let mut rest = text;
    while let Some((line, after)) = next_status(rest) {
        rest = after;
        match line.get(..3).and_then(|status| status.parse().ok()) {
            Some(201 | 204) => made += 1,
            // A line without a status is not an answer to a change.
            None => {}
            Some(status) => return Inner::Refused(status, body(after)),
        }
    }
    Inner::Made(made)
}

/// The rest of the next status line, and what follows it.
fn next_status(text: &str) -> Option<(&str, &str)> {
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        if let Some(status) = line.strip_prefix(STATUS_LINE) {
            return Some((status, after));
        }
        rest = after;
    }
    None
}

/// The body of a part that begins with its headers: what follows an empty line, up to a boundary.
fn body(part: &str) -> &[u8] {
    let body = part.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    body.split("\r\n--").next().unwrap_or_default().trim().as_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answer(parts: &[(u16, String)]) -> String {
        let part = |(status, body): &(u16, String)| {
            format!(
                "--changesetresponse_1\r\nContent-Type: application/http\r\n\r\n\
                 HTTP/1.1 {status} Reason\r\nDataServiceVersion: 3.0;\r\n\r\n{body}\r\n"
            )
        };
        let parts: String = parts.iter().map(part).collect();
        format!(
            "--batchresponse_1\r\n\r\n{parts}--changesetresponse_1--\r\n--batchresponse_1--\r\n"
        )
    }

    proptest! {
        #[test]
        fn no_answer_makes_the_reader_panic(bytes: Vec<u8>, text in "(HTTP/1.1 |[0-9]|\r\n|-|é){0,20}") {
            let _ = read(&bytes);
            let _ = read(text.as_bytes());
        }

        #[test]
        fn the_first_refusal_counts_and_has_its_own_body(
            made in 0_usize..5,
            status in 400_u16..600,
            code in "[A-Za-z]{1,20}",
        ) {
            let body = format!("{{\"code\":\"{code}\",\"text\":\"HTTP/1.1 204\"}}");
            let mut parts = vec![(204, String::new()); made];
            let text = answer(&parts);
            prop_assert_eq!(read(text.as_bytes()), Inner::Made(made));
            parts.push((status, body.clone()));
            parts.push((500, "{}".to_owned()));
            let text = answer(&parts);
            prop_assert_eq!(read(text.as_bytes()), Inner::Refused(status, body.as_bytes()));
        }
    }
}
