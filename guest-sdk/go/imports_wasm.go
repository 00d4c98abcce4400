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
func recordingStart(side int32, into unsafe.Pointer)

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
