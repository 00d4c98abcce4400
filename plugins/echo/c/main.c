/* Echo: answers and says back what it hears. */

#include <switchhook.h>

sh_status handle(sh_call *call) {
  sh_status failed = sh_answer(call);
  for (sh_event event; !failed && sh_next(call, &event);) {
    /* Single legs come on channels of their own beside the call's: to echo them too would double the voice. */
    if (event.kind != SH_AUDIO || event.audio.channel != 0) continue;
    failed = sh_play(call, event.audio.samples, event.audio.count);
    /* SH_FULL: the carrier pulls slower than the caller speaks. What does not fit is dropped, and the rest stays in time. */
    if (failed == SH_FULL || failed == SH_ENDED || failed == SH_NOT_NOW) failed = SH_OK;
  }
  return failed;
}
