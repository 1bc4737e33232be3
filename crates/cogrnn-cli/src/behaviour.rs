//! `compare-behaviour`: a network beside recorded subjects.

use crate::Ending;
use crate::args;
use crate::judge::{as_json, share_bar};
use crate::output::{as_table, in_columns, say, say_json, short};
use cogrnn::behaviour::{self, Curves, Difference, Estimate, Report};
use cogrnn::evaluate::{TestRun, Trained};
use cogrnn_core::error::Result;

/// Accuracy and reaction times, side by side.
pub fn compare(args: &args::CompareBehaviour) -> Result<Ending> {
    // The file first: it is read in no time, the network takes its own.
    let subjects = behaviour::read_subjects(&args.file)?;
    let trained = Trained::open(&args.dir, &args.machine.resolve()?)?;
    let usual = trained.test_run();
    let request = TestRun {
        trials: args.on.trials.unwrap_or(usual.trials),
        dt: args.on.dt,
        save_every: args.save_every.or(usual.save_every),
        ..usual
    };
    let bar = share_bar(args.json);
    let network = trained.behave(&request, args.threshold, &mut |share| bar.set_position((share * 1000.0) as u64));
    bar.finish_and_clear();
    let report = behaviour::compare(&network?, &subjects, args.threshold);
    report.write(&args.dir)?;
    if args.json {
        say_json(&as_json(&report));
    } else {
        say(&told(&report));
        say(&format!("\nnumbers in {}", args.dir.join("behaviour").display()));
    }
    Ok(Ending::Finished)
}

fn told(report: &Report) -> String {
    let trials = report.subjects.iter().map(|s| {
        let mut text = format!("{} answers", s.trials);
        for (count, what) in [(s.undecided, "without an answer"), (s.early, "before the stimulus")] {
            if count > 0 {
                text += &format!(", {count} {what}");
            }
        }
        (s.subject.clone(), text)
    });
    let mut text = in_columns(&trials.collect::<Vec<_>>());
    text += "\n\nright answers, %\n";
    text += &table(report, |p| p.correct.map(|c| c.value));
    text += "\n\nmean reaction time of right answers (of all at 0), ms\n";
    text += &table(report, |p| p.rt);
    text += "\n\naccuracy: coherence (%) with 82 % right answers, and steepness, with 95 % intervals\n";
    text += &rows(report, |s| match (&s.psychometric, s.no_psychometric) {
        (Some(p), _) => format!("{}, {}", estimate(&p.threshold), estimate(&p.steepness)),
        (None, why) => format!("no curve: {}", why.unwrap_or_default()),
    });
    text += "\n\nreaction time: ms per doubling of the coherence, with 95 % interval, and ms at 10 %\n";
    text += &rows(report, |s| match (&s.chronometric, s.no_chronometric) {
        (Some(c), _) => format!("{}, {}", estimate(&c.slope), short(c.at_ten_per_cent)),
        (None, why) => format!("no line: {}", why.unwrap_or_default()),
    });
    text += &format!(
        "\n\nthe network (threshold {}, non-decision time {} ms) less\n",
        short(report.threshold),
        short(report.non_decision_time)
    );
    let differences: Vec<(String, String)> =
        report.differences.iter().map(|d| (d.subject.clone(), difference(d))).collect();
    text + &in_columns(&differences)
}

fn table(report: &Report, pick: impl Fn(&behaviour::Point) -> Option<f64>) -> String {
    let mut columns = vec!["coherence %".to_string()];
    columns.extend(report.subjects.iter().map(|s| s.subject.clone()));
    let cell = |s: &Curves, c: f64| {
        let point = s.points.iter().find(|p| (p.coherence - c).abs() < 1e-4);
        point.and_then(&pick).unwrap_or(f64::NAN)
    };
    let lines: Vec<Vec<f64>> = report
        .coherences()
        .into_iter()
        .map(|c| std::iter::once(c).chain(report.subjects.iter().map(|s| cell(s, c))).collect())
        .collect();
    as_table(&columns, &lines)
}

fn rows(report: &Report, tell: impl Fn(&Curves) -> String) -> String {
    in_columns(&report.subjects.iter().map(|s| (s.subject.clone(), tell(s))).collect::<Vec<_>>())
}

fn estimate(e: &Estimate) -> String {
    let high = if e.high.is_finite() { short(e.high) } else { "∞".to_string() };
    format!("{} ({} to {high})", short(e.value), short(e.low))
}

fn difference(d: &Difference) -> String {
    let Some(rt) = d.rt else { return "no coherence in common".to_string() };
    let error = |e: Option<f64>| e.map(|e| format!(" ± {}", short(e))).unwrap_or_default();
    let mut text = format!("mean reaction time {} ms{} over {} coherences", short(rt), error(d.rt_error), d.coherences);
    if let Some(slope) = d.slope {
        text += &format!("; slope {}{} ms per doubling", short(slope), error(d.slope_error));
    }
    if let Some(ratio) = d.threshold_ratio {
        text += &format!("; 82 % threshold × {}", short(ratio));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use cogrnn::behaviour::{Answer, Subject};

    /// 20 answers at each coherence, as by a rule.
    fn subject(name: &str, shift: f64) -> Subject {
        let answer = |coherence: f64, k: i32| Answer {
            coherence,
            correct: (coherence > 0.0).then_some(f64::from(k) < 11.0 + coherence),
            rt: 800.0 - 5.0 * coherence + shift + f64::from(k % 5),
        };
        let answers = [0.0, 3.2, 6.4, 12.8].into_iter().flat_map(|c| (0..20).map(move |k| answer(c, k)));
        Subject { answers: answers.collect(), undecided: 3, ..Subject::new(name) }
    }

    #[test]
    fn a_comparison_is_told_in_tables() {
        let report = behaviour::compare(&subject("network", -150.0), &[subject("monkey 1", 0.0)], 1.0);
        insta::assert_snapshot!(told(&report), @r"
          network   80 answers, 3 without an answer
          monkey 1  80 answers, 3 without an answer

        right answers, %
          coherence %  network  monkey 1
                    0        –         –
                 3.20       75        75
                 6.40       90        90
                 12.8      100       100

        mean reaction time of right answers (of all at 0), ms
          coherence %  network  monkey 1
                    0      652       802
                 3.20      636       786
                 6.40      620       770
                 12.8      588       738

        accuracy: coherence (%) with 82 % right answers, and steepness, with 95 % intervals
          network   4.37 (1.51 to 6.78), 1.52 (0.378 to 4.71)
          monkey 1  4.37 (1.51 to 6.78), 1.52 (0.378 to 4.71)

        reaction time: ms per doubling of the coherence, with 95 % interval, and ms at 10 %
          network   -24.4 (-24.9 to -23.9), 599
          monkey 1  -24.4 (-24.9 to -23.9), 749

        the network (threshold 1, non-decision time 0 ms) less
          monkey 1  mean reaction time -150 ms ± 0.283 over 3 coherences; slope 0 ± 0.351 ms per doubling; 82 % threshold × 1
        ");
    }
}
