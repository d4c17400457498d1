// The service under test: answers 200 on /health, and greets.
import { createServer } from "node:http";

createServer((request, response) => {
  response.end(request.url === "/health" ? "fine" : `hello from ${request.url}`);
}).listen(Number(process.env.PORT), process.env.HOST);
