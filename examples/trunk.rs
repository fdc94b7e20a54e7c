//! The widget and nothing else, for `trunk serve`. Trunk names one target to cargo or builds every default member, and
//! the servers are not for wasm. The exports are the library's.

use bowerbird as _;

fn main() {}
