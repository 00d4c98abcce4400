package switchhook

import "time"

// Kit is the host's audio kit: the work of package audio at native speed, and G.711 beside it. It needs no grant. Audio is
// samples; up to 96,000 of them at once, given or asked for, are ErrInvalid beyond that.
type Kit struct{}

// Kit is the host's audio kit.
func (c *Call) Kit() Kit { return Kit{} }

type toolKind int

const (
	resampler toolKind = iota
	keyDetector
	voiceDetector
)

// tool is what the host keeps until it is closed: an instance may have eight, then ErrFull.
type tool struct{ id uint32 }

// Close gives it back.
func (t tool) Close() { current.closeTool(t.id) }

// Resampler takes a stream to another rate.
type Resampler struct{ tool }

// Resampler begins to resample, from 4 to 48 kHz.
func (Kit) Resampler(fromHz, toHz int) (*Resampler, error) {
	id, err := current.openTool(resampler, uint32(fromHz), uint32(toHz))
	return &Resampler{tool{id}}, err
}

// Push takes a piece and answers what is certain by now, up to 60 ms behind.
func (r *Resampler) Push(pcm []int16) ([]int16, error) { return current.resample(r.id, pcm) }

// Finish answers the rest. It begins anew.
func (r *Resampler) Finish() ([]int16, error) { return current.finishResampling(r.id) }

// KeyDetector hears keys in band (DTMF).
type KeyDetector struct{ tool }

// KeyDetector begins to listen for keys, at 4 to 48 kHz.
func (Kit) KeyDetector(sampleRateHz int) (*KeyDetector, error) {
	id, err := current.openTool(keyDetector, uint32(sampleRateHz), 0)
	return &KeyDetector{tool{id}}, err
}

// Hear answers the keys that were pressed in this audio, usually none, 30 to 50 ms after they went down.
func (d *KeyDetector) Hear(pcm []int16) (string, error) { return current.hearKeys(d.id, pcm) }

// VoiceDetector tells speech from the noise behind it by its loudness.
type VoiceDetector struct {
	tool
	// Speaks is whether somebody speaks. Spoken is for how long in all, and Quiet for how long nobody has, of audio.
	Speaks        bool
	Spoken, Quiet time.Duration
}

// VoiceDetector begins to listen for speech, at 4 to 48 kHz.
func (Kit) VoiceDetector(sampleRateHz int) (*VoiceDetector, error) {
	id, err := current.openTool(voiceDetector, uint32(sampleRateHz), 0)
	return &VoiceDetector{tool: tool{id}}, err
}

// Hear answers whether somebody speaks at the end of this audio.
func (d *VoiceDetector) Hear(pcm []int16) (bool, error) {
	speaks, spokenMs, quietMs, err := current.hearVoice(d.id, pcm)
	if err == nil {
		d.Speaks = speaks
		d.Spoken, d.Quiet = time.Duration(spokenMs)*time.Millisecond, time.Duration(quietMs)*time.Millisecond
	}
	return speaks, err
}

// LevelDBFS is how loud audio is, dB below full scale; silence is -96.
func (Kit) LevelDBFS(pcm []int16) (float32, error) { return current.level(pcm) }

// Tones is the sum of up to eight sine tones with soft ends. The amplitude is that of each, a part of full scale.
func (Kit) Tones(freqsHz []uint32, amplitude float64, sampleRateHz int, time_ time.Duration) ([]int16, error) {
	return current.tones(freqsHz, peak(amplitude), uint32(time_/time.Millisecond), uint32(sampleRateHz))
}

// KeyTones is keys as their tones, each for so long and with as long a pause behind it.
func (Kit) KeyTones(keys string, amplitude float64, sampleRateHz int, time_ time.Duration) ([]int16, error) {
	return current.keyTones(keys, peak(amplitude), uint32(time_/time.Millisecond), uint32(sampleRateHz))
}

func peak(amplitude float64) uint32 { return uint32(max(0, min(1, amplitude))*32_767 + 0.5) }

// Law is one of the two of ITU-T G.711.
type Law uint32

// The laws.
const (
	MuLaw Law = iota
	ALaw
)

// ToG711 codes audio, one byte a sample.
func (Kit) ToG711(law Law, pcm []int16) ([]byte, error) { return current.toG711(uint32(law), pcm) }

// FromG711 is the audio of these bytes, one sample each.
func (Kit) FromG711(law Law, coded []byte) ([]int16, error) {
	return current.fromG711(uint32(law), coded)
}

// ReadWAV is the rate and the audio of a WAV file: 8 or 16-bit PCM; of a stereo file the mean of its sides.
func (Kit) ReadWAV(file []byte) (sampleRateHz int, pcm []int16, err error) {
	rate, pcm, err := current.readWAV(file)
	return int(rate), pcm, err
}

// WriteWAV is a WAV file of 16-bit PCM, mono.
func (Kit) WriteWAV(sampleRateHz int, pcm []int16) ([]byte, error) {
	return current.writeWAV(uint32(sampleRateHz), pcm)
}
