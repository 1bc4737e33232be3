//! Figures as vector drawings and images.
//!
//! Every panel is drawn by itself, [`WIDTH`] units wide, so that on a page panels can flow from three
//! columns to one without a letter growing too small. One function draws for print and for the page;
//! on the page colours are variables.

mod chart;
mod heat;
mod matrix;
mod motion;
mod pen;
mod space;
mod timeline;

use crate::colour::Paint;
use crate::model::{Figure, Panel, Theme};
use crate::text::{escape, plain};
pub(crate) use heat::limits;
use pen::Pen;
use serde_json::Value;
use std::sync::OnceLock;

/// Width of a panel.
pub(crate) const WIDTH: f64 = 360.0;
/// Sizes of text: titles, labels, ticks and legends.
pub(crate) const TITLE: f64 = 13.0;
pub(crate) const LABEL: f64 = 12.0;
pub(crate) const TICK: f64 = 11.5;
/// Between panels in print.
const GAP: f64 = 22.0;

const FONTS: &str = "Inter, Helvetica, Arial, sans-serif";

/// A panel drawn.
pub(crate) struct Drawn {
    /// What is inside its `svg` element.
    pub body: String,
    pub height: f64,
    /// Where what stands, for the page.
    pub places: Value,
}

/// Draws the panels of a figure, their letters with them; plots side by side begin at the same height.
/// `id` says what keeps a panel's clip paths apart from those of others.
pub(crate) fn panels(figure: &Figure, paint: Paint, id: impl Fn(usize) -> String) -> Vec<Drawn> {
    let letter = |k: usize| (figure.panels.len() > 1).then(|| char::from(b'A' + (k % 26) as u8));
    let charts_only = figure.panels.iter().all(|panel| matches!(panel, Panel::Chart(_)));
    let mut least = 0.0f64;
    for (k, panel) in figure.panels.iter().enumerate() {
        if let (Panel::Chart(chart), true) = (panel, charts_only) {
            let mut pen = Pen::new(paint, "");
            let top = pen.head(&chart.title, letter(k));
            least = least.max(chart::plot_top(&mut pen, chart, top));
        }
    }
    let one = |(k, panel): (usize, &Panel)| {
        let mut pen = Pen::new(paint, &id(k));
        let top = pen.head(title(panel), letter(k));
        let (height, places) = match panel {
            Panel::Chart(chart) => chart::draw(&mut pen, chart, top, least),
            Panel::Matrix(matrix) => matrix::draw(&mut pen, matrix, top),
            Panel::Space(space) => space::draw(&mut pen, space, top),
            Panel::Timeline(timeline) => timeline::draw(&mut pen, timeline, top),
            Panel::Heat(heat) => heat::draw(&mut pen, heat, top),
            Panel::Motion(motion) => motion::draw(&mut pen, motion, top),
        };
        Drawn { body: pen.finish(), height, places }
    };
    figure.panels.iter().enumerate().map(one).collect()
}

pub(crate) fn title(panel: &Panel) -> &str {
    match panel {
        Panel::Chart(chart) => &chart.title,
        Panel::Matrix(matrix) => &matrix.title,
        Panel::Space(space) => &space.title,
        Panel::Timeline(timeline) => &timeline.title,
        Panel::Heat(heat) => &heat.title,
        Panel::Motion(motion) => &motion.title,
    }
}

impl Figure {
    /// A vector drawing, its text as text; the same bytes for the same figure.
    pub fn svg(&self, theme: Theme) -> String {
        let paint = Paint::Fixed(theme);
        let columns = self.columns.unwrap_or(3).clamp(1, self.panels.len().max(1));
        let drawn = panels(self, paint, |k| format!("p{k}"));
        let mut body = String::new();
        let mut y = GAP / 2.0;
        for row in drawn.chunks(columns) {
            for (column, panel) in row.iter().enumerate() {
                let x = GAP / 2.0 + column as f64 * (WIDTH + GAP);
                body.push_str(&format!("<g transform=\"translate({x} {})\">{}</g>", pen::n(y), panel.body));
            }
            y += row.iter().fold(0.0f64, |most, panel| most.max(panel.height)) + GAP;
        }
        let (width, height) = (columns as f64 * (WIDTH + GAP), (y - GAP / 2.0).max(GAP));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{h}\" viewBox=\"0 0 {width} {h}\" \
             font-family=\"{FONTS}\"><title>{}</title><rect width=\"{width}\" height=\"{h}\" fill=\"{}\"/>{body}</svg>",
            escape(&plain(&self.title)),
            paint.paper(),
            h = pen::n(height),
        )
    }

    /// A PNG image, `scale` pixels for each unit of the drawing: 1 is 96 dots an inch, 3 is fit for print.
    ///
    /// # Panics
    /// Where the image would have no pixel, or more than fit in memory.
    pub fn png(&self, theme: Theme, scale: f32) -> Vec<u8> {
        use resvg::{tiny_skia, usvg};
        static FONTS: OnceLock<std::sync::Arc<usvg::fontdb::Database>> = OnceLock::new();
        let fonts = FONTS.get_or_init(|| {
            let mut fonts = usvg::fontdb::Database::new();
            fonts.load_font_data(include_bytes!("../../assets/Inter-Regular.ttf").to_vec());
            fonts.load_font_data(include_bytes!("../../assets/Inter-SemiBold.ttf").to_vec());
            fonts.set_sans_serif_family("Inter");
            std::sync::Arc::new(fonts)
        });
        let options = usvg::Options { fontdb: fonts.clone(), font_family: "Inter".into(), ..usvg::Options::default() };
        let tree = usvg::Tree::from_str(&self.svg(theme), &options).expect("our own drawing, parsed in tests");
        let size = tree.size().to_int_size().scale_by(scale).expect("an image of one pixel or more");
        let mut pixels = tiny_skia::Pixmap::new(size.width(), size.height()).expect("an image that fits in memory");
        resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixels.as_mut());
        pixels.encode_png().expect("encoding into memory")
    }
}
