//! What a figure is made of: numbers, names and units, and which role a colour plays.

use cogrnn_core::movement::{Body, Vector};
use std::sync::Arc;

/// Light or dark paper.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Dark ink on white, also for print.
    #[default]
    Light,
    /// Light ink on near-black.
    Dark,
}

/// The role of a colour. Which colour that is, the theme decides.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Tone {
    /// Black on white, white on black.
    #[default]
    Ink,
    /// Grey: other seeds, guides, what is not the point of the figure.
    Muted,
    /// What was asked for: red.
    Target,
    /// Excitatory: blue, as weights > 0.
    Excitatory,
    /// Inhibitory: red, as weights < 0.
    Inhibitory,
    /// One of eight colours that colour-blind readers tell apart (Okabe & Ito); 0, 1, …, wrapping.
    Category(usize),
    /// Strength of evidence from 0 (pale) to 1 (strong), one colour throughout.
    Coherence(f64),
    /// A category's colour at a strength from 0 (pale) to 1 (full): coherence of one of several modalities.
    Shade(usize, f64),
}

/// How numbers are laid along an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    #[default]
    Linear,
    /// By their logarithm; ticks at 1, 10, 100.
    Log,
}

/// An axis: what is measured, and in which unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// What is measured: "Time from stimulus onset".
    pub label: String,
    /// Its unit: "ms", "Hz", "%"; empty for pure numbers.
    pub unit: String,
    /// Linear or logarithmic.
    pub scale: Scale,
    /// First and last value shown; from the data where it is `None`.
    pub range: Option<(f64, f64)>,
    /// Where ticks stand; nice numbers where it is `None`.
    pub ticks: Option<Vec<f64>>,
    /// What the ticks say, one for each of `ticks`; the numbers themselves where it is `None`.
    pub tick_labels: Option<Vec<String>>,
}

impl Axis {
    /// A linear axis over the range of the data.
    pub fn new(label: impl Into<String>, unit: impl Into<String>) -> Self {
        Axis { label: label.into(), unit: unit.into(), ..Axis::default() }
    }

    /// On a logarithmic scale.
    pub fn log(mut self) -> Self {
        self.scale = Scale::Log;
        self
    }

    /// From `low` to `high`.
    pub fn range(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }

    /// With ticks at these values.
    pub fn ticks(mut self, at: impl Into<Vec<f64>>) -> Self {
        self.ticks = Some(at.into());
        self
    }

    /// With ticks at these values that say these words.
    pub fn named_ticks<S: Into<String>>(mut self, ticks: impl IntoIterator<Item = (f64, S)>) -> Self {
        let (at, names) = ticks.into_iter().map(|(at, name)| (at, name.into())).unzip();
        self.ticks = Some(at);
        self.tick_labels = Some(names);
        self
    }

    /// "Time (ms)".
    pub fn text(&self) -> String {
        match (self.label.is_empty(), self.unit.is_empty()) {
            (_, true) => self.label.clone(),
            (true, false) => self.unit.clone(),
            (false, false) => format!("{} ({})", self.label, self.unit),
        }
    }
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Points joined by a line.
    #[default]
    Line,
    /// Constant until the next x.
    Step,
    /// Markers; with `error`, error bars.
    Points,
    /// Bars from zero, x at their centres.
    Bars,
    /// The area between the two values of `error`, with the line `y` in it.
    Band,
}

/// Numbers with one name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Shown in the legend and where the reader points: "coherence 12.8 %, chose right".
    pub name: String,
    /// How they are drawn.
    pub kind: Kind,
    /// Abscissae.
    pub x: Vec<f64>,
    /// Ordinates, as many; not-a-number interrupts a line.
    pub y: Vec<f64>,
    /// Lower and upper ends of error bars or of a band, absolute values, as many as `x`.
    pub error: Option<(Vec<f64>, Vec<f64>)>,
    /// Colour.
    pub tone: Tone,
    /// Dashed line: the other choice.
    pub dashed: bool,
    /// Open markers: the negative sign, the other choice.
    pub open: bool,
    /// A line carries a marker at every point.
    pub markers: bool,
    /// Width relative to the usual line.
    pub weight: f64,
}

impl Series {
    fn new(name: impl Into<String>, kind: Kind, x: impl Into<Vec<f64>>, y: impl Into<Vec<f64>>) -> Self {
        Series { name: name.into(), kind, x: x.into(), y: y.into(), weight: 1.0, ..Series::default() }
    }

    /// A line.
    pub fn line(name: impl Into<String>, x: impl Into<Vec<f64>>, y: impl Into<Vec<f64>>) -> Self {
        Series::new(name, Kind::Line, x, y)
    }

    /// A line that keeps each value until the next.
    pub fn step(name: impl Into<String>, x: impl Into<Vec<f64>>, y: impl Into<Vec<f64>>) -> Self {
        Series::new(name, Kind::Step, x, y)
    }

    /// Markers.
    pub fn points(name: impl Into<String>, x: impl Into<Vec<f64>>, y: impl Into<Vec<f64>>) -> Self {
        Series::new(name, Kind::Points, x, y)
    }

    /// Bars from zero.
    pub fn bars(name: impl Into<String>, x: impl Into<Vec<f64>>, y: impl Into<Vec<f64>>) -> Self {
        Series::new(name, Kind::Bars, x, y)
    }

    /// A line `y` in the area from `low` to `high`.
    pub fn band(
        name: impl Into<String>,
        x: impl Into<Vec<f64>>,
        y: impl Into<Vec<f64>>,
        low: impl Into<Vec<f64>>,
        high: impl Into<Vec<f64>>,
    ) -> Self {
        Series::new(name, Kind::Band, x, y).error(low, high)
    }

    /// Ends of error bars, as absolute values.
    pub fn error(mut self, low: impl Into<Vec<f64>>, high: impl Into<Vec<f64>>) -> Self {
        self.error = Some((low.into(), high.into()));
        self
    }

    /// In this colour.
    pub fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    /// Dashed.
    pub fn dashed(mut self, dashed: bool) -> Self {
        self.dashed = dashed;
        self
    }

    /// With open markers.
    pub fn open(mut self, open: bool) -> Self {
        self.open = open;
        self
    }

    /// A line with a marker at every point.
    pub fn marked(mut self) -> Self {
        self.markers = true;
        self
    }

    /// Thicker (> 1) or thinner (< 1).
    pub fn weight(mut self, weight: f64) -> Self {
        self.weight = weight;
        self
    }
}

/// A guide through a chart.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// A vertical line.
    Vertical {
        /// Where.
        at: f64,
        /// What it means; may be empty.
        label: String,
        /// Colour.
        tone: Tone,
    },
    /// A horizontal line.
    Horizontal {
        /// Where.
        at: f64,
        /// What it means; may be empty.
        label: String,
        /// Colour.
        tone: Tone,
    },
    /// A shaded period.
    Span {
        /// Its start.
        from: f64,
        /// Its end.
        to: f64,
        /// Its name.
        label: String,
    },
    /// The line x = y.
    Diagonal,
}

impl Mark {
    /// A grey vertical line.
    pub fn vertical(at: f64, label: impl Into<String>) -> Self {
        Mark::Vertical { at, label: label.into(), tone: Tone::Muted }
    }

    /// A grey horizontal line.
    pub fn horizontal(at: f64, label: impl Into<String>) -> Self {
        Mark::Horizontal { at, label: label.into(), tone: Tone::Muted }
    }

    /// The red line of a goal.
    pub fn target(at: f64, label: impl Into<String>) -> Self {
        Mark::Horizontal { at, label: label.into(), tone: Tone::Target }
    }

    /// A shaded period.
    pub fn span(from: f64, to: f64, label: impl Into<String>) -> Self {
        Mark::Span { from, to, label: label.into() }
    }
}

/// One entry of a legend.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// What it stands for.
    pub name: String,
    /// As a series of this kind is drawn.
    pub kind: Kind,
    /// Colour.
    pub tone: Tone,
    /// Dashed.
    pub dashed: bool,
    /// Open marker.
    pub open: bool,
}

impl Key {
    /// A line.
    pub fn line(name: impl Into<String>, tone: Tone, dashed: bool) -> Self {
        Key { name: name.into(), kind: Kind::Line, tone, dashed, open: false }
    }

    /// A marker.
    pub fn point(name: impl Into<String>, tone: Tone, open: bool) -> Self {
        Key { name: name.into(), kind: Kind::Points, tone, dashed: false, open }
    }
}

/// What tells the series apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Legend {
    /// The names of the series, each once, if there are two or more and no more than eight.
    #[default]
    Auto,
    /// None: the caption says it.
    None,
    /// These entries: "chose right" solid, "chose left" dashed, three shades for the coherence.
    Keys(Vec<Key>),
}

/// Series against two axes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// Over the panel; may be empty.
    pub title: String,
    /// Abscissa.
    pub x: Axis,
    /// Ordinate.
    pub y: Axis,
    /// Drawn in this order.
    pub series: Vec<Series>,
    /// Guides, drawn below the series.
    pub marks: Vec<Mark>,
    /// What tells the series apart.
    pub legend: Legend,
    /// The same length is the same number on both axes.
    pub equal: bool,
}

impl Chart {
    /// Empty axes.
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        Chart { title: title.into(), x, y, ..Chart::default() }
    }

    /// One more series.
    pub fn with(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    /// One more guide.
    pub fn mark(mut self, mark: Mark) -> Self {
        self.marks.push(mark);
        self
    }

    /// With this legend.
    pub fn legend(mut self, keys: impl Into<Vec<Key>>) -> Self {
        self.legend = Legend::Keys(keys.into());
        self
    }

    /// Without a legend.
    pub fn no_legend(mut self) -> Self {
        self.legend = Legend::None;
        self
    }

    /// With axes of equal scale.
    pub fn equal(mut self) -> Self {
        self.equal = true;
        self
    }
}

/// Consecutive rows or columns that belong together: E and I, areas, inputs of one modality.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// "E", "I", "visual".
    pub name: String,
    /// How many rows or columns.
    pub len: usize,
    /// Colour of its bracket.
    pub tone: Tone,
}

impl Group {
    /// A group in a given colour.
    pub fn new(name: impl Into<String>, len: usize, tone: Tone) -> Self {
        Group { name: name.into(), len, tone }
    }
}

/// The rows or the columns of a matrix.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Side {
    /// "Postsynaptic unit".
    pub label: String,
    /// One name a row: "unit 37", "motion left".
    pub names: Vec<String>,
    /// Blocks, in order; may be empty; else their lengths add up to the number of names.
    pub groups: Vec<Group>,
    /// Which unit of the matrix's `activity` each row is; empty where rows are no units.
    pub units: Vec<usize>,
}

impl Side {
    /// Rows or columns that are no units: inputs, outputs.
    pub fn named<S: Into<String>>(label: impl Into<String>, names: impl IntoIterator<Item = S>) -> Self {
        Side { label: label.into(), names: names.into_iter().map(Into::into).collect(), ..Side::default() }
    }

    /// Units in this order; they are called by their numbers, counted from 0.
    pub fn units(label: impl Into<String>, order: impl Into<Vec<usize>>) -> Self {
        let units = order.into();
        Side {
            label: label.into(),
            names: units.iter().map(|unit| format!("unit {unit}")).collect(),
            units,
            groups: Vec::new(),
        }
    }

    /// One more block.
    pub fn group(mut self, group: Group) -> Self {
        self.groups.push(group);
        self
    }
}

/// A condition of an average: how it is called and drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// "+12.8 %, chose right".
    pub name: String,
    /// Colour.
    pub tone: Tone,
    /// Dashed.
    pub dashed: bool,
}

impl Condition {
    /// A condition drawn in this colour, solid or dashed.
    pub fn new(name: impl Into<String>, tone: Tone, dashed: bool) -> Self {
        Condition { name: name.into(), tone, dashed }
    }
}

/// What every unit does in every condition; shown when the reader picks a unit in a matrix.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnitActivity {
    /// Of the time axis: "Time from stimulus onset".
    pub time: String,
    /// Of the activity axis: "Firing rate".
    pub label: String,
    /// "Hz", or empty.
    pub unit: String,
    /// ms.
    pub times: Vec<f64>,
    /// One a curve.
    pub conditions: Vec<Condition>,
    /// One name a unit.
    pub units: Vec<String>,
    /// (condition × time × unit), the unit running fastest; not-a-number where there is no trial.
    pub values: Vec<f32>,
    /// Periods and events: vertical lines and spans.
    pub marks: Vec<Mark>,
    /// Legend of the conditions; if empty, their names when there are at most eight.
    pub keys: Vec<Key>,
}

/// Signed numbers in rows and columns: weights > 0 blue, < 0 red, white at 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    /// Over the panel; may be empty.
    pub title: String,
    /// Rows, from the top: postsynaptic.
    pub rows: Side,
    /// Columns, from the left: presynaptic.
    pub cols: Side,
    /// (row × column), the column running fastest.
    pub values: Vec<f64>,
    /// What a value is: "weight".
    pub value: String,
    /// Full blue and full red, both as positive numbers; [`Matrix::limits`] of these values where it is `None`.
    pub limits: Option<(f64, f64)>,
    /// What the units do, for the reader who picks one.
    pub activity: Option<Arc<UnitActivity>>,
}

impl Matrix {
    /// A matrix of weights.
    pub fn new(title: impl Into<String>, rows: Side, cols: Side, values: impl Into<Vec<f64>>) -> Self {
        Matrix { title: title.into(), rows, cols, values: values.into(), value: "weight".into(), ..Matrix::default() }
    }

    /// A pick of a row or column shows this unit's activity.
    pub fn activity(mut self, activity: Arc<UnitActivity>) -> Self {
        self.activity = Some(activity);
        self
    }

    /// With these full colours, shared by the matrices that are compared.
    pub fn limits(mut self, limits: (f64, f64)) -> Self {
        self.limits = Some(limits);
        self
    }

    /// Full colour for positive and negative values: the 90th percentile of that sign over all that
    /// are compared, rounded to one decimal (Song et al. 2016, figs 3 and 5).
    ///
    /// Where that rounds to nothing, two significant digits are kept; 1 where a sign does not occur.
    pub fn common_limits<'a>(compared: impl IntoIterator<Item = &'a [f64]>) -> (f64, f64) {
        let (mut positive, mut negative) = (Vec::new(), Vec::new());
        for &value in compared.into_iter().flatten() {
            if value > 0.0 {
                positive.push(value);
            } else if value < 0.0 {
                negative.push(-value);
            }
        }
        (full_colour(positive), full_colour(negative))
    }

    /// The value at (row, column).
    pub fn at(&self, row: usize, col: usize) -> f64 {
        self.values[row * self.cols.names.len() + col]
    }
}

/// The 90th percentile, interpolated as NumPy does, rounded to one decimal.
fn full_colour(mut values: Vec<f64>) -> f64 {
    if values.is_empty() {
        return 1.0;
    }
    values.sort_by(f64::total_cmp);
    let at = 0.9 * (values.len() - 1) as f64;
    let (below, above) = (values[at.floor() as usize], values[at.ceil() as usize]);
    let percentile = below + (above - below) * (at - at.floor());
    let rounded = (percentile * 10.0).round() / 10.0;
    if rounded > 0.0 {
        return rounded;
    }
    let step = 10f64.powf(percentile.log10().floor() - 1.0);
    (percentile / step).round() * step
}

/// A trajectory in three dimensions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path {
    /// "motion −50 %".
    pub name: String,
    /// In time.
    pub points: Vec<[f64; 3]>,
    /// Colour.
    pub tone: Tone,
    /// Dashed.
    pub dashed: bool,
    /// Markers open instead of filled.
    pub open: bool,
    /// Markers at every point, not at start and end alone.
    pub markers: bool,
}

impl Path {
    /// A solid line.
    pub fn new(name: impl Into<String>, points: impl Into<Vec<[f64; 3]>>, tone: Tone) -> Self {
        Path { name: name.into(), points: points.into(), tone, ..Path::default() }
    }
}

/// Trajectories that the reader can turn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Space {
    /// Over the panel; may be empty.
    pub title: String,
    /// Names of the three axes.
    pub axes: [String; 3],
    /// Trajectories.
    pub paths: Vec<Path>,
    /// First view: turned about the third axis and raised from the plane of the first two, degrees.
    pub view: (f64, f64),
    /// ms from one point of a path to the next; 0 where it is not time.
    pub step: f64,
    /// What tells the paths apart.
    pub legend: Legend,
}

impl Space {
    /// An empty space, seen from above and the side.
    pub fn new<S: Into<String>>(title: impl Into<String>, axes: [S; 3]) -> Self {
        Space { title: title.into(), axes: axes.map(Into::into), view: (-55.0, 22.0), ..Space::default() }
    }

    /// One more trajectory.
    pub fn with(mut self, path: Path) -> Self {
        self.paths.push(path);
        self
    }
}

/// A period of a trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Epoch {
    /// "fixation", "stimulus", "delay".
    pub name: String,
    /// Start, ms.
    pub from: f64,
    /// End, ms.
    pub to: f64,
}

/// A curve in a lane of a timeline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// "input 1".
    pub name: String,
    /// One value a time; not-a-number where nothing is asked.
    pub y: Vec<f64>,
    /// Colour.
    pub tone: Tone,
    /// Dashed: targets.
    pub dashed: bool,
}

/// One row of a timeline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lane {
    /// "choice 1".
    pub name: String,
    /// "inputs", "targets": said once for neighbouring lanes.
    pub group: String,
    /// Curves that share the row.
    pub traces: Vec<Trace>,
    /// Values at the row's bottom and top; from the data where it is `None`.
    pub range: Option<(f64, f64)>,
}

/// A task as a trial goes by: its epochs, what goes in and what should come out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// Over the panel; may be empty.
    pub title: String,
    /// ms, common to all traces.
    pub times: Vec<f64>,
    /// Periods, in order; they may leave gaps.
    pub epochs: Vec<Epoch>,
    /// From the top.
    pub lanes: Vec<Lane>,
}

/// The colours of a heat map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ramp {
    /// From pale (lowest) to strong (highest).
    #[default]
    Sequential,
    /// White at 0, blue above, red below, the same full value on both sides.
    Diverging,
}

/// A heat map over two axes: activity by time and unit, correlation by time and time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heat {
    /// Over the panel; may be empty.
    pub title: String,
    /// Abscissa; its range is where the first column starts and the last ends.
    pub x: Axis,
    /// Ordinate; its range is where the bottom row starts and the top row ends.
    pub y: Axis,
    /// Columns.
    pub columns: usize,
    /// (row × column), rows from the bottom, the column running fastest.
    pub values: Vec<f64>,
    /// What a value is, and its unit.
    pub value: Axis,
    /// Colours.
    pub ramp: Ramp,
}

/// What a movement is to reach.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Target {
    /// "ball 1".
    pub name: String,
    /// Where it is.
    pub at: Vector,
    /// How large it is.
    pub radius: f64,
    /// Colour.
    pub tone: Tone,
}

/// One movement of a body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moved {
    /// "trial 12".
    pub name: String,
    /// Which of the targets it was for.
    pub target: usize,
    /// (time × coordinate), rad.
    pub angles: Vec<f64>,
    /// (time × muscle); empty where there are none.
    pub activations: Vec<f64>,
    /// Where the tip was, one a time.
    pub tip: Vec<Vector>,
    /// How far from the target, one a time.
    pub distances: Vec<f64>,
}

/// A body that moves. On the page one movement at a time is played; in print there are all ways of the tip, and where the
/// body ended in one trial of each target.
///
/// A heat map that stands next to it in a figure, with a row for each muscle, shows the muscles of the movement that is
/// played.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Motion {
    /// Over the panel; may be empty.
    pub title: String,
    /// What moves.
    pub body: Body,
    /// s, common to all movements.
    pub times: Vec<f64>,
    /// What is to be reached.
    pub targets: Vec<Target>,
    /// Movements.
    pub trials: Vec<Moved>,
    /// What tells the targets apart.
    pub legend: Legend,
}

impl Motion {
    /// Nothing that moves yet.
    pub fn new(title: impl Into<String>) -> Self {
        Motion { title: title.into(), ..Motion::default() }
    }
}

/// One drawing of a figure.
#[derive(Clone, Debug, PartialEq)]
pub enum Panel {
    /// Series against two axes.
    Chart(Chart),
    /// Weights.
    Matrix(Matrix),
    /// Trajectories in three dimensions.
    Space(Space),
    /// A trial of a task.
    Timeline(Timeline),
    /// A heat map.
    Heat(Heat),
    /// A body that moves.
    Motion(Motion),
}

impl From<Chart> for Panel {
    fn from(chart: Chart) -> Self {
        Panel::Chart(chart)
    }
}

impl From<Matrix> for Panel {
    fn from(matrix: Matrix) -> Self {
        Panel::Matrix(matrix)
    }
}

impl From<Space> for Panel {
    fn from(space: Space) -> Self {
        Panel::Space(space)
    }
}

impl From<Timeline> for Panel {
    fn from(timeline: Timeline) -> Self {
        Panel::Timeline(timeline)
    }
}

impl From<Heat> for Panel {
    fn from(heat: Heat) -> Self {
        Panel::Heat(heat)
    }
}

impl From<Motion> for Panel {
    fn from(motion: Motion) -> Self {
        Panel::Motion(motion)
    }
}

/// Panels with one caption.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figure {
    /// Stem of its file and anchor on the page: "psychometric".
    pub id: String,
    /// A line.
    pub title: String,
    /// What the reader should know to read it; may be empty.
    pub caption: String,
    /// Lettered A, B, … where there are several.
    pub panels: Vec<Panel>,
    /// Panels side by side in print; 3 at most where it is `None`.
    pub columns: Option<usize>,
}

impl Figure {
    /// A figure without panels.
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        Figure { id: id.into(), title: title.into(), ..Figure::default() }
    }

    /// With a caption.
    pub fn caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = caption.into();
        self
    }

    /// One more panel.
    pub fn with(mut self, panel: impl Into<Panel>) -> Self {
        self.panels.push(panel.into());
        self
    }

    /// So many panels side by side in print.
    pub fn columns(mut self, columns: usize) -> Self {
        self.columns = Some(columns);
        self
    }
}
