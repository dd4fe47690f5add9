//! Lists that prettyplease broke, joined again where they fit a line.

/// The text with every broken list that fits into `width` characters on one line.
pub(crate) fn joined(text: &str, width: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut out: Vec<String> = Vec::with_capacity(lines.len());
    join(&lines, width, &mut out);
    let mut text = out.join("\n");
    text.push('\n');
    text
}

fn join(lines: &[&str], width: usize, out: &mut Vec<String>) {
    let mut index = 0;
    while let Some(&line) = lines.get(index) {
        if let Some(end) = list_end(lines, index) {
            let mut inner = Vec::new();
            join(&lines[index + 1..end], width, &mut inner);
            match on_one_line(line, &inner, lines[end], width) {
                Some(joined) => out.push(joined),
                None => {
                    out.push(line.to_owned());
                    out.append(&mut inner);
                    out.push(lines[end].to_owned());
                }
            }
            index = end + 1;
        } else {
            out.push(line.to_owned());
            index += 1;
        }
        join_chain(width, out);
    }
}

/// Puts a method call that stands on a line of its own behind its receiver, if it fits.
fn join_chain(width: usize, out: &mut Vec<String>) {
    let [.., receiver, call] = out.as_slice() else {
        return;
    };
    if call.trim_start().starts_with(".rules(") && indent(receiver) < indent(call) {
        let joined = format!("{receiver}{}", call.trim_start());
        if joined.chars().count() <= width && !receiver.trim_start().starts_with("//") {
            out.truncate(out.len() - 2);
            out.push(joined);
        }
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Where the list that opens at the end of line `index` closes. `None`: no list opens there.
fn list_end(lines: &[&str], index: usize) -> Option<usize> {
    let line = lines[index];
    let text = line.trim_start();
    if text.starts_with("//") || text.starts_with('#') {
        return None;
    }
    let closer = match line.chars().next_back()? {
        '(' => ')',
        '[' => ']',
        '<' => '>',
        '{' if text == "Self {" => '}',
        _ => return None,
    };
    let end = lines[index + 1..]
        .iter()
        .position(|line| !line.is_empty() && indent(line) <= indent(lines[index]))?;
    let end = index + 1 + end;
    (indent(lines[end]) == indent(line) && lines[end].trim_start().starts_with(closer)).then_some(end)
}

fn on_one_line(open: &str, inner: &[String], close: &str, width: usize) -> Option<String> {
    let is_plain = |line: &String| {
        let text = line.trim_start();
        !text.starts_with("//") && !text.starts_with('#') && !text.ends_with('{') && !text.ends_with(';')
    };
    if !inner.iter().all(is_plain) {
        return None;
    }
    let space = if open.ends_with('{') { " " } else { "" };
    let parts: Vec<&str> = inner.iter().map(|line| line.trim_start()).collect();
    let parts = parts.join(" ");
    let joined = format!(
        "{open}{space}{}{space}{}",
        parts.trim_end_matches(','),
        close.trim_start()
    );
    (joined.chars().count() <= width).then_some(joined)
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn lists_that_fit_are_joined_from_the_inside() {
        let text = "static A: S = S::new(\n    \"a\",\n    &[\n        F::required(\"b\")\n            .rules(&[R::Min(1)]),\n    ],\n);\n";
        assert_eq!(
            joined(text, 80),
            "static A: S = S::new(\"a\", &[F::required(\"b\").rules(&[R::Min(1)])]);\n"
        );
        assert_eq!(
            joined(text, 50),
            "static A: S = S::new(\n    \"a\",\n    &[F::required(\"b\").rules(&[R::Min(1)])],\n);\n"
        );
    }

    #[test]
    fn documented_lists_and_blocks_stay() {
        let text = "pub struct A(\n    /// The value.\n    pub String,\n);\nfn f() {\n    a\n}\n";
        assert_eq!(joined(text, 80), text);
    }
}
