use super::*;
use cogrnn_core::settings::Settings;
use cogrnn_core::units::{Time, ms};
use insta::assert_snapshot;

fn read(text: &str) -> Document {
    Document::parse(text, "experiment.toml", &[]).unwrap()
}

fn network(document: &Document) -> Result<(usize, Time)> {
    let mut n = document.section("network");
    let units = n.count("units", 100, "how many units")?;
    let tau = n.time("tau", ms(100.0), "time constant")?;
    Ok((units, tau))
}

fn ask(text: &str, over: &[&str]) -> Result<(usize, Time)> {
    let over: Vec<String> = over.iter().map(|s| s.to_string()).collect();
    let document = Document::parse(text, "experiment.toml", &over)?;
    let found = network(&document)?;
    document.finish()?;
    Ok(found)
}

fn message(text: &str, over: &[&str]) -> String {
    ask(text, over).unwrap_err().to_string()
}

#[test]
fn a_missing_section_is_all_defaults() {
    assert_eq!(ask("", &[]).unwrap(), (100, ms(100.0)));
}

#[test]
fn an_override_wins_and_may_be_bare_text() {
    assert_eq!(ask("[network]\nunits = 3", &["network.units=50", "network.tau=50 ms"]).unwrap(), (50, ms(50.0)));
    assert_eq!(ask("", &["network.tau=\"0.5 s\""]).unwrap(), (100, ms(500.0)));
}

#[test]
fn unknown_keys_name_the_nearest() {
    assert_snapshot!(message("[network]\ntau = \"1 s\"\nunit = 5\n", &[]), @r"
    `unit` is not a setting of [network]   [experiment.toml:3]
    why  it has: units, tau
    try  did you mean `units`?
    ");
    assert_snapshot!(message("[netwrk]\nunits = 5\n", &[]), @r"
    `[netwrk]` is not a section of an experiment   [experiment.toml:1]
    why  it has: network
    try  did you mean `network`?
    ");
    assert_snapshot!(message("tau = \"1 s\"\n[network]\ncolour = 5", &["network.nose.rec=0.1"]), @r"
    `tau` is not a setting outside a section   [experiment.toml:1]
    why  it has: network
    try  `tau` is a setting of [network]: move it there

    `colour` is not a setting of [network]   [experiment.toml:3]
    why  it has: units, tau
    try  remove it

    `nose` is not a section of [network]   [--set network.nose.rec=0.1]
    why  it has: units, tau
    try  remove it
    ");
}

#[test]
fn wrong_types_are_told_in_four_parts() {
    let cases = [
        "units = \"many\"",
        "units = -3",
        "units = 100.0",
        "units = 1.5",
        "units = [1]",
        "units = 99999999999999999999",
        "tau = 100",
        "tau = \"100\"",
        "tau = \"5 parsecs\"",
        "tau = true",
    ];
    let all: Vec<String> = cases.iter().map(|c| message(&format!("[network]\n{c}\n"), &[])).collect();
    assert_snapshot!(all.join("\n\n"), @r#"
    `units` is "many"   [experiment.toml:2]
    why  a whole number is needed, this is text
    try  units = 100

    `units` is -3   [experiment.toml:2]
    why  it counts something, so it is 0 or more
    try  units = 100

    `units` is 100.0   [experiment.toml:2]
    why  a whole number is needed, this has a decimal point or an exponent
    try  units = 100

    `units` is 1.5   [experiment.toml:2]
    why  a whole number is needed, this has a decimal point or an exponent
    try  units = 100

    `units` is [1]   [experiment.toml:2]
    why  a whole number is needed, this is a list
    try  units = 100

    `99999999999999999999` is too large   [experiment.toml:2]
    why  whole numbers go to 9223372036854775807
    try  with a decimal point it is a number, and may be as large as 1.8e308

    `tau` is 100   [experiment.toml:2]
    why  a time needs its unit, this is a bare number
    try  tau = "100 ms"  or  tau = "100 s"

    `tau` is "100"   [experiment.toml:2]
    why  it has no unit
    try  write a number and a unit: "20 ms", "0.5 s" or "50 us"

    `tau` is "5 parsecs"   [experiment.toml:2]
    why  `parsecs` is not a unit of time
    try  write a number and a unit: "20 ms", "0.5 s" or "50 us"

    `tau` is true   [experiment.toml:2]
    why  a time in quotes, with its unit, is needed, this is true or false
    try  tau = "100 ms"
    "#);
}

#[test]
fn a_section_given_as_a_value_is_refused() {
    assert_eq!(
        message("[[network]]\nunits = 5", &[]),
        "`network` is [{ … }]   [experiment.toml:1]\n\
         why  a section is needed, this is a list\n\
         try  [network] with its settings below it"
    );
    assert_snapshot!(message("network = 5", &[]), @r#"
    `network` is 5   [experiment.toml:1]
    why  a section is needed, this is a whole number
    try  [network] with its settings below it
    "#);
}

#[test]
fn overrides_are_blamed_as_typed() {
    let all = [
        "network.units=many",
        "network.tau=50",
        "network.units",
        "net work=3",
        "network.units=",
        "network.units=[1",
        "network.units.x=1",
    ];
    let all: Vec<String> = all.iter().map(|c| message("[network]\nunits = 3", &[c])).collect();
    assert_snapshot!(all.join("\n\n"), @r#"
    `units` is "many"   [--set network.units=many]
    why  a whole number is needed, this is text
    try  units = 100

    `tau` is 50   [--set network.tau=50]
    why  a time needs its unit, this is a bare number
    try  tau = "50 ms"  or  tau = "50 s"

    `network.units` sets nothing   [--set network.units]
    why  there is no `=` in it
    try  --set network.units=50

    `net work` is not the name of a setting   [--set net work=3]
    why  names are words joined by dots
    try  --set network.units=50

    a value is missing   [--set network.units=]
    why  nothing follows the `=`
    try  --set network.units=50, or --set network.name='""' for empty text

    `[1` cannot be read   [--set network.units=[1]
    why  unclosed array, expected `]`
    try  close what is open, and put '…' around it all for the shell

    `units` has no `x`   [--set network.units.x=1]
    why  `units` is 3 in the file (experiment.toml:2), not a section
    try  --set the whole of `units`, or make it a section
    "#);
}

#[test]
fn syntax_errors_have_their_line() {
    let all = [
        "[network]\nunits = = 5",
        "[network]\ntau = 50 ms",
        "[network\n",
        "units = 3\nunits = 4",
        "[network]\nname = rate",
        "a = \"b",
    ];
    let all: Vec<String> = all.iter().map(|c| message(c, &[])).collect();
    assert_snapshot!(all.join("\n\n"), @r#"
    `units = = 5` cannot be read   [experiment.toml:2]
    why  extra `=`, expected nothing
    try  lines read  key = value  or  [section]; text and times stand in quotes

    `tau = 50 ms` cannot be read   [experiment.toml:2]
    why  string values must be quoted, expected literal string
    try  put the time in quotes: "50 ms"

    `[network` cannot be read   [experiment.toml:1]
    why  unclosed table, expected `]`
    try  lines read  key = value  or  [section]; text and times stand in quotes

    `units = 4` cannot be read   [experiment.toml:2]
    why  duplicate key
    try  remove one of the two

    `name = rate` cannot be read   [experiment.toml:2]
    why  string values must be quoted, expected literal string
    try  put text in quotes: "rate"

    `a = "b` cannot be read   [experiment.toml:1]
    why  invalid basic string, expected `"`
    try  lines read  key = value  or  [section]; text and times stand in quotes
    "#);
}

#[test]
fn words_are_chosen_from_a_list() {
    let document = read("[network]\nnonlinearity = \"softplis\"");
    let error =
        document.section("network").word("nonlinearity", "softplus", &["softplus", "rectify"], "f").unwrap_err();
    assert_snapshot!(error, @r#"
    `nonlinearity` is "softplis"   [experiment.toml:2]
    why  it is one of softplus, rectify
    try  did you mean "softplus"?
    "#);
    let error = read("").section("task").required_word("name", &["a", "b"], "which task").unwrap_err();
    assert_snapshot!(error, @r#"
    `name` is missing in [task]   [experiment.toml]
    why  it says which task
    try  one of a, b
    "#);
}

#[test]
fn idle_settings_are_refused_where_given() {
    let document = read("[noise]\nrho = 0.5");
    let section = document.section("noise");
    assert!(section.ineffective("other", "…").is_ok());
    assert_snapshot!(section.ineffective("rho", "noise is white").unwrap_err(), @r#"
    `rho` has no effect here   [experiment.toml:2]
    why  noise is white
    try  remove it, or change what leaves it without effect
    "#);
    document.finish().unwrap(); // it was told once, and is not unknown
}

#[test]
fn ragged_matrices_are_refused() {
    let document = read("w = [[1, 2], [3]]\nv = [1, 2]\nu = [[1, \"x\"]]");
    let mut s = document.section("");
    let all = ["w", "v", "u"].map(|k| s.matrix(k, "a matrix").unwrap_err().to_string());
    assert_snapshot!(all.join("\n\n"), @r#"
    row 1 of `w` has 1 entries   [experiment.toml:1]
    why  row 0 has 2, and the rows of a matrix are equally long
    try  rows are receiving units, columns are sending units

    `v[0]` is 1   [experiment.toml:2]
    why  a row of numbers is needed, this is a whole number
    try  write [0.0, 1.0]

    `u[0]` is "x"   [experiment.toml:3]
    why  a number is needed, this is text
    try  write [0.0, 1.0]
    "#);
}

#[test]
fn a_default_at_fault_is_named_as_such() {
    let document = read("");
    let e = document.section("network").blame("units", Error::input("too few"));
    assert_eq!(e.to_string(), "too few   [experiment.toml, [network], default of `units`]");
}

fn ask_everything(document: &Document) -> String {
    let mut n = document.section("network");
    n.time("tau", ms(100.0), "time constant").unwrap();
    n.number("gain", 0.1 + 0.2, "").unwrap();
    n.number("tiny", 1e-9, "a small number").unwrap();
    n.number("bound", f64::INFINITY, "no bound").unwrap();
    n.flag("bias", true, "whether\nthere are biases").unwrap();
    n.word("f", "rectify", &["rectify", "softplus"], "nonlinearity").unwrap();
    n.optional_number("rho", "spectral radius").unwrap();
    n.optional_count("e", "excitatory units").unwrap();
    n.numbers("levels", &[1.0, 2.5], "some levels, a list that is longer than the usual width of it").unwrap();
    n.times("delays", &[ms(0.5), ms(1e3)], "delays").unwrap();
    n.text("note", "a \"quoted\"\nline \\ é \u{7}", "a note").unwrap();
    n.strings("marks", &["x", "y"], "marks").unwrap();
    n.matrix("w", "weights").unwrap();
    n.matrix("w2", "a small one").unwrap();
    for mut part in document.sections("part") {
        part.count("size", 1, "its size").unwrap();
    }
    document.section("network.noise").number("rec", 0.15, "noise").unwrap();
    document.section("").count("seed", 100, "the seed").unwrap();
    for name in document.section("free").subsections() {
        document.section("free").section(&name).number("x", 1.0, "x").unwrap();
    }
    document.finish().unwrap();
    document.resolved()
}

#[test]
fn the_resolved_experiment_resolves_to_itself() {
    let file = "
        network = { w = [[1, 2, 3.25, 1e-7, 5, 6, 7], [0.1, 0, 0, 0, 0, 0, 1234567.5], [9,8,7,6,5,4,3]], w2 = [[1]], e = 80, levels = 3 }
        [[part]]
        size = 2
        [[part]]
        [free.\"a b\"]
        [free.c]
        x = 5
    ";
    let first = ask_everything(&read(file));
    let second = ask_everything(&read(&first));
    assert_eq!(first, second);
    assert_snapshot!(first, @r#"
    seed = 100  # the seed

    [network]
    tau = "100 ms"                           # time constant
    gain = 0.30000000000000004
    tiny = 1e-9                              # a small number
    bound = inf                              # no bound
    bias = true                              # whether there are biases
    f = "rectify"                            # nonlinearity: rectify, softplus
    # rho =                                  # spectral radius
    e = 80                                   # excitatory units
    levels = [3.0]                           # some levels, a list that is longer than the usual width of it
    delays = ["0.5 ms", "1000 ms"]           # delays
    note = "a \"quoted\"\nline \\ é \u0007"  # a note
    marks = ["x", "y"]                       # marks
    w = [  # weights
        [1.0, 2.0, 3.25, 1e-7, 5.0, 6.0, 7.0],
        [0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 1234567.5],
        [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0],
    ]
    w2 = [[1.0]]                             # a small one

    [network.noise]
    rec = 0.15  # noise

    [[part]]
    size = 2  # its size

    [[part]]
    size = 1  # its size

    [free]

    [free."a b"]
    x = 1.0  # x

    [free.c]
    x = 5.0  # x
    "#);
}

#[test]
fn nothing_makes_the_reader_panic() {
    use proptest::prelude::*;
    proptest!(|(text in "(\\[{1,2}|\\]{1,2}|[a-c]|\\.|=|\"|'|[0-9]|-|\n| |\\{|\\}|,|#|é|e|_|x|inf|true){0,30}")| {
        for (file, over) in [(text.as_str(), vec![]), ("a = 1\n[b]\nc = 2", vec![text.clone()])] {
            if let Ok(document) = Document::parse(file, "f.toml", &over) {
                let mut s = document.section("a");
                let _ = s.matrix("b", "");
                let _ = document.section("").count("c", 1, "");
                document.sections("b");
                let _ = document.finish();
                document.resolved();
            }
        }
    });
}
