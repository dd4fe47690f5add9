//! Writes clients and servers of the platform's three contracts into `OUT_DIR`.

fn main() -> Result<(), tieline_codegen::Failure> {
    tieline_codegen::Generator::new()
        .contract("contracts/gateway.yaml")
        .contract("contracts/user.proto")
        .contract("contracts/order.proto")
        .server(true)
        .run()
}
