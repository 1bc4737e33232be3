//! Test trials as they are watched and recorded: the same as step by step by hand, at any number of
//! threads, thinned out or not, alone or each going on from the one before.

use cogrnn::evaluate::{Recorded, TestRun, Trained};
use cogrnn::experiment::{Experiment, TestNoise};
use cogrnn::trainer::{Machine, Trainer};
use cogrnn_core::batch::Batch;
use cogrnn_core::crew::Crew;
use cogrnn_core::kernels::Isa;
use cogrnn_core::network::{Carry, History, Network, Noise, Room};
use cogrnn_core::run::Run;
use cogrnn_core::task::Set;
use cogrnn_core::trials::unit_noise;
use cogrnn_core::units::ms;
use std::path::Path;
use std::sync::atomic::AtomicBool;

const EXPERIMENT: &str = r#"
seed = 4

[task]
name = "perceptual-decision"
stimulus_max = "500 ms"

[network]
units = 21

[training]
trials = 1
validation_trials = 22

[test]
dt = "4 ms"
threshold = 0.0
"#;

fn a_folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn experiment(changes: &[&str]) -> Experiment {
    let changes: Vec<String> = changes.iter().map(|c| c.to_string()).collect();
    Experiment::parse(EXPERIMENT, "small", "small.toml", &changes).unwrap()
}

/// A run folder with the initial network in it.
fn untrained(changes: &[&str], folder: &Path) {
    let machine = Machine { threads: 1, kernels: None };
    let mut trainer = Trainer::start(experiment(changes), folder, true, &machine).unwrap();
    trainer.run(Some(0), &AtomicBool::new(false), &mut |_| {}).unwrap();
}

fn opened(folder: &Path, threads: usize, kernels: Option<Isa>) -> Trained {
    Trained::open(folder, &Machine { threads, kernels }).unwrap()
}

/// All of a trial, floats in bits.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    index: usize,
    outline: String,
    times: Vec<f64>,
    arrays: [Vec<u32>; 4],
    chosen: usize,
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| if v.is_nan() { 0x7FC0_0000 } else { v.to_bits() }).collect()
}

fn seen(trial: &Recorded<'_>) -> Seen {
    Seen {
        index: trial.index,
        outline: format!("{:?}", trial.outline),
        times: trial.times.to_vec(),
        arrays: [trial.inputs, trial.potentials, trial.rates, trial.outputs].map(bits),
        chosen: trial.chosen,
    }
}

fn watched(trained: &Trained, request: &TestRun) -> Vec<Seen> {
    let mut all = Vec::new();
    let mut shares = Vec::new();
    let mut each = |trial: &Recorded<'_>| {
        all.push(seen(trial));
        Ok(())
    };
    trained.watch(request, &mut each, &mut |share| shares.push(share)).unwrap();
    assert!(shares.is_sorted() && shares.last() == Some(&1.0), "{shares:?}");
    assert!(all.iter().enumerate().all(|(i, t)| t.index == i), "in the order of their numbers");
    all
}

/// The same trials, each alone and one step after the other.
fn by_hand(experiment: &Experiment, request: &TestRun) -> Vec<Seen> {
    let dt = request.dt.unwrap_or(experiment.test_dt);
    let every = request.save_every.map_or(1, |e| e.steps(dt));
    let isa = Isa::best();
    let plan = experiment.test_network(request.noise);
    let built = plan.build::<f32>(dt, experiment.seed, isa).unwrap();
    let (network, plastic) = (&built.network, &built.plastic);
    let shape = network.shape();
    let mut generator = experiment.generator_with(&plan.inputs, Set::Test, dt, isa);
    generator.force = &request.force;
    generator.seed = request.seed.unwrap_or(generator.seed);
    let noise = Noise::Drawn { seed: generator.seed, purpose: unit_noise(Set::Test) };
    let mut carried: Option<Vec<f32>> = None;
    (0..request.trials)
        .map(|index| {
            let mut batch = Batch::default();
            generator.write(&mut generator.draw_some(0, index..index + 1), None, 1, &mut batch);
            let steps = batch.timetable.steps();
            let mut state = network.state(&Room { trials: 1, steps, history: History::Whole });
            network.begin(plastic, &mut state, &batch.timetable);
            if let Some(s) = &carried {
                network.replace(&mut state, 0, 0, s);
            }
            let mut outputs = network.read(plastic, network.rates(&state, 0, 0));
            for t in 1..=steps {
                let inputs = &batch.inputs[(t - 1) * shape.inputs..][..shape.inputs];
                network.perturb(&mut state, t, &noise, &batch.ids);
                network.step(plastic, &mut state, t, inputs);
                network.read_out(plastic, &mut state, t);
                outputs.extend_from_slice(&network.output(&state)[..shape.outputs]);
            }
            if request.carry {
                carried = Some(network.potentials(&state, steps, 0).to_vec());
            }
            let kept: Vec<usize> = (0..=steps).step_by(every).collect();
            let mut inputs = vec![f32::NAN; shape.inputs];
            inputs.extend_from_slice(&batch.inputs);
            let pick = |all: &[f32], width: usize| -> Vec<u32> {
                kept.iter().flat_map(|&t| bits(&all[t * width..][..width])).collect()
            };
            let potentials: Vec<f32> = (0..=steps).flat_map(|t| network.potentials(&state, t, 0).to_vec()).collect();
            let rates: Vec<f32> = (0..=steps).flat_map(|t| network.rates(&state, t, 0).to_vec()).collect();
            let last = &outputs[steps * shape.outputs..];
            Seen {
                index,
                outline: format!("{:?}", batch.outlines[0]),
                times: kept.iter().map(|&t| t as f64 * dt.as_ms()).collect(),
                chosen: cogrnn_core::task::argmax(last),
                arrays: [
                    pick(&inputs, shape.inputs),
                    pick(&potentials, shape.units),
                    pick(&rates, shape.units),
                    pick(&outputs, shape.outputs),
                ],
            }
        })
        .collect()
}

#[test]
fn watched_trials_are_those_run_by_hand_at_any_number_of_threads() {
    let dir = a_folder();
    untrained(&[], dir.path());
    let usual = TestRun { trials: 150, ..opened(dir.path(), 1, None).test_run() };
    let kinds = [
        usual.clone(),
        TestRun { save_every: Some(ms(30.0)), ..usual.clone() }, // 7 steps of 4 ms
        TestRun { noise: TestNoise::Silent, ..usual.clone() },
        TestRun { carry: true, trials: 20, ..usual.clone() },
        TestRun { seed: Some(9), force: vec![("coherence".into(), 4.0)], dt: Some(ms(20.0)), ..usual.clone() },
    ];
    let mut plain = None;
    for request in kinds {
        let expected = by_hand(&experiment(&[]), &request);
        for (threads, isa) in [(1, None), (2, None), (3, Some(Isa::Plain))] {
            let found = watched(&opened(dir.path(), threads, isa), &request);
            assert!(found == expected, "{threads} threads, {isa:?}, {request:?}");
        }
        if request != usual {
            assert!(plain.as_ref() != Some(&expected), "it makes a difference");
        }
        plain.get_or_insert(expected);
    }
}

/// Lots of 2 × 2 × 64 trials: the second begins in the midst of the conditions.
#[test]
fn the_lots_leave_no_mark() {
    let dir = a_folder();
    untrained(&[], dir.path());
    let request = TestRun { trials: 600, dt: Some(ms(50.0)), ..opened(dir.path(), 1, None).test_run() };
    assert!(watched(&opened(dir.path(), 2, None), &request) == by_hand(&experiment(&[]), &request));
}

#[test]
fn a_recording_holds_what_was_watched() {
    use ndarray::{Array1, Array3};
    let dir = a_folder();
    untrained(&[], dir.path());
    let trained = opened(dir.path(), 2, None);
    let request = TestRun { trials: 33, save_every: Some(ms(10.0)), ..trained.test_run() };
    let path = dir.path().join("a.npz");
    let made = trained.record(&request, &path, &AtomicBool::new(false), &mut |_| ()).unwrap().unwrap();
    assert_eq!(made.bytes, std::fs::metadata(&path).unwrap().len());
    assert_eq!(made.every, 8.0, "two whole steps");
    let mut npz = ndarray_npy::NpzReader::new(std::fs::File::open(&path).unwrap()).unwrap();
    let t: Array1<f64> = npz.by_name("t").unwrap();
    let samples: Array1<i64> = npz.by_name("trial_samples").unwrap();
    let chosen: Array1<i64> = npz.by_name("trial_chosen").unwrap();
    let stimulus: Array1<f64> = npz.by_name("epoch_stimulus_end").unwrap();
    let coherence: Array1<f64> = npz.by_name("trial_signed_coherence").unwrap();
    assert_eq!(t.len(), made.steps);
    let all = watched(&trained, &request);
    for (k, name) in ["inputs", "potentials", "rates", "outputs"].into_iter().enumerate() {
        let array: Array3<f32> = npz.by_name(name).unwrap();
        assert_eq!((array.dim().0, array.dim().1), (33, made.steps));
        for trial in &all {
            let row = array.index_axis(ndarray::Axis(0), trial.index);
            let mut expected = trial.arrays[k].clone();
            expected.resize(row.len(), 0x7FC0_0000);
            assert!(bits(row.as_slice().unwrap()) == expected, "{name} of trial {}", trial.index);
        }
    }
    for trial in &all {
        let i = trial.index;
        assert_eq!((samples[i] as usize, chosen[i] as usize), (trial.times.len(), trial.chosen));
        assert_eq!(t.as_slice().unwrap()[..trial.times.len()], trial.times);
        assert!(trial.outline.contains(&format!("(\"signed_coherence\", {:?})", coherence[i])), "{}", trial.outline);
        assert!(trial.outline.contains(&format!("Time({:?})", stimulus[i])), "{}", trial.outline);
    }
}

#[test]
fn a_recording_that_is_stopped_leaves_nothing() {
    let dir = a_folder();
    untrained(&[], dir.path());
    let trained = opened(dir.path(), 1, None);
    let before = std::fs::read_dir(dir.path()).unwrap().count();
    let (request, path) = (TestRun { trials: 5, ..trained.test_run() }, dir.path().join("a.npz"));
    assert_eq!(trained.record(&request, &path, &AtomicBool::new(true), &mut |_| ()).unwrap(), None);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), before);
}

#[test]
fn what_each_complains_of_ends_the_run() {
    let dir = a_folder();
    untrained(&[], dir.path());
    let trained = opened(dir.path(), 1, None);
    let refused = cogrnn_core::error::Error::input("enough");
    let done = trained.watch(&trained.test_run(), &mut |_| Err(refused.clone()), &mut |_| ());
    assert_eq!(done, Err(refused));
    let request = TestRun { save_every: Some(ms(1.0)), ..trained.test_run() };
    let error = trained.watch(&request, &mut |_| Ok(()), &mut |_| ()).unwrap_err();
    assert_eq!(error.what, "samples are to be kept every 1 ms");
}

/// Two trials that go on from one another are one long trial whose inputs stand behind one another.
#[test]
fn carried_trials_are_one_long_trial() {
    let dir = a_folder();
    // the units' noise has its address in its own trial; that of the inputs is in the samples
    let changes = ["test.noise_units=0", "test.noise_inputs=0.05", "test.carry=true"];
    untrained(&changes, dir.path());
    let trained = opened(dir.path(), 2, None);
    let request = TestRun { trials: 5, ..trained.test_run() };
    assert!(request.carry, "as the experiment says");
    let parts = watched(&trained, &request);

    let experiment = experiment(&changes);
    let dt = experiment.test_dt;
    let plan = experiment.test_network(TestNoise::Usual);
    let built = plan.build::<f32>(dt, experiment.seed, Isa::best()).unwrap();
    let (network, plastic) = (&built.network, &built.plastic);
    let (units, channels) = (network.shape().units, network.shape().inputs);
    let inputs: Vec<f32> =
        parts.iter().flat_map(|p| p.arrays[0][channels..].iter().map(|b| f32::from_bits(*b))).collect();
    let steps = inputs.len() / channels;
    let mut batch = Batch::<f32>::default();
    batch.timetable.refill(&[steps]);
    let mut state = network.state(&Room { trials: 1, steps, history: History::Last });
    network.begin(plastic, &mut state, &batch.timetable);
    let mut potentials = Vec::new();
    for (t, u) in inputs.chunks_exact(channels).enumerate() {
        network.perturb(&mut state, t + 1, &Noise::Silent, &[0]);
        network.step(plastic, &mut state, t + 1, u);
        potentials.extend(bits(network.potentials(&state, t + 1, 0)));
    }
    let found: Vec<u32> = parts.iter().flat_map(|p| p.arrays[1][units..].to_vec()).collect();
    assert!(found == potentials);
    for (before, after) in parts.iter().zip(&parts[1..]) {
        let last = before.times.len() - 1;
        assert_eq!(before.arrays[1][last * units..], after.arrays[1][..units], "the end of one begins the next");
    }
}

#[test]
fn a_time_step_too_long_blames_what_was_given() {
    let dir = a_folder();
    untrained(&["test.save_every=4 ms"], dir.path());
    let trained = opened(dir.path(), 1, None);
    let told = |save_every| {
        let request = TestRun { trials: 1, dt: Some(ms(10.0)), save_every, ..trained.test_run() };
        trained.watch(&request, &mut |_| Ok(()), &mut |_| ()).unwrap_err().place.unwrap()
    };
    assert_eq!(told(trained.test_run().save_every), "save_every in [test] of the experiment");
    assert_eq!(told(Some(ms(2.0))), "--save-every");
}

#[test]
fn a_task_without_choices_has_no_columns_of_choices() {
    let dir = a_folder();
    let columns = |choice: &str| {
        let text = format!(
            "[task]\nname = \"custom\"\njudged_by = \"error\"\n{choice}\n[[task.conditions]]\nname = \"side\"\n\
             values = [1, -1]\n[[task.epochs]]\nname = \"stimulus\"\nduration = \"200 ms\"\n[[task.inputs]]\nname = \"u\"\n\
             value = \"side\"\n[[task.outputs]]\nname = \"z\"\ntarget = \"side\"\n[network]\nunits = 10\n\
             [training]\nvalidation_trials = 2\n"
        );
        let experiment = Experiment::parse(&text, "small", "small.toml", &[]).unwrap();
        let machine = Machine { threads: 1, kernels: None };
        let mut trainer = Trainer::start(experiment, dir.path(), true, &machine).unwrap();
        trainer.run(Some(0), &AtomicBool::new(false), &mut |_| {}).unwrap();
        opened(dir.path(), 1, None).evaluate(4, None, &mut |_| ()).unwrap().conditions.columns
    };
    assert_eq!(columns(""), ["side", "trials"]);
    assert_eq!(columns("choice = 0"), ["side", "trials", "right %", "choice 1 %"]);
}

/// Outputs of 0 are right from the beginning, but nobody asked for that to end it.
#[test]
fn an_error_of_0_ends_training_only_where_it_is_asked_for() {
    let dir = a_folder();
    let updates = |stop: &str| {
        let text = format!(
            "[task]\nname = \"custom\"\njudged_by = \"error\"\n[[task.epochs]]\nname = \"stimulus\"\nduration = \"200 ms\"\n\
             [[task.outputs]]\nname = \"z\"\ntarget = 0\n[network]\nunits = 10\n[initial]\nscale_out = 0\n\
             [training]\ntrials = 2\nvalidation_trials = 2\ncheck_every = 1\n[stop]\nmax_updates = 3\n{stop}"
        );
        let experiment = Experiment::parse(&text, "small", "small.toml", &[]).unwrap();
        let machine = Machine { threads: 1, kernels: None };
        let mut trainer = Trainer::start(experiment, dir.path(), true, &machine).unwrap();
        trainer.run(None, &AtomicBool::new(false), &mut |_| {}).unwrap().updates
    };
    assert_eq!(updates(""), 3);
    assert_eq!(updates("error = 0.01"), 0);
}

#[test]
fn a_carried_evaluation_is_that_of_the_carried_trials() {
    let dir = a_folder();
    untrained(&["test.carry=true", "test.trials=33"], dir.path());
    let trained = opened(dir.path(), 2, None);
    let request = trained.test_run();
    assert_eq!(request.trials, 33);
    let found = trained.evaluate(request.trials, None, &mut |_| ()).unwrap();
    let right = |carry: bool| {
        let (mut right, mut asked) = (0, 0);
        let mut each = |trial: &Recorded<'_>| {
            if let Some(choice) = trial.outline.choice {
                right += usize::from(choice == trial.chosen);
                asked += 1;
            }
            Ok(())
        };
        trained.watch(&TestRun { carry, ..request.clone() }, &mut each, &mut |_| ()).unwrap();
        100.0 * f64::from(right as u32) / f64::from(asked as u32)
    };
    assert_eq!(found.performance, Some(right(true)));
}

/// An update from a given state is an update of a network whose x0 is that state. (A frozen x0 could not
/// be moved for the comparison; here it is learnt, and not clipped, so that nothing else hears of it.)
#[test]
fn a_carried_update_starts_where_the_last_trial_ended() {
    let experiment = experiment(&["optimiser.max_gradient_norm=1e9"]);
    let isa = Isa::best();
    let rule = experiment.rule.build::<f32>(experiment.network.shape, experiment.seed);
    let crew = Crew::new(2).unwrap();
    let generator = experiment.generator(Set::Training, experiment.dt, isa);
    let noise = Noise::Drawn { seed: experiment.seed, purpose: unit_noise(Set::Training) };
    let loss = experiment.network.loss;
    let room = Room { trials: 1, steps: 100, history: History::Whole };

    let built = experiment.network.build::<f32>(experiment.dt, experiment.seed, isa).unwrap();
    let mut state = built.plastic.weights().block("x0").to_vec();
    let mut run = Run::new(&built.network, &rule, built.plastic, &room, &crew).unwrap();
    for update in 0..5u64 {
        let twin = experiment.network.build::<f32>(experiment.dt, experiment.seed, isa).unwrap();
        let mut plastic = twin.plastic;
        plastic.change(|theta, _| {
            theta.data_mut().copy_from_slice(run.plastic.theta().data());
            theta.block_mut("x0").copy_from_slice(&state);
        });
        let mut other = Run::new(&twin.network, &rule, plastic, &room, &crew).unwrap();
        generator.share(update, 1, false, other.desks.iter_mut().map(|d| &mut d.batch), &crew).unwrap();
        other.update(noise, loss, &crew);

        let begun = state.clone();
        generator.share(update, 1, false, run.desks.iter_mut().map(|d| &mut d.batch), &crew).unwrap();
        run.update_carried(noise, loss, &crew, &mut state);
        for block in ["w_in", "w_rec", "w_out"] {
            assert_eq!(run.plastic.theta().block(block), other.plastic.theta().block(block), "{block}");
        }
        let desk = &other.desks[0];
        assert_eq!(twin.network.potentials(&desk.state, desk.batch.timetable.steps(), 0), state);
        assert_ne!(begun, state);
    }
}

#[test]
fn a_carry_that_cannot_be_is_refused() {
    let refused = |changes: &[&str]| {
        let changes: Vec<String> = changes.iter().map(|c| c.to_string()).collect();
        Experiment::parse(EXPERIMENT, "small", "small.toml", &changes).unwrap_err().what
    };
    assert_eq!(refused(&["training.carry=true"]), "`carry` with an initial state that is learnt");
    assert_eq!(refused(&["training.carry=true", "training.trials=2"]), "`carry` with 2 trials an update");
    assert_eq!(refused(&["test.save_every=3 ms"]), "samples are to be kept every 3 ms");
    assert_eq!(refused(&["test.noise_units=-1"]), "a standard deviation of -1");
    assert_eq!(refused(&["test.noise_inputs=[0.1, 0.1]"]), "`noise_inputs` has 2 entries");
    assert_eq!(refused(&["test.trials=0"]), "`trials` is 0");
}
