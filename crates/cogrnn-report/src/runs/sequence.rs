//! What a loop around a network has learnt.

use crate::{Axis, Chart, Figure, Key, Section, Series, Tone};
use cogrnn::auxiliary::Played;

/// Where the cursor went in the whole sequence, its velocity, and how the loop learnt.
pub fn sequence(played: &Played, syllable: f64) -> Section {
    let last = played.tries.last().map_or(0, |t| t.right);
    let mut section = Section::new("sequence", "Sequence").text(format!(
        "The network's weights are fixed; a loop around it decides at the end of each syllable which is next, and learns it \
         by reward. {last} of {} syllables are right at the end.",
        played.of
    ));
    let step = played.times.windows(2).next().map_or(1.0, |t| t[1] - t[0]);
    let path = |velocity: &[f64]| -> Vec<f64> {
        let sum = velocity.iter().scan(0.0, |sum, v| {
            *sum += v * step / syllable;
            Some(*sum)
        });
        std::iter::once(0.0).chain(sum).collect()
    };
    if let ([x, y], [to_x, to_y]) = (&played.outputs[..], &played.asked[..]) {
        let chart = Chart::new("", Axis::new("x", ""), Axis::new("y", ""))
            .equal()
            .with(Series::line("asked", path(to_x), path(to_y)).tone(Tone::Target).dashed(true))
            .with(Series::line("made", path(x), path(y)).tone(Tone::Ink))
            .legend([Key::line("asked", Tone::Target, true), Key::line("made", Tone::Ink, false)]);
        section = section.figure(
            Figure::new("sequence-path", "The cursor.").caption("The outputs' velocity, added up.").with(chart),
        );
    }
    let mut chart = Chart::new("", Axis::new("Time", "ms"), Axis::new("Outputs", ""));
    for (k, (made, asked)) in played.outputs.iter().zip(&played.asked).enumerate() {
        chart = chart
            .with(Series::line("asked", played.times.clone(), asked.clone()).tone(Tone::Target).dashed(true))
            .with(
                Series::line(format!("output {}", k + 1), played.times.clone(), made.clone()).tone(Tone::Category(k)),
            );
    }
    let keys = (0..played.outputs.len()).map(|k| Key::line(format!("output {}", k + 1), Tone::Category(k), false));
    let keys: Vec<Key> = keys.chain([Key::line("asked", Tone::Target, true)]).collect();
    section = section.figure(Figure::new("sequence-outputs", "Syllable after syllable.").with(chart.legend(keys)));
    let part = |of: fn(&cogrnn::auxiliary::Try) -> f64| played.tries.iter().map(of).collect::<Vec<f64>>();
    let x = part(|t| t.trials as f64);
    let y = Axis::new("Right syllables", "").range(0.0, played.of as f64);
    let chart = Chart::new("", Axis::new("Trials of the loop", ""), y)
        .with(Series::step("right", x, part(|t| t.right as f64)).tone(Tone::Ink))
        .no_legend();
    section.figure(
        Figure::new("sequence-learning", "Learning of the loop.").caption("Tries without exploration.").with(chart),
    )
}
