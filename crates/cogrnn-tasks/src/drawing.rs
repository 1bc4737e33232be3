//! A trial for the terminal: epochs along a ruler, one lane for each input and each target.
//!
//! ```text
//!               0        100                           420            720 ms
//!               ├fixation┼stimulus─────────────────────┼decision──────┤
//! inputs
//!   evidence 1  ▁▁▁▁▁▁▁▁▁0.516▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
//! targets
//!   choice 1    0.2▂▂▂▂▂▂······························1██████████████
//! ```
//!
//! Time runs from left to right, but short epochs are stretched so that their names fit.

use crate::testing::Trial;
use cogrnn_core::task::Task;

/// Columns of a drawing.
pub const WIDTH: usize = 80;
/// Channels called `dot 0`, `dot 1`, … share lanes from this many on.
const GROUP: usize = 3;
/// Most lanes of such a group.
const MOST_LANES: usize = 8;
/// Most columns of the name of a lane.
const LONGEST_NAME: usize = 20;

/// The characters of a drawing.
struct Pen {
    /// From the lowest value to the highest.
    heights: [char; 8],
    /// Where nothing is asked.
    blank: char,
    start: char,
    next: char,
    end: char,
    rule: char,
    cut: &'static str,
    to: &'static str,
}

const UNICODE: Pen = Pen {
    heights: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
    blank: '·',
    start: '├',
    next: '┼',
    end: '┤',
    rule: '─',
    cut: "…",
    to: "–",
};

const ASCII: Pen = Pen {
    heights: ['_', '.', ':', '-', '=', '+', '*', '#'],
    blank: ' ',
    start: '|',
    next: '|',
    end: '|',
    rule: '-',
    cut: "~",
    to: "-",
};

/// One channel, or several that are alike: a value at each sample, or none where nothing is asked.
struct Lane {
    name: String,
    values: Vec<Option<f32>>,
}

/// Samples `from..to` of a trial and the `width` columns that show them.
struct Stretch {
    from: usize,
    to: usize,
    column: usize,
    width: usize,
}

/// Draws a trial in at most [`WIDTH`] columns: ruler, inputs, targets, and its row of the table of trials.
///
/// The plain drawing uses ASCII alone, for terminals and logs that know no other characters.
pub fn draw(task: &dyn Task, trial: &Trial, unicode: bool) -> String {
    let pen = if unicode { UNICODE } else { ASCII };
    let (inputs, outputs) = (task.inputs(), task.outputs());
    let at = |values: &[f32], width: usize, channel: usize| -> Vec<Option<f32>> {
        values.iter().skip(channel).step_by(width.max(1)).map(|v| Some(*v)).collect()
    };
    let shown: Vec<_> = (0..inputs.len()).map(|k| at(&trial.inputs, inputs.len(), k)).collect();
    let asked: Vec<Vec<Option<f32>>> = (0..outputs.len())
        .map(|k| {
            let mask = at(&trial.mask, outputs.len(), k);
            let target = at(&trial.targets, outputs.len(), k);
            target.into_iter().zip(mask).map(|(v, m)| v.filter(|_| m != Some(0.0))).collect()
        })
        .collect();
    let (shown, asked) = (lanes(&inputs, shown, &pen), lanes(&outputs, asked, &pen));
    let longest = shown.iter().chain(&asked).map(|l| l.name.chars().count()).max().unwrap_or(0);
    let left = 2 + longest.max("targets".len()) + 2;
    let stretches = stretches(trial, WIDTH - left - 1);

    let mut text = ruler(trial, &stretches, left, &pen);
    let mut scales = Vec::new();
    for (what, lanes) in [("inputs", &shown), ("targets", &asked)] {
        if lanes.is_empty() {
            push_line(&mut text, &format!("{what}  none"));
            continue;
        }
        push_line(&mut text, what);
        let scale = scale(lanes);
        scales.push((what, scale));
        for lane in lanes {
            let cells = cells(lane, &stretches, scale, what == "targets", &pen);
            push_line(&mut text, &format!("  {:<w$}{cells}", lane.name, w = left - 2));
        }
    }
    text.push('\n');
    let scales: Vec<String> = scales
        .iter()
        .map(|(what, (low, high))| {
            format!("{what} {} {} to {} {}", pen.heights[0], number(*low), pen.heights[7], number(*high))
        })
        .collect();
    let unasked = asked.iter().any(|lane| lane.values.contains(&None));
    let blank = if pen.blank == ' ' { "blank".to_string() } else { pen.blank.to_string() };
    let unasked = if unasked { format!("; {blank} where nothing is asked") } else { String::new() };
    push_line(&mut text, &format!("{}{unasked}", scales.join(", ")));
    for line in info(task, trial) {
        push_line(&mut text, &line);
    }
    text
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

/// A number as people write it, with at most three decimals.
pub fn number(x: f64) -> String {
    if x.is_nan() {
        return "none".to_string();
    }
    if x != 0.0 && !(1e-3..1e6).contains(&x.abs()) {
        return format!("{x:.1e}");
    }
    let text = format!("{x:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_string() } else { text.to_string() }
}

/// `dot 3` is number 3 of the group `dot`.
fn group(name: &str) -> Option<(&str, usize)> {
    let (group, number) = name.rsplit_once(' ')?;
    Some((group, number.parse().ok()?))
}

/// One lane a channel; channels of a group share a lane where they are alike, or with their neighbours
/// if there are still too many.
fn lanes(names: &[&str], values: Vec<Vec<Option<f32>>>, pen: &Pen) -> Vec<Lane> {
    let mut lanes = Vec::new();
    let mut first = 0;
    while first < names.len() {
        let members = match group(names[first]) {
            None => 1,
            Some((base, number)) => {
                let belongs = |(i, name): (usize, &&str)| group(name) == Some((base, number + i));
                names[first..].iter().enumerate().take_while(|&(i, n)| belongs((i, n))).count()
            }
        };
        let range = first..first + members;
        if members < GROUP {
            lanes.extend(range.map(|k| Lane { name: short(names[k], pen), values: values[k].clone() }));
        } else {
            lanes.extend(group_lanes(&names[range.clone()], &values[range], pen));
        }
        first += members;
    }
    lanes
}

fn group_lanes(names: &[&str], values: &[Vec<Option<f32>>], pen: &Pen) -> Vec<Lane> {
    let (base, first) = group(names[0]).unwrap_or((names[0], 0));
    let mut alike: Vec<Vec<usize>> = Vec::new();
    for (k, channel) in values.iter().enumerate() {
        match alike.iter_mut().find(|a| values[a[0]] == *channel) {
            Some(same) => same.push(k),
            None => alike.push(vec![k]),
        }
    }
    if alike.len() > MOST_LANES {
        let n = names.len();
        alike = (0..MOST_LANES).map(|i| (i * n / MOST_LANES..(i + 1) * n / MOST_LANES).collect()).collect();
    }
    let lane = |members: Vec<usize>| {
        // of several the value furthest from 0; where they are alike, the one that they have
        let largest = |t: usize| {
            let all = members.iter().filter_map(|&k| values[k][t]);
            all.max_by(|a: &f32, b| a.abs().total_cmp(&b.abs()))
        };
        let values = (0..values[0].len()).map(largest).collect();
        let numbers: Vec<usize> = members.iter().map(|k| first + k).collect();
        Lane { name: short(&format!("{base} {}", ranges(&numbers, pen)), pen), values }
    };
    alike.into_iter().map(lane).collect()
}

/// `0,2,5–7`.
fn ranges(numbers: &[usize], pen: &Pen) -> String {
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for &n in numbers {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == n => *last = n,
            _ => parts.push((n, n)),
        }
    }
    let part = |&(a, b): &(usize, usize)| match b - a {
        0 => a.to_string(),
        1 => format!("{a},{b}"),
        _ => format!("{a}{}{b}", pen.to),
    };
    parts.iter().map(part).collect::<Vec<_>>().join(",")
}

fn short(name: &str, pen: &Pen) -> String {
    if name.chars().count() <= LONGEST_NAME {
        return name.to_string();
    }
    name.chars().take(LONGEST_NAME - 1).chain(pen.cut.chars()).collect()
}

/// From 0 to the highest value, at least 1; as far down as up if there are values below 0.
fn scale(lanes: &[Lane]) -> (f64, f64) {
    let all = lanes.iter().flat_map(|l| &l.values).flatten().map(|v| f64::from(*v));
    let (low, high) = all.fold((0.0, 0.0), |(low, high), v| (v.min(low), v.max(high)));
    if low < 0.0 { (low.min(-high), high.max(-low)) } else { (0.0, high.max(1.0)) }
}

/// Shares `columns` out between the bounds of epochs, each as its time, but no narrower than what is
/// written above it.
fn stretches(trial: &Trial, columns: usize) -> Vec<Stretch> {
    let mut bounds = vec![0, trial.steps];
    bounds.extend(trial.outline.epochs.iter().flat_map(|e| [e.start.steps(trial.dt), e.end.steps(trial.dt)]));
    bounds.sort_unstable();
    bounds.dedup();
    let pairs: Vec<(usize, usize)> = bounds.windows(2).map(|w| (w[0], w[1])).collect();
    let needs = |&(from, to): &(usize, usize)| {
        let label = number(from as f64 * trial.dt.as_ms()).len() + 1;
        let own = |e: &&cogrnn_core::task::Epoch| (e.start.steps(trial.dt), e.end.steps(trial.dt)) == (from, to);
        let name = trial.outline.epochs.iter().filter(own).map(|e| e.name.chars().count() + 1).max();
        label.max(name.unwrap_or(0))
    };
    let mut needs: Vec<usize> = pairs.iter().map(needs).collect();
    if needs.iter().sum::<usize>() > columns {
        needs = vec![columns / pairs.len().max(1); pairs.len()];
    }
    // Who needs more than their share get what they need; the rest is shared out among the others.
    let mut wide = vec![false; pairs.len()];
    loop {
        let spent: usize = needs.iter().zip(&wide).filter(|(_, w)| **w).map(|(n, _)| n).sum();
        let time: usize = pairs.iter().zip(&wide).filter(|(_, w)| !**w).map(|((a, b), _)| b - a).sum();
        let share = (columns - spent) as f64 / time.max(1) as f64;
        let short =
            (0..pairs.len()).find(|&i| !wide[i] && ((pairs[i].1 - pairs[i].0) as f64) * share < needs[i] as f64);
        if let Some(i) = short {
            wide[i] = true;
            continue;
        }
        let (mut exact, mut column) = (0.0, 0);
        return pairs
            .iter()
            .enumerate()
            .map(|(i, &(from, to))| {
                exact += if wide[i] { needs[i] as f64 } else { (to - from) as f64 * share };
                let start = column;
                column = (exact.round() as usize).min(columns);
                Stretch { from, to, column: start, width: column - start }
            })
            .collect();
    }
}

/// Times in ms, then the epochs below them; one that overlaps another has a line of its own.
fn ruler(trial: &Trial, stretches: &[Stretch], left: usize, pen: &Pen) -> String {
    let columns = stretches.last().map_or(0, |s| s.column + s.width);
    let column_of = |step: usize| stretches.iter().find(|s| s.from == step).map_or(columns, |s| s.column);
    let time = |step: usize| number(step as f64 * trial.dt.as_ms());

    let mut times = vec![' '; WIDTH];
    let mut put = |column: usize, label: &str| {
        times.splice(column..column + label.len(), label.chars());
    };
    let last = format!("{} ms", time(trial.steps));
    let end = (left + columns).min(WIDTH - last.len());
    put(end, &last);
    let mut free = 0;
    for stretch in stretches {
        let (column, label) = (left + stretch.column, time(stretch.from));
        if column >= free && column + label.len() < end {
            put(column, &label);
            free = column + label.len() + 1;
        }
    }
    let mut text = String::new();
    push_line(&mut text, &times.iter().collect::<String>());

    let mut lines: Vec<(usize, Vec<char>)> = Vec::new(); // where each line is free, and what it holds
    let whole = [("", 0, trial.steps)];
    let epochs = trial.outline.epochs.iter().map(|e| (e.name, e.start.steps(trial.dt), e.end.steps(trial.dt)));
    let mut epochs: Vec<(&str, usize, usize)> = epochs.filter(|(_, start, end)| start < end).collect();
    if epochs.is_empty() {
        epochs.extend(whole);
    }
    for (name, start, end) in epochs {
        let (from, to) = (column_of(start), column_of(end));
        let line = match lines.iter().position(|(free, _)| *free <= from) {
            Some(line) => &mut lines[line],
            None => {
                lines.push((0, vec![' '; columns + 1]));
                let last = lines.len() - 1;
                &mut lines[last]
            }
        };
        let cells = &mut line.1;
        cells[from] = if cells[from] == pen.end { pen.next } else { pen.start };
        cells[from + 1..to.max(from + 1)].fill(pen.rule);
        cells[to] = pen.end;
        for (cell, c) in cells[from + 1..to.max(from + 1)].iter_mut().zip(name.chars()) {
            *cell = c;
        }
        line.0 = to;
    }
    for (_, cells) in lines {
        push_line(&mut text, &format!("{:left$}{}", "", cells.iter().collect::<String>()));
    }
    text
}

/// A lane in characters: heights, and at the start of each constant part its value, if it fits.
fn cells(lane: &Lane, stretches: &[Stretch], (low, high): (f64, f64), zeros: bool, pen: &Pen) -> String {
    let mut values: Vec<Option<f32>> = Vec::new();
    for stretch in stretches {
        let n = stretch.to - stretch.from;
        // each column shows the sample in its middle
        values.extend((0..stretch.width).map(|j| lane.values[stretch.from + (2 * j + 1) * n / (2 * stretch.width)]));
    }
    let height = |v: f32| {
        let share = if high > low { (f64::from(v) - low) / (high - low) } else { 0.0 };
        pen.heights[(share * 7.0).round() as usize]
    };
    let mut cells: Vec<char> = values.iter().map(|v| v.map_or(pen.blank, height)).collect();
    let mut start = 0;
    for run in values.chunk_by(|a, b| a == b) {
        let labelled = run[0].filter(|v| zeros || *v != 0.0).map(|v| number(f64::from(v)));
        if let Some(label) = labelled.filter(|l| l.len() < run.len()) {
            cells.splice(start..start + label.len(), label.chars());
        }
        start += run.len();
    }
    cells.iter().collect()
}

/// The trial's row of the table of trials, in lines that fit.
fn info(task: &dyn Task, trial: &Trial) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (name, value) in &trial.outline.info {
        let mut pair = format!("{name} = {}", number(*value));
        if *name == "choice" {
            let answer = trial.outline.choice.and_then(|c| task.outputs().get(c).copied());
            pair += &answer.map_or(" (does not count)".to_string(), |output| format!(" ({output})"));
        }
        match lines.last_mut() {
            Some(line) if line.chars().count() + 3 + pair.chars().count() <= WIDTH => *line += &format!("   {pair}"),
            _ => lines.push(pair),
        }
    }
    lines
}
