//! How far a training has come towards what ends it, and how long that may still take.

use cogrnn::experiment::Stop;
use cogrnn::trainer::Check;

/// Checks that the speed of progress is judged by.
const LOOK_BACK: usize = 12;

/// What training is for, and the checks that tell how near it is.
#[derive(Debug)]
pub struct Goal {
    stop: Stop,
    chance: f64,
    end: u64,
    first: u64,
    /// Error of the first check.
    error: Option<f64>,
    recent: Vec<f64>,
    /// (seconds, share of the way) at each check.
    way: Vec<(f64, f64)>,
}

impl Goal {
    /// Training goes on from `first` updates; the command line may end it at `until`.
    pub fn new(stop: &Stop, chance: f64, first: u64, until: Option<u64>) -> Goal {
        let end = until.unwrap_or(u64::MAX);
        Goal { stop: stop.clone(), chance, end, first, error: None, recent: Vec::new(), way: Vec::new() }
    }

    /// In words.
    pub fn told(&self) -> String {
        if self.end < self.stop.max_updates {
            return format!("{} updates", self.end);
        }
        match self.stop.performance {
            Some(p) if self.stop.over > 1 => format!("a mean performance above {p} % in {} checks", self.stop.over),
            Some(p) => format!("a performance above {p} %"),
            None if self.stop.error > 0.0 => format!("an error of {}", self.stop.error),
            None => format!("{} updates", self.stop.max_updates),
        }
    }

    /// Takes note of a check, so many seconds after training began.
    pub fn check(&mut self, check: &Check, seconds: f64) {
        self.recent.extend(check.performance);
        let keep = self.recent.len().saturating_sub(self.stop.over);
        self.recent.drain(..keep);
        self.error.get_or_insert(check.rmse);
        let share = self.at_check(check);
        self.way.push((seconds, share));
        let keep = self.way.len().saturating_sub(LOOK_BACK);
        self.way.drain(..keep);
    }

    /// The share of the way that a check has come, as performance or error tell.
    fn at_check(&self, check: &Check) -> f64 {
        let share = match (self.stop.performance, self.error) {
            (Some(target), _) if !self.recent.is_empty() => {
                let mean = self.recent.iter().sum::<f64>() / self.recent.len() as f64;
                (mean - self.chance) / (target - self.chance)
            }
            (None, Some(first)) if self.stop.error > 0.0 => (first - check.rmse) / (first - self.stop.error),
            _ => 0.0,
        };
        if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 }
    }

    /// The share of the way that so many updates have come.
    pub fn share(&self, updates: u64) -> f64 {
        let last = self.end.min(self.stop.max_updates);
        let counted = (updates - self.first) as f64 / last.saturating_sub(self.first).max(1) as f64;
        let judged = if self.end < self.stop.max_updates { 0.0 } else { self.way.last().map_or(0.0, |w| w.1) };
        counted.max(judged)
    }

    /// Seconds that may be left: by the updates if their number is known, else by the trend of the last
    /// checks, and nothing while there is none.
    pub fn seconds_left(&self, updates: u64, speed: f64) -> Option<f64> {
        if self.end < self.stop.max_updates {
            return (speed > 0.0).then(|| self.end.saturating_sub(updates) as f64 / speed);
        }
        let n = self.way.len() as f64;
        if self.way.len() < 4 {
            return None;
        }
        // Least squares: share of the way against time.
        let (mean_t, mean_s) = self.way.iter().fold((0.0, 0.0), |m, w| (m.0 + w.0 / n, m.1 + w.1 / n));
        let (mut over, mut under) = (0.0, 0.0);
        for (t, s) in &self.way {
            over += (t - mean_t) * (s - mean_s);
            under += (t - mean_t) * (t - mean_t);
        }
        let slope = over / under;
        let (_, now) = *self.way.last()?;
        let left = (1.0 - now) / slope;
        // A trend that says ten times as long as has been watched says nothing.
        let watched = self.way.last()?.0 - self.way.first()?.0;
        (slope > 0.0 && left < 10.0 * watched).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(updates: u64, performance: f64) -> Check {
        Check {
            updates,
            trials: updates * 20,
            cost: 0.1,
            rmse: 0.2,
            performance: Some(performance),
            omega: 0.0,
            gradient_norm: 0.0,
            spectral_radius: 1.0,
            best: false,
            gradient_cosine: None,
            alignment: None,
        }
    }

    fn stop() -> Stop {
        Stop { performance: Some(85.0), over: 1, error: 0.0, patience: 1000, max_updates: 10_000_000 }
    }

    #[test]
    fn the_time_left_follows_the_trend_and_is_not_guessed_on_a_plateau() {
        let mut goal = Goal::new(&stop(), 50.0, 0, None);
        for k in 0..6 {
            goal.check(&check(k * 500, 50.0), k as f64);
        }
        assert_eq!((goal.share(2500) * 100.0).round(), 0.0);
        assert_eq!(goal.seconds_left(2500, 500.0), None);
        // From 50 to 85 in 35 s: 10 s left at 75.
        let mut goal = Goal::new(&stop(), 50.0, 0, None);
        for k in 0..=25 {
            goal.check(&check(k * 500, 50.0 + k as f64), k as f64);
        }
        assert!((goal.seconds_left(12_500, 500.0).unwrap() - 10.0).abs() < 1e-9);
        assert!((goal.share(12_500) - 25.0 / 35.0).abs() < 1e-12);
        assert_eq!(goal.told(), "a performance above 85 %");
    }

    #[test]
    fn a_number_of_updates_is_counted() {
        let goal = Goal::new(&stop(), 50.0, 100, Some(200));
        assert_eq!((goal.share(150), goal.seconds_left(150, 10.0)), (0.5, Some(5.0)));
        assert_eq!(goal.told(), "200 updates");
    }
}
