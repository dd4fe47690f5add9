//! All that is wrong with modules that are filled from contracts.

#[tieline::service_client]
mod no_contract {}

#[tieline::service_client(contract = "missing.yaml")]
mod not_empty {
    pub fn here() {}
}

#[tieline::service_client(contract = "missing.yaml", servre)]
mod misspelt {}

fn main() {}
