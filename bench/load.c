/* The load: many clients in one thread, the same for every server.
 *
 * Clients are played by templates, so that no protocol is known here. What a client receives is
 * searched for markers, "^" slot turn "$", wherever in its stream they stand: frames of JSON, IRC,
 * RESP and WebSocket (a client may mask with zeros, a server does not mask) all show them plain.
 * Only where a plan has a handshake is what follows it put into frames of WebSocket, and taken out.
 * A message is complete when every member it is meant for has it; only then is the next one sent
 * (a closed loop), unless the plan says so many a second. The plan comes on standard input, as
 * bench/load.py writes it; then `go`. Each stage ends with a line of JSON on standard output.
 *
 *   cc -O2 -o load load.c && ./load < plan
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "frames.h"
#include "latency.h"
#include "plan.h"

enum { MARK = 16, TAIL = 256, CHUNK = 1 << 18, RING = 1 << 16 };
enum { PATIENCE = 20, LOST_AFTER = 20, RETRY_AFTER = 1 }; /* seconds */

struct client {
    int fd, step, open, again, tail_size, dirty, waiting;
    unsigned out_used, out_size;
    char *out, tail[TAIL], found[80];
    struct frames frames;
};
struct slot { int sender, count; uint32_t turn; int64_t sent; };
struct retry { int number; int64_t at; };

static struct client *clients;
static struct slot *slots;
static struct retry *retries; /* in order: a client is in it once at most */
static int *issued, *dirty, issued_count, dirty_count, slots_count, poller, all;
static int started, opened, next_sender, next_slot, running, measuring, served;
static int64_t now, progress, alive_from, alive_sent, next_at, storm_from, storm_end;
static long messages, deliveries, strays, lost, retried, retries_done;
static char chunk[TAIL + CHUNK];

static int64_t clock_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void fail(const char *why, int number) {
    struct client *client = &clients[number];
    printf("{\"event\": \"failed\", \"why\": \"%s: client %d of %d, step %d, %d are open\"}\n", why,
           number, all, client->step, opened);
    fprintf(stderr, "last heard: %.*s\n", client->tail_size, client->tail);
    exit(1);
}

/* ---- Out */

static int room_of(int number) { return number < clients_count ? number % rooms : rooms; }

static int is_framed(struct client *client) { return handshake && client->step >= handshake; }

static void watch(struct client *client, int how, int writing) {
    struct epoll_event event = {EPOLLIN | (writing ? EPOLLOUT : 0), {.u32 = client - clients}};
    epoll_ctl(poller, how, client->fd, &event);
    client->waiting = writing;
}

static void add(struct client *client, const char *data, int length) {
    if (client->out_used + length > client->out_size) {
        client->out_size = (client->out_used + length) * 2;
        client->out = realloc(client->out, client->out_size);
    }
    memcpy(client->out + client->out_used, data, length);
    client->out_used += length;
}

/* Queues a template: %n client, %r room, %m text with the marker, %i id, %p what was found. */
static void say(int number, struct text *words, int slot) {
    struct client *client = &clients[number];
    unsigned begin = client->out_used;
    char piece[8192];
    if (!words->size) return;
    if (is_framed(client)) add(client, no_head, HEAD);
    const char *from = words->at, *end = from + words->size, *mark;
    for (; (mark = memchr(from, '%', end - from)); from = mark + 2) {
        add(client, from, mark - from);
        int length = 0;
        switch (mark[1]) {
        case 'n': length = sprintf(piece, "%06d", number); break;
        case 'r': length = sprintf(piece, "%06d", room_of(number)); break;
        case 'p': length = sprintf(piece, "%s", client->found); break;
        case 'i': length = sprintf(piece, "%06x%08x", slot, slots[slot].turn); break;
        case 'm':
            sprintf(piece, "^%06x%08x$", slot, slots[slot].turn);
            memset(piece + MARK, 'x', size - MARK);
            length = size;
        }
        add(client, piece, length);
    }
    add(client, from, end - from);
    if (is_framed(client))
        client->out_used = begin + frame(client->out + begin, client->out_used - begin - HEAD);
    if (!client->dirty) {
        client->dirty = 1;
        dirty[dirty_count++] = number;
    }
}

static void flush(struct client *client) {
    ssize_t sent = client->out_used ? send(client->fd, client->out, client->out_used,
                                           MSG_NOSIGNAL | MSG_DONTWAIT) : 0;
    if (sent > 0) {
        client->out_used -= sent;
        memmove(client->out, client->out + sent, client->out_used);
    }
    if (client->waiting != (client->out_used > 0))
        watch(client, EPOLL_CTL_MOD, client->out_used > 0);
}

static void issue(int slot) { issued[issued_count++] = slot; }

/* What was decided in this turn goes out, one send for each client. */
static void end_turn(void) {
    now = clock_now();
    for (int n = 0; n < issued_count; n++) {
        struct slot *slot = &slots[issued[n]];
        if (spread || rate) {
            slot->sender = next_sender;
            next_sender = next_sender + 1 < senders ? next_sender + 1 : 0;
        }
        slot->turn++;
        slot->count = 0;
        if (!rate) slot->sent = now;
        say((controls ? clients_count : 0) + slot->sender, &message, issued[n]);
    }
    issued_count = 0;
    for (int n = 0; n < dirty_count; n++) {
        clients[dirty[n]].dirty = 0;
        if (clients[dirty[n]].step >= 0) flush(&clients[dirty[n]]);
    }
    dirty_count = 0;
}

/* ---- In */

static void delivered(const char *mark) {
    uint32_t place, turn;
    if (mark[MARK - 1] != '$' || !number_of(mark + 1, 6, &place) || !number_of(mark + 7, 8, &turn))
        return;
    struct slot *slot = &slots[place];
    if ((int)place >= slots_count || slot->turn != turn || slot->count >= expect) {
        strays++;
        return;
    }
    if (measuring) {
        deliveries++;
        record(now - slot->sent);
    }
    if (++slot->count < expect) return;
    messages += measuring;
    if (running && !rate) issue(place);
}

/* Returns where what may be the beginning of a marker is left over. */
static char *scan(char *from, char *end) {
    char *mark;
    while ((mark = memchr(from, '^', end - from))) {
        if (end - mark < MARK) return mark;
        delivered(mark);
        from = mark + 1;
    }
    return end;
}

static void connect_one(int number, long port) {
    struct client *client = &clients[number];
    struct sockaddr_in address = {AF_INET, htons(port), {htonl(INADDR_LOOPBACK)}, {0}};
    int yes = 1;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (client->fd < 0) fail(strerror(errno), number);
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    client->step = -1;
    client->open = client->tail_size = client->out_used = 0;
    client->frames = (struct frames){0};
    if (connect(client->fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS)
        fail(strerror(errno), number);
    watch(client, EPOLL_CTL_ADD, 1);
    started++;
}

static void next_step(int number) {
    struct client *client = &clients[number];
    struct step *now_step = client->again ? again : steps;
    if (++client->step < (client->again ? again_count : steps_count)) {
        say(number, &now_step[client->step].send, 0);
        return;
    }
    client->open = 1;
    opened++;
    progress = now;
    if (client->again && ++served == clients_count) storm_end = now;
}

/* Goes through the opening as far as what came leads. A `*` finds what stands there up to `"`. */
static char *advance(int number, char *from, char *end) {
    struct client *client = &clients[number];
    while (!client->open) {
        struct text want = (client->again ? again : steps)[client->step].expect;
        char *star = memchr(want.at, '*', want.size);
        int length = star ? star - want.at : want.size;
        char *at = memmem(from, end - from, want.at, length), *stop = NULL;
        if (!at || (star && !(stop = memchr(at + length, '"', end - at - length)))) break;
        if (star)
            snprintf(client->found, sizeof client->found, "%.*s", (int)(stop - at) - length,
                     at + length);
        from = star ? stop : at + length;
        next_step(number);
    }
    return !client->open && end - from >= TAIL ? end - TAIL + 1 : from;
}

static int is_refused(struct client *client, char *from, char *end) {
    return client->again && refusal.size && memmem(from, end - from, refusal.at, refusal.size);
}

static void closed(int number) {
    struct client *client = &clients[number];
    if (!controls || client->again || number >= clients_count || !running)
        fail("the server closed the connection", number);
    if (!storm_from) {
        storm_from = clock_now();
        measuring = 1;
    }
    close(client->fd);
    opened--;
    client->again = 1;
    connect_one(number, ports[1]);
}

static void take(int number) {
    struct client *client = &clients[number];
    char *start = chunk + TAIL - client->tail_size;
    memcpy(start, client->tail, client->tail_size);
    ssize_t got = recv(client->fd, chunk + TAIL, CHUNK, 0);
    if (got <= 0) {
        if (got == 0 || (errno != EAGAIN && errno != EINTR)) closed(number);
        return;
    }
    if (is_framed(client) && (got = unframe(&client->frames, chunk + TAIL, got)) < 0)
        fail("not a text in one frame", number);
    char *end = chunk + TAIL + got;
    now = clock_now();
    if (!client->open) start = advance(number, start, end);
    if (!client->open && is_refused(client, start, end)) {
        int64_t at = now + RETRY_AFTER * 1000000000LL;
        retries[retried++ % clients_count] = (struct retry){number, at};
        start = end;
    }
    if (client->open) start = scan(start, end);
    client->tail_size = end - start;
    memcpy(client->tail, start, client->tail_size);
}

/* ---- Time */

static void pace(void) {
    for (; running && rate && now >= next_at; next_at += 1e9 / rate) {
        struct slot *slot = &slots[next_slot];
        if (slot->turn && slot->count < expect) lost += expect - slot->count;
        slot->sent = next_at;
        issue(next_slot);
        next_slot = next_slot + 1 < slots_count ? next_slot + 1 : 0;
        end_turn();
    }
}

static void keep_alive(void) {
    if (!every || !running) return;
    for (int64_t due = (now - alive_from) / 1e9 / every * all; alive_sent < due; alive_sent++)
        if (clients[alive_sent % all].open) say(alive_sent % all, &alive, 0);
}

/* As a client does that a node could not serve in time. */
static void retry(void) {
    for (; retries_done < retried; retries_done++) {
        struct retry *next = &retries[retries_done % clients_count];
        if (next->at > now) break;
        say(next->number, &again[clients[next->number].step].send, 0);
    }
}

/* In a closed loop a message that somebody does not get would stop its sender for ever. */
static void give_up(void) {
    static int64_t looked;
    if (rate || now - looked < 1000000000) return;
    looked = now;
    for (int n = 0; running && n < slots_count; n++)
        if (slots[n].turn && slots[n].count < expect &&
            now - slots[n].sent > LOST_AFTER * 1000000000LL) {
            lost += expect - slots[n].count;
            issue(n);
        }
}

static void turn(void) {
    struct epoll_event events[1024];
    if (rate && running) {
        int64_t rest = next_at - clock_now();
        struct timespec time = {0, rest < 0 ? 0 : rest < 10000000 ? rest : 10000000};
        struct pollfd ready = {poller, POLLIN, 0};
        ppoll(&ready, 1, &time, NULL);
    }
    int count = epoll_wait(poller, events, 1024, rate && running ? 0 : 10);
    now = clock_now();
    pace();
    for (int n = 0; n < count; n++) {
        int number = events[n].data.u32;
        struct client *client = &clients[number];
        if (events[n].events & EPOLLOUT && client->step < 0) {
            int error = 0;
            socklen_t length = sizeof error;
            getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &length);
            if (error) fail(strerror(error), number);
            next_step(number);
        }
        if (events[n].events & EPOLLOUT) flush(client);
        if (events[n].events & (EPOLLIN | EPOLLHUP | EPOLLERR) && client->step >= 0) take(number);
        if (rate && running && (now = clock_now()) >= next_at) pace();
    }
    keep_alive();
    retry();
    give_up();
    end_turn();
}

static int64_t turns_until(double within) {
    int64_t until = clock_now() + within * 1e9;
    while (clock_now() < until && served < clients_count) turn();
    return clock_now();
}

static void open_all(void) {
    read_plan();
    all = clients_count + controls;
    senders = controls ? controls : senders * rooms;
    slots_count = !senders ? 0 : rate ? RING : spread ? spread : senders * window;
    clients = calloc(all, sizeof *clients);
    slots = calloc(slots_count + 1, sizeof *slots);
    retries = calloc(clients_count, sizeof *retries);
    issued = calloc(slots_count + 1, sizeof *issued);
    dirty = calloc(all, sizeof *dirty);
    poller = epoll_create1(0);
    progress = now = clock_now();
    while (opened < all) {
        for (; started < all && started - opened < at_once;) {
            int control = started >= clients_count;
            connect_one(started, ports[control ? 1 : started / rooms % (controls ? 1 : ports_count)]);
        }
        turn();
        for (int n = 0; now - progress > PATIENCE * 1000000000LL && n < all; n++)
            if (!clients[n].open && clients[n].fd) fail("no answer", n);
    }
}

static void begin(void) {
    now = next_at = alive_from = clock_now();
    running = 1;
    for (int n = 0; n < slots_count && !rate; n++) {
        slots[n].sender = n % senders;
        issue(n);
    }
}

/* Says how far the clients came that were not served in the storm, and what some heard last. */
static void tell_unserved(void) {
    int unaware = 0, connecting = 0, asking = 0;
    for (int n = 0; n < clients_count; n++) {
        struct client *client = &clients[n];
        if (client->again && client->open) continue;
        ++*(!client->again ? &unaware : client->step < 0 ? &connecting : &asking);
        if (client->again && client->step >= 0 && asking <= 5)
            fprintf(stderr, "client %d heard last: %.*s\n", n, client->tail_size, client->tail);
    }
    fprintf(stderr, "%d keep the old connection, %d are connecting, %d wait for an answer; ",
            unaware, connecting, asking);
    fprintf(stderr, "%ld refusals\n", retried);
}

static void report(double took) {
    printf("{\"event\": \"measured\", \"messages\": %ld, \"deliveries\": %ld, \"seconds\": %.4f, "
           "\"p50\": %.0f, \"p99\": %.0f, \"p999\": %.0f, \"served\": %d, \"retried\": %ld}\n",
           messages, deliveries, took, percentile(.5), percentile(.99), percentile(.999), served,
           retried);
}

int main(void) {
    char line[16];
    setvbuf(stdout, NULL, _IOLBF, 0);
    int64_t from = clock_now();
    open_all();
    printf("{\"event\": \"open\", \"seconds\": %.4f}\n", (clock_now() - from) / 1e9);
    if (!fgets(line, sizeof line, stdin)) return 1;
    begin();
    from = turns_until(warm);
    messages = deliveries = 0;
    forget_latencies();
    measuring = !controls;
    puts("{\"event\": \"warm\"}");
    int64_t to = turns_until(seconds);
    /* On a busy machine nothing may have come yet: then there are no figures, so it goes on. */
    for (int64_t last = to + LOST_AFTER * 1000000000LL; measuring && slots_count && !messages && to < last;) {
        turn();
        to = clock_now();
    }
    if (controls && served < clients_count) tell_unserved();
    report(((controls ? storm_end ? storm_end : to : to) - (controls ? storm_from : from)) / 1e9);
    measuring = running = 0;
    for (int left = 1; left && clock_now() < to + drain * 1e9;) {
        turn();
        left = 0;
        for (int n = 0; n < slots_count; n++) left += slots[n].turn && slots[n].count < expect;
    }
    for (int n = 0; n < slots_count; n++)
        if (slots[n].turn && slots[n].count < expect) lost += expect - slots[n].count;
    printf("{\"event\": \"done\", \"lost\": %ld, \"strays\": %ld}\n", lost, strays);
}
