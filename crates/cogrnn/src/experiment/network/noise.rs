//! `[inputs]` and `[noise]`: what inputs go through, and the noise of inputs and units.

use super::masks::square;
use crate::reader::{Document, Section};
use cogrnn_core::error::{Error, Result};
use cogrnn_core::settings::Settings;
use cogrnn_core::trials::{InputNoise, InputStage};
use cogrnn_core::units::ms;
use cogrnn_networks::rate::{Leak, UnitNoise, initial};

pub(super) fn read_inputs(document: &Document, channels: usize) -> Result<InputStage> {
    let mut section = document.section("inputs");
    // Song et al. 2016, table 1 and code
    let baseline = section.number("baseline", 0.2, "what every input shows by itself")?;
    let rectify = section.flag("rectify", true, "whether inputs are kept from going below zero")?;
    let tau = section.positive_time("tau", ms(100.0), "time constant in the scale of the noise")?;
    let noise = match covariance(&mut section, "noise", channels, "of the inputs' noise, instead of `noise`")? {
        Some(flat) => {
            let root = initial::root(&flat, channels).map_err(|e| section.blame("covariance", e))?;
            InputNoise::Correlated(root)
        }
        None => {
            let about = "stationary s.d.: one, or one for each input";
            InputNoise::Independent(deviations(&mut section, "noise", 0.01, channels, about)?)
        }
    };
    Ok(InputStage { baseline, rectify, tau, noise })
}

pub(super) fn read_noise(document: &Document, units: usize, leak: Leak) -> Result<UnitNoise> {
    let mut section = document.section("noise");
    let about =
        "size of disturbances of a unit's input current that come now and then, in place of other noise; 0: none do";
    let amplitude = section.number_in("perturbation", 0.0, 0.0, f64::INFINITY, about)?;
    if amplitude > 0.0 {
        for key in ["units", "tau", "covariance"] {
            section.ineffective(key, "`perturbation` takes the place of other noise")?;
        }
        // Miconi 2017: 3 Hz; code: uniform, from the fifth step on
        let about = "how many a second there are in each unit";
        let rate = section.number_in("perturbation_rate", 3.0, 1e-6, 1e6, about)?;
        let about = "whether they are uniform between plus and minus that size, or normal with it as s.d.";
        let normal = section.word("perturbation_kind", "uniform", &["uniform", "normal"], about)? == "normal";
        let after = section.time("perturbation_after", ms(4.0), "until when in a trial there is none")?;
        return Ok(UnitNoise::Sparse { amplitude, rate, normal, after });
    }
    for key in ["perturbation_rate", "perturbation_kind", "perturbation_after"] {
        section.ineffective(key, "`perturbation` is 0")?;
    }
    if let Some(flat) = covariance(&mut section, "units", units, "of the units' noise, instead of `units`")? {
        initial::root(&flat, units).map_err(|e| section.blame("covariance", e))?;
        section.ineffective("tau", "noise of a covariance has no memory")?;
        return Ok(UnitNoise::Correlated(flat));
    }
    let about = match leak {
        Leak::Potential => {
            "stationary s.d. of x: one, or one for each unit; with `tau`, s.d. of the noise inside the bracket of dt/tau"
        }
        Leak::Rate => {
            "s.d. that x would have if it leaked: one, or one for each unit; with `tau`, s.d. of the noise inside f"
        }
    };
    let sigma = deviations(&mut section, "units", 0.15, units, about)?;
    let about = "time constant of the noise, an Ornstein-Uhlenbeck process inside the bracket; left out, it is white";
    match section.optional_time("tau", about)? {
        None => Ok(UnitNoise::Independent(sigma)),
        Some(tau) if tau.as_ms() > 0.0 => Ok(UnitNoise::Coloured { sigma, tau }),
        Some(tau) => Err(section.blame(
            "tau",
            Error::input(format!("a time constant of {tau}"))
                .why("noise with a memory needs time to forget")
                .remedy("leave it out for white noise, or give for instance \"100 ms\""),
        )),
    }
}

/// A covariance that takes the place of the deviations under `instead`.
fn covariance(section: &mut Section<'_>, instead: &str, count: usize, about: &str) -> Result<Option<Vec<f64>>> {
    let Some(rows) = section.matrix("covariance", about)? else { return Ok(None) };
    section.ineffective(instead, "`covariance` says all of the noise")?;
    square(section, "covariance", rows, count).map(Some)
}

/// One value for all, or one for each of `count`.
pub(in crate::experiment) fn each<T: Clone>(
    section: &Section<'_>,
    key: &str,
    values: Vec<T>,
    count: usize,
) -> Result<Vec<T>> {
    match values.len() {
        1 => Ok(vec![values[0].clone(); count]),
        n if n == count => Ok(values),
        n => Err(section.blame(
            key,
            Error::input(format!("`{key}` has {n} entries"))
                .why(format!("{count} are needed"))
                .remedy("give one for all, or one for each"),
        )),
    }
}

fn deviations(
    section: &mut Section<'_>,
    key: &'static str,
    default: f64,
    count: usize,
    about: &'static str,
) -> Result<Vec<f64>> {
    let sigma = section.numbers(key, &[default], about)?;
    if let Some(bad) = sigma.iter().find(|s| !(**s >= 0.0 && s.is_finite())) {
        return Err(section.blame(
            key,
            Error::input(format!("a standard deviation of {bad}"))
                .why("it must be 0 or more")
                .remedy(format!("the default is {default}")),
        ));
    }
    each(section, key, sigma, count)
}
