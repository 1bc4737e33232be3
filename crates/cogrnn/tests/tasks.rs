//! What every task must keep to, of the registry and of the experiments that come with the program.

use cogrnn::experiment::{Experiment, shipped};
use cogrnn_core::random::{Address, Purpose, Stream};
use cogrnn_core::settings::Defaults;
use cogrnn_core::task::{Outline, Performance, Request, Set, Task, argmax};
use cogrnn_core::units::{Time, ms};
use cogrnn_tasks::testing::{Trial, input_noise, stream, trial};
use cogrnn_tasks::tryout;
use std::sync::Arc;

const SETS: [Set; 3] = [Set::Training, Set::Validation, Set::Test];

/// Time step of training, Song et al. 2016.
const DT: Time = ms(20.0);

/// S.d. of the input noise, Song et al. 2016, table 1.
const SIGMA_IN: f64 = 0.01;

/// The task of every shipped experiment, and the one that is written in Rust as well.
fn tasks() -> Vec<Arc<dyn Task>> {
    changed(|_| Vec::new())
}

/// The same, where signals have noise of their own without it: that leaves errors to anybody.
fn tasks_without_noise() -> Vec<Arc<dyn Task>> {
    changed(|name| match name {
        "miconi2017/selective-integration" => vec!["task.noise=0".to_string()],
        _ => Vec::new(),
    })
}

fn changed(changes: fn(&str) -> Vec<String>) -> Vec<Arc<dyn Task>> {
    let shipped = shipped().into_iter().map(|s| Experiment::load(s.name, &changes(s.name)).unwrap().task);
    let rust = (cogrnn_tasks::find("perceptual-decision").unwrap().build)(&mut Defaults).unwrap();
    shipped.chain([Arc::from(rust)]).collect()
}

fn request(set: Set, index: usize, dt: Time) -> Request<'static> {
    // Each trial a batch of its own: what a batch shares differs from trial to trial.
    Request { batch: index as u64, ..Request::new(set, index, dt) }
}

/// Whether the task judges samples, and weighs them.
fn samples(task: &dyn Task) -> bool {
    task.performance() == Performance::Samples
}

fn noise_stream(trial: usize) -> Stream {
    Address { seed: 5, purpose: Purpose::TestInputs, trial: trial as u64 }.stream()
}

/// Per cent right of an observer over validation trials, and how many had a choice.
fn per_cent_right(
    task: &dyn Task,
    trials: usize,
    dt: Time,
    mut answer: impl FnMut(&Trial, &mut Stream) -> Vec<f32>,
) -> (f64, usize) {
    let (mut right, mut choices) = (0, 0);
    for index in 0..trials {
        let trial = trial(task, &request(Set::Validation, index, dt), 3);
        let answer = answer(&trial, &mut noise_stream(index));
        if let Some(is_right) = trial.is_right(&answer) {
            right += usize::from(is_right);
            choices += 1;
        }
    }
    (100.0 * right as f64 / choices as f64, choices)
}

/// Four standard deviations of a percentage estimated from n trials, and never nothing: a limit of
/// 99.99 % must allow for one more error than expected.
fn four_sigma(per_cent: f64, n: usize) -> f64 {
    let p = per_cent / 100.0;
    100.0 * (4.0 * (p * (1.0 - p) / n as f64).sqrt()).max(2.0 / n as f64)
}

#[test]
fn conditions_are_a_table() {
    for task in tasks() {
        let columns = task.conditions().columns.len();
        assert!(task.conditions().rows.iter().all(|row| row.len() == columns), "{}", task.name());
    }
}

#[test]
fn the_same_seed_gives_the_same_trial() {
    for task in tasks() {
        for set in SETS {
            for index in 0..30 {
                let request = request(set, index, DT);
                assert_eq!(trial(&*task, &request, 8), trial(&*task, &request, 8));
            }
        }
    }
}

#[test]
fn another_index_gives_another_trial() {
    for task in tasks().iter().filter(|task| task.period() > 1) {
        for set in SETS {
            let outlines: Vec<Outline> = (0..40).map(|i| trial(&**task, &request(set, i, DT), 8).outline).collect();
            let different = |o: &&Outline| outlines.iter().filter(|other| other == o).count() < 40;
            assert!(outlines.iter().all(|o| different(&o)), "{} {set:?}", task.name());
        }
    }
}

/// A sample at the same place of the same epoch must be the same at both time steps. Boundaries may
/// shift, by less than the coarser step for each duration that was rounded down.
#[test]
fn halving_dt_gives_the_same_trial() {
    for task in tasks() {
        let (width, outputs) = (task.inputs().len(), task.outputs().len());
        for set in SETS {
            for index in 0..60 {
                let coarse = trial(&*task, &request(set, index, DT), 8);
                let fine = trial(&*task, &request(set, index, DT * 0.5), 8);
                assert_eq!(coarse.outline.condition, fine.outline.condition);
                assert_eq!(coarse.outline.choice, fine.outline.choice);
                assert_eq!(coarse.outline.epochs.len(), fine.outline.epochs.len());

                let same_sample = |j: usize, k: usize| {
                    assert_eq!(coarse.inputs[j * width..][..width], fine.inputs[k * width..][..width]);
                    assert_eq!(coarse.targets[j * outputs..][..outputs], fine.targets[k * outputs..][..outputs]);
                    for (a, b) in coarse.mask[j * outputs..][..outputs].iter().zip(&fine.mask[k * outputs..]) {
                        // weights that make up for the number of samples follow it
                        assert!(a == b || samples(&*task) && *a > 0.0 && *b > 0.0);
                    }
                };
                if coarse.outline.epochs.is_empty() {
                    assert_eq!(fine.steps / 2, coarse.steps);
                    (0..coarse.steps).for_each(|j| same_sample(j, 2 * j + 1));
                }
                for (a, b) in coarse.outline.epochs.iter().zip(&fine.outline.epochs) {
                    assert_eq!(a.name, b.name);
                    assert_eq!((b.end - b.start).floor_to(DT), a.end - a.start, "{}", a.name);
                    let first = (a.start.steps(DT), b.start.steps(fine.dt));
                    for j in 0..(a.end - a.start).steps(DT) {
                        same_sample(first.0 + j, first.1 + 2 * j + 1);
                    }
                }
            }
        }
    }
}

/// What is not asked has no target, and what a trial is judged by is asked at its end.
#[test]
fn the_mask_covers_what_is_asked() {
    for task in tasks() {
        let outputs = task.outputs().len();
        for set in SETS {
            for index in 0..60 {
                let trial = trial(&*task, &request(set, index, DT), 8);
                assert!(trial.mask.iter().all(|m| *m == 0.0 || *m == 1.0 || samples(&*task) && *m > 0.0));
                assert!(
                    trial.mask.iter().any(|m| *m > 0.0) != task.acts(),
                    "asked sample by sample, or judged at the end"
                );
                for (target, mask) in trial.targets.iter().zip(&trial.mask) {
                    assert!(*mask > 0.0 || *target == 0.0 || samples(&*task));
                }
                if let Some(choice) = trial.outline.choice {
                    let last = (trial.steps - 1) * outputs;
                    assert!(trial.mask[last..].iter().all(|m| *m == 1.0));
                    assert_eq!(argmax(&trial.targets[last..]), choice);
                }
            }
        }
    }
}

#[test]
fn epochs_fill_the_trial_in_order() {
    for task in tasks() {
        for set in SETS {
            for index in 0..60 {
                let outline = trial(&*task, &request(set, index, DT), 8).outline;
                assert!(outline.epochs.is_sorted_by(|a, b| a.start <= b.start));
                assert!(outline.epochs.iter().all(|e| e.start <= e.end && e.end <= outline.duration));
            }
        }
    }
}

#[test]
fn validation_goes_through_each_condition_once() {
    // a task whose validation trials are drawn at random has no rounds
    for task in tasks().iter().filter(|task| task.period() > 1 || task.conditions().rows.len() <= 1) {
        let rows = task.conditions().rows.len();
        for block in 0..3 {
            let mut count = vec![0; rows];
            let mut catch = 0;
            for place in 0..task.period() {
                let request = request(Set::Validation, block * task.period() + place, DT);
                let outline = trial(&**task, &request, 8).outline;
                match outline.condition {
                    Some(row) => {
                        count[row] += 1;
                        for (name, value) in task.conditions().columns.iter().zip(&task.conditions().rows[row]) {
                            assert_eq!(outline.value(name), Some(*value));
                        }
                    }
                    None => catch += 1,
                }
            }
            assert!(count.iter().all(|n| *n == 1), "{}: {count:?}", task.name());
            assert_eq!(catch, task.period() - rows, "{}", task.name());
        }
    }
}

/// A task of four conditions, with a catch trial in one of four.
fn in_order(order: &str) -> Arc<dyn Task> {
    let text = format!(
        "[task]\nname = \"custom\"\njudged_by = \"error\"\ntraining_order = \"{order}\"\nvalidation_order = \"{order}\"\n\
         catch_probability = 0.25\n[[task.conditions]]\nname = \"a\"\nvalues = [1, 2, 3, 4]\n\
         [[task.epochs]]\nname = \"stimulus\"\nduration = \"800 ms\"\n[[task.inputs]]\nname = \"u\"\nvalue = \"a\"\n\
         [[task.outputs]]\nname = \"z\"\ntarget = \"a\"\n"
    );
    Experiment::parse(&text, "mine", "mine.toml", &[]).unwrap().task
}

/// Three trials an update do not go round four conditions.
#[test]
fn rounds_of_training_go_on_from_update_to_update() {
    for order in ["enumerated", "permuted"] {
        let task = in_order(order);
        let mut count = [0; 4];
        for number in 0..4000 {
            let request = Request { number, ..Request::new(Set::Training, number as usize % 3, DT) };
            if let Some(row) = task.outline(&request, &mut noise_stream(number as usize)).condition {
                assert!(order != "enumerated" || row as u64 == number % 4);
                count[row] += 1;
            }
        }
        // 3/4 of 1000 are no catch trials, but for four s.d.
        assert!(count.iter().all(|n: &i32| (n - 750).abs() < 55), "{order}: {count:?}");
    }
}

#[test]
fn a_check_has_one_catch_trial_a_round_in_either_order() {
    for order in ["enumerated", "permuted"] {
        let task = in_order(order);
        assert_eq!(task.period(), 5);
        for round in 0..20 {
            let mut rows: Vec<Option<usize>> = (0..5)
                .map(|place| trial(&*task, &request(Set::Validation, 5 * round + place, DT), 8).outline.condition)
                .collect();
            rows.sort();
            assert_eq!(rows, [None, Some(0), Some(1), Some(2), Some(3)], "{order}");
        }
    }
}

/// Every trial lies within the lengths that its task names, and some are nearly as short and as long.
#[test]
fn trials_are_as_long_and_as_often_catch_trials_as_the_task_says() {
    for task in tasks() {
        for set in SETS {
            let (least, most) = task.lengths(set, DT);
            let n = 4000;
            let all: Vec<Outline> =
                (0..n).map(|i| request(set, i, DT)).map(|r| task.outline(&r, &mut stream(&r, 8))).collect();
            let catch =
                |o: &&Outline| o.condition.is_none() && o.epochs.is_empty() && !task.conditions().rows.is_empty();
            let steps: Vec<usize> = all.iter().filter(|o| !catch(o)).map(|o| o.steps(DT)).collect();
            let (shortest, longest) = (*steps.iter().min().unwrap(), *steps.iter().max().unwrap());
            assert!(
                least <= shortest && longest <= most,
                "{} {set:?}: {least} {shortest} {longest} {most}",
                task.name()
            );
            // 15 %: the longest of a cut exponential are rare
            assert!(
                // where many epochs jitter, all of them are never shortest or longest at once
                samples(&*task) || shortest == least && longest as f64 >= 0.85 * most as f64,
                "{} {set:?}: {longest} {most}",
                task.name()
            );
            if set == Set::Training {
                let share = (n - steps.len()) as f64 / n as f64;
                let bound = four_sigma(100.0 * task.catch_share(), n);
                assert!((100.0 * (share - task.catch_share())).abs() < bound, "{}: {share}", task.name());
            }
        }
    }
}

#[test]
fn training_draws_conditions_evenly() {
    for task in tasks().iter().filter(|task| !task.conditions().rows.is_empty()) {
        let n = 8000;
        let mut count = vec![0; task.conditions().rows.len()];
        for index in 0..n {
            let request = request(Set::Training, index, DT);
            if let Some(row) = task.outline(&request, &mut stream(&request, 8)).condition {
                count[row] += 1;
            }
        }
        let drawn: usize = count.iter().sum();
        let p = 1.0 / count.len() as f64;
        // five s.d. of a binomial: 1e-5 for all conditions of all tasks together
        let bound = 5.0 * (drawn as f64 * p * (1.0 - p)).sqrt();
        for c in &count {
            assert!((*c as f64 - drawn as f64 * p).abs() <= bound, "{}: {count:?}", task.name());
        }
    }
}

#[test]
fn the_ideal_observer_makes_no_error_without_noise() {
    for task in tasks_without_noise() {
        if samples(&*task) {
            for dt in [ms(5.0), DT] {
                assert_eq!(tryout::ideal(&*task, 40, dt, 0.0), task.noise_limit(0.0, dt), "{} {dt}", task.name());
            }
            continue;
        }
        if task.acts() {
            for index in 0..task.period() {
                let trial = trial(&*task, &request(Set::Validation, index, ms(1.0)), 8);
                let answer = trial.ideal_answer(&*task, 0.0, &mut noise_stream(index));
                let done = task.consequence(&trial.outline, ms(1.0), &answer);
                let idle = task.consequence(&trial.outline, ms(1.0), &vec![0.0; answer.len()]);
                assert!(done.cost < task.solved() && !done.failed, "{} {index}: {done:?}", task.name());
                assert!(idle.cost > 2.0 * task.solved(), "{} {index}: {idle:?}", task.name());
            }
            continue;
        }
        for dt in [DT, ms(0.5)] {
            for index in 0..2 * task.period() {
                let trial = trial(&*task, &request(Set::Validation, index, dt), 8);
                let answer = trial.ideal_answer(&*task, 0.0, &mut noise_stream(index));
                assert_eq!(trial.rmse(&answer), 0.0, "{} {index}", task.name());
                assert_ne!(trial.is_right(&answer), Some(false));
            }
            assert_eq!(task.noise_limit(0.0, dt), 100.0);
        }
    }
}

/// Noise of the paper, and five times as much, where the limit is far from 100 %.
#[test]
fn the_ideal_observer_reaches_the_noise_limit() {
    // of tasks that judge samples the limit is itself what the observer scores
    for task in tasks().iter().filter(|task| task.performance() != Performance::Error && !samples(&***task)) {
        for (dt, factor, blocks) in [(DT, 1.0, 400), (DT, 5.0, 400), (ms(0.5), 1.0, 60)] {
            let noise = factor * input_noise(SIGMA_IN, dt);
            let limit = task.noise_limit(noise, dt);
            let trials = (blocks * task.period()).min(11 * blocks);
            let (score, n) =
                per_cent_right(&**task, trials, dt, |trial, stream| trial.ideal_answer(&**task, noise, stream));
            println!("{} dt {dt} noise {noise:.4}: {score:.2} % of {n}, limit {limit:.2} %", task.name());
            assert!((score - limit).abs() < four_sigma(limit, n), "{}: {score} {limit}", task.name());
        }
    }
}

#[test]
fn a_random_observer_scores_chance() {
    for task in tasks().iter().filter(|task| samples(&***task)) {
        let score = tryout::random(&**task, 200, DT);
        // samples of a trial share its conditions: 200 trials tell a per cent or two
        assert!((score - task.chance()).abs() < 4.0, "{}: {score}, {}", task.name(), task.chance());
    }
    for task in tasks().iter().filter(|task| task.performance() != Performance::Error && !samples(&***task)) {
        let (score, n) = per_cent_right(&**task, (400 * task.period()).min(4400), DT, |trial, stream| {
            trial.targets.iter().map(|_| stream.normal() as f32).collect()
        });
        assert!((score - task.chance()).abs() < four_sigma(task.chance(), n), "{}: {score}", task.name());
    }
}

/// A network that never raises an output is right no more often than one that guesses, and is
/// further from what is asked than the ideal observer.
#[test]
fn a_silent_observer_gains_nothing() {
    // one that acts is held against its own ideal above
    for task in tasks().into_iter().filter(|task| !task.acts()) {
        let answer = |trial: &Trial| vec![0.0f32; trial.targets.len()];
        if samples(&*task) {
            let outputs = task.outputs().len();
            let score = tryout::performance(&*task, 40, DT, 0.0, &mut |_, seen| vec![0.0; seen.steps * outputs]);
            assert!(score <= task.chance() + 4.0, "{}: {score}, {}", task.name(), task.chance());
        } else if task.performance() != Performance::Error {
            let (score, n) = per_cent_right(&*task, 4 * task.period(), DT, |trial, _| answer(trial));
            assert!(score <= task.chance() + four_sigma(task.chance(), n), "{}: {score}", task.name());
        }
        let mean_error = |each: &dyn Fn(&Trial) -> Vec<f32>| {
            (0..task.period())
                .map(|i| trial(&*task, &request(Set::Validation, i, DT), 8))
                .map(|t| t.rmse(&each(&t)))
                .sum::<f64>()
                / task.period() as f64
        };
        assert!(mean_error(&answer) > 0.1, "{}", task.name());
    }
}

/// The building blocks of a file make the same trials as a task written in Rust: two programs, one task.
#[test]
fn the_file_and_the_module_agree() {
    let file = Experiment::load("song2016/perceptual-decision", &[]).unwrap().task;
    let rust = (cogrnn_tasks::find("perceptual-decision").unwrap().build)(&mut Defaults).unwrap();
    for set in SETS {
        for dt in [DT, ms(0.5)] {
            for index in 0..100 {
                let (a, b) = (trial(&*file, &request(set, index, dt), 8), trial(&*rust, &request(set, index, dt), 8));
                assert_eq!((a.steps, a.inputs, a.targets, a.mask), (b.steps, b.inputs, b.targets, b.mask));
                assert_eq!((a.outline.epochs, a.outline.info), (b.outline.epochs, b.outline.info));
                assert_eq!((a.outline.condition, a.outline.choice), (b.outline.condition, b.outline.choice));
            }
        }
    }
    for (a, b) in
        [(file.noise_limit(0.3, DT), rust.noise_limit(0.3, DT)), (file.noise_limit(0.1, DT), rust.noise_limit(0.1, DT))]
    {
        // the file's limit is drawn from 40,000 trials, the module's is a sum
        assert!((a - b).abs() < four_sigma(b, 40_000), "{a} {b}");
    }
}
