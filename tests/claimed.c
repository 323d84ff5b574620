/* A sound card that another program has: ALSA says EBUSY for as long as a file is there. For LD_PRELOAD, in tests.
   The virtual card can't be claimed itself: its server lets everybody in. */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

typedef int (*opening)(void **, const char *, int, int);

int snd_pcm_open(void **pcm, const char *name, int capture, int mode) {
  const char *file = getenv(capture ? "TEST_CLAIMS_MICROPHONE" : "TEST_CLAIMS_LOUDSPEAKER");
  if (file != NULL && access(file, F_OK) == 0) return -EBUSY;
  void *alsa = dlopen("libasound.so.2", RTLD_LAZY); /* not RTLD_NEXT: Python loads it where that does not look */
  opening open = alsa == NULL ? NULL : (opening)dlsym(alsa, "snd_pcm_open");
  return open == NULL ? -ENODEV : open(pcm, name, capture, mode);
}
