//! What is odd about a connectivity, told before a network is trained with it.

use super::structure::Population;
use cogrnn_networks::rate::initial::strongly_connected;

/// The connections that exist, plastic or fixed, row-major `[post][pre]`.
pub(super) struct Connections<'a> {
    /// (units × inputs).
    pub inputs: &'a [bool],
    /// (units × units).
    pub recurrent: &'a [bool],
    /// (outputs × units).
    pub outputs: &'a [bool],
    /// Who the units are.
    pub populations: &'a [Population],
    /// Whether the file names them, so that messages can.
    pub named: bool,
}

impl Connections<'_> {
    /// What is allowed but probably not meant, a line each.
    pub fn oddities(&self) -> Vec<String> {
        let n = self.populations.last().map_or(0, |p| p.units.end);
        if n < 2 {
            return Vec::new();
        }
        let channels = self.inputs.len() / n;
        let row = |i: usize| &self.recurrent[i * n..(i + 1) * n];
        let from_others = |i: usize| row(i).iter().enumerate().any(|(j, there)| *there && j != i);
        let mut reads = vec![false; n];
        for (k, there) in self.recurrent.iter().enumerate() {
            reads[k % n] |= *there && k / n != k % n;
        }
        for (k, there) in self.outputs.iter().enumerate() {
            reads[k % n] |= there;
        }
        let inhibitors: Vec<usize> =
            self.populations.iter().filter(|p| p.sign < 0).flat_map(|p| p.units.clone()).collect();

        let mut told = Vec::new();
        if !inhibitors.is_empty() {
            told.extend(self.who(&|i| !inhibitors.iter().any(|&j| row(i)[j]), &["has", "have"], "no inhibitory input"));
        }
        let gets_none = |i: usize| !from_others(i) && !self.inputs[i * channels..(i + 1) * channels].contains(&true);
        told.extend(self.who(&gets_none, &["gets", "get"], "no input, neither from the task nor from other units"));
        told.extend(self.who(&|i| !reads[i], &["projects", "project"], "to no other unit and to no output"));
        if !strongly_connected(self.recurrent, n) {
            let gaps = if self.named { self.gaps(n) } else { Vec::new() };
            if gaps.is_empty() {
                told.push("some units cannot reach some others through the recurrent connections".into());
            }
            told.extend(gaps);
        }
        told
    }

    /// `units 0-19 (A) have no inhibitory input`: a line for each population with such units.
    fn who(&self, such: &dyn Fn(usize) -> bool, verb: &[&str; 2], what: &str) -> Vec<String> {
        let whole = 0..self.populations.last().map_or(0, |p| p.units.end);
        let groups: Vec<_> = match self.named {
            true => self.populations.iter().map(|p| (format!(" ({})", p.name), p.units.clone())).collect(),
            false => vec![(String::new(), whole)],
        };
        let line = |(name, units): (String, std::ops::Range<usize>)| {
            let found: Vec<usize> = units.filter(|i| such(*i)).collect();
            let (noun, verb) = if found.len() == 1 { ("unit", verb[0]) } else { ("units", verb[1]) };
            (!found.is_empty()).then(|| format!("{noun} {}{name} {verb} {what}", ranges(&found)))
        };
        groups.into_iter().filter_map(line).collect()
    }

    /// `A and B cannot reach C through the recurrent connections`: populations between which no path leads.
    fn gaps(&self, n: usize) -> Vec<String> {
        let p = self.populations.len();
        let of: Vec<usize> =
            self.populations.iter().enumerate().flat_map(|(a, p)| p.units.clone().map(move |_| a)).collect();
        let mut leads = vec![false; p * p]; // [from][to]
        for (k, there) in self.recurrent.iter().enumerate() {
            leads[of[k % n] * p + of[k / n]] |= there;
        }
        // Warshall: a path through b.
        for b in 0..p {
            for a in 0..p {
                if leads[a * p + b] {
                    for c in 0..p {
                        leads[a * p + c] |= leads[b * p + c];
                    }
                }
            }
        }
        let unreached = |a: usize| -> Vec<usize> { (0..p).filter(|&b| b != a && !leads[a * p + b]).collect() };
        let names = |all: &[usize]| listed(all.iter().map(|&a| self.populations[a].name.clone()).collect());
        let mut told: Vec<(Vec<usize>, Vec<usize>)> = Vec::new(); // (who, cannot reach whom)
        for a in 0..p {
            let whom = unreached(a);
            match told.iter_mut().find(|t| t.1 == whom) {
                _ if whom.is_empty() => {}
                Some(alike) => alike.0.push(a),
                None => told.push((vec![a], whom)),
            }
        }
        told.iter()
            .map(|(who, whom)| format!("{} cannot reach {} through the recurrent connections", names(who), names(whom)))
            .collect()
    }
}

/// `0-19, 23 and 40-45`; of many pieces the first few.
fn ranges(units: &[usize]) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for &i in units {
        match runs.last_mut() {
            Some(run) if run.1 + 1 == i => run.1 = i,
            _ => runs.push((i, i)),
        }
    }
    let mut pieces: Vec<String> =
        runs.iter().take(6).map(|&(a, b)| if a == b { a.to_string() } else { format!("{a}-{b}") }).collect();
    let left = units.len() - runs.iter().take(6).map(|(a, b)| b + 1 - a).sum::<usize>();
    if left > 0 {
        pieces.push(format!("{left} more"));
    }
    listed(pieces)
}

/// `a, b and c`.
fn listed(mut names: Vec<String>) -> String {
    match names.pop() {
        Some(last) if names.is_empty() => last,
        Some(last) => format!("{} and {last}", names.join(", ")),
        None => String::new(),
    }
}
