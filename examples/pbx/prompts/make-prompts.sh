#!/usr/bin/env bash
# Makes the prompts: reads en.txt and de.txt, writes en/*.wav and de/*.wav (8000 Hz, mono, 16 bits).
# Needs espeak-ng and sox. The same versions of both give the same files.
set -euo pipefail
cd "$(dirname "$0")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Speech evened out and brought to one peak level, cut to the telephone band, with 100 ms of silence
# around it.
say() { # voice, text, file
    espeak-ng -v "$1" -s 160 -p 42 -g 4 -w "$work/speech.wav" -- "$2"
    sox -R "$work/speech.wav" -r 8000 -c 1 -b 16 "$3" \
        gain -9 highpass 200 lowpass 3600 silence 1 0.02 0.5% reverse silence 1 0.02 0.5% reverse \
        compand 0.01,0.2 6:-60,-50,-30,-18,-10,-12,0,-10 gain -n -5 pad 0.1 0.1
}

# Eight seconds of plucked chords (I vi ii V), all tones inside the telephone band.
music() { # file
    local -a chords=("C4 E4 G4 C5" "A3 C4 E4 A4" "D4 F4 A4 D5" "G3 B3 D4 G4")
    local chord note bar=0
    for chord in "${chords[@]}"; do
        local -a up notes=()
        read -r -a up <<<"$chord"
        # Up and down again: eight notes in two seconds, each a channel that starts later.
        for note in "${up[@]}" "${up[2]}" "${up[1]}" "${up[3]}" "${up[2]}"; do
            notes+=(pluck "$note")
        done
        sox -R -n -r 8000 -c 8 -b 16 "$work/chord.wav" synth 2 "${notes[@]}" \
            delay 0 0.25 0.5 0.75 1 1.25 1.5 1.75 trim 0 2
        sox -R "$work/chord.wav" "$work/bar$((bar++)).wav" remix 1-8 highpass 150 fade 0 2 0.05
    done
    sox -R "$work"/bar{0,1,2,3}.wav -r 8000 -c 1 -b 16 "$1" lowpass 3400 gain -n -12
}

music "$work/music.wav"
for language in en de; do
    rm -rf "$language"
    mkdir "$language"
    voice=$language
    [ "$language" = en ] && voice=en-us
    while IFS= read -r line; do
        case $line in '#'* | '') continue ;; esac
        say "$voice" "${line#*: }" "$language/${line%%: *}.wav"
    done <"$language.txt"
    # Music on hold: the music, then the sentence; played in a loop.
    sox -R "$work/music.wav" "$language/moh.wav" "$work/moh.wav"
    mv "$work/moh.wav" "$language/moh.wav"
done

du -ch ./*/*.wav | tail -n 1
