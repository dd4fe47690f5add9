//! What compiles and what does not, and what is said of that. `TRYBUILD=overwrite cargo test -p tieline-tests --test ui`
//! writes the messages anew.

#[test]
fn traits_and_enums_compile_or_fail_with_the_messages_kept_here() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*.rs");
}
