//! Checks for faults that the library finds too late or not at all: functions that do not exist, and
//! numbers that overflow.

use jmespath::ast::Ast;

/// The functions of JMESPath ("JMESPath Specification", Built-in Functions), and the library's `merge` and
/// `map`.
const FUNCTIONS: [&str; 26] = [
    "abs",
    "avg",
    "ceil",
    "contains",
    "ends_with",
    "floor",
    "join",
    "keys",
    "length",
    "map",
    "max",
    "max_by",
    "merge",
    "min",
    "min_by",
    "not_null",
    "reverse",
    "sort",
    "sort_by",
    "starts_with",
    "sum",
    "to_array",
    "to_number",
    "to_string",
    "type",
    "values",
];

/// The largest number in an index or a slice. The library adds such numbers to positions.
const LARGEST: u32 = 1_000_000_000;

/// Refuses an expression that the library would fail on. The error is the rest of a sentence about it.
pub(super) fn check(ast: &Ast) -> Result<(), String> {
    match ast {
        Ast::Function { name, .. } if !FUNCTIONS.contains(&name.as_str()) => {
            return Err(format!("JMESPath has no function {name:?}"));
        }
        Ast::Slice { step: 0, .. } => return Err("a slice with the step 0 has no end".to_owned()),
        Ast::Slice { start, stop, step, .. } => {
            for number in [*start, *stop, Some(*step)].into_iter().flatten() {
                check_number(number)?;
            }
        }
        Ast::Index { idx, .. } => check_number(*idx)?,
        _ => {}
    }
    parts(ast).into_iter().try_for_each(check)
}

fn check_number(number: i32) -> Result<(), String> {
    if number.unsigned_abs() > LARGEST {
        return Err(format!("the number {number} is too large"));
    }
    Ok(())
}

/// Returns the expressions inside an expression, in the order of the text.
pub(super) fn parts(ast: &Ast) -> Vec<&Ast> {
    match ast {
        Ast::Comparison { lhs, rhs, .. }
        | Ast::Projection { lhs, rhs, .. }
        | Ast::And { lhs, rhs, .. }
        | Ast::Or { lhs, rhs, .. }
        | Ast::Subexpr { lhs, rhs, .. } => vec![lhs, rhs],
        Ast::Condition { predicate, then, .. } => vec![predicate, then],
        Ast::Expref { ast: node, .. }
        | Ast::Flatten { node, .. }
        | Ast::Not { node, .. }
        | Ast::ObjectValues { node, .. } => vec![node],
        Ast::Function { args, .. } => args.iter().collect(),
        Ast::MultiList { elements, .. } => elements.iter().collect(),
        Ast::MultiHash { elements, .. } => elements.iter().map(|pair| &pair.value).collect(),
        Ast::Identity { .. }
        | Ast::Field { .. }
        | Ast::Index { .. }
        | Ast::Literal { .. }
        | Ast::Slice { .. } => Vec::new(),
    }
}
