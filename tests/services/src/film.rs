//! Videos for tests, made box by box, so that nothing that reads them has written them.

/// A video that is to be made. It has no pictures, only what is said of them.
#[derive(Debug, Clone)]
pub struct Film {
    /// What it is said to be.
    pub brand: &'static [u8; 4],
    /// How its picture is said to be encoded.
    pub codec: &'static [u8; 4],
    /// Pixels across and down.
    pub size: (u16, u16),
    /// By how many degrees it is to be turned.
    pub rotation: u16,
    /// So many samples, so many units each, so many units a second.
    pub times: Vec<(u32, u32)>,
    /// Units a second.
    pub scale: u32,
    /// Samples a second, channels, and how `esds` calls it.
    pub sound: Option<(u16, u16, u8)>,
    /// Whether the index lies before the data.
    pub index_first: bool,
    /// Bytes of data.
    pub data: usize,
}

/// Ten seconds, upright, with sound: what every story takes.
pub const FILM: fn() -> Film = || Film {
    brand: b"isom",
    codec: b"avc1",
    size: (1080, 1920),
    rotation: 0,
    times: vec![(300, 1000)],
    scale: 30_000,
    sound: Some((48_000, 2, 0x40)),
    index_first: true,
    data: 1000,
};

/// A box: its size, its name, and what is in it.
pub fn boxed(name: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [&(body.len() as u32 + 8).to_be_bytes()[..], name, &body].concat()
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

impl Film {
    /// The file.
    pub fn bytes(&self) -> Vec<u8> {
        let start = boxed(b"ftyp", &[self.brand, &[0; 4], self.brand]);
        let data = boxed(b"mdat", &[&vec![0; self.data]]);
        let index = self.index();
        if self.index_first { [start, index, data].concat() } else { [start, data, index].concat() }
    }

    fn index(&self) -> Vec<u8> {
        let units: u32 = self.times.iter().map(|(count, delta)| count * delta).sum();
        let matrix = |[a, b, c, d]: [i32; 4]| {
            let fixed = |value: i32| (value * 0x1_0000) as u32;
            numbers(&[fixed(a), fixed(b), 0, fixed(c), fixed(d), 0, 0, 0, 0x4000_0000])
        };
        let still = matrix([1, 0, 0, 1]);
        let turned = matrix(match self.rotation {
            90 => [0, 1, -1, 0],
            180 => [-1, 0, 0, -1],
            270 => [0, -1, 1, 0],
            _ => [1, 0, 0, 1],
        });
        let head = boxed(
            b"mvhd",
            &[&numbers(&[0, 0, 0, self.scale, units, 0x1_0000]), &[1, 0], &[0; 10], &still, &[0; 24], &numbers(&[3])],
        );
        let track_head = |id: u32, matrix: &[u8]| {
            boxed(b"tkhd", &[&numbers(&[3, 0, 0, id, 0, units]), &[0; 16], matrix, &numbers(&[0, 0])])
        };
        let media = |handler: &[u8; 4], scale: u32, entry: &[u8], times: &[(u32, u32)]| {
            let times: Vec<u32> = times.iter().flat_map(|(count, delta)| [*count, *delta]).collect();
            let table = boxed(
                b"stbl",
                &[
                    &boxed(b"stsd", &[&numbers(&[0, 1]), entry]),
                    &boxed(b"stts", &[&numbers(&[0, times.len() as u32 / 2]), &numbers(&times)]),
                ],
            );
            let head = boxed(b"mdhd", &[&numbers(&[0, 0, 0, scale, units]), &[0x55, 0xC4, 0, 0]]);
            let handler = boxed(b"hdlr", &[&numbers(&[0, 0]), handler, &[0; 12], b"name\0"]);
            boxed(b"mdia", &[&head, &handler, &boxed(b"minf", &[&table])])
        };
        let (width, height) = self.size;
        let picture = boxed(
            self.codec,
            &[
                &[0; 6],
                &[0, 1],
                &[0; 16],
                &width.to_be_bytes(),
                &height.to_be_bytes(),
                &numbers(&[0x48_0000, 0x48_0000, 0]),
                &[0, 1],
                &[0; 32],
                &[0, 24, 0xFF, 0xFF],
            ],
        );
        let picture = boxed(b"trak", &[&track_head(1, &turned), &media(b"vide", self.scale, &picture, &self.times)]);
        // What phones add: a track of data, of which nothing is to be understood.
        let extra = boxed(b"trak", &[&track_head(3, &still), &media(b"meta", 600, &boxed(b"mebx", &[&[7; 20]]), &[])]);
        let sound = self.sound.map_or_else(Vec::new, |(rate, channels, told)| {
            let config = [0x04, 15, told, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            let esds = boxed(b"esds", &[&[0; 4], &[0x03, 3 + 17 + 3, 0, 1, 0], &config, &[0x06, 1, 2]]);
            let told = boxed(
                b"mp4a",
                &[
                    &[0; 6],
                    &[0, 1],
                    &[0; 8],
                    &channels.to_be_bytes(),
                    &[0, 16],
                    &[0; 4],
                    &rate.to_be_bytes(),
                    &[0; 2],
                    &esds,
                ],
            );
            boxed(b"trak", &[&track_head(2, &still), &media(b"soun", rate.into(), &told, &[(100, 1024)])])
        });
        boxed(b"moov", &[&head, &extra, &picture, &sound, &boxed(b"udta", &[&[1; 13]])])
    }
}

/// The file of an upright film of so many seconds.
pub fn portrait(seconds: u32) -> Vec<u8> {
    portrait_of(seconds, 1000)
}

/// The file of a square film of ten seconds.
pub fn square() -> Vec<u8> {
    Film { size: (1080, 1080), ..FILM() }.bytes()
}

/// The same, with so many bytes of data.
pub fn portrait_of(seconds: u32, data: usize) -> Vec<u8> {
    Film { times: vec![(30 * seconds, 1000)], data, ..FILM() }.bytes()
}
