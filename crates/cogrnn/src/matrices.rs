//! Matrices that lie in files of their own: masks and fixed weights made by another program.
//!
//! ```text
//! mask = "w_rec.csv"          numbers alone, one line a row: no header, no names
//! mask = "w_rec.npy"          numpy.save
//! mask = "wiring.npz"         numpy.savez: the array called as the setting, `mask`
//! mask = "wiring.npz#w_rec"   the array called `w_rec`
//! ```

use crate::files;
use crate::reader::nearest;
use cogrnn_core::error::{Error, Result};
use ndarray::{ArrayD, Ix2, IxDyn, OwnedRepr};
use ndarray_npy::{NpzReader, ReadNpyError, ReadNpyExt, ReadNpzError, ReadableElement};
use std::io::Cursor;
use std::path::{Path, PathBuf};

/// Rows of equal length.
type Matrix = Vec<Vec<f64>>;

/// Reads the file of this name; an npz file holds it under `array`, or under what follows a `#`.
///
/// # Errors
/// If there is no such file, or it holds no matrix of finite numbers.
pub fn read(folder: &Path, name: &str, array: &str) -> Result<Matrix> {
    let (file, array) = match name.rsplit_once('#') {
        Some((file, array)) if kind(file) == "npz" => (file, array),
        _ => (name, array),
    };
    let kind = kind(file);
    if !["csv", "npy", "npz"].contains(&kind.as_str()) {
        return Err(Error::input(format!("`{array}` is \"{name}\""))
            .why("a matrix is a list of rows, or the name of a .csv, .npy or .npz file")
            .remedy(format!("{array} = \"matrix.csv\"  or  {array} = [[0.0, 1.0], [1.0, 0.0]]")));
    }
    let source = Source { file, path: folder.join(file) };
    if !source.path.is_file() {
        return Err(source.missing(folder));
    }
    let bytes = files::read(&source.path)?;
    let matrix = match kind.as_str() {
        "csv" => source.csv(&bytes)?,
        "npy" => source.npy(&bytes)?,
        _ => source.npz(&bytes, array)?,
    };
    for (i, row) in matrix.iter().enumerate() {
        if let Some(j) = row.iter().position(|x| !x.is_finite()) {
            return Err(source.no_number(i, j, &row[j].to_string()));
        }
    }
    Ok(matrix)
}

/// What the name of a file ends in.
fn kind(file: &str) -> String {
    Path::new(file).extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// A file as the experiment names it, and where it lies.
struct Source<'a> {
    file: &'a str,
    path: PathBuf,
}

impl Source<'_> {
    fn csv(&self, bytes: &[u8]) -> Result<Matrix> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes); // spreadsheets put this mark first
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(bytes);
        let mut matrix: Matrix = Vec::new();
        for (i, record) in reader.records().enumerate() {
            let record = record.map_err(|e| self.unreadable(e.to_string()))?;
            let read = |(j, text): (usize, &str)| text.parse().map_err(|_| self.no_number(i, j, text));
            let row = record.iter().enumerate().map(read).collect::<Result<Vec<f64>>>()?;
            if let Some(first) = matrix.first()
                && first.len() != row.len()
            {
                return Err(Error::input(format!("row {i} of `{}` has {} entries", self.file, row.len()))
                    .why(format!("row 0 has {}, and the rows of a matrix are equally long", first.len()))
                    .remedy("rows are receiving units, columns are sending units"));
            }
            matrix.push(row);
        }
        Ok(matrix)
    }

    fn npy(&self, bytes: &[u8]) -> Result<Matrix> {
        self.numbers(&|kind| match kind {
            Kind::F64 => widen(ArrayD::<f64>::read_npy(bytes), |x| x),
            Kind::F32 => widen(ArrayD::<f32>::read_npy(bytes), f64::from),
            Kind::I64 => widen(ArrayD::<i64>::read_npy(bytes), |x| x as f64),
            Kind::I32 => widen(ArrayD::<i32>::read_npy(bytes), f64::from),
            Kind::I16 => widen(ArrayD::<i16>::read_npy(bytes), f64::from),
            Kind::U64 => widen(ArrayD::<u64>::read_npy(bytes), |x| x as f64),
            Kind::U32 => widen(ArrayD::<u32>::read_npy(bytes), f64::from),
            Kind::U16 => widen(ArrayD::<u16>::read_npy(bytes), f64::from),
            Kind::U8 => widen(ArrayD::<u8>::read_npy(bytes), f64::from),
            Kind::I8 => widen(ArrayD::<i8>::read_npy(bytes), f64::from),
            Kind::Bool => widen(ArrayD::<bool>::read_npy(bytes), |x| f64::from(u8::from(x))),
        })
    }

    fn npz(&self, bytes: &[u8], array: &str) -> Result<Matrix> {
        let mut npz = NpzReader::new(Cursor::new(bytes)).map_err(|e| self.unreadable(e.to_string()))?;
        let names = npz.names().map_err(|e| self.unreadable(e.to_string()))?;
        if !names.iter().any(|name| name == array) {
            let name = nearest(array, names.iter().map(String::as_str)).or(names.first().map(String::as_str));
            return Err(Error::input(format!("`{}` holds no array called `{array}`", self.file))
                .why(format!("it holds: {}", names.join(", ")))
                .remedy(format!("name one of them: \"{}#{}\"", self.file, name.unwrap_or("mask"))));
        }
        self.numbers(&|kind| match kind {
            Kind::F64 => entry::<f64>(bytes, array, |x| x),
            Kind::F32 => entry::<f32>(bytes, array, f64::from),
            Kind::I64 => entry::<i64>(bytes, array, |x| x as f64),
            Kind::I32 => entry::<i32>(bytes, array, f64::from),
            Kind::I16 => entry::<i16>(bytes, array, f64::from),
            Kind::U64 => entry::<u64>(bytes, array, |x| x as f64),
            Kind::U32 => entry::<u32>(bytes, array, f64::from),
            Kind::U16 => entry::<u16>(bytes, array, f64::from),
            Kind::U8 => entry::<u8>(bytes, array, f64::from),
            Kind::I8 => entry::<i8>(bytes, array, f64::from),
            Kind::Bool => entry::<bool>(bytes, array, |x| f64::from(u8::from(x))),
        })
    }

    /// The array as numbers of whichever kind it holds.
    fn numbers(&self, read: &dyn Fn(Kind) -> Result<ArrayD<f64>, ReadNpyError>) -> Result<Matrix> {
        use Kind::{Bool, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
        for kind in [F64, F32, I64, I32, I16, I8, U64, U32, U16, U8, Bool] {
            match read(kind) {
                Ok(array) => {
                    let shape: Vec<String> = array.shape().iter().map(usize::to_string).collect();
                    let array = array.into_dimensionality::<Ix2>().map_err(|_| {
                        Error::input(format!("`{}` holds no matrix", self.file))
                            .why(format!(
                                "a matrix has two, rows and columns; this array has the shape ({})",
                                shape.join(", ")
                            ))
                            .remedy("save a matrix W[post, pre]")
                    })?;
                    return Ok(array.rows().into_iter().map(|row| row.to_vec()).collect());
                }
                Err(ReadNpyError::WrongDescriptor(_)) => {}
                Err(error) => return Err(self.unreadable(error.to_string())),
            }
        }
        Err(Error::input(format!("`{}` holds no numbers that can be read", self.file))
            .why("it needs real numbers of 32 or 64 bits, integers or truth values")
            .remedy("save it as such: W.astype(float)"))
    }

    fn missing(&self, folder: &Path) -> Error {
        let why = match folder.as_os_str().is_empty() || Path::new(self.file).is_absolute() {
            true => "it is looked for at just this path".to_string(),
            false => format!("it is looked for in the folder of the experiment, as `{}`", self.path.display()),
        };
        Error::input(format!("there is no file `{}`", self.file))
            .why(why)
            .remedy("mend the path, or put the file there")
    }

    fn no_number(&self, row: usize, column: usize, text: &str) -> Error {
        let text = if text.is_empty() { "empty".to_string() } else { format!("`{text}`") };
        Error::input(format!("row {row}, column {column} of `{}` is {text}", self.file))
            .why("a finite number is needed; rows and columns are counted from 0")
            .remedy("leave out headers, names of rows and empty cells")
    }

    fn unreadable(&self, why: String) -> Error {
        Error::input(format!("`{}` cannot be read", self.file))
            .why(why)
            .remedy("is the file whole, and what its name says: .csv, .npy or .npz?")
    }
}

/// Kinds of numbers that NumPy writes.
#[derive(Clone, Copy)]
enum Kind {
    F64,
    F32,
    I64,
    I32,
    I16,
    I8,
    U64,
    U32,
    U16,
    U8,
    Bool,
}

fn widen<T: Clone>(
    array: Result<ArrayD<T>, ReadNpyError>,
    number: impl Fn(T) -> f64,
) -> Result<ArrayD<f64>, ReadNpyError> {
    array.map(|a| a.mapv(number))
}

fn entry<T: ReadableElement + Clone>(
    bytes: &[u8],
    array: &str,
    number: impl Fn(T) -> f64,
) -> Result<ArrayD<f64>, ReadNpyError> {
    let found = NpzReader::new(Cursor::new(bytes)).and_then(|mut npz| npz.by_name::<OwnedRepr<T>, IxDyn>(array));
    let found = found.map_err(|e| match e {
        ReadNpzError::Npy(e) => e,
        ReadNpzError::Zip(e) => ReadNpyError::Io(e.into()),
    });
    widen(found, number)
}
