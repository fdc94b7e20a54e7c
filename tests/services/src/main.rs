//! Both servers as a program, until it is ended: for looking at them, and for the test that kills it.

use bowerbird_services::{Postgres, S3};

fn main() {
    let postgres = Postgres::shared().map(Postgres::new_database);
    println!("postgres {}", postgres.unwrap_or_default());
    let s3 = S3::shared().map(|s3| {
        let bucket = s3.new_bucket();
        format!("{} {} {} {bucket} {}", s3.endpoint(), s3.access_key(), s3.secret_key(), s3.folder(&bucket).display())
    });
    println!("s3 {}", s3.unwrap_or_default());
    loop {
        std::thread::park();
    }
}
