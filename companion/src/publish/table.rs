//! The table as people read it, and its words.

use super::limits::{MB, TABLE};
use super::rows::{Figure, ImageRow, Range, Source, VideoRow};
use bowerbird_convert::Format;
use std::fmt::{Display, Write};

/// The table in Markdown, as it stands in `docs/publishing.md`.
pub fn markdown() -> String {
    let mut posts = Table::new(&["publication", "media", "text", "hashtags", "mentions", "a day", "others say"]);
    let mut images =
        Table::new(&["publication", "formats", "bytes", "better", "shape", "pixels across", "pixels down"]);
    let mut videos = Table::new(&[
        "publication",
        "formats",
        "bytes",
        "seconds",
        "shape",
        "pixels",
        "pictures a second",
        "codecs",
        "sound",
        "Mbit a second",
        "index first",
    ]);
    for row in TABLE {
        let name = row.kind.english();
        posts.row(&[
            name.to_owned(),
            cell(row.media, amount),
            cell(row.text, amount),
            some(row.hashtags, |most| format!("≤ {most}")),
            some(row.mentions, |most| format!("≤ {most}")),
            some(row.quota, |most| format!("≤ {most}")),
            row.others.to_owned(),
        ]);
        if let Some(image) = row.image {
            images.row(&image_row(name, image));
        }
        if let Some(video) = row.video {
            videos.row(&video_row(name, video));
        }
    }
    let mut sources = Table::new(&["mark", "whose figure"]);
    for source in Source::ALL {
        sources.row(&[source.mark().to_owned(), source.english().to_owned()]);
    }
    [("Posts", posts), ("Images", images), ("Videos", videos), ("Whose figures", sources)]
        .map(|(title, table)| format!("### {title}\n\n{}", table.0))
        .join("\n")
}

fn image_row(name: &str, row: &ImageRow) -> [String; 7] {
    let plain = if row.extended.is { "" } else { ", plain" };
    let formats = |formats: &[Format]| format!("{}{plain}", list(formats, |format| self::name(*format)));
    let most = |bytes| format!("≤ {}", megabytes(bytes));
    let better = [(row.better_bytes, ""), (row.better_png_bytes, " as PNG")];
    let better = better.into_iter().filter_map(|(better, of)| better.map(|better| cell(better, most) + of));
    [
        name.to_owned(),
        cell(row.formats, formats),
        cell(row.bytes, most),
        or_dash(better.collect::<Vec<_>>().join(", ")),
        some(row.shapes, |shapes| shapes.to_string()),
        some(row.better_width, |width| format!("better {}", amount(width))),
        some(row.better_height, |height| format!("better {}", amount(height))),
    ]
}

fn video_row(name: &str, row: &VideoRow) -> [String; 11] {
    let pixels = [
        row.width.map(|width| cell(width, |most| format!("≤ {most} across"))),
        row.sides.map(|sides| cell(sides, |(short, long)| format!("≥ {short} by {long}"))),
    ];
    let sound = [
        row.sound.map(|codecs| cell(codecs, |codecs| list(codecs, |codec| codec.english()))),
        row.sample_rate.map(|rate| cell(rate, |most| format!("≤ {most} Hz"))),
        row.channels.map(|channels| cell(channels, |most| format!("≤ {most} channels"))),
    ];
    let joined = |cells: &[Option<String>]| or_dash(cells.iter().flatten().cloned().collect::<Vec<_>>().join(", "));
    [
        name.to_owned(),
        cell(row.containers, |containers| list(containers, |container| container.english())),
        some(row.bytes, |bytes| format!("≤ {}", megabytes(bytes))),
        cell(row.seconds, amount),
        some(row.shapes, |shapes| shapes.to_string()),
        joined(&pixels),
        some(row.rate, amount),
        some(row.codecs, |codecs| list(codecs, |codec| codec.english())),
        joined(&sound),
        some(row.bit_rate, |most| format!("≤ {}", most / 1_000_000)),
        some(row.index_first, |first| if first { "yes" } else { "no" }.to_owned()),
    ]
}

fn cell<T>(figure: Figure<T>, say: impl FnOnce(T) -> String) -> String {
    format!("{} `{}`", say(figure.is), figure.of.mark())
}

fn some<T>(figure: Option<Figure<T>>, say: impl FnOnce(T) -> String) -> String {
    figure.map_or_else(|| "–".to_owned(), |figure| cell(figure, say))
}

fn or_dash(cell: String) -> String {
    if cell.is_empty() { "–".to_owned() } else { cell }
}

struct Table(String);

impl Table {
    fn new(heads: &[&str]) -> Self {
        let mut table = Self(String::new());
        table.row(heads);
        table.row(&vec!["---"; heads.len()]);
        table
    }

    fn row(&mut self, cells: &[impl Display]) {
        for cell in cells {
            // Writing to a text does not fail.
            let _ = write!(self.0, "| {cell} ");
        }
        self.0 += "|\n";
    }
}

/// "3 to 90", or "1" where both are the same.
pub(super) fn amount<T: Display + PartialEq>(range: Range<T>) -> String {
    if range.least == range.most { range.most.to_string() } else { format!("{} to {}", range.least, range.most) }
}

/// "JPEG, PNG and GIF".
pub(super) fn list<T>(items: &[T], name: impl Fn(&T) -> &'static str) -> String {
    let names: Vec<_> = items.iter().map(name).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

/// "10 MB"; rounded up to hundredths, so that what is too much looks it.
pub(super) fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(MB / 100) as f64 / 100.0)
}

/// A format's name.
pub(super) fn name(format: Format) -> &'static str {
    match format {
        Format::Jpeg => "JPEG",
        Format::Png => "PNG",
        Format::Webp => "WebP",
        Format::Avif => "AVIF",
        Format::Gif => "GIF",
        Format::Bmp => "BMP",
        Format::Tiff => "TIFF",
        Format::Heic => "HEIC",
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_the_table() {
        let page = include_str!("../../../docs/publishing.md");
        let shown =
            page.split_once("<!-- table -->\n\n").and_then(|(_, rest)| rest.split_once("\n<!-- end of the table -->"));
        let table = super::markdown();
        assert!(
            shown.is_some_and(|(shown, _)| shown == table),
            "docs/publishing.md is to have, between its marks:\n\n{table}"
        );
    }
}
