"""The echo in the contract's own words: nothing of the SDK is in it, so that it can be built anew whatever becomes of that."""

import wit_world
from wit_world.imports import call, events, playout
from wit_world.imports.types import Event_Audio
from componentize_py_types import Err


class WitWorld(wit_world.WitWorld):
    def handle(self, info):
        call.answer()
        while (event := events.next()) is not None:
            match event:
                case Event_Audio(frame) if frame.channel == 0:
                    samples = memoryview(frame.pcm).cast("h").tolist()
                    try:
                        playout.play_samples(samples)
                    except Err:
                        # Full, or over: what does not fit is dropped.
                        pass
