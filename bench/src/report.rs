//! What was measured, as Markdown: printed, and kept in `bench/results/`.

use crate::Programs;
use anyhow::{Context, Result};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// All that one measurement says.
pub struct Report {
    /// The name of the file in `bench/results/`.
    name: &'static str,
    title: String,
    /// Whose versions are told.
    versions: Vec<(String, String)>,
    /// What was run, a paragraph each.
    says: Vec<String>,
    tables: Vec<Table>,
    bars: Vec<Bar>,
}

/// Rows under a heading.
pub struct Table {
    heading: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// What was to be reached, and whether it was.
struct Bar {
    says: String,
    measured: String,
    holds: bool,
}

impl Report {
    /// An empty one; `name` is that of its file.
    pub fn new(name: &'static str, title: &str) -> Self {
        let (versions, says, tables, bars) = <_>::default();
        Self { name, title: title.to_owned(), versions, says, tables, bars }
    }

    /// Names what was measured.
    pub fn version(&mut self, of: &str, version: impl Into<String>) {
        self.versions.push((of.to_owned(), version.into()));
    }

    /// Adds a paragraph on what was run.
    pub fn says(&mut self, paragraph: impl Into<String>) {
        self.says.push(paragraph.into());
    }

    /// Adds a table.
    pub fn table(&mut self, table: Table) {
        self.tables.push(table);
    }

    /// Adds what was to be reached: `measured` may at most be `most`.
    pub fn at_most(&mut self, says: &str, measured: f64, most: f64) {
        let holds = measured <= most;
        self.bar(&format!("{says}: at most {}", number(most)), &number(measured), holds);
    }

    /// Adds what was to be reached: `measured` must at least be `least`.
    pub fn at_least(&mut self, says: &str, measured: f64, least: f64) {
        let holds = measured >= least;
        self.bar(&format!("{says}: at least {}", number(least)), &number(measured), holds);
    }

    /// Adds what was to be reached, in words.
    pub fn bar(&mut self, says: &str, measured: &str, holds: bool) {
        self.bars.push(Bar { says: says.to_owned(), measured: measured.to_owned(), holds });
    }

    /// Prints it, and keeps it.
    pub fn tell(&self, programs: &Programs) -> Result<()> {
        let text = self.markdown(&programs.root);
        println!("\n{text}");
        let folder = programs.results.clone().unwrap_or_else(|| programs.root.join("bench/results"));
        std::fs::create_dir_all(&folder).context("cannot make the folder of the results")?;
        let file = folder.join(format!("{}.md", self.name));
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
    }

    /// The tables, without what is around them.
    pub fn text(&self) -> String {
        self.tables.iter().map(|table| table.markdown() + "\n").collect()
    }

    fn markdown(&self, root: &Path) -> String {
        let mut text = format!("# {}\n\n", self.title);
        let mut versions = vec![("commit".to_owned(), commit(root))];
        versions.extend(self.versions.iter().cloned());
        let versions: Vec<String> = versions.iter().map(|(of, version)| format!("{of} {version}")).collect();
        let _ = writeln!(
            text,
            "{}, by `cargo xtask bench {}`, on {}; {}.\n",
            said_by("date", &["-u", "+%Y-%m-%d"], root),
            arguments(self.name),
            machine(),
            versions.join(", ")
        );
        for paragraph in &self.says {
            let _ = writeln!(text, "{paragraph}\n");
        }
        for table in &self.tables {
            text.push_str(&table.markdown());
            text.push('\n');
        }
        if !self.bars.is_empty() {
            let mut bars = Table::new("Bars", &["bar", "measured", ""]);
            for bar in &self.bars {
                let verdict = if bar.holds { "holds" } else { "does not hold" };
                bars.row([bar.says.clone(), bar.measured.clone(), verdict.to_owned()]);
            }
            text.push_str(&bars.markdown());
        }
        text.trim_end().to_owned() + "\n"
    }
}

impl Table {
    /// An empty one.
    pub fn new(heading: &str, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|&column| column.to_owned()).collect();
        Self { heading: heading.to_owned(), columns, rows: Vec::new() }
    }

    /// Adds a row, a text for each column.
    pub fn row(&mut self, row: impl IntoIterator<Item = impl Into<String>>) {
        self.rows.push(row.into_iter().map(Into::into).collect());
    }

    fn markdown(&self) -> String {
        let mut text = format!("## {}\n\n", self.heading);
        let rule = self.columns.iter().enumerate().map(|(at, _)| if at == 0 { "---" } else { "---:" }.to_owned());
        for row in [self.columns.clone(), rule.collect()].iter().chain(&self.rows) {
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        text
    }
}

/// With three digits that say something.
pub fn number(value: f64) -> String {
    match value.abs() {
        _ if value.is_nan() => "-".to_owned(),
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        0.1.. => format!("{value:.2}"),
        0.0 => "0".to_owned(),
        _ => format!("{value:.4}"),
    }
}

/// The one in the middle; of two the mean.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let (low, high) = (values.len().saturating_sub(1) / 2, values.len() / 2);
    match (values.get(low), values.get(high)) {
        (Some(low), Some(high)) => (low + high) / 2.0,
        _ => f64::NAN,
    }
}

/// The value that this share of all lies under.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let at = (values.len() as f64 * share).ceil() as usize;
    values.get(at.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

/// What of our own command line concerns the measurement.
fn arguments(name: &str) -> String {
    let told: Vec<String> = std::env::args().collect();
    let at = told.iter().position(|word| word == name).unwrap_or(told.len());
    let mut words = vec![name.to_owned()];
    words.extend(told.into_iter().skip(at + 1));
    words.join(" ")
}

fn commit(root: &Path) -> String {
    let id = said_by("git", &["rev-parse", "--short", "HEAD"], root);
    let changed = !said_by("git", &["status", "--porcelain", "--untracked-files=no"], root).is_empty();
    if changed { format!("{id} with changes") } else { id }
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map(|(_, name)| name);
    format!("{cores} cores ({})", model.unwrap_or("unknown"))
}

/// What a program says, in a line.
pub fn said_by(program: &str, arguments: &[&str], root: &Path) -> String {
    let output = Command::new(program).args(arguments).current_dir(root).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_markdown() {
        let mut table = Table::new("Pages", &["side", "a second"]);
        table.row(["ours", "10"]);
        assert_eq!(table.markdown(), "## Pages\n\n| side | a second |\n| --- | ---: |\n| ours | 10 |\n");
    }

    #[test]
    fn the_middle_and_the_end_of_values() {
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median([1.0, 2.0]), 1.5);
        assert!(median([]).is_nan());
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!((quantile(&hundred, 0.5), quantile(&hundred, 0.99)), (50.0, 99.0));
    }

    #[test]
    fn a_bar_holds_or_does_not() {
        let mut report = Report::new("list", "Lists");
        report.at_most("CPU", 0.1, 0.17);
        report.at_least("files", 0.6, 0.7);
        assert_eq!(report.bars.iter().map(|bar| bar.holds).collect::<Vec<_>>(), [true, false]);
        assert!(report.bars[1].says.contains("at least 0.70"));
    }
}
