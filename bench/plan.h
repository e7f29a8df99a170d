/* The plan that the load follows: lines of a name and a value, as bench/load.py writes them. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 8, PORTS = 8 };

struct text { char *at; int size; };
struct step { struct text send, expect; }; /* what a client says, and what it waits for then */

static long clients_count, rooms = 1, senders, window = 1, spread, expect, size = 64, at_once = 500;
static long controls, ports[PORTS], ports_count, every;
static long handshake; /* steps of it: what comes after them is in frames of WebSocket */
static double rate, warm = 1, seconds = 3, drain = 10;
static struct step steps[STEPS], again[STEPS];
static int steps_count, again_count;
static struct text message, alive, refusal; /* of what is said `again` */
static char hex[256];

static int number_of(const char *digits, int count, uint32_t *number) {
    for (*number = 0; count--; digits++) {
        if (hex[(unsigned char)*digits] < 0) return 0;
        *number = *number << 4 | hex[(unsigned char)*digits];
    }
    return 1;
}

static struct text text_of(const char *from, char stop) {
    struct text text = {malloc(strlen(from) + 1), 0};
    for (; *from && *from != stop; from++) {
        if (*from == '\\' && from[1] == 'x') {
            uint32_t byte = 0;
            number_of(from + 2, 2, &byte);
            text.at[text.size++] = byte;
            from += 3;
        } else {
            text.at[text.size++] = *from;
        }
    }
    return text;
}

static void read_plan(void) {
    memset(hex, -1, sizeof hex);
    for (int n = 0; n < 16; n++) hex[(unsigned char)"0123456789abcdef"[n]] = n;
    static char line[16384];
    static const struct { const char *name; long *value; } numbers[] = {
        {"clients", &clients_count}, {"rooms", &rooms}, {"senders", &senders}, {"size", &size},
        {"window", &window}, {"spread", &spread}, {"expect", &expect}, {"at_once", &at_once},
        {"controls", &controls}, {"every", &every}, {"handshake", &handshake}};
    while (fgets(line, sizeof line, stdin) && strcmp(line, "open\n")) {
        char *value = strchr(line, ' ');
        if (!value) continue;
        *value++ = 0;
        value[strcspn(value, "\n")] = 0;
        for (unsigned n = 0; n < sizeof numbers / sizeof *numbers; n++)
            if (!strcmp(line, numbers[n].name)) *numbers[n].value = atol(value);
        char *tab = strchr(value, '\t');
        struct step step = {text_of(value, '\t'), text_of(tab ? tab + 1 : "", 0)};
        if (!strcmp(line, "port")) ports[ports_count++] = atol(value);
        if (!strcmp(line, "rate")) rate = atof(value);
        if (!strcmp(line, "warm")) warm = atof(value);
        if (!strcmp(line, "seconds")) seconds = atof(value);
        if (!strcmp(line, "drain")) drain = atof(value);
        if (!strcmp(line, "step")) steps[steps_count++] = step;
        if (!strcmp(line, "again")) again[again_count++] = step;
        if (!strcmp(line, "message")) message = step.send;
        if (!strcmp(line, "alive")) alive = step.send;
        if (!strcmp(line, "refusal")) refusal = step.send;
    }
}
