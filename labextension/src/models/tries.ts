/**
 * "Try it": arguments, the call, what came of it, and the tries before.
 */
import { type ISignal, Signal } from '@lumino/signaling';

import { isProblem, problemOf, type Requests } from '../api/requests';
import type { IForm, IProblem } from '../api/types';
import { bodyOf, type Given } from './given';
import { NDJSON } from './wanted';

/** What a call came to. */
export type Outcome =
  | { readonly kind: 'json'; readonly value: unknown }
  | {
      readonly kind: 'lines';
      readonly lines: readonly unknown[];
      readonly ended: boolean;
    }
  | { readonly kind: 'text'; readonly text: string; readonly type: string }
  | { readonly kind: 'blob'; readonly blob: Blob; readonly type: string }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'problem'; readonly problem: IProblem }
  | { readonly kind: 'failed'; readonly message: string };

/** One call, made or under way. */
export interface ITry {
  readonly given: Given;
  readonly started: number;
  readonly outcome: Outcome | null;
  readonly invocation: string | null;
  readonly ms: number | null;
}

const KEPT = 20;
const MAX_LINES = 1000;

/** Tries of one function. */
export class Tries {
  constructor(
    private readonly name: string,
    private readonly requests: Requests
  ) {}

  /** Emitted whenever a try begins, goes on or ends. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The newest first. */
  get all(): readonly ITry[] {
    return this._tries;
  }

  /** The try under way or last made. */
  get current(): ITry | undefined {
    return this._tries[0];
  }

  get running(): boolean {
    return this._abort !== null;
  }

  /** Call the function with what is `given`; the result in the form that `accept` prefers. */
  async run(given: Given, accept: string): Promise<void> {
    this.stop();
    const abort = new AbortController();
    this._abort = abort;
    const started = Date.now();
    const begun: ITry = {
      given,
      started,
      outcome: null,
      invocation: null,
      ms: null
    };
    this._tries = [begun, ...this._tries].slice(0, KEPT);
    this._changed.emit();
    const update = (part: Partial<ITry>): void => {
      if (this._abort === abort) {
        this._tries = [{ ...this._tries[0]!, ...part }, ...this._tries.slice(1)];
        this._changed.emit();
      }
    };
    try {
      const response = await this.requests.call(
        this.name,
        bodyOf(given),
        accept,
        abort.signal
      );
      update({ invocation: response.headers.get('Faas-Invocation-Id') });
      await read(response, outcome => update({ outcome }));
    } catch (error) {
      const message = abort.signal.aborted ? 'Stopped.' : (error as Error).message;
      update({ outcome: { kind: 'failed', message } });
    }
    update({ ms: Date.now() - started });
    if (this._abort === abort) {
      this._abort = null;
      this._changed.emit();
    }
  }

  /** The form for the arguments of the version that is live. */
  form(): Promise<IForm> {
    return this.requests.form(this.name);
  }

  /** End the try under way: the call ends, too. */
  stop(): void {
    this._abort?.abort();
  }

  private _tries: readonly ITry[] = [];
  private _abort: AbortController | null = null;
  private readonly _changed = new Signal<this, void>(this);
}

async function read(response: Response, tell: (outcome: Outcome) => void): Promise<void> {
  const type = (response.headers.get('Content-Type') ?? '').split(';')[0]!.trim();
  if (!response.ok || isProblem(response)) {
    tell({ kind: 'problem', problem: await problemOf(response) });
  } else if (response.status === 204) {
    tell({ kind: 'nothing' });
  } else if (type === NDJSON) {
    await readLines(response, tell);
  } else if (type === 'application/json') {
    const value: unknown = await response.json();
    tell(value === null ? { kind: 'nothing' } : { kind: 'json', value });
  } else if (type.startsWith('text/')) {
    tell({ kind: 'text', text: await response.text(), type });
  } else {
    tell({ kind: 'blob', blob: await response.blob(), type });
  }
}

/** A stream, shown as it comes; the last `MAX_LINES` of it. */
async function readLines(
  response: Response,
  tell: (outcome: Outcome) => void
): Promise<void> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let lines: unknown[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    const parts = (rest + (value ?? '')).split('\n');
    rest = parts.pop() ?? '';
    const fresh = parts.filter(part => part).map(part => JSON.parse(part) as unknown);
    lines = [...lines, ...fresh].slice(-MAX_LINES);
    tell({ kind: 'lines', lines, ended: done });
    if (done) {
      return;
    }
  }
}
