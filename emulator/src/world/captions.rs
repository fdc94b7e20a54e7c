//! What people write under their photos.

/// Whose way of writing captions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// Writes nothing.
    Silent,
    /// A sentence under every photo.
    Traveller,
    /// A word under every third photo.
    Sparse,
    /// Counts the days.
    Diarist,
    /// Everything that upsets a layout: long, right-to-left, both directions, emoji, markup, nothing.
    Polyglot,
}

const LISBON: [&str; 8] = [
    "Tram 28 took the corner faster than we did.",
    "Pastéis de nata, still warm. There were six a minute ago.",
    "The view from Miradouro da Senhora do Monte.",
    "Blue tiles everywhere, no two walls alike.",
    "Evening light over the Tagus.",
    "Lost in Alfama, and in no hurry to be found.",
    "The bookshop that has been open since 1732.",
    "Last morning: one more coffee, then the airport.",
];

const SPARSE: [&str; 6] =
    ["Finally.", "Sunday", "with Clara", "No filter", "Look at that sky!", "Same place, a year later"];

const PARAGRAPH: &str = "We had planned to leave at seven, which in this family means that somebody looks for the car \
    keys at half past eight, somebody else remembers the cat, and the sandwiches stay behind on the kitchen table. By \
    the time the sea came into sight the sun stood high, the children had sung every song they knew twice, and the dog \
    had eaten the map. None of that is in this picture. What is in it: the first five minutes after the doors opened, \
    when nobody said a word. ";

const ARABIC: &str = "غروب الشمس على شاطئ البحر، والأطفال لا يريدون العودة إلى البيت.";
const HEBREW: &str = "ארוחת שבת אצל סבתא, כל המשפחה סביב שולחן אחד.";
const BOTH: &str = "يوم في متحف Gulbenkian مع Clara و Ben (٢٠٢٤)";
const EMOJI: &str = "🏖️👨‍👩‍👧‍👦🌅 ❤️ 🇵🇹";
const MARKUP: &str = "<b>not bold</b> & \"quoted\" 'twice' <script>alert(1)</script> \\ %20";
const LINES: &str = "First line\nSecond line\n\nA line after a gap";
const ONE_WORD: &str =
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftsversammlungsprotokoll";

impl Voice {
    /// The caption of the photo at a place in its album; none where nothing was written.
    pub fn caption(self, index: usize) -> Option<String> {
        match self {
            Voice::Silent => None,
            Voice::Traveller => Some(LISBON[index % LISBON.len()].to_owned()),
            Voice::Sparse => index.is_multiple_of(3).then(|| SPARSE[index / 3 % SPARSE.len()].to_owned()),
            Voice::Diarist => Some(format!("Day {}", index + 1)),
            Voice::Polyglot => match index % 10 {
                0 => Some(PARAGRAPH.repeat(5).trim_end().to_owned()),
                1 => Some(ARABIC.to_owned()),
                2 => Some(HEBREW.to_owned()),
                4 => Some(EMOJI.to_owned()),
                5 => Some(BOTH.to_owned()),
                6 => Some(MARKUP.to_owned()),
                7 => Some(LINES.to_owned()),
                8 => Some(ONE_WORD.to_owned()),
                9 => Some(format!("{ARABIC} ").repeat(20).trim_end().to_owned()),
                _ => None,
            },
        }
    }
}
