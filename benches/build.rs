//! Writes the client that `client` measures.

fn main() -> Result<(), tieline_codegen::Failure> {
    tieline_codegen::Generator::new()
        .contract("contracts/pets.yaml")
        .run()
}
