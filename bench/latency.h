/* Latencies, counted in FINE / 2 buckets for each power of two of microseconds. */
#include <stdint.h>
#include <string.h>

enum { FINE = 64 };

static long histogram[64 * FINE];

static void forget_latencies(void) { memset(histogram, 0, sizeof histogram); }

static void record(int64_t nanoseconds) {
    uint64_t us = nanoseconds > 0 ? nanoseconds / 1000 : 0;
    int power = us < FINE ? 0 : 63 - __builtin_clzll(us) - 5;
    histogram[power * FINE + (us >> power)]++;
}

static double percentile(double share) {
    double total = 0, passed = 0;
    for (int n = 0; n < 64 * FINE; n++) total += histogram[n];
    for (int n = 0; n < 64 * FINE; n++)
        if (total && (passed += histogram[n]) >= share * total)
            return (double)(n % FINE + 1) * (1ULL << n / FINE);
    return 0;
}
