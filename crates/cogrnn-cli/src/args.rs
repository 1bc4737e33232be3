//! What can be typed, and the help that explains it.

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum, ValueHint};
use cogrnn_core::error::Error;
use cogrnn_core::kernels::Isa;
use cogrnn_core::units::{Time, ms};
use std::path::PathBuf;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default())
    .placeholder(AnsiColor::Yellow.on_default());

// clap cannot group commands, so the groups are written here; a test keeps them complete.
const OVERVIEW: &str = "\
{about}

{usage-heading} {usage}

Look around:
  list         Experiments that come with the program
  show         An experiment, with every default written out
  check        Whether an experiment file is sound, and what it will do
  table        Which learning rule fits which network

Train:
  train        Train a network as an experiment says
  resume       Go on with a training that was stopped

Look at a trained network:
  evaluate     How well it does, condition by condition
  analyse      Psychometric curves, tuning, state space: numbers and figures
  report       All that is known of it, as one page to explore
  record       Its activity, as a NumPy file
  compare-behaviour
               Its accuracy and reaction times beside recorded ones

Many networks:
  compare      The same tasks under several settings, over seeds
  reproduce    A whole paper: its models, figures and claims

This machine:
  verify       Whether a learning rule computes what it says
  gradient     How near the gradients of learning rules are to the exact one
  bench        How fast training is here
  completions  Let the shell complete commands (bash, zsh, fish, …)
  help         This text, or that of a command

Options:
{options}{after-help}";

const FIRST_STEPS: &str = "\
First steps:
  cogrnn list
  cogrnn train song2016/perceptual-decision
  cogrnn evaluate runs/song2016-perceptual-decision-seed1001

An experiment of your own:
  cogrnn show song2016/perceptual-decision > mine.toml
  cogrnn check mine.toml
  cogrnn train mine.toml --set network.units=200 --seed 3

Exit codes: 0 finished, 2 bad input, 3 the network diverged, 130 interrupted and resumable";

/// Train excitatory-inhibitory recurrent networks on cognitive tasks
#[derive(Debug, Parser)]
#[command(name = "cogrnn", version, styles = STYLES, help_template = OVERVIEW, after_help = FIRST_STEPS)]
#[command(arg_required_else_help = true, max_term_width = 100)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the experiments that come with the program
    #[command(after_help = "Examples:\n  cogrnn list\n  cogrnn list --json")]
    List(List),
    /// Show an experiment, with every default written out
    #[command(after_help = "\
Examples:
  cogrnn show song2016/perceptual-decision
  cogrnn show song2016/perceptual-decision > mine.toml     to start one of your own
  cogrnn show mine.toml --set network.units=200")]
    Show(Show),
    /// Check that an experiment file is sound, and say what it will do
    #[command(after_help = "\
Nothing is trained and nothing is written. Exit code 2 if something is wrong.

--draw shows a training trial, what is asked in it and what is not, and tells whether the task can be
solved: whether an ideal observer, who knows the task and sees the inputs, is right in every condition.

Examples:
  cogrnn check mine.toml
  cogrnn check mine.toml --set training.dt=\"0.5 ms\"
  cogrnn check mine.toml --draw
  cogrnn check mine.toml --condition coherence=16 --condition in_out=1,-1   two trials
  cogrnn check mine.toml --condition stimulus=800                           a random duration, in ms
  cogrnn check mine.toml --catch")]
    Check(Check),
    /// Train a network as an experiment says
    #[command(after_help = "\
Training ends when the experiment's criterion is met. Ctrl-C ends it earlier, saves a checkpoint,
and `cogrnn resume` goes on as if nothing had happened, to the bit.

The folder of a run holds
  experiment.toml         the experiment with every default written out: train it again from this
  weights.safetensors     the best network: weights W[post, pre], masks and signs
  learning.csv            one row a validation
  result.json             why training ended, and how well the network does
  checkpoint.safetensors  what `cogrnn resume` needs
  environment.toml        program, machine and command
  citation.bib            what to cite

Examples:
  cogrnn train song2016/perceptual-decision
  cogrnn train song2016/perceptual-decision --seed 3 --out runs/third
  cogrnn train mine.toml --set network.units=200 --set 'network.tau=50 ms'
  cogrnn train mine.toml --json | tail -1                  the result, for a program")]
    Train(Train),
    /// Go on with a training that was stopped
    #[command(after_help = "\
Examples:
  cogrnn resume runs/song2016-perceptual-decision-seed1001
  cogrnn resume runs/third --updates 5000                  up to 5000 updates in all")]
    Resume(Resume),
    /// Measure how well a trained network does, condition by condition
    #[command(after_help = "\
Test trials are never catch trials, and differ from all that the network was trained on.

Examples:
  cogrnn evaluate runs/third
  cogrnn evaluate runs/third --trials 5000 --dt \"0.5 ms\"   as the paper tests: at a finer step
  cogrnn evaluate runs/third --json")]
    Evaluate(Evaluate),
    /// Analyse a trained network: numbers and figures
    #[command(after_help = "\
An experiment says in its [analysis.…] sections which analyses fit it. Each writes into DIR/analysis
  NAME.json   the numbers, with their units
  NAME.npz    arrays too long for it
  NAME….svg   figures, and the same as .png

Analyses: psychometric, chronometric, duration, units, responses, selectivity, regression, tuning,
multisensory, components, movements, interval, trajectory, cross_temporal, output_curves,
orthogonal_decoding, mds, reaches.

Examples:
  cogrnn analyse runs/third
  cogrnn analyse runs/third psychometric units --trials 2000
  cogrnn analyse runs/third --set analysis.selectivity.epoch=decision")]
    Analyse(Analyse),
    /// Write one page with all that is known of trained networks
    #[command(after_help = "\
One HTML file that needs no network: every analysis that fits, the learning curve, the weights, the
task, the experiment, what to cite. Several runs of one experiment share a learning curve; the first
is shown in detail.

Examples:
  cogrnn report runs/third
  cogrnn report runs/first runs/second --out both.html")]
    Report(Report),
    /// Train all models of a paper, make its figures and judge its claims
    #[command(after_help = "\
Trains what is missing, one network a core, analyses every network and writes a report with a table:
what was published, what came out here, and whether they agree by a stated statistic. Ctrl-C or a kill
loses nothing: the same command goes on. The page and the table are PAPER.html and claims.csv; with
chosen figures they are called after these (song2016-fig3.html, claims-fig3.csv).

Figures of song2016: 2 (decisions), 3 (constraints), 4 (context), 5 (areas), 6 (multisensory), 7 (working
memory), 8 (sequences), 9 (all, training). Parts of murray2019: periods, rates-200 to rates-1600,
variants, intervals, sequences, notebook. Parts of miconi2017: nonmatch, integration, arm, ei, long,
rules, variable, gradients. Parts of soo2023: standard, reversal; settings, delays and tasks take days.

Examples:
  cogrnn reproduce song2016 --seeds 6
  cogrnn reproduce song2016 3 --seeds 2 --out fig3
  cogrnn reproduce song2016 --seeds 6 --check         what is there and what is missing
  cogrnn reproduce murray2019 variants
  cogrnn reproduce soo2023
  cogrnn reproduce soo2023 all --set stop.max_updates=20000 --out whole")]
    Reproduce(Reproduce),
    /// Train the same task under several settings and methods, and tell which gets there
    #[command(after_help = "\
FILE names experiments, seeds, and variants with what each changes:

  experiments = [\"song2016/perceptual-decision\"]
  seeds = 10                        seeds 1 to 10; or a list
  [variants.plain]                  the one that others are held against
  [variants.adam.optimiser]
  name = \"adam\"

Trains what is missing, one network a core; of one seed, all variants begin with the same weights and see
the same trials. Ctrl-C or a kill loses nothing: the same command goes on, and a longer list of seeds or
variants trains only what is new. Writes compare.html, compare.csv (variants) and networks.csv.

Examples:
  cogrnn compare delays.toml --out delays
  cogrnn compare delays.toml --out delays --check     what is there and what is missing")]
    Compare(Compare),
    /// Record the activity of a trained network as a NumPy file
    #[command(after_help = "\
The file holds the activity, with axes trial × time × unit, and the table of trials. Trials are
written as they come, so it may be larger than memory.

Examples:
  cogrnn record runs/third --out activity.npz
  cogrnn record runs/third --out activity.npz --trials 5000 --save-every \"10 ms\"
  python -c \"import numpy; print(dict(numpy.load('activity.npz')).keys())\"")]
    Record(Record),
    /// Put a network's accuracy and reaction times beside those of recorded subjects
    #[command(after_help = "\
For a network trained on a task whose reaction time is its own. It answers with the first output that
exceeds the threshold; its reaction time is from the onset of the stimulus until then, and has no part
for eyes and muscles. The file has one row a trial, with the columns
  monkey   a name or a number
  rt       reaction time in seconds
  coh      coherence from 0 to 1
  correct  1 or 0
and others, which are left aside. Accuracy is fitted by a Weibull function from 50 to 100 % (maximum
likelihood, intervals of the profile likelihood), mean reaction times of right answers by a line over
log2 of the coherence (weighted least squares). DIR/behaviour/ gets points.csv and fits.csv.

Examples:
  cogrnn compare-behaviour runs/third roitman_rts.csv
  cogrnn compare-behaviour runs/third roitman_rts.csv --trials 5500 --save-every \"10 ms\" --threshold 0.9")]
    CompareBehaviour(CompareBehaviour),
    /// Show which learning rule fits which network, and why others do not
    #[command(after_help = "Examples:\n  cogrnn table\n  cogrnn table --json")]
    Table(List),
    /// Check that a learning rule computes what it says
    #[command(after_help = "\
Each rule beside another, a finite difference, or published numbers, on a little network in double precision; and
controls: what must not hold.

Examples:
  cogrnn verify
  cogrnn verify rtrl
  cogrnn verify --json")]
    Verify(Verify),
    /// Compare the gradients of learning rules with the exact one: angle, bias, variance
    #[command(after_help = "\
WHAT is an experiment, at its initial weights, or the folder of a run, at the weights it has come to. Every rule sees the
same trials and the same noise. Bias and variance are over draws of a rule's random signs (uoro, kf-rtrl,
reverse-kf-rtrl) or of the noise of the units (node-perturbation), beside the bias that chance alone would give.
A rule may say its feedback: rflo/random, rflo/transposed.

Examples:
  cogrnn gradient murray2019/periodic
  cogrnn gradient runs/third --rules rflo,rflo/transposed,uoro --draws 1000")]
    Gradient(Gradient),
    /// Measure how fast training is on this machine
    #[command(after_help = "\
One update of an excitatory-inhibitory network with noise and regulariser, timed many times: the
median in milliseconds, the arithmetic done in it, and the share of what this processor could do.

Examples:
  cogrnn bench
  cogrnn bench --units 500 --trials 20 --steps 300 --threads 1
  cogrnn bench --rule rflo --update step")]
    Bench(Bench),
    /// Print a script that lets the shell complete commands
    #[command(after_help = "\
Examples:
  cogrnn completions bash > ~/.local/share/bash-completion/completions/cogrnn
  cogrnn completions zsh  > ~/.zfunc/_cogrnn
  cogrnn completions fish > ~/.config/fish/completions/cogrnn.fish")]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

impl Command {
    /// Whether a program is listening.
    pub fn json(&self) -> bool {
        match self {
            Command::List(a) | Command::Table(a) => a.json,
            Command::Verify(a) => a.json,
            Command::Gradient(a) => a.json,
            Command::Show(a) => a.json,
            Command::Check(a) => a.json,
            Command::Train(a) => a.progress.json,
            Command::Resume(a) => a.progress.json,
            Command::Evaluate(a) => a.json,
            Command::Analyse(a) => a.json,
            Command::Report(a) => a.json,
            Command::Reproduce(a) => a.json,
            Command::Compare(a) => a.json,
            Command::Record(a) => a.json,
            Command::CompareBehaviour(a) => a.json,
            Command::Bench(a) => a.json,
            Command::Completions { .. } => false,
        }
    }
}

/// A command without arguments.
#[derive(Debug, ClapArgs)]
pub struct List {
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// `verify`.
#[derive(Debug, ClapArgs)]
pub struct Verify {
    /// Which rule, as in an experiment file [default: all]
    #[arg(value_name = "RULE")]
    pub rule: Option<String>,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// An experiment and the changes to it.
#[derive(Debug, ClapArgs)]
pub struct Experiment {
    /// A shipped name (song2016/perceptual-decision) or the path of a TOML file
    #[arg(value_name = "EXPERIMENT", value_hint = ValueHint::FilePath)]
    pub what: String,
    /// Change one setting; may be given again and again
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub overrides: Vec<String>,
    /// The seed of all that is random: weights, trials, noise
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = seed)]
    pub seed: Option<u64>,
}

impl Experiment {
    /// The changes, the seed among them.
    pub fn overrides(&self) -> Vec<String> {
        let seed = self.seed.map(|n| format!("seed={n}"));
        self.overrides.iter().cloned().chain(seed).collect()
    }
}

/// What to use of this machine.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "This machine")]
pub struct Machine {
    /// Threads to use; results do not depend on it [default: one a core]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub threads: Option<usize>,
    /// Which instructions to use
    #[arg(long, value_name = "WHICH", value_enum, default_value = "auto")]
    pub kernels: Kernels,
}

impl Machine {
    /// As the library wants it.
    ///
    /// # Errors
    /// If this processor has no such instructions.
    pub fn resolve(&self) -> cogrnn_core::error::Result<cogrnn::trainer::Machine> {
        let kernels = self.kernels.isa();
        if let Some(isa) = kernels.filter(|isa| !isa.available()) {
            return Err(Error::input(format!("{isa} kernels cannot run here"))
                .at(format!("--kernels {isa}"))
                .why("this processor does not have the instructions")
                .remedy("--kernels auto takes the best it has"));
        }
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = self.threads.unwrap_or_else(cores);
        Ok(cogrnn::trainer::Machine { threads, kernels })
    }
}

/// Which instructions to use.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Kernels {
    /// The best this processor has
    Auto,
    /// Those every processor has
    Plain,
    /// AVX2 and FMA
    Avx2,
    /// AVX-512
    Avx512,
}

impl Kernels {
    fn isa(self) -> Option<Isa> {
        match self {
            Kernels::Auto => None,
            Kernels::Plain => Some(Isa::Plain),
            Kernels::Avx2 => Some(Isa::Avx2),
            Kernels::Avx512 => Some(Isa::Avx512),
        }
    }
}

/// How to tell of a training.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Output")]
pub struct Progress {
    /// Print one JSON object a line, for programs: an event at the start and at each validation,
    /// the result last
    #[arg(long)]
    pub json: bool,
    /// No progress, only the result
    #[arg(long, short)]
    pub quiet: bool,
}

/// `check`.
#[derive(Debug, ClapArgs)]
pub struct Check {
    /// Which experiment
    #[command(flatten)]
    pub experiment: Experiment,
    /// Draw a trial of the task, its first condition, and tell whether the task can be solved
    #[arg(long)]
    pub draw: bool,
    /// Draw the trial with this value of a condition, or one trial for each of several; may be given
    /// again and again
    #[arg(long = "condition", value_name = "NAME=VALUE,…", value_parser = condition)]
    pub conditions: Vec<(String, Vec<f64>)>,
    /// Draw a catch trial
    #[arg(long)]
    pub catch: bool,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

impl Check {
    /// Whether there is something to draw.
    pub fn draws(&self) -> bool {
        self.draw || self.catch || !self.conditions.is_empty()
    }
}

/// `show`.
#[derive(Debug, ClapArgs)]
pub struct Show {
    /// Which experiment
    #[command(flatten)]
    pub experiment: Experiment,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// `train`.
#[derive(Debug, ClapArgs)]
pub struct Train {
    /// Which experiment
    #[command(flatten)]
    pub experiment: Experiment,
    /// The folder of the run [default: runs/EXPERIMENT-seedN]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
    /// Write over what the folder holds
    #[arg(long)]
    pub overwrite: bool,
    /// Stop after this many updates, to go on later with `cogrnn resume`
    #[arg(long, value_name = "N", value_parser = updates)]
    pub updates: Option<u64>,
    /// What to use
    #[command(flatten)]
    pub machine: Machine,
    /// What to tell
    #[command(flatten)]
    pub progress: Progress,
}

/// `resume`.
#[derive(Debug, ClapArgs)]
pub struct Resume {
    /// The folder of the run
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,
    /// Stop after this many updates in all, those already made among them
    #[arg(long, value_name = "N", value_parser = updates)]
    pub updates: Option<u64>,
    /// What to use
    #[command(flatten)]
    pub machine: Machine,
    /// What to tell
    #[command(flatten)]
    pub progress: Progress,
}

/// Trials of the test set.
#[derive(Debug, ClapArgs)]
pub struct Trials {
    /// How many test trials [default: the experiment's, or 1000]
    #[arg(long, value_name = "N", value_parser = positive)]
    pub trials: Option<usize>,
    /// Time step, "0.5 ms"; a bare number is in milliseconds [default: the experiment's for testing]
    #[arg(long, value_name = "MS", value_parser = time_step)]
    pub dt: Option<Time>,
}

/// `evaluate`.
#[derive(Debug, ClapArgs)]
pub struct Evaluate {
    /// The folder of the run
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,
    /// Change a setting of [test]; may be given again and again
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// On what
    #[command(flatten)]
    pub on: Trials,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// What to use
    #[command(flatten)]
    pub machine: Machine,
}

/// `analyse`.
#[derive(Debug, ClapArgs)]
pub struct Analyse {
    /// The folder of the run
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,
    /// Which analyses [default: all that fit]
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Change a setting of [test] or [analysis]; may be given again and again
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// On what
    #[command(flatten)]
    pub on: Trials,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// What to use
    #[command(flatten)]
    pub machine: Machine,
}

/// `report`.
#[derive(Debug, ClapArgs)]
pub struct Report {
    /// The folders of the runs
    #[arg(value_name = "DIR", required = true, value_hint = ValueHint::DirPath)]
    pub dirs: Vec<PathBuf>,
    /// The page to write [default: DIR/report.html]
    #[arg(long, value_name = "FILE.html", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// On what
    #[command(flatten)]
    pub on: Trials,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// What to use
    #[command(flatten)]
    pub machine: Machine,
}

/// `reproduce`.
#[derive(Debug, ClapArgs)]
pub struct Reproduce {
    /// Which paper: song2016, soo2023, murray2019 or miconi2017
    #[arg(value_name = "PAPER")]
    pub paper: String,
    /// Which of its figures or parts, as listed below [default: all; of soo2023 standard and reversal]
    #[arg(value_name = "PART")]
    pub figures: Vec<String>,
    /// Change a setting of every experiment of soo2023, murray2019 or miconi2017; may be given again and again
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// How many networks of each model [default: 6 of song2016, the figure's seed and 1, 2, …; 9 of murray2019; 10 of soo2023; of miconi2017 as many as each part has]
    #[arg(long, value_name = "N", value_parser = positive)]
    pub seeds: Option<usize>,
    /// The folder of runs and report
    #[arg(long, value_name = "DIR", default_value = "reproduction", value_hint = ValueHint::DirPath)]
    pub out: PathBuf,
    /// Say what is there and what is missing, and do nothing
    #[arg(long)]
    pub check: bool,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// What to use
    #[command(flatten)]
    pub machine: Machine,
}

/// `compare`.
#[derive(Debug, ClapArgs)]
pub struct Compare {
    /// The comparison: experiments, seeds, variants
    #[arg(value_name = "FILE.toml", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// The folder of runs and results [default: the file's name without .toml]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
    /// Say what is there and what is missing, and do nothing
    #[arg(long)]
    pub check: bool,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// What to use
    #[command(flatten)]
    pub machine: Machine,
}

/// `record`.
#[derive(Debug, ClapArgs)]
pub struct Record {
    /// The folder of the run
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,
    /// Change a setting of [test]; may be given again and again
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// The NumPy file to write
    #[arg(long, value_name = "FILE.npz", value_hint = ValueHint::FilePath)]
    pub out: PathBuf,
    /// Write over the file if it exists
    #[arg(long)]
    pub overwrite: bool,
    /// How many test trials [default: the experiment's, or 100]
    #[arg(long, value_name = "N", value_parser = positive)]
    pub trials: Option<usize>,
    /// Time step, "0.5 ms"; a bare number is in milliseconds [default: the experiment's for testing]
    #[arg(long, value_name = "MS", value_parser = time_step)]
    pub dt: Option<Time>,
    /// Time between the samples that are kept [default: the experiment's, or the time step]
    #[arg(long, value_name = "MS", value_parser = time_step)]
    pub save_every: Option<Time>,
    /// Format of the file
    #[arg(long, value_name = "WHICH", value_enum, default_value = "npz")]
    pub format: Format,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// What to use
    #[command(flatten)]
    pub machine: Machine,
}

/// Format of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// NumPy arrays
    Npz,
}

/// `compare-behaviour`.
#[derive(Debug, ClapArgs)]
pub struct CompareBehaviour {
    /// The folder of the run
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,
    /// Recorded answers
    #[arg(value_name = "FILE.csv", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// On what
    #[command(flatten)]
    pub on: Trials,
    /// How finely the network's answers are timed [default: the experiment's, or the time step]
    #[arg(long, value_name = "MS", value_parser = time_step)]
    pub save_every: Option<Time>,
    /// What an output must exceed to be an answer
    #[arg(long, value_name = "Z", default_value_t = cogrnn::behaviour::THRESHOLD, allow_negative_numbers = true, value_parser = finite)]
    pub threshold: f64,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// What to use
    #[command(flatten)]
    pub machine: Machine,
}

/// `gradient`.
#[derive(Debug, ClapArgs)]
pub struct Gradient {
    /// An experiment, or the folder of a run
    #[arg(value_name = "WHAT", value_hint = ValueHint::AnyPath)]
    pub what: PathBuf,
    /// Which rules [default: all that are defined; rtrl up to 64 units]
    #[arg(long, value_name = "RULE,…", value_delimiter = ',')]
    pub rules: Vec<String>,
    /// Draws of what is random
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = positive)]
    pub draws: usize,
    /// Change a setting of the experiment; may be given again and again
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// What to use
    #[command(flatten)]
    pub machine: Machine,
}

/// `bench`.
#[derive(Debug, ClapArgs)]
pub struct Bench {
    /// Units of the network
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = positive)]
    pub units: usize,
    /// Trials an update [default: 20; of a rule 1]
    #[arg(long, value_name = "B", value_parser = positive)]
    pub trials: Option<usize>,
    /// Time steps a trial [default: 100; of a rule 800]
    #[arg(long, value_name = "T", value_parser = positive)]
    pub steps: Option<usize>,
    /// Measure this learning rule instead, on the network of Murray (2019) and one thread
    #[arg(long, value_name = "RULE")]
    pub rule: Option<String>,
    /// When the rule changes weights
    #[arg(long, value_name = "WHEN", default_value = "trial", value_parser = ["trial", "step"], requires = "rule")]
    pub update: String,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// What to use
    #[command(flatten)]
    pub machine: Machine,
}

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if n > 0 => Ok(n),
        _ => Err("a whole number above zero is needed; left out, it has its default".to_string()),
    }
}

fn finite(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|x: &f64| x.is_finite()).ok_or_else(|| "a number is needed; for instance 1".to_string())
}

fn condition(text: &str) -> Result<(String, Vec<f64>), String> {
    let wanted = || "a name and a value are needed; for instance --condition coherence=16".to_string();
    let (name, values) = text.split_once('=').ok_or_else(wanted)?;
    let value = |v: &str| v.trim().parse().ok().filter(|x: &f64| x.is_finite()).ok_or_else(wanted);
    Ok((name.trim().to_string(), values.split(',').map(value).collect::<Result<_, _>>()?))
}

fn seed(text: &str) -> Result<u64, String> {
    // as far as TOML's whole numbers go
    match text.parse::<i64>() {
        Ok(n) if n >= 0 => Ok(n as u64),
        _ => Err("a seed is a whole number, 0 or more; for instance --seed 3".to_string()),
    }
}

fn updates(text: &str) -> Result<u64, String> {
    positive(text).map(|n| n as u64)
}

/// More than this is a slip of the keyboard.
const MOST_THREADS: usize = 1024;

fn threads(text: &str) -> Result<usize, String> {
    match positive(text)? {
        n if n <= MOST_THREADS => Ok(n),
        _ => Err(format!("at most {MOST_THREADS}; one a core is fastest")),
    }
}

fn time_step(text: &str) -> Result<Time, String> {
    let time = match text.trim().parse::<f64>() {
        Ok(bare) => ms(bare),
        Err(_) => text
            .parse::<Time>()
            .map_err(|e| format!("{}; {}", e.why.unwrap_or_default(), e.remedy.unwrap_or_default()))?,
    };
    if time.as_ms() > 0.0 && time.as_ms().is_finite() {
        Ok(time)
    } else {
        Err("a time step is longer than nothing; for instance 0.5, in milliseconds".to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_overview_names_every_command() {
        Args::command().debug_assert();
        for command in Args::command().get_subcommands() {
            let name = command.get_name();
            assert!(OVERVIEW.lines().any(|line| line.split_whitespace().next() == Some(name)), "{name}");
        }
    }

    #[test]
    fn every_command_shows_an_example() {
        for command in Args::command().get_subcommands() {
            let help = command.get_after_help().unwrap().to_string();
            assert!(help.contains(&format!("cogrnn {}", command.get_name())), "{}", command.get_name());
        }
    }

    #[test]
    fn a_time_step_has_a_unit_or_is_in_milliseconds() {
        assert_eq!(time_step("0.5"), Ok(ms(0.5)));
        assert_eq!(time_step("500 us"), Ok(ms(0.5)));
        assert!(
            time_step("0").is_err()
                && time_step("-1 ms").is_err()
                && time_step("inf").is_err()
                && time_step("5 km").is_err()
        );
    }
}
