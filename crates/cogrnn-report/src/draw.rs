//! Figures as vector drawings and images.

use crate::model::{Figure, Theme};

impl Figure {
    /// A vector drawing, its text as text.
    pub fn svg(&self, _theme: Theme) -> String {
        String::from("<svg/>")
    }

    /// An image on white, `scale` pixels for each unit of the drawing (1 is 96 dots an inch, 3 is fit for print).
    pub fn png(&self, _theme: Theme, _scale: f32) -> Vec<u8> {
        Vec::new()
    }
}
