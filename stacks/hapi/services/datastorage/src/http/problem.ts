export type Slug =
  | "bad-request"
  | "validation-error"
  | "not-found"
  | "conflict"
  | "internal-error"
  | "immutable-field-violation"
  | "invalid_request"
  | "invalid_event_data"
  | "database_error"
  | "service-unavailable";

const TITLES: Readonly<Record<Slug, string>> = {
  "bad-request": "Bad Request",
  "validation-error": "Validation Error",
  "not-found": "Not Found",
  conflict: "Conflict",
  "internal-error": "Internal Server Error",
  "immutable-field-violation": "Immutable Field Violation",
  invalid_request: "Invalid Request",
  invalid_event_data: "Invalid Event Data",
  database_error: "Database Error",
  "service-unavailable": "Service Unavailable",
};

export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance?: string;
  readonly resource?: string;
  readonly field_errors?: Readonly<Record<string, string>>;
}

interface ProblemOptions {
  readonly title?: string;
  readonly instance?: string;
  readonly resource?: string;
  readonly fieldErrors?: ReadonlyMap<string, string>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer that is an RFC 7807 problem document; thrown by handlers. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly body: ProblemBody;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, slug: Slug, detail: string, options: ProblemOptions = {}) {
    super(detail);
    this.headers = options.headers ?? {};
    this.body = {
      type: `https://kubernaut.ai/problems/${slug}`,
      title: options.title ?? TITLES[slug],
      status,
      detail,
      ...(options.instance === undefined ? {} : { instance: options.instance }),
      ...(options.resource === undefined ? {} : { resource: options.resource }),
      ...(options.fieldErrors === undefined ? {} : { field_errors: Object.fromEntries(options.fieldErrors) }),
    };
  }
}

export function badRequest(detail: string): Problem {
  return new Problem(400, "bad-request", detail);
}

/** @param errors what is wrong, by field, in the order found; at least one. */
export function validationProblem(
  errors: ReadonlyMap<string, string>,
  {
    resource,
    instance,
    prefix = "",
  }: { readonly resource: string; readonly instance: string; readonly prefix?: string },
): Problem {
  const [first] = errors;
  const more = errors.size > 1 ? ` (and ${errors.size - 1} more errors)` : "";
  const detail = first === undefined ? "invalid" : `${first[0]}: ${first[1]}`;
  return new Problem(400, "validation-error", `${prefix}${detail}${more}`, {
    resource,
    instance,
    fieldErrors: errors,
  });
}

export const PROBLEM_TYPE = "application/problem+json";
