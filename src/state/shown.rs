//! What is seen of an open folder: what is looked for in it, in which order, and carousels opened in their place.

use super::Folder;
use bowerbird_protocol::listing::Item;
use std::cmp::Ordering;
use std::sync::Arc;

/// What is looked for in a folder, over what is loaded of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Find {
    /// Words of the caption or the name, all of them, in any case and without regard to accents; empty: all.
    pub words: String,
    /// The first day; none: from the beginning.
    pub from: Option<Day>,
    /// The last day, included; none: to the end.
    pub to: Option<Day>,
    /// In which order.
    pub order: Order,
}

impl Find {
    /// Whether it leaves anything out.
    pub fn leaves_out(&self) -> bool {
        !self.words.trim().is_empty() || self.from.is_some() || self.to.is_some()
    }

    /// The same order, with nothing left out.
    pub fn cleared(&self) -> Self {
        Self { order: self.order, ..Self::default() }
    }
}

/// A day as the visitor's calendar has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// `2024-05-31`.
    pub name: String,
    /// When it begins where the visitor is, as photos' dates are written: RFC 3339 in UTC, without parts of seconds.
    pub begins: String,
    /// When the next one begins.
    pub ends: String,
}

/// The order in which a folder is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// The provider's own.
    #[default]
    AsListed,
    /// The latest first; what has no date comes last.
    NewestFirst,
    /// The earliest first; what has no date comes last.
    OldestFirst,
    /// By caption or name.
    ByName,
}

/// An entry of what is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The folder or file.
    pub item: Arc<Item>,
    /// Whether it is a photo of the carousel before it, which is open.
    pub unfolded: bool,
}

impl Folder {
    /// The folder as it is seen.
    pub fn shown(&self) -> Vec<Shown> {
        shown(self)
    }
}

fn shown(folder: &Folder) -> Vec<Shown> {
    let mut sieve = Sieve::new(&folder.find);
    let mut shown = Vec::with_capacity(folder.items.len());
    for item in in_order(&folder.items, folder.find.order) {
        let carousel = folder.opened.iter().find(|carousel| carousel.path == item.path);
        let Some(carousel) = carousel else {
            if sieve.takes(item, None) {
                shown.push(Shown { item: item.clone(), unfolded: false });
            }
            continue;
        };
        let place = shown.len();
        let photos = carousel.items.iter().filter(|photo| sieve.takes(photo, Some(item)));
        shown.extend(photos.map(|photo| Shown { item: photo.clone(), unfolded: true }));
        if shown.len() > place || sieve.takes(item, None) {
            shown.insert(place, Shown { item: item.clone(), unfolded: false });
        }
    }
    shown
}

fn in_order(items: &[Arc<Item>], order: Order) -> Vec<&Arc<Item>> {
    let mut items: Vec<_> = items.iter().collect();
    // What has no date comes last, whichever way the others run.
    let by_date = |one: &Item, other: &Item| match (&one.date, &other.date) {
        (Some(one), Some(other)) if order == Order::NewestFirst => other.cmp(one),
        (Some(one), Some(other)) => one.cmp(other),
        (one, other) => other.is_some().cmp(&one.is_some()),
    };
    match order {
        Order::AsListed => {}
        Order::NewestFirst | Order::OldestFirst => items.sort_by(|one, other| by_date(one, other)),
        Order::ByName => {
            items.sort_by_cached_key(|item| {
                let mut name = String::new();
                fold(item.caption.as_deref().unwrap_or(&item.name), &mut name);
                Numbered(name)
            });
        }
    }
    items
}

/// A name in which numbers count as what they are: `photo 9` comes before `photo 10`.
#[derive(PartialEq, Eq)]
struct Numbered(String);

impl Ord for Numbered {
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut one, mut two) = (self.0.as_str(), other.0.as_str());
        loop {
            let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            match (digits(one), digits(two)) {
                (0, _) | (_, 0) => {
                    let (mut rest, mut beside) = (one.chars(), two.chars());
                    match (rest.next(), beside.next()) {
                        (Some(a), Some(b)) if a == b => (one, two) = (rest.as_str(), beside.as_str()),
                        (a, b) => return a.cmp(&b),
                    }
                }
                (length, width) => {
                    let (number, figure) = (&one[..length], &two[..width]);
                    let (short, brief) = (number.trim_start_matches('0'), figure.trim_start_matches('0'));
                    match short.len().cmp(&brief.len()).then_with(|| short.cmp(brief)) {
                        Ordering::Equal => (one, two) = (&one[length..], &two[width..]),
                        unequal => return unequal,
                    }
                }
            }
        }
    }
}

impl PartialOrd for Numbered {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Tells what is looked for from the rest. It goes through ten thousand captions at every key that is pressed, and writes
/// them all into the same buffer.
struct Sieve<'a> {
    words: Vec<String>,
    from: Option<&'a str>,
    until: Option<&'a str>,
    buffer: String,
}

impl<'a> Sieve<'a> {
    fn new(find: &'a Find) -> Self {
        let mut words = String::new();
        fold(&find.words, &mut words);
        let words = words.split_whitespace().map(str::to_owned).collect();
        let from = find.from.as_ref().map(|day| day.begins.as_str());
        let until = find.to.as_ref().map(|day| day.ends.as_str());
        Self { words, from, until, buffer: String::new() }
    }

    /// A photo of a carousel has the carousel's words too, and its day where it has none of its own.
    fn takes(&mut self, item: &Item, carousel: Option<&Arc<Item>>) -> bool {
        if self.from.is_some() || self.until.is_some() {
            let Some(date) = item.date.as_deref().or_else(|| carousel?.date.as_deref()) else { return false };
            if self.from.is_some_and(|from| date < from) || self.until.is_some_and(|until| date >= until) {
                return false;
            }
        }
        if self.words.is_empty() {
            return true;
        }
        self.buffer.clear();
        for item in [Some(item), carousel.map(Arc::as_ref)].into_iter().flatten() {
            for words in [item.caption.as_deref(), Some(item.name.as_str())].into_iter().flatten() {
                fold(words, &mut self.buffer);
                self.buffer.push('\n');
            }
        }
        self.words.iter().all(|word| self.buffer.contains(word.as_str()))
    }
}

/// Writes a text in lower case and without accents, as people type who look for something.
fn fold(text: &str, into: &mut String) {
    for letter in text.chars() {
        if letter.is_ascii() {
            into.push(letter.to_ascii_lowercase());
            continue;
        }
        for letter in letter.to_lowercase() {
            match plain(letter) {
                "" => into.push(letter),
                "-" => {}
                plain => into.push_str(plain),
            }
        }
    }
}

/// A letter in lower case without its accents; empty where it is plain, and `-` for a mark that stands by itself, which is left
/// out. The letters are those of the dialog's languages and their neighbours.
fn plain(letter: char) -> &'static str {
    match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' | 'ạ'..='ặ' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' | 'ẹ'..='ệ' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' | 'ỉ'..='ị' => "i",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'ơ' | 'ọ'..='ợ' => "o",
        'œ' => "oe",
        'ŕ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ț' => "t",
        'þ' => "th",
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' | 'ư' | 'ụ'..='ự' => "u",
        'ý' | 'ÿ' | 'ŷ' | 'ỳ'..='ỹ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        'ё' => "е",
        'й' => "и",
        'أ' | 'إ' | 'آ' => "ا",
        // Accents, and the vowels of Hebrew and Arabic, which are seldom typed.
        '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{652}' => "-",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Day, Find, Folder, Order, Rest};
    use bowerbird_protocol::listing::Item;
    use std::sync::Arc;

    fn item(path: &str, caption: &str, date: &str) -> Arc<Item> {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Arc::new(Item { path: path.to_owned(), caption: some(caption), date: some(date), ..Item::default() })
    }

    fn folder(items: Vec<Arc<Item>>, find: Find) -> Folder {
        Folder { path: "/1/".to_owned(), name: "A".to_owned(), items, rest: Rest::End, find, opened: Vec::new() }
    }

    fn paths(folder: &Folder) -> Vec<String> {
        super::shown(folder).into_iter().map(|shown| shown.item.path.clone()).collect()
    }

    fn found(words: &str, captions: &[&str]) -> Vec<String> {
        let items = captions.iter().enumerate().map(|(place, caption)| item(&place.to_string(), caption, "")).collect();
        paths(&folder(items, Find { words: words.to_owned(), ..Find::default() }))
    }

    #[test]
    fn all_words_are_looked_for_in_any_case_and_without_accents() {
        let captions = ["Pastéis de nata, still warm", "Tram 28", "A tram, and PASTEIS", ""];
        assert_eq!(found("pasteis", &captions), ["0", "2"]);
        assert_eq!(found("  TRAM   pastéis ", &captions), ["2"]);
        assert_eq!(found(" ", &captions), ["0", "1", "2", "3"]);
        assert_eq!(found("warm tram", &captions).len(), 0);
    }

    #[test]
    fn letters_are_found_however_they_are_written() {
        for (words, caption) in [
            ("strasse", "Straße"),
            ("Straße", "STRASSE"),
            ("pho bo", "Phở bò"),
            ("dai", "Đại"),
            ("lodz", "Łódź"),
            ("ete", "E\u{301}te\u{301}"),
            ("istanbul", "İstanbul"),
            ("smorrebrod", "Smørrebrød"),
            ("елка", "Ёлка"),
            ("אבא", "אַבָּא"),
            ("احمد", "أحمد"),
            ("夏休み", "夏休みの写真"),
        ] {
            assert_eq!(found(words, &[caption]), ["0"], "{words} in {caption}");
        }
    }

    #[test]
    fn names_are_looked_through_too() {
        let items = vec![Arc::new(Item { path: "1".to_owned(), name: "Lisbon".to_owned(), ..Item::default() })];
        assert_eq!(paths(&folder(items, Find { words: "lisb".to_owned(), ..Find::default() })), ["1"]);
    }

    /// A day two hours before that of UTC, as in Lisbon's and Berlin's summers.
    fn day(name: &str, begins: &str, ends: &str) -> Option<Day> {
        Some(Day { name: name.to_owned(), begins: format!("{begins}T22:00:00Z"), ends: format!("{ends}T22:00:00Z") })
    }

    #[test]
    fn days_are_the_visitors_the_last_is_included_and_what_has_no_date_is_left_out() {
        let items = vec![
            item("a", "", "2024-05-30T21:59:59Z"),
            item("b", "", "2024-05-30T22:00:00Z"),
            item("c", "", "2024-06-01T21:59:59Z"),
            item("d", "", ""),
        ];
        let between =
            |from: Option<Day>, to: Option<Day>| paths(&folder(items.clone(), Find { from, to, ..Find::default() }));
        let may_30 = day("2024-05-30", "2024-05-29", "2024-05-30");
        let may_31 = day("2024-05-31", "2024-05-30", "2024-05-31");
        let june_1 = day("2024-06-01", "2024-05-31", "2024-06-01");
        assert_eq!(between(may_31.clone(), june_1), ["b", "c"]);
        assert_eq!(between(may_31.clone(), None), ["b", "c"]);
        assert_eq!(between(may_31.clone(), may_31), ["b"]);
        assert_eq!(between(None, may_30), ["a"]);
        assert_eq!(between(None, None), ["a", "b", "c", "d"]);
    }

    #[test]
    fn orders_are_stable_and_what_has_no_date_comes_last() {
        let items = vec![
            item("a", "photo 10", "2024-01-01T00:00:00Z"),
            item("b", "Émile", ""),
            item("c", "photo 9", "2025-01-01T00:00:00Z"),
            item("d", "eve", "2024-01-01T00:00:00Z"),
            item("e", "photo 9", ""),
        ];
        let ordered = |order: Order| paths(&folder(items.clone(), Find { order, ..Find::default() }));
        assert_eq!(ordered(Order::AsListed), ["a", "b", "c", "d", "e"]);
        assert_eq!(ordered(Order::NewestFirst), ["c", "a", "d", "b", "e"]);
        assert_eq!(ordered(Order::OldestFirst), ["a", "d", "c", "b", "e"]);
        assert_eq!(ordered(Order::ByName), ["b", "d", "c", "e", "a"]);
    }

    #[test]
    fn a_carousel_keeps_its_photos_behind_it_and_stays_for_one_of_them() {
        let carousel = item("/c/", "Lisbon", "2024-05-01T00:00:00Z");
        let items = vec![item("a", "Tram", "2023-01-01T00:00:00Z"), carousel, item("z", "Lisbon", "")];
        let photos = vec![item("/c/1", "", ""), item("/c/2", "the tram", "")];
        let seen = |find: Find| {
            let mut folder = folder(items.clone(), find);
            let opened = Folder { path: "/c/".to_owned(), items: photos.clone(), ..folder.clone() };
            folder.opened.push(opened);
            paths(&folder)
        };
        let words = |words: &str| Find { words: words.to_owned(), ..Find::default() };
        assert_eq!(seen(Find::default()), ["a", "/c/", "/c/1", "/c/2", "z"]);
        assert_eq!(seen(words("tram")), ["a", "/c/", "/c/2"]);
        assert_eq!(seen(words("lisbon")), ["/c/", "/c/1", "/c/2", "z"], "its photos have its words");
        assert_eq!(seen(words("nothing")).len(), 0);
        assert_eq!(
            seen(Find { from: day("2024-01-01", "2023-12-31", "2024-01-01"), ..Find::default() }),
            ["/c/", "/c/1", "/c/2"]
        );
        let newest = Find { order: Order::NewestFirst, ..Find::default() };
        assert_eq!(seen(newest), ["/c/", "/c/1", "/c/2", "a", "z"]);
    }

    #[test]
    fn what_is_looked_for_can_be_let_go_of_with_the_order_kept() {
        let find = Find {
            words: "x".to_owned(),
            from: day("2024-01-01", "2023-12-31", "2024-01-01"),
            to: None,
            order: Order::ByName,
        };
        assert!(find.leaves_out());
        let cleared = find.cleared();
        assert!(!cleared.leaves_out());
        assert_eq!(cleared.order, Order::ByName);
        assert!(!Find { words: "  ".to_owned(), ..Find::default() }.leaves_out());
    }
}
