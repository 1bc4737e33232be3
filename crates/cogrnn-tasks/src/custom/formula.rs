//! Formulas of a task file: numbers worked out from constants and conditions.
//!
//! ```text
//! value      = or [ "if" or "else" value ]          weakest first, as in Python
//! or         = and { "||" and }
//! and        = comparison { "&&" comparison }
//! comparison = sum [ ("==" | "!=" | "<" | "<=" | ">" | ">=") sum ]
//! sum        = product { ("+" | "-") product }
//! product    = sign { ("*" | "/" | "%") sign }
//! sign       = "-" sign | power
//! power      = atom [ "^" sign ]
//! atom       = number | name | function "(" value ")" | "(" value ")"
//! ```
//!
//! All numbers are real; a comparison is 1 or 0, and whatever is not 0 holds.

use cogrnn_core::error::{Error, Result};

/// A formula such as `0.5 + 0.016 * in_out * coherence` or `high if choice == 0 else low`.
#[derive(Clone, Debug)]
pub struct Formula {
    text: String,
    root: Node,
}

#[derive(Clone, Debug)]
enum Node {
    Number(f64),
    Name(String),
    Call(fn(f64) -> f64, Box<Node>),
    Binary(fn(f64, f64) -> f64, Box<(Node, Node)>),
    /// Condition, value if it holds, value if not.
    Choice(Box<(Node, Node, Node)>),
}

/// What a formula may use, for messages.
const HELP: &str = "a formula has numbers, names, + - * / % ^, comparisons, && and ||, `a if b else c`, PI, and the \
                    functions abs, sign, floor, ceil, round, sqrt, exp, log, sin, cos, tan, tanh";

/// Parentheses and signs within each other; more would be no formula that somebody wrote.
const DEEPEST: usize = 100;

/// Words and signs of a formula: a long sum is worked out term within term.
const LONGEST: usize = 2000;

fn function(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "abs" => f64::abs,
        "sign" => |a| {
            if a > 0.0 {
                1.0
            } else if a < 0.0 {
                -1.0
            } else {
                0.0
            }
        },
        "floor" => f64::floor,
        "ceil" => f64::ceil,
        "round" => libm::rint,
        "sqrt" => f64::sqrt,
        "exp" => libm::exp,
        "log" => libm::log,
        "sin" => libm::sin,
        "cos" => libm::cos,
        "tan" => libm::tan,
        "tanh" => libm::tanh,
        _ => return None,
    })
}

fn yes(is: bool) -> f64 {
    f64::from(u8::from(is))
}

/// Levels of binary operators, weakest first.
type Level = &'static [(&'static str, fn(f64, f64) -> f64)];
const OR: Level = &[("||", |a, b| yes(a != 0.0 || b != 0.0))];
const AND: Level = &[("&&", |a, b| yes(a != 0.0 && b != 0.0))];
const COMPARISON: Level = &[
    ("==", |a, b| yes(a == b)),
    ("!=", |a, b| yes(a != b)),
    ("<=", |a, b| yes(a <= b)),
    (">=", |a, b| yes(a >= b)),
    ("<", |a, b| yes(a < b)),
    (">", |a, b| yes(a > b)),
];
const SUM: Level = &[("+", |a, b| a + b), ("-", |a, b| a - b)];
// % has the sign of the divisor, as in Python
const PRODUCT: Level = &[("*", |a, b| a * b), ("/", |a, b| a / b), ("%", |a, b| a - b * (a / b).floor())];
const LEVELS: [Level; 5] = [OR, AND, COMPARISON, SUM, PRODUCT];

/// Words and signs of a formula, taken one by one.
struct Reader<'t> {
    tokens: Vec<&'t str>,
    next: usize,
    depth: usize,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> std::result::Result<Reader<'t>, String> {
        let mut tokens = Vec::new();
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = if first.is_ascii_digit() || first == '.' {
                number_length(rest)
            } else if first.is_alphabetic() || first == '_' {
                rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len())
            } else if ["||", "&&", "==", "!=", "<=", ">="].iter().any(|op| rest.starts_with(op)) {
                2
            } else if "<>+-*/%^()".contains(first) {
                1
            } else {
                return Err(match first {
                    '=' => "`=` compares nothing; two values are compared by `==`".to_string(),
                    '|' | '&' => format!("`{first}` stands alone; write `{first}{first}`"),
                    _ => format!("`{first}` has no meaning in a formula"),
                });
            };
            if tokens.len() == LONGEST {
                return Err(format!("it has more than {LONGEST} words and signs"));
            }
            tokens.push(&rest[..length]);
            rest = rest[length..].trim_start();
        }
        Ok(Reader { tokens, next: 0, depth: 0 })
    }

    fn peek(&self) -> Option<&'t str> {
        self.tokens.get(self.next).copied()
    }

    fn take(&mut self, wanted: &str) -> bool {
        let found = self.peek() == Some(wanted);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, wanted: &str) -> std::result::Result<(), String> {
        if self.take(wanted) { Ok(()) } else { Err(format!("`{wanted}` is missing before {}", self.here())) }
    }

    fn here(&self) -> String {
        self.peek().map_or_else(|| "the end".to_string(), |t| format!("`{t}`"))
    }

    fn deeper(&mut self) -> std::result::Result<(), String> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(format!("it is nested more than {DEEPEST} deep")) } else { Ok(()) }
    }

    fn value(&mut self) -> std::result::Result<Node, String> {
        self.deeper()?;
        let first = self.level(0)?;
        let node = if self.take("if") {
            let condition = self.level(0)?;
            self.expect("else")?;
            Node::Choice(Box::new((condition, first, self.value()?)))
        } else {
            first
        };
        self.depth -= 1;
        Ok(node)
    }

    fn level(&mut self, level: usize) -> std::result::Result<Node, String> {
        let Some(operators) = LEVELS.get(level) else { return self.sign() };
        let mut left = self.level(level + 1)?;
        let mut compared = false;
        while let Some((name, apply)) = operators.iter().find(|(name, _)| self.peek() == Some(name)) {
            if level == 2 && compared {
                return Err(format!("`{name}` compares a comparison; join two comparisons by &&"));
            }
            compared = true;
            self.next += 1;
            left = Node::Binary(*apply, Box::new((left, self.level(level + 1)?)));
        }
        Ok(left)
    }

    fn sign(&mut self) -> std::result::Result<Node, String> {
        self.deeper()?;
        let node = if self.take("-") {
            Node::Call(|a| -a, Box::new(self.sign()?))
        } else {
            let base = self.atom()?;
            if self.take("^") { Node::Binary(libm::pow, Box::new((base, self.sign()?))) } else { base }
        };
        self.depth -= 1;
        Ok(node)
    }

    fn atom(&mut self) -> std::result::Result<Node, String> {
        let here = self.here();
        let Some(token) = self.peek() else { return Err("it ends where a value is expected".to_string()) };
        self.next += 1;
        if token == "(" {
            let inner = self.value()?;
            self.expect(")")?;
            return Ok(inner);
        }
        if token.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            return token.parse().map(Node::Number).map_err(|_| format!("{here} is not a number"));
        }
        if !token.starts_with(|c: char| c.is_alphabetic() || c == '_') || token == "if" || token == "else" {
            return Err(format!("{here} stands where a value is expected"));
        }
        if self.peek() == Some("(") {
            let Some(function) = function(token) else { return Err(format!("there is no function {here}")) };
            self.next += 1;
            let inner = self.value()?;
            self.expect(")")?;
            return Ok(Node::Call(function, Box::new(inner)));
        }
        Ok(if token == "PI" { Node::Number(std::f64::consts::PI) } else { Node::Name(token.to_string()) })
    }
}

/// Digits, a point, an exponent.
fn number_length(text: &str) -> usize {
    let digits = |from: usize| text[from..].find(|c: char| !c.is_ascii_digit()).map_or(text.len(), |n| from + n);
    let mut end = digits(0);
    if text[end..].starts_with('.') {
        end = digits(end + 1);
    }
    if text[end..].starts_with(['e', 'E']) {
        let signed = end + 1 + usize::from(text[end + 1..].starts_with(['+', '-']));
        let last = digits(signed);
        if last > signed {
            end = last;
        }
    }
    end
}

impl Node {
    fn names<'n>(&'n self, all: &mut Vec<&'n str>) {
        match self {
            Node::Number(_) => {}
            Node::Name(name) => all.push(name),
            Node::Call(_, inner) => inner.names(all),
            Node::Binary(_, pair) => [&pair.0, &pair.1].into_iter().for_each(|n| n.names(all)),
            Node::Choice(three) => [&three.0, &three.1, &three.2].into_iter().for_each(|n| n.names(all)),
        }
    }

    fn value(&self, look_up: &dyn Fn(&str) -> Option<f64>) -> f64 {
        match self {
            Node::Number(x) => *x,
            Node::Name(name) => look_up(name).unwrap_or(f64::NAN),
            Node::Call(function, inner) => function(inner.value(look_up)),
            Node::Binary(apply, pair) => apply(pair.0.value(look_up), pair.1.value(look_up)),
            Node::Choice(three) => {
                let condition = three.0.value(look_up);
                match condition.is_nan() {
                    true => f64::NAN,
                    false if condition != 0.0 => three.1.value(look_up),
                    false => three.2.value(look_up),
                }
            }
        }
    }
}

impl Formula {
    /// Reads a formula that may use these names.
    ///
    /// # Errors
    /// A formula that cannot be read, or that uses another name.
    pub fn new(text: &str, names: &[&str]) -> Result<Formula> {
        let unreadable = |why: String| {
            // nobody reads a message of a thousand lines
            let shown: String = text.chars().take(200).collect();
            let dots = if shown.len() < text.len() { " …" } else { "" };
            Error::input(format!("the formula `{shown}{dots}` cannot be read")).why(why).remedy(HELP)
        };
        if text.trim().is_empty() {
            return Err(unreadable("it is empty".into()));
        }
        let mut reader = Reader::new(text).map_err(unreadable)?;
        let root = reader.value().map_err(unreadable)?;
        if reader.peek().is_some() {
            return Err(unreadable(format!("{} stands where an operator is expected", reader.here())));
        }
        let mut used = Vec::new();
        root.names(&mut used);
        for name in used {
            if !names.contains(&name) {
                let alike = |other: &&&str| strsim::jaro_winkler(name, other);
                let near = names.iter().max_by(|a, b| alike(a).total_cmp(&alike(b))).filter(|n| alike(n) > 0.8);
                let known = if names.is_empty() { "there are no names yet".to_string() } else { names.join(", ") };
                return Err(Error::input(format!("the formula `{text}` has an unknown name, `{name}`"))
                    .why(format!("known here: {known}"))
                    .remedy(match near {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "give it as a condition, a column or a constant".to_string(),
                    }));
            }
        }
        Ok(Formula { text: text.to_string(), root })
    }

    /// Its value, each name looked up in `value`.
    ///
    /// # Errors
    /// A value that is no finite number: a division by 0, a root of a negative number.
    pub fn value(&self, value: impl Fn(&str) -> Option<f64>) -> Result<f64> {
        let found = self.root.value(&value);
        if found.is_finite() {
            return Ok(found);
        }
        let mut names = Vec::new();
        self.root.names(&mut names);
        names.dedup();
        let at: Vec<String> = names.iter().map(|n| format!("{n} = {}", value(n).unwrap_or(f64::NAN))).collect();
        let place = if at.is_empty() { String::new() } else { format!(" with {}", at.join(", ")) };
        Err(Error::input(format!("the formula `{}` has no value{place}", self.text))
            .why("it does not come to a finite number there")
            .remedy("`a if b else c` gives another value where a formula has none"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, names: &[(&str, f64)]) -> f64 {
        let known: Vec<&str> = names.iter().map(|(n, _)| *n).collect();
        let formula = Formula::new(text, &known).unwrap();
        formula.value(|n| names.iter().find(|(k, _)| *k == n).map(|(_, v)| *v)).unwrap()
    }

    #[test]
    fn operators_bind_as_in_python() {
        for (text, expected) in [
            ("1/11", 1.0 / 11.0),
            ("7/2 + x*1e3", 4003.5),
            ("1 - x - 2", -5.0),
            ("x/2*3", 6.0),
            ("-7 % 3", 2.0),
            ("2 + 3 * x ^ 2", 50.0),
            ("-x^2", -16.0),
            ("2^-1", 0.5),
            ("2^3^2", 512.0),
            (".5 + 2.e1", 20.5),
            ("x == 3 || x == 4", 1.0),
            ("x == 3 || x == 5", 0.0),
            ("x > 3 && x < 5", 1.0),
            ("x > 4 || x < 5 && x > 3", 1.0),
            ("x + 1 == 5", 1.0),
            ("abs(x - 6) <= 1", 0.0),
            ("1 + 2 if x > 3 else 5 + 1", 3.0),
            ("1 + 2 if x > 4 else 5 + 1", 6.0),
            // a true, b false; a false, b true; both; none
            ("1 if x > 3 else 2 if x > 5 else 3", 1.0),
            ("1 if x > 5 else 2 if x > 3 else 3", 2.0),
            ("1 if x > 3 else 2 if x > 3 else 3", 1.0),
            ("1 if x > 5 else 2 if x > 6 else 3", 3.0),
            ("(1 if x > 5 else 2) + 1", 3.0),
            ("0 if x > 3 || x < 0 else 1", 0.0),
            ("cos(PI) + sqrt(x)", 1.0),
        ] {
            assert_eq!(value(text, &[("x", 4.0)]), expected, "{text}");
        }
    }

    #[test]
    fn names_may_begin_like_operators() {
        let names = [("iffy", 2.0), ("signal", 3.0), ("exponent", 5.0), ("else_where", 7.0), ("PIN", 11.0)];
        assert_eq!(value("iffy * signal + exponent * else_where - PIN", &names), 30.0);
        assert_eq!(value("high if choice == 0 else low", &[("choice", 1.0), ("high", 1.2), ("low", 0.2)]), 0.2);
    }

    #[test]
    fn a_formula_that_would_overflow_the_stack_is_refused() {
        let ones = |n: usize| vec!["1"; n].join("+");
        assert_eq!(value(&ones(1000), &[]), 1000.0);
        let e = Formula::new(&ones(1_000_000), &[]).unwrap_err();
        assert!(e.why.unwrap().contains("more than 2000") && e.what.len() < 300);
    }

    #[test]
    fn mistakes_are_told() {
        let e = Formula::new("0.5 + coherense", &["coherence"]).unwrap_err();
        assert_eq!(e.remedy.unwrap(), "did you mean `coherence`?");
        assert!(
            Formula::new("3 +", &[]).is_err() && Formula::new(" ", &[]).is_err() && Formula::new("f(", &[]).is_err()
        );
        let e = Formula::new("1/x", &["x"]).unwrap().value(|_| Some(0.0)).unwrap_err();
        assert!(e.what.contains("with x = 0"), "{}", e.what);
    }
}
