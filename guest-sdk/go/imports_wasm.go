//go:build wasip1

package switchhook

import "unsafe"

// The contract's functions as the canonical ABI has them: lists are an address and a length, and what does not fit into one
// number is written to an address that is given last.

//go:wasmimport switchhook:handler/events@0.1.0 next
//go:noescape
func eventsNext(into unsafe.Pointer)

//go:wasmimport switchhook:handler/events@0.1.0 next-within
//go:noescape
func eventsNextWithin(ms uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/call@0.1.0 state
//go:noescape
func callState(into unsafe.Pointer)

//go:wasmimport switchhook:handler/call@0.1.0 answer
//go:noescape
func callAnswer(into unsafe.Pointer)

//go:wasmimport switchhook:handler/call@0.1.0 connect
//go:noescape
func callConnect(ringTimeS uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/call@0.1.0 whisper
//go:noescape
func callWhisper(into unsafe.Pointer)

//go:wasmimport switchhook:handler/call@0.1.0 barge
//go:noescape
func callBarge(into unsafe.Pointer)

//go:wasmimport switchhook:handler/call@0.1.0 spy
//go:noescape
func callSpy(into unsafe.Pointer)

//go:wasmimport switchhook:handler/call@0.1.0 disconnect
//go:noescape
func callDisconnect(into unsafe.Pointer)

//go:wasmimport switchhook:handler/call@0.1.0 close
//go:noescape
func callClose(into unsafe.Pointer)

//go:wasmimport switchhook:handler/call@0.1.0 transfer
//go:noescape
func callTransfer(to unsafe.Pointer, bytes, ringTimeS uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/call@0.1.0 send-digits
//go:noescape
func callSendDigits(digits unsafe.Pointer, bytes uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/playout@0.1.0 play
//go:noescape
func playoutPlay(pcm unsafe.Pointer, bytes uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/playout@0.1.0 mark
//go:noescape
func playoutMark(name unsafe.Pointer, bytes uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/playout@0.1.0 flush
func playoutFlush()

//go:wasmimport switchhook:handler/playout@0.1.0 clear
//go:noescape
func playoutClear(into unsafe.Pointer)

//go:wasmimport switchhook:handler/playout@0.1.0 notify-below
func playoutNotifyBelow(samples uint64)

//go:wasmimport switchhook:handler/playout@0.1.0 position
//go:noescape
func playoutPosition(into unsafe.Pointer)

//go:wasmimport switchhook:handler/recording@0.1.0 start
//go:noescape
func recordingStart(side unsafe.Pointer, bytes uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/recording@0.1.0 stop
//go:noescape
func recordingStop(into unsafe.Pointer)

//go:wasmimport switchhook:handler/recording@0.1.0 play
//go:noescape
func recordingPlay(reference unsafe.Pointer, bytes uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/recording@0.1.0 delete
//go:noescape
func recordingDelete(reference unsafe.Pointer, bytes uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/config@0.1.0 get
//go:noescape
func configGet(key unsafe.Pointer, bytes uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/log@0.1.0 log
//go:noescape
func logLog(level int32, message unsafe.Pointer, bytes uint32)

//go:wasmimport switchhook:handler/key-value@0.1.0 get
//go:noescape
func keyValueGet(key unsafe.Pointer, bytes uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/key-value@0.1.0 set
//go:noescape
func keyValueSet(key unsafe.Pointer, keyBytes uint32, value unsafe.Pointer, valueBytes uint32, lives, ttlS uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/key-value@0.1.0 delete
//go:noescape
func keyValueDelete(key unsafe.Pointer, bytes uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/key-value@0.1.0 compare-and-set
//go:noescape
func keyValueCompareAndSet(
	key unsafe.Pointer, keyBytes uint32, is uint32, expected unsafe.Pointer, expectedBytes uint32,
	value unsafe.Pointer, valueBytes uint32, lives, ttlS uint32, into unsafe.Pointer,
)

//go:wasmimport switchhook:handler/websocket@0.1.0 open
//go:noescape
func websocketOpen(url unsafe.Pointer, bytes uint32, headers unsafe.Pointer, count uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/websocket@0.1.0 send
//go:noescape
func websocketSend(socket, binary uint32, message unsafe.Pointer, bytes uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/websocket@0.1.0 close
//go:noescape
func websocketClose(socket, code uint32, reason unsafe.Pointer, bytes uint32)

//go:wasmimport switchhook:handler/http@0.1.0 request
//go:noescape
func httpRequest(
	method unsafe.Pointer, methodBytes uint32, url unsafe.Pointer, urlBytes uint32,
	headers unsafe.Pointer, count uint32, body unsafe.Pointer, bodyBytes uint32, into unsafe.Pointer,
)

//go:wasmimport switchhook:handler/http@0.1.0 cancel
func httpCancel(request uint32)

//go:wasmimport switchhook:handler/calls@0.1.0 place
//go:noescape
func callsPlace(to unsafe.Pointer, toBytes uint32, plugin unsafe.Pointer, pluginBytes uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/calls@0.1.0 begin-chat
//go:noescape
func callsBeginChat(to unsafe.Pointer, toBytes uint32, plugin unsafe.Pointer, pluginBytes uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/audio-kit@0.1.0 open-resampler
//go:noescape
func kitOpenResampler(fromHz, toHz uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/audio-kit@0.1.0 resample
//go:noescape
func kitResample(tool uint32, pcm unsafe.Pointer, bytes uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/audio-kit@0.1.0 finish-resampling
//go:noescape
func kitFinishResampling(tool uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/audio-kit@0.1.0 open-key-detector
//go:noescape
func kitOpenKeyDetector(sampleRateHz uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/audio-kit@0.1.0 hear-keys
//go:noescape
func kitHearKeys(tool uint32, pcm unsafe.Pointer, bytes uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/audio-kit@0.1.0 open-voice-detector
//go:noescape
func kitOpenVoiceDetector(sampleRateHz uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/audio-kit@0.1.0 hear-voice
//go:noescape
func kitHearVoice(tool uint32, pcm unsafe.Pointer, bytes uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/audio-kit@0.1.0 close
func kitClose(tool uint32)

//go:wasmimport switchhook:handler/audio-kit@0.1.0 level-dbfs
//go:noescape
func kitLevelDbfs(pcm unsafe.Pointer, bytes uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/audio-kit@0.1.0 tones
//go:noescape
func kitTones(freqsHz unsafe.Pointer, count uint32, peak, ms, sampleRateHz uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/audio-kit@0.1.0 key-tones
//go:noescape
func kitKeyTones(keys unsafe.Pointer, bytes uint32, peak, ms, sampleRateHz uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/audio-kit@0.1.0 to-g711
//go:noescape
func kitToG711(law uint32, pcm unsafe.Pointer, bytes uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/audio-kit@0.1.0 from-g711
//go:noescape
func kitFromG711(law uint32, coded unsafe.Pointer, bytes uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/audio-kit@0.1.0 read-wav
//go:noescape
func kitReadWav(file unsafe.Pointer, bytes uint32, into unsafe.Pointer)

//go:wasmimport switchhook:handler/audio-kit@0.1.0 write-wav
//go:noescape
func kitWriteWav(sampleRateHz uint32, pcm unsafe.Pointer, bytes uint32, into unsafe.Pointer)
