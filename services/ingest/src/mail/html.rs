//! The words of an HTML mail.

use mail_parser::decoders::html::html_to_text;

/// Tags that begin or end a line; the library knows only `br` and `p`.
const LINES: [&str; 14] = [
    "div",
    "tr",
    "li",
    "ul",
    "ol",
    "table",
    "blockquote",
    "h1",
    "h2",
    "h3",
    "h4",
    "pre",
    "hr",
    "section",
];
/// Tags that keep words apart.
const WORDS: [&str; 2] = ["td", "th"];

/// The text of an HTML document: no markup, no scripts, no styles, a line for each block.
pub(super) fn to_text(html: &str) -> String {
    let text = html_to_text(&with_breaks(html));
    let mut lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.dedup_by(|one, other| one.is_empty() && other.is_empty());
    lines.join("\n").trim().to_owned()
}

/// Puts a `<br>` before each block and a space before each cell, so that words do not run together, and makes a space
/// behind a tag one that the library keeps.
fn with_breaks(html: &str) -> String {
    let mut out = String::with_capacity(html.len() + html.len() / 8);
    let mut pieces = html.split('<');
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (tag, text) = piece.split_at(piece.find('>').map_or(0, |end| end + 1));
        let words = text.trim_ascii_start();
        let space = if words.len() < text.len() { "&#32;" } else { "" };
        out.extend([separator(piece), "<", tag, space, words]);
    }
    out
}

fn separator(tag: &str) -> &'static str {
    let tag = tag.strip_prefix('/').unwrap_or(tag);
    let name_end = tag
        .bytes()
        .position(|b| !b.is_ascii_alphanumeric())
        .unwrap_or(tag.len());
    let is = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(&tag[..name_end]));
    match () {
        () if is(&LINES) => "<br>",
        () if is(&WORDS) => " ",
        () => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_become_lines_and_cells_stay_apart() {
        let html = "<html><head><style>p {}</style></head><body><div>Hello,</div><div>my&nbsp;<b>order</b></div>\
                    <table><tr><td>No</td><td>17</td></tr></table><ul><li>a</li><li>b</li></ul></body></html>";
        assert_eq!(to_text("<p><b>Dear</b> Sir <i>or</i>\nMadam</p>"), "Dear Sir or Madam");
        assert_eq!(to_text(html), "Hello,\n\nmy\u{a0}order\n\nNo 17\n\na\n\nb");
    }

    #[test]
    fn scripts_and_comments_are_no_words() {
        assert_eq!(to_text("a<script>alert('<b>')</script><!-- b --> &lt;c&gt;"), "a <c>");
    }

    #[test]
    fn anything_at_all_is_read() {
        for odd in [
            "",
            "<",
            "a<",
            "<<<>>>",
            "</",
            "<!--",
            "<!-- -- >",
            "&",
            "&#x110000;",
            "<é>x",
            "<td",
            "</li é",
        ] {
            to_text(odd);
        }
    }
}
