/* The physical limit: a relay that does nothing but what every chat server must.
 *
 * A client's first line names its room (a number); every further line goes to all members of the
 * room, the sender included. Per turn of the event loop each member gets one send with all that
 * the turn brought. No broker, no log, no names, no acknowledgement, no second node: what a server
 * promises beyond this, it pays for; this shows how much.
 *
 *   cc -O2 -o relay relay.c && ./relay PORT
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS = 65536, ROOMS = 65536, CHUNK = 1 << 16 };

struct buffer { char *data; size_t used, size; };
struct client { int room, place; struct buffer in, out; int waiting; };
struct room { int *members, count, size; struct buffer turn; int dirty; };

static struct client clients[CLIENTS];
static struct room rooms[ROOMS];
static int dirty[ROOMS], dirty_count, poller;

static void add(struct buffer *to, const char *data, size_t length) {
    if (to->used + length > to->size) {
        to->size = (to->used + length) * 2;
        to->data = realloc(to->data, to->size);
    }
    memcpy(to->data + to->used, data, length);
    to->used += length;
}

static void watch(int fd, int writing) {
    struct epoll_event event = {EPOLLIN | (writing ? EPOLLOUT : 0), {.fd = fd}};
    epoll_ctl(poller, EPOLL_CTL_MOD, fd, &event);
    clients[fd].waiting = writing;
}

static void leave(int fd) {
    struct client *client = &clients[fd];
    if (client->room >= 0) {
        struct room *room = &rooms[client->room];
        int last = room->members[--room->count];
        room->members[client->place] = last;
        clients[last].place = client->place;
    }
    client->in.used = client->out.used = 0;
    client->room = -1;
    close(fd);
}

/* Sends what waits, then the turn's bytes; what the kernel does not take, waits. */
static void put(int fd, const char *data, size_t length) {
    struct client *client = &clients[fd];
    ssize_t sent = 0;
    if (!client->out.used)
        sent = send(fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0)
        sent = 0;
    if ((size_t)sent < length) {
        add(&client->out, data + sent, length - sent);
        if (!client->waiting)
            watch(fd, 1);
    }
}

static void join(int fd, int number) {
    struct room *room = &rooms[number % ROOMS];
    if (room->count == room->size) {
        room->size = room->size ? room->size * 2 : 8;
        room->members = realloc(room->members, room->size * sizeof *room->members);
    }
    clients[fd].room = number % ROOMS;
    clients[fd].place = room->count;
    room->members[room->count++] = fd;
    put(fd, "joined\n", 7);
}

static void take(int fd) {
    static char chunk[CHUNK];
    struct client *client = &clients[fd];
    ssize_t got = recv(fd, chunk, sizeof chunk, 0);
    if (got <= 0) {
        if (got == 0 || (errno != EAGAIN && errno != EINTR))
            leave(fd);
        return;
    }
    add(&client->in, chunk, got);
    char *from = client->in.data, *end = from + client->in.used, *line;
    while ((line = memchr(from, '\n', end - from))) {
        if (client->room < 0) {
            join(fd, atoi(from));
        } else {
            struct room *room = &rooms[client->room];
            add(&room->turn, from, line + 1 - from);
            if (!room->dirty) {
                room->dirty = 1;
                dirty[dirty_count++] = client->room;
            }
        }
        from = line + 1;
    }
    client->in.used = end - from;
    memmove(client->in.data, from, client->in.used);
}

int main(int argc, char **argv) {
    struct sockaddr_in address = {AF_INET, htons(argc > 1 ? atoi(argv[1]) : 7000), {0}, {0}};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) {
        perror("relay");
        return 1;
    }
    poller = epoll_create1(0);
    struct epoll_event events[1024], event = {EPOLLIN, {.fd = listener}};
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int ready = epoll_wait(poller, events, 1024, -1);
        for (int n = 0; n < ready; n++) {
            int fd = events[n].data.fd;
            if (fd == listener) {
                while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
                    clients[fd].room = -1;
                    event = (struct epoll_event){EPOLLIN, {.fd = fd}};
                    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
                }
                continue;
            }
            if (events[n].events & EPOLLOUT) {
                struct buffer *out = &clients[fd].out;
                ssize_t sent = send(fd, out->data, out->used, MSG_NOSIGNAL | MSG_DONTWAIT);
                if (sent > 0) {
                    out->used -= sent;
                    memmove(out->data, out->data + sent, out->used);
                }
                if (!out->used)
                    watch(fd, 0);
            }
            if (events[n].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
                take(fd);
        }
        while (dirty_count) {
            struct room *room = &rooms[dirty[--dirty_count]];
            for (int n = 0; n < room->count; n++)
                put(room->members[n], room->turn.data, room->turn.used);
            room->turn.used = room->dirty = 0;
        }
    }
}
