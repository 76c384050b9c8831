//! The blob stores: one suite for all, and what only the one in a folder can show.

#[cfg(all(feature = "azure", feature = "services"))]
mod azurite;
mod conformance;
mod folder;
mod memory;
#[cfg(all(feature = "azure", feature = "services"))]
mod proxy;
mod source;
