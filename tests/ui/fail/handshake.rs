//! Code that was generated for another version of the runtime.

mod pets {
    ::tieline::generated::handshake!(v1, 200, "9.9.9");

    pub mod types {
        use super::v1;

        pub type Weight = v1::Decimal;
    }
}

fn main() {
    let _: Option<pets::types::Weight> = None;
}
