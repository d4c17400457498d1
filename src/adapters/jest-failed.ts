/** What rollcall reads of the state in which jest keeps a file's tests. */
export interface JestState {
  readonly rootDescribeBlock: Block;
  /** Of hooks after the tests, and of nobody. */
  readonly unhandledErrors: readonly unknown[];
}

/** What rollcall reads of what jest tells while it runs a file. */
export interface JestEvent {
  readonly name: string;
  readonly test?: Test;
}

interface Block {
  readonly type: "describeBlock";
  readonly name: string;
  readonly parent?: Block;
  readonly children: readonly (Block | Test)[];
}

interface Test {
  readonly type: "test";
  readonly name: string;
  readonly parent: Block;
  /** Of its last try, and of the hooks before it. */
  readonly errors: readonly unknown[];
}

/** Titles of what has failed in a file whose tests have run, each behind the file's own. */
export function failedIn(file: string, { rootDescribeBlock, unhandledErrors }: JestState): readonly string[] {
  const failed = failedBelow(rootDescribeBlock, file);
  return failed.length === 0 && unhandledErrors.length > 0 ? [file] : failed;
}

export function titleOf(file: string, test: Test): string {
  const names = [test.name];
  // The outermost one has no name of its own.
  for (let block = test.parent; block.parent !== undefined; block = block.parent) names.unshift(block.name);
  return [file, ...names].join(" > ");
}

function failedBelow({ children }: Block, title: string): readonly string[] {
  return children.flatMap((child) => {
    const own = `${title} > ${child.name}`;
    if (child.type === "describeBlock") return failedBelow(child, own);
    return child.errors.length > 0 ? [own] : [];
  });
}
