//! Output formats, and the value of `--output`.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
};

use clap::{
    Arg, Command, Error, ValueEnum,
    builder::{PossibleValue, TypedValueParser},
    error::{ContextKind, ContextValue, ErrorKind},
};

/// The output format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Tables for people
    #[default]
    Table,
    /// One JSON document for programs
    Json,
    /// The same document as YAML
    Yaml,
    /// A row for each object, with tabs and without headers, for shell scripts
    Tsv,
    /// A row for each object, with headers, for spreadsheets
    Csv,
}

/// The value of `--output`: a format or, for a command that writes a file, the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// The format of standard output.
    Format(Format),
    /// A file, told by its extension.
    File(PathBuf),
}

/// Reads a [`Target`].
#[derive(Debug, Clone)]
pub(crate) struct TargetParser;

impl TypedValueParser for TargetParser {
    type Value = Target;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Target, Error> {
        let format = value.to_str().and_then(|text| Format::from_str(text, false).ok());
        if let Some(format) = format {
            return Ok(Target::Format(format));
        }
        let file = PathBuf::from(value);
        if file.extension().is_some() {
            return Ok(Target::File(file));
        }
        let mut error = Error::new(ErrorKind::InvalidValue).with_cmd(command);
        if let Some(argument) = argument {
            let name = ContextValue::String(argument.to_string());
            error.insert(ContextKind::InvalidArg, name);
        }
        let value = ContextValue::String(value.to_string_lossy().into_owned());
        error.insert(ContextKind::InvalidValue, value);
        let names = formats().map(|format| format.get_name().to_owned()).collect();
        error.insert(ContextKind::ValidValue, ContextValue::Strings(names));
        let tip = "`report` also takes a file with an extension, for example access.html";
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
        Err(error)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(formats()))
    }
}

fn formats() -> impl Iterator<Item = PossibleValue> {
    Format::value_variants().iter().filter_map(ValueEnum::to_possible_value)
}

/// Returns whether a command line that cannot be read asks for output for programs.
pub(crate) fn is_for_programs(line: &[OsString]) -> bool {
    let words = line.iter().skip(1).map(|word| word.to_str().unwrap_or_default());
    let mut words = words.take_while(|word| *word != "--").peekable();
    let (mut format, mut has_query) = (None, false);
    while let Some(word) = words.next() {
        has_query |= word == "--query" || word.starts_with("--query=");
        let value = match value(word) {
            Some("") => words.peek().copied(),
            stated => stated,
        };
        format = value.and_then(|text| Format::from_str(text, false).ok()).or(format);
    }
    format.map_or(has_query, |format| format != Format::Table)
}

/// Returns the value of `--output` in a word; an empty one if it is the next word.
fn value(word: &str) -> Option<&str> {
    if let Some(rest) = word.strip_prefix("--") {
        let rest = rest.strip_prefix("output")?;
        return if rest.is_empty() { Some(rest) } else { rest.strip_prefix('=') };
    }
    let (_, rest) = word.strip_prefix('-')?.split_once('o')?;
    Some(rest.strip_prefix('=').unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_that_cannot_be_read_still_tells_who_reads_its_error() {
        for (line, expected) in [
            ("app-role list", false),
            ("app-role list -o", false),
            ("app-role list -o json", true),
            ("app-role list -ojson", true),
            ("app-role list -o=yaml", true),
            ("app-role list -yo tsv", true),
            ("app-role --output csv list", true),
            ("app-role list --output=json", true),
            ("app-role list --output json --output table", false),
            ("app-role list --query x", true),
            ("app-role list --query x -o table", false),
            ("app-role list --output-file json", false),
            ("app-role list -- -o json", false),
            ("app-role report -o access.json", false),
            ("json -o", false),
        ] {
            let words: Vec<_> = line.split(' ').map(OsString::from).collect();
            assert_eq!(is_for_programs(&words), expected, "{line}");
        }
    }
}
