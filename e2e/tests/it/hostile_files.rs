//! Files that break other programs: the right answer or a clear error, in bounded memory.

mod changing;
mod refused;
mod shapes;
mod utf16;
