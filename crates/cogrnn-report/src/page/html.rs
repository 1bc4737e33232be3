//! The page as HTML.

use super::{Cell, Listing, Page, Section, TableView, Verdict};
use crate::colour::{Paint, variables};
use crate::draw::{WIDTH, panels, title};
use crate::model::{Figure, Panel, Theme};
use crate::pack::Pack;
use crate::text::{base64, escape, plain};
use std::fmt::Write;

const CSS: &str = include_str!("../../assets/report.css");
const SCRIPT: &str = include_str!("../../assets/report.js");
const REGULAR: &[u8] = include_bytes!("../../assets/Inter-Regular.woff2");
const SEMIBOLD: &[u8] = include_bytes!("../../assets/Inter-SemiBold.woff2");

/// Nothing is fetched: the browser is told to refuse.
const POLICY: &str = "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      font-src data:";

pub(super) fn page(page: &Page) -> String {
    let mut pack = Pack::default();
    let sections: String = page.sections.iter().map(|each| section(each, &mut pack)).collect();
    let (light, dark) = (variables(Theme::Light), variables(Theme::Dark));
    let links: String = page
        .sections
        .iter()
        .map(|section| format!("<li><a href=\"#{}\">{}</a></li>", anchor(&section.id), rich(&section.title)))
        .collect();
    let facts: String = page
        .facts
        .iter()
        .map(|(name, value)| format!("<div><dt>{}</dt><dd>{}</dd></div>", rich(name), rich(value)))
        .collect();
    let subtitle = match page.subtitle.as_str() {
        "" => String::new(),
        text => format!("<p class=\"subtitle\">{}</p>", rich(text)),
    };
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\
         <meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\"><title>{title}</title>\n\
         <style>{fonts}:root{{color-scheme:light;{light}}}\
         @media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}\
         :root[data-theme=dark]{{color-scheme:dark;{dark}}}\
         @media print{{:root:root:root{{color-scheme:light;{light}}}}}\n{CSS}</style>\n\
         <script>try{{const t=localStorage.getItem('cogrnn-theme');if(t)document.documentElement.dataset.theme=t}}catch(e){{}}</script>\
         </head>\n<body><a class=\"skip\" href=\"#main\">Skip to the figures</a>\
         <header><div class=\"bar\"><h1>{title}</h1><button type=\"button\" id=\"theme\" aria-label=\"Light or dark\">\
         <svg viewBox=\"0 0 20 20\" width=\"18\" height=\"18\" aria-hidden=\"true\"><circle cx=\"10\" cy=\"10\" r=\"7\" fill=\"none\" \
         stroke=\"currentColor\" stroke-width=\"1.6\"/><path d=\"M10 3a7 7 0 0 1 0 14z\" fill=\"currentColor\"/></svg></button></div>\
         {subtitle}<dl class=\"facts\">{facts}</dl></header>\n\
         <div class=\"layout\"><nav aria-label=\"Sections\"><details open><summary>Contents</summary><ol>{links}</ol></details></nav>\n\
         <main id=\"main\">{sections}</main></div>\
         <div id=\"tip\" hidden></div><div id=\"live\" class=\"hidden\" aria-live=\"polite\"></div>\n\
         <script type=\"application/json\" id=\"data\">{data}</script>\n<script>{SCRIPT}</script></body></html>\n",
        title = escape(&plain(&page.title)),
        fonts = fonts(),
        data = pack.json(&light),
    )
}

fn fonts() -> String {
    [(400, REGULAR), (600, SEMIBOLD)]
        .map(|(weight, font)| {
            format!(
                "@font-face{{font-family:Inter;font-weight:{weight};src:url(data:font/woff2;base64,{}) format(\"woff2\")}}",
                base64(font)
            )
        })
        .concat()
}

/// A name as an anchor: letters, digits, dashes.
fn anchor(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' }).collect()
}

/// Escaped text; `code` in backticks, `_{…}` below and `^{…}` above the line.
fn rich(text: &str) -> String {
    let mut html = String::new();
    for (k, piece) in text.split('`').enumerate() {
        if k % 2 == 1 {
            write!(html, "<code>{}</code>", escape(piece)).expect("into a String");
            continue;
        }
        for (run, level) in crate::text::runs(piece) {
            let run = escape(run);
            html.push_str(&match level {
                1 => format!("<sup>{run}</sup>"),
                -1 => format!("<sub>{run}</sub>"),
                _ => run,
            });
        }
    }
    html
}

fn section(section: &Section, pack: &mut Pack) -> String {
    let mut html = format!("<section id=\"{}\"><h2>{}</h2>", anchor(&section.id), rich(&section.title));
    for paragraph in &section.text {
        write!(html, "<p>{}</p>", rich(paragraph)).expect("into a String");
    }
    if !section.figures.is_empty() {
        html.push_str("<div class=\"figures\">");
        for each in &section.figures {
            html.push_str(&figure(each, pack));
        }
        html.push_str("</div>");
    }
    for each in &section.tables {
        html.push_str(&table(each));
    }
    for each in &section.listings {
        html.push_str(&listing(each));
    }
    html.push_str("</section>\n");
    html
}

fn figure(figure: &Figure, pack: &mut Pack) -> String {
    let linked = |panel: &Panel| matches!(panel, Panel::Matrix(matrix) if matrix.activity.is_some());
    // a matrix whose units can be picked has their activity beside it
    let moves = |panel: &Panel| matches!(panel, Panel::Motion(_));
    let places = |panel: &Panel| 1 + usize::from(linked(panel) || moves(panel));
    let wide = figure.panels.iter().map(places).sum::<usize>().clamp(1, 3);
    let id = anchor(&figure.id);
    let columns = figure.columns.unwrap_or(3).max(1);
    let mut html = format!(
        "<figure id=\"fig-{id}\" class=\"w{wide}\" data-file=\"{id}\" data-columns=\"{columns}\"><div class=\"panels\">"
    );
    let first = pack.next();
    let drawn = panels(figure, Paint::Variables, |k| format!("p{}", first + k));
    for (each, drawn) in figure.panels.iter().zip(&drawn) {
        let number = pack.next();
        let name = match title(each) {
            "" => &figure.title,
            title => title,
        };
        write!(
            html,
            "<div class=\"panel{}\"><svg class=\"panel\" data-p=\"{number}\" viewBox=\"0 0 {WIDTH} {h}\" role=\"img\" tabindex=\"0\" \
             aria-label=\"{}\">{}</svg></div>",
            if moves(each) { " motion" } else { "" },
            escape(&plain(name)),
            drawn.body,
            h = drawn.height.ceil(),
        )
        .expect("into a String");
        pack.panel(each, drawn);
    }
    write!(
        html,
        "</div><figcaption><div class=\"save\" role=\"group\" aria-label=\"Save this figure\"><button type=\"button\" data-save=\"svg\">SVG</button>\
         <button type=\"button\" data-save=\"png\">PNG</button></div><p><b>{}</b> {}</p></figcaption></figure>",
        rich(&figure.title),
        rich(&figure.caption)
    )
    .expect("into a String");
    html
}

fn table(table: &TableView) -> String {
    let heads: String = table.columns.iter().map(|head| format!("<th scope=\"col\">{}</th>", rich(head))).collect();
    let mut html = format!(
        "<figure class=\"table\"><div class=\"scroll\"><table{}><thead><tr>{heads}</tr></thead><tbody>",
        if table.columns.len() > 2 { " class=\"stack\"" } else { "" }
    );
    for row in &table.rows {
        html.push_str("<tr>");
        for (k, cell) in row.iter().enumerate() {
            let label = escape(&plain(table.columns.get(k).map_or("", String::as_str)));
            let (class, text) = match cell {
                Cell::Text(text) => ("", rich(text)),
                Cell::Number(text) => ("number", rich(text)),
                Cell::Empty => ("empty", "–".into()),
                Cell::Verdict(verdict, words) => {
                    let (class, sign, word) = match verdict {
                        Verdict::Yes => ("yes", "✓", "yes"),
                        Verdict::No => ("no", "✗", "no"),
                        Verdict::Unsure => ("unsure", "?", "unsure"),
                    };
                    let words = if words.is_empty() { word.into() } else { rich(words) };
                    ("verdict", format!("<span class=\"{class}\"><i aria-hidden=\"true\">{sign}</i> {words}</span>"))
                }
            };
            write!(html, "<td class=\"{class}\" data-label=\"{label}\"><div>{text}</div></td>").expect("into a String");
        }
        html.push_str("</tr>");
    }
    write!(
        html,
        "</tbody></table></div><figcaption><p><b>{}</b> {}</p></figcaption></figure>",
        rich(&table.title),
        rich(&table.caption)
    )
    .expect("into a String");
    html
}

fn listing(listing: &Listing) -> String {
    format!(
        "<details class=\"listing\"{}><summary>{}</summary><div class=\"code\"><button type=\"button\" class=\"copy\">Copy</button>\
         <pre tabindex=\"0\">{}</pre></div></details>",
        if listing.open { " open" } else { "" },
        rich(&listing.title),
        escape(&listing.text)
    )
}
