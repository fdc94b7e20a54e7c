//! The boxes of a HEIF file (ISO/IEC 14496-12 and 23008-12): which items there are, what is said of them, and where their bytes lie.

use std::borrow::Cow;
use std::collections::HashMap;

/// A box's or item's kind.
pub(super) type Kind = [u8; 4];

/// The items of a file.
#[derive(Default)]
pub(super) struct Items<'a> {
    bytes: &'a [u8],
    /// The item that is shown.
    pub(super) primary: u32,
    kinds: HashMap<u32, Kind>,
    places: HashMap<u32, Place>,
    references: Vec<Reference>,
    properties: Vec<(Kind, &'a [u8])>,
    associations: HashMap<u32, Vec<usize>>,
    /// Small items lie in here.
    data: &'a [u8],
}

struct Reference {
    kind: Kind,
    from: u32,
    to: u32,
}

struct Place {
    /// In the `idat` box, not counted from the file's beginning.
    inside: bool,
    /// Where each piece begins, and its length; 0 is up to the end.
    pieces: Vec<(u64, u64)>,
}

impl<'a> Items<'a> {
    /// Reads them. `None` if the file breaks off or is not understood.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut items = Self { bytes, ..Self::default() };
        let (_, meta) = boxes(bytes).find(|(kind, _)| kind == b"meta")?;
        for (kind, body) in boxes(meta.get(4..)?) {
            match &kind {
                b"pitm" => items.primary = Reader::full(body)?.id()?,
                b"iinf" => items.read_kinds(body)?,
                b"iloc" => items.read_places(body)?,
                b"iref" => items.read_references(body)?,
                b"iprp" => items.read_properties(body)?,
                b"idat" => items.data = body,
                _ => {}
            }
        }
        Some(items)
    }

    pub(super) fn kind(&self, item: u32) -> Option<Kind> {
        self.kinds.get(&item).copied()
    }

    /// What is said of an item, in the order in which it is to be done.
    pub(super) fn properties(&self, item: u32) -> impl Iterator<Item = (Kind, &'a [u8])> {
        let associated = self.associations.get(&item).map(Vec::as_slice).unwrap_or_default();
        associated.iter().filter_map(|index| self.properties.get(*index).copied())
    }

    pub(super) fn property(&self, item: u32, wanted: &Kind) -> Option<&'a [u8]> {
        self.properties(item).find(|(kind, _)| kind == wanted).map(|(_, body)| body)
    }

    /// The items that an item refers to.
    pub(super) fn referred(&self, kind: &Kind, from: u32) -> impl Iterator<Item = u32> {
        self.references.iter().filter(move |one| one.from == from && one.kind == *kind).map(|one| one.to)
    }

    /// The items that refer to an item.
    pub(super) fn referring(&self, kind: &Kind, to: u32) -> impl Iterator<Item = u32> {
        self.references.iter().filter(move |one| one.to == to && one.kind == *kind).map(|one| one.from)
    }

    /// An item's bytes.
    pub(super) fn bytes(&self, item: u32) -> Option<Cow<'a, [u8]>> {
        let place = self.places.get(&item)?;
        let within = if place.inside { self.data } else { self.bytes };
        let piece = |&(start, length): &(u64, u64)| {
            let rest = within.get(usize::try_from(start).ok()?..)?;
            if length == 0 { Some(rest) } else { rest.get(..usize::try_from(length).ok()?) }
        };
        if let [only] = place.pieces.as_slice() {
            return piece(only).map(Cow::Borrowed);
        }
        let mut bytes = Vec::new();
        for one in &place.pieces {
            bytes.extend_from_slice(piece(one)?);
            // Pieces may lie over each other, but an item is not larger than its file.
            if bytes.len() > within.len() {
                return None;
            }
        }
        Some(Cow::Owned(bytes))
    }

    fn read_kinds(&mut self, body: &'a [u8]) -> Option<()> {
        let entries = body.get(if *body.first()? == 0 { 6 } else { 8 }..)?;
        for (_, entry) in boxes(entries).filter(|(kind, _)| kind == b"infe") {
            let mut reader = Reader::full(entry)?;
            let item = if reader.version < 3 { u32::from(reader.u16()?) } else { reader.u32()? };
            reader.u16()?;
            self.kinds.insert(item, reader.u32()?.to_be_bytes());
        }
        Some(())
    }

    fn read_places(&mut self, body: &'a [u8]) -> Option<()> {
        let mut reader = Reader::full(body)?;
        let sizes = reader.u16()?;
        let [offset, length, base, index] = [12, 8, 4, 0].map(|shift| (sizes >> shift & 15) as usize);
        let long = reader.version == 2;
        let count = if long { reader.u32()? } else { reader.u16()?.into() };
        for _ in 0..count {
            let item = if long { reader.u32()? } else { reader.u16()?.into() };
            let method = if reader.version == 0 { 0 } else { reader.u16()? & 15 };
            // Data in other files is not fetched, nor is that made of other items, which no writer is known to use.
            let readable = reader.u16()? == 0 && method < 2;
            let start = reader.number(base)?;
            let mut pieces = Vec::new();
            for _ in 0..reader.u16()? {
                if reader.version > 0 {
                    reader.number(index)?;
                }
                pieces.push((start.checked_add(reader.number(offset)?)?, reader.number(length)?));
            }
            if readable {
                self.places.insert(item, Place { inside: method == 1, pieces });
            }
        }
        Some(())
    }

    fn read_references(&mut self, body: &'a [u8]) -> Option<()> {
        let version = *body.first()?;
        for (kind, body) in boxes(body.get(4..)?) {
            let mut reader = Reader { version, bytes: body };
            let from = reader.id()?;
            for _ in 0..reader.u16()? {
                let to = reader.id()?;
                self.references.push(Reference { kind, from, to });
            }
        }
        Some(())
    }

    fn read_properties(&mut self, body: &'a [u8]) -> Option<()> {
        for (kind, body) in boxes(body) {
            match &kind {
                b"ipco" => self.properties = boxes(body).collect(),
                b"ipma" => {
                    let wide = body.get(3)? & 1 == 1;
                    let mut reader = Reader::full(body)?;
                    for _ in 0..reader.u32()? {
                        let item = reader.id()?;
                        for _ in 0..reader.number(1)? {
                            // The highest bit says that it must be understood; numbers begin at 1, and 0 is none.
                            let index = if wide { reader.u16()? & 0x7FFF } else { reader.number(1)? as u16 & 0x7F };
                            let indices = self.associations.entry(item).or_default();
                            indices.extend(usize::from(index).checked_sub(1));
                        }
                    }
                }
                _ => {}
            }
        }
        Some(())
    }
}

/// The boxes that lie side by side in some bytes, up to the first that breaks off.
fn boxes(mut bytes: &[u8]) -> impl Iterator<Item = (Kind, &[u8])> {
    std::iter::from_fn(move || {
        let mut reader = Reader { version: 0, bytes };
        let short = reader.u32()?;
        let kind = reader.u32()?.to_be_bytes();
        let (header, length) = match short {
            0 => (8, bytes.len()),
            1 => (16, usize::try_from(reader.number(8)?).ok()?),
            length => (8, length as usize),
        };
        let body = bytes.get(header..length)?;
        bytes = &bytes[length..];
        Some((kind, body))
    })
}

/// Reads numbers, the highest byte first.
pub(super) struct Reader<'a> {
    version: u8,
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { version: 0, bytes }
    }

    /// A box that begins with its version and flags.
    fn full(bytes: &'a [u8]) -> Option<Self> {
        Some(Self { version: *bytes.first()?, bytes: bytes.get(4..)? })
    }

    pub(super) fn number(&mut self, length: usize) -> Option<u64> {
        let (number, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(number.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.number(2).map(|number| number as u16)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.number(4).map(|number| number as u32)
    }

    /// An item's number, which is longer in later versions.
    fn id(&mut self) -> Option<u32> {
        if self.version == 0 { self.u16().map(u32::from) } else { self.u32() }
    }
}
