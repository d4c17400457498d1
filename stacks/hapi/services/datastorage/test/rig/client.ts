import { Ajv, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";

interface Document {
  readonly paths: Record<string, Record<string, { responses: Record<string, ResponseObject> }>>;
  readonly components: { readonly schemas: object };
}

interface ResponseObject {
  readonly content: Record<string, { readonly schema: object }>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed JSON; undefined for other types. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at answers of any shape.
  readonly body: any;
}

export interface Sending {
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Client {
  readonly document: Document;
  send(method: string, path: string, sending?: Sending): Promise<Answer>;
  get(path: string): Promise<Answer>;
  post(path: string, body: unknown): Promise<Answer>;
  patch(path: string, body: unknown): Promise<Answer>;
}

/** A client that holds every answer against the OpenAPI document of the service. */
export async function createClient(url: string): Promise<Client> {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as Document;
  const check = createCheck(document);
  const send: Client["send"] = async (method, path, { body, raw, headers = {} } = {}) => {
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...(payload === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(payload === undefined ? {} : { body: payload as never }),
    });
    const text = await response.text();
    const type = response.headers.get("content-type") ?? "";
    const answer = {
      status: response.status,
      headers: response.headers,
      text,
      body: /json/.test(type) && text !== "" ? JSON.parse(text) : undefined,
    };
    check(method, path, type, answer);
    return answer;
  };
  return {
    document,
    send,
    get: (path) => send("GET", path),
    post: (path, body) => send("POST", path, { body }),
    patch: (path, body) => send("PATCH", path, { body }),
  };
}

function createCheck(document: Document) {
  const ajv = new Ajv({ strict: false, allErrors: true });
  (addFormats as unknown as (to: Ajv) => void)(ajv);
  ajv.addSchema({ $id: "doc", components: document.components });
  const compiled = new Map<object, ValidateFunction>();
  const routes = Object.entries(document.paths)
    .map(([path, operations]) => ({
      operations,
      pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`),
      path,
    }))
    .sort((a, b) => a.path.split("{").length - b.path.split("{").length);

  return (method: string, path: string, type: string, answer: Answer): void => {
    const route = routes.find(({ pattern }) => pattern.test(path.split("?")[0] ?? ""));
    const operation = route?.operations[method.toLowerCase()];
    if (operation === undefined) {
      // Nothing the document knows: only a problem can be the answer.
      if (method !== "HEAD" && path !== "/openapi.json") expectProblem(type, answer, `${method} ${path}`);
      return;
    }
    const media = type.split(";")[0]?.trim() ?? "";
    const schema = operation.responses[answer.status]?.content[media]?.schema;
    if (schema === undefined) {
      throw new Error(
        `${method} ${path}: ${answer.status} ${media} is not in the document: ${answer.text.slice(0, 300)}`,
      );
    }
    if (answer.body === undefined) return;
    let validate = compiled.get(schema);
    if (validate === undefined) {
      validate = ajv.compile(
        JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"doc#/components')),
      );
      compiled.set(schema, validate);
    }
    if (!validate(answer.body)) {
      throw new Error(
        `${method} ${path}: ${answer.status} breaks the document: ${ajv.errorsText(validate.errors)}`,
      );
    }
  };
}

function expectProblem(type: string, { status, body, text }: Answer, what: string): void {
  if (status < 400 || !type.startsWith("application/problem+json") || body?.status !== status) {
    throw new Error(`${what}: expected a problem document, got ${status} ${type}: ${text.slice(0, 300)}`);
  }
}
