//! How a network fires: rates, irregularity, correlations.

/// Spike times of one neuron, ascending, ms.
pub type Train = [f64];

/// Spike trains of all neurons (ms) from (step, neuron).
pub fn trains(raster: &[(u32, u32)], neurons: usize, dt_ms: f64) -> Vec<Vec<f64>> {
    let mut trains = vec![Vec::new(); neurons];
    for &(step, neuron) in raster {
        trains[neuron as usize].push(f64::from(step) * dt_ms);
    }
    trains
}

/// Mean rate in a window (from, to] of ms, in Hz.
pub fn rate(train: &Train, from: f64, to: f64) -> f64 {
    let within = train.iter().filter(|&&t| t > from && t <= to).count();
    within as f64 / (to - from) * 1000.0
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

/// Σ (x - mean)².
fn squares(x: &[f64]) -> f64 {
    let m = mean(x);
    x.iter().map(|x| (x - m) * (x - m)).sum()
}

/// Coefficient of variation of the intervals between spikes: s.d. (over n - 1) / mean. `None` below three spikes.
pub fn cv_of_intervals(train: &Train) -> Option<f64> {
    if train.len() < 3 {
        return None;
    }
    let intervals: Vec<f64> = train.windows(2).map(|w| w[1] - w[0]).collect();
    let sd = libm::sqrt(squares(&intervals) / (intervals.len() - 1) as f64);
    Some(sd / mean(&intervals))
}

/// Spikes in consecutive bins of the window (from, to] of ms; a rest that fills no bin is left out.
pub fn counts(train: &Train, from: f64, to: f64, bin: f64) -> Vec<f64> {
    let bins = ((to - from) / bin + 1e-9).floor().max(0.0) as usize;
    let mut counts = vec![0.0; bins];
    for &t in train.iter().filter(|&&t| t > from) {
        // a spike at the very end of a bin is in it, whatever rounding says
        let k = (((t - from) / bin - 1e-9).floor()).max(0.0) as usize;
        if k < bins {
            counts[k] += 1.0;
        }
    }
    counts
}

/// Fano factor of counts: variance (over n - 1) / mean. `None` where there are fewer than two counts or no spike.
pub fn fano(counts: &[f64]) -> Option<f64> {
    let m = mean(counts);
    (counts.len() > 1 && m > 0.0).then(|| squares(counts) / (counts.len() - 1) as f64 / m)
}

/// Pearson correlation; `None` where one of the two does not vary.
pub fn correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    let (mx, my) = (mean(x), mean(y));
    let both: f64 = x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum();
    let scale = libm::sqrt(squares(x) * squares(y));
    (scale > 0.0).then(|| both / scale)
}

/// Mean correlation over all pairs; those of which one does not vary are left out. `None` if no pair is left.
pub fn mean_pairwise_correlation(counts: &[Vec<f64>]) -> Option<f64> {
    let mut sum = 0.0;
    let mut pairs = 0;
    for (i, x) in counts.iter().enumerate() {
        for c in counts[i + 1..].iter().filter_map(|y| correlation(x, y)) {
            sum += c;
            pairs += 1;
        }
    }
    (pairs > 0).then(|| sum / f64::from(pairs))
}

/// Peri-stimulus time histogram: rate in Hz in bins of the window (from, to] of ms, averaged over trials.
pub fn psth(trials: &[&Train], from: f64, to: f64, bin: f64) -> Vec<f64> {
    let mut sum = counts(&[], from, to, bin);
    for trial in trials {
        sum.iter_mut().zip(counts(trial, from, to, bin)).for_each(|(s, c)| *s += c);
    }
    let scale = 1000.0 / (bin * trials.len().max(1) as f64);
    sum.iter_mut().for_each(|s| *s *= scale);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        let regular: Vec<f64> = (1..=10).map(|k| f64::from(k) * 100.0).collect();
        assert_eq!(rate(&regular, 0.0, 1000.0), 10.0);
        assert_eq!(rate(&regular, 100.0, 300.0), 10.0); // 200 and 300, not 100
        assert_eq!(cv_of_intervals(&regular), Some(0.0));
        assert_eq!(cv_of_intervals(&regular[..2]), None);
        // intervals 1, 3: mean 2, s.d. √2
        assert!((cv_of_intervals(&[0.0, 1.0, 4.0]).unwrap() - 0.5f64.sqrt()).abs() < 1e-15);
        assert_eq!(counts(&[10.0, 20.0, 20.1, 55.0], 0.0, 50.0, 20.0), [2.0, 1.0]);
        // counts 2, 1, 3: variance 1, mean 2
        assert_eq!(fano(&[2.0, 1.0, 3.0]), Some(0.5));
        assert_eq!(fano(&[0.0, 0.0]), None);
        assert!((correlation(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]).unwrap() - 1.0).abs() < 1e-15);
        assert!((correlation(&[1.0, 2.0, 3.0], &[6.0, 4.0, 2.0]).unwrap() + 1.0).abs() < 1e-15);
        assert_eq!(correlation(&[1.0, 2.0], &[3.0, 3.0]), None);
        let three = [vec![1.0, 2.0, 3.0], vec![3.0, 2.0, 1.0], vec![1.0, 2.0, 3.0]];
        assert!((mean_pairwise_correlation(&three).unwrap() + 1.0 / 3.0).abs() < 1e-15);
        assert_eq!(psth(&[&[5.0, 15.0], &[5.0]], 0.0, 20.0, 10.0), [100.0, 50.0]);
    }

    #[test]
    fn a_poisson_train_has_cv_and_fano_1() {
        let address =
            cogrnn_core::random::Address { seed: 5, purpose: cogrnn_core::random::Purpose::TestInputs, trial: 0 };
        let mut stream = address.stream();
        let mut t = 0.0;
        let train: Vec<f64> = std::iter::repeat_with(|| {
            t -= 100.0 * libm::log(1.0 - stream.uniform());
            t
        })
        .take(20_000)
        .collect();
        // s.d. of the CV 1/√n = 0.007; of the Fano factor over 20,000 bins √(2/n) = 0.01; five of them
        assert!((cv_of_intervals(&train).unwrap() - 1.0).abs() < 0.035);
        assert!((fano(&counts(&train, 0.0, 2e6, 100.0)).unwrap() - 1.0).abs() < 0.05);
    }
}
