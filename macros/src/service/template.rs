//! Path templates: `/pets/{id}`.

use syn::LitStr;

use super::Segment;

/// The runs of `path` behind `base`.
///
/// # Errors
/// It is no template. The message says why, at the text.
pub(super) fn parse(base: &str, path: &LitStr) -> syn::Result<Vec<Segment>> {
    let text = path.value();
    let wrong = |message: &str| Err(syn::Error::new(path.span(), message));
    if !text.starts_with('/') {
        return wrong("a path starts with `/`");
    }
    if text.contains(['?', '#']) {
        return wrong(
            "a path has no query: give the method a parameter, with #[query] where that is not its default",
        );
    }
    if text.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
        return wrong("a path has no white space: write it as `%20`");
    }
    let mut segments = Vec::new();
    let mut literal = base.to_owned();
    let mut rest = text.as_str();
    while let Some(at) = rest.find(['{', '}']) {
        let (before, brace) = rest.split_at(at);
        literal.push_str(before);
        let Some(inside) = brace.strip_prefix('{') else {
            return wrong("`}` closes nothing: a variable is written `{name}`");
        };
        let Some((name, after)) = inside.split_once('}').filter(|(name, _)| !name.contains('{')) else {
            return wrong("`{` is not closed: a variable is written `{name}`");
        };
        if name.is_empty()
            || !name
                .chars()
                .all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-'))
        {
            return wrong("a variable has the name of a parameter: `{id}`");
        }
        if !literal.is_empty() {
            segments.push(Segment::Literal(std::mem::take(&mut literal)));
        }
        segments.push(Segment::Variable(name.to_owned()));
        rest = after;
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        segments.push(Segment::Literal(literal));
    }
    Ok(segments)
}
