//! Faults of an expression, in words.

use jmespath::{ErrorReason, JmespathError, RuntimeError};

/// Says what is wrong with the text of an expression.
pub(super) fn of_syntax(error: &JmespathError) -> String {
    let (before, rest) =
        error.expression.split_at_checked(error.offset).unwrap_or((&error.expression, ""));
    let position = before.chars().count() + 1;
    match rest.chars().next() {
        None => "it ends too early".to_owned(),
        Some('\'' | '`' | '"') => {
            format!("the literal at character {position} is not closed, or is not JSON")
        }
        Some(character) => format!("character {position} is not expected: `{character}`"),
    }
}

/// Says why an expression has no answer.
pub(super) fn of_evaluation(error: &JmespathError) -> String {
    let ErrorReason::Runtime(reason) = &error.reason else { return of_syntax(error) };
    match reason {
        RuntimeError::InvalidSlice => "a slice with the step 0 has no end".to_owned(),
        RuntimeError::TooManyArguments { expected, actual }
        | RuntimeError::NotEnoughArguments { expected, actual } => {
            format!("a function has {actual} arguments and takes {expected}")
        }
        RuntimeError::UnknownFunction(name) => format!("JMESPath has no function {name:?}"),
        RuntimeError::InvalidType { expected, actual, position } => {
            let number = position + 1;
            format!("argument {number} is a {actual}, and the function takes: {expected}")
        }
        RuntimeError::InvalidReturnType { expected, actual, position, .. } => {
            let number = position + 1;
            format!("argument {number} returns a {actual}, and the function takes: {expected}")
        }
    }
}
