//! Figures and explorable pages.
//!
//! A figure is data first: a [`Figure`] holds panels, a panel holds numbers with their names and units.
//! The same data become a vector drawing for print ([`Figure::svg`]), an image ([`Figure::png`]) and a
//! page that opens from disk and can be explored ([`Page`]).
//!
//! # Example: how often a network chose right
//! ```
//! use cogrnn_report::{Axis, Chart, Figure, Page, Section, Series, Theme, Tone};
//! let chart = Chart::new("", Axis::new("Coherence", "%"), Axis::new("Chose right", "%").range(0.0, 100.0))
//!     .with(Series::points("network", [-6.4, 0.0, 6.4], [20.0, 52.0, 81.0]).tone(Tone::Ink));
//! let figure = Figure::new("psychometric", "Psychometric curve").with(chart);
//! assert!(figure.svg(Theme::Light).starts_with("<svg"));
//!
//! let page = Page::new("Decisions").with(Section::new("behaviour", "Behaviour").figure(figure));
//! assert!(page.html().contains("Coherence"));
//! ```

mod colour;
mod draw;
pub mod figures;
mod model;
mod pack;
mod page;
pub mod runs;
mod scale;
mod text;

pub use model::{
    Axis, Chart, Condition, Epoch, Figure, Group, Heat, Key, Kind, Lane, Legend, Mark, Matrix, Motion, Moved, Panel,
    Path, Ramp, Scale, Series, Side, Space, Target, Theme, Timeline, Tone, Trace, UnitActivity,
};
pub use page::{Cell, Listing, Page, Section, TableView, Verdict};
