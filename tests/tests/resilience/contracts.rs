//! What the build script made of the contracts of the chain.

/// The REST face.
pub mod gateway {
    tieline::include_contract!("gateway");
}

/// The service in the middle.
pub mod middle {
    tieline::include_contract!("middle");
}

/// The last service.
pub mod inner {
    tieline::include_contract!("inner");
}
