package switchhook

// Every bound of the SDK, and what happens when it is reached.
const (
	// FramesMax wait in one stream of audio: two seconds. More: the oldest is dropped, and counted in LostSamples of the next
	// frame of its channel.
	FramesMax = 100
	// EventsMax wait in one stream of events. More: the oldest is dropped.
	EventsMax = 256
	// KeysMax wait in one stream of keys. More: the oldest is dropped.
	KeysMax = 32
	// PlayAheadMs is how much audio Say keeps queued in the host. The rest waits for its turn.
	PlayAheadMs = 1_000
	// SocketBytesMax wait in one socket to be read. More: it is closed, and its reader gets ErrFull behind what came before.
	SocketBytesMax = 1 << 20
	// AnswerBytesMax of an answer wait to be read. More: it fails with ErrFull.
	AnswerBytesMax = 4 << 20
	// ArenaBytes is how much one event or answer of the host may hold. More ends the instance with a trap.
	ArenaBytes = 256 << 10

	// stepsMax wait in what was placed. More are not told.
	stepsMax = 16
	// pieceMsMin is not worth an ErrFull: a host that cannot take it cannot be played to.
	pieceMsMin = 20
)
