import type { Findings, Place } from "./problems.ts";
import type { Project, ProjectService } from "./project.ts";
import { isTreeMap, type Tree, type TreeMap } from "./tree.ts";

/** What the readers of one service's keys have at hand. */
export interface Reading {
  readonly project: Project;
  readonly service: ProjectService;
  readonly tree: TreeMap;
  readonly findings: Findings;
  at(...path: readonly (string | number)[]): Place;
  /** A mistake at a key, with the key's name in front. */
  refuse(path: readonly (string | number)[], text: string): void;
  note(path: readonly (string | number)[], text: string): void;
}

export function readingOf(project: Project, service: ProjectService, findings: Findings): Reading {
  const key = (path: readonly (string | number)[]) =>
    `services.${service.name}${path.map((part) => `.${part}`).join("")}`;
  return {
    project,
    service,
    tree: service.tree,
    findings,
    at: (...path) => service.place(path),
    refuse: (path, text) => findings.refuse(service.place(path), `${key(path)}: ${text}`),
    note: (path, text) => findings.note(service.place(path), `${key(path)}: ${text}`),
  };
}

/** A text, number or boolean as text; undefined for what is not there. */
export function textOf(tree: Tree | undefined): string | undefined {
  return typeof tree === "string" || typeof tree === "number" || typeof tree === "boolean"
    ? String(tree)
    : undefined;
}

export function listOf(tree: Tree | undefined): readonly Tree[] {
  if (tree === undefined || tree === null) return [];
  return Array.isArray(tree) ? tree : [tree];
}

export function mapOf(tree: Tree | undefined): TreeMap | undefined {
  return isTreeMap(tree) ? tree : undefined;
}

export function isTrue(tree: Tree | undefined): boolean {
  return tree === true || tree === "true";
}
