import { z } from "zod";

/** What the record of a container holds beside its incarnation; read back by other processes. */
const schema = z.object({
  log: z.string(),
  ports: z.array(z.object({ name: z.string(), container: z.number(), host: z.number() })).readonly(),
});

export type InstanceDetail = Readonly<z.infer<typeof schema>>;

export function parseInstanceDetail(detail: unknown): InstanceDetail | undefined {
  return schema.safeParse(detail).data;
}
