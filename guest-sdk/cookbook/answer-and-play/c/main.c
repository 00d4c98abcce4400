/* Answers, says a file, and hangs up. */

#include <switchhook.h>

static const uint8_t welcome_wav[] = {
#embed "menu-welcome.wav"
};
static sh_prompt welcome = SH_PROMPT(welcome_wav);

sh_status handle(sh_call *call) {
  sh_status failed = sh_answer(call);
  /* Returns when it was heard, not when it was queued. */
  if (!failed) failed = sh_say_prompt(call, &welcome, 0);
  return failed ? failed : sh_close(call);
}
