import { z } from "zod";
import * as parts from "./raw-parts.ts";
import { type probe, ready } from "./raw-ready.ts";

/** One shape for all files: what YAML and JSON hold, and what the TypeScript functions build. */
export const rawUnit = z
  .strictObject(
    {
      task: z.literal(true, { error: "true, or leave it out" }).optional().meta({
        description: "It runs to its end, and exit code 0 is its readiness.",
      }),
      recipe: z.enum(["postgres", "redis"], { error: '"postgres" or "redis"' }).optional(),
      user: parts.nonEmpty.optional().meta({ description: "Recipe postgres." }),
      password: parts.nonEmpty.optional().meta({ description: "Recipes postgres and redis." }),
      database: parts.nonEmpty.optional().meta({ description: "Recipe postgres." }),
      init: z
        .array(parts.path, { error: "a list of SQL files" })
        .optional()
        .meta({ description: "Recipe postgres: SQL files, run in this order on the new database." }),
      settings: z
        .record(parts.nonEmpty, parts.value, { error: "a mapping of names and values" })
        .optional()
        .meta({ description: "Recipes: settings of the server." }),
      port: parts.hostPort
        .optional()
        .meta({ description: 'Recipes: port on 127.0.0.1, or "free" (default).' }),
      image: parts.text.regex(/^[A-Za-z0-9][^\s\0]*$/, { error: "an image reference" }).optional(),
      build: parts.build.optional(),
      pull: z.enum(["missing", "always", "never"], { error: '"missing", "always" or "never"' }).optional(),
      command: parts.words.optional().meta({
        description: "With image or build the container's command, else the command of the process.",
      }),
      process: parts.process.optional().meta({ description: "How it runs as a process of this machine." }),
      server: parts.server
        .optional()
        .meta({ description: "As a process of this machine it is this server, started by rollcall." }),
      container: parts.container.optional().meta({ description: "What only engines heed." }),
      env: parts.env.optional(),
      envFile: z.union([parts.path, z.array(parts.path)], { error: "a path, or a list of paths" }).optional(),
      ports: z
        .record(parts.label, parts.port, {
          error: 'a mapping of names and ports such as {http: "18094:8080"}',
        })
        .optional(),
      files: z.array(parts.file, { error: "a list of files" }).optional(),
      facts: parts.facts.optional().meta({ description: "Constants that others may refer to." }),
      after: parts.after.optional().meta({ description: "What must be ready before it is started." }),
      ready: ready.optional().meta({ description: "What proves that the service is ready." }),
      mayComplete: z
        .literal(true, { error: "true, or leave it out" })
        .optional()
        .meta({ description: "It may also end with exit code 0, which then counts as done." }),
      secrets: z
        .array(parts.nonEmpty, { error: "a list of texts" })
        .optional()
        .meta({ description: "Further texts that are never shown." }),
      budget: parts.limitDuration.optional().meta({ description: "Longest time from start to ready." }),
      stop: parts.stop.optional(),
    },
    parts.says("a mapping that describes a service or task"),
  )
  .meta({ description: "A service, or a task." });

export const rawStack = z
  .strictObject(
    {
      $schema: z.string().optional(),
      name: parts.label,
      dir: parts.path
        .optional()
        .meta({ description: "Where relative paths start; the file's folder by default." }),
      order: z.enum(["sequential", "dependency"], { error: '"sequential" or "dependency"' }).optional(),
      timeout: parts.limitDuration.optional().meta({ description: "One deadline for the whole start." }),
      services: z
        .record(parts.label, rawUnit, { error: "a mapping of names and services" })
        .meta({ description: "Services and tasks, in the order of starting." }),
      exports: parts.exported.optional().meta({
        description: "What clients get in their environment; may refer to services.",
      }),
    },
    parts.says("a mapping with name and services"),
  )
  .meta({
    title: "Rollcall stack",
    description: "Services for integration tests, in the order of starting.",
  });

export type RawStack = z.infer<typeof rawStack>;
export type RawUnit = z.infer<typeof rawUnit>;
export type RawReady = z.infer<typeof probe>;
