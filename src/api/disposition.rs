//! What a file is called, by the header `Content-Disposition` (RFC 6266). Pure.

/// The name of the file, if the header tells one; `filename*` before `filename`, as it can spell any.
pub(super) fn file_name(header: &[u8]) -> Option<String> {
    let mut plain = None;
    for (name, value) in parameters(header) {
        match &*name.to_ascii_lowercase() {
            "filename*" => {
                if let Some(name) = extended(&value) {
                    return Some(name);
                }
            }
            "filename" => plain = plain.or(Some(String::from_utf8_lossy(&value).into_owned())),
            _ => {}
        }
    }
    plain.filter(|name| !name.is_empty())
}

/// The parameters behind the type, with what is quoted taken out of its quotes.
fn parameters(header: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut rest = header;
    while let Some(at) = rest.iter().position(|byte| *byte == b';') {
        rest = rest.get(at + 1..).unwrap_or_default().trim_ascii_start();
        let Some(end) = rest.iter().position(|byte| matches!(byte, b'=' | b';')) else { break };
        if rest.get(end) != Some(&b'=') {
            continue;
        }
        let (name, after) = rest.split_at(end);
        let name = String::from_utf8_lossy(name.trim_ascii()).into_owned();
        let (value, after) = value(after.get(1..).unwrap_or_default().trim_ascii_start());
        found.push((name, value));
        rest = after;
    }
    found
}

/// The value that something begins with, and what comes after it.
fn value(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let end = text.iter().position(|byte| *byte == b';').unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (value.trim_ascii().to_vec(), rest);
    };
    let (mut value, mut bytes) = (Vec::new(), quoted.iter().enumerate());
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return (value, quoted.get(at + 1..).unwrap_or_default()),
            b'\\' => value.extend(bytes.next().map(|(_, escaped)| *escaped)),
            _ => value.push(*byte),
        }
    }
    (value, &[])
}

/// A value of RFC 8187: the character set, the language, and the text, percent-encoded.
fn extended(value: &[u8]) -> Option<String> {
    let value = std::str::from_utf8(value).ok()?;
    let mut parts = value.splitn(3, '\'');
    let (charset, text) = (parts.next()?, parts.nth(1)?);
    let bytes: Vec<u8> = percent_encoding::percent_decode_str(text).collect();
    let name = match &*charset.to_ascii_lowercase() {
        "utf-8" => String::from_utf8(bytes).ok()?,
        "iso-8859-1" => bytes.into_iter().map(char::from).collect(),
        _ => return None,
    };
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::file_name;

    #[test]
    fn a_name_is_found_however_it_is_spelled() {
        for (header, name) in [
            ("attachment; filename=logo.png", "logo.png"),
            ("attachment;filename=\"a; b.png\"", "a; b.png"),
            ("inline; filename=\"say \\\"hi\\\".txt\"; size=3", "say \"hi\".txt"),
            ("attachment; filename=\"x.png\"; filename*=UTF-8''%C3%BC%20.png", "ü .png"),
            ("attachment; filename*=utf-8'en'%e2%82%ac.txt; filename=e.txt", "€.txt"),
            ("attachment; FileName*=ISO-8859-1''%fc.png", "ü.png"),
            ("attachment; filename*=UTF-8''%ff; filename=plain.png", "plain.png"),
            ("attachment; filename*=koi8-r''%c1; filename=plain.png", "plain.png"),
            ("attachment; filename=ü.png", "ü.png"),
            ("attachment ; odd ; filename = spaced.png ", "spaced.png"),
        ] {
            assert_eq!(file_name(header.as_bytes()).as_deref(), Some(name), "{header}");
        }
        for header in [
            "",
            "attachment",
            "attachment; filename",
            "attachment; filename=\"\"",
            "inline; size=3",
        ] {
            assert_eq!(file_name(header.as_bytes()), None, "{header}");
        }
    }

    proptest! {
        #[test]
        fn no_header_is_too_odd(header in prop::collection::vec(any::<u8>(), 0..40)) {
            file_name(&header);
        }

        #[test]
        fn every_name_comes_back(name in "\\PC{1,20}") {
            let encoded = percent_encoding::utf8_percent_encode(&name, percent_encoding::NON_ALPHANUMERIC);
            let header = format!("attachment; filename=\"_\"; filename*=UTF-8''{encoded}");
            prop_assert_eq!(file_name(header.as_bytes()), Some(name));
        }
    }
}
