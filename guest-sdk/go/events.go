package switchhook

// Frame is audio that was heard, as the carrier framed it: usually 20 ms.
type Frame struct {
	// Channel 0 is the call; single legs come on channels of their own beside it.
	Channel uint8
	// AtSample is the place of the first sample on this channel. Samples that were dropped are counted, so places are times.
	AtSample uint64
	// LostSamples were dropped just before this frame, because the handler was late.
	LostSamples uint32
	// PCM is signed 16-bit, mono, at the call's rate.
	PCM []int16
}

// Event is one of the types below. The set may grow.
type Event = any

// Key was signalled out of band. Keys that are heard in band come from Call.Keys alone.
type Key struct {
	Digit   rune
	Channel uint8
}

// Warning is something the handler should know; the call goes on.
type Warning struct{ Failure *Failure }

// CallError was reported by the carrier; the call goes on.
type CallError struct{ Failure *Failure }

// Ended is the last event: the call is over, and why (`terminated`, `closed`, ...).
type Ended struct{ Reason string }

// Other is what this version of the SDK does not know, or what later versions add: kind and JSON.
type Other struct{ Kind, JSON string }

// Ledger is what became of the audio that was played, in samples. Sent + Queued + Dropped is all that was taken.
type Ledger struct {
	// Queued waits in the host, Sent left it, Heard is the best estimate of what the other side has heard, Dropped was cleared
	// before it left.
	Queued, Sent, Heard, Dropped uint64
	// Exact: the carrier itself confirmed Heard.
	Exact bool
}

// Field is a named value.
type Field struct{ Name, Value string }

// Info is what is known of the call when it begins.
type Info struct {
	// ID is unique within the host.
	ID, Tenant, Carrier string
	// Caller and Callee as the carrier writes them, usually E.164.
	Caller, Callee string
	// Outbound: the host placed the call. Resumed: an earlier instance served this call and was lost.
	Outbound, Resumed bool
	SampleRateHz      uint32
	// Channels carry audio at some time. 0 is the call.
	Channels []byte
	// Fields are what else the carrier said.
	Fields []Field
}

// What only the SDK sees.
type (
	outcome struct {
		command uint32
		err     error
	}
	mark struct {
		name   string
		played bool
	}
	playoutLow    struct{}
	socketOpen    struct{ socket uint32 }
	socketMessage struct {
		socket  uint32
		message Message
	}
	socketWritable struct{ socket uint32 }
	socketClosed   struct {
		socket uint32
		closed SocketClosed
	}
	httpHead struct {
		request uint32
		status  int
		header  []Field
	}
	httpBody struct {
		request uint32
		data    []byte
	}
	httpEnd struct {
		request uint32
		err     error
	}
	placedStep struct {
		request uint32
		step    Step
	}
)
