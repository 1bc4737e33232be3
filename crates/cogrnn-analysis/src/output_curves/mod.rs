//! The last output against each signal, one curve for each value of another column (Miconi 2017, figure 4B;
//! section 7.4 of our description of it).
//!
//! ```text
//! y(x) = a + b/(1 + c exp(-k x))        k > 0, by least squares of the means, all x weighted alike
//! ```
//!
//! [`crate::psychometric`] counts choices; here an output is a number, and each x has a distribution of them.

mod fit;

pub use fit::Logistic;

use crate::keys::Key;
use crate::statistics::{Moments, quantile};
use crate::trial::{Analysis, Trial, nothing_seen};
use cogrnn_core::error::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which columns, and which output.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Columns of the signals, each with curves of its own.
    pub signals: Vec<String>,
    /// The column that has a curve for each of its values.
    pub by: String,
    /// The output, from 0.
    pub output: usize,
    /// What the abscissa is, with its unit.
    pub x_label: String,
}

/// Outputs at one value of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The signal.
    pub x: f64,
    /// Trials.
    pub n: usize,
    /// Mean of their last outputs.
    pub mean: f64,
    /// Smallest, quartiles and largest, as a box has them: 0, 25, 50, 75 and 100 %.
    pub quantiles: [f64; 5],
}

/// Last outputs against one signal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// The column of the signal.
    pub signal: String,
    /// The value of `by`.
    pub value: f64,
    /// x ascending.
    pub points: Vec<Point>,
    /// The curve through the means; none where fewer than four x, or means that are all alike, determine none.
    pub fit: Option<Logistic>,
}

/// Curves of all signals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Trials seen.
    pub trials: usize,
    /// The column that has a curve for each of its values.
    pub by: String,
    /// What x is, with its unit.
    pub x_label: String,
    /// Signal by signal, `by` ascending.
    pub curves: Vec<Curve>,
}

/// Gathers last outputs.
///
/// # Example: two signals of which a context says which counts
/// ```
/// use cogrnn_analysis::output_curves::{OutputCurves, Settings};
/// let curves = OutputCurves::new(Settings {
///     signals: vec!["bias_1".into(), "bias_2".into()],
///     by: "context".into(),
///     output: 0,
///     x_label: "bias".into(),
/// });
/// # let _ = curves;
/// ```
#[derive(Clone, Debug)]
pub struct OutputCurves {
    settings: Settings,
    units: Option<usize>,
    trials: usize,
    /// Last outputs by signal, value of `by`, and x.
    outputs: BTreeMap<Key, Vec<f64>>,
}

impl OutputCurves {
    /// Has seen nothing yet.
    pub fn new(settings: Settings) -> OutputCurves {
        OutputCurves { settings, units: None, trials: 0, outputs: BTreeMap::new() }
    }
}

impl Analysis for OutputCurves {
    type Report = Report;

    fn see(&mut self, trial: &Trial<'_>) -> Result<()> {
        trial.same_units(&mut self.units)?;
        let by = trial.value(&self.settings.by)?;
        let Some(last) = trial.outputs_at(trial.steps() - 1).get(self.settings.output) else {
            return Err(cogrnn_core::error::Error::input(format!("no output {}", self.settings.output))
                .at(format!("trial {}", trial.index))
                .why(format!("the network has {}, counted from 0", trial.readouts()))
                .remedy("name one of them in `output`"));
        };
        for (s, signal) in self.settings.signals.iter().enumerate() {
            let key = Key::new([s as f64, by, trial.value(signal)?]);
            self.outputs.entry(key).or_default().push(f64::from(*last));
        }
        self.trials += 1;
        Ok(())
    }

    fn report(&self) -> Result<Report> {
        if self.outputs.is_empty() {
            return Err(nothing_seen("output curves", "trials and signals"));
        }
        let mut curves: Vec<(Key, Curve)> = Vec::new();
        for (key, outputs) in &self.outputs {
            let of = Key::new([key.0[0], key.0[1]]);
            let mut sorted = outputs.clone();
            sorted.sort_by(f64::total_cmp);
            let mut moments = Moments::default();
            outputs.iter().for_each(|y| moments.add(*y));
            let quantiles = [0.0, 0.25, 0.5, 0.75, 1.0].map(|q| quantile(&sorted, q).unwrap_or(f64::NAN));
            let point = Point { x: key.0[2], n: outputs.len(), mean: moments.mean, quantiles };
            match curves.last_mut().filter(|(known, _)| *known == of) {
                Some((_, curve)) => curve.points.push(point),
                None => {
                    let signal = self.settings.signals[key.0[0] as usize].clone();
                    curves.push((of, Curve { signal, value: key.0[1], points: vec![point], fit: None }));
                }
            }
        }
        for (_, curve) in &mut curves {
            let points: Vec<(f64, f64)> = curve.points.iter().map(|p| (p.x, p.mean)).collect();
            curve.fit = fit::fit(&points);
        }
        Ok(Report {
            trials: self.trials,
            by: self.settings.by.clone(),
            x_label: self.settings.x_label.clone(),
            curves: curves.into_iter().map(|(_, curve)| curve).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Made;
    use crate::trial::see_all;

    /// Two signals in two contexts; the output follows the one that counts, and is 0.1 too high in every other trial.
    #[test]
    fn outputs_follow_the_signal_that_counts() {
        let mut made = Vec::new();
        for index in 0..242usize {
            let grid = |i: usize| (i as f64 - 5.0) / 10.0;
            let signals = [grid(index / 22), grid(index / 2 % 11)];
            let context = index % 2;
            let y = -0.9 + 1.8 / (1.0 + (-20.0 * signals[context]).exp()) + if index / 2 % 2 == 0 { 0.1 } else { 0.0 };
            let info = [("context", (1 + context) as f64), ("bias_1", signals[0]), ("bias_2", signals[1])];
            // only the last step counts
            let output = move |t: f64, _| if t == 40.0 { y } else { 7.0 };
            made.push(Made::new(&info, &[("stimulus", 0.0, 40.0)], 20.0).rates(1, |_, _| 0.0).outputs(1, output));
        }
        let settings = Settings {
            signals: vec!["bias_1".into(), "bias_2".into()],
            by: "context".into(),
            output: 0,
            x_label: "bias".into(),
        };
        let report = see_all(OutputCurves::new(settings), made.iter().enumerate().map(|(i, m)| m.trial(i))).unwrap();
        let order: Vec<_> = report.curves.iter().map(|c| (c.signal.as_str(), c.value)).collect();
        assert_eq!(order, [("bias_1", 1.0), ("bias_1", 2.0), ("bias_2", 1.0), ("bias_2", 2.0)]);
        for (curve, counts) in report.curves.iter().zip([true, false, false, true]) {
            assert_eq!(curve.points.len(), 11);
            assert!(curve.points.iter().all(|p| p.n == 11 && p.quantiles.is_sorted()));
            let swing = curve.points[10].mean - curve.points[0].mean;
            if counts {
                let fit = curve.fit.unwrap();
                // the two offsets shift a by 0.05 and leave k; 0.05: five or six of eleven trials have the offset
                assert!(swing > 1.7 && (fit.k - 20.0).abs() < 2.0 && (fit.b - 1.8).abs() < 0.05, "{fit:?}");
            } else {
                assert!(swing.abs() < 0.02, "{swing}");
            }
        }
    }

    #[test]
    fn quartiles_of_one_box_by_hand() {
        let made: Vec<Made> = [3.0, 1.0, 2.0, 5.0, 4.0]
            .iter()
            .map(|y| Made::new(&[("x", 0.0), ("by", 1.0)], &[("e", 0.0, 10.0)], 10.0).outputs(1, move |_, _| *y))
            .collect();
        let settings = Settings { signals: vec!["x".into()], by: "by".into(), output: 0, x_label: String::new() };
        let report = see_all(OutputCurves::new(settings), made.iter().map(|m| m.trial(0))).unwrap();
        let point = report.curves[0].points[0];
        assert_eq!((point.n, point.mean, point.quantiles), (5, 3.0, [1.0, 2.0, 3.0, 4.0, 5.0]));
        assert_eq!(report.curves[0].fit, None);
    }
}
