//! npz files that are larger than memory: NumPy arrays in a zip, written as they come.
//!
//! The arrays are stored, not compressed (noise does not compress), so how long each will be and where
//! it lies follows from its shape. Several grow side by side in one file, each at its own place, and
//! nothing is written twice. Sizes are those of Zip64, without its limit of 4 GB.

use crate::files::{self, Part};
use cogrnn_core::error::{Error, Result};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A number as NumPy knows it.
pub trait Number: Copy {
    /// NumPy's name of the type.
    const DESCR: &'static str;
    /// Bytes of one.
    const SIZE: usize;
    /// Appends the bytes, lowest first.
    fn append(self, bytes: &mut Vec<u8>);
}

macro_rules! numbers {
    ($($type:ty, $descr:literal;)*) => {$(
        impl Number for $type {
            const DESCR: &'static str = $descr;
            const SIZE: usize = size_of::<$type>();
            fn append(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }
        }
    )*};
}
numbers! { f32, "<f4"; f64, "<f8"; i64, "<i8"; }

/// An array that is being written.
struct Member {
    name: String,
    /// Where its local header starts.
    offset: u64,
    /// Bytes of its content.
    size: u64,
    /// Bytes written so far.
    written: u64,
    crc: crc32fast::Hasher,
}

/// Which array of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle(usize);

/// An npz file under way; it takes its name when it is finished, and leaves nothing behind if it is not.
pub struct Npz {
    path: PathBuf,
    part: Part,
    members: Vec<Member>,
    /// Where the next array goes.
    end: u64,
    /// Where the file stands.
    at: u64,
    bytes: Vec<u8>,
}

impl Npz {
    /// A new file, under another name for now.
    ///
    /// # Errors
    /// If no file can be made there.
    pub fn create(path: &Path) -> Result<Npz> {
        let part = files::begin(path)?;
        Ok(Npz { path: path.to_path_buf(), part, members: Vec::new(), end: 0, at: 0, bytes: Vec::new() })
    }

    /// Bytes that arrays of these names, numbers each and bytes a number, will take, about.
    pub fn size(arrays: &[(&str, usize, usize)]) -> u64 {
        arrays.iter().map(|(_, count, size)| (*count as u64) * (*size as u64) + 300).sum()
    }

    /// Room for an array, row-major, that is then filled from its start to its end.
    ///
    /// # Errors
    /// If the machine refuses.
    pub fn reserve<T: Number>(&mut self, name: &str, shape: &[usize]) -> Result<Handle> {
        let count: u64 = shape.iter().map(|n| *n as u64).product();
        let header = npy_header(T::DESCR, shape);
        let name = format!("{name}.npy");
        let member = Member {
            offset: self.end,
            size: header.len() as u64 + count * T::SIZE as u64,
            written: 0,
            crc: crc32fast::Hasher::new(),
            name,
        };
        self.end = member.content() + member.size;
        self.members.push(member);
        let handle = Handle(self.members.len() - 1);
        self.write(handle, &header)?;
        Ok(handle)
    }

    /// The next numbers of an array.
    ///
    /// # Errors
    /// If the machine refuses.
    pub fn append<T: Number>(&mut self, to: Handle, values: &[T]) -> Result<()> {
        self.append_from(to, values.iter().copied())
    }

    /// The same number many times.
    ///
    /// # Errors
    /// If the machine refuses.
    pub fn append_many<T: Number>(&mut self, to: Handle, value: T, count: usize) -> Result<()> {
        self.append_from(to, std::iter::repeat_n(value, count))
    }

    fn append_from<T: Number>(&mut self, to: Handle, mut values: impl Iterator<Item = T>) -> Result<()> {
        /// Numbers a piece: large enough for the disk, small beside everything else.
        const PIECE: usize = 1 << 16;
        let mut bytes = std::mem::take(&mut self.bytes);
        loop {
            bytes.clear();
            values.by_ref().take(PIECE).for_each(|v| v.append(&mut bytes));
            if bytes.is_empty() {
                break;
            }
            self.write(to, &bytes)?;
        }
        self.bytes = bytes;
        Ok(())
    }

    /// A whole array of one dimension.
    ///
    /// # Errors
    /// If the machine refuses.
    pub fn add<T: Number>(&mut self, name: &str, values: &[T]) -> Result<()> {
        let handle = self.reserve::<T>(name, &[values.len()])?;
        self.append(handle, values)
    }

    fn write(&mut self, to: Handle, bytes: &[u8]) -> Result<()> {
        let member = &mut self.members[to.0];
        debug_assert!(member.written + bytes.len() as u64 <= member.size, "`{}` holds no more", member.name);
        let place = member.content() + member.written;
        member.crc.update(bytes);
        member.written += bytes.len() as u64;
        put(&mut self.part, &mut self.at, place, bytes).map_err(|e| files::refusal("cannot write", &self.path, &e))
    }

    /// Gives the file its name; all arrays must be full. Returns its size.
    ///
    /// # Errors
    /// If the machine refuses.
    pub fn finish(mut self) -> Result<u64> {
        if let Some(short) = self.members.iter().find(|m| m.written != m.size) {
            return Err(Error::machine(format!("cannot finish `{}`", self.path.display()))
                .why(format!("`{}` has {} of {} bytes", short.name, short.written, short.size))
                .remedy("please report this and your command"));
        }
        let members = std::mem::take(&mut self.members);
        let count = members.len() as u64;
        let mut directory = Vec::new();
        let mut written = Ok(());
        for member in members {
            let (offset, local, central) = member.headers();
            directory.extend(central);
            written = written.and_then(|()| put(&mut self.part, &mut self.at, offset, &local));
        }
        directory.extend(ending(count, directory.len() as u64, self.end));
        let end = self.end;
        written
            .and_then(|()| put(&mut self.part, &mut self.at, end, &directory))
            .map_err(|e| files::refusal("cannot write", &self.path, &e))?;
        self.part.keep(&self.path)?;
        Ok(end + directory.len() as u64)
    }
}

impl std::fmt::Debug for Npz {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Npz {}", self.path.display())
    }
}

/// Writes at a place of the file.
fn put(part: &mut Part, at: &mut u64, place: u64, bytes: &[u8]) -> io::Result<()> {
    let file = part.file();
    if *at != place {
        file.seek(SeekFrom::Start(place))?;
    }
    file.write_all(bytes)?;
    *at = place + bytes.len() as u64;
    Ok(())
}

// The zip format: PKWARE's APPNOTE 6.3, sections 4.3 (records) and 4.5.3 (sizes of 64 bits).
const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END_64: u32 = 0x0606_4b50;
const LOCATOR_64: u32 = 0x0706_4b50;
const END: u32 = 0x0605_4b50;
/// The version that introduced 64 bits.
const VERSION: u16 = 45;
/// 1 January 1980: the same arrays make the same file, whenever they were written.
const DATE: u16 = 0x21;
/// "See the field of 64 bits."
const SEE_64: u32 = u32::MAX;

impl Member {
    /// Where its content starts: behind a local header of 30 bytes, the name and the sizes of 64 bits.
    fn content(&self) -> u64 {
        self.offset + 30 + self.name.len() as u64 + 20
    }

    /// Where the local header goes, it, and the entry of the directory.
    fn headers(self) -> (u64, Vec<u8>, Vec<u8>) {
        let crc = self.crc.finalize();
        let name = self.name.as_bytes();
        // needed version, flags, stored, time, date, checksum, two sizes, length of the name
        let mut common = Vec::new();
        for word in [VERSION, 0, 0, 0, DATE] {
            common.extend(word.to_le_bytes());
        }
        for double in [crc, SEE_64, SEE_64] {
            common.extend(double.to_le_bytes());
        }
        common.extend((name.len() as u16).to_le_bytes());

        let mut local = LOCAL.to_le_bytes().to_vec();
        local.extend(&common);
        local.extend(20u16.to_le_bytes());
        local.extend(name);
        extra(&mut local, &[self.size, self.size]);

        let mut central = CENTRAL.to_le_bytes().to_vec();
        central.extend(VERSION.to_le_bytes());
        central.extend(&common);
        // lengths of the extra field and the comment, disk, attributes (2 and 4 bytes)
        for word in [28u16, 0, 0, 0, 0, 0] {
            central.extend(word.to_le_bytes());
        }
        central.extend(SEE_64.to_le_bytes());
        central.extend(name);
        extra(&mut central, &[self.size, self.size, self.offset]);
        (self.offset, local, central)
    }
}

/// The field of 64 bits.
fn extra(to: &mut Vec<u8>, values: &[u64]) {
    to.extend(1u16.to_le_bytes());
    to.extend((8 * values.len() as u16).to_le_bytes());
    values.iter().for_each(|v| to.extend(v.to_le_bytes()));
}

/// What stands behind the directory.
fn ending(count: u64, size: u64, offset: u64) -> Vec<u8> {
    let mut end = END_64.to_le_bytes().to_vec();
    end.extend(44u64.to_le_bytes()); // what follows of this record
    end.extend(VERSION.to_le_bytes());
    end.extend(VERSION.to_le_bytes());
    end.extend([0; 8]); // all on one disk
    for value in [count, count, size, offset] {
        end.extend(value.to_le_bytes());
    }
    end.extend(LOCATOR_64.to_le_bytes());
    end.extend([0; 4]);
    end.extend((offset + size).to_le_bytes());
    end.extend(1u32.to_le_bytes());
    end.extend(END.to_le_bytes());
    end.extend([0; 4]);
    end.extend([0xFF; 12]); // counts, size and offset: see above
    end.extend([0; 2]);
    end
}

/// NumPy's header, version 1.0, a multiple of 64 bytes long.
fn npy_header(descr: &str, shape: &[usize]) -> Vec<u8> {
    let sizes: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}");
    let length = (10 + text.len() + 1).next_multiple_of(64);
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend(((length - 10) as u16).to_le_bytes());
    header.extend(text.as_bytes());
    header.resize(length - 1, b' ');
    header.push(b'\n');
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Array2};
    use ndarray_npy::NpzReader;

    #[test]
    fn arrays_that_grow_side_by_side_are_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.npz");
        let mut npz = Npz::create(&path).unwrap();
        let a = npz.reserve::<f32>("a", &[3, 2]).unwrap();
        let b = npz.reserve::<f64>("b", &[3]).unwrap();
        for row in 0..2u8 {
            npz.append(a, &[f32::from(row), -0.5]).unwrap();
            npz.append(b, &[f64::from(row) * 0.1]).unwrap();
        }
        npz.append_many(a, f32::NAN, 2).unwrap();
        npz.append(b, &[7.0]).unwrap();
        npz.add("empty", &[0i64; 0]).unwrap();
        npz.add("whole", &[-1i64, i64::MAX]).unwrap();
        assert!(!path.exists(), "not before it is finished");
        npz.finish().unwrap();

        let mut read = NpzReader::new(std::fs::File::open(&path).unwrap()).unwrap();
        assert_eq!(read.names().unwrap(), ["a", "b", "empty", "whole"]);
        let a: Array2<f32> = read.by_name("a").unwrap();
        assert_eq!(a.row(1).to_vec(), [1.0, -0.5]);
        assert!(a.row(2).iter().all(|x| x.is_nan()));
        assert_eq!(read.by_name::<ndarray::OwnedRepr<f64>, ndarray::Ix1>("b").unwrap().to_vec(), [0.0, 0.1, 7.0]);
        let empty: Array1<i64> = read.by_name("empty").unwrap();
        let whole: Array1<i64> = read.by_name("whole").unwrap();
        assert_eq!((empty.len(), whole.to_vec()), (0, vec![-1, i64::MAX]));
    }

    #[test]
    fn what_is_not_finished_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut npz = Npz::create(&dir.path().join("a.npz")).unwrap();
        npz.reserve::<f32>("a", &[2]).unwrap();
        assert!(npz.finish().unwrap_err().why.unwrap().contains("`a.npy` has"));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    /// Python's own zip reader is another program than the one above.
    #[test]
    fn python_finds_the_checksums_right() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.npz");
        let mut npz = Npz::create(&path).unwrap();
        npz.add("a", &(0..100_000).map(f64::from).collect::<Vec<_>>()).unwrap();
        npz.add("b", &[1i64]).unwrap();
        npz.finish().unwrap();
        let test =
            "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(z.namelist())";
        match std::process::Command::new("python3").args(["-c", test]).arg(&path).output() {
            Ok(out) => {
                let said = String::from_utf8_lossy(&out.stdout).trim().to_string();
                assert_eq!(said, "['a.npy', 'b.npy']", "{}", String::from_utf8_lossy(&out.stderr));
            }
            Err(e) => println!("skipped: no Python here ({e})"),
        }
    }
}
