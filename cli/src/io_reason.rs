//! Why a file or a stream cannot be used, in words.

use std::io::{Error, ErrorKind};

/// The text before the error number at the end of the system's message.
const NUMBER: &str = " (os error ";

/// Says why a file or a stream cannot be used.
pub(crate) fn io_reason(error: &Error) -> String {
    let reason = match error.kind() {
        ErrorKind::NotFound => "there is no such file or folder",
        ErrorKind::PermissionDenied => "your account has no permission for it",
        ErrorKind::AlreadyExists => "it exists already",
        ErrorKind::StorageFull => "no space is left on the device",
        ErrorKind::QuotaExceeded => "the quota of the disk is used up",
        ErrorKind::ReadOnlyFilesystem => "its file system is read-only",
        ErrorKind::IsADirectory => "it is a folder",
        ErrorKind::NotADirectory => "a part of its path is a file",
        ErrorKind::InvalidData => "it is not UTF-8",
        ErrorKind::InvalidInput | ErrorKind::InvalidFilename => "its name is not valid",
        _ => return own_words(error),
    };
    reason.to_owned()
}

/// Returns the words of the operating system.
fn own_words(error: &Error) -> String {
    let text = error.to_string();
    let words = text.split_once(NUMBER).map_or(text.as_str(), |(words, _)| words);
    let mut characters = words.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_no_number_of_the_operating_system() {
        for number in 1..134 {
            let reason = io_reason(&Error::from_raw_os_error(number));
            assert!(!reason.contains("os error") && !reason.is_empty(), "{number}: {reason}");
        }
        assert_eq!(io_reason(&Error::from(ErrorKind::NotFound)), "there is no such file or folder");
    }
}
