//! The structured networks of Song et al. (2016): what their files make of them, against the counts, masks and
//! golden ranges of the specification.

use super::*;
use cogrnn_core::kernels::Isa;
use cogrnn_core::random::Stream;
use cogrnn_core::task::{Conditions, Outline, Performance, Request, Sample, Seen};
use cogrnn_networks::rate::initial::spectral_radius;
use std::ops::Range;

/// A task of which nothing is asked but the names of its inputs and outputs.
struct Named(&'static [&'static str]);

impl Task for Named {
    fn name(&self) -> &'static str {
        "named"
    }
    fn inputs(&self) -> Vec<&'static str> {
        self.0.to_vec()
    }
    fn outputs(&self) -> Vec<&'static str> {
        vec!["choice 1", "choice 2"]
    }
    fn conditions(&self) -> Conditions {
        Conditions::default()
    }
    fn outline(&self, _: &Request<'_>, _: &mut Stream) -> Outline {
        unreachable!("no trial is drawn")
    }
    fn sample(&self, _: &Outline, _: Time, _: &mut Sample<'_>) {
        unreachable!("no trial is drawn")
    }
    fn performance(&self) -> Performance {
        Performance::Choices
    }
    fn ideal_observer(&self, _: &Seen<'_>) -> Vec<f32> {
        unreachable!("no trial is drawn")
    }
    fn noise_limit(&self, _: f64, _: Time) -> f64 {
        100.0
    }
    fn chance(&self) -> f64 {
        50.0
    }
}

const EVIDENCE: Named = Named(&["evidence 1", "evidence 2"]);

fn told(text: &str, task: &Named) -> (NetworkPlan, Vec<String>) {
    let document = Document::parse(text, "mine.toml", &[]).unwrap();
    let mut warnings = Vec::new();
    let plan = NetworkPlan::read(&document, task, 1, &mut warnings).unwrap();
    document.finish().unwrap();
    (plan, warnings)
}

fn plan(text: &str, task: &Named) -> NetworkPlan {
    let (plan, warnings) = told(text, task);
    assert_eq!(warnings, Vec::<String>::new());
    plan
}

/// Which entries of a block are plastic.
fn plastic(plan: &NetworkPlan, block: &str) -> Vec<bool> {
    let built = plan.build::<f64>(ms(20.0), 1, Isa::best()).unwrap();
    let range = built.plastic.theta().find(block).unwrap().range();
    built.plastic.wiring().plastic()[range].iter().map(|p| *p == 1.0).collect()
}

/// Plastic recurrent entries from excitatory and from inhibitory units.
fn counts(plan: &NetworkPlan) -> (usize, usize) {
    let (n, signs) = (plan.shape.units, plan.unit_signs());
    let mask = plastic(plan, "w_rec");
    let count = |sign: i8| (0..n * n).filter(|k| mask[*k] && signs[k % n] == sign).count();
    (count(1), count(-1))
}

fn filled(mask: &[bool], n: usize, to: Range<usize>, from: Range<usize>) -> usize {
    to.map(|i| mask[i * n..][from.clone()].iter().filter(|m| **m).count()).sum()
}

/// The raw spectral radius, the factor that brings it to 1.5, and then the mean of excitatory weights and of the
/// size of inhibitory ones: the middle of several seeds, which draw densities too.
fn oracles(text: &str, task: &Named) -> [f64; 4] {
    let seeds = if text.contains("size = 400") { 9 } else { 41 };
    let mut sums = 0.0;
    let draw = |seed: u64| {
        let (mut plan, _) = told(&text.replace("density_seed = 1", &format!("density_seed = {seed}")), task);
        let (n, signs) = (plan.shape.units, plan.unit_signs());
        plan.recipe.spectral_radius = None;
        let built = plan.build::<f64>(ms(20.0), seed, Isa::best()).unwrap();
        let w = built.plastic.weights().block("w_rec");
        let radius = spectral_radius(w, n);
        let mean = |sign: i8| {
            let of: Vec<f64> = (0..n * n).filter(|k| w[*k] != 0.0 && signs[k % n] == sign).map(|k| w[k]).collect();
            of.iter().sum::<f64>().abs() / of.len() as f64 * 1.5 / radius
        };
        sums += w.iter().sum::<f64>() / n as f64 * 1.5 / radius / seeds as f64;
        [radius, 1.5 / radius, mean(1), mean(-1)]
    };
    let mut all: Vec<[f64; 4]> = (1..=seeds).map(draw).collect();
    assert!(sums.abs() < 0.2, "rows are balanced on average: {sums}");
    std::array::from_fn(|k| {
        all.sort_by(|a, b| a[k].total_cmp(&b[k]));
        all[all.len() / 2][k]
    })
}

/// The specification, section 2.4, gives ranges over several seeds of another generator. Single networks stray
/// further: the raw radius of the two areas from 0.16 to 0.28, with 0.23 in the middle, in 400 networks that a NumPy
/// program drew. So the middle of our seeds is compared, and may leave the range by half of its width or 3 %.
fn agree(text: &str, task: &Named, ranges: [(f64, f64); 4]) {
    let found = oracles(text, task);
    for (found, (low, high)) in found.into_iter().zip(ranges) {
        let slack = (0.5 * (high - low)).max(0.03 * low);
        assert!((low - slack..=high + slack).contains(&found), "{found} is not within {low} to {high}");
    }
}

const FIXED: &str = r#"
[populations.A]
size = 20
kind = "excitatory"
inputs = ["evidence 1"]
outputs = ["choice 1"]
from = { B = 0 }
[populations.B]
size = 20
kind = "excitatory"
inputs = ["evidence 2"]
outputs = ["choice 2"]
from = { A = 0 }
[populations.NS]
size = 40
kind = "excitatory"
inputs = []
outputs = []
[populations.I]
size = 20
kind = "inhibitory"
inputs = []
"#;

#[test]
fn two_groups_that_never_project_to_each_other() {
    // Song et al. 2016, fig. 3C; specification, section 4.3.
    let plan = plan(FIXED, &EVIDENCE);
    let groups: Vec<(&str, i8, Range<usize>)> =
        plan.populations().iter().map(|p| (p.name.as_str(), p.sign, p.units.clone())).collect();
    assert_eq!(groups, [("A", 1, 0..20), ("B", 1, 20..40), ("NS", 1, 40..80), ("I", -1, 80..100)]);
    assert_eq!(plan.unit_signs(), plan.signs);
    assert_eq!(counts(&plan), (7120, 1980));
    assert_eq!(plan.connections, [7120, 1980]);

    let (a, b) = (0..20, 20..40);
    let forbidden = |i: usize, j: usize| i == j || a.contains(&i) && b.contains(&j) || b.contains(&i) && a.contains(&j);
    let mask = plastic(&plan, "w_rec");
    assert!((0..10_000).all(|k| mask[k] != forbidden(k / 100, k % 100)));
    let w_in = plastic(&plan, "w_in");
    assert!((0..200).all(|k| w_in[k] == [a.clone(), b.clone()][k % 2].contains(&(k / 2))));
    let w_out = plastic(&plan, "w_out");
    assert!((0..200).all(|k| w_out[k] == [a.clone(), b.clone()][k / 100].contains(&(k % 100))));

    // Each inhibitory entry balances the row: 59/20, 79/20 and 80/19 of an excitatory one.
    for (row, excitatory, ratio) in
        [(0, 1, 59.0 / 20.0), (20, 21, 59.0 / 20.0), (40, 0, 79.0 / 20.0), (80, 0, 80.0 / 19.0)]
    {
        let row = &plan.recipe.relative[row * 100..][..100];
        assert!((row[99] / row[excitatory] - ratio).abs() < 1e-12);
        assert!((row.iter().map(|c| c * c).sum::<f64>() - 1.0).abs() < 1e-12);
    }
    agree(FIXED, &EVIDENCE, [(0.123, 0.132), (11.4, 12.2), (0.063, 0.067), (0.227, 0.247)]);
}

const AREAS: &str = r#"
[constraints]
density_seed = 1
[populations.E_S]
size = 60
kind = "excitatory"
area = "sensory"
outputs = []
from = { E_M = 0.2, I_M = 0 }
[populations.E_M]
size = 60
kind = "excitatory"
area = "motor"
inputs = []
from = { I_S = 0 }
[populations.I_S]
size = 15
kind = "inhibitory"
area = "sensory"
from = { E_M = 0.2, I_M = 0 }
[populations.I_M]
size = 15
kind = "inhibitory"
area = "motor"
inputs = []
from = { I_S = 0 }
"#;

#[test]
fn a_sensory_and_a_motor_area() {
    // Song et al. 2016, fig. 5B; specification, section 4.5.
    let six = Named(&["motion", "colour", "motion 1", "motion 2", "colour 1", "colour 2"]);
    let plan = plan(AREAS, &six);
    let areas: Vec<_> = plan.populations().iter().map(|p| (p.area.as_deref(), p.units.clone())).collect();
    let (sensory, motor) = (Some("sensory"), Some("motor"));
    assert_eq!(areas, [(sensory, 0..60), (motor, 60..120), (sensory, 120..135), (motor, 135..150)]);
    assert!(plan.unit_signs().iter().enumerate().all(|(j, s)| *s == if j < 120 { 1 } else { -1 }));

    let mask = plastic(&plan, "w_rec");
    let [e_s, e_m, i_s, i_m] = [0..60, 60..120, 120..135, 135..150];
    let exact = [
        (&e_s, &e_s, 60 * 59),
        (&e_s, &i_s, 60 * 15),
        (&i_s, &e_s, 15 * 60),
        (&i_s, &i_s, 15 * 14),
        (&e_m, &e_s, 60 * 60),
        (&e_m, &e_m, 60 * 59),
        (&e_m, &i_m, 60 * 15),
        (&i_m, &e_s, 15 * 60),
        (&i_m, &e_m, 15 * 60),
        (&i_m, &i_m, 15 * 14),
        (&e_s, &i_m, 0),
        (&i_s, &i_m, 0),
        (&e_m, &i_s, 0),
        (&i_m, &i_s, 0),
    ];
    for (to, from, count) in exact {
        assert_eq!(filled(&mask, 150, to.clone(), from.clone()), count, "{to:?} from {from:?}");
    }
    // Feedback: within five standard deviations of a fifth, √(0.2 · 0.8 n).
    for (to, n) in [(&e_s, 3600.0f64), (&i_s, 900.0)] {
        let found = filled(&mask, 150, to.clone(), e_m.clone()) as f64;
        assert!((found - 0.2 * n).abs() < 5.0 * (0.16 * n).sqrt(), "{found}");
    }
    let (excitatory, inhibitory) = counts(&plan);
    assert_eq!(inhibitory, 2220);
    // 14280 are expected, 13380 of them certain; the reference's own draw has 14287.
    assert!((excitatory as f64 - 14280.0).abs() < 5.0 * (0.16f64 * 4500.0).sqrt(), "{excitatory}");

    let is_sensory = |i: usize| e_s.contains(&i) || i_s.contains(&i);
    let w_in = plastic(&plan, "w_in");
    assert!((0..900).all(|k| w_in[k] == is_sensory(k / 6)));
    let w_out = plastic(&plan, "w_out");
    assert!((0..300).all(|k| w_out[k] == e_m.contains(&(k % 150))));
    agree(AREAS, &six, [(0.204, 0.230), (6.5, 7.4), (0.024, 0.027), (0.156, 0.178)]);
}

#[test]
fn units_of_two_senses() {
    // Song et al. 2016, fig. 6; specification, section 4.6: as published the start cue reaches no unit.
    let mut text = String::from("[constraints]\nallow_dead_inputs = true\n");
    for (kind, name, size) in [("excitatory", "E", 40), ("inhibitory", "I", 10)] {
        for (sense, gets) in [
            ("visual", "\"visual +\", \"visual -\""),
            ("auditory", "\"auditory +\", \"auditory -\""),
            ("association", ""),
        ] {
            text += &format!("[populations.\"{name} {sense}\"]\nsize = {size}\nkind = \"{kind}\"\ninputs = [{gets}]\n");
        }
    }
    let five = Named(&["visual +", "auditory +", "visual -", "auditory -", "start cue"]);
    let (plan, warnings) = told(&text, &five);
    assert_eq!(warnings, ["the input `start cue` reaches no unit"]);
    let sense = |i: usize| match i {
        0..40 | 120..130 => Some(0),
        40..80 | 130..140 => Some(1),
        _ => None,
    };
    let w_in = plastic(&plan, "w_in");
    assert!((0..750).all(|k| w_in[k] == (k % 5 < 4 && sense(k / 5) == Some(k % 5 % 2))));
    assert_eq!(counts(&plan), (17880, 4470));
    let w_out = plastic(&plan, "w_out");
    assert!((0..300).all(|k| w_out[k] == (k % 150 < 120)), "all of the 120 excitatory units are read");
    agree(&text, &five, [(0.088, 0.127), (11.9, 17.1), (0.049, 0.070), (0.19, 0.28)]);
}

#[test]
fn a_sparse_network_of_500_units() {
    // Song et al. 2016, fig. 7; specification, section 4.7.
    let text = "[constraints]\ndensity_seed = 1\n\
                [populations.E]\nsize = 400\nkind = \"excitatory\"\nfrom = { E = 0.1, I = 0.5 }\n\
                [populations.I]\nsize = 100\nkind = \"inhibitory\"\nfrom = { E = 0.1, I = 0.5 }";
    let by_populations = plan(text, &EVIDENCE);
    let as_a_whole = plan(
        "[network]\nunits = 500\n[constraints]\ndensity_excitatory = 0.1\ndensity_inhibitory = 0.5\ndensity_seed = 1",
        &EVIDENCE,
    );
    assert_eq!(plastic(&by_populations, "w_rec"), plastic(&as_a_whole, "w_rec"));
    assert_eq!(by_populations.recipe, as_a_whole.recipe);
    assert_eq!(by_populations.populations(), as_a_whole.populations());
    // 400 · 499 and 100 · 499 places; five standard deviations √(p (1-p) n). The reference: 19991 and 25057.
    let (excitatory, inhibitory) = counts(&by_populations);
    assert!((excitatory as f64 - 19960.0).abs() < 5.0 * (0.09f64 * 199_600.0).sqrt(), "{excitatory}");
    assert!((inhibitory as f64 - 24950.0).abs() < 5.0 * (0.25f64 * 49_900.0).sqrt(), "{inhibitory}");
    agree(text, &EVIDENCE, [(0.119, 0.123), (12.2, 12.6), (0.142, 0.148), (0.115, 0.118)]);
}

#[test]
fn a_network_described_as_a_whole_has_populations_too() {
    let names = |text: &str| -> Vec<_> {
        plan(text, &EVIDENCE).populations().iter().map(|p| (p.name.clone(), p.sign, p.units.clone())).collect()
    };
    assert_eq!(names(""), [("E".into(), 1, 0..80), ("I".into(), -1, 80..100)]);
    assert_eq!(names("[constraints]\nexcitatory = 1"), [("E".into(), 1, 0..100)]);
    assert_eq!(names("[constraints]\ndale = \"none\""), [("units".into(), 0, 0..100)]);
}

#[test]
fn populations_without_signs() {
    let text = "[constraints]\ndale = \"none\"\n[populations.a]\nsize = 5\nfrom = { b = 0 }\noutputs = []\n\
                [populations.b]\nsize = 3\ninputs = []";
    let (plan, warnings) = told(text, &EVIDENCE);
    assert_eq!(warnings, ["b cannot reach a through the recurrent connections"]);
    assert_eq!((plan.unit_signs(), plan.signs.len()), (vec![0; 8], 0));
    let mask = plastic(&plan, "w_rec");
    assert_eq!(filled(&mask, 8, 0..5, 5..8), 0);
    assert_eq!(mask.iter().filter(|m| **m).count(), 5 * 4 + 3 * 2 + 3 * 5);
    assert!(plastic(&plan, "w_out").iter().enumerate().all(|(k, p)| *p == (k % 8 >= 5)));
}

#[test]
fn fixed_weights_and_masks_join_the_populations() {
    let text = "[populations.E]\nsize = 2\nkind = \"excitatory\"\nfrom = { I = 0 }\n\
                [populations.I]\nsize = 1\nkind = \"inhibitory\"\n\
                [constraints.w_rec]\nmask = [[0, 1, 0], [0, 0, 0], [1, 1, 0]]\nfixed = [[0, 0, 0.3], [0.2, 0, 0], [0, 0, 0]]\n\
                [initial]\nspectral_radius = 0";
    let (plan, _) = told(text, &EVIDENCE);
    assert_eq!(plastic(&plan, "w_rec"), [false, true, false, false, false, false, true, true, false]);
    let built = plan.build::<f64>(ms(20.0), 1, Isa::best()).unwrap();
    let w = built.plastic.weights().block("w_rec");
    assert_eq!((w[2], w[3]), (-0.3, 0.2), "fixed weights are there whatever the densities say");
}

#[test]
fn oddities_are_told_by_population() {
    let (_, warnings) = told(
        "[populations.A]\nsize = 20\nkind = \"excitatory\"\nfrom = { I = 0, C = 0, D = 0 }\n\
         [populations.C]\nsize = 4\nkind = \"excitatory\"\ninputs = []\nfrom = { A = 0, C = 0, D = 0, I = 0 }\n\
         [populations.D]\nsize = 1\nkind = \"excitatory\"\noutputs = []\n\
         [populations.I]\nsize = 5\nkind = \"inhibitory\"\nfrom = { C = 0, D = 0 }",
        &EVIDENCE,
    );
    insta::assert_snapshot!(warnings.join("\n"), @r#"
    units 0-19 (A) have no inhibitory input
    units 20-23 (C) have no inhibitory input
    units 20-23 (C) get no input, neither from the task nor from other units
    unit 24 (D) projects to no other unit and to no output
    A cannot reach C through the recurrent connections
    C cannot reach A and I through the recurrent connections
    D cannot reach A, C and I through the recurrent connections
    I cannot reach A and C through the recurrent connections
    "#);
    let (_, warnings) = told("[network]\nunits = 9\n[constraints]\ndensity_inhibitory = 0.1", &EVIDENCE);
    insta::assert_snapshot!(warnings.join("\n"), @r#"
    units 0-8 have no inhibitory input
    units 7-8 project to no other unit and to no output
    some units cannot reach some others through the recurrent connections
    "#);
}
