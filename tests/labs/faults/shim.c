/* What an operating system may do to a process, for LD_PRELOAD:
 *
 * SHIM_CLOCK=FILE  the wall clock is off by the milliseconds that FILE holds, as after a step of NTP,
 *                  or in a virtual machine that was paused; the monotonic clock is not
 * SHIM_NAMES=FILE  a look-up of SHIM_NAME finds 127.0.0.1; while FILE exists it gets no answer, and
 *                  fails after 60 s, as with a name server that is dead
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long long skew_ms(void)
{
    static int file = -2;
    char text[32];
    if (file == -2) {
        const char *name = getenv("SHIM_CLOCK");
        file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    }
    ssize_t length = file < 0 ? 0 : pread(file, text, sizeof text - 1, 0);
    if (length <= 0)
        return 0;
    text[length] = 0;
    return atoll(text);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        long long skew = skew_ms();
        now->tv_sec += skew / 1000;
        now->tv_nsec += skew % 1000 * 1000000;
        for (; now->tv_nsec < 0; now->tv_sec--)
            now->tv_nsec += 1000000000;
        for (; now->tv_nsec >= 1000000000; now->tv_sec++)
            now->tv_nsec -= 1000000000;
    }
    return result;
}

int gettimeofday(struct timeval *now, void *zone)
{
    struct timespec found;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &found);
    now->tv_sec = found.tv_sec;
    now->tv_usec = found.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now)
{
    struct timespec found;
    clock_gettime(CLOCK_REALTIME, &found);
    if (now)
        *now = found.tv_sec;
    return found.tv_sec;
}

typedef int look_up(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    const char *name = getenv("SHIM_NAME"), *file = getenv("SHIM_NAMES");
    int asks = !(hints && hints->ai_flags & AI_NUMERICHOST);  /* A name server, that is. */
    if (asks && name && file && host && strcmp(host, name) == 0) {
        if (access(file, F_OK) == 0) {
            /* It is asked again and again: one that lives again answers. */
            for (int seconds = 0; access(file, F_OK) == 0; seconds++) {
                if (seconds == 60)
                    return EAI_AGAIN;
                sleep(1);
            }
        }
        host = "127.0.0.1";
    }
    return ((look_up *)dlsym(RTLD_NEXT, "getaddrinfo"))(host, service, hints, found);
}
