//! Figures of every kind: well-formed, the same every time, nothing of a name interpreted.

#[allow(dead_code)]
#[path = "../examples/gallery.rs"]
mod gallery;

use cogrnn_report::{
    Axis, Chart, Figure, Heat, Mark, Matrix, Page, Panel, Path, Ramp, Section, Series, Side, Space, TableView, Theme,
    Timeline, Tone,
};

fn figures() -> Vec<Figure> {
    gallery::page().sections.into_iter().flat_map(|section| section.figures).collect()
}

#[test]
fn every_drawing_is_well_formed_in_both_themes() {
    for figure in figures() {
        for theme in [Theme::Light, Theme::Dark] {
            let svg = figure.svg(theme);
            let document = roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{}: {error}", figure.id));
            assert!(!svg.contains("NaN") && !svg.contains("inf\""), "{}", figure.id);
            assert!(!svg.contains("var("), "{}: a drawing for print has its colours", figure.id);
            let texts = document.descendants().filter(|node| node.has_tag_name("text")).count();
            assert!(texts > 2, "{}: text stays text", figure.id);
        }
    }
}

#[test]
fn the_same_figures_give_the_same_bytes() {
    assert_eq!(gallery::page().html(), gallery::page().html());
    let figure = figures().swap_remove(0);
    assert_eq!(figure.png(Theme::Light, 1.0), figure.png(Theme::Light, 1.0));
}

#[test]
fn images_are_png_of_the_asked_size() {
    let figure = figures().swap_remove(0);
    let decoder = png::Decoder::new(std::io::Cursor::new(figure.png(Theme::Light, 2.0)));
    let reader = decoder.read_info().unwrap();
    // one panel of 360 with a margin of 22
    assert_eq!(reader.info().width, 2 * 382);
}

/// Maps are images within the drawing, which the renderer of PNG must know how to read.
#[test]
fn maps_of_colour_are_in_the_png() {
    let middle = |value: f64| {
        let heat =
            Heat { columns: 2, values: vec![value; 4], value: Axis::new("", "").range(0.0, 1.0), ..Heat::default() };
        let bytes = Figure::new("map", "").with(Panel::Heat(heat)).png(Theme::Light, 1.0);
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        let place = (info.height / 2 * info.width + info.width / 2) as usize * info.color_type.samples();
        pixels[place..place + 3].to_vec()
    };
    assert_ne!(middle(0.2), middle(0.9));
}

#[test]
fn nothing_of_a_name_is_interpreted() {
    let nasty = "</script><script>alert(1)</script> & \"quotes\" 'too' <!-- ]]>";
    let chart = Chart::new(nasty, Axis::new(nasty, nasty), Axis::new(nasty, nasty))
        .with(Series::line(nasty, [0.0, 1.0], [0.0, 1.0]))
        .with(Series::points("other", [0.0, 1.0], [0.0, 1.0]))
        .mark(Mark::vertical(0.5, nasty))
        .mark(Mark::horizontal(0.5, nasty));
    let matrix = Matrix::new(nasty, Side::named(nasty, [nasty]), Side::named(nasty, [nasty]), [1.0]);
    let figure = Figure::new(nasty, nasty).caption(nasty).with(chart).with(matrix);
    roxmltree::Document::parse(&figure.svg(Theme::Light)).unwrap();
    let html = Page::new(nasty)
        .subtitle(nasty)
        .fact(nasty, nasty)
        .with(
            Section::new(nasty, nasty)
                .text(nasty)
                .figure(figure)
                .table(TableView::new(nasty, [nasty]).row([cogrnn_report::Cell::text(nasty)]))
                .listing(nasty, nasty),
        )
        .html();
    assert!(!html.contains("<script>alert"));
    // the theme, the data, the program: no more than three scripts end
    assert_eq!(html.matches("</script>").count(), 3);
}

/// A run may be young, a condition may be missing: empty and degenerate data are drawn, not refused.
#[test]
fn empty_and_degenerate_data_are_drawn() {
    let axis = || Axis::new("x", "");
    let panels: Vec<Panel> = vec![
        Chart::new("", axis(), axis()).into(),
        Chart::new("", axis().log(), axis()).with(Series::line("", [], [])).into(),
        Chart::new("", axis(), axis()).with(Series::line("", [1.0], [f64::NAN])).into(),
        Chart::new("", axis(), axis()).with(Series::bars("", [1.0], [0.0])).into(),
        Chart::new("", axis(), axis()).with(Series::points("", [2.0, 2.0], [3.0, 3.0])).equal().into(),
        Matrix::new("", Side::default(), Side::default(), []).into(),
        Matrix::new("", Side::named("a", ["b"]), Side::named("c", ["d"]), [f64::NAN]).into(),
        Space::new("", ["a", "b", "c"]).into(),
        Space::new("", ["a", "b", "c"]).with(Path::new("", [[1.0, 1.0, 1.0]], Tone::Ink)).into(),
        Timeline::default().into(),
        Heat::default().into(),
        Heat { columns: 1, values: vec![f64::NAN], ramp: Ramp::Diverging, ..Heat::default() }.into(),
    ];
    for panel in panels {
        let figure = Figure::new("empty", "Empty").with(panel);
        let svg = figure.svg(Theme::Light);
        roxmltree::Document::parse(&svg).unwrap();
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        assert!(!figure.png(Theme::Light, 1.0).is_empty());
        Page::new("Empty").with(Section::new("a", "A").figure(figure)).html();
    }
    assert!(!Figure::default().png(Theme::Light, 1.0).is_empty());
}

#[test]
fn full_colour_is_the_90th_percentile_of_a_sign_to_one_decimal() {
    // 0.1 … 1.0: NumPy's 90th percentile is 0.91
    let positive: Vec<f64> = (1..=10).map(|k| f64::from(k) / 10.0).collect();
    let negative: Vec<f64> = (1..=10).map(|k| -f64::from(k) / 5.0).collect();
    let all: Vec<f64> = positive.iter().chain(&negative).copied().chain([0.0; 50]).collect();
    assert_eq!(Matrix::common_limits([all.as_slice()]), (0.9, 1.8));
    assert_eq!(Matrix::common_limits([positive.as_slice(), negative.as_slice()]), (0.9, 1.8), "over all compared");
    let (tiny, absent) = Matrix::common_limits([[0.0123, 0.0123].as_slice()]);
    assert!((tiny - 0.012).abs() < 1e-12 && absent == 1.0);
}

/// The cells of a heat map are in the image too, not in the drawing alone.
#[test]
fn images_show_heat_maps() {
    let heat = Heat { columns: 1, values: vec![0.0, 1.0], ..Heat::default() };
    let image = Figure::new("heat", "Heat").with(heat).png(Theme::Light, 1.0);
    let mut reader = png::Decoder::new(std::io::Cursor::new(image)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    // the strongest colour of the light theme
    let strongest = pixels.chunks_exact(4).filter(|p| p[..3] == [22, 30, 70]).count();
    assert!(strongest > 10_000, "{strongest} pixels");
}
