/** Another unit, as the callbacks of a definition see it: every property is a placeholder text like `${postgres.host}`. */
export interface Ref {
  /** Where the reader finds it: its name inside an engine's network, else 127.0.0.1. */
  readonly host: string;
  /** Its first port, as the reader must dial it. */
  readonly port: string;
  /** `scheme://host:port` of its first port, with user, password and database where it has them. */
  readonly url: string;
  /** Facts of recipes. */
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** A named port: `datastorage.ports("metrics").url`. */
  readonly ports: PortRefs;
  /** A fact of the unit's own. */
  fact(name: string): string;
}

export interface PortRef {
  readonly host: string;
  readonly port: string;
  readonly url: string;
}

/** The call is for compilers with `noUncheckedIndexedAccess`; `ports.metrics` means the same. */
export interface PortRefs {
  (name: string): PortRef;
  readonly [name: string]: PortRef;
}

/** `self` is the unit itself: `self.port` is the port that it must listen on in its place. */
export type Refs<Names extends string> = { readonly [Name in Names | "self"]: Ref };

/** Properties yield placeholders for any name: what exists is checked when the whole definition is known. */
export function placeholders<Names extends string>(): Refs<Names> {
  return following((name) => unitRef(name)) as Refs<Names>;
}

function unitRef(unit: string): unknown {
  return following(
    (property) => {
      if (property === "ports") return portRefs(unit);
      if (property === "fact") return (fact: string) => placeholder(unit, fact);
      return placeholder(unit, property);
    },
    { text: placeholder(unit) },
  );
}

function portRefs(unit: string): unknown {
  const portRef = (port: string) =>
    following((property) => placeholder(unit, "ports", port, property), {
      text: placeholder(unit, "ports", port),
    });
  return following(portRef, { text: placeholder(unit, "ports"), call: portRef });
}

const placeholder = (...path: readonly string[]) => `\${${path.join(".")}}`;

/** An object with every property; as text it is its own placeholder, which the validation then names as a mistake. */
function following(
  get: (property: string) => unknown,
  { text = "${}", call }: { readonly text?: string; readonly call?: (name: string) => unknown } = {},
): unknown {
  const target = call === undefined ? Object.create(null) : (name: string) => call(name);
  return new Proxy(target, {
    get(_target, property) {
      if (property === Symbol.toPrimitive || property === "toString" || property === "toJSON") {
        return () => text;
      }
      return typeof property === "string" ? get(property) : undefined;
    },
  });
}
