//! Writes clients, servers and mocks of the contracts that the tests of resilience call through.

fn main() -> Result<(), tieline_codegen::Failure> {
    tieline_codegen::Generator::new()
        .contract("contracts/gateway.yaml")
        .contract("contracts/middle.proto")
        .contract("contracts/inner.proto")
        .server(true)
        .mock(true)
        .blocking(true)
        .run()
}
