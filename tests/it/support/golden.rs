//! Texts that are kept in files and compared. `BLESS=1 cargo test` writes them again; look at the difference before you commit it.

use std::path::Path;

/// Whether expected texts are to be written instead of compared.
pub fn blessing() -> bool {
    std::env::var_os("BLESS").is_some()
}

/// Compares `got` with the file at `path`, from the project's root.
pub fn check(path: &str, got: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if blessing() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, got).unwrap();
    }
    let want = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(got == want, "{path} differs (BLESS=1 accepts it)\n--- wanted\n{want}\n--- found\n{got}");
}
