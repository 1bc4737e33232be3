//! Text: escaped, measured, with `_{…}` below and `^{…}` above the line.

/// Advance widths of the characters from space to `~`, thousandths of the size: Inter Regular.
#[rustfmt::skip]
const REGULAR: [u16; 95] = [281, 288, 466, 633, 642, 982, 644, 300, 365, 365, 501, 662, 288, 460, 288, 360, 631, 407, 610, 618, 646, 593, 620, 566, 619, 620, 288, 302, 662, 662, 662, 511, 966, 690, 654, 730, 722, 601, 590, 746, 743, 269, 571, 672, 565, 903, 753, 765, 639, 765, 644, 642, 646, 744, 690, 985, 682, 679, 629, 365, 360, 365, 471, 456, 323, 562, 612, 571, 612, 583, 370, 613, 591, 242, 242, 549, 242, 876, 591, 600, 612, 612, 376, 528, 327, 591, 562, 818, 546, 562, 552, 426, 333, 426, 662];

/// How much wider Inter SemiBold runs.
const BOLDER: f64 = 1.035;

/// How large what stands above or below the line is.
pub(crate) const SMALL: f64 = 0.72;

/// Width of a text in the units of its size.
pub(crate) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let of = |c: char| match c {
        ' '..='~' => f64::from(REGULAR[c as usize - 32]),
        '\u{2212}' | '±' | '×' => 662.0,
        '\u{202f}' | '\u{2009}' => 160.0,
        'α'..='ω' => 590.0,
        c if (c as u32) < 0x2e80 => 640.0,
        _ => 1000.0, // ideographs
    };
    let runs = runs(text);
    let thousandths: f64 =
        runs.iter().map(|(run, level)| run.chars().map(of).sum::<f64>() * if *level == 0 { 1.0 } else { SMALL }).sum();
    thousandths / 1000.0 * size * if bold { BOLDER } else { 1.0 }
}

/// Pieces on (0), above (1) and below (-1) the line.
pub(crate) fn runs(text: &str) -> Vec<(&str, i8)> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((at, level)) = [rest.find("_{").map(|at| (at, -1)), rest.find("^{").map(|at| (at, 1))]
        .into_iter()
        .flatten()
        .min_by_key(|found| found.0)
    {
        let Some(close) = rest[at..].find('}') else { break };
        if at > 0 {
            pieces.push((&rest[..at], 0));
        }
        pieces.push((&rest[at + 2..at + close], level));
        rest = &rest[at + close + 1..];
    }
    if !rest.is_empty() {
        pieces.push((rest, 0));
    }
    pieces
}

/// The text without its marks for what stands above and below.
pub(crate) fn plain(text: &str) -> String {
    runs(text).into_iter().map(|(run, _)| run).collect()
}

/// Text as XML and HTML want it, also between quotes. Characters that XML does not know are dropped.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' | '\r' => escaped.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => escaped.push(c),
        }
    }
    escaped
}

/// The text cut with an ellipsis where it would be wider than `room`.
pub(crate) fn fit(text: &str, size: f64, bold: bool, room: f64) -> String {
    if width(text, size, bold) <= room {
        return text.into();
    }
    let mut kept: String = plain(text);
    while !kept.is_empty() && width(&kept, size, bold) + width("…", size, bold) > room {
        kept.pop();
    }
    format!("{}…", kept.trim_end())
}

/// The text in at most `lines` lines of `room`, broken between words; the last is cut.
pub(crate) fn wrap(text: &str, size: f64, bold: bool, room: f64, lines: usize) -> Vec<String> {
    let mut wrapped: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let full = wrapped.len() == lines;
        match wrapped.last_mut() {
            Some(line) if full || width(&format!("{line} {word}"), size, bold) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => wrapped.push(word.into()),
        }
    }
    wrapped.iter().map(|line| fit(line, size, bold, room)).collect()
}

/// Base 64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().enumerate().fold(0u32, |bits, (k, byte)| bits | u32::from(*byte) << (16 - 8 * k));
        for k in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * k) & 63) as usize];
            text.push(if k <= chunk.len() { digit as char } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out() {
        assert_eq!(escape("<b a=\"1\" c='2'>&\u{7}"), "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;");
    }

    #[test]
    fn marks_stand_above_and_below() {
        assert_eq!(runs("W_{rec} 10^{5}"), [("W", 0), ("rec", -1), (" 10", 0), ("5", 1)]);
        assert_eq!(runs("a_{b"), [("a_{b", 0)]);
        assert_eq!(plain("W_{rec}"), "Wrec");
    }

    #[test]
    fn long_text_is_cut_and_wrapped() {
        let cut = fit("a very long name indeed", 12.0, false, 60.0);
        assert!(cut.ends_with('…') && width(&cut, 12.0, false) <= 60.0);
        assert_eq!(wrap("one two three", 12.0, false, 60.0, 2), ["one two", "three"]);
    }

    #[test]
    fn base64_is_the_standard_one() {
        assert_eq!(
            ["", "f", "fo", "foo", "foob"].map(|t| base64(t.as_bytes())),
            ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]
        );
    }
}
