//! Evaluates the expressions with which a template checks its parameters. It knows the functions that they
//! use, and panics at any other.

use serde_json::{Value, json};
use tree_sitter::Node;

/// A value, or the message of `fail`.
pub(crate) type Outcome = Result<Value, String>;

/// What the names in an expression mean.
pub(crate) struct Scope<'a> {
    /// The source of the template.
    pub(crate) source: &'a str,
    /// The value of a parameter or variable.
    pub(crate) named: &'a dyn Fn(&str) -> Outcome,
}

impl Scope<'_> {
    fn text(&self, node: Node<'_>) -> &str {
        &self.source[node.byte_range()]
    }

    /// The value of an expression.
    pub(crate) fn evaluate(&self, node: Node<'_>) -> Outcome {
        match node.kind() {
            "identifier" => (self.named)(self.text(node)),
            "boolean" => Ok(json!(self.text(node) == "true")),
            "number" => Ok(json!(self.text(node).parse::<i64>().unwrap())),
            "string" => self.string(node),
            "array" => children(node).map(|item| self.evaluate(item)).collect(),
            "parenthesized_expression" => self.evaluate(child(node, 0)),
            "unary_expression" => {
                assert!(self.text(node).starts_with('!'), "{}", self.text(node));
                Ok(json!(!self.is_true(child(node, 0))?))
            }
            "binary_expression" => self.binary(node),
            "ternary_expression" => {
                let chosen = if self.is_true(child(node, 0))? { 1 } else { 2 };
                self.evaluate(child(node, chosen))
            }
            "call_expression" => self.call(node),
            other => panic!("{other}: {}", self.text(node)),
        }
    }

    fn is_true(&self, node: Node<'_>) -> Result<bool, String> {
        Ok(self.evaluate(node)?.as_bool().unwrap())
    }

    fn string(&self, node: Node<'_>) -> Outcome {
        let mut text = String::new();
        for part in children(node) {
            match part.kind() {
                "interpolation" => match self.evaluate(child(part, 0))? {
                    Value::String(value) => text.push_str(&value),
                    other => text.push_str(&other.to_string()),
                },
                _ => text.push_str(self.text(part)),
            }
        }
        Ok(json!(text))
    }

    fn binary(&self, node: Node<'_>) -> Outcome {
        let (left, right) = (child(node, 0), child(node, 1));
        let operator = self.source[left.end_byte()..right.start_byte()].trim();
        let value = match operator {
            "||" => self.is_true(left)? || self.is_true(right)?,
            "&&" => self.is_true(left)? && self.is_true(right)?,
            "==" => self.evaluate(left)? == self.evaluate(right)?,
            "!=" => self.evaluate(left)? != self.evaluate(right)?,
            ">" => self.evaluate(left)?.as_i64().unwrap() > self.evaluate(right)?.as_i64().unwrap(),
            other => panic!("operator {other}"),
        };
        Ok(json!(value))
    }

    fn call(&self, node: Node<'_>) -> Outcome {
        let (name, arguments) = (self.text(child(node, 0)), child(node, 1));
        if let ("map" | "filter", [list, lambda]) =
            (name, children(arguments).collect::<Vec<_>>().as_slice())
        {
            let items = self.evaluate(*list)?;
            return self.each(name, items.as_array().unwrap(), *lambda);
        }
        let values: Vec<Value> =
            children(arguments).map(|node| self.evaluate(node)).collect::<Result<_, _>>()?;
        apply(name, &values)
    }

    /// `map` and `filter`, whose second argument is a lambda with one parameter.
    fn each(&self, name: &str, items: &[Value], lambda: Node<'_>) -> Outcome {
        let (parameter, body) = (self.text(child(lambda, 0)), child(lambda, 1));
        let mut kept = Vec::new();
        for item in items {
            let named = |name: &str| match name == parameter {
                true => Ok(item.clone()),
                false => (self.named)(name),
            };
            let result = Scope { source: self.source, named: &named }.evaluate(body)?;
            match name {
                "map" => kept.push(result),
                _ if result == json!(true) => kept.push(item.clone()),
                _ => {}
            }
        }
        Ok(Value::Array(kept))
    }
}

fn children(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    (0..node.named_child_count()).map(move |index| child(node, index))
}

fn child(node: Node<'_>, index: usize) -> Node<'_> {
    node.named_child(index.try_into().unwrap()).unwrap()
}

/// The functions of Bicep without a lambda ("Bicep functions").
fn apply(name: &str, values: &[Value]) -> Outcome {
    let text = |index: usize| values[index].as_str().unwrap();
    let list = |index: usize| values[index].as_array().unwrap();
    let value = match name {
        "concat" => (0..values.len()).flat_map(|index| list(index).clone()).collect(),
        "range" => {
            let start = values[0].as_i64().unwrap();
            (start..start + values[1].as_i64().unwrap()).collect()
        }
        "contains" => json!(text(0).contains(text(1))),
        "startsWith" => json!(text(0).starts_with(text(1))),
        "endsWith" => json!(text(0).ends_with(text(1))),
        "empty" => json!(values[0] == json!("") || values[0] == json!([])),
        "length" => match &values[0] {
            Value::String(text) => json!(text.chars().count()),
            _ => json!(list(0).len()),
        },
        "split" => text(0).split(text(1)).collect(),
        "join" => {
            let parts: Vec<_> = list(0).iter().map(|part| part.as_str().unwrap()).collect();
            json!(parts.join(text(1)))
        }
        "fail" => return Err(text(0).to_owned()),
        other => panic!("function {other}"),
    };
    Ok(value)
}
