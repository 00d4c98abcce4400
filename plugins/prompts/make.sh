#!/bin/sh
# Makes the WAV files of this folder: 8 kHz, mono, 16 bit. Needs espeak-ng and sox; the files are committed, so that a
# build needs neither.
set -eu
cd "$(dirname "$0")"

# name, voice, words a minute, text
say() {
    espeak-ng -v "$2" -s "$3" -w "$1.raw.wav" "$4"
    # Silence is cut off at both ends, but for 50 ms behind, and the level is that of a telephone voice.
    sox -D "$1.raw.wav" -r 8000 -c 1 -b 16 "$1.wav" gain -6 highpass 200 silence 1 0.01 0.5% reverse silence 1 0.01 0.5% \
        reverse pad 0 0.05 norm -6
    rm "$1.raw.wav"
}

say menu-welcome en-gb-x-rp 185 "Welcome. To speak to a person, press one. For our opening hours, press two."
say menu-hours en-gb-x-rp 185 "We are open from nine to five, on weekdays."
say menu-invalid en-gb-x-rp 185 "There is nothing behind this key."
say menu-unanswered en-gb-x-rp 185 "Sorry, nobody can take your call right now."
say goodbye en-gb-x-rp 185 "Goodbye."
say voicemail-greeting en-gb-x-rp 185 "Nobody is here. Please leave a message after the tone, and end it with the hash key."
say voicemail-options en-gb-x-rp 185 "Press one to hear your message, or three to delete it."
say voicemail-deleted en-gb-x-rp 185 "Your message is deleted."
say voicemail-kept en-gb-x-rp 185 "Thank you. Your message is kept."
say coach-turn en-gb-x-rp 185 "It is your turn: they wait for an answer."
say coach-listen en-gb-x-rp 185 "You talk at the same time. Let them finish."
say coach-joins en-gb-x-rp 185 "Hello. This is the coach, and you both hear me."
say screen-ask en-gb-x-rp 185 "This number screens its calls. After the tone, please say who you are, and why you call."
say screen-hold en-gb-x-rp 185 "Thank you. One moment, please."
say screen-says en-gb-x-rp 185 "A call for you. This is what the caller says."
say screen-options en-gb-x-rp 185 "Press one to take the call, two to always take calls from this number, three to refuse it, or four to block this number."
say screen-refused en-gb-x-rp 185 "Sorry, your call is not taken. What you said is kept."
say screen-message en-gb-x-rp 185 "Please leave a message after the tone."
# What a caller says.
say caller-message en-us+f3 165 "Hello, this is Anna Bell. Please call me back tomorrow."
