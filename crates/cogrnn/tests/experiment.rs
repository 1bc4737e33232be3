//! What an experiment file becomes.

use cogrnn::experiment::{Experiment, shipped};
use cogrnn::trainer::{Machine, Trainer};
use cogrnn_core::params::Arena;
use cogrnn_rules::penalties::WeightPenalty;
use ndarray::Array2;
use ndarray_npy::NpzWriter;
use std::sync::atomic::AtomicBool;

const SMALL: &str = "
[task]
name = \"perceptual-decision\"
[network]
units = 5
[training]
trials = 4
validation_trials = 11
check_every = 5
";

fn parse(text: &str) -> Experiment {
    Experiment::parse(text, "mine", "mine.toml", &[]).unwrap()
}

#[test]
fn a_resolved_experiment_resolves_to_itself() {
    let units =
        "[0.02, 0.01, 0, 0, 0], [0.01, 0.02, 0, 0, 0], [0, 0, 0.02, 0, 0], [0, 0, 0, 0.02, 0], [0, 0, 0, 0, 0.02]";
    let inputs = "[1e-4, 5e-5, 0], [5e-5, 1e-4, 0], [0, 0, 1e-4]";
    for more in [
        String::new(),
        format!("[noise]\ncovariance = [{units}]"),
        format!("[inputs]\ncovariance = [{inputs}]"),
        format!("[noise]\ncovariance = [{units}]\n[inputs]\ncovariance = [{inputs}]"),
        "[constraints]\ndale = \"none\"\ndensity = 0.9".into(),
        "[constraints]\ndensity_excitatory = 0.9\nw_rec = { high = 0.7 }".into(),
        "[populations.\"E 1\"]\nsize = 3\nkind = \"excitatory\"\ninputs = [\"start cue\"]\narea = \"V1\"\n\
         from = { \"E 1\" = 0.9 }\n[populations.i]\nsize = 2\nkind = \"inhibitory\"\noutputs = \"choice 1\""
            .into(),
        "[populations.b]\nsize = 3\noutputs = []\n[populations.a]\nsize = 2\n[constraints]\ndale = \"none\"".into(),
        "[optimiser]\nname = \"adam\"\nschedule = \"cosine\"".into(),
        "[optimiser]\nname = \"momentum\"\n[rule]\nomega = 0\ntruncate = 10\n[penalties]\nl2_rates = 0.1".into(),
    ] {
        let first = parse(&format!("{SMALL}{more}"));
        let second = parse(first.resolved());
        assert_eq!(first.resolved(), second.resolved(), "{more}");
    }
}

/// A run's folder keeps the resolved experiment, and everything after training reads it.
#[test]
fn every_shipped_experiment_resolves_to_itself() {
    for one in shipped() {
        let first = Experiment::load(one.name, &[]).unwrap();
        assert_eq!(parse(first.resolved()).resolved(), first.resolved(), "{}", one.name);
    }
}

#[test]
fn an_analysis_may_be_asked_for_twice_and_columns_have_labels() {
    let twice = format!("{SMALL}[analysis.psychometric]\n[analysis.again]\nof = \"psychometric\"\nby = \"coherence\"");
    let names: Vec<String> = parse(&twice).analyses.iter().map(|plan| plan.name.clone()).collect();
    assert_eq!(names, ["psychometric", "again"]);
    let refused = |more: &str| {
        let text = format!("{SMALL}{more}");
        Experiment::parse(&text, "mine", "mine.toml", &[]).unwrap_err().to_string()
    };
    assert!(refused("[analysis.again]").contains("there is no analysis `again`"));
    assert!(refused("[analysis.again]\nof = \"psychometrik\"").contains("psychometric"));
    let labelled = parse(&format!("{SMALL}[labels.coherence]\nscale = 3.2\nunit = \"%\""));
    assert_eq!((labelled.labels["coherence"].scale, labelled.labels["coherence"].unit.as_str()), (3.2, "%"));
    assert_eq!(labelled.training(), parse(SMALL).training(), "labels train nothing");
    assert_eq!(parse(labelled.resolved()).resolved(), labelled.resolved());
    assert!(refused("[labels.coherense]").contains("did you mean `coherence`?"));
    assert!(refused("[labels.coherence]\nvalues = [1]").contains("1 values and 0 names"));
}

/// What is left out of a file is taken from another; both lie in a folder that is gone when the network is trained.
#[test]
fn a_matrix_may_lie_in_a_file_of_its_own() {
    let rows = [[0u8, 1, 1, 1, 1], [1, 0, 0, 1, 1], [1, 1, 0, 1, 1], [1, 0, 1, 0, 1], [1, 1, 1, 1, 0]];
    let inline = parse(&format!("{SMALL}[constraints.w_rec]\nmask = {rows:?}"));
    let mask = Array2::from_shape_fn((5, 5), |(i, j)| rows[i][j]);
    let lines: Vec<String> = rows.iter().map(|r| r.map(|x| x.to_string()).join(", ")).collect();

    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("a.csv"), lines.join("\n")).unwrap();
    std::fs::write(at("spreadsheet.CSV"), format!("\u{feff}{}\r\n", lines.join("\r\n"))).unwrap();
    ndarray_npy::write_npy(at("bytes.npy"), &mask).unwrap();
    ndarray_npy::write_npy(at("truth.npy"), &mask.mapv(|x| x == 1)).unwrap();
    ndarray_npy::write_npy(at("single.npy"), &mask.mapv(f32::from)).unwrap();
    ndarray_npy::write_npy(at("i16.npy"), &mask.mapv(i16::from)).unwrap();
    ndarray_npy::write_npy(at("u16.npy"), &mask.mapv(u16::from)).unwrap();
    ndarray_npy::write_npy(at("u32.npy"), &mask.mapv(u32::from)).unwrap();
    ndarray_npy::write_npy(at("u64.npy"), &mask.mapv(u64::from)).unwrap();
    ndarray_npy::write_npy(at("columns.npy"), &mask.t().as_standard_layout().into_owned().reversed_axes()).unwrap();
    let mut npz = NpzWriter::new_compressed(std::fs::File::create(at("all.npz")).unwrap());
    npz.add_array("mask", &mask.mapv(f64::from)).unwrap();
    npz.add_array("other", &mask.mapv(i64::from)).unwrap();
    npz.add_array("short", &mask.mapv(u16::from)).unwrap();
    npz.finish().unwrap();

    let names = [
        "a.csv",
        "spreadsheet.CSV",
        "bytes.npy",
        "truth.npy",
        "single.npy",
        "i16.npy",
        "u16.npy",
        "u32.npy",
        "u64.npy",
        "columns.npy",
        "all.npz",
        "all.npz#other",
        "all.npz#short",
    ];
    for name in names {
        std::fs::write(at("mine"), format!("{SMALL}[constraints.w_rec]\nmask = \"{name}\"")).unwrap();
        let read = Experiment::load(at("mine").to_str().unwrap(), &[]).unwrap();
        assert_eq!(read.resolved(), inline.resolved(), "{name}");
    }
    let typed = format!("constraints.w_rec.mask={}", at("a.csv").display());
    let set = Experiment::parse(SMALL, "mine", "mine.toml", &[typed]).unwrap();
    assert_eq!(set.resolved(), inline.resolved(), "the whole path will do anywhere");

    // A run needs nothing but its own folder.
    let run = tempfile::tempdir().unwrap();
    let machine = Machine { threads: 1, kernels: None };
    let train = |trainer: &mut Trainer, updates| {
        trainer.run(Some(updates), &AtomicBool::new(false), &mut |_| {}).unwrap();
    };
    train(&mut Trainer::start(set, &run.path().join("a"), false, &machine).unwrap(), 10);
    drop(folder);
    std::fs::rename(run.path().join("a"), run.path().join("b")).unwrap();
    train(&mut Trainer::resume(&run.path().join("b"), &machine).unwrap(), 20);
}

#[test]
fn a_matrix_that_cannot_be_read_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("names.csv"), "to,a,b\n1,0,1\n").unwrap();
    std::fs::write(at("gap.csv"), "0,1,1,1,1\n1,0,,1,1\n").unwrap();
    std::fs::write(at("nan.csv"), "0,nan\n1,0\n").unwrap();
    std::fs::write(at("ragged.csv"), "0,1\n1\n").unwrap();
    std::fs::write(at("small.csv"), "0,1\n1,0\n").unwrap();
    std::fs::write(at("half.csv"), "0,.5,1,1,1\n1,0,1,1,1\n1,1,0,1,1\n1,1,1,0,1\n1,1,1,1,0\n").unwrap();
    std::fs::write(at("empty.csv"), "").unwrap();
    std::fs::write(at("cut.npz"), b"PK\x03\x04").unwrap();
    std::fs::write(at("cut.npy"), b"\x93NUMPY").unwrap();
    let header = format!("{:<117}\n", "{'descr': '<U1', 'fortran_order': False, 'shape': (1, 1), }");
    std::fs::write(at("words.npy"), [b"\x93NUMPY\x01\x00\x76\x00", header.as_bytes(), b"a\0\0\0"].concat()).unwrap();
    ndarray_npy::write_npy(at("line.npy"), &ndarray::arr1(&[1.0, 0.0])).unwrap();
    let mut npz = NpzWriter::new(std::fs::File::create(at("two.npz")).unwrap());
    npz.add_array("w_rec", &ndarray::arr2(&[[1.0]])).unwrap();
    npz.add_array("w_in", &ndarray::arr2(&[[1.0]])).unwrap();
    npz.finish().unwrap();
    let names = [
        "none.csv",
        "names.txt",
        "names.csv",
        "gap.csv",
        "nan.csv",
        "ragged.csv",
        "small.csv",
        "half.csv",
        "empty.csv",
        "cut.npz",
        "cut.npy",
        "words.npy",
        "line.npy",
        "two.npz",
        "two.npz#w_rek",
    ];
    let told = names.map(|name| {
        std::fs::write(at("mine.toml"), format!("{SMALL}[constraints.w_rec]\nmask = \"{name}\"")).unwrap();
        let error = Experiment::load(at("mine.toml").to_str().unwrap(), &[]).unwrap_err();
        assert!(error.place.is_some() && error.why.is_some() && error.remedy.is_some(), "{error}");
        error.to_string().replace(&format!("{}/", folder.path().display()), "")
    });
    insta::assert_snapshot!(told.join("\n\n"), @r#"
    there is no file `none.csv`   [mine.toml:11]
    why  it is looked for in the folder of the experiment, as `none.csv`
    try  mend the path, or put the file there

    `mask` is "names.txt"   [mine.toml:11]
    why  a matrix is a list of rows, or the name of a .csv, .npy or .npz file
    try  mask = "matrix.csv"  or  mask = [[0.0, 1.0], [1.0, 0.0]]

    row 0, column 0 of `names.csv` is `to`   [mine.toml:11]
    why  a finite number is needed; rows and columns are counted from 0
    try  leave out headers, names of rows and empty cells

    row 1, column 2 of `gap.csv` is empty   [mine.toml:11]
    why  a finite number is needed; rows and columns are counted from 0
    try  leave out headers, names of rows and empty cells

    row 0, column 1 of `nan.csv` is `NaN`   [mine.toml:11]
    why  a finite number is needed; rows and columns are counted from 0
    try  leave out headers, names of rows and empty cells

    row 1 of `ragged.csv` has 1 entries   [mine.toml:11]
    why  row 0 has 2, and the rows of a matrix are equally long
    try  rows are receiving units, columns are sending units

    `mask` is 2 × 2   [mine.toml:11]
    why  5 × 5 is needed
    try  give one row for each postsynaptic unit, W[post][pre]

    `mask[0][1]` is 0.5   [mine.toml:11]
    why  a mask says yes or no: 1 or 0
    try  put values of weights into `fixed`

    `mask` is 0 × 0   [mine.toml:11]
    why  5 × 5 is needed
    try  give one row for each postsynaptic unit, W[post][pre]

    `cut.npz` cannot be read   [mine.toml:11]
    why  zip file error: invalid Zip archive: Could not find EOCD
    try  is the file whole, and what its name says: .csv, .npy or .npz?

    `cut.npy` cannot be read   [mine.toml:11]
    why  I/O error: failed to fill whole buffer
    try  is the file whole, and what its name says: .csv, .npy or .npz?

    `words.npy` holds no numbers that can be read   [mine.toml:11]
    why  it needs real numbers of 32 or 64 bits, integers or truth values
    try  save it as such: W.astype(float)

    `line.npy` holds no matrix   [mine.toml:11]
    why  a matrix has two, rows and columns; this array has the shape (2)
    try  save a matrix W[post, pre]

    `two.npz` holds no array called `mask`   [mine.toml:11]
    why  it holds: w_rec, w_in
    try  name one of them: "two.npz#w_rec"

    `two.npz` holds no array called `w_rek`   [mine.toml:11]
    why  it holds: w_rec, w_in
    try  name one of them: "two.npz#w_rec"
    "#);

    // Without a folder of its own an experiment leads nowhere; on the command line a path is one from there.
    let inside = format!("{SMALL}[constraints.w_rec]\nmask = \"a.csv\"");
    let nowhere = Experiment::parse(&inside, "mine", "mine.toml", &[]).unwrap_err();
    let typed = Experiment::load("song2016/perceptual-decision", &["constraints.w_in.mask=a.csv".into()]).unwrap_err();
    insta::assert_snapshot!(format!("{nowhere}\n\n{typed}"), @r#"
    `mask` is the file "a.csv"   [mine.toml:11]
    why  this experiment lies in no folder, from which a path could lead to it
    try  write the experiment to a file of its own, beside it, or give the whole path: "/home/…"

    there is no file `a.csv`   [--set constraints.w_in.mask=a.csv]
    why  it is looked for at just this path
    try  mend the path, or put the file there
    "#);
}

#[test]
fn a_summary_names_the_populations() {
    let experiment = parse(&format!(
        "{SMALL}[populations.E]\nsize = 4\nkind = \"excitatory\"\n[populations.I]\nsize = 1\nkind = \"inhibitory\""
    ));
    let rows: Vec<String> = experiment.network.summary().into_iter().map(|(k, v)| format!("{k}: {v}")).collect();
    insta::assert_snapshot!(rows.join("\n"), @r#"
    network: 3 inputs, 5 units (4 excitatory, 1 inhibitory), 2 outputs
    populations: E 4, I 1; 16 excitatory and 4 inhibitory recurrent connections
    units: r = rectify(x), tau = 100 ms, z = linear(W r)
    "#);
}

#[test]
fn strengths_scale_the_initial_weights() {
    let row = |c: f64| format!("[{c}, {c}, {c}]");
    let rows = [row(1.0), row(1.0), row(1.0), row(0.0), row(100.0)].join(", ");
    let experiment = parse(&format!("{SMALL}[constraints]\nw_in = {{ strength = [{rows}] }}"));
    let plan = experiment.network.build::<f64>(experiment.dt, 1, cogrnn_core::kernels::Isa::best()).unwrap();
    let w = plan.plastic.weights().block("w_in");
    assert!(w[..9].iter().all(|w| *w > 0.0 && *w < 0.1), "0.1 U(0, 1): {w:?}");
    assert!(w[9..12].iter().all(|w| *w == 0.0) && w[12..].iter().any(|w| *w > 1.0), "{w:?}");
}

#[test]
fn a_trained_network_without_its_checkpoint_is_not_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let machine = Machine { threads: 1, kernels: None };
    let mut trainer = Trainer::start(parse(SMALL), &run, false, &machine).unwrap();
    trainer.run(Some(10), &AtomicBool::new(false), &mut |_| {}).unwrap();
    std::fs::remove_file(run.join("checkpoint.safetensors")).unwrap();
    let error = Trainer::resume(&run, &machine).unwrap_err();
    assert!(error.what.contains("no checkpoint") && error.remedy.is_some(), "{error}");
    assert!(run.join("weights.safetensors").exists() && run.join("result.json").exists());
}

/// Wants the input weights to be about one.
#[derive(Debug)]
struct NearOne;

impl WeightPenalty<f32> for NearOne {
    fn value(&self, theta: &Arena<f32>) -> f64 {
        theta.block("w_in").iter().map(|w| f64::from((w - 1.0) * (w - 1.0))).sum()
    }
    fn add_gradient(&self, theta: &Arena<f32>, gradient: &mut Arena<f32>) {
        for (g, w) in gradient.block_mut("w_in").iter_mut().zip(theta.block("w_in")) {
            *g += 2.0 * (w - 1.0);
        }
    }
}

#[test]
fn a_penalty_of_ones_own_is_learnt_and_counted() {
    let cost = |own: bool| {
        let folder = tempfile::tempdir().unwrap();
        let machine = Machine { threads: 1, kernels: None };
        let mut trainer = Trainer::start(parse(SMALL), &folder.path().join("run"), false, &machine).unwrap();
        if own {
            trainer = trainer.with_penalty(NearOne);
        }
        let mut costs = Vec::new();
        let mut see = |event: cogrnn::trainer::Event<'_>| {
            if let cogrnn::trainer::Event::Check(check) = event {
                costs.push(check.cost);
            }
        };
        trainer.run(Some(300), &AtomicBool::new(false), &mut see).unwrap();
        (costs[0], costs[costs.len() - 1])
    };
    let ((before, after), (without, _)) = (cost(true), cost(false));
    assert!(before > without + 5.0, "fifteen weights near 0.05 cost about 0.9 each: {before} and {without}");
    assert!(after < 0.2 * before, "{after} after {before}");
}

/// Trains 100 updates and looks at the weights after each; returns the first that breaks Dale's law, the mask,
/// the fixed weight, the bounds or the ban on self-connections.
fn first_broken(dale: &str, optimiser: &str) -> Option<String> {
    use cogrnn_core::crew::Crew;
    use cogrnn_core::network::{History, Noise, Room};
    use cogrnn_core::run::Run;
    use cogrnn_core::task::Set;
    use cogrnn_core::trials::unit_noise;

    // No connection from unit 1 to unit 0; the one from unit 4 to unit 0 is fixed.
    let mask = "[[1,0,1,1,0],[1,1,1,1,1],[1,1,1,1,1],[1,1,1,1,1],[1,1,1,1,1]]";
    let fixed = if dale == "clamp" { -0.3 } else { 0.3 };
    let experiment = parse(&format!(
        "{SMALL}[constraints]\ndale = \"{dale}\"\n[constraints.w_rec]\nmask = {mask}\n\
         fixed = [[0,0,0,0,{fixed}],[0,0,0,0,0],[0,0,0,0,0],[0,0,0,0,0],[0,0,0,0,0]]\nlow = -0.4\nhigh = 0.4\n\
         [initial]\nspectral_radius = 0\n[optimiser]\nname = \"{optimiser}\"\nlearning_rate = 0.1"
    ));
    let isa = cogrnn_core::kernels::Isa::best();
    let plan = experiment.network.build::<f32>(experiment.dt, 1, isa).unwrap();
    let signs = [1.0, 1.0, 1.0, 1.0, -1.0];
    let rule = experiment.rule.build::<f32>(experiment.network.shape, experiment.seed);
    let crew = Crew::new(1).unwrap();
    let room = Room { trials: 4, steps: 100, history: History::Whole };
    let held = plan.plastic.weights().block("w_rec")[4];
    let mut run = Run::new(&plan.network, &rule, plan.plastic, &room, &crew).unwrap();
    let generator = experiment.generator(Set::Training, experiment.dt, isa);
    for update in 0..100 {
        generator.share(update * 4, 4, false, run.desks.iter_mut().map(|d| &mut d.batch), &crew).unwrap();
        let noise = Noise::Drawn { seed: 1, purpose: unit_noise(Set::Training) };
        run.update(noise, experiment.network.loss, &crew);
        let weights = run.plastic.weights();
        let (w_in, w_rec, w_out) = (weights.block("w_in"), weights.block("w_rec"), weights.block("w_out"));
        let signed = |w: &[f32]| w.iter().enumerate().all(|(k, w)| w * signs[k % 5] >= 0.0);
        let checks = [
            ("input signs", w_in.iter().all(|w| *w >= 0.0)),
            ("recurrent signs", signed(w_rec)),
            ("output signs", signed(w_out)),
            ("inhibitory readout", w_out[4] == 0.0 && w_out[9] == 0.0),
            ("mask", w_rec[1] == 0.0),
            ("fixed weight", w_rec[4] == held && held.abs() == 0.3),
            ("self-connections", (0..5).all(|i| w_rec[i * 6] == 0.0)),
            ("bounds", w_rec.iter().all(|w| w.abs() <= 0.4)),
        ];
        if let Some((what, _)) = checks.iter().find(|(_, holds)| !holds) {
            return Some(format!("{what} after update {}", update + 1));
        }
    }
    None
}

#[test]
fn constraints_hold_after_every_update() {
    for dale in ["rectify", "abs", "clamp"] {
        for optimiser in ["sgd", "momentum", "adam"] {
            assert_eq!(first_broken(dale, optimiser), None, "{dale}, {optimiser}");
        }
    }
    // Negative control: without Dale's law the same look finds a wrong sign.
    assert!(first_broken("none", "sgd").unwrap().contains("signs"));
}
