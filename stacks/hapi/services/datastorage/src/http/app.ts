import type { IncomingMessage } from "node:http";
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import type { Logger } from "pino";
import { DatabaseFailure } from "../database/failure.ts";
import { JsonError, plainNumbers, stringifyJson } from "../json.ts";
import type { Metrics } from "../metrics.ts";
import { readBody } from "./body.ts";
import type { Call, Operation } from "./operation.ts";
import { badRequest, PROBLEM_TYPE, Problem, validationProblem } from "./problem.ts";
import { BadQuery, parseQueryString } from "./query-string.ts";
import { compileBody, compileQuery, fieldErrors, type JsonSchema } from "./validation.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    operation?: Operation;
  }
}

interface AppOptions {
  readonly operations: readonly Operation[];
  readonly log: Logger;
  readonly metrics: Metrics;
}

export function createApp({ operations, log, metrics }: AppOptions): FastifyInstance {
  const app = Fastify({
    logger: false,
    return503OnClosing: false,
    forceCloseConnections: "idle",
    bodyLimit: Number.MAX_SAFE_INTEGER,
    requestTimeout: 60_000,
    routerOptions: { maxParamLength: 4096, querystringParser: parseQueryString as never },
    frameworkErrors: (error, _request, reply) => {
      const problem = toProblem(error);
      void (reply as FastifyReply).code(problem.body.status).type(PROBLEM_TYPE).send(bytesOf(problem));
    },
    clientErrorHandler: (_error, socket) => {
      if (!socket.writable) {
        socket.destroy();
        return;
      }
      const body = stringifyJson(badRequest("the request is not valid HTTP").body);
      socket.end(
        `HTTP/1.1 400 Bad Request\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      );
    },
  });

  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request: FastifyRequest, payload: IncomingMessage) => readBody(payload));
  app.setReplySerializer((payload) => stringifyJson(payload));
  app.setValidatorCompiler(({ schema, httpPart }) =>
    httpPart === "body" ? compileBody(schema as JsonSchema) : compileQuery(schema as JsonSchema),
  );
  app.addHook("onRequest", async (request) => {
    if (request.query instanceof BadQuery) throw badRequest(request.query.message);
    const params = Object.values((request.params ?? {}) as Record<string, string>);
    if (params.some((value) => value.includes("\0"))) throw badRequest("the path must not contain U+0000");
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = toProblem(error, request);
    countRefusal(metrics, error, problem);
    if (problem.body.status >= 500) {
      // A store that is away explains itself; only what nobody expected needs its stack.
      const known = error instanceof Problem || error instanceof DatabaseFailure;
      log.error(
        { err: known ? error.message : error, method: request.method, path: request.url.slice(0, 200) },
        problem.body.detail,
      );
    }
    return reply.code(problem.body.status).headers(problem.headers).type(PROBLEM_TYPE).send(bytesOf(problem));
  });
  app.setNotFoundHandler((request) => {
    throw missing(operations, request.method, pathOf(request));
  });
  for (const operation of operations) addRoute(app, operation);
  return app;
}

function addRoute(app: FastifyInstance, operation: Operation): void {
  const { body, query } = operation;
  app.route({
    method: operation.method,
    url: operation.path.replaceAll(/\{(\w+)\}/g, ":$1"),
    config: { operation },
    schema: {
      ...(query === undefined ? {} : { querystring: { type: "object", ...query } }),
      ...(body === undefined || body.validated === false ? {} : { body: body.schema }),
    },
    preValidation: async (request) => {
      if (body === undefined) return;
      const plain = plainNumbers(request.body, body.exactAt);
      const prepared = body.prepare === undefined ? plain : body.prepare(plain);
      request.body = prepared === undefined && !body.required ? {} : prepared;
    },
    handler: async (request, reply) => {
      const call: Call = {
        body: request.body,
        query: request.query as Record<string, unknown>,
        params: request.params as Record<string, string>,
        path: pathOf(request),
      };
      const answer = await operation.handle(call as Call<never, never>);
      return reply
        .code(answer.status)
        .type(answer.contentType ?? "application/json; charset=utf-8")
        .send(answer.body);
    },
  });
}

/** As bytes: to a text Fastify would add a charset, which this media type does not have. */
function bytesOf(problem: Problem): Buffer {
  return Buffer.from(stringifyJson(problem.body));
}

function pathOf(request: FastifyRequest): string {
  return request.url.split("?", 1)[0] ?? request.url;
}

function missing(operations: readonly Operation[], method: string, path: string): Problem {
  const allowed = operations
    .filter((operation) => patternOf(operation.path).test(path))
    .flatMap((operation) => (operation.method === "GET" ? ["GET", "HEAD"] : [operation.method]));
  if (allowed.length === 0) {
    return new Problem(404, "not-found", `there is nothing at ${path.slice(0, 200)}`);
  }
  return new Problem(405, "bad-request", `${method} is not allowed here, only ${allowed.join(", ")}`, {
    title: "Method Not Allowed",
    headers: { allow: [...new Set(allowed)].join(", ") },
  });
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`);
}

function toProblem(error: unknown, request?: FastifyRequest): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof JsonError) return badRequest(error.message);
  if (error instanceof DatabaseFailure) return databaseProblem(error);
  const { validation, statusCode, message } = error as FastifyError;
  if (validation !== undefined && request !== undefined) {
    return validationProblem(fieldErrors(validation as never), {
      resource: request.routeOptions.config.operation?.resource ?? "request",
      instance: pathOf(request),
    });
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new Problem(statusCode, "bad-request", message);
  }
  return new Problem(500, "internal-error", "the service failed unexpectedly");
}

function databaseProblem(failure: DatabaseFailure): Problem {
  switch (failure.kind) {
    case "unavailable":
      return new Problem(503, "service-unavailable", "the database is not reachable");
    case "data":
      return badRequest(`the database refused a value: ${failure.message.slice(0, 200)}`);
    default:
      return new Problem(500, "database_error", "the database failed");
  }
}

function countRefusal(metrics: Metrics, error: FastifyError, problem: Problem): void {
  if (error.validation !== undefined) {
    for (const failed of error.validation) {
      // Only the first part of a path: deeper ones may be keys that the client made up.
      const field = failed.instancePath.split("/")[1] ?? String(failed.params["missingProperty"] ?? "body");
      metrics.validationFailures.inc({ field, reason: failed.keyword });
    }
  } else if (problem.body.status === 400) {
    const reason = problem.body.type.slice(problem.body.type.lastIndexOf("/") + 1);
    const [field = "body"] = Object.keys(problem.body.field_errors ?? {});
    metrics.validationFailures.inc({ field: field.split(".")[0] ?? field, reason });
  }
}
