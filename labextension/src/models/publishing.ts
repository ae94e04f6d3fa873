/**
 * Publishing a cell of a notebook: its receipt from the kernel, then the publish itself.
 */
import type { Kernel } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';

import { ProblemError } from '../api/requests';
import type { ICaps, IProblem } from '../api/types';

/** What would be published (`jupyter_faas.kernel.receipt.Receipt`). */
export interface IReceipt {
  readonly function: string;
  readonly signature: string;
  readonly names: readonly { name: string; kind: string; where: string }[];
  readonly packages: readonly { requirement: string; why: string }[];
  readonly files: readonly string[];
  readonly sources: readonly string[];
  readonly environment: readonly string[];
  readonly python: string;
  readonly public: boolean;
  readonly examples: number;
  readonly bundle_bytes: number;
  readonly image: string;
  readonly warnings: readonly string[];
}

export interface IReceiptAnswer {
  readonly receipt: IReceipt;
  readonly caps: ICaps;
}

/** What the kernel can't do that a publish needs. */
export class KernelError extends Error {
  override readonly name = 'KernelError';
}

const KEY = 'faas';

/** The receipt of a cell that has run. Rejects with a `ProblemError` for what can't go along. */
export async function receiptFor(
  kernel: Kernel.IKernelConnection,
  body: string,
  words: readonly string[]
): Promise<IReceiptAnswer> {
  const expression = `__import__('jupyter_faas.kernel.sidebar', fromlist=['_']).receipt_for(${literals(body, words)})`;
  const future = kernel.requestExecute({
    code: '',
    silent: true,
    store_history: false,
    user_expressions: { [KEY]: expression }
  });
  const reply = await future.done;
  const content = reply.content as unknown as {
    status: string;
    user_expressions?: Record<string, JSONObject>;
  };
  const answer = content.user_expressions?.[KEY];
  if (answer?.['status'] !== 'ok') {
    throw new KernelError(explained(answer));
  }
  const data = (answer['data'] as JSONObject)['application/json'] as unknown as
    IReceiptAnswer | { problem: IProblem };
  if ('problem' in data) {
    throw new ProblemError(data.problem);
  }
  return data;
}

/** What a notebook's kernel runs to publish a cell that has run. */
export function publishCode(body: string, words: readonly string[]): string {
  return (
    'from jupyter_faas.kernel.magics import publish_annotated as _faas_publish\n' +
    `try:\n    _faas_publish(${literals(body, words)})\nfinally:\n    del _faas_publish`
  );
}

function literals(body: string, words: readonly string[]): string {
  // JSON's texts are Python's, too, but for what stands for half a character (PEP 3131 files have none).
  return `${JSON.stringify(body)}, ${JSON.stringify(words)}`;
}

function explained(answer: JSONObject | undefined): string {
  if (answer?.['ename'] === 'ModuleNotFoundError') {
    return 'This kernel does not have the package jupyter-faas. Install it there: %pip install jupyter-faas';
  }
  return answer === undefined
    ? 'The kernel did not answer. Is it a Python kernel?'
    : `${answer['ename'] as string}: ${answer['evalue'] as string}`;
}
