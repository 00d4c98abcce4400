#include <switchhook.h>

sh_status handle(sh_call *call) {
  sh_status failed = sh_answer(call);
  for (sh_event event; !failed && sh_next(call, &event);)
    if (event.kind == SH_AUDIO && event.audio.channel == 0) sh_play(call, event.audio.samples, event.audio.count);
  return failed;
}
