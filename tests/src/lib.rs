//! Tests that cross crate walls.

#[cfg(test)]
pub mod golden;
#[cfg(test)]
<<<<<<< HEAD
mod outgoing;
=======
mod streams;
>>>>>>> 341f84f (Streams: tests through generated client and server; what breaks off goes out as far as it came)
#[cfg(test)]
mod security;
#[cfg(test)]
mod wire;
