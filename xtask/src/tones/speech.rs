//! Speech in many voices, by `espeak-ng` and `sox`: the same each time.

use std::path::Path;
use std::process::{Command, Stdio};

/// A language of `espeak-ng` and sentences in it.
type Language = (&'static str, &'static str);

const LANGUAGES: &[Language] = &[
    (
        "en-us",
        "Thank you for calling. Nobody is here right now, but your call matters to us, so please hold the line. \
         Our opening hours are eight thirty to six. Four, seven, one, nine, two. You owe nine hundred and sixty five pounds. \
         Ooh, are you sure? We owe you an answer, and you will hear from us on Wednesday. No, no, no! Yes, we see the sea.",
    ),
    (
        "en-gb-x-rp",
        "A rather large aubergine rolled along the road while the owner argued about the hour of arrival. \
         Eleven eager ears heard an aria over the air. The moon moved slowly, too slowly, through the gloom. \
         Zero one six three two, nine six zero, double four seven. Could you please spell your surname?",
    ),
    (
        "de",
        "Guten Tag, Sie sprechen mit der Zentrale. Bitte nennen Sie mir Ihre Kundennummer, ich verbinde Sie dann weiter. \
         Null drei null, vier sieben eins eins. Übermorgen um Viertel nach neun wäre es möglich. \
         Der Motor ruht, und die Uhr im Flur schlug mühsam zwölf. Auf Wiederhören!",
    ),
    (
        "fr-fr",
        "Bonjour, vous êtes bien au service des réservations. Un instant, je vous passe mon collègue. \
         Il est onze heures et demie, où voulez-vous aller? Zéro six, quarante-deux, dix-sept. Une heureuse nouvelle, oui, oui!",
    ),
    (
        "es",
        "Buenos días, gracias por llamar. Ahora mismo no hay nadie en la oficina, deje su mensaje después de la señal. \
         Nueve uno cinco, cero cero, ocho dos. Mañana lloverá mucho en la montaña, y el año que viene también.",
    ),
    (
        "it",
        "Pronto, chi parla? Un momento per favore, le passo l'ufficio acquisti. Otto, nove, due, quattro, zero. \
         La luna illumina una laguna lontana, e nessuno ne era al corrente.",
    ),
    (
        "pl",
        "Dzień dobry, w czym mogę pomóc? Proszę poczekać, zaraz połączę. Siedem, osiem, dziewięć, zero, dwa. \
         Wczoraj wieczorem padał deszcz, a jutro ma być słonecznie.",
    ),
    (
        "sv",
        "Hej och välkommen till växeln. Var god dröj, du har plats nummer sju i kön. Noll åtta, fyra två ett, nio nio. \
         En mörk morgon i juni gick ljuset över älven.",
    ),
    (
        "ru",
        "Здравствуйте, вы позвонили в нашу компанию. Оставайтесь на линии, вам ответит первый освободившийся оператор. \
         Восемь, девять, один, два, пять. Завтра утром мы вам перезвоним.",
    ),
    (
        "cmn-latn-pinyin",
        "ni3 hao3, huan1 ying2 lai2 dian4. qing3 shao1 deng3, wo3 ma3 shang4 bang1 nin2 zhuan3 jie1. \
         yi1 er4 san1 si4 wu3 liu4 qi1 ba1 jiu3 ling2.",
    ),
    (
        "tr",
        "İyi günler, size nasıl yardımcı olabilirim? Lütfen hatta kalın. Sıfır beş üç iki, dört yedi. \
         Üzgünüm, aradığınız kişi şu anda yerinde yok.",
    ),
    (
        "fi",
        "Hyvää päivää, olette soittaneet keskukseen. Hetkinen, yhdistän puhelun. Nolla, viisi, kuusi, yhdeksän. \
         Yöllä tuuli ujelsi, ja aamulla lumi peitti koko pihan.",
    ),
];

/// Variants of a voice.
const VOICES: &[&str] = &[
    "m1", "f1", "m2", "f2", "m3", "f3", "m4", "f4", "m5", "f5", "m6", "m7", "m8", "klatt",
    "klatt2", "klatt3", "klatt4", "croak", "whisper", "Alicia", "Annie", "Andrea", "belinda",
    "linda", "steph", "anika", "antonio", "aunty", "boris", "david", "edward", "grandma",
    "grandpa", "gustave", "iven", "john", "max", "michel", "miguel", "norbert", "pablo", "quincy",
    "robert", "sandro", "travis",
];

/// Pieces that are made at the same time.
const AT_ONCE: usize = 4;

/// Decibels below full scale to which a piece is brought.
const LEVELS: &[u32] = &[1, 3, 6, 12, 20];

/// Makes pieces until there are so many minutes; those that are there already are kept. Tells how much there is. Another
/// seed than 0 gives each voice another language, and its words in another order.
pub(crate) fn make(dir: &Path, minutes: u32, seed: u64) -> Result<String, String> {
    std::fs::create_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let wanted = u64::from(minutes) * 60 * 8_000 * 2;
    let name = |number: usize| dir.join(format!("{number:04}.raw"));
    let (mut octets, mut pieces) = (0, 0);
    while octets < wanted {
        // The next few at once; one that is not needed is removed below.
        std::thread::scope(|scope| {
            let made: Vec<_> = (pieces..pieces + AT_ONCE)
                .filter(|number| !name(*number).is_file())
                .map(|number| scope.spawn(move || piece(&name(number), number, seed)))
                .collect();
            made.into_iter().try_for_each(|made| {
                made.join().unwrap_or_else(|_| Err("a thread has panicked".to_owned()))
            })
        })?;
        for _ in 0..AT_ONCE {
            if octets < wanted {
                octets += std::fs::metadata(name(pieces)).map_err(|e| e.to_string())?.len();
                pieces += 1;
            }
        }
    }
    // What a longer run has left is not part of this one.
    for more in pieces.. {
        if std::fs::remove_file(name(more)).is_err() {
            break;
        }
    }
    Ok(format!("{} minutes of speech in {pieces} pieces", octets / 2 / 8_000 / 60))
}

/// The words in another order.
fn shuffled(text: &str, mut seed: u64) -> String {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    for at in (1..words.len()).rev() {
        // Knuth's generator; its upper half is good enough to talk nonsense.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        words.swap(at, (seed >> 33) as usize % (at + 1));
    }
    words.join(" ")
}

/// One language, voice, speed, pitch and level after another, none of them in step.
fn piece(path: &Path, number: usize, seed: u64) -> Result<(), String> {
    let shift = (seed % 1_000) as usize;
    let (language, text) = LANGUAGES[(number + shift) % LANGUAGES.len()];
    let text = &if seed == 0 { text.to_owned() } else { shuffled(text, seed + number as u64) };
    let voice = format!("{language}+{}", VOICES[number % VOICES.len()]);
    let speed = (110 + (number + shift) * 37 % 140).to_string();
    let pitch = ((number + 3 * shift) * 29 % 100).to_string();
    let level = format!("-{}", LEVELS[number * 7 % LEVELS.len()]);
    let fault = |error: std::io::Error| format!("speech: {error}");
    let mut espeak = Command::new("espeak-ng")
        .args(["-v", &voice, "-s", &speed, "-p", &pitch, "--stdout", text])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(fault)?;
    let spoken = espeak.stdout.take().ok_or("espeak-ng says nothing")?;
    let half = path.with_extension("part");
    let sox = Command::new("sox")
        .args(["-q", "-D", "-t", "wav", "-", "-r", "8000", "-b", "16", "-e", "signed", "-c", "1"])
        .args(["-t", "raw"])
        .arg(&half)
        .args(["norm", &level])
        .stdin(spoken)
        // It tells that the length in the head is unknown.
        .stderr(Stdio::null())
        .status()
        .map_err(fault)?;
    let espeak = espeak.wait().map_err(fault)?;
    if !espeak.success() || !sox.success() {
        return Err(format!("speech by {voice}: espeak-ng ended with {espeak}, sox with {sox}"));
    }
    std::fs::rename(&half, path).map_err(fault)
}
