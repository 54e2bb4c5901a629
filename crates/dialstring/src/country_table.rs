//! What is dialled where. Calling codes: ITU-T list of E.164 assigned country codes; prefixes:
//! ITU-T list of dialling procedures; emergency numbers: national numbering plans.

pub(crate) struct Plan {
    code: &'static str,
    pub(crate) calling_code: &'static str,
    pub(crate) international_prefix: &'static str,
    pub(crate) trunk_prefix: &'static str,
    pub(crate) emergency: &'static [&'static str],
}

/// Where nothing else is known: what every mobile phone takes for an emergency (3GPP TS 22.101).
pub(crate) const EMERGENCY_ELSEWHERE: &[&str] = &["112", "911"];

pub(crate) fn find(code: &str) -> Option<&'static Plan> {
    TABLE.binary_search_by(|plan| plan.code.cmp(code)).ok().map(|at| &TABLE[at])
}

const fn plan(
    code: &'static str,
    calling_code: &'static str,
    international_prefix: &'static str,
    trunk_prefix: &'static str,
    emergency: &'static [&'static str],
) -> Plan {
    Plan { code, calling_code, international_prefix, trunk_prefix, emergency }
}

/// Ordered by code.
static TABLE: &[Plan] = &[
    plan("AE", "971", "00", "0", &["112", "997", "998", "999"]),
    plan("AT", "43", "00", "0", &["112", "122", "133", "144"]),
    plan("AU", "61", "0011", "0", &["000", "106", "112"]),
    plan("BE", "32", "00", "0", &["100", "101", "112"]),
    plan("BG", "359", "00", "0", &["112"]),
    plan("BR", "55", "00", "0", &["112", "190", "192", "193", "911"]),
    plan("CA", "1", "011", "1", &["112", "911"]),
    plan("CH", "41", "00", "0", &["112", "117", "118", "144"]),
    plan("CN", "86", "00", "0", &["110", "119", "120", "122"]),
    plan("CY", "357", "00", "", &["112", "199"]),
    plan("CZ", "420", "00", "", &["112", "150", "155", "158"]),
    plan("DE", "49", "00", "0", &["110", "112"]),
    plan("DK", "45", "00", "", &["112"]),
    plan("EE", "372", "00", "", &["112"]),
    plan("ES", "34", "00", "", &["061", "062", "080", "091", "092", "112"]),
    plan("FI", "358", "00", "0", &["112"]),
    plan("FR", "33", "00", "0", &["112", "114", "15", "17", "18", "196"]),
    plan("GB", "44", "00", "0", &["112", "999"]),
    plan("GR", "30", "00", "", &["100", "112", "166", "199"]),
    plan("HK", "852", "001", "", &["112", "999"]),
    plan("HR", "385", "00", "0", &["112", "192", "193", "194"]),
    plan("HU", "36", "00", "06", &["104", "105", "107", "112"]),
    plan("IE", "353", "00", "0", &["112", "999"]),
    plan("IL", "972", "00", "0", &["100", "101", "102", "112", "911"]),
    plan("IN", "91", "00", "0", &["100", "101", "102", "108", "112"]),
    plan("IS", "354", "00", "", &["112"]),
    plan("IT", "39", "00", "", &["112", "113", "115", "118"]),
    plan("JP", "81", "010", "0", &["110", "118", "119"]),
    plan("KR", "82", "001", "0", &["112", "119"]),
    plan("LI", "423", "00", "", &["112", "117", "118", "144"]),
    plan("LT", "370", "00", "0", &["112"]),
    plan("LU", "352", "00", "", &["112", "113"]),
    plan("LV", "371", "00", "", &["112"]),
    plan("MT", "356", "00", "", &["112"]),
    plan("MX", "52", "00", "", &["911"]),
    plan("MY", "60", "00", "0", &["112", "999"]),
    plan("NL", "31", "00", "0", &["112"]),
    plan("NO", "47", "00", "", &["110", "112", "113"]),
    plan("NZ", "64", "00", "0", &["111"]),
    plan("PL", "48", "00", "", &["112", "997", "998", "999"]),
    plan("PT", "351", "00", "", &["112"]),
    plan("RO", "40", "00", "0", &["112"]),
    plan("RS", "381", "00", "0", &["112", "192", "193", "194"]),
    plan("RU", "7", "810", "8", &["101", "102", "103", "104", "112"]),
    plan("SE", "46", "00", "0", &["112"]),
    plan("SG", "65", "001", "", &["995", "999"]),
    plan("SI", "386", "00", "0", &["112", "113"]),
    plan("SK", "421", "00", "0", &["112", "150", "155", "158"]),
    plan("TR", "90", "00", "0", &["110", "112", "155", "156"]),
    plan("UA", "380", "00", "0", &["101", "102", "103", "104", "112"]),
    plan("US", "1", "011", "1", &["911"]),
    plan("ZA", "27", "00", "0", &["10111", "10177", "112"]),
];

#[cfg(test)]
mod tests {
    use super::TABLE;

    #[test]
    fn table_is_ordered_and_holds_digits() {
        assert!(TABLE.is_sorted_by(|a, b| a.code < b.code));
        for plan in TABLE {
            let texts = [plan.calling_code, plan.international_prefix, plan.trunk_prefix];
            let mut all = texts.iter().chain(plan.emergency);
            assert!(all.all(|text| text.bytes().all(|o| o.is_ascii_digit())), "{}", plan.code);
            assert!(plan.emergency.iter().all(|n| n.len() >= 2), "{}", plan.code);
        }
    }
}
