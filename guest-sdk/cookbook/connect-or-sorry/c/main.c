/* Rings the number that was called; when nobody picks up, answers and says so. */

#include <switchhook.h>

static const uint8_t sorry_wav[] = {
#embed "menu-unanswered.wav"
};
static sh_prompt sorry = SH_PROMPT(sorry_wav);

sh_status handle(sh_call *call) {
  sh_status failed = sh_connect(call, 15);
  /* A value like any other: the call is as it was. */
  if (failed == SH_UNANSWERED) {
    failed = sh_answer(call);
    if (!failed) failed = sh_say_prompt(call, &sorry, 0);
  }
  /* The parties stay connected without this handler. */
  return failed ? failed : sh_close(call);
}
