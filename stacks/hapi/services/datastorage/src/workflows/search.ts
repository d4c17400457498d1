import type { LabelWildcards } from "../config.ts";
import type { Database } from "../database/database.ts";
import type { Similarity } from "../embedding/similarity.ts";
import { type Candidate, findCandidates } from "./candidates.ts";
import { type Score, scoreWorkflow } from "./score.ts";
import type { SearchRequest } from "./workflow.ts";

/** Clients add up what they ask for: 0.1 + 0.2 + 0.2 must still find 0.5. Scores differ by 0.0005 or more. */
const NOISE = 1e-9;

interface Scored {
  readonly candidate: Candidate;
  readonly score: Score;
}

/** @returns the entries of the answer, best first. */
export async function searchWorkflows(
  {
    database,
    mode,
    similarity,
  }: {
    readonly database: Database;
    readonly mode: LabelWildcards;
    readonly similarity: Similarity | undefined;
  },
  request: SearchRequest,
): Promise<object[]> {
  const {
    filters,
    top_k: topK = 10,
    min_score: minScore = 0,
    include_disabled: includeDisabled = false,
  } = request;
  const candidates = await findCandidates(database, { filters, mode, includeDisabled });
  const scored = candidates
    .map((candidate) => ({ candidate, score: scoreWorkflow(candidate, filters) }))
    .filter(({ score }) => score.finalScore >= minScore - NOISE)
    .sort((a, b) => b.score.finalScore - a.score.finalScore);
  const similarities =
    similarity === undefined || !request.query?.trim()
      ? new Map<string, number>()
      : await similarity(
          request.query,
          reachable(scored, topK).map(({ candidate }) => textOf(candidate)),
        );
  const of = ({ candidate }: Scored) => similarities.get(textOf(candidate));
  if (similarities.size > 0) {
    // Stable: what has no similarity keeps its place by creation time, after those that have one.
    scored.sort((a, b) => b.score.finalScore - a.score.finalScore || (of(b) ?? -2) - (of(a) ?? -2));
  }
  return scored.slice(0, topK).map((entry, index) => toResult(entry, index + 1, of(entry)));
}

/** Those that can end up among the first `topK` whatever the similarities say. */
function reachable(scored: readonly Scored[], topK: number): readonly Scored[] {
  const last = scored[topK - 1]?.score.finalScore ?? Number.NEGATIVE_INFINITY;
  return scored.filter(({ score }) => score.finalScore >= last);
}

/** What a workflow is compared by. */
export function textOf({
  name,
  description,
}: {
  readonly name: string;
  readonly description: string;
}): string {
  return `${name} ${description}`;
}

function toResult({ candidate, score }: Scored, rank: number, similarity: number | undefined): object {
  const { workflow_id, name, description, signal_type, container_image, container_digest } = candidate;
  return {
    workflow_id,
    title: name,
    description,
    ...(signal_type === null ? {} : { signal_type }),
    ...(container_image === null ? {} : { container_image }),
    ...(container_digest === null ? {} : { container_digest }),
    confidence: score.finalScore,
    label_boost: score.labelBoost,
    label_penalty: score.labelPenalty,
    final_score: score.finalScore,
    ...(similarity === undefined ? {} : { similarity }),
    rank,
    ...(candidate.custom_labels === null ? {} : { custom_labels: candidate.custom_labels }),
    detected_labels: candidate.detected_labels,
  };
}
