//! Parses a query into statements, stages and expressions.

use serde_json::{Value, json};

/// An expression. Operators are calls whose function has the operator's name.
#[derive(Debug, Clone)]
pub(crate) enum Expression {
    Constant(Value),
    Name(String),
    Member(Box<Self>, String),
    Call(String, Vec<Self>),
}

/// A column and how it is computed.
pub(crate) type Column = (String, Expression);

/// One step between two pipes.
#[derive(Debug)]
pub(crate) enum Stage {
    Where(Expression),
    Extend(Vec<Column>),
    Project(Vec<Column>),
    Summarize {
        columns: Vec<Column>,
        by: Vec<Column>,
    },
    Expand(Column),
    /// Columns, and whether they descend.
    Sort(Vec<(String, bool)>),
    Join {
        kind: String,
        right: Pipeline,
        on: Vec<String>,
    },
}

/// Where rows come from.
#[derive(Debug)]
pub(crate) enum Source {
    Table(String),
    Query(Pipeline),
}

/// The union of the sources, and the stages that it passes.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) sources: Vec<Source>,
    /// Whether a table that does not exist counts as empty (`isfuzzy=true`).
    pub(crate) is_fuzzy: bool,
    pub(crate) stages: Vec<Stage>,
}

/// A `let` statement.
#[derive(Debug)]
pub(crate) enum Definition {
    Constant(Value),
    Table(Pipeline),
}

/// The definitions in their order, and the query.
pub(crate) fn parse(text: &str) -> (Vec<(String, Definition)>, Pipeline) {
    let mut parser = Parser { tokens: tokens(text), at: 0 };
    let mut definitions = Vec::new();
    while parser.take("let") {
        let name = parser.word();
        parser.expect("=");
        let definition = match parser.constant() {
            Some(value) => Definition::Constant(value),
            None => Definition::Table(parser.pipeline()),
        };
        parser.expect(";");
        definitions.push((name, definition));
    }
    let query = parser.pipeline();
    assert_eq!(parser.at, parser.tokens.len(), "left over: {:?}", &parser.tokens[parser.at..]);
    (definitions, query)
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Symbol(String),
    Constant(Value),
}

const SYMBOLS: [&str; 21] = [
    "..", "==", "!=", "=~", "!~", "!in", "<=", ">=", "=", "<", ">", "(", ")", "[", "]", "|", ",",
    ";", ".", "+", "-",
];

fn tokens(text: &str) -> Vec<Token> {
    let mut rest = text.trim_start();
    let mut tokens = Vec::new();
    while let Some(first) = rest.chars().next() {
        let (token, length) = if rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, next)| next).trim_start();
            continue;
        } else if first == '"' || first == '\'' {
            let end = rest[1..].find(first).unwrap();
            assert!(!rest[1..=end].contains('\\'), "escapes are not known");
            (Token::Constant(json!(rest[1..=end])), end + 2)
        } else if first.is_ascii_digit() {
            number(rest)
        } else if rest.starts_with("mv-expand") {
            (Token::Word("mv-expand".to_owned()), "mv-expand".len())
        } else if first.is_ascii_alphabetic() {
            let end = length_while(rest, |c| c.is_ascii_alphanumeric() || c == '_');
            (Token::Word(rest[..end].to_owned()), end)
        } else {
            let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
            let symbol = symbol.unwrap_or_else(|| panic!("not known: {rest}"));
            (Token::Symbol((*symbol).to_owned()), symbol.len())
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    tokens
}

fn length_while(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

/// A number, or a time span in seconds.
fn number(text: &str) -> (Token, usize) {
    let digits = length_while(text, |c| c.is_ascii_digit());
    let unit = length_while(&text[digits..], |c| c.is_ascii_alphabetic());
    let seconds = match &text[digits..digits + unit] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        unit => panic!("the unit {unit} is not known"),
    };
    let value: i64 = text[..digits].parse().unwrap();
    (Token::Constant(json!(value * seconds)), digits + unit)
}

/// Binary operators that bind less tightly come first.
const PRECEDENCE: [&[&str]; 4] = [
    &["or"],
    &["and"],
    &[
        "==",
        "!=",
        "=~",
        "!~",
        "<",
        ">",
        "<=",
        ">=",
        "startswith",
        "contains",
        "in",
        "!in",
        "between",
    ],
    &["+", "-"],
];

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn is(&self, text: &str) -> bool {
        match self.tokens.get(self.at) {
            Some(Token::Word(found) | Token::Symbol(found)) => found == text,
            _ => false,
        }
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.is(text);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, text: &str) {
        assert!(self.take(text), "expected {text} before {:?}", self.tokens.get(self.at));
    }

    fn constant(&mut self) -> Option<Value> {
        let Some(Token::Constant(value)) = self.tokens.get(self.at) else { return None };
        self.at += 1;
        Some(value.clone())
    }

    fn word(&mut self) -> String {
        let Some(Token::Word(word)) = self.tokens.get(self.at).cloned() else {
            panic!("expected a name before {:?}", self.tokens.get(self.at));
        };
        self.at += 1;
        word
    }

    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut items = vec![item(self)];
        while self.take(",") {
            items.push(item(self));
        }
        items
    }

    fn pipeline(&mut self) -> Pipeline {
        let is_union = self.take("union");
        let is_fuzzy = is_union && self.take("isfuzzy");
        if is_fuzzy {
            self.expect("=");
            self.expect("true");
        }
        let sources = if is_union { self.list(Self::source) } else { vec![self.source()] };
        let mut stages = Vec::new();
        while self.take("|") {
            stages.push(self.stage());
        }
        Pipeline { sources, is_fuzzy, stages }
    }

    fn source(&mut self) -> Source {
        if !self.take("(") {
            return Source::Table(self.word());
        }
        let query = self.pipeline();
        self.expect(")");
        Source::Query(query)
    }

    fn stage(&mut self) -> Stage {
        match self.word().as_str() {
            "where" => Stage::Where(self.expression(0)),
            "extend" => Stage::Extend(self.list(Self::column)),
            "project" => Stage::Project(self.list(Self::column)),
            "mv-expand" => Stage::Expand(self.column()),
            "summarize" => {
                let columns = self.list(Self::column);
                self.expect("by");
                Stage::Summarize { columns, by: self.list(Self::column) }
            }
            "sort" | "order" => {
                self.expect("by");
                Stage::Sort(self.list(|parser| {
                    let column = parser.word();
                    let descends = parser.take("desc");
                    assert!(descends || parser.take("asc"), "{column} has a direction");
                    (column, descends)
                }))
            }
            "join" => {
                self.expect("kind");
                self.expect("=");
                let kind = self.word();
                let in_parentheses = self.take("(");
                let right = self.pipeline();
                assert!(!in_parentheses || self.take(")"), "a joined query ends");
                self.expect("on");
                Stage::Join { kind, right, on: self.list(Self::word) }
            }
            stage => panic!("the operator {stage} is not known"),
        }
    }

    /// `Name = expression`, or the name of a column.
    fn column(&mut self) -> Column {
        let name = self.word();
        let expression =
            if self.take("=") { self.expression(0) } else { Expression::Name(name.clone()) };
        (name, expression)
    }

    fn expression(&mut self, level: usize) -> Expression {
        let Some(operators) = PRECEDENCE.get(level) else { return self.operand() };
        let mut left = self.expression(level + 1);
        while let Some(operator) = operators.iter().find(|operator| self.is(operator)) {
            self.at += 1;
            let mut arguments = vec![left];
            match *operator {
                "in" | "!in" => arguments.extend(self.arguments()),
                "between" => {
                    self.expect("(");
                    arguments.push(self.expression(0));
                    self.expect("..");
                    arguments.push(self.expression(0));
                    self.expect(")");
                }
                _ => arguments.push(self.expression(level + 1)),
            }
            left = Expression::Call((*operator).to_owned(), arguments);
        }
        left
    }

    fn arguments(&mut self) -> Vec<Expression> {
        self.expect("(");
        if self.take(")") {
            return Vec::new();
        }
        let arguments = self.list(|parser| parser.expression(0));
        self.expect(")");
        arguments
    }

    /// `(["a", "b"])` after `dynamic`.
    fn array(&mut self) -> Value {
        self.expect("(");
        self.expect("[");
        let items = self.list(|parser| parser.constant().unwrap());
        self.expect("]");
        self.expect(")");
        Value::Array(items)
    }

    fn operand(&mut self) -> Expression {
        if let Some(value) = self.constant() {
            return Expression::Constant(value);
        }
        if self.take("(") {
            let inner = self.expression(0);
            self.expect(")");
            return inner;
        }
        let name = self.word();
        match name.as_str() {
            "true" | "false" => return Expression::Constant(json!(name == "true")),
            "dynamic" => return Expression::Constant(self.array()),
            _ => {}
        }
        if self.is("(") {
            return Expression::Call(name, self.arguments());
        }
        let mut operand = Expression::Name(name);
        while self.take(".") {
            operand = Expression::Member(Box::new(operand), self.word());
        }
        operand
    }
}
