//! The two policies to compare.

use std::{
    io::{Read as _, stdin},
    path::Path,
};

use app_roles::policy::Policy;

use crate::{failure::Failure, io_reason::io_reason, policy_file};

/// The largest policy that is read from standard input, in bytes.
const MAX_INPUT: u64 = 16 * 1024 * 1024;

/// The two policies to compare.
#[derive(Debug)]
pub(super) struct Inputs {
    pub(super) old: Policy,
    pub(super) new: Policy,
    /// The names of the files, the old one first.
    pub(super) names: [String; 2],
}

impl Inputs {
    /// Reads both policies. The faults of both are reported.
    pub(super) fn read(old: &Path, new: &Path) -> Result<Self, Failure> {
        if is_standard_input(old) && is_standard_input(new) {
            return Err(Failure::usage("only one of OLD and NEW can be standard input")
                .hint("name a file for the other one"));
        }
        match [old, new].map(read) {
            [Ok(before), Ok(after)] => {
                Ok(Self { old: before, new: after, names: [old, new].map(name) })
            }
            [Err(one), Err(other)] => {
                let sentence = format!("{}; {}", one.sentence, other.sentence);
                Err(Failure { sentence, ..other })
            }
            [Err(failure), _] | [_, Err(failure)] => Err(failure),
        }
    }
}

fn is_standard_input(file: &Path) -> bool {
    file == Path::new("-")
}

fn name(file: &Path) -> String {
    if is_standard_input(file) { "standard input".to_owned() } else { file.display().to_string() }
}

fn read(file: &Path) -> Result<Policy, Failure> {
    let name = name(file);
    let bytes = bytes(file).map_err(|error| {
        Failure::failed(format!("{name} cannot be read: {}", io_reason(&error)))
            .hint("name a policy file, or - for standard input")
    })?;
    if bytes.is_empty() && is_standard_input(file) {
        return Err(Failure::failed("standard input is empty").hint(
            "if the policy is new, compare with a file that allows nothing: \
             {\"version\": 1, \"allow\": []}",
        ));
    }
    policy_file::parse(&name, &bytes)
}

fn bytes(file: &Path) -> std::io::Result<Vec<u8>> {
    if !is_standard_input(file) {
        return std::fs::read(file);
    }
    let mut bytes = Vec::new();
    stdin().take(MAX_INPUT).read_to_end(&mut bytes)?;
    Ok(bytes)
}
