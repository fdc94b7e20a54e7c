//! Bowerbird emulator.
