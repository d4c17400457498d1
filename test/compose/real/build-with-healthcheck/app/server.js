require("node:http")
  .createServer((_, response) => response.end(process.env.GREETING))
  .listen(8080);
