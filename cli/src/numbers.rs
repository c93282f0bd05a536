//! Numbers on the command line.

/// Reads a whole number. The error is the rest of a sentence about it.
pub(crate) fn whole(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("it is no whole number from 0 to {}", u32::MAX))
}

/// Reads a whole number that is not 0. The error is the rest of a sentence about it.
pub(crate) fn positive(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!("it is no whole number from 1 to {}", u32::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_whole_and_in_its_range() {
        for text in ["", "x", "-1", "1.5", "4294967296", " 1"] {
            assert_eq!(whole(text).unwrap_err(), "it is no whole number from 0 to 4294967295");
            assert!(positive(text).is_err(), "{text}");
        }
        assert_eq!((whole("0"), positive("50")), (Ok(0), Ok(50)));
        assert!(positive("0").is_err());
    }
}
