//! A hash that is the same in every process and every version, so that all clients agree on what a key means.

/// FNV-1a (Fowler, Noll, Vo) over the octets, finished by MurmurHash3's mixer, since FNV's high bits are weak.
pub(crate) fn hash(octets: &[u8]) -> u64 {
    let folded = octets.iter().fold(0xCBF2_9CE4_8422_2325_u64, |hash, octet| {
        (hash ^ u64::from(*octet)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    mix(folded)
}

/// MurmurHash3's 64-bit finalizer (Appleby).
pub(super) fn mix(mut hash: u64) -> u64 {
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_a_text_is_fixed() {
        assert_eq!(hash(b""), mix(0xCBF2_9CE4_8422_2325));
        // FNV-1a of "a" is 0xAF63DC4C8601EC8C.
        assert_eq!(hash(b"a"), mix(0xAF63_DC4C_8601_EC8C));
        assert_ne!(hash(b"user-1"), hash(b"user-2"));
    }
}
