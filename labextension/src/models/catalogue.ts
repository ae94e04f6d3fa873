/**
 * The functions that there are, kept up to date while somebody looks.
 */
import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import { ProblemError, type Requests, ServerError } from '../api/requests';
import type { IFunction, IGatewayState, IProblem } from '../api/types';

export type SortKey = 'name' | 'published';

/** What the panel shows at its top: all is well, or what isn't and what helps. */
export type Condition =
  | { readonly kind: 'loading' }
  | { readonly kind: 'running'; readonly url: string | null }
  | { readonly kind: 'stopped'; readonly startable: boolean; readonly problem?: IProblem }
  | { readonly kind: 'starting' }
  | { readonly kind: 'unreachable'; readonly missing: boolean };

/** The catalogue as the panel needs it. */
export class Catalogue implements IDisposable {
  constructor(
    readonly requests: Requests,
    interval: number = 5000
  ) {
    this._poll = new Poll({
      auto: false,
      name: 'jupyter-faas:catalogue',
      factory: () => this._look(),
      frequency: { interval, backoff: true, max: 60_000 },
      standby: 'when-hidden'
    });
  }

  /** Emitted whenever something changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get condition(): Condition {
    return this._condition;
  }

  get filter(): string {
    return this._filter;
  }

  set filter(value: string) {
    this._filter = value;
    this._changed.emit();
  }

  get sort(): SortKey {
    return this._sort;
  }

  set sort(value: SortKey) {
    this._sort = value;
    this._changed.emit();
  }

  /** How many there are, whatever the filter. */
  get total(): number {
    return this._functions.length;
  }

  /** Those that the filter leaves, in order. */
  get shown(): readonly IFunction[] {
    const wanted = this._filter.trim().toLowerCase();
    const found = this._functions.filter(
      one =>
        one.name.toLowerCase().includes(wanted) ||
        (one.doc ?? '').toLowerCase().includes(wanted)
    );
    return this._sort === 'name'
      ? found
      : [...found].sort((a, b) => b.published.localeCompare(a.published));
  }

  get(name: string): IFunction | undefined {
    return this._functions.find(one => one.name === name);
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

  /** Change the time between two looks, in ms. */
  set interval(value: number) {
    this._poll.frequency = { ...this._poll.frequency, interval: value };
  }

  /** Start a gateway; `condition` tells of the outcome. */
  async startGateway(): Promise<void> {
    this._become({ kind: 'starting' });
    try {
      this._become(conditionOf(await this.requests.start()));
    } catch (error) {
      this._become(conditionOfError(error));
    }
    await this.refresh();
  }

  /** Delete a function. */
  async remove(name: string): Promise<void> {
    await this.requests.remove(name);
    await this.refresh();
  }

  private async _look(): Promise<void> {
    try {
      this._functions = await this.requests.functions();
      this._become({ kind: 'running', url: null });
    } catch (error) {
      if (this._condition.kind === 'starting') {
        return;
      }
      this._become(await this._whatIsWrong(error));
      throw error; // the poll backs off
    }
  }

  private async _whatIsWrong(error: unknown): Promise<Condition> {
    if (!(error instanceof ProblemError) || error.code !== 'gateway-unavailable') {
      return conditionOfError(error);
    }
    try {
      return conditionOf(await this.requests.state());
    } catch (second) {
      return conditionOfError(second);
    }
  }

  private _become(condition: Condition): void {
    this._condition = condition;
    this._changed.emit();
  }

  private readonly _poll: Poll<void>;
  private readonly _changed = new Signal<this, void>(this);
  private _condition: Condition = { kind: 'loading' };
  private _functions: readonly IFunction[] = [];
  private _filter = '';
  private _sort: SortKey = 'name';
}

function conditionOf(state: IGatewayState): Condition {
  return state.state === 'running'
    ? { kind: 'running', url: state.url }
    : { kind: 'stopped', startable: state.startable, problem: state.problem };
}

function conditionOfError(error: unknown): Condition {
  if (error instanceof ProblemError) {
    return { kind: 'stopped', startable: false, problem: error.problem };
  }
  return { kind: 'unreachable', missing: error instanceof ServerError && error.missing };
}
