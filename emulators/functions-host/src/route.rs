//! Routes of functions with an HTTP trigger ("Routing in ASP.NET Core", route templates; Azure `WebJobs` SDK
//! extensions, `WebJobsRouteBuilder`; Azure Functions host, `FunctionInvocationMiddleware`).

mod decoding;

use std::cmp::Ordering;

/// The values of a route's parameters. A parameter that the path leaves out has none.
pub(crate) type RouteValues = Vec<(String, Option<String>)>;

/// The template of a route: literal parts and at most one parameter, which is the last part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Parameter { name: String, is_optional: bool },
}

impl Route {
    /// Parses a template; `None` if it is invalid or not supported. Slashes around it mean nothing.
    pub(crate) fn parse(template: &str) -> Option<Self> {
        let parts = template.trim_matches('/').split('/').map(Part::parse);
        let parts: Vec<Part> = parts.collect::<Option<_>>()?;
        let (_, before) = parts.split_last()?;
        before.iter().all(|part| !part.is_parameter()).then_some(Self { parts })
    }

    /// The values of the parameters if the path, percent-encoded as the caller sent it, is one of this
    /// route. Literal parts are not case-sensitive, one slash may follow the path, and an empty part counts
    /// as absent.
    pub(crate) fn values(&self, path: &str) -> Option<RouteValues> {
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut given = path.split('/').map(decoding::decoded);
        let mut values = RouteValues::new();
        for part in &self.parts {
            match (part, given.next()) {
                (Part::Literal(literal), Some(text)) if literal.eq_ignore_ascii_case(&text) => {}
                (Part::Parameter { name, .. }, Some(text)) if !text.is_empty() => {
                    values.push((name.clone(), Some(text)));
                }
                (Part::Parameter { name, is_optional: true }, None) => {
                    values.push((name.clone(), None));
                }
                _ => return None,
            }
        }
        given.next().is_none().then_some(values)
    }

    /// Which of two routes that match a path is tried first: the one with a literal part where the other
    /// has a parameter, then the longer one.
    pub(crate) fn precedence(&self, other: &Self) -> Ordering {
        let shared = self.parts.iter().zip(&other.parts);
        let kinds = shared.map(|(one, other)| one.is_parameter().cmp(&other.is_parameter()));
        let by_kind = kinds.fold(Ordering::Equal, Ordering::then);
        by_kind.then(other.parts.len().cmp(&self.parts.len()))
    }
}

impl Part {
    fn parse(text: &str) -> Option<Self> {
        let Some(inner) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            let is_literal = !text.is_empty() && !text.contains(['{', '}']);
            return is_literal.then(|| Self::Literal(text.to_owned()));
        };
        let (name, is_optional) = inner.strip_suffix('?').map_or((inner, false), |it| (it, true));
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        // Without constraints, defaults and parameters that take the rest of a path.
        (!name.is_empty() && name.chars().all(is_name))
            .then(|| Self::Parameter { name: name.to_owned(), is_optional })
    }

    fn is_parameter(&self) -> bool {
        matches!(self, Self::Parameter { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values that a template finds in a path.
    fn values(template: &str, path: &str) -> Option<Vec<Option<String>>> {
        let values = Route::parse(template).unwrap().values(path)?;
        Some(values.into_iter().map(|(_, value)| value).collect())
    }

    #[test]
    fn an_unsupported_template_is_refused() {
        for template in [
            "",
            "jobs//all",
            "jobs/{id}/log",
            "jobs/{id}/{log}",
            "jobs/{id:int}",
            "jobs/{id=7}",
            "jobs/{*rest}",
            "jobs/{}",
            "jobs/{?}",
            "jobs/{id",
            "jobs/id}",
            "jobs/n{id}",
            "jobs/{i{d}",
        ] {
            assert_eq!(Route::parse(template), None, "{template}");
        }
    }

    #[test]
    fn a_path_with_more_parts_fewer_or_an_empty_one_is_not_of_the_route() {
        for (template, path) in [
            ("api/jobs/{id?}", "/api"),
            ("api/jobs/{id?}", "/api/job"),
            ("api/jobs/{id?}", "/api/jobs/7/8"),
            ("api/jobs/{id?}", "/api/jobs//"),
            ("api/jobs/{id?}", "/api/jobs//7"),
            ("api/jobs/{id?}", "/api//jobs/7"),
            ("api/jobs/{id?}", "//api/jobs/7"),
            ("api/jobs/{id?}", "/api/jobs/7//"),
            ("api/jobs/{id?}", "/api%2Fjobs/7"),
            ("api/jobs/{id?}", "/api/jobs7"),
            ("api/jobs/{id}", "/api/jobs"),
            ("api/jobs/{id}", "/api/jobs/"),
            ("api/jobs", "/api/jobs/7"),
            ("api/jobs", ""),
        ] {
            assert_eq!(values(template, path), None, "{template} {path}");
        }
    }

    #[test]
    fn the_last_part_of_a_path_is_the_value_and_only_an_optional_one_may_be_absent() {
        let some = |text: &str| Some(text.to_owned());
        for (template, path, expected) in [
            ("api/jobs/{id?}", "/api/jobs", vec![None]),
            ("api/jobs/{id?}", "/api/jobs/", vec![None]),
            ("api/jobs/{id?}", "/API/Jobs/Seven", vec![some("Seven")]),
            ("api/jobs/{id}", "/api/j%6Fbs/7/", vec![some("7")]),
            ("/api/jobs/{id}/", "/api/jobs/{id}", vec![some("{id}")]),
            ("api/jobs/{id}", "/api/jobs/a%20b%C3%A9", vec![some("a b\u{e9}")]),
            ("api/jobs/{id}", "/api/jobs/a+b", vec![some("a+b")]),
            ("api/jobs", "/api/JOBS/", vec![]),
        ] {
            assert_eq!(values(template, path), Some(expected), "{template} {path}");
        }
    }

    #[test]
    fn literal_parts_go_before_a_parameter_and_longer_routes_before_shorter_ones() {
        for (first, second) in [
            ("api/jobs/all", "api/jobs/{id}"),
            ("api/jobs/all", "api/jobs/{id?}"),
            ("api/jobs/{id?}", "api/jobs"),
        ] {
            let (first, second) = (Route::parse(first).unwrap(), Route::parse(second).unwrap());
            assert_eq!(first.precedence(&second), Ordering::Less, "{first:?} {second:?}");
            assert_eq!(second.precedence(&first), Ordering::Greater, "{first:?} {second:?}");
            assert_eq!(first.precedence(&first), Ordering::Equal, "{first:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn an_encoded_value_arrives_as_it_was(value in "[^/\0]{1,20}") {
            let encoded: String = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let found = values("api/jobs/{id}", &format!("/api/jobs/{encoded}"));
            proptest::prop_assert_eq!(found, Some(vec![Some(value)]));
        }

        #[test]
        fn no_path_has_a_value_with_a_slash_or_an_empty_one(path in "(/api)?/jobs?[/%2Fa-c]{0,12}") {
            let found = values("api/jobs/{id?}", &path);
            let parts = path.trim_end_matches('/').split('/').count();
            if let Some([Some(value)]) = found.as_deref() {
                proptest::prop_assert!(!value.is_empty() && !value.contains('/'), "{}", value);
                proptest::prop_assert_eq!(parts, 4);
            }
        }
    }
}
