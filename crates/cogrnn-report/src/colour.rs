//! Colours: which one a role has, in print and on the page.
//!
//! On the page a colour is the name of a variable, so that light and dark are one drawing.

use crate::model::{Theme, Tone};
use std::fmt::Write;

pub(crate) type Rgb = [u8; 3];

/// Steps of the coherence ramp on the page, less one.
const STEPS: usize = 16;
/// Steps of a category's shades, less one.
const SHADES: usize = 6;

/// Where colours come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paint {
    /// As they are.
    Fixed(Theme),
    /// As variables of the page.
    Variables,
}

/// The colours of a theme.
pub(crate) struct Palette {
    pub paper: Rgb,
    pub ink: Rgb,
    /// Axes, labels.
    pub soft: Rgb,
    pub muted: Rgb,
    /// Shaded periods.
    pub span: Rgb,
    /// The other shade of neighbouring periods.
    pub span2: Rgb,
    pub target: Rgb,
    pub positive: Rgb,
    pub negative: Rgb,
    pub zero: Rgb,
    pub categories: [Rgb; 8],
    /// Coherence from 0 to 1 at equal distances.
    pub coherence: [Rgb; 4],
    /// Heat from lowest to highest at equal distances.
    pub heat: [Rgb; 5],
}

const LIGHT: Palette = Palette {
    paper: [255, 255, 255],
    ink: [26, 31, 38],
    soft: [74, 83, 96],
    muted: [150, 158, 168],
    span: [238, 241, 245],
    span2: [226, 231, 237],
    target: [200, 30, 45],
    positive: [28, 94, 170],
    negative: [190, 28, 45],
    zero: [255, 255, 255],
    // Okabe & Ito; orange, sky, purple and yellow darkened until they stand out on white; sky
    // stands last, as far as can be from the blue
    categories: [
        [0, 114, 178],
        [213, 94, 0],
        [0, 140, 102],
        [184, 92, 143],
        [196, 130, 0],
        [60, 66, 74],
        [140, 124, 0],
        [40, 146, 208],
    ],
    coherence: [[112, 172, 186], [58, 138, 176], [38, 90, 154], [24, 38, 84]],
    heat: [[244, 247, 249], [160, 205, 212], [72, 150, 186], [38, 90, 154], [22, 30, 70]],
};

const DARK: Palette = Palette {
    paper: [17, 21, 26],
    ink: [236, 239, 242],
    soft: [172, 181, 192],
    muted: [112, 121, 132],
    span: [28, 34, 41],
    span2: [38, 45, 54],
    target: [255, 107, 107],
    positive: [96, 170, 255],
    negative: [255, 112, 104],
    zero: [26, 31, 38],
    categories: [
        [64, 160, 224],
        [240, 124, 60],
        [40, 196, 152],
        [222, 150, 192],
        [238, 176, 50],
        [200, 206, 212],
        [236, 224, 80],
        [124, 203, 245],
    ],
    coherence: [[66, 102, 124], [66, 144, 178], [116, 198, 210], [226, 248, 234]],
    heat: [[24, 30, 38], [34, 78, 108], [54, 134, 168], [124, 202, 208], [236, 250, 236]],
};

impl Palette {
    pub fn of(theme: Theme) -> &'static Palette {
        match theme {
            Theme::Light => &LIGHT,
            Theme::Dark => &DARK,
        }
    }

    fn tone(&self, tone: Tone) -> Rgb {
        match tone {
            Tone::Ink => self.ink,
            Tone::Muted => self.muted,
            Tone::Target => self.target,
            Tone::Excitatory => self.positive,
            Tone::Inhibitory => self.negative,
            Tone::Category(k) => self.categories[k % 8],
            Tone::Coherence(c) => ramp(&self.coherence, step(c, STEPS) as f64 / STEPS as f64),
            Tone::Shade(k, s) => {
                mix(self.paper, self.categories[k % 8], 0.35 + 0.65 * step(s, SHADES) as f64 / SHADES as f64)
            }
        }
    }

    /// The colour of a signed value: -1 to 1, beyond that full.
    pub fn signed(&self, value: f64) -> Rgb {
        mix(self.zero, if value < 0.0 { self.negative } else { self.positive }, value.abs())
    }

    /// The colour of a value between 0 and 1.
    pub fn heat(&self, value: f64) -> Rgb {
        ramp(&self.heat, value)
    }
}

fn step(part: f64, steps: usize) -> usize {
    (part.clamp(0.0, 1.0) * steps as f64).round() as usize
}

fn mix(from: Rgb, to: Rgb, part: f64) -> Rgb {
    let part = part.clamp(0.0, 1.0);
    std::array::from_fn(|c| (f64::from(from[c]) + (f64::from(to[c]) - f64::from(from[c])) * part).round() as u8)
}

fn ramp(stops: &[Rgb], part: f64) -> Rgb {
    let at = part.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
    let below = (at as usize).min(stops.len() - 2);
    mix(stops[below], stops[below + 1], at - below as f64)
}

pub(crate) fn hex([r, g, b]: Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// The variable of a tone, without its dashes.
pub(crate) fn variable(tone: Tone) -> String {
    match tone {
        Tone::Ink => "ink".into(),
        Tone::Muted => "muted".into(),
        Tone::Target => "target".into(),
        Tone::Excitatory => "positive".into(),
        Tone::Inhibitory => "negative".into(),
        Tone::Category(k) => format!("c{}", k % 8),
        Tone::Coherence(c) => format!("k{}", step(c, STEPS)),
        Tone::Shade(k, s) => format!("c{}-{}", k % 8, step(s, SHADES)),
    }
}

impl Paint {
    pub fn tone(self, tone: Tone) -> String {
        match self {
            Paint::Fixed(theme) => hex(Palette::of(theme).tone(tone)),
            Paint::Variables => format!("var(--{})", variable(tone)),
        }
    }

    fn pick(self, name: &str, colour: impl Fn(&Palette) -> Rgb) -> String {
        match self {
            Paint::Fixed(theme) => hex(colour(Palette::of(theme))),
            Paint::Variables => format!("var(--{name})"),
        }
    }

    pub fn ink(self) -> String {
        self.pick("ink", |palette| palette.ink)
    }

    pub fn soft(self) -> String {
        self.pick("soft", |palette| palette.soft)
    }

    pub fn muted(self) -> String {
        self.pick("muted", |palette| palette.muted)
    }

    pub fn paper(self) -> String {
        self.pick("paper", |palette| palette.paper)
    }

    pub fn span(self) -> String {
        self.pick("span", |palette| palette.span)
    }

    pub fn span2(self) -> String {
        self.pick("span2", |palette| palette.span2)
    }
}

/// Every variable of a theme: `--ink:#1a1f26;…`.
pub(crate) fn variables(theme: Theme) -> String {
    let palette = Palette::of(theme);
    let mut css = String::new();
    let mut set = |name: &str, colour: Rgb| {
        write!(css, "--{name}:{};", hex(colour)).expect("a String takes everything");
    };
    set("paper", palette.paper);
    set("soft", palette.soft);
    set("span", palette.span);
    set("span2", palette.span2);
    set("zero", palette.zero);
    let categories = (0..8)
        .flat_map(|k| (0..=SHADES).map(move |s| Tone::Shade(k, s as f64 / SHADES as f64)).chain([Tone::Category(k)]));
    let ramp = (0..=STEPS).map(|s| Tone::Coherence(s as f64 / STEPS as f64));
    let plain = [Tone::Ink, Tone::Muted, Tone::Target, Tone::Excitatory, Tone::Inhibitory];
    for tone in plain.into_iter().chain(categories).chain(ramp) {
        set(&variable(tone), palette.tone(tone));
    }
    for (k, colour) in palette.heat.iter().enumerate() {
        set(&format!("h{k}"), *colour);
    }
    css
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(rgb: Rgb) -> f64 {
        let part = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(rgb[0]) + 0.7152 * part(rgb[1]) + 0.0722 * part(rgb[2])
    }

    fn contrast(a: Rgb, b: Rgb) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// WCAG: 4.5 for text, 3 for lines that carry meaning; the palest shade of a ramp may be paler.
    #[test]
    fn colours_stand_out_on_their_paper() {
        for theme in [Theme::Light, Theme::Dark] {
            let palette = Palette::of(theme);
            for text in [palette.ink, palette.soft] {
                for ground in [palette.paper, palette.span, palette.span2] {
                    assert!(contrast(text, ground) >= 4.5, "{theme:?} {text:?} on {ground:?}");
                }
            }
            for line in palette.categories.iter().chain([&palette.target, &palette.positive, &palette.negative]) {
                assert!(contrast(*line, palette.paper) >= 3.0, "{theme:?} {line:?} {}", contrast(*line, palette.paper));
            }
            assert!(contrast(palette.coherence[0], palette.paper) >= 2.4);
            assert!(contrast(palette.coherence[3], palette.paper) >= 10.0);
        }
    }

    #[test]
    fn coherence_grows_steadily_stronger() {
        for theme in [Theme::Light, Theme::Dark] {
            let palette = Palette::of(theme);
            let strengths: Vec<f64> = (0..=STEPS)
                .map(|s| contrast(palette.tone(Tone::Coherence(s as f64 / STEPS as f64)), palette.paper))
                .collect();
            assert!(strengths.windows(2).all(|pair| pair[1] > pair[0]), "{theme:?} {strengths:?}");
        }
    }

    #[test]
    fn signs_are_symmetric_about_white() {
        let palette = Palette::of(Theme::Light);
        assert_eq!(palette.signed(0.0), [255, 255, 255]);
        assert_eq!(palette.signed(3.0), palette.positive);
        assert_eq!(palette.signed(-1.0), palette.negative);
    }
}
