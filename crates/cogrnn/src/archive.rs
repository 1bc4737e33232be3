//! Named arrays in one file: weights and checkpoints, in the safetensors format.
//!
//! Any safetensors reader opens it. What is not an array is text under the metadata key `cogrnn`,
//! with a checksum over everything, so that a damaged file is never taken for a network.

use cogrnn_core::error::{Error, Result};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, View};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// Named arrays and notes about them.
///
/// # Example: weights to bytes and back
/// ```
/// use cogrnn::archive::{Archive, Data, Tensor};
/// let mut archive = Archive::default();
/// archive.push("w_rec", &[2, 2], Data::F32(vec![0.0, 0.5, -0.5, 0.0]));
/// archive.meta.insert("order".into(), "W[post, pre]".into());
/// let bytes = archive.to_bytes()?;
/// let back = Archive::from_bytes("weights.safetensors", &bytes)?;
/// assert_eq!(back.f32s("w_rec")?, [0.0, 0.5, -0.5, 0.0]);
/// # Ok::<(), cogrnn_core::error::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Archive {
    /// Arrays; sorted by name when read.
    pub tensors: Vec<Tensor>,
    /// Whatever else there is to say.
    pub meta: BTreeMap<String, String>,
    /// What messages call the file it was read from.
    pub origin: String,
}

/// One array, rows first.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its name, unique within the archive.
    pub name: String,
    /// Length of each axis; none for a single number.
    pub shape: Vec<usize>,
    /// The last axis runs fastest.
    pub data: Data,
}

/// Numbers of one kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// Single precision.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
    /// Bytes: masks, flags.
    U8(Vec<u8>),
}

/// What stands under the metadata key `cogrnn`.
#[derive(Serialize, Deserialize)]
struct Note {
    checksum: String,
    meta: BTreeMap<String, String>,
}

const KEY: &str = "cogrnn";

impl Archive {
    /// Adds an array.
    pub fn push(&mut self, name: impl Into<String>, shape: &[usize], data: Data) {
        self.tensors.push(Tensor { name: name.into(), shape: shape.to_vec(), data });
    }

    /// The array of this name.
    ///
    /// # Errors
    /// If there is none.
    pub fn tensor(&self, name: &str) -> Result<&Tensor> {
        self.tensors.iter().find(|t| t.name == name).ok_or_else(|| {
            let names: Vec<&str> = self.tensors.iter().map(|t| t.name.as_str()).collect();
            self.blame(
                Error::input(format!("`{name}` is missing"))
                    .why(format!("it has: {}", names.join(", ")))
                    .remedy("was it written by another version of cogrnn?"),
            )
        })
    }

    /// The single-precision numbers of this name.
    ///
    /// # Errors
    /// If there are none, or they are of another kind.
    pub fn f32s(&self, name: &str) -> Result<&[f32]> {
        match &self.tensor(name)?.data {
            Data::F32(values) => Ok(values),
            other => Err(self.other_kind(name, other, "f32")),
        }
    }

    /// The double-precision numbers of this name.
    ///
    /// # Errors
    /// If there are none, or they are of another kind.
    pub fn f64s(&self, name: &str) -> Result<&[f64]> {
        match &self.tensor(name)?.data {
            Data::F64(values) => Ok(values),
            other => Err(self.other_kind(name, other, "f64")),
        }
    }

    /// The bytes of this name.
    ///
    /// # Errors
    /// If there are none, or they are of another kind.
    pub fn u8s(&self, name: &str) -> Result<&[u8]> {
        match &self.tensor(name)?.data {
            Data::U8(values) => Ok(values),
            other => Err(self.other_kind(name, other, "u8")),
        }
    }

    /// A note.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn note(&self, key: &str) -> Result<&str> {
        let found = self.meta.get(key).map(String::as_str);
        found.ok_or_else(|| {
            self.blame(
                Error::input(format!("the note `{key}` is missing"))
                    .why("a file of this sort has one")
                    .remedy("was it written by another version of cogrnn?"),
            )
        })
    }

    /// A note that is a number or the like.
    ///
    /// # Errors
    /// If there is none of this name, or it reads otherwise.
    pub fn parsed<T: std::str::FromStr>(&self, key: &str) -> Result<T> {
        let text = self.note(key)?;
        text.parse().map_err(|_| {
            self.blame(
                Error::input(format!("the note `{key}` is `{text}`"))
                    .why("it should read otherwise")
                    .remedy("was it written by another version of cogrnn?"),
            )
        })
    }

    /// Puts the name of the file into an error about its content.
    pub fn blame(&self, error: Error) -> Error {
        if self.origin.is_empty() { error } else { error.at(&self.origin) }
    }

    fn other_kind(&self, name: &str, found: &Data, needed: &str) -> Error {
        self.blame(
            Error::input(format!("`{name}` holds {}", found.kind()))
                .why(format!("{needed} is needed"))
                .remedy("was it written by another version of cogrnn?"),
        )
    }

    /// The content of the file; the same archive gives the same bytes.
    ///
    /// # Errors
    /// If a name is taken twice, or an array does not fill its shape.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut sorted: Vec<&Tensor> = self.tensors.iter().collect();
        sorted.sort_by(|a, b| a.name.cmp(&b.name));
        if let Some(pair) = sorted.windows(2).find(|p| p[0].name == p[1].name) {
            return Err(Error::input(format!("two arrays are called `{}`", pair[0].name))
                .why("an archive finds them by name")
                .remedy("rename one"));
        }
        if let Some(t) = sorted.iter().find(|t| t.shape.iter().product::<usize>() != t.data.len()) {
            return Err(Error::input(format!("`{}` has {} entries", t.name, t.data.len()))
                .why(format!("its shape is {:?}", t.shape))
                .remedy("this is a slip in the program: please report it"));
        }
        let note = Note { checksum: format!("{:016x}", checksum(&sorted, &self.meta)), meta: self.meta.clone() };
        let note = serde_json::to_string(&note).map_err(|e| cannot_pack(&e))?;
        let info = HashMap::from([(KEY.to_string(), note)]); // one key: its order cannot vary
        safetensors::serialize(sorted.into_iter().map(|t| (&t.name, t)), Some(info)).map_err(|e| cannot_pack(&e))
    }

    /// Reads what [`Archive::to_bytes`] wrote; messages call the file `origin`.
    ///
    /// # Errors
    /// If it was not written by cogrnn, was cut short, or is damaged.
    pub fn from_bytes(origin: impl Into<String>, bytes: &[u8]) -> Result<Archive> {
        let origin = origin.into();
        let failed = |found: Found| found.error().at(&origin);
        let found = intact(bytes).map_err(failed)?;
        let damaged = || failed(Found::Damaged);
        let (_, header) = SafeTensors::read_metadata(found).map_err(|_| damaged())?;
        let note = header.metadata().as_ref().and_then(|m| m.get(KEY)).ok_or_else(damaged)?;
        let note: Note = serde_json::from_str(note).map_err(|_| damaged())?;
        let file = SafeTensors::deserialize(found).map_err(|_| damaged())?;
        let mut tensors = file
            .iter()
            .map(|(name, view)| {
                let data = Data::from_le_bytes(view.dtype(), view.data()).ok_or_else(damaged)?;
                Ok(Tensor { name: name.to_string(), shape: view.shape().to_vec(), data })
            })
            .collect::<Result<Vec<_>>>()?;
        tensors.sort_by(|a, b| a.name.cmp(&b.name));
        let sum = checksum(&tensors.iter().collect::<Vec<_>>(), &note.meta);
        if note.checksum != format!("{sum:016x}") {
            return Err(damaged());
        }
        Ok(Archive { tensors, meta: note.meta, origin })
    }
}

fn cannot_pack(e: &dyn std::fmt::Display) -> Error {
    Error::machine("cannot pack the arrays")
        .why(e.to_string())
        .remedy("this is a slip in the program: please report it")
}

/// What else a file may be.
#[derive(Debug, PartialEq)]
enum Found {
    Foreign,
    CutShort,
    Damaged,
}

impl Found {
    fn error(self) -> Error {
        let backup = "use another copy, or train again: the same seed gives the same network";
        match self {
            Found::Foreign => Error::input("this is not a file of cogrnn")
                .why("it was not written by cogrnn")
                .remedy("give the folder of a run, as `cogrnn train` makes it"),
            Found::CutShort => Error::input("the file is cut short")
                .why("its end is missing, as after a broken copy or a full disk")
                .remedy(backup),
            Found::Damaged => {
                Error::input("the file is damaged").why("its content does not match its checksum").remedy(backup)
            }
        }
    }
}

/// Checks the frame: eight bytes of length, a header of that length, then what the header promises.
fn intact(bytes: &[u8]) -> std::result::Result<&[u8], Found> {
    // Either mark alone will do, for one of them may be what is damaged.
    let ours = |header: &[u8]| {
        [&b"\"cogrnn\""[..], b"checksum"].iter().any(|mark| header.windows(mark.len()).any(|w| w == *mark))
    };
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
        // A zero byte or two of a length say nothing; an empty file is what a full disk leaves.
        return Err(if bytes.is_empty() || bytes.len() > 2 && bytes[2..].iter().all(|b| *b == 0) {
            Found::CutShort
        } else {
            Found::Foreign
        });
    };
    let length = u64::from_le_bytes(*length) as usize;
    if rest.is_empty() && length < 1 << 32 {
        return Err(Found::CutShort); // else these eight bytes were no length
    }
    // The header as its brackets say, whatever its length says.
    let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<serde_json::Value>();
    let parsed = values.next();
    let end = values.byte_offset();
    let header = match parsed {
        Some(Ok(header)) if ours(&rest[..end]) => header,
        Some(Err(e))
            if e.is_eof() && (ours(rest) || !rest.is_empty() && b"{\"__metadata__\":{\"cogrnn\"".starts_with(rest)) =>
        {
            return Err(Found::CutShort);
        }
        Some(Err(_)) if ours(&rest[..rest.len().min(1 << 16)]) => return Err(Found::Damaged),
        _ => return Err(Found::Foreign),
    };
    let start = end.next_multiple_of(8);
    if length != start {
        return Err(if rest.len() < start { Found::CutShort } else { Found::Damaged });
    }
    let ends = header.as_object().into_iter().flatten().filter_map(|(_, t)| t.get("data_offsets")?.get(1)?.as_u64());
    let data = ends.max().unwrap_or(0) as usize;
    match rest.len().checked_sub(start) {
        Some(found) if found == data => Ok(bytes),
        Some(found) if found > data => Err(Found::Damaged),
        _ => Err(Found::CutShort),
    }
}

/// A change of any single word changes the sum: each step is a bijection of the sum so far.
fn checksum(sorted: &[&Tensor], meta: &BTreeMap<String, String>) -> u64 {
    let mut sum = 0xcbf2_9ce4_8422_2325; // FNV's offset and prime, here over words of eight bytes
    let mut word = |w: u64| {
        sum = (sum ^ w).wrapping_mul(0x0000_0100_0000_01b3);
        sum ^= sum >> 29;
    };
    let mut block = |bytes: &[u8]| {
        word(bytes.len() as u64);
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|w| word(u64::from_le_bytes(*w)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        word(u64::from_le_bytes(last));
    };
    for t in sorted {
        block(t.name.as_bytes());
        block(t.data.kind().as_bytes());
        t.shape.iter().for_each(|n| block(&n.to_le_bytes()));
        block(&t.data.to_le_bytes());
    }
    for (key, value) in meta {
        block(key.as_bytes());
        block(value.as_bytes());
    }
    sum
}

impl Data {
    /// How many numbers.
    pub fn len(&self) -> usize {
        match self {
            Data::F32(v) => v.len(),
            Data::F64(v) => v.len(),
            Data::U8(v) => v.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn kind(&self) -> &'static str {
        match self {
            Data::F32(_) => "f32",
            Data::F64(_) => "f64",
            Data::U8(_) => "u8",
        }
    }

    fn to_le_bytes(&self) -> Cow<'_, [u8]> {
        match self {
            Data::F32(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Data::F64(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Data::U8(v) => v.into(),
        }
    }

    fn from_le_bytes(dtype: Dtype, bytes: &[u8]) -> Option<Data> {
        Some(match dtype {
            Dtype::F32 => Data::F32(bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect()),
            Dtype::F64 => Data::F64(bytes.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect()),
            Dtype::U8 => Data::U8(bytes.to_vec()),
            _ => return None,
        })
    }
}

impl View for &Tensor {
    fn dtype(&self) -> Dtype {
        match self.data {
            Data::F32(_) => Dtype::F32,
            Data::F64(_) => Dtype::F64,
            Data::U8(_) => Dtype::U8,
        }
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        self.data.to_le_bytes()
    }

    fn data_len(&self) -> usize {
        let size = match self.data {
            Data::F32(_) => 4,
            Data::F64(_) => 8,
            Data::U8(_) => 1,
        };
        self.data.len() * size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Archive {
        let mut a = Archive::default();
        a.push("w_rec", &[2, 3], Data::F32(vec![0.1, -0.0, f32::MIN_POSITIVE, 1e30, f32::INFINITY, -2.5]));
        a.push("mask", &[3], Data::U8(vec![0, 1, 255]));
        a.push("best", &[], Data::F64(vec![std::f64::consts::PI]));
        a.push("none", &[0, 4], Data::F32(vec![]));
        a.meta.insert("updates".into(), "80".into());
        a.meta.insert("é \"quoted\"".into(), "line\nline".into());
        a
    }

    fn message(bytes: &[u8]) -> String {
        Archive::from_bytes("run/weights.safetensors", bytes).unwrap_err().to_string()
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        let mut back = Archive::from_bytes("f", &sample().to_bytes().unwrap()).unwrap();
        let mut first = sample();
        first.tensors.sort_by(|a, b| a.name.cmp(&b.name));
        back.origin = String::new();
        assert_eq!(back, first);
        assert_eq!(back.parsed::<u64>("updates").unwrap(), 80);
        assert_eq!(sample().to_bytes().unwrap(), back.to_bytes().unwrap());
    }

    #[test]
    fn not_a_number_keeps_its_bits() {
        let mut a = Archive::default();
        a.push("x", &[1], Data::F32(vec![f32::from_bits(0x7fc0_1234)]));
        let back = Archive::from_bytes("f", &a.to_bytes().unwrap()).unwrap();
        assert_eq!(back.f32s("x").unwrap()[0].to_bits(), 0x7fc0_1234);
    }

    #[test]
    fn every_cut_is_found() {
        let bytes = sample().to_bytes().unwrap();
        for length in 0..bytes.len() {
            let text = message(&bytes[..length]);
            assert!(text.contains("cut short") || (1..4).contains(&length), "at {length}: {text}");
        }
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let bytes = sample().to_bytes().unwrap();
        for i in 0..bytes.len() {
            for bit in 0..8 {
                let mut bad = bytes.clone();
                bad[i] ^= 1 << bit;
                // Spaces that pad the header carry nothing.
                if let Ok(read) = Archive::from_bytes("", &bad) {
                    assert_eq!(read, Archive::from_bytes("", &bytes).unwrap(), "byte {i} bit {bit}");
                    assert!(bytes[i] == b' ', "byte {i} bit {bit}");
                }
            }
        }
    }

    #[test]
    fn each_failure_has_its_words() {
        let bytes = sample().to_bytes().unwrap();
        let mut flipped = bytes.clone();
        *flipped.last_mut().unwrap() ^= 1;
        let longer = [&bytes[..], b"x"].concat();
        let foreign = safetensors::serialize(Vec::<(String, &Tensor)>::new(), None).unwrap();
        assert_eq!(message(&longer), message(&flipped));
        for not_ours in [&foreign[..], b"PK\x03\x04 a zip file", b"hello", b"{\"a\": 1}", &[0; 64]] {
            assert_eq!(message(not_ours), message(b"\x93NUMPY\x01\x00v"), "{not_ours:?}");
        }
        insta::assert_snapshot!([message(&bytes[..100]), message(&flipped), message(&foreign)].join("\n\n"), @r#"
        the file is cut short   [run/weights.safetensors]
        why  its end is missing, as after a broken copy or a full disk
        try  use another copy, or train again: the same seed gives the same network

        the file is damaged   [run/weights.safetensors]
        why  its content does not match its checksum
        try  use another copy, or train again: the same seed gives the same network

        this is not a file of cogrnn   [run/weights.safetensors]
        why  it was not written by cogrnn
        try  give the folder of a run, as `cogrnn train` makes it
        "#);
        let archive = Archive::from_bytes("run/weights.safetensors", &bytes).unwrap();
        insta::assert_snapshot!([archive.f32s("w_in").unwrap_err(), archive.f32s("mask").unwrap_err(), archive.note("seed").unwrap_err()].map(|e| e.to_string()).join("\n\n"), @r#"
        `w_in` is missing   [run/weights.safetensors]
        why  it has: best, mask, none, w_rec
        try  was it written by another version of cogrnn?

        `mask` holds u8   [run/weights.safetensors]
        why  f32 is needed
        try  was it written by another version of cogrnn?

        the note `seed` is missing   [run/weights.safetensors]
        why  a file of this sort has one
        try  was it written by another version of cogrnn?
        "#);
    }

    #[test]
    fn an_array_must_fill_its_shape() {
        let mut a = Archive::default();
        a.push("x", &[2, 2], Data::U8(vec![1]));
        assert!(a.to_bytes().unwrap_err().to_string().starts_with("`x` has 1 entries"));
        let mut a = sample();
        a.push("mask", &[0], Data::U8(vec![]));
        assert!(a.to_bytes().unwrap_err().to_string().starts_with("two arrays are called `mask`"));
    }
}
