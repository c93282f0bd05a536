//! `--query`: JMESPath on the document that a command prints (<https://jmespath.org>).
//!
//! The library parses and evaluates recursively, so both happen on a thread with a large stack, and only
//! for expressions of a limited length. The memory that an evaluation may need is estimated before it
//! starts.

mod answer;
mod check;
mod fault;
mod reach;

use std::thread;

use wire_formats::json::Node;

use crate::failure::Failure;

/// The longest expression, in characters. It limits the depth of the recursion.
const LONGEST: usize = 2_000;

/// The stack of a thread that parses or evaluates, in bytes. A debug build needs a quarter of it for the
/// deepest expression.
const STACK: usize = 64 * 1024 * 1024;

/// An expression of JMESPath.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Query(String);

impl Query {
    /// Reads an expression. The error is the rest of a sentence about it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.chars().count() > LONGEST {
            return Err(format!("it has more than {LONGEST} characters"));
        }
        let own = text.to_owned();
        on_large_stack(move || {
            let expression = jmespath::compile(&own).map_err(|error| fault::of_syntax(&error))?;
            check::check(expression.as_ast())
        })
        .unwrap_or_else(|| Err("it cannot be read".to_owned()))?;
        Ok(Self(text.to_owned()))
    }

    /// Evaluates the expression. The fields of the answer are in the order of the expression, or else of
    /// the document.
    pub(crate) fn apply(&self, document: Node) -> Result<Node, Failure> {
        let text = self.0.clone();
        let answer = on_large_stack(move || answer::evaluate(&text, &document));
        answer.unwrap_or_else(|| Err("the query cannot be evaluated".to_owned())).map_err(
            |sentence| {
                Failure::failed(format!("the answer to --query is not known: {sentence}"))
                    .code("queryFailed")
                    .hint("what the command did stays done; leave out --query to see all of it")
            },
        )
    }
}

/// Runs a function on a thread of its own. `None` if there is no thread, or if it panicked.
fn on_large_stack<T: Send + 'static>(function: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let thread = thread::Builder::new().name("query".to_owned()).stack_size(STACK);
    thread.spawn(function).ok()?.join().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn document() -> Node {
        let text = r#"[
            { "role": "Orders.Read", "api": "Orders API", "privileged": false, "n": 1 },
            { "role": "User.Read.All", "api": "Microsoft Graph", "privileged": true, "n": 2 }]"#;
        serde_json::from_str(text).unwrap()
    }

    fn answer(query: &str) -> String {
        let answer = Query::parse(query).unwrap().apply(document());
        answer.map_or_else(|error| error.sentence, |node| serde_json::to_string(&node).unwrap())
    }

    #[test]
    fn an_invalid_expression_is_refused_in_words_with_its_position() {
        for (query, expected) in [
            ("", "it ends too early"),
            ("[?privileged", "it ends too early"),
            ("[0] ]", "character 5 is not expected: `]`"),
            ("a = b", "character 3 is not expected: `=`"),
            ("ü", "character 1 is not expected: `ü`"),
            ("\"ü\" ü", "character 5 is not expected: `ü`"),
            ("`{`", "the literal at character 1 is not closed, or is not JSON"),
            ("'x", "the literal at character 1 is not closed, or is not JSON"),
            ("lenght(@)", "JMESPath has no function \"lenght\""),
            ("[].map(&lenght(@), @)", "JMESPath has no function \"lenght\""),
            ("[::0]", "a slice with the step 0 has no end"),
            ("[1::2147483647]", "the number 2147483647 is too large"),
        ] {
            assert_eq!(Query::parse(query).unwrap_err(), expected, "{query}");
        }
    }

    #[test]
    fn fields_have_the_order_of_the_query_or_of_the_document() {
        assert_eq!(
            answer("[0]"),
            r#"{"role":"Orders.Read","api":"Orders API","privileged":false,"n":1}"#
        );
        assert_eq!(
            answer("[?privileged].{role: role, app: api}"),
            r#"[{"role":"User.Read.All","app":"Microsoft Graph"}]"#
        );
        assert_eq!(answer("length(@)"), "2");
        assert_eq!(answer("[].nothing"), "[]");
        assert_eq!(answer("nothing"), "null");
    }

    #[test]
    fn an_error_of_the_evaluation_is_in_words() {
        assert!(
            answer("length(`5`)").contains("argument 1 is a number"),
            "{}",
            answer("length(`5`)")
        );
        assert!(answer("length()").contains("a function has 0 arguments and takes 1"));
        assert!(
            answer("sort_by([], &privileged)").contains("argument 2"),
            "{}",
            answer("sort_by([], &privileged)")
        );
    }

    #[test]
    fn a_query_that_needs_much_memory_or_depth_is_refused() {
        let many = |part: &str, separator: &str, count: usize| vec![part; count].join(separator);
        let doubled = |part: &str| many(part, "|", 60.min(1_900 / (part.len() + 1)));
        for query in [
            doubled("[@,@]"),
            doubled("[@,@][]"),
            doubled("{a:@,b:@}"),
            doubled("{a:@,b:@}.*"),
            doubled("[@,@][*]"),
            doubled("to_string([@,@])"),
            doubled("join('',[to_string(@),to_string(@)])"),
            doubled("join(to_string(@),[to_string(@),to_string(@)])"),
            doubled("map(&[@,@],[@,@])"),
            doubled("[*].[@,@][]"),
            doubled("[[@,@],[@,@]][*][]"),
            doubled("merge({a:@},{b:@})"),
        ] {
            assert!(answer(&query).contains("too much memory"), "{query}: {}", answer(&query));
        }
        for query in [
            many("[", "", 900) + "@" + &many("]", "", 900),
            many("(", "", 900) + "@" + &many(")", "", 900),
            many("!", "", 1_999) + "a",
            many("a", ".", 999),
            many("a", "|", 999),
            many("*", ".", 999),
            "a".to_owned() + &many("[*]", "", 600),
            "a".to_owned() + &many("[?a", "", 499) + &many("]", "", 499),
            many("&", " ", 900) + "a",
            "`".to_owned() + &many("[", "", 900) + &many("]", "", 900) + "`",
            many("a", "||", 600),
            many("{a:", "", 400) + "@" + &many("}", "", 400),
            many("type(", "", 300) + "@" + &many(")", "", 300),
        ] {
            if let Ok(query) = Query::parse(&query) {
                let _ = query.apply(document());
            }
        }
        assert!(Query::parse(&"a".repeat(LONGEST + 1)).is_err());
    }

    proptest! {
        #[test]
        fn no_expression_panics(query in "([a-c@*|&!.,:'`\"(){}\\[\\]?<>=0-9-]|length|sort_by|join|map|\\[\\*\\]|\\[\\]){0,12}") {
            if let Ok(query) = Query::parse(&query)
                && let Err(failure) = query.apply(document())
            {
                prop_assert!(!failure.sentence.contains("cannot be evaluated"), "{:?}", query);
            }
        }
    }
}
