//! An upper bound of the memory that an evaluation needs.
//!
//! `[@,@]|[@,@]|…` doubles a document with each step, so a short expression can ask for any amount of memory.
//! The bound counts values: one for each scalar, and one more for each 64 bytes of a text. Inside a
//! projection, it assumes that each value of the list is an element of its own.

use jmespath::{Variable, ast::Ast};
use wire_formats::json::Node;

use super::check::parts;

/// The bytes of a text that count as a value.
const BYTES_OF_A_VALUE: usize = 64;

/// A text in JSON may be this much longer than the text: each control character becomes six.
const ESCAPED: u64 = 6;

/// The largest bound for any document. A document of this many values needs less than a gigabyte.
const LARGEST: u64 = 2_000_000;

/// The largest bound relative to the document: large documents can be queried, too.
const LARGEST_FACTOR: u64 = 100;

/// Returns whether an evaluation stays within the memory that is allowed.
pub(super) fn is_bounded(ast: &Ast, document: &Node) -> bool {
    let size = size(document);
    let mut bound = Bound::default();
    bound.of(ast, size);
    bound.most <= LARGEST.max(size.saturating_mul(LARGEST_FACTOR))
}

/// Counts the values of a document.
fn size(node: &Node) -> u64 {
    match node {
        Node::Null | Node::Boolean(_) | Node::Number(_) => 1,
        Node::Text(text) => of_text(text),
        Node::Array(items) => items.iter().map(size).fold(1, u64::saturating_add),
        Node::Object(fields) => {
            fields.iter().map(|(_, one)| size(one)).fold(1, u64::saturating_add)
        }
    }
}

fn of_literal(value: &Variable) -> u64 {
    match value {
        Variable::String(text) => of_text(text),
        Variable::Array(items) => {
            items.iter().map(|one| of_literal(one)).fold(1, u64::saturating_add)
        }
        Variable::Object(fields) => {
            fields.values().map(|one| of_literal(one)).fold(1, u64::saturating_add)
        }
        Variable::Null | Variable::Bool(_) | Variable::Number(_) | Variable::Expref(_) => 1,
    }
}

fn of_text(text: &str) -> u64 {
    1 + u64::try_from(text.len() / BYTES_OF_A_VALUE).unwrap_or(u64::MAX - 1)
}

/// The bound of an expression so far.
#[derive(Default)]
struct Bound {
    /// The largest bound of a part.
    most: u64,
}

impl Bound {
    /// Returns a bound of the value of an expression for a value of this size.
    fn of(&mut self, ast: &Ast, size: u64) -> u64 {
        let value = match ast {
            Ast::Identity { .. } | Ast::Field { .. } | Ast::Index { .. } | Ast::Slice { .. } => {
                size.max(1)
            }
            Ast::Literal { value, .. } => of_literal(value),
            Ast::Subexpr { lhs, rhs, .. } => {
                let left = self.of(lhs, size);
                self.of(rhs, left)
            }
            Ast::Projection { lhs, rhs, .. } => {
                let list = self.of(lhs, size);
                list.saturating_mul(self.of(rhs, 1))
            }
            Ast::Function { name, args, .. } => self.of_function(name, args, size),
            Ast::Comparison { .. } | Ast::Not { .. } => {
                self.sum(ast, size);
                1
            }
            _ => self.sum(ast, size).saturating_add(1),
        };
        self.most = self.most.max(value);
        value
    }

    fn sum(&mut self, ast: &Ast, size: u64) -> u64 {
        parts(ast).into_iter().map(|part| self.of(part, size)).fold(0, u64::saturating_add)
    }

    fn of_function(&mut self, name: &str, arguments: &[Ast], size: u64) -> u64 {
        let all: Vec<_> = arguments.iter().map(|argument| self.of(argument, size)).collect();
        let sum = all.iter().copied().fold(1, u64::saturating_add);
        match (name, arguments) {
            ("map", [Ast::Expref { ast, .. }, _]) => {
                let list = all.last().copied().unwrap_or(1);
                list.saturating_mul(self.of(ast, 1))
            }
            // The length of a repeated text is known only for a literal.
            ("join", [Ast::Literal { value, .. }, _]) => {
                let separator = value.as_string().map_or(1, |text| of_text(text));
                sum.saturating_mul(separator)
            }
            ("join", _) => u64::MAX,
            ("to_string", _) => sum.saturating_mul(ESCAPED),
            _ => sum,
        }
    }
}
