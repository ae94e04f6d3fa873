/**
 * One function as its page shows it: itself, its calls, what it wrote.
 */
import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import type { Requests } from '../api/requests';
import type { IFunction, IInvocation, ILogEntry } from '../api/types';

const CALLS = 100;
const LINES = 500;

/** The state of a function's page. */
export class FunctionPage implements IDisposable {
  constructor(
    readonly name: string,
    readonly requests: Requests,
    interval: number = 3000
  ) {
    this._poll = new Poll({
      auto: false,
      name: `jupyter-faas:function:${name}`,
      factory: () => this._look(),
      frequency: { interval, backoff: true, max: 60_000 },
      standby: 'when-hidden'
    });
  }

  /** Emitted whenever something changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The function; undefined until it has been asked for. */
  get function(): IFunction | undefined {
    return this._function;
  }

  /** The newest calls, newest first. */
  get invocations(): readonly IInvocation[] {
    return this._invocations;
  }

  /** What it wrote last, oldest first. */
  get logs(): readonly ILogEntry[] {
    return this._logs;
  }

  /** Why it could not be asked for, if so. */
  get error(): Error | null {
    return this._error;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    this._poll.dispose();
    Signal.clearData(this);
  }

  /** Begin to look, now and regularly. */
  async watch(): Promise<void> {
    await this._poll.start();
    await this._poll.tick;
  }

  /** Look no more until the next `watch`. */
  async rest(): Promise<void> {
    await this._poll.stop();
  }

  /** Look now. */
  async refresh(): Promise<void> {
    await this._poll.refresh();
    await this._poll.tick;
  }

  private async _look(): Promise<void> {
    try {
      const [one, invocations, logs] = await Promise.all([
        this.requests.function(this.name),
        this.requests.invocations(this.name, CALLS),
        this.requests.logs(this.name, LINES)
      ]);
      this._function = one;
      this._invocations = invocations;
      this._logs = logs;
      this._error = null;
    } catch (error) {
      this._error = error as Error;
      throw error; // the poll backs off
    } finally {
      this._changed.emit();
    }
  }

  private readonly _poll: Poll<void>;
  private readonly _changed = new Signal<this, void>(this);
  private _function: IFunction | undefined;
  private _invocations: readonly IInvocation[] = [];
  private _logs: readonly ILogEntry[] = [];
  private _error: Error | null = null;
}
