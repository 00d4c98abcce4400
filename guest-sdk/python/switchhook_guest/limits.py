"""Every bound of this layer, with its unit, and what happens when it is reached."""

AUDIO_QUEUE_MS_MAX = 2_000
"""Audio that waits in one stream, ms over all channels. More: the oldest frame is dropped and counted."""
EVENT_QUEUE_MAX = 256
"""Events that wait in one stream. More: the oldest is dropped and counted."""
KEYS_MAX = 32
"""Keys that wait in one stream. More: the oldest is dropped and counted."""
STREAMS_MAX = 16
"""Streams of one kind at once. A further one is refused with ``Full``."""
UTTERANCES_MAX = 32
"""Utterances that play or wait for their turn. More are refused with ``Full``."""
PLAY_AHEAD_MS = 1_000
"""Audio that ``say`` and ``play_all`` keep queued in the host, ms. What is more waits for its turn."""
PIECE_MS_MIN = 20
"""Less than this is not worth a ``Full``, ms: a host that cannot take it cannot be played to."""
SOCKET_QUEUE_BYTES_MAX = 1 << 20
"""Bytes of messages that wait in one socket to be read. More: it is over, with ``FULL``."""
ANSWER_QUEUE_BYTES_MAX = 4 << 20
"""Bytes of an answer that wait to be read. More: it fails with ``FULL``."""
STEPS_MAX = 16
"""Steps that wait in what was placed. More: the oldest is dropped and counted."""
