//! Takes out of a JPEG what it tells of camera, place and time.

use crate::options::CleanupImageExif;

const SOI: [u8; 2] = [0xFF, 0xD8];
/// A scan begins: what follows is the image itself, up to the next marker.
const SOS: u8 = 0xDA;
/// The image's end. Phones put films, depth maps and further images behind it, each with metadata of its own.
const EOI: u8 = 0xD9;
const APP0: u8 = 0xE0;
const APP1: u8 = 0xE1;
const APP2: u8 = 0xE2;
/// Adobe's, without which a CMYK image has other colours.
const APP14: u8 = 0xEE;
const APP15: u8 = 0xEF;
const COMMENT: u8 = 0xFE;
/// The tag of EXIF that says which side is up.
const ORIENTATION: u16 = 0x0112;

/// The same JPEG without its metadata, apart from what is to be kept. `None` for what is no JPEG, or broken before its image begins: then
/// nothing can be promised of it.
pub fn cleaned(jpeg: &[u8], keep: CleanupImageExif) -> Option<Vec<u8>> {
    let mut rest = jpeg.strip_prefix(&SOI)?;
    let mut clean = SOI.to_vec();
    let mut turned = None;
    loop {
        let [0xFF, marker, high, low, ..] = *rest else { return None };
        // A marker may be preceded by any number of fill bytes.
        if marker == 0xFF {
            rest = &rest[1..];
            continue;
        }
        let length = usize::from(u16::from_be_bytes([high, low])) + 2;
        let segment = rest.get(..length).filter(|_| length >= 4)?;
        let stays = match marker {
            APP1 => {
                turned = turned.or_else(|| orientation(&segment[4..]));
                false
            }
            APP0 | APP14 => true,
            // Without its profile an image has other colours; that is asked for by name all the same, as in Filestack's picker.
            APP2..=APP15 => keep.keep_icc_and_app,
            COMMENT => false,
            _ => true,
        };
        if stays {
            clean.extend_from_slice(segment);
        }
        rest = &rest[length..];
        if marker == SOS {
            let scan = scan(rest);
            clean.extend_from_slice(&rest[..scan]);
            rest = &rest[scan..];
            // One whose end is missing is shown as far as it goes.
            if rest.get(1).is_none_or(|marker| *marker == EOI) {
                clean.extend_from_slice(&rest[..rest.len().min(2)]);
                break;
            }
        }
    }
    if let Some(turned) = turned.filter(|turned| keep.keep_orientation && *turned > 1) {
        clean.splice(2..2, exif_of(turned));
    }
    Some(clean)
}

/// How long a scan is: a marker ends it, of which a stuffed byte and a restart are none.
fn scan(data: &[u8]) -> usize {
    let ends = |pair: &[u8; 2]| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xD0..=0xD7 | 0xFF);
    data.array_windows().position(ends).unwrap_or(data.len())
}

/// The orientation in the body of an EXIF segment.
fn orientation(body: &[u8]) -> Option<u16> {
    let tiff = body.strip_prefix(b"Exif\0\0")?;
    let big = tiff.starts_with(b"MM");
    let short = |at: usize| {
        let bytes: [u8; 2] = tiff.get(at..at + 2)?.try_into().ok()?;
        Some(if big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    };
    let long = |at: usize| {
        let bytes: [u8; 4] = tiff.get(at..at + 4)?.try_into().ok()?;
        Some(if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    };
    let directory = long(4)? as usize;
    let entries = usize::from(short(directory)?);
    let entry = (0..entries).map(|entry| directory + 2 + entry * 12).find(|at| short(*at) == Some(ORIENTATION))?;
    short(entry + 8).filter(|turned| (1..=8).contains(turned))
}

/// An EXIF segment that says nothing else.
fn exif_of(turned: u16) -> Vec<u8> {
    let mut segment = vec![0xFF, APP1, 0, 34];
    segment.extend_from_slice(b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01");
    segment.extend_from_slice(&turned.to_be_bytes());
    segment.extend_from_slice(&[0; 6]);
    segment
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
        let length = (body.len() as u16 + 2).to_be_bytes();
        [&[0xFF, marker][..], &length, body].concat()
    }

    fn jpeg(turned: u16) -> Vec<u8> {
        let exif = exif_of(turned);
        let [icc, note] = [segment(APP2, b"ICC_PROFILE\0profile"), segment(COMMENT, b"home address")];
        [&SOI[..], &exif, &icc, &note, &segment(0xDB, b"table"), &segment(SOS, b"scan"), b"\x01\xFF\x00\x02\xFF\xD9"]
            .concat()
    }

    fn has(bytes: &[u8], words: &[u8]) -> bool {
        bytes.windows(words.len()).any(|part| part == words)
    }

    #[test]
    fn nothing_stays_but_the_image() {
        let clean = cleaned(&jpeg(6), CleanupImageExif::default()).unwrap();
        for word in [&b"Exif"[..], b"ICC_PROFILE", b"home address"] {
            assert!(!has(&clean, word));
        }
        assert!(has(&clean, b"table") && clean.ends_with(b"scan\x01\xFF\x00\x02\xFF\xD9"));
    }

    #[test]
    fn what_lies_behind_the_image_goes_and_every_scan_stays() {
        let second =
            [segment(COMMENT, b"between"), segment(SOS, b"second"), b"\x03\xFF\xD0\x04\xFF\xD9".to_vec()].concat();
        let whole = jpeg(1);
        let scans = [&whole[..whole.len() - 2], &second].concat();
        let clean = cleaned(&[scans, jpeg(6)].concat(), CleanupImageExif::default()).unwrap();
        assert!(clean.ends_with(b"second\x03\xFF\xD0\x04\xFF\xD9") && has(&clean, b"scan\x01\xFF\x00\x02"));
        assert!(!has(&clean, b"between") && !has(&clean, b"Exif"));
        let cut = &whole[..whole.len() - 3];
        assert!(cleaned(cut, CleanupImageExif::default()).unwrap().ends_with(b"scan\x01\xFF\x00"));
    }

    #[test]
    fn what_is_asked_for_is_kept() {
        let keep = CleanupImageExif { keep_orientation: true, keep_icc_and_app: true };
        let clean = cleaned(&jpeg(6), keep).unwrap();
        assert!(has(&clean, b"ICC_PROFILE") && !has(&clean, b"home address"));
        let exif = &clean[6..];
        assert_eq!(orientation(exif), Some(6));
        assert_eq!(cleaned(&clean, keep).unwrap(), clean, "once is enough");
    }

    #[test]
    fn what_is_no_jpeg_is_left_to_somebody_else() {
        let whole = jpeg(1);
        assert_eq!(cleaned(b"\x89PNG", CleanupImageExif::default()), None);
        for end in 0..whole.len() - 12 {
            assert_eq!(cleaned(&whole[..end], CleanupImageExif::default()), None, "{end}");
        }
    }
}
