//! Route templates of literals and `{parameters}` ("Azure Functions HTTP trigger", customize the HTTP
//! endpoint). Constraints, optional parameters and catch-alls are not supported.

/// The route template of a function, including the route prefix.
#[derive(Clone, Debug)]
pub(crate) struct RouteTemplate(Vec<Segment>);

/// A segment. Literals are ordered first, because the more exact of two matching routes wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Literal(String),
    Parameter(String),
}

impl RouteTemplate {
    /// Parses a template. The error names the fault.
    pub(crate) fn parse(prefix: &str, route: &str) -> Result<Self, String> {
        let whole = format!("{}/{}", prefix.trim_matches('/'), route.trim_matches('/'));
        let segments = whole.trim_start_matches('/').split('/').map(segment);
        segments.collect::<Option<_>>().map(Self).ok_or_else(|| {
            format!(
                "route '{route}' contains more than names and {{parameters}}, which this emulator does not support"
            )
        })
    }

    /// The values of the parameters if the path matches. Literals are not case-sensitive, and one slash
    /// at the end is ignored.
    pub(crate) fn values(&self, path: &str) -> Option<Vec<(String, String)>> {
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        let parts: Vec<_> = path.split('/').map(percent_decoded).collect();
        if parts.len() != self.0.len() {
            return None;
        }
        let mut values = Vec::new();
        for (segment, part) in self.0.iter().zip(parts) {
            match segment {
                Segment::Literal(literal) if literal.eq_ignore_ascii_case(&part) => {}
                Segment::Parameter(name) if !part.is_empty() => values.push((name.clone(), part)),
                Segment::Literal(_) | Segment::Parameter(_) => return None,
            }
        }
        Some(values)
    }

    /// A key that orders the most exact templates first.
    pub(crate) fn precedence(&self) -> impl Ord + use<> {
        let is_parameter = |segment: &Segment| matches!(segment, Segment::Parameter(_));
        self.0.iter().map(is_parameter).collect::<Vec<_>>()
    }
}

fn segment(text: &str) -> Option<Segment> {
    let is_name = |text: &str| {
        !text.is_empty()
            && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
    };
    match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        Some(name) => is_name(name).then(|| Segment::Parameter(name.to_owned())),
        None => is_name(text).then(|| Segment::Literal(text.to_owned())),
    }
}

/// Decodes a segment. Invalid escapes are kept, and so is an escaped slash (ASP.NET Core, `PathString`).
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        match escaped(rest).filter(|byte| *byte != b'/') {
            Some(byte) => {
                bytes.push(byte);
                rest = rest.get(3..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The byte of an escape `%xx` at the start of a text.
fn escaped(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(route: &str, path: &str) -> Option<Vec<(String, String)>> {
        RouteTemplate::parse("api", route).unwrap().values(path)
    }

    #[test]
    fn an_unsupported_template_is_refused_and_named() {
        for route in ["{id:int}", "{id?}", "{*rest}", "a//b", "a{b}", "{}", "a b"] {
            let error = RouteTemplate::parse("api", route).unwrap_err();
            assert!(error.contains(&format!("'{route}'")), "{error}");
        }
    }

    #[test]
    fn a_path_matches_only_as_a_whole() {
        for path in ["/api/orders", "/api/orders/7/lines", "/orders/7", "/api/orders/", "/api//7"] {
            assert_eq!(values("orders/{id}", path), None, "{path}");
        }
    }

    #[test]
    fn literals_match_in_any_case_and_parameters_are_decoded() {
        let expected = vec![("id".to_owned(), "a b%2Fc%".to_owned())];
        assert_eq!(values("orders/{id}", "/API/Orders/a%20b%2Fc%/"), Some(expected));
    }

    #[test]
    fn without_a_prefix_a_route_begins_at_the_root() {
        let template = RouteTemplate::parse("", "/orders").unwrap();
        assert_eq!(template.values("/orders"), Some(vec![]));
    }

    #[test]
    fn a_literal_comes_before_a_parameter() {
        let template = |route| RouteTemplate::parse("api", route).unwrap();
        assert!(template("orders/new").precedence() < template("orders/{id}").precedence());
    }

    proptest! {
        #[test]
        fn any_template_and_any_path_are_parsed_or_refused(route in r"\PC*", path in r"\PC*") {
            if let Ok(template) = RouteTemplate::parse("api", &route) {
                template.values(&path);
                let path = format!("/api/{}", route.trim_matches('/'));
                let names = template.values(&path).unwrap();
                prop_assert!(names.len() < 2 + route.matches('/').count());
            }
        }
    }
}
