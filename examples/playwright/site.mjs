// The web server: it cannot even start without the stack.
import { createServer } from "node:http";

const greeting = await (await fetch(`${process.env.API_URL}/site`)).text();
createServer((_request, response) => response.end(greeting)).listen(18731, "127.0.0.1");
