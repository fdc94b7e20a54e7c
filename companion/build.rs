//! Cargo does not see files that `sqlx::migrate!` reads, so a new schema step would otherwise be left out of the binary.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
