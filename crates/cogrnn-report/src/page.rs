//! A page that opens from disk: sections of text, figures, tables and listings, all in one file.

mod html;

use crate::model::Figure;
use std::io;
use std::path::Path;

/// Whether something was reproduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was.
    Yes,
    /// It was not.
    No,
    /// It cannot be told.
    Unsure,
}

/// A cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Words, to the left.
    Text(String),
    /// A number with its unit, to the right.
    Number(String),
    /// A verdict and the words beside its sign; may be empty.
    Verdict(Verdict, String),
    /// Nothing to say: a dash.
    Empty,
}

impl Cell {
    /// Words.
    pub fn text(text: impl Into<String>) -> Self {
        Cell::Text(text.into())
    }

    /// A number, already rounded.
    pub fn number(text: impl Into<String>) -> Self {
        Cell::Number(text.into())
    }
}

/// A table with a caption.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableView {
    /// A line.
    pub title: String,
    /// What the reader should know to read it; may be empty.
    pub caption: String,
    /// Heads.
    pub columns: Vec<String>,
    /// As many cells a row as columns.
    pub rows: Vec<Vec<Cell>>,
}

impl TableView {
    /// An empty table.
    pub fn new<S: Into<String>>(title: impl Into<String>, columns: impl IntoIterator<Item = S>) -> Self {
        TableView {
            title: title.into(),
            columns: columns.into_iter().map(Into::into).collect(),
            ..TableView::default()
        }
    }

    /// The table of a reproduction: what was published, what we find, how they are compared, the verdict.
    pub fn reproduction(title: impl Into<String>) -> Self {
        TableView::new(title, ["Result", "Published", "Ours: median (range)", "Statistic", "Verdict"])
    }

    /// With a caption.
    pub fn caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = caption.into();
        self
    }

    /// One more row.
    pub fn row(mut self, cells: impl Into<Vec<Cell>>) -> Self {
        self.rows.push(cells.into());
        self
    }
}

/// Text shown as it is, folded away until it is asked for, with a button that copies it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    /// "experiment.toml, resolved".
    pub title: String,
    /// The text.
    pub text: String,
    /// Shown unfolded.
    pub open: bool,
}

/// A part of a page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// Anchor: "weights".
    pub id: String,
    /// Heading.
    pub title: String,
    /// Paragraphs of plain text; `code` in backticks.
    pub text: Vec<String>,
    /// Figures.
    pub figures: Vec<Figure>,
    /// Tables, after the figures.
    pub tables: Vec<TableView>,
    /// Listings, after the tables.
    pub listings: Vec<Listing>,
}

impl Section {
    /// An empty section.
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        Section { id: id.into(), title: title.into(), ..Section::default() }
    }

    /// One more paragraph.
    pub fn text(mut self, paragraph: impl Into<String>) -> Self {
        self.text.push(paragraph.into());
        self
    }

    /// One more figure.
    pub fn figure(mut self, figure: Figure) -> Self {
        self.figures.push(figure);
        self
    }

    /// More figures.
    pub fn figures(mut self, figures: impl IntoIterator<Item = Figure>) -> Self {
        self.figures.extend(figures);
        self
    }

    /// One more table.
    pub fn table(mut self, table: TableView) -> Self {
        self.tables.push(table);
        self
    }

    /// One more listing, folded.
    pub fn listing(mut self, title: impl Into<String>, text: impl Into<String>) -> Self {
        self.listings.push(Listing { title: title.into(), text: text.into(), open: false });
        self
    }
}

/// A page in one file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// Heading.
    pub title: String,
    /// Below it; may be empty.
    pub subtitle: String,
    /// Names and values at the top: "units" "100 (80 E, 20 I)".
    pub facts: Vec<(String, String)>,
    /// Parts.
    pub sections: Vec<Section>,
}

impl Page {
    /// An empty page.
    pub fn new(title: impl Into<String>) -> Self {
        Page { title: title.into(), ..Page::default() }
    }

    /// With a subtitle.
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = subtitle.into();
        self
    }

    /// One more fact.
    pub fn fact(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.facts.push((name.into(), value.into()));
        self
    }

    /// One more part.
    pub fn with(mut self, section: Section) -> Self {
        self.sections.push(section);
        self
    }

    /// One more part, before all others.
    pub fn led_by(mut self, section: Section) -> Self {
        self.sections.insert(0, section);
        self
    }

    /// The page as HTML with everything in it; the same bytes for the same page.
    pub fn html(&self) -> String {
        html::page(self)
    }

    /// Writes the page.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn write(&self, path: impl AsRef<Path>) -> io::Result<()> {
        std::fs::write(path, self.html())
    }
}
