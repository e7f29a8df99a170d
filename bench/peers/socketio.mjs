// Rooms on Socket.IO, as its documentation advises for several servers and for speed.
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

const publisher = createClient({ url: process.env.REDIS_URL });
const subscriber = publisher.duplicate();
await Promise.all([publisher.connect(), subscriber.connect()]);

const http = createServer();
const server = new Server(http, {
  adapter: createAdapter(publisher, subscriber),
  transports: ["websocket"],
  perMessageDeflate: false,
  pingInterval: 600000,
  serveClient: false,
});
server.on("connection", (socket) => {
  socket.on("join", (room, done) => {
    socket.data.room = room;
    socket.join(room);
    done();
  });
  socket.on("m", (text) => server.to(socket.data.room).emit("m", text));
});
http.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 });
