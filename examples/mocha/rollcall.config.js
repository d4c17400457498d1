import { defineStack, http, postgres } from "rollcall";

export default defineStack({
  name: "notes-mocha",
  services: {
    db: postgres({ image: "docker.io/library/postgres:16-alpine", init: ["schema.sql"] }),
    api: {
      process: ["node", "api/main.mjs"],
      build: "api",
      env: ({ db, self }) => ({ DATABASE_URL: db.url, HOST: self.host, PORT: self.port }),
      ports: { http: 8080 },
      ready: http("/health"),
    },
  },
  exports: ({ api, db }) => ({ API_URL: api.url, DATABASE_URL: db.url }),
});
