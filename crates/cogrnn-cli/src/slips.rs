//! What was mistyped on the command line, told in four parts like every other error.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use cogrnn_core::error::Error;

/// In our words; `None` if it is no slip but a wish for help or the version.
pub fn told(slip: &clap::Error) -> Option<Error> {
    if !slip.use_stderr() || slip.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return None;
    }
    let words = |kind| match slip.get(kind) {
        Some(ContextValue::String(word)) => vec![word.clone()],
        Some(ContextValue::Strings(words)) => words.clone(),
        _ => vec![],
    };
    let word = |kind| words(kind).join(", ");
    let near = |kind| words(kind).first().map(|near| format!("did you mean `{near}`?"));
    // `--threads <N>`: the option alone
    let option = word(ContextKind::InvalidArg);
    let option = option.split(" <").next().unwrap_or_default().trim_matches(['<', '>']).to_string();
    let value = word(ContextKind::InvalidValue);
    let usage = match slip.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => usage.to_string().trim_start_matches("Usage:").trim().to_string(),
        _ => String::new(),
    };
    // `cogrnn train`: what of the usage is the command
    let command: Vec<&str> = usage.split(' ').take_while(|w| !w.starts_with(['<', '[', '-'])).collect();
    let command = if command.is_empty() { "cogrnn".to_string() } else { command.join(" ") };
    let help = format!("`{command} --help` shows what it takes");
    let error = match slip.kind() {
        ErrorKind::InvalidSubcommand => {
            Error::input(format!("`{}` is no command", word(ContextKind::InvalidSubcommand)))
                .why("the first word says what to do: list, show, check, train, resume, evaluate, record, …")
                .remedy(near(ContextKind::SuggestedSubcommand).unwrap_or("`cogrnn --help` shows them all".to_string()))
        }
        ErrorKind::UnknownArgument if !option.starts_with('-') => {
            Error::input(format!("`{option}` is one word too many")).why(format!("usage: {usage}")).remedy(help)
        }
        ErrorKind::UnknownArgument => Error::input(format!("`{option}` is not an option of `{command}`"))
            .why(format!("usage: {usage}"))
            .remedy(near(ContextKind::SuggestedArg).unwrap_or(help)),
        ErrorKind::MissingRequiredArgument => {
            Error::input(format!("`{command}` lacks {option}")).why(format!("usage: {usage}")).remedy(help)
        }
        ErrorKind::InvalidValue if value.is_empty() => Error::input(format!("`{option}` lacks its value"))
            .why("nothing follows it")
            .remedy("`cogrnn COMMAND --help` shows what it takes"),
        ErrorKind::InvalidValue => Error::input(format!("`{option}` is `{value}`"))
            .why(format!("it is one of {}", word(ContextKind::ValidValue)))
            .remedy(near(ContextKind::SuggestedValue).unwrap_or("choose one of these".to_string())),
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(slip).map_or_else(String::new, |e| e.to_string());
            let (why, remedy) = why.split_once("; ").unwrap_or((&why, "`cogrnn COMMAND --help` shows what it takes"));
            Error::input(format!("`{option}` is `{value}`")).why(why).remedy(remedy)
        }
        _ => {
            let text = slip.to_string();
            let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_string();
            Error::input(first).why(format!("usage: {usage}")).remedy(help)
        }
    };
    Some(error.at("command line"))
}
