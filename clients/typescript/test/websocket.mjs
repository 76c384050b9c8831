// Browsers and Node.js 22 have a WebSocket; Node.js 20 is lent one.
import WebSocket from "ws";

globalThis.WebSocket ??= WebSocket;
