//! Evaluating an expression.

use std::collections::HashMap;

use jmespath::{Variable, ast::Ast};
use wire_formats::json::Node;

use super::{check::parts, fault, reach};

/// The deepest answer, as that of documents which this program reads.
const DEEPEST: usize = 128;

/// Evaluates an expression. The error is a sentence.
pub(super) fn evaluate(text: &str, document: &Node) -> Result<Node, String> {
    let expression = jmespath::compile(text).map_err(|error| fault::of_syntax(&error))?;
    if !reach::is_bounded(expression.as_ast(), document) {
        return Err("the query may need too much memory".to_owned());
    }
    let answer = expression.search(document).map_err(|error| fault::of_evaluation(&error))?;
    let mut order = Order::default();
    order.add_query(expression.as_ast());
    order.add_document(document);
    order.node(&answer, 0).ok_or_else(|| "its answer is nested too deeply".to_owned())
}

/// The order of fields. The library sorts them by their names.
#[derive(Default)]
struct Order<'a> {
    ranks: HashMap<&'a str, usize>,
}

impl<'a> Order<'a> {
    /// Adds the names of an expression's own objects.
    fn add_query(&mut self, ast: &'a Ast) {
        if let Ast::MultiHash { elements, .. } = ast {
            for pair in elements {
                self.add(&pair.key);
            }
        }
        for part in parts(ast) {
            self.add_query(part);
        }
    }

    /// Adds the names of a document's fields.
    fn add_document(&mut self, node: &'a Node) {
        match node {
            Node::Array(items) => items.iter().for_each(|item| self.add_document(item)),
            Node::Object(fields) => {
                for (name, value) in fields {
                    self.add(name);
                    self.add_document(value);
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, name: &'a str) {
        let next = self.ranks.len();
        self.ranks.entry(name).or_insert(next);
    }

    /// Turns an answer into JSON; `None` if it is nested too deeply.
    fn node(&self, answer: &Variable, depth: usize) -> Option<Node> {
        if depth > DEEPEST {
            return None;
        }
        Some(match answer {
            // A reference to an expression is no value.
            Variable::Null | Variable::Expref(_) => Node::Null,
            Variable::Bool(value) => Node::Boolean(*value),
            Variable::Number(number) => Node::Number(number.clone()),
            Variable::String(text) => Node::Text(text.clone()),
            Variable::Array(items) => {
                let nodes = items.iter().map(|item| self.node(item, depth + 1));
                Node::Array(nodes.collect::<Option<_>>()?)
            }
            Variable::Object(fields) => {
                let mut fields: Vec<_> = fields.iter().collect();
                fields.sort_by_key(|(name, _)| self.ranks.get(name.as_str()).copied());
                let nodes = fields.into_iter().map(|(name, value)| {
                    self.node(value, depth + 1).map(|node| (name.clone(), node))
                });
                Node::Object(nodes.collect::<Option<_>>()?)
            }
        })
    }
}
