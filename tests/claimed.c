/* A sound card that another program has: ALSA says EBUSY for as long as a file is there. For LD_PRELOAD, in tests.
   The virtual card can't be claimed itself: its server lets everybody in. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

typedef int (*opening)(void **, const char *, int, int);

int snd_pcm_open(void **pcm, const char *name, int capture, int mode) {
  const char *file = getenv(capture ? "TEST_CLAIMS_MICROPHONE" : "TEST_CLAIMS_LOUDSPEAKER");
  if (file != NULL && access(file, F_OK) == 0) return -EBUSY;
  return ((opening)dlsym(RTLD_NEXT, "snd_pcm_open"))(pcm, name, capture, mode);
}
