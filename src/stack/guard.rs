//! Whether a context looks as if it were production's, where nothing is to be tried out. Pure.

/// Words that production's contexts and servers have in their names.
const WORDS: [&str; 5] = ["prod", "production", "prd", "live", "prod1"];
/// Before such a word they say that it is another.
const NOT: [&str; 4] = ["non", "not", "pre", "no"];

/// The word by which one of the names looks like production's.
pub fn production_word<'a>(names: &[&'a str]) -> Option<&'a str> {
    names.iter().find_map(|name| {
        let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
        let is = |i: usize, list: &[&str]| list.iter().any(|w| words[i].eq_ignore_ascii_case(w));
        (0..words.len()).find(|&i| is(i, &WORDS) && !(i > 0 && is(i - 1, &NOT))).map(|i| words[i])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn production_is_known_by_a_word_of_its_own() {
        for (name, word) in [
            ("prod", Some("prod")),
            ("eu-PROD-1", Some("PROD")),
            ("arn:aws:eks:eu-west-1:1:cluster/shop-production", Some("production")),
            ("gke_shop_europe_live", Some("live")),
            ("kind-product-dev", None),
            ("delivery", None),
            ("non-prod", None),
            ("pre_prod", None),
            ("preprod", None),
            ("kind-kind", None),
        ] {
            assert_eq!(production_word(&["x", name]), word, "{name}");
        }
        assert_eq!(production_word(&["ctx", "https://api.prd.example.com:6443"]), Some("prd"));
    }
}
