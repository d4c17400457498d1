import { constants } from "node:os";
import { z } from "zod";
import { parseDuration } from "../util/duration.ts";
import { labelPattern } from "../util/label.ts";

/** The `error` of every schema says what was expected; `shape.ts` makes the problem of it. */
export const text = z.string({ error: "a text" });
export const nonEmpty = text.min(1, { error: "a text that is not empty" });
export const labelError =
  'a name of 1 to 63 lower-case letters, digits and "-", at least one letter, beginning and ending with a letter or digit';
/** A name without letters would be read as an address by resolvers, and moves to the front of every mapping. */
export const label = text.regex(labelPattern, { error: labelError }).regex(/[a-z]/, { error: labelError });
export const path = text.regex(/^[^\0]+$/, { error: "a path" });
export const flag = z.boolean({ error: "true or false" });

const durationError = 'a duration such as "500ms", "30s" or "2m", or a number of milliseconds';
export const duration = z
  .union([z.number(), z.string()], { error: durationError })
  .refine((value) => parseDuration(String(value)) !== undefined, { error: durationError })
  .meta({ description: 'A duration: "500ms", "30s", "2m", "1h", or a number of milliseconds.' });

/** Nothing can be done in no time. */
export const limitDuration = duration.refine((value) => parseDuration(String(value)) !== 0, {
  error: 'a duration longer than 0, such as "30s"',
});

const portError = "a port number from 1 to 65535";
export const portNumber = z
  .number({ error: portError })
  .int({ error: portError })
  .min(1, { error: portError })
  .max(65535, { error: portError });

export const hostPort = z.union([portNumber, z.literal("free")], {
  error: 'a port number from 1 to 65535, or "free"',
});

export const value = z.union([z.string(), z.number(), z.boolean()], {
  error: "a text, a number, true or false",
});
export const words = z.array(z.union([z.string(), z.number()], { error: "a text or a number" }), {
  error: 'a list of words such as ["node", "server.js"]; no shell reads it',
});

const envName = text.regex(/^[A-Za-z_][A-Za-z0-9_.-]*$/, { error: "the name of an environment variable" });
export const env = z.record(envName, value, { error: "a mapping of names and values" });
/** Some programs want variables with dots and dashes; a shell, which is to read the exports, can have none. */
const exportName = text.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
  error: "a name that a shell can give a variable: letters, digits and _, the first no digit",
});
export const exported = z.record(exportName, value, { error: "a mapping of names and values" });
export const facts = z.record(text.regex(/^[A-Za-z][A-Za-z0-9_]*$/, { error: "the name of a fact" }), value, {
  error: "a mapping of names and values",
});
export const textMap = z.record(nonEmpty, text, { error: "a mapping of names and texts" });

/** What was expected, save for unknown keys: for those it is the keys that are known. */
export function says(expected: string): {
  error: (issue: { readonly code?: string | undefined }) => string | undefined;
} {
  return { error: ({ code }) => (code === "unrecognized_keys" ? undefined : expected) };
}

export const mapping = says("a mapping");

export const port = z
  .union(
    [
      portNumber,
      z.literal("free"),
      text.regex(/^\d{1,5}:\d{1,5}$/, { error: '"free", or "HOST:CONTAINER" such as "18094:8080"' }),
      z.strictObject(
        {
          container: portNumber.optional(),
          host: hostPort.optional(),
          scheme: text.regex(/^[a-z][a-z0-9+.-]*$/, { error: 'a scheme such as "http"' }).optional(),
        },
        mapping,
      ),
    ],
    { error: 'a port number, "HOST:CONTAINER", or a mapping with container, host and scheme' },
  )
  .meta({
    description:
      'A number is the container\'s port with any free port on 127.0.0.1; "18094:8080" or {container, host} fixes both.',
  });

const modeError = { error: 'a mode such as "0644"' };
const mode = z.union(
  [
    z.number().int(modeError).min(0, modeError).max(0o7777, modeError),
    z.string().regex(/^0?[0-7]{3,4}$/, modeError),
  ],
  modeError,
);

export const file = z
  .strictObject(
    {
      copy: path.optional().meta({ description: "A file or folder that is copied in." }),
      content: text.optional().meta({ description: "The file's text; may refer to other services." }),
      bind: path.optional().meta({ description: "A file or folder of this machine, seen inside." }),
      volume: label.optional().meta({ description: "A volume of the run." }),
      tmpfs: z.literal(true, { error: "true" }).optional(),
      target: text.regex(/^\/[^\0]*$/, { error: 'an absolute path such as "/etc/app.yaml"' }),
      mode: mode.optional(),
      readOnly: flag.optional(),
      options: text.optional(),
    },
    mapping,
  )
  .meta({ description: "Exactly one of copy, content, bind, volume and tmpfs, and where it goes." });

export const build = z.union(
  [
    path,
    z.strictObject(
      {
        context: path.optional(),
        containerfile: path.optional().meta({ description: "Relative to the context." }),
        containerfileText: nonEmpty.optional().meta({ description: "Its text, instead of a file." }),
        args: z.record(nonEmpty, value, mapping).optional(),
        target: nonEmpty.optional(),
        alias: nonEmpty.optional().meta({ description: "A plain tag for the built image." }),
      },
      mapping,
    ),
  ],
  { error: "the folder to build, or a mapping with context, containerfile, args, target and alias" },
);

const limit = z
  .number({ error: "a number" })
  .int({ error: "a whole number" })
  .min(-1, { error: "-1 or more" });
const sizeError = { error: 'a size such as "64m", or a number of bytes' };
export const size = z.union(
  [
    z.number().int(sizeError).positive(sizeError),
    z.string().regex(/^\d+(?:[kmgKMG][bB]?|[bB])?$/, sizeError),
  ],
  sizeError,
);

export const container = z.strictObject(
  {
    command: words.optional(),
    entrypoint: words.optional(),
    user: value.optional(),
    platform: nonEmpty.optional(),
    workdir: path.optional(),
    aliases: z.array(nonEmpty, { error: "a list of names" }).optional(),
    ulimits: z
      .record(
        nonEmpty,
        z.union([limit, z.strictObject({ soft: limit, hard: limit }, mapping)], {
          error: "a number, or a mapping with soft and hard",
        }),
        mapping,
      )
      .optional(),
    labels: z.record(nonEmpty, value, mapping).optional(),
    extraHosts: z.array(nonEmpty, { error: 'a list such as ["name:address"]' }).optional(),
    capAdd: z.array(nonEmpty, { error: "a list of capabilities" }).optional(),
    capDrop: z.array(nonEmpty, { error: "a list of capabilities" }).optional(),
    privileged: flag.optional(),
    init: flag.optional(),
    readOnly: flag.optional(),
    shmSize: size.optional(),
    memory: size.optional(),
    tty: flag.optional(),
  },
  mapping,
);

export const process = z.union([words, z.strictObject({ command: words, cwd: path.optional() }, mapping)], {
  error: "a command as a list of words, or a mapping with command and cwd",
});

const argument = z.union([z.string(), z.number()], { error: "a text or a number" });
export const server = z.strictObject(
  {
    postgres: z
      .strictObject(
        {
          user: nonEmpty,
          password: text,
          database: nonEmpty,
          init: z.array(path, { error: "a list of SQL files" }).optional(),
          settings: z.record(nonEmpty, value, { error: "a mapping of names and values" }).optional(),
        },
        mapping,
      )
      .optional(),
    redis: z
      .strictObject(
        {
          password: nonEmpty.optional(),
          args: z.array(argument, { error: "a list of arguments" }).optional(),
        },
        mapping,
      )
      .optional(),
  },
  says("a mapping with postgres or redis"),
);

export const after = z.union(
  [
    text,
    z.array(
      z.union(
        [
          text,
          z.strictObject(
            {
              service: text,
              condition: z.enum(["ready", "started"], { error: '"ready" or "started"' }).optional(),
            },
            mapping,
          ),
        ],
        { error: "the name of a service, or a mapping with service and condition" },
      ),
      { error: "a list of names of services" },
    ),
  ],
  { error: "a list of names of services" },
);

export const stop = z.strictObject(
  {
    signal: z
      .enum(
        Object.keys(constants.signals).filter((name) => name !== "SIGSTOP" && name !== "SIGCONT"),
        {
          error: 'a signal such as "SIGTERM"',
        },
      )
      .optional(),
    grace: duration.optional().meta({ description: "From the signal to SIGKILL." }),
  },
  mapping,
);
