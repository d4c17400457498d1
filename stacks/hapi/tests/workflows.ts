import { createHash, randomUUID } from "node:crypto";

export interface Labels {
  readonly signal_type: string;
  readonly severity: string;
  readonly component: string;
  readonly environment: string;
  readonly priority: string;
}

const podInProduction = { component: "pod", environment: "production" };

/** The five workflows that the stack's clients expect in the catalogue. */
export const catalogue = [
  workflow({
    workflow_name: "oomkill-increase-memory-limits",
    description: "Raises the memory limit of a container that was killed because it ran out of memory",
    labels: { signal_type: "OOMKilled", severity: "critical", priority: "P0", ...podInProduction },
  }),
  workflow({
    workflow_name: "oomkill-scale-down-replicas",
    description: "Runs fewer replicas where the node has too little memory for all of them",
    labels: {
      signal_type: "OOMKilled",
      severity: "high",
      component: "deployment",
      environment: "staging",
      priority: "P1",
    },
  }),
  workflow({
    workflow_name: "crashloop-fix-configuration",
    description: "Corrects the configuration of a container that ends again and again after its start",
    labels: { signal_type: "CrashLoopBackOff", severity: "high", priority: "P1", ...podInProduction },
  }),
  workflow({
    workflow_name: "node-not-ready-drain-and-reboot",
    description: "Drains a node that is not ready, and reboots it",
    labels: {
      signal_type: "NodeNotReady",
      severity: "critical",
      component: "node",
      environment: "production",
      priority: "P0",
    },
  }),
  workflow({
    workflow_name: "image-pull-backoff-fix-credentials",
    description: "Renews the registry credentials of a pod whose image cannot be pulled",
    labels: { signal_type: "ImagePullBackOff", severity: "high", priority: "P1", ...podInProduction },
  }),
];

interface Given {
  readonly workflow_name: string;
  readonly labels: Labels;
  readonly [field: string]: unknown;
}

/** A whole workflow; whatever is given wins. */
export function workflow(given: Given) {
  const content = `apiVersion: tekton.dev/v1\nkind: Pipeline\nmetadata:\n  name: ${given.workflow_name}\n`;
  return {
    version: "1.0.0",
    name: given.workflow_name.replaceAll("-", " "),
    description: `What ${given.workflow_name} does`,
    content,
    content_hash: createHash("sha256").update(content).digest("hex"),
    execution_engine: "tekton",
    status: "active",
    ...given,
  };
}

/** Names and labels of a test's own: the stack may be up for long and hold the data of others. */
export function ownLabels(given: Partial<Labels> = {}): Labels {
  return {
    signal_type: `Signal-${randomUUID()}`,
    severity: "high",
    component: "pod",
    environment: "production",
    priority: "P1",
    ...given,
  };
}

export const ownName = () => `workflow-${randomUUID()}`;
